"""Judges of access: nobody gets in who may not, and nothing of another tenant or region leaks (SEC-01..03, CONT-12)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.judges.answers import BUSY, saw, unheard, whose
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

_SHOWN = 4
_DEEPEST = 40


def turned_away(probes: Sequence[Exchange], *statuses: int, code: str = "", header: str = "",
                says: str = "") -> Draft:
    """Every one of the probes is refused with one of `statuses` (none given: any 4xx), `code` and `header` if given.

    Probes that met a busy platform (429, 503) or no answer are left out; if none is left, nothing is known.
    """
    return Draft(judge="turned_away", over=tuple(p.id for p in probes),
                 params={"statuses": list(statuses), "code": code, "header": header},
                 says=says or f"every probe is refused{' with ' + code if code else ''}")


@judge("turned_away")
def _turned_away(history: History, claim: Claim) -> Finding:
    statuses, code, header = claim.params["statuses"], claim.params["code"], claim.params.get("header", "")
    wanted = " ".join(filter(None, (" or ".join(map(str, statuses)) or "4xx", code, header and f"with {header}")))
    probes = [p for p in history.over(claim) if p.answered and p.status not in BUSY]
    let_in = []
    for probe in probes:
        right = probe.status in statuses if statuses else 400 <= (probe.status or 0) < 500
        if not right or (code and probe.field("code") != code) or (header and probe.header(header) is None):
            let_in.append(probe)
    if let_in:
        # The worst comes first: a success outranks a refusal of the wrong kind.
        let_in.sort(key=lambda p: not 200 <= (p.status or 0) < 300)
        named = "; ".join(_named(p) for p in let_in[:_SHOWN])
        if header and let_in[0].header(header) is None:
            named += f" without {header}"
        return broken(f"{claim.says}; {len(let_in)} of {len(probes)} were not: {named}", expected=wanted,
                      seen=_named(let_in[0]), exchanges=[p.id for p in let_in[:_SHOWN]], probes=len(probes),
                      let_in=len(let_in))
    if silent := unheard(history.over(claim), len(claim.over)):
        return silent
    return held(f"{len(probes)} probes were refused with {wanted}", exchanges=[p.id for p in probes[:_SHOWN]],
                probes=len(probes))


def _named(probe: Exchange) -> str:
    label = f" ({probe.label})" if probe.label else ""
    return f"{probe.operation or probe.method}{label}: {saw(probe)}"


def not_let_in(probes: Sequence[Exchange], says: str = "") -> Draft:
    """None of the probes succeeds: an answer of 2xx is a breach, whatever refusal the others get is theirs."""
    return Draft(judge="not_let_in", over=tuple(p.id for p in probes), says=says or "no probe succeeds")


@judge("not_let_in")
def _not_let_in(history: History, claim: Claim) -> Finding:
    probes = [p for p in history.over(claim) if p.answered and p.status not in BUSY]
    let_in = [p for p in probes if not 400 <= (p.status or 0) < 500]
    if let_in:
        named = "; ".join(_named(p) for p in let_in[:_SHOWN])
        return broken(f"{claim.says}; {len(let_in)} of {len(probes)} did: {named}", expected="4xx",
                      seen=_named(let_in[0]), exchanges=[p.id for p in let_in[:_SHOWN]], probes=len(probes))
    if silent := unheard(history.over(claim), len(claim.over)):
        return silent
    return held(f"none of {len(probes)} probes succeeded", exchanges=[p.id for p in probes[:_SHOWN]],
                probes=len(probes))


def leaks_nothing(probes: Sequence[Exchange], *, ids: Iterable[str] = (), amounts: Iterable[Any] = (),
                  says: str = "") -> Draft:
    """No answer to the probes tells one of `ids` or `amounts`, save what the probe itself named.

    Choose amounts that nothing else has: they are compared as whole JSON values, ids within texts as well.
    """
    return Draft(judge="leaks_nothing", over=tuple(p.id for p in probes),
                 params={"ids": list(ids), "amounts": list(amounts)},
                 says=says or "no answer tells anything that the caller did not name itself")


@judge("leaks_nothing")
def _leaks_nothing(history: History, claim: Claim) -> Finding:
    probes = [p for p in history.over(claim) if p.answered and p.status not in BUSY]
    for probe in probes:
        asked = f"{probe.url} {probe.request_body}"
        told = [*_texts(probe.json()), *(v for _, v in probe.response_headers)]
        if probe.json() is None:
            told.append(probe.response_body)
        for secret in claim.params["ids"]:
            if not _stands_in(secret, asked) and any(_stands_in(secret, text) for text in told):
                return broken(f"{claim.says}; {_named(probe)} tells {secret}", expected=f"an answer without {secret}",
                              seen=f"{secret} in the answer", exchanges=[probe.id])
        values = list(_scalars(probe.json()))
        for amount in claim.params["amounts"]:
            if str(amount) not in asked and any(v == amount and type(v) is type(amount) for v in values):
                return broken(f"{claim.says}; {_named(probe)} tells the amount {amount}",
                              expected=f"an answer without {amount}", seen=f"{amount} in the answer",
                              exchanges=[probe.id])
    if silent := unheard(history.over(claim), len(claim.over)):
        return silent
    return held(f"{len(probes)} answers tell nothing", exchanges=[p.id for p in probes[:_SHOWN]], probes=len(probes))


def _stands_in(identifier: str, text: str) -> bool:
    """True when the identifier stands in the text as a whole word: `bet-1` is not in `bet-12`."""
    return identifier in text and re.search(rf"(?<![\w.-]){re.escape(identifier)}(?![\w-])", text) is not None


def _scalars(node: Any, depth: int = 0) -> Iterator[Any]:
    if depth > _DEEPEST:
        return
    if isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _scalars(value, depth + 1)
    else:
        yield node


def _texts(node: Any) -> list[str]:
    return [value for value in _scalars(node) if isinstance(value, str)]


def unchanged(before: Exchange, after: Exchange, *members: str, says: str = "") -> Draft:
    """Two readings of one thing by its owner agree in `members` (status and amount where none is named)."""
    return Draft(judge="unchanged", over=(before.id, after.id),
                 params={"members": list(members or ("status", "amount"))},
                 says=says or f"{before.operation} reads the same before and after")


@judge("unchanged")
def _unchanged(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) != 2 or exchanges[0].status != 200 or not isinstance(exchanges[0].json(), dict):
        return unknown("the first reading failed", Reason.OBSERVER_UNAVAILABLE, exchanges=claim.over)
    before, after = exchanges
    if not after.answered or after.status in BUSY:
        return unknown(f"the second reading: {saw(after)}", Reason.OBSERVER_UNAVAILABLE, exchanges=[after.id],
                       owner=whose(after))
    if after.status != 200 or not isinstance(after.json(), dict):
        return broken(claim.says, expected=saw(before), seen=saw(after), exchanges=[before.id, after.id])
    for name in claim.params["members"]:
        first, second = before.field(name), after.field(name)
        if first != second:
            return broken(f"{claim.says}; {name} changed", expected=f"{name}={first!r}"[:200],
                          seen=f"{name}={second!r}"[:200], exchanges=[before.id, after.id])
    return held(claim.says, exchanges=[before.id, after.id])
