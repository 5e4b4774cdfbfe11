"""Judges of long-running operations: 202 says where to look, and there the end is told (CONT-15)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import BUSY, saw, turned_away, unanswered
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

FINAL = ("succeeded", "failed")
"""The states in which an operation stays."""


def accepted(exchange: Exchange, says: str = "") -> Draft:
    """The call is accepted for later (202) and names with Location where its end will be told."""
    return Draft(judge="accepted", over=(exchange.id,),
                 says=says or f"{exchange.operation} answers 202 with Location")


@judge("accepted")
def _accepted(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (exchange,) = exchanges
    if exchange.status in BUSY:
        return turned_away(exchange)
    if exchange.status != 202:
        return broken(f"{claim.says}; it answered {saw(exchange)}", expected="202", seen=saw(exchange),
                      exchanges=[exchange.id])
    if not (exchange.header("Location") or "").strip():
        return broken(f"{claim.says}; there is none", expected="the header Location", seen="no Location",
                      exchanges=[exchange.id])
    return held("202 with Location", exchanges=[exchange.id])


def reaches_end(readings: Sequence[Exchange], says: str = "") -> Draft:
    """The readings of an operation, taken as long as the profile allows, end in a final state."""
    return Draft(judge="reaches_end", over=tuple(r.id for r in readings),
                 says=says or "the operation reaches a final state (succeeded, failed)")


@judge("reaches_end")
def _reaches_end(history: History, claim: Claim) -> Finding:
    readings = [e for e in history.over(claim) if e.answered and e.status not in BUSY]
    if not readings:
        return unknown("the operation could not be read", Reason.NO_ANSWER, exchanges=claim.over[:2])
    last = readings[-1]
    status = last.field("status")
    waited = (last.ended_ns - readings[0].started_ns) / 1e9
    if last.status != 200 or status not in FINAL:
        seen = f"{status!r}"[:80] if last.status == 200 else saw(last)
        return broken(f"{claim.says}; after {waited:.1f} s it is {seen}", expected=" or ".join(FINAL), seen=seen,
                      exchanges=[last.id], readings=len(readings))
    return held(f"{status} after {waited:.1f} s", exchanges=[last.id], readings=len(readings))
