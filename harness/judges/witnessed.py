"""Was a fault really there, and is it gone? A chaos outcome counts only if both were seen (decision 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from harness.judges.answers import saw
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, held, unknown
from harness.model.scenario import Band

_SHOWN = 3


def witnessed(before: Sequence[Exchange], during: Sequence[tuple[Band, Sequence[Exchange]]],
              after: Sequence[Exchange], *, clean: bool) -> Draft:
    """The line was well, each fault was in its band, and the line is well again.

    `clean`: whether the proxy and the line said afterwards that no fault is left.
    """
    faults = [{"at_least_ms": b.at_least_ms, "at_most_ms": min(b.at_most_ms, 1e9), "answered": b.answered,
               "status": b.status, "other_answer": b.other_answer, "seen": [e.id for e in seen]} for b, seen in during]
    over = [*before, *(e for _, seen in during for e in seen), *after]
    return Draft(judge="witnessed", over=tuple(e.id for e in over),
                 params={"before": [e.id for e in before], "faults": faults, "after": [e.id for e in after],
                         "clean": clean},
                 says="the faults were there when they should be, and gone afterwards")


@judge("witnessed")
def _witnessed(history: History, claim: Claim) -> Finding:
    known = {e.id: e for e in history.over(claim)}
    if len(known) < len(set(claim.over)):
        return unknown("the journal lacks a witness", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if not claim.params["clean"]:
        return unknown("a fault was left on the line", Reason.FAULT_LEFT, owner=Owner.HARNESS)
    for when in ("before", "after"):
        seen = [known[i] for i in claim.params[when]]
        if not seen:
            return unknown(f"nobody looked at the line {when} the fault", Reason.NO_SAMPLES, owner=Owner.HARNESS)
        if ill := next((e for e in seen if not e.answered), None):
            return unknown(f"the line was not well {when} the fault: {saw(ill)}", Reason.NO_STEADY_STATE,
                           exchanges=[ill.id], owner=Owner.ENVIRONMENT)
    if not claim.params["faults"]:
        return unknown("no fault was tried", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    calm = {_answer(known[i]) for i in claim.params["before"]}
    for fault in claim.params["faults"]:
        seen = [known[i] for i in fault["seen"]]
        in_band = [e for e in seen if _in_band(e, fault, calm)]
        if not in_band or 2 * len(in_band) < len(seen):
            told = ", ".join(f"{saw(e)} after {e.seconds * 1000:.0f} ms" for e in seen[:_SHOWN]) or "nothing"
            return unknown(f"the fault was not seen: a witness saw {told}", Reason.NOT_WITNESSED, owner=Owner.HARNESS,
                           exchanges=[e.id for e in seen[:_SHOWN]])
    return held(f"{len(claim.params['faults'])} faults were seen, and are gone", exchanges=claim.over[:_SHOWN],
                witnesses=len(known))


def _answer(e: Exchange) -> tuple[int | None, str]:
    return e.status, e.response_body


def _in_band(e: Exchange, fault: Mapping[str, Any], calm: Set[tuple[int | None, str]]) -> bool:
    """`calm`: answers while all was well."""
    if bool(fault["answered"]) != e.answered:
        return False
    if fault.get("status") not in (None, e.status) or (fault.get("other_answer") and _answer(e) in calm):
        return False
    return bool(fault["at_least_ms"] <= e.seconds * 1000 <= fault["at_most_ms"])
