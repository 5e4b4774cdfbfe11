"""A follower of the events feed: reads on as events appear, by cursor, and keeps nothing of what it read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Any

from harness.engine.ports import Request, Sent
from harness.model.errors import CertifyError
from harness.model.exchange import Exchange, parse_json

_LIMIT, _LEAST_LIMIT = 200, 10
_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_MOST_PAGES = 50_000
"""A feed that never ends is read no further."""
Hear = Callable[[Any, float, float], None]
"""Told each event, when the feed was last asked for its end without showing it, and when it came: monotonic s."""


class Follower:
    """One feed. Reads from `first` on; a page that is the last for now is read again, for a cursor is a position."""

    def __init__(self, request: Callable[[int, str | None], Request], send: Callable[[Request], Sent],
                 hear: Hear) -> None:
        self._request, self._send, self._hear = request, send, hear
        self._limit = _LIMIT
        self._cursor: str | None = None
        self._pages = 0
        self.ended_at = -inf
        """When the feed was last asked for what was its end then; monotonic s."""
        self.failing: Exchange | None = None
        """What the newest reading was answered, where that is no page."""
        self.problem = ""
        """Why it is followed no more."""

    def follow(self, stop: threading.Event) -> None:
        """Until `stop`, or until the feed cannot be followed any more."""
        try:
            while not stop.is_set() and not self.problem:
                stop.wait(self.read_on(stop))
        except CertifyError as error:
            self.problem = error.message
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"

    def read_on(self, stop: threading.Event) -> float:
        """Read to the end of the feed; seconds to wait before the next time."""
        while not stop.is_set():
            more, pause = self._page()
            if not more:
                return pause
        return 0.0

    def _page(self) -> tuple[bool, float]:
        """(is there more at once, seconds to wait)."""
        self._pages += 1
        if self._pages > _MOST_PAGES:
            self.problem = f"{_MOST_PAGES} pages, and no end"
            return False, 0.0
        asked = time.monotonic()
        sent = self._send(self._request(self._limit, self._cursor))
        came = time.monotonic()
        body = parse_json(sent.body.decode("utf-8", "replace")) if sent.exchange.answered else None
        items = body.get("items") if isinstance(body, dict) and sent.exchange.status == 200 else None
        if not isinstance(items, list) or not isinstance(body, dict):
            self.failing = sent.exchange
            if sent.exchange.failure == "too_large":
                self._limit = max(_LEAST_LIMIT, self._limit // 2)
            return False, min(max(sent.exchange.retry_after() or 0.0, _PAUSE), _LONGEST_PAUSE)
        self.failing = None
        for event in items:
            self._hear(event, self.ended_at, came)
        cursor = body.get("next_cursor")
        if body.get("has_more") is True:
            if not isinstance(cursor, str) or cursor == self._cursor:
                self.problem = "has_more without a new next_cursor"
                return False, 0.0
            self._cursor = cursor
            return bool(items), _PAUSE
        self.ended_at = asked
        return False, _PAUSE
