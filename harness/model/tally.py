"""What a storm of calls came to: counts and durations by operation, as a whole and second by second.

Each worker keeps one, they travel in Locust's reports, and are merged exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.model.histogram import Histogram

SHED = "+"
"""Marks a status that was given with Retry-After: "503+" is a polite refusal, "503" a failure."""


def is_failure(outcome: str) -> bool:
    """Did a call that ended so fail? 429 without Retry-After tells nobody when to come back."""
    return not outcome.endswith(SHED) and (not outcome.isdigit() or outcome >= "500" or outcome == "429")


class Slice:
    """One second of a storm, by the intended start of its calls."""

    __slots__ = ("answered", "asked", "failed", "in_flight", "latency", "shed")

    def __init__(self) -> None:
        self.asked = 0
        """Calls that were to begin in this second."""
        self.answered = 0
        self.shed = 0
        """Of those, politely refused: 429 or 503 with Retry-After."""
        self.failed = 0
        """Calls without an answer, or with a server error."""
        self.in_flight = 0
        """The most calls under way at once."""
        self.latency = Histogram()

    def merge(self, other: Slice) -> None:
        """Add another worker's second; what was in flight adds up, too."""
        self.asked += other.asked
        self.answered += other.answered
        self.shed += other.shed
        self.failed += other.failed
        self.in_flight += other.in_flight
        self.latency.merge(other.latency)

    def to_line(self) -> list[Any]:
        """As JSON."""
        return [self.asked, self.answered, self.shed, self.failed, self.in_flight, self.latency.to_line()]

    @classmethod
    def from_line(cls, line: list[Any]) -> Slice:
        """From `to_line`; ValueError where it is none."""
        found = cls()
        try:
            found.asked, found.answered, found.shed, found.failed, found.in_flight = map(_whole, line[:5])
            found.latency = Histogram.from_line(line[5])
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(f"no second of a storm: {error}") from None
        return found


class Tally:
    """Counts and durations in microseconds; `merge` is exact.

    `latency` counts from the intended start, `service` from when the request was handed to the network, `lag` is what
    lies between the two: the generator's own lateness. Polite refusals are in `refused` alone: they come fast, and
    would make a platform look the quicker the more it refuses.
    """

    __slots__ = ("connections", "hot", "lag", "latency", "outcomes", "queued", "refused", "resent", "seconds",
                 "service")

    def __init__(self) -> None:
        self.latency: dict[str, Histogram] = {}
        """By operation; calls that were answered, and not politely refused."""
        self.refused = Histogram()
        """Polite refusals, from the intended start."""
        self.hot = Histogram()
        """Of `latency`: calls for the hot player and into the hot jackpot."""
        self.service = Histogram()
        self.lag = Histogram()
        self.outcomes: dict[str, dict[str, int]] = {}
        """By operation: how many answers of each status ("200", "503+"), and failures of each kind ("timeout")."""
        self.seconds: dict[int, Slice] = {}
        """By second after the beginning."""
        self.resent = 0
        """Calls made again at once because the target had closed the connection that they were sent on."""
        self.queued = 0
        """Calls that waited for a connection because as many as allowed were under way; they have no lag."""
        self.connections = 0

    @property
    def calls(self) -> int:
        """How many calls came to an end."""
        return sum(sum(counts.values()) for counts in self.outcomes.values())

    def latency_of_all(self) -> Histogram:
        """The latency of all operations together."""
        merged = Histogram()
        for histogram in self.latency.values():
            merged.merge(histogram)
        return merged

    def merge(self, other: Tally) -> None:
        """Add all that the other has."""
        for operation, histogram in other.latency.items():
            self.latency.setdefault(operation, Histogram()).merge(histogram)
        for operation, counts in other.outcomes.items():
            ours = self.outcomes.setdefault(operation, {})
            for outcome, count in counts.items():
                ours[outcome] = ours.get(outcome, 0) + count
        for second, part in other.seconds.items():
            self.seconds.setdefault(second, Slice()).merge(part)
        self.service.merge(other.service)
        self.lag.merge(other.lag)
        self.refused.merge(other.refused)
        self.hot.merge(other.hot)
        self.resent += other.resent
        self.queued += other.queued
        self.connections += other.connections

    def to_line(self) -> dict[str, Any]:
        """As JSON."""
        return {"latency": {o: h.to_line() for o, h in self.latency.items()}, "service": self.service.to_line(),
                "lag": self.lag.to_line(), "refused": self.refused.to_line(), "hot": self.hot.to_line(),
                "outcomes": {o: dict(counts) for o, counts in self.outcomes.items()},
                "seconds": {str(s): part.to_line() for s, part in sorted(self.seconds.items())},
                "resent": self.resent, "queued": self.queued, "connections": self.connections}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Tally:
        """From `to_line`; ValueError where it is none."""
        found = cls()
        try:
            found.latency = {str(o): Histogram.from_line(h) for o, h in line["latency"].items()}
            found.service, found.lag, found.refused, found.hot = (
                Histogram.from_line(line[name]) for name in ("service", "lag", "refused", "hot"))
            found.outcomes = {str(o): {str(k): _whole(n) for k, n in counts.items()}
                              for o, counts in line["outcomes"].items()}
            found.seconds = {int(s): Slice.from_line(part) for s, part in line["seconds"].items()}
            found.resent, found.queued, found.connections = (
                _whole(line[name]) for name in ("resent", "queued", "connections"))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"no tally of a storm: {error}") from None
        return found


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value
