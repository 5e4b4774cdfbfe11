"""The platform's movable clock: UTC milliseconds, shifted by tests through /sandbox/clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Wall clock plus an offset in milliseconds; latencies and timeouts never use it (they are monotonic)."""

    __slots__ = ("offset_ms",)

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms

    def now_ms(self) -> int:
        """UTC milliseconds since the epoch, as the platform sees them."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def advance(self, seconds: int) -> None:
        """Moves the platform's time by `seconds` (may be negative)."""
        self.offset_ms += seconds * 1000


def iso(ms: int) -> str:
    """Milliseconds to `2026-11-21T03:55:20.123Z`, the only time form of the API."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]}.{ms % 1000:03d}Z"


def parse_iso(text: str) -> int:
    """An RFC 3339 time with an offset to milliseconds; raises ValueError on anything else."""
    stamp = datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        raise ValueError("a time needs an offset or Z")
    return round(stamp.timestamp() * 1000)
