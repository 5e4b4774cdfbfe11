"""What the events feed told of the rounds of a storm: a few bytes a round, whatever was read."""

from __future__ import annotations

from array import array
from typing import Any
from zlib import crc32

from harness.model.storm_watch import EVENTS

_MOST = 2
"""More events of one kind about one round are no news."""


class RoundsTold:
    """Counts, by type and round, the events with ids of their own: the same id once more is legal and counts once."""

    def __init__(self, prefix: str, rounds: int) -> None:
        self._prefix = f"{prefix}-"
        self._rounds = rounds
        self._first = {kind: array("I", bytes(4 * rounds)) for kind in EVENTS}
        self._counts = {kind: bytearray(rounds) for kind in EVENTS}

    def take(self, event: Any) -> None:
        """Note an event of the feed; what is none, or not about a round of the storm, is left alone."""
        kind, data = (event.get("type"), event.get("data")) if isinstance(event, dict) else (None, None)
        number = self.number(data.get("bet_id")) if isinstance(data, dict) else None
        if kind not in EVENTS or number is None:
            return
        name = crc32(str(event.get("event_id")).encode("utf-8", "surrogateescape")) or 1
        first, counts = self._first[kind], self._counts[kind]
        if first[number] == name or counts[number] >= _MOST:
            return
        if not counts[number]:
            first[number] = name
        counts[number] += 1

    def number(self, bet_id: Any) -> int | None:
        """Which round of the storm the bet is; None: none of it."""
        if not isinstance(bet_id, str) or not bet_id.startswith(self._prefix):
            return None
        rest = bet_id[len(self._prefix):]
        return int(rest) if rest.isascii() and rest.isdigit() and len(rest) < 12 and int(rest) < self._rounds else None

    def counts(self) -> tuple[bytes, ...]:
        """By type, in the order of `EVENTS`, a count for each round."""
        return tuple(bytes(self._counts[kind]) for kind in EVENTS)
