"""Judges for any REST API: sameness by identifiers, echoes, copies; nothing of the unified API is assumed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from harness.judges.answers import BUSY, saw, turned_away, unanswered
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_WAIT = (409, 425, *BUSY)
"""What a copy may be told while the first one is under way."""
_IDENTIFIER = re.compile(r"(^|[_-])(id|uuid|guid)$|[a-z0-9](Id|ID|Uuid|UUID)$", re.ASCII)
_CALL = re.compile(r"x?[_-]?(trace|request|correlation|span|log)[_-]?(id|uuid)", re.IGNORECASE)
_MANY = 200
_PLACE = "Location"


def same_thing(first: Exchange, *later: Exchange, copies: bool = False) -> Draft:
    """Every later answer is a success and tells of the thing that the first one made: same identifiers.

    Answers without any are the same when they are equal; when they differ (a time, a count) that decides nothing.
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
    blank = None
    for other in exchanges:
        if other in done:
            before, after = _names(done[0]), _names(other)
            if before.keys() - after.keys() == {_PLACE} and len(before) > 1:
                del before[_PLACE]  # a replay that answers 200 need not say where the thing is
            if before != after:
                return broken(f"{claim.says}; what it names differs", expected=_told(before), seen=_told(after),
                              exchanges=[done[0].id, other.id])
            if not before and other is not done[0] and not _says_the_same(done[0], other):
                blank = other
        elif other.status not in _WAIT:
            return broken(f"{claim.says}; one was told {saw(other)}", expected=f"{saw(done[0])} again",
                          seen=saw(other), exchanges=[done[0].id, other.id])
    away = [e for e in exchanges if e.status in _WAIT]
    if away and not copies:
        return turned_away(away[0]) if away[0].status in BUSY else broken(
            f"{claim.says}; it was told {saw(away[0])}", expected=f"{saw(done[0])} again", seen=saw(away[0]),
            exchanges=[done[0].id, away[0].id])
    if blank is not None:
        return unknown(f"no answer of {blank.operation} has an identifier, and they differ or say nothing: one thing "
                       "or two, nobody can tell", Reason.NO_SAMPLES, owner=Owner.SUBJECT,
                       exchanges=[done[0].id, blank.id])
    return held(f"{len(done)} of {len(exchanges)} answers tell of one thing", exchanges=claim.over)


def _names(e: Exchange) -> dict[str, Any]:
    """Where the thing is, and identifiers in the JSON, by path; those of the call itself differ in each answer."""
    place = e.header(_PLACE)
    found: dict[str, Any] = {_PLACE: _absolute(e.url, place)} if place else {}
    left: list[tuple[str, Any]] = [("", e.json())]
    while left and len(found) < _MANY:
        at, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{at}.{name}" if at else name, v) for name, v in value.items()]
            found |= {f"{at}.{name}" if at else name: v for name, v in value.items()
                      if _IDENTIFIER.search(name) and not _CALL.fullmatch(name) and isinstance(v, (str, int))}
        elif isinstance(value, list):
            left += [(f"{at}[{n}]", v) for n, v in enumerate(value[:_MANY])]
    return found


def _absolute(base: str, place: str) -> str:
    try:
        return urljoin(base, place)
    except ValueError:  # it is no URL
        return place


def _told(names: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(names.items()))[:160] or "no identifier"


def _says_the_same(first: Exchange, other: Exchange) -> bool:
    """Equal bodies that say something; an empty one says nothing."""
    if (told := first.json()) is not None:
        return bool(told == other.json())
    return bool(first.response_body.strip()) and first.response_body == other.response_body


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
