"""Judges of the inbox: an event is taken once, however often and in whatever wrapping it comes (IDEM-12)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import BUSY, saw, unanswered, unheard, whose
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

KNOWN = (409, 422)
"""Refusals that say "I have this one": as good as a duplicate."""
_SHOWN = 4


def taken_once(copies: Sequence[Exchange], *, replays: Sequence[Exchange] = (), says: str = "") -> Draft:
    """Of these publications of one event, each a call of its own, exactly one is accepted, all others are repeats.

    `replays` repeat one of the calls to the letter, key included: they may be answered as it was.
    """
    return Draft(judge="taken_once", over=tuple(e.id for e in (*copies, *replays)), params={"copies": len(copies)},
                 says=says or f"an event that is published {len(copies)} times is taken once")


@judge("taken_once")
def _taken_once(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < len(claim.over) or not exchanges:
        return unknown("the journal lacks a publication of this claim", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    copies = exchanges[:claim.params["copies"]]
    taken = [e for e in copies if accepted(e)]
    if len(taken) > 1:
        return broken(f"{claim.says}; {len(taken)} times it was accepted", expected="accepted once, then duplicate",
                      seen=f"accepted {len(taken)} times", exchanges=[e.id for e in taken[:_SHOWN]], taken=len(taken))
    quiet = [e for e in exchanges if e.answered and (e.status or 0) >= 500 and e.status not in BUSY]
    if silent := unheard(exchanges, len(claim.over)):
        return silent
    if quiet:
        return unknown(f"a publication was answered {saw(quiet[0])}", Reason.NO_ANSWER, exchanges=[quiet[0].id],
                       owner=Owner.SUBJECT)
    refused = [e for e in exchanges if 400 <= (e.status or 0) < 500 and e.status not in KNOWN]
    if refused and taken:
        return broken(f"{claim.says}; an honest repeat was refused", expected="duplicate", seen=saw(refused[0]),
                      exchanges=[taken[0].id, refused[0].id])
    if refused:
        return unknown(f"no publication was accepted: {saw(refused[0])}", Reason.SETUP_FAILED, owner=whose(refused[0]),
                       exchanges=[refused[0].id])
    if not taken:
        return broken(f"{claim.says}; no publication of it was accepted", expected="accepted once",
                      seen=saw(copies[0]), exchanges=[e.id for e in copies[:_SHOWN]])
    return held(f"one of {len(copies)} publications was accepted, the others were known",
                exchanges=[taken[0].id, exchanges[-1].id], publications=len(exchanges))


def not_taken(answer: Exchange, says: str = "") -> Draft:
    """A publication that must not have an effect: refused, or told to be a duplicate."""
    return Draft(judge="not_taken", over=(answer.id,),
                 says=says or "another body under a known event id is not accepted")


@judge("not_taken")
def _not_taken(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (answer,) = exchanges
    if accepted(answer):
        return broken(claim.says, expected="refused, or duplicate", seen=saw(answer) + " accepted",
                      exchanges=[answer.id])
    if answer.status in BUSY or (answer.status or 0) >= 500:
        return unknown(f"neither taken nor refused: {saw(answer)}", Reason.NO_SAMPLES, exchanges=[answer.id],
                       owner=Owner.SUBJECT)
    return held(f"it was not taken: {saw(answer)}", exchanges=[answer.id])


def reading(answer: Exchange) -> str:
    """What the inbox says that it did: `accepted`, `duplicate`, or "" where it says neither.

    The contract's repeats are answered 200 duplicate. Peers refuse them, with 409 or 422, which an honest sender reads
    the same way: the inbox has it.
    """
    if accepted(answer):
        return "accepted"
    return "duplicate" if answer.answered and (200 <= (answer.status or 0) < 300 or answer.status in KNOWN) else ""


def accepted(answer: Exchange) -> bool:
    """Does the answer say that the event was taken now? A body without a word on it: 202 does, 200 does not."""
    if not answer.answered or not 200 <= (answer.status or 0) < 300:
        return False
    told = answer.field("status")
    return told == "accepted" or (answer.status == 202 and told != "duplicate")
