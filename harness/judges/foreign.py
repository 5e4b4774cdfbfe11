"""Judges for any REST API: sameness by identifiers, echoes, copies; nothing of the unified API is assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.judges.answers import BUSY, saw, turned_away, unanswered
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_WAIT = (409, 425, *BUSY)
"""What a copy may be told while the first one is under way."""


def same_thing(first: Exchange, *later: Exchange, copies: bool = False) -> Draft:
    """Every later answer is a success and tells of the thing that the first one made: same identifiers.

    A replay may be a 200 where the first was a 201: documents of other APIs do not say. With `copies` all were sent at
    once: some may be told to wait, and the first success counts as the first.
    """
    return Draft(judge="same_thing", over=(first.id, *(e.id for e in later)), params={"copies": copies},
                 says=f"{1 + len(later)} equal {first.operation} under one key make one thing")


@judge("same_thing")
def _same_thing(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    copies = bool(claim.params["copies"])
    done = [e for e in exchanges if 200 <= (e.status or 0) < 300]
    if not done or (not copies and done[0] is not exchanges[0]):
        return unknown(f"the first {exchanges[0].operation} was not carried out ({saw(exchanges[0])})",
                       Reason.SETUP_FAILED, owner=Owner.SUBJECT, exchanges=[exchanges[0].id])
    for other in exchanges:
        if other in done:
            differs = _differs(done[0], other)
            if differs:
                return broken(f"{claim.says}; {differs[0]} differs", expected=differs[1], seen=differs[2],
                              exchanges=[done[0].id, other.id])
        elif other.status not in _WAIT:
            return broken(f"{claim.says}; one was told {saw(other)}", expected=f"{saw(done[0])} again",
                          seen=saw(other), exchanges=[done[0].id, other.id])
    away = [e for e in exchanges if e.status in _WAIT]
    if away and not copies:
        return turned_away(away[0]) if away[0].status in BUSY else broken(
            f"{claim.says}; it was told {saw(away[0])}", expected=f"{saw(done[0])} again", seen=saw(away[0]),
            exchanges=[done[0].id, away[0].id])
    return held(f"{len(done)} of {len(exchanges)} answers tell of one thing", exchanges=claim.over)


def _differs(first: Exchange, other: Exchange) -> tuple[str, str, str] | None:
    """(what, before, after): an identifier; without identifiers the whole body."""
    before, after = _identity(first.json()), _identity(other.json())
    return None if before == after else ("what it names", str(before)[:160], str(after)[:160])


def _identity(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    named = {k: v for k, v in body.items() if k.lower() == "id" or k.lower().endswith(("_id", "id", "uuid"))}
    return named or body


def echoes(exchanges: Sequence[Exchange], header: str) -> Draft:
    """Every answer carries the trace header that its request carried."""
    return Draft(judge="echoes", over=tuple(e.id for e in exchanges), params={"header": header},
                 says=f"{header} of the request comes back")


@judge("echoes")
def _echoes(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    name = claim.params["header"]
    for e in exchanges:
        if e.header(name) != e.sent_header(name):
            return broken(f"{e.operation} does not give {name} back", expected=str(e.sent_header(name)),
                          seen=str(e.header(name)), exchanges=[e.id])
    return held(f"{len(exchanges)} answers give {name} back", exchanges=claim.over[:3])
