"""Judges of conformance: every observed answer against the target's own OpenAPI document (CONT-02).

Of storms, and of what is watched beside them, samples were kept; they are judged like all other answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from harness.judges.answer_contract import AnswerRules
from harness.judges.registry import judge
from harness.judges.undocumented import Naming
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.operations import Operation, operations
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_API_PATH = re.compile(r"^/v\d+(/|$)")
_EDGE = frozenset({408, 411, 414, 421, 431, 502, 504})
_ODD_PATH = re.compile(r"%(?:2f|5c|00|0a|0d)|/\.\.?(?:/|$)", re.IGNORECASE)
_LONGEST_URL = 4096
_MOST_HEADERS = 8192
_SHOWN = 4
_MOST_UNNAMED = 400


class Routes:
    """Which operation of the contract an exchange belongs to, whatever prefix the target is served under."""

    def __init__(self, history: History) -> None:
        self.operations = operations(history.contract)
        self._by_method: dict[str, list[Operation]] = {}
        for operation in self.operations.values():
            self._by_method.setdefault(operation.method, []).append(operation)
        self._prefixes = sorted({p for p in (*_server_paths(history.contract), self._mounted(history)) if p},
                                key=len, reverse=True)

    def path(self, exchange: Exchange) -> str:
        """The request path without the prefix under which the target is served."""
        path = request_path(exchange.url)
        for prefix in self._prefixes:
            if path.startswith(prefix + "/") and not _API_PATH.match(path):
                return path.removeprefix(prefix)
        return path

    def find(self, exchange: Exchange) -> Operation | None:
        """The operation, or None for a path or method that the contract does not know."""
        path = request_path(exchange.url)
        known = self._by_method.get(exchange.method, ())
        for tried in (path, *(path.removeprefix(p) for p in self._prefixes if path.startswith(p + "/"))):
            fitting = [operation for operation in known if operation.pattern.fullmatch(tried)]
            if fitting:
                return min(fitting, key=lambda operation: operation.path.count("{"))
        return None

    def _mounted(self, history: History) -> str:
        """What stands before the contract's paths, learnt from the first call of a path without parameters."""
        for exchange in history.exchanges:
            operation = self.operations.get(exchange.operation)
            if exchange.channel == "api" and operation is not None and "{" not in operation.path:
                path = request_path(exchange.url)
                if path.endswith(operation.path):
                    return path.removesuffix(operation.path)
        return ""


def request_path(url: str) -> str:
    """The path of an absolute URL, as it was sent."""
    start = url.find("/", url.find("://") + 3)
    return url[start:].partition("?")[0].partition("#")[0] if start >= 0 else "/"


def _server_paths(contract: Mapping[str, Any]) -> Iterator[str]:
    servers = contract.get("servers")
    for server in servers if isinstance(servers, list) else ():
        url = server.get("url") if isinstance(server, Mapping) else None
        if isinstance(url, str) and "{" not in url:
            try:
                yield urlsplit(url).path.rstrip("/")
            except ValueError:
                continue


def api_answers(history: History, routes: Routes) -> Iterator[tuple[Exchange, Operation | None]]:
    """Whole answers of the API proper, each with its operation (None: a path that the contract does not know).

    Left out: the sandbox's administration, which no production platform has, and answers that the HTTP edge
    gives before any application sees the request.
    """
    yield from _whole(history.exchanges, routes)


def _whole(exchanges: Iterable[Exchange], routes: Routes) -> Iterator[tuple[Exchange, Operation | None]]:
    for exchange in exchanges:
        if exchange.channel != "api" or not exchange.answered or edge_made(exchange):
            continue
        operation = routes.find(exchange)
        if not operation.sandbox_only if operation else _API_PATH.match(routes.path(exchange)):
            yield exchange, operation


def edge_made(exchange: Exchange) -> bool:
    """Gateways refuse, clean or redirect what is odd as HTTP, in words of their own."""
    if exchange.status in _EDGE:
        return True
    if not 300 <= (exchange.status or 0) < 500 or "json" in (exchange.header("Content-Type") or "").lower():
        return False
    sent = exchange.request_headers
    return (len(exchange.url) > _LONGEST_URL or sum(len(n) + len(v) for n, v in sent) > _MOST_HEADERS
            or _ODD_PATH.search(exchange.url) is not None
            or any(not v.isprintable() or not v.isascii() for _, v in sent))


def conforms(*, least: int = 1, says: str = "") -> Draft:
    """Every answer of the whole run that belongs to an operation of the contract conforms to the contract.

    Members that a schema does not name are told; they break it where the profile says `undocumented_fields = "fail"`.
    """
    return Draft(judge="conforms", params={"least": least},
                 says=says or "every answer has a documented status, its headers, content type and body schema")


@dataclass(frozen=True, slots=True)
class _Problem:
    exchange: Exchange
    operation: Operation
    expected: str
    seen: str


@dataclass(slots=True)
class _Looked:
    """What came of looking at all answers."""

    answers: int = 0
    sampled: int = 0
    violations: int = 0
    operations: set[str] = field(default_factory=set)
    first: dict[tuple[str, int, str], _Problem] = field(default_factory=dict)
    unnamed: dict[tuple[str, int, str], int] = field(default_factory=dict)
    """By operation, status and place: in how many answers."""


@judge("conforms")
def _conforms(history: History, claim: Claim) -> Finding:
    routes = Routes(history)
    if not routes.operations:
        return unknown("the target's contract has no operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    looked = _look(history, routes)
    if looked.answers < max(1, claim.params.get("least", 1)):
        return unknown(f"{looked.answers} answers of the contract's operations were seen", Reason.NO_SAMPLES)
    unnamed = [{"operation": operation, "status": status, "field": place, "answers": times}
               for (operation, status, place), times in sorted(looked.unnamed.items())]
    measured: dict[str, Any] = {"answers": looked.answers, "sampled": looked.sampled}
    if unnamed:
        measured["undocumented"] = unnamed
    if looked.first:
        return _broken(list(looked.first.values()), looked, measured)
    of_storms = f", {looked.sampled} of them kept as samples" if looked.sampled else ""
    said = f"; undocumented: {_named(looked)}" if unnamed else ""
    if unnamed:
        measured["told"] = [f"fields that the contract does not name: {_named(looked)}"]
    return held(f"{looked.answers} answers of {len(looked.operations)} operations conform{of_storms}{said}",
                operations=len(looked.operations), **measured)


def _look(history: History, routes: Routes) -> _Looked:
    rules, naming, looked = AnswerRules(history.contract), Naming(history.contract), _Looked()
    strict = history.profile.undocumented_fields == "fail"
    kept = frozenset(sample.id for sample in history.samples)
    for exchange, operation in _whole((*history.exchanges, *history.samples), routes):
        if operation is None:
            continue
        looked.answers += 1
        looked.sampled += exchange.id in kept
        looked.operations.add(operation.id)
        wrong, schema, body = rules.read(operation, exchange)
        if wrong is None and (places := naming.unnamed(schema, body)):
            _count(looked, operation, exchange, places)
            if strict:
                shown = ", ".join(sorted(places)[:_SHOWN])
                wrong = "only members that the contract names", f"{shown}: not in the contract"
        if wrong is not None:
            looked.violations += 1
            kind = (operation.id, exchange.status or 0, wrong[1].partition(":")[0])
            looked.first.setdefault(kind, _Problem(exchange, operation, *wrong))
    return looked


def _count(looked: _Looked, operation: Operation, exchange: Exchange, places: Iterable[str]) -> None:
    for place in places:
        key = operation.id, exchange.status or 0, place
        if key in looked.unnamed or len(looked.unnamed) < _MOST_UNNAMED:
            looked.unnamed[key] = looked.unnamed.get(key, 0) + 1


def _named(looked: _Looked) -> str:
    """The undocumented members in words, the most frequent ones first."""
    often = sorted(looked.unnamed.items(), key=lambda one: (-one[1], one[0]))
    named = ", ".join(f"{operation} {status} {place} ({times})" for (operation, status, place), times in often[:_SHOWN])
    return f"{named}{f' and {len(often) - _SHOWN} more' if len(often) > _SHOWN else ''}"


def _broken(problems: list[_Problem], looked: _Looked, measured: Mapping[str, Any]) -> Finding:
    worst = problems[0]
    others = f" (and {len(problems) - 1} more kinds)" if len(problems) > 1 else ""
    named = "; ".join(f"{p.operation.id} {p.exchange.status}: {p.seen}" for p in problems[:_SHOWN])
    return broken(f"{looked.violations} of {looked.answers} answers break the contract: {named}{others}",
                  expected=f"{worst.operation.method} {worst.operation.path}: {worst.expected}",
                  seen=f"{worst.exchange.status}: {worst.seen}",
                  exchanges=[p.exchange.id for p in problems[:_SHOWN]], violations=looked.violations, **measured)
