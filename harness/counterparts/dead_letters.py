"""Deliveries that the platform gave up on, made in the background: giving up takes a platform its time."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.counterparts.lab import Lab
from harness.model.exchange import Exchange

_ASK_AGAIN_SECONDS = 0.5
_AT_ONCE = 8
_MAX_PAGES = 50


class DeadLetters:
    """Some deliveries to an endpoint that refuses whatever comes."""

    def __init__(self, lab: Lab, cause: Callable[[], object]) -> None:
        """`cause` makes something happen that is announced as `bonus.issued`."""
        self._lab = lab
        self._cause = cause
        self._endpoint = ""
        self._given: set[str] = set()
        self._asked = 0.0
        self._waited = False

    def another(self, *, patient: bool) -> str | None:
        """The id of one not given yet; None while the platform has not given it up, unless it is waited for."""
        if not self._endpoint:
            self._endpoint = self._lab.refusing_endpoint(["bonus.issued"])
            for _ in range(_AT_ONCE):
                self._cause()
        if not patient and time.monotonic() - self._asked < _ASK_AGAIN_SECONDS:
            return None
        wait = patient and not self._waited  # once: a platform that has not given up by then will not do so now
        page = self._lab.until(self._page, lambda p: bool(self._ours(p))) if wait else self._page()
        self._asked, self._waited = time.monotonic(), self._waited or wait
        found = next(iter(self._ours(page)), None)
        if found is not None:
            self._given.add(found)
        return found

    def _page(self) -> Exchange:
        """The first page that has one of ours, or the last: what older runs left there may come first."""
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = self._lab.call("listDeadLetters", query={"limit": 200, "cursor": cursor})
            cursor = page.field("next_cursor")
            if self._ours(page) or not page.field("has_more") or not isinstance(cursor, str):
                break
        return page

    def _ours(self, page: Exchange) -> list[str]:
        items = page.field("items")
        ours = [str(i.get("delivery_id")) for i in (items if isinstance(items, list) else ())
                if isinstance(i, dict) and i.get("endpoint_id") == self._endpoint]
        return [delivery for delivery in ours if delivery not in self._given]
