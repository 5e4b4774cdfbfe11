"""Circuit breaker and bulkhead: how many wallet calls may be under way, and when none is worth trying."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.sandbox import faults


class Breaker:
    """closed -> open after consecutive failures -> half-open with one probe -> closed again."""

    __slots__ = ("_clock", "_failures", "_limit", "_open_seconds", "_opened_at", "_probing")

    def __init__(self, limit: int, open_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._open_seconds, self._clock = limit, open_seconds, clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        if self._opened_at is None:
            return "closed"
        if faults.on("breaker-never-closes"):
            return "open"
        return "half-open" if self._clock() - self._opened_at >= self._open_seconds else "open"

    def allow(self) -> bool:
        """May a call be made now? A half-open breaker lets one probe through at a time."""
        state = self.state
        if state == "closed":
            return True
        if state == "open" or self._probing:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The wallet answered: close."""
        self._failures, self._opened_at, self._probing = 0, None, False

    def failed(self) -> None:
        """Timeout, broken line or 5xx."""
        self._failures += 1
        self._probing = False
        if self._opened_at is not None or self._failures >= self._limit:
            self._opened_at = self._clock()

    def abandoned(self) -> None:
        """A call ended without a verdict (cancelled): free the probe."""
        self._probing = False


class Bulkhead:
    """At most `limit` calls in flight; `reserved` of them only for settles, rollbacks and reconciling."""

    __slots__ = ("_limit", "_reserved", "in_flight")

    def __init__(self, limit: int, reserved: int) -> None:
        self._limit, self._reserved = limit, reserved
        self.in_flight = 0

    def enter(self, *, priority: bool) -> bool:
        """Takes a place, or says at once that there is none."""
        if self.in_flight >= (self._limit if priority else self._limit - self._reserved):
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        """Gives the place back."""
        self.in_flight -= 1
