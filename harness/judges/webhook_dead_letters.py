"""Judges of dead letters: what a platform gave up on is visible, and redriving it doubles nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.judges.answers import BUSY, saw, turned_away
from harness.judges.registry import judge
from harness.judges.webhook_lists import FEWEST_TRIES, OPEN, listed_as, unread
from harness.judges.webhook_sender import event_id, taken, tries_of
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Delivered

_DEAD = "listDeadLetters"


def dead_letters_visible(delivered: Delivered) -> Draft:
    """What is never taken is tried several times, then given up, and listed as a dead letter (TIME-10, ROLL-04)."""
    return Draft(judge="dead_letters_visible", over=tuple(e.id for e in delivered.listed),
                 params={"path": delivered.path, "endpoint": delivered.endpoint},
                 says="an event that is never taken ends as a visible dead letter after several tries")


@judge("dead_letters_visible")
def _dead_letters_visible(history: History, claim: Claim) -> Finding:
    pages = history.over(claim)
    if not pages:
        return unknown("the lists of deliveries were not read", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    looked = min(page.started_ns for page in pages)  # what is redriven comes later
    before = {event: [e for e in seen if e.started_ns < looked]
              for event, seen in tries_of(history, claim.params["path"]).items()}
    lost = {event: seen for event, seen in before.items() if seen and not any(map(taken, seen))}
    if not lost:
        return unknown("no event was refused for good", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    listed = listed_as(pages, claim.params["endpoint"])
    dead = listed_as([p for p in pages if p.operation == _DEAD], claim.params["endpoint"])
    open_ = None
    for event, seen in lost.items():
        said = listed.get(event, {}).get("status")
        shown = [e.id for e in seen[:3]]
        if event not in dead and (unsure := _unsure(seen, said, pages, len(claim.over))):
            open_ = open_ or unsure
            continue
        if event not in dead:
            return broken("an event that was never taken is no dead letter", expected="listed among the dead letters",
                          seen=f"{len(seen)} tries; {f'listed as {said}' if said else 'in no list'}", exchanges=shown)
        if len(seen) < FEWEST_TRIES:
            return broken(f"an event was given up after {len(seen)} tries", expected=f"at least {FEWEST_TRIES} tries",
                          seen=f"{len(seen)} tries", exchanges=shown)
    if open_:
        return open_
    most = max(len(seen) for seen in lost.values())
    return held(f"{len(lost)} events were given up after up to {most} tries, and are listed as dead letters",
                exchanges=[next(iter(lost.values()))[-1].id], events=len(lost), tries=most)


def _unsure(seen: Sequence[Exchange], said: Any, pages: Sequence[Exchange], needed: int) -> Finding | None:
    """Why an event that is not among the dead letters may yet be one: it is tried on, or the lists tell nothing."""
    if said in OPEN:
        return unknown(f"after {len(seen)} tries the platform has not given up yet; let the profile's "
                       "webhook_wait_seconds cover its schedule, or shorten that in the sandbox", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE, exchanges=[e.id for e in seen[:3]])
    return unread(pages, needed) if said in (None, "dead") else None


def redriven_once(delivered: Delivered) -> Draft:
    """A dead letter that is redriven is sent again under its old id, once for each redrive at most (ROLL-04)."""
    return Draft(judge="redriven_once", over=tuple(answer.id for _, answer in delivered.redrives),
                 params={"path": delivered.path, "players": [player for player, _ in delivered.calls]},
                 says="redriving a dead letter sends the same event again, and doubles nothing")


@judge("redriven_once")
def _redriven_once(history: History, claim: Claim) -> Finding:
    redrives = history.over(claim)
    if not redrives:
        return unknown("there was no dead letter to redrive", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    first = [e for e in redrives if not e.label]
    if refused := next((e for e in first if not (e.status and 200 <= e.status < 300)), None):
        if refused.status in BUSY:
            return turned_away(refused)
        if refused.answered:
            return broken(f"a dead letter could not be redriven: {saw(refused)}", expected="2xx", seen=saw(refused),
                          exchanges=[refused.id])
        return unknown(f"a redrive had no answer: {saw(refused)}", Reason.NO_ANSWER, exchanges=[refused.id])
    began = min(e.started_ns for e in first)
    tries = tries_of(history, claim.params["path"])
    accepted = sum(200 <= (e.status or 0) < 300 for e in redrives)
    came = 0
    for player in claim.params["players"]:
        of_call = [e for seen in tries.values() for e in seen if e.mentions(player)]
        ids = {event_id(e) for e in of_call}
        if len(ids) > 1:
            return broken("a redrive sent the event under a new id", expected="the same event id",
                          seen=f"{len(ids)} ids", exchanges=[e.id for e in of_call[-2:]])
        after = [e for e in of_call if e.started_ns >= began and taken(e)]
        came += len(after)
        if len(after) > 2:
            return broken("redriving an event twice sent it more than twice", expected="one delivery a redrive",
                          seen=f"{len(after)} deliveries", exchanges=[e.id for e in after[:3]])
    if came < len(first):
        return broken("a redriven event did not come", expected=f"{len(first)} deliveries", seen=f"{came}",
                      exchanges=[first[0].id])
    if came > accepted:
        return broken(f"{accepted} redrives sent {came} deliveries", expected=f"at most {accepted}", seen=str(came),
                      exchanges=[first[0].id])
    return held(f"{len(first)} dead letters came again under their ids; redriven once more nothing was doubled",
                exchanges=[first[0].id], redrives=len(redrives), deliveries=came)
