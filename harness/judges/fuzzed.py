"""Judge of fuzzing (CONT-03): each operation was really reached, and no answer breaks what the contract promises.

The engine that made up the requests is only a sensor. What is wrong with an exchange is decided here, from what was
sent and what came back; a finding accuses only when it came again on a fresh session.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judges.answer_contract import AnswerRules
from harness.judges.answers import saw
from harness.judges.conformance import edge_made, request_path
from harness.judges.errors import code_rules, error_violation
from harness.judges.leaks import given_away
from harness.judges.registry import judge
from harness.judges.request_validity import RequestRules
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.curl import curl
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.operations import Operation, operations
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import ContractProfile

_OWN_CONTROLS = ("authorization", "x-brand-id", "x-region", "x-provider-id", "accept", "content-type",
                 "accept-language")
"""Headers that CONT-05, CONT-06 and SEC-01 decide; those that name the call are for IDEM-02 and OBS-01."""
_SHOWN = 3


def _of(operation: Operation, exchange: Exchange) -> bool:
    """Did the request reach this operation's path, and no other one?"""
    return exchange.method == operation.method and \
        re.search(operation.pattern.pattern + "$", request_path(exchange.url)) is not None


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong with one exchange; `kind` and `place` tell defects of one operation apart."""

    kind: str
    place: str
    expected: str
    seen: str

    @property
    def mark(self) -> tuple[str, str]:
        """The same defect of the same operation has the same mark."""
        return self.kind, self.place


class Inspection:
    """Looks at single exchanges with the eyes of a contract and its profile."""

    def __init__(self, contract: Mapping[str, Any], profile: ContractProfile, *, foreign: bool = False) -> None:
        self._error_model = not foreign
        self._operations = operations(contract)
        self._answers = AnswerRules(contract)
        self._codes = code_rules(contract, profile)
        headers = (profile.idempotency_header, profile.signature_header, profile.timestamp_header)
        elsewhere = ("authorization",) if foreign else (*_OWN_CONTROLS, *(h.lower() for h in headers))
        self._rules = RequestRules(contract, frozenset(elsewhere))

    def defect(self, exchange: Exchange) -> Defect | None:
        """The first thing that is wrong with an exchange, the gravest kinds first; None: nothing to accuse."""
        operation = self._operations.get(exchange.operation)
        status = exchange.status or 0
        if operation is None or not exchange.answered:
            return None
        if status == 501 and exchange.method != operation.method:
            return None  # RFC 9110 15.6.2: right for a method that the server does not know
        if status >= 500 and not (status == 503 and exchange.retry_after() is not None):
            return Defect("server error", str(status), "no 5xx, whatever is sent", f"status {status}")
        if edge_made(exchange) or not _of(operation, exchange):
            return None
        if 200 <= status < 300 and (rule := self._rules.broken(operation, exchange)):
            return Defect("invalid data accepted", rule.partition(":")[0], f"a 4xx: {rule}", f"status {status}")
        if wrong := self._answers.broken(operation, exchange):
            return Defect("contract broken", f"{status} {wrong[1].partition(':')[0]}", *wrong)
        if self._error_model and 400 <= status < 500 and (wrong := error_violation(exchange, self._codes)):
            return Defect("error model", wrong[0], *wrong)
        for what, _ in given_away(exchange) if status >= 400 else ():
            return Defect("something given away", what, "an error without internals", what)
        return None


def withstands(operation: str, cases: Sequence[Exchange], confirmed: Mapping[str, Sequence[Exchange]], *,
               must_reach: bool = True, why_not: str = "", foreign: bool = False) -> Draft:
    """An operation withstood fuzzing, and was really carried out where it `must_reach`.

    `confirmed`: by id of a suspect, the same request on fresh sessions. `why_not`: what the operation lacks, where
    the profile says so. `foreign`: nothing of the unified API's error model and headers is asked for.
    """
    again = {name: [e.id for e in tries] for name, tries in confirmed.items()}
    return Draft(judge="withstands", over=tuple(dict.fromkeys([*(e.id for e in cases), *again,
                                                               *(i for ids in again.values() for i in ids)])),
                 says=f"{operation} withstands fuzzing",
                 params={"operation": operation, "cases": [e.id for e in cases], "again": again,
                         "must_reach": must_reach, "why_not": why_not, "foreign": foreign})


@judge("withstands")
def _withstands(history: History, claim: Claim) -> Finding:
    name = claim.params["operation"]
    cases = [history[i] for i in claim.params["cases"]]
    answered = [e for e in cases if e.answered]
    reached = [e for e in answered if 200 <= (e.status or 0) < 300]
    measured = {"operation": name, "cases": len(cases), "reached": len(reached), "statuses": _statuses(cases)}
    sure, unsure = _sorted_out(history, claim)
    if sure:
        first, defect = sure[0]
        others = "; ".join(f"{d.kind}: {d.seen}" for _, d in sure[1:_SHOWN])
        return broken(f"{name}: {defect.kind} ({defect.seen}), seen again on a fresh session"
                      f"{f'; also {others}' if others else ''}", expected=defect.expected, seen=defect.seen,
                      exchanges=[e.id for e, _ in reversed(sure[:_SHOWN])], **measured, curl=curl(first),
                      unconfirmed=len(unsure))
    if unsure:
        first, defect = unsure[0]
        return unknown(f"{name}: {defect.kind} ({defect.seen}) once, and not again on a fresh session",
                       Reason.UNCONFIRMED, owner=Owner.SUBJECT, exchanges=[first.id], expected=defect.expected,
                       seen=defect.seen)
    if not answered:
        return unknown(f"{name} never answered in {len(cases)} tries", Reason.NO_ANSWER, owner=Owner.SUBJECT,
                       exchanges=[e.id for e in cases[:_SHOWN]])
    if not reached and claim.params["must_reach"]:
        why = claim.params["why_not"]
        return unknown(f"{name} was never carried out: {_statuses(cases)} in {len(cases)} tries{why and f'; {why}'}",
                       Reason.ONLY_ERROR_PATHS, owner=Owner.PROFILE if why else Owner.SUBJECT,
                       exchanges=[answered[0].id])
    return held(f"{name}: {len(cases)} requests, {len(reached) * 100 // max(1, len(cases))} % carried out",
                exchanges=[e.id for e in (reached or answered)[:1]], **measured)


def _sorted_out(history: History, claim: Claim) -> tuple[list[tuple[Exchange, Defect]], list[tuple[Exchange, Defect]]]:
    """Suspects that showed their defect again most times, and those that did not."""
    sure: list[tuple[Exchange, Defect]] = []
    unsure: list[tuple[Exchange, Defect]] = []
    again = claim.params["again"]
    if not again:
        return sure, unsure  # the schemas of a whole contract need not be compiled
    inspection = Inspection(history.contract, history.profile, foreign=bool(claim.params["foreign"]))
    for suspect, ids in again.items():
        if (defect := inspection.defect(history[suspect])) is not None:
            same = sum((d := inspection.defect(history[i])) is not None and d.mark == defect.mark for i in ids)
            (sure if same and same * 2 > len(ids) else unsure).append((history[suspect], defect))
    return sure, unsure


def links_followed(cases: Sequence[Exchange]) -> Draft:
    """Sequences through the contract's links were carried out: a later call worked with what an earlier one made."""
    return Draft(judge="links_followed", over=tuple(e.id for e in cases),
                 says="what one call made was used by the next")


@judge("links_followed")
def _links_followed(history: History, claim: Claim) -> Finding:
    made: set[str] = set()
    followed: dict[str, str] = {}
    for e in (history[i] for i in claim.over):
        done = 200 <= (e.status or 0) < 300
        if done and any(value in e.url or value in e.request_body for value in made):
            followed.setdefault(e.operation, e.id)
        body = e.json() if done else None
        made |= {v for n, v in body.items() if n.endswith("id") and isinstance(v, str) and len(v) > 2} \
            if isinstance(body, dict) else set()
    if not followed:
        return unknown(f"no call of {len(claim.over)} worked with what an earlier one made", Reason.ONLY_ERROR_PATHS,
                       owner=Owner.SUBJECT, exchanges=claim.over[:1])
    return held(f"{len(followed)} operations worked with what an earlier call had made",
                exchanges=list(followed.values())[:_SHOWN], followed=sorted(followed))


def _statuses(cases: Iterable[Exchange]) -> str:
    counted: dict[str, int] = {}
    for e in cases:
        key = str(e.status or e.failure)
        counted[key] = counted.get(key, 0) + 1
    return ", ".join(f"{n}x {status}" for status, n in sorted(counted.items(), key=lambda c: -c[1]))


def refusals_move_nothing(watches: Sequence[Mapping[str, Any]]) -> Draft:
    """Between two readings of a player only refused writes were sent, and its money did not move.

    A watch: `before`, `after` (readings), `refused` (ids between them) and, where it moved, `again`: for single
    requests [reading, request, reading].
    """
    over = dict.fromkeys(i for w in watches for i in (w["before"], *w["refused"], w["after"],
                                                      *(i for tried in w.get("again", ()) for i in tried)))
    return Draft(judge="refusals_move_nothing", over=tuple(over), params={"watches": [dict(w) for w in watches]},
                 says="no refused write has an effect")


@judge("refusals_move_nothing")
def _refusals_move_nothing(history: History, claim: Claim) -> Finding:
    form = history.profile.money_form
    seen, moved = 0, []
    for watch in claim.params["watches"]:
        before, after = (money.balances(history[watch[k]].json(), form) for k in ("before", "after"))
        if before is None or after is None or not watch["refused"]:
            continue
        seen += len(watch["refused"])
        if before != after:
            moved.append((watch, before, after))
    for watch, _, _ in moved:
        for first, request, second in watch.get("again", ()):
            start, end = (money.balances(history[i].json(), form) for i in (first, second))
            e = history[request]
            if start is not None and end is not None and start != end and 400 <= (e.status or 0) < 500:
                return broken(f"{e.operation} answered {saw(e)} and moved the player's money",
                              expected=f"the balances as before: {start}", seen=str(end),
                              exchanges=[first, second, request], curl=curl(e))
    if moved:
        watch, before, after = moved[0]
        return unknown(f"balances went from {before} to {after} while {len(watch['refused'])} writes were refused; "
                       "no single one of them did it again", Reason.UNCONFIRMED, owner=Owner.SUBJECT,
                       exchanges=[watch["before"], watch["after"]])
    if not seen:
        return unknown("no write was refused while the balances were watched", Reason.NO_SAMPLES)
    return held(f"{seen} refused writes moved nothing", exchanges=[claim.over[0]], refused=seen)
