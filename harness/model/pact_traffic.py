"""Pacts beside traffic: which operations a provider calls that no pact of it asks for, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.model.exchange import Exchange
from harness.model.operations import Operation, match, operations
from harness.model.pact import Interaction, Kind

BYSTANDERS = ("admin", "observer", "")
"""Parties whose calls are not the provider's own."""
_VERSION = re.compile(r"/v\d+(?=/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was made, or that a pact asks for: `source` is the exchange's id or the interaction's name."""

    method: str
    path: str
    """Without a query."""
    status: int
    source: str

    @property
    def answer(self) -> str:
        """The status class: "2xx"."""
        return f"{self.status // 100}xx"

    def to_line(self) -> list[Any]:
        """As JSON."""
        return [self.method, self.path, self.status, self.source]

    @classmethod
    def from_line(cls, line: list[Any]) -> Call:
        """Inverse of `to_line`."""
        method, path, status, source = line
        return cls(method=str(method), path=str(path), status=int(status), source=str(source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An operation with one class of answers, and where it was met."""

    operation: str
    call: str
    """`POST /v1/bets/settle`."""
    answer: str
    count: int
    sources: tuple[str, ...]
    """The first three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Traffic and pacts, held against each other. Operations come in the order of the contract."""

    calls: int
    """Calls that count: answered, of an operation of the contract that pacts can ask for."""
    interactions: int
    """Interactions of the pacts that ask for such an operation."""
    uncovered: tuple[Used, ...]
    """Operations that are used and in no pact, by class of answers."""
    answers: tuple[Used, ...]
    """Operations in a pact that were also answered in a class that none of them names."""
    unseen: tuple[Used, ...]
    """What pacts ask for and nobody used: the operation, or that class of its answers."""
    covered: tuple[str, ...]
    """Operations that are used and in a pact."""
    strange: tuple[str, ...]
    """Calls, of the traffic or of the pacts, that are no operation of the contract; the first ten."""


def calls_of(exchanges: Iterable[Exchange], actors: Iterable[str] = ()) -> Iterator[Call]:
    """The answered API calls of these parties; by default of all but the bystanders."""
    wanted = frozenset(actors)
    for exchange in exchanges:
        known = exchange.actor in wanted if wanted else exchange.actor not in BYSTANDERS
        if exchange.channel == "api" and known and exchange.answered and exchange.status:
            yield Call(method=exchange.method, path=urlsplit(exchange.url).path, status=exchange.status,
                       source=exchange.id)


def calls_in(interactions: Iterable[Interaction]) -> Iterator[Call]:
    """What pacts ask for over HTTP."""
    for one in interactions:
        if one.kind is Kind.HTTP:
            yield Call(method=str(one.request.get("method", "")).upper(), path=str(one.request.get("path", "")),
                       status=one.expected_status or 200, source=one.name)


def compare(promised: Iterable[Call], made: Iterable[Call], contract: Mapping[str, Any]) -> Coverage:
    """Hold calls that were made against those that pacts promise, by operation and class of answers.

    The sandbox's administration and the token call are left out: no pact can hold their secrets. So is what was
    answered by nobody in particular (429, 5xx): no consumer asks for it.
    """
    known = {name: o for name, o in operations(contract).items() if not _beside(o)}
    every = operations(contract)
    strange: list[str] = []
    in_pacts = _sorted(promised, known, every, strange)
    in_traffic = _sorted((c for c in made if c.status < 500 and c.status != 429), known, every, strange)
    asked, used = {name for name, _ in in_pacts}, {name for name, _ in in_traffic}

    def told(found: Mapping[tuple[str, str], list[str]], wanted: Iterable[tuple[str, str]]) -> tuple[Used, ...]:
        return tuple(Used(operation=name, call=f"{known[name].method} {known[name].path}", answer=answer,
                          count=len(found[name, answer]), sources=tuple(found[name, answer][:3]))
                     for name, answer in wanted)

    return Coverage(
        calls=sum(map(len, in_traffic.values())), interactions=sum(map(len, in_pacts.values())),
        uncovered=told(in_traffic, [k for k in in_traffic if k[0] not in asked]),
        answers=told(in_traffic, [k for k in in_traffic if k[0] in asked and k not in in_pacts]),
        unseen=told(in_pacts, [k for k in in_pacts if k not in in_traffic]),
        covered=tuple(name for name in known if name in asked & used), strange=tuple(dict.fromkeys(strange))[:10])


def _sorted(calls: Iterable[Call], known: Mapping[str, Operation], every: Mapping[str, Operation], strange: list[str]
            ) -> dict[tuple[str, str], list[str]]:
    """Sources by (operation, class of answers), in the order of the contract."""
    found: dict[tuple[str, str], list[str]] = {}
    for call in calls:
        operation = _operation(known, call)
        if operation is not None:
            found.setdefault((operation.id, call.answer), []).append(call.source)
        elif _operation(every, call) is None:
            strange.append(f"{call.method} {call.path}"[:200])
    order = {name: number for number, name in enumerate(known)}
    return dict(sorted(found.items(), key=lambda item: (order[item[0][0]], item[0][1])))


def _operation(known: Mapping[str, Operation], call: Call) -> Operation | None:
    """The operation of a call; whatever stands before its version belongs to the host."""
    found = match(known, call.method, call.path)
    if found is None and (version := _VERSION.search(call.path)):
        found = match(known, call.method, call.path[version.start():])
    return found


def _beside(operation: Operation) -> bool:
    return operation.sandbox_only or operation.path.endswith("/token")
