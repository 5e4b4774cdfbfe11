"""Judges of how a platform sends webhooks, from what a receiver saw of it: every try, in its order.

An event's tries are the deliveries to one receiver that carry its id in the signed body.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from harness.judges.answers import saw
from harness.judges.registry import judge
from harness.judges.spacing import spacing
from harness.judges.webhook_lists import OPEN, listed_as, unread
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown
from harness.model.played import Delivered
from harness.model.profile import LONGEST_WEBHOOK_TRY

_EARLY = 0.05
"""A receiver's clock and a sender's timer may differ by so much of what was asked."""
_SLACK_SECONDS = 0.5
_HELD_UP_NS = 1_000_000_000
_DECLARE = "declare [target.NAME.webhooks] try_seconds"
REMEDY = "let the profile's webhook_wait_seconds cover its first retries, or shorten them in the sandbox"


def taken(e: Exchange) -> bool:
    """Did the receiver take it, by its own answer?"""
    return e.status is not None and 200 <= e.status < 300 and not e.failure


def tries_of(history: History, path: str) -> dict[str, list[Exchange]]:
    """Tries at the receiver with this path, by event id of the body, in order."""
    found: dict[str, list[Exchange]] = {}
    for e in sorted(history.where(channel="receiver"), key=lambda e: e.started_ns):
        if e.url.partition("?")[0] == path:
            found.setdefault(event_id(e), []).append(e)
    return found


def event_id(e: Exchange) -> str:
    """The id in the signed body; a body without one stands for itself."""
    body = e.sent_json()
    named = body.get("event_id") if isinstance(body, dict) else None
    return str(named) if named else e.request_body


def _draft(name: str, says: str, delivered: Delivered, **params: Any) -> Draft:
    return Draft(judge=name, says=says, over=tuple(e.id for e in delivered.listed), params={
        "path": delivered.path, "endpoint": delivered.endpoint, **params})


def _nothing(what: str, owner: Owner = Owner.HARNESS) -> Finding:
    return unknown(what, Reason.NO_SAMPLES, owner=owner)


def tried_again(delivered: Delivered) -> Draft:
    """What was not taken is sent again: same id, same body, freshly and validly signed (TIME-10)."""
    return _draft("tried_again", "an event that was not taken is sent again, with the same id and body", delivered)


@judge("tried_again")
def _tried_again(history: History, claim: Claim) -> Finding:
    tries, pages = tries_of(history, claim.params["path"]), history.over(claim)
    listed = listed_as(pages, claim.params["endpoint"])
    failed = {event: seen for event, seen in tries.items() if not taken(seen[0])}
    if not failed:
        return _nothing("no event was refused at first")
    open_ = None
    for event, seen in failed.items():
        for before, after in pairwise(seen):
            if after.sent_json() != before.sent_json():
                return broken("a retry carries another body", expected="the same event again",
                              seen=after.request_body[:200], exchanges=[before.id, after.id])
            if after.facts.get("signature") != "valid":
                return broken(f"a retry's signature is {after.facts.get('signature')}", expected="signed again",
                              seen=str(after.facts.get("signature")), exchanges=[after.id])
        if len(seen) == 1:
            said = listed.get(event, {}).get("status")
            found = (None if said else unread(pages, len(claim.over))) or _given_up_on(seen[0], said)
            if found.outcome is Outcome.FAIL:
                return found
            open_ = open_ or found
    if open_:
        return open_
    again = sum(len(seen) - 1 for seen in failed.values())
    return held(f"{len(failed)} events that were not taken were sent again, {again} times in all",
                exchanges=[e.id for e in next(iter(failed.values()))[:2]], events=len(failed), retries=again)


def _given_up_on(only: Exchange, said: Any) -> Finding:
    """An event that was refused and never came again: by the platform's own word given up, or just not yet."""
    if said in OPEN:
        return unknown("an event that was not taken did not come again while we waited; the platform says it will",
                       Reason.NO_SAMPLES, owner=Owner.PROFILE, exchanges=[only.id])
    told = f"it is listed as {said}" if said else "it is in no list of deliveries"
    return broken("an event that was not taken never came again", expected="another try", exchanges=[only.id],
                  seen=f"one try ({saw(only)}); {told}")


def webhooks_back_off(delivered: Delivered) -> Draft:
    """Tries of an event are further apart each time, and those of many events not in step (TIME-10)."""
    return _draft("webhooks_back_off", "retries of webhooks are spaced, further apart each time, and not in step",
                  delivered, noise_ms=delivered.noise_ms)


@judge("webhooks_back_off")
def _webhooks_back_off(history: History, claim: Claim) -> Finding:
    seen = [s for s in tries_of(history, claim.params["path"]).values() if len(s) > 1]
    listed = listed_as(history.over(claim), claim.params["endpoint"])
    if not seen and any(i.get("status") == "dead" for i in listed.values()):
        return broken("events were given up after one try", expected="retries with back-off", seen="no retry")
    if not seen:
        return _nothing(f"no retry was seen; {REMEDY}", Owner.PROFILE)
    more = any(not taken(s[-1]) and listed.get(event_id(s[-1]), {}).get("status") != "dead" for s in seen)
    return spacing([[(b.started_ns - a.ended_ns) / 1e9 for a, b in pairwise(s)] for s in seen],
                   noise_seconds=claim.params["noise_ms"] / 1000, exchanges=[e.id for e in seen[0][:3]],
                   cut_off=REMEDY if more else "")


def waits_as_asked(delivered: Delivered) -> Draft:
    """A receiver that says when to come back is not asked before (TIME-10)."""
    return _draft("waits_as_asked", "a receiver's Retry-After is honoured", delivered)


@judge("waits_as_asked")
def _waits_as_asked(history: History, claim: Claim) -> Finding:
    waits = 0
    for seen in tries_of(history, claim.params["path"]).values():
        for before, after in pairwise(seen):
            if (asked := before.retry_after()) is None:
                continue
            waits += 1
            gap = (after.started_ns - before.ended_ns) / 1e9
            if gap < asked * (1 - _EARLY):
                return broken("a receiver asked for patience and was not given it", expected=f"{asked:.0f} s of pause",
                              seen=f"{gap:.2f} s", exchanges=[before.id, after.id])
    if not waits:
        return _nothing(f"nothing came again after a Retry-After; {REMEDY}", Owner.PROFILE)
    return held(f"{waits} times a receiver's Retry-After was honoured", waits=waits)


def tries_end(delivered: Delivered) -> Draft:
    """A receiver that keeps silent is given up after `try_seconds` (TIME-10: per-try timeout)."""
    declared = delivered.try_seconds
    says = "in time" if declared is None else f"within {declared:g} s"
    return _draft("tries_end", f"a silent receiver is given up {says}", delivered, limit=declared,
                  slack=delivered.noise_ms / 1000)


@judge("tries_end")
def _tries_end(history: History, claim: Claim) -> Finding:
    every = [e for seen in tries_of(history, claim.params["path"]).values() for e in seen]
    silent = [e for e in every if e.failure in ("hang", "hung_up")]
    if not silent:
        return _nothing("no delivery met a silent receiver")
    declared = claim.params["limit"]
    usual = LONGEST_WEBHOOK_TRY if declared is None else declared
    limit = usual * (1 + _EARLY) + claim.params["slack"] + _SLACK_SECONDS
    longest = max(silent, key=lambda e: e.seconds)
    if longest.seconds > limit and declared is None:
        return unknown(f"a silent receiver was waited for {longest.seconds:.1f} s; how long it may be is not declared: "
                       f"{_DECLARE}", Reason.NO_SAMPLES, owner=Owner.PROFILE, exchanges=[longest.id])
    if longest.seconds > limit:
        return broken(f"a silent receiver was waited for {longest.seconds:.1f} s", exchanges=[longest.id],
                      expected=f"given up within {usual:g} s", seen=f"{longest.seconds:.1f} s")
    if all(e.failure == "hang" for e in silent):
        return _nothing(f"no delivery was given up within the {longest.seconds:.1f} s that we kept silent; "
                        + _DECLARE, Owner.PROFILE)
    return held(f"{len(silent)} deliveries to a silent receiver were given up, the last after {longest.seconds:.1f} s",
                exchanges=[longest.id], tries=len(silent))


def stops_when_gone(delivered: Delivered) -> Draft:
    """A receiver that answers 410 is left alone, and its events are not lost without a word (TIME-10)."""
    return _draft("stops_when_gone", "a receiver that is gone (410) is left alone, and nothing is lost silently",
                  delivered, players=[player for player, _ in delivered.calls])


@judge("stops_when_gone")
def _stops_when_gone(history: History, claim: Claim) -> Finding:
    seen = tries_of(history, claim.params["path"])
    gone = [e for tries in seen.values() for e in tries if e.status == 410]
    if not gone:
        return _nothing("no delivery was answered 410")
    for tries in seen.values():
        first = next((n for n, e in enumerate(tries) if e.status == 410), None)
        if first is not None and (more := tries[first + 1:]):
            return broken("an event came again after 410", expected="no more tries", seen=f"{len(more)} more",
                          exchanges=[tries[first].id, more[0].id])
    pages = history.over(claim)
    listed = listed_as(pages, claim.params["endpoint"])
    if lost := [event for event in seen if event not in listed and any(e.status == 410 for e in seen[event])]:
        return unread(pages, len(claim.over)) or broken(
            "an event that was answered 410 is in no list of deliveries", expected="a dead letter, visible",
            seen=f"event {lost[0]} is gone", exchanges=[seen[lost[0]][0].id])
    return held(f"after {len(gone)} answers 410 nothing came again", exchanges=[gone[0].id], answers=len(gone))


def rest_flows(delivered: Delivered) -> Draft:
    """One event that is never taken holds up none of the others (HOOK-11)."""
    return Draft(judge="rest_flows", over=tuple(call.id for _, call in delivered.calls),
                 params={"path": delivered.path, "about": [player for player, _ in delivered.calls]},
                 says="an event that is never taken holds up no other")


@judge("rest_flows")
def _rest_flows(history: History, claim: Claim) -> Finding:
    calls, about = history.over(claim), claim.params["about"]
    if len(calls) < len(about) or not calls:
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    tries = tries_of(history, claim.params["path"])
    poison = [seen for seen in tries.values() if not any(map(taken, seen))]
    if not poison:
        return _nothing("every event was taken in the end")
    given_up = max(e.started_ns for seen in poison for e in seen)
    came = {player: min((e.started_ns for seen in tries.values() for e in seen if taken(e) and e.mentions(player)),
                        default=None) for player in about}
    rest = {player: call for player, call in zip(about, calls, strict=True)
            if not any(e.mentions(player) for seen in poison for e in seen)}
    if lost := next((player for player in rest if came[player] is None), None):
        return broken("while one event was never taken, another one did not come", expected="every other event, taken",
                      seen="an event is missing", exchanges=[rest[lost].id, poison[0][0].id])
    # What is told shortly before the poison is given up may come after it by chance.
    told = [player for player, call in rest.items() if given_up - call.ended_ns > _HELD_UP_NS]
    late = [player for player in told if (came[player] or 0) > given_up]
    if not told:
        return _nothing("the event that is never taken was given up before another one could be held up by it",
                        Owner.SUBJECT)
    if late:
        return broken(f"{len(late)} of {len(told)} events came only when one that is never taken had been given up",
                      expected="the rest flows past it", exchanges=[rest[late[0]].id, poison[0][0].id],
                      seen=f"{(came[late[0]] or 0) / 1e9 - rest[late[0]].ended_ns / 1e9:.1f} s late")
    return held(f"{len(rest)} events came while {len(poison)} could not be taken", exchanges=[poison[0][0].id],
                events=len(rest))
