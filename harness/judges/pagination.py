"""Judges of cursor pagination: limit, cursor, has_more, completeness, order and filters (CONT-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from harness.judges.answers import saw, whose
from harness.judges.events import items
from harness.judges.formats import utc_time
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

_SHOWN = 4
_WINDOW = {"occurred_at_from": "occurred_at no earlier than ", "occurred_at_to": "occurred_at earlier than "}


def one_walk(pages: Sequence[Exchange], *, limit: int, key: str, complete: Sequence[str] = (), member: str = "",
             cut: bool = False, says: str = "") -> Draft:
    """One walk by next_cursor from the first page to the last: within the limit, nothing twice, nothing missing.

    `key` names the member that identifies an item. `complete` are values that must each occur, in the item's
    `member` (or in its data), because they existed before the walk began. `cut`: we gave up before its end.
    """
    return Draft(judge="one_walk", over=tuple(p.id for p in pages),
                 params={"limit": limit, "key": key, "complete": list(complete), "member": member or key, "cut": cut},
                 says=says or f"a walk with limit {limit} gives every item once, and has_more tells the end")


@judge("one_walk")
def _one_walk(history: History, claim: Claim) -> Finding:
    pages = history.over(claim)
    if silent := _unread(pages, claim):
        return silent
    params = claim.params
    listed: dict[str, str] = {}
    found: set[str] = set()
    for number, page in enumerate(pages, start=1):
        last = number == len(pages) and not params["cut"]
        rows = items(page) or []
        if wrong := _page(page, rows, params["limit"], last=last, first=number == 1):
            return broken(f"{claim.says}; page {number}: {wrong[1]}", expected=wrong[0], seen=wrong[1],
                          exchanges=[page.id], pages=len(pages))
        for row in rows:
            name = str(row.get(params["key"])) if isinstance(row, Mapping) else ""
            if name in listed:
                return broken(f"{claim.says}; {name} came twice", expected=f"each {params['key']} once",
                              seen=f"{name} on two pages or twice on one"[:200], exchanges=[listed[name], page.id])
            listed[name] = page.id
            found.add(_member(row, params["member"]))
    if params["cut"]:
        return unknown(f"the list grew faster than it could be read ({len(pages)} pages)", Reason.NO_SAMPLES,
                       exchanges=[pages[-1].id])
    missing = [one for one in params["complete"] if one not in found]
    if missing:
        return broken(f"{claim.says}; {len(missing)} of {len(params['complete'])} are missing",
                      expected=f"{params['member']} {', '.join(params['complete'])}"[:300],
                      seen=f"without {', '.join(missing)}"[:300], exchanges=[p.id for p in pages[-_SHOWN:]])
    return held(f"{len(listed)} items on {len(pages)} pages, each once", exchanges=[pages[0].id, pages[-1].id],
                pages=len(pages), items=len(listed))


def _page(page: Exchange, rows: list[Any], limit: int, *, last: bool, first: bool) -> tuple[str, str] | None:
    """(expected, seen) of what is wrong with one page, or None."""
    more, cursor = page.field("has_more"), page.field("next_cursor")
    if len(rows) > limit:
        return f"at most {limit} items", f"{len(rows)} items"
    if not isinstance(more, bool):
        return "has_more as a truth value", f"has_more={more!r}"[:80]
    if more and (not isinstance(cursor, str) or not cursor):
        return "a next_cursor where has_more is true", f"next_cursor={cursor!r}"[:80]
    if more and last:
        return "an end of the walk", "has_more still true on its last page"
    if not more and not last:
        return "has_more true: a further page had items", "has_more false"
    if not rows and not first:
        return "items on the page that has_more promised", "an empty page"
    return None


def _unread(pages: Sequence[Exchange], claim: Claim) -> Finding | None:
    if not pages or len(pages) < len(claim.over):
        return unknown("no page was read", Reason.NO_SAMPLES)
    bad = next((p for p in pages if items(p) is None), None)
    if bad is None:
        return None
    if bad.answered and bad.status == 200:
        return broken(f"{claim.says}; a page has no list of items", expected="items as a list",
                      seen="no items", exchanges=[bad.id])
    return unknown(f"a page could not be read: {saw(bad)}", Reason.OBSERVER_UNAVAILABLE, exchanges=[bad.id],
                   owner=whose(bad))


def _member(row: Any, name: str) -> str:
    """A member of an item, or of its `data` (events); "" when it has none."""
    if not isinstance(row, Mapping):
        return ""
    value = row.get(name)
    data = row.get("data")
    if value is None and isinstance(data, Mapping):
        value = data.get(name)
    return value if isinstance(value, str) else ""


def order_of(pages: Sequence[Exchange], *, member: str, expected: Sequence[str], says: str = "") -> Draft:
    """The items whose `member` is one of `expected` come in that order; others may stand between them.

    Items of one and the same instant (`occurred_at`) may come in any order among themselves.
    """
    return Draft(judge="order_of", over=tuple(p.id for p in pages),
                 params={"member": member, "expected": list(expected)},
                 says=says or "items come in the order that was asked for")


@judge("order_of")
def _order_of(history: History, claim: Claim) -> Finding:
    pages = history.over(claim)
    if silent := _unread(pages, claim):
        return silent
    expected = claim.params["expected"]
    known = set(expected)
    times: dict[str, Any] = {}
    for row in (row for page in pages for row in items(page) or []):
        name = _member(row, claim.params["member"])
        if name in known:
            times.setdefault(name, row.get("occurred_at"))
    seen = list(times)
    if len(seen) < 2:
        return unknown("fewer than two of the items were listed", Reason.NO_SAMPLES, exchanges=claim.over[:_SHOWN])
    place = {name: number for number, name in enumerate(expected)}
    for one, following in pairwise(seen):
        if place[following] < place[one] and (times[one] != times[following] or times[one] is None):
            return broken(claim.says, expected=", ".join(n for n in expected if n in times)[:300],
                          seen=", ".join(seen)[:300], exchanges=[p.id for p in pages[:_SHOWN]])
    return held(f"{len(seen)} items in order", exchanges=[pages[0].id], items=len(seen))


def only_matching(pages: Sequence[Exchange], *, filters: Mapping[str, str], least: int = 0, most: int = -1,
                  says: str = "") -> Draft:
    """Every item fits all `filters` (as sent in the query), and there are `least` to `most` (-1: any number)."""
    return Draft(judge="only_matching", over=tuple(p.id for p in pages),
                 params={"filters": dict(filters), "least": least, "most": most},
                 says=says or f"the filters {', '.join(filters)} work together")


@judge("only_matching")
def _only_matching(history: History, claim: Claim) -> Finding:
    pages = history.over(claim)
    if silent := _unread(pages, claim):
        return silent
    count = 0
    for page in pages:
        for row in items(page) or []:
            count += 1
            for name, value in claim.params["filters"].items():
                if not _fits(row, name, value):
                    return broken(f"{claim.says}; an item does not fit {name}={value}", seen=_shown(row, name),
                                  expected=_WINDOW.get(name, name + "=") + value, exchanges=[page.id])
    least, most = claim.params["least"], claim.params["most"]
    if count < least or (0 <= most < count):
        return broken(f"{claim.says}; {count} items were listed", seen=f"{count} items",
                      expected=f"{least} items" if least == most else f"at least {least} items",
                      exchanges=[p.id for p in pages[:_SHOWN]])
    return held(f"{count} items fit {', '.join(claim.params['filters'])}", exchanges=[pages[0].id], items=count)


def _fits(row: Any, name: str, value: str) -> bool:
    """True when an event fits a filter; a member that the event does not carry contradicts nothing."""
    if not isinstance(row, Mapping):
        return False
    if name in ("occurred_at_from", "occurred_at_to"):
        when, bound = utc_time(row.get("occurred_at")), utc_time(value)
        if when is None or bound is None:
            return True  # CONT-11 says what is wrong with such a timestamp
        if when == bound:  # the window has its first instant and not its last; finer digits than we read tell nothing
            return name == "occurred_at_from" or row.get("occurred_at") != value
        return when > bound if name == "occurred_at_from" else when < bound
    seen = _member(row, name)
    if not seen and name == "bet_id":
        return f":{row.get('key')}".endswith(f":{value}")
    return seen in ("", value)


def _shown(row: Any, name: str) -> str:
    name = "occurred_at" if name.startswith("occurred_at") else name
    return f"{name}={_member(row, name) or 'missing'}"[:200]


def same_listing(whole: Exchange, pages: Sequence[Exchange], *, key: str, says: str = "") -> Draft:
    """A walk in small pages lists the same items in the same order as one page that holds them all."""
    return Draft(judge="same_listing", over=(whole.id, *(p.id for p in pages)), params={"key": key},
                 says=says or "a walk in small pages lists what one large page lists")


@judge("same_listing")
def _same_listing(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := _unread(exchanges, claim):
        return silent
    key = claim.params["key"]
    whole, *rest = [[str(row.get(key)) if isinstance(row, Mapping) else "" for row in items(page) or []]
                    for page in exchanges]
    walked = [name for page in rest for name in page]
    if not whole or not rest:
        return unknown("nothing was listed", Reason.NO_SAMPLES, exchanges=claim.over[:1])
    # Items that came later may follow; those that were there must stand first, in the same order.
    if walked[:len(whole)] != whole:
        return broken(claim.says, expected=f"{len(whole)} items: {', '.join(whole)}"[:300],
                      seen=f"{len(walked)} items: {', '.join(walked)}"[:300],
                      exchanges=[e.id for e in exchanges[:_SHOWN]])
    return held(f"{len(whole)} items, the same both ways", exchanges=[exchanges[0].id], items=len(whole))
