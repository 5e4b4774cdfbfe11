"""Judges of the outbox: each acknowledged change has its event exactly once, refused ones have none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from harness.judges.answers import saw, whose
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown


def announced_once(answers: Sequence[Exchange], pages: Sequence[Exchange], type_: str, member: str,
                   says: str = "") -> Draft:
    """Every acknowledged answer's `member` is in exactly one event of `type_`; a refused one's is in none.

    `pages` are readings of the events feed taken after the answers.
    """
    return Draft(judge="announced_once", over=tuple(e.id for e in (*answers, *pages)),
                 params={"type": type_, "member": member, "answers": len(answers)},
                 says=says or f"each acknowledged change has exactly one {type_} event, a refused one none")


@judge("announced_once")
def _announced_once(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    split = int(claim.params["answers"])
    answers, pages = exchanges[:split], exchanges[split:]
    if not answers or not pages or len(exchanges) < len(claim.over):
        return unknown("no answers or no feed to compare", Reason.NO_SAMPLES)
    unread = next((p for p in pages if p.status != 200), None)
    if unread is not None:
        return unknown(f"the events feed could not be read: {saw(unread)}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[unread.id], owner=whose(unread))
    member = str(claim.params["member"])
    events = _by_member(pages, str(claim.params["type"]), member)
    judged = 0
    for answer in answers:
        value = _value(answer, member)
        if not answer.answered or not isinstance(value, str) or answer.status in (202, 429, 503):
            continue
        judged += 1
        wanted = 1 if 200 <= (answer.status or 0) < 300 else 0
        found = len(events[value])
        if found != wanted:
            return broken(f"{claim.says}; {member} {value} has {found}", expected=f"{wanted} event(s)",
                          seen=f"{found} event(s) with different ids",
                          exchanges=[answer.id, *(p.id for p in pages[:3])])
    if not judged:
        return unknown("no answer to compare", Reason.NO_SAMPLES)
    return held(f"{judged} changes, {sum(map(len, events.values()))} events", exchanges=claim.over[:2], changes=judged)


def _value(answer: Exchange, member: str) -> Any:
    """The member as answered, or as sent where the answer is a refusal."""
    sent = answer.sent_json()
    value = answer.field(member)
    return value if isinstance(value, str) else sent.get(member) if isinstance(sent, dict) else None


def _by_member(pages: Iterable[Exchange], type_: str, member: str) -> dict[str, set[str]]:
    """Event ids of that type by the member of their data; the same id on two pages is one event."""
    found: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        items = page.field("items")
        for item in items if isinstance(items, list) else []:
            data = item.get("data") if isinstance(item, dict) else None
            value = data.get(member) if isinstance(data, dict) else None
            if isinstance(item, dict) and item.get("type") == type_ and isinstance(value, str):
                found[value].add(str(item.get("event_id")))
    return found
