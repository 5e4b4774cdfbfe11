"""Judges of an inbox, from what it answers: each event is taken once, in whatever disorder, and spoiled ones never.

An inbox says what it did: `accepted` for an event that is new to it, `duplicate` (or a refusal that says so) for one
that it has. To publish an event once more at the end is therefore to ask whether the inbox has it.
"""

from __future__ import annotations

from harness.judges.answers import BUSY, saw
from harness.judges.inbox import reading
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Filed

_REFUSED = 422
"""The contract's answer to what can not be taken: alone, it does not say that an event is known."""


def each_taken_once(filed: Filed) -> Draft:
    """Each event is accepted by one of its publications, and the inbox has it in the end (HOOK-08, HOOK-11)."""
    rows, over = [], []
    for event, published, last in filed.events:
        over += [*(e.id for e in published), last.id]
        rows.append([event, len(published)])
    return Draft(judge="each_taken_once", over=tuple(over), params={"events": rows},
                 says="each published event is taken once: none lost, none doubled")


@judge("each_taken_once")
def _each_taken_once(history: History, claim: Claim) -> Finding:
    every, rows = history.over(claim), claim.params["events"]
    if len(every) < len(claim.over) or not rows:
        return unknown("the journal lacks a publication", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    at = repeats = 0
    for event, count in rows:
        published, last = every[at:at + count], every[at + count]
        at += count + 1
        repeats += count
        heard = [e for e in published if e.answered]
        if vague := next((e for e in (*heard, last) if not e.answered or e.status in BUSY), None):
            return unknown(f"a publication told nothing: {saw(vague)}", Reason.NO_ANSWER, exchanges=[vague.id],
                           owner=Owner.SUBJECT)
        words = [reading(e) for e in heard]
        odd = next((e for e, word in zip(heard, words, strict=True) if not word), None)
        if odd is None and len(heard) == count and "accepted" not in words:
            odd = heard[0]
        if odd:
            return broken(f"an event that is well-formed and signed was not taken: {saw(odd)}", exchanges=[odd.id],
                          expected="202 accepted once, then 200 duplicate", seen=saw(odd))
        if words.count("accepted") > 1:
            shown = [e.id for e, word in zip(heard, words, strict=True) if word == "accepted"]
            return broken(f"event {event} was accepted {len(shown)} times", expected="accepted once",
                          seen=f"accepted {len(shown)} times", exchanges=shown[:3])
        if (end := reading(last)) != "duplicate":
            return broken(f"the inbox does not have event {event}, which it had taken", expected="duplicate",
                          seen=end or saw(last), exchanges=[last.id, *(e.id for e in heard[:1])])
        if "accepted" not in words and last.status == _REFUSED:
            return unknown(f"event {event} was refused after its answer was lost: known, or not wanted? {saw(last)}",
                           Reason.NO_SAMPLES, exchanges=[last.id], owner=Owner.SUBJECT)
    return held(f"{len(rows)} events, published {repeats} times, were taken once each", events=len(rows),
                publications=repeats, exchanges=[every[0].id])


def poison_refused(filed: Filed) -> Draft:
    """What no inbox can take is refused with a 4xx, and breaks nothing (HOOK-11)."""
    return Draft(judge="poison_refused", over=tuple(e.id for e in filed.poison), params={},
                 says="a spoiled event is refused with a 4xx")


@judge("poison_refused")
def _poison_refused(history: History, claim: Claim) -> Finding:
    tried = history.over(claim)
    if not tried or len(tried) < len(claim.over):
        return unknown("no spoiled event was published", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    for e in tried:
        if e.status in BUSY or not e.answered:
            return unknown(f"a spoiled event told nothing: {saw(e)}", Reason.NO_ANSWER, exchanges=[e.id],
                           owner=Owner.SUBJECT)
        if not 400 <= (e.status or 0) < 500:
            return broken(f"a spoiled event was answered {saw(e)}", expected="4xx", seen=saw(e), exchanges=[e.id])
    return held(f"{len(tried)} spoiled events were refused", exchanges=[tried[0].id], events=len(tried))
