"""A delivery that the platform gave up on, made in the background: giving up takes a platform its time."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.counterparts.lab import Lab
from harness.model.exchange import Exchange

_ASK_AGAIN_SECONDS = 0.5


class DeadLetter:
    """One delivery in the dead letters, by an endpoint that refuses whatever comes."""

    def __init__(self, lab: Lab, cause: Callable[[], object]) -> None:
        """`cause` makes something happen that is announced as `bonus.issued`."""
        self._lab = lab
        self._cause = cause
        self._endpoint = ""
        self._delivery = ""
        self._asked = 0.0

    def id(self, *, patient: bool) -> str | None:
        """Its delivery id; None while the platform has not given up, unless it is waited for."""
        if not self._endpoint:
            self._endpoint = self._lab.refusing_endpoint(["bonus.issued"])
            self._cause()
        if not self._delivery and (patient or time.monotonic() - self._asked > _ASK_AGAIN_SECONDS):
            page = self._lab.until(self._page, lambda p: bool(self._ours(p))) if patient else self._page()
            self._delivery = next(iter(self._ours(page)), "")
            self._asked = time.monotonic()
        return self._delivery or None

    def _page(self) -> Exchange:
        return self._lab.call("listDeadLetters", query={"limit": 200})

    def _ours(self, page: Exchange) -> list[str]:
        items = page.field("items")
        return [str(i.get("delivery_id")) for i in (items if isinstance(items, list) else ())
                if isinstance(i, dict) and i.get("endpoint_id") == self._endpoint]
