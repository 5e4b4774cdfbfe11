"""What was watched during and after a storm: event lag, queues, and what feed and ledger say of each round.

A few bytes a round, however long the storm: pages of the feed and of the ledger are read and not kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

from harness.model.packing import packed, unpacked

_SUMS = 1 << 28
"""Bytes of the sums, at eight a round."""

EVENTS = ("bet.authorized", "bet.settled", "bet.rolled_back")
"""Types of the events of a round, in the order in which `StormWatch.told` has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A round of ours beside the storm: when its settle was acknowledged, and how late its event was in the feed.

    Seconds, `at` counts from the beginning of the storm. The event came later than `low` (it was not there when the
    feed was last read to its end before) and not later than `high` (None: it was not seen at all).
    """

    at: float
    low: float
    high: float | None
    exchange: str
    feed: int = 0
    """Number of the caller whose feed it belongs to."""

    @property
    def latest(self) -> float:
        """The longest that it may have taken."""
        return inf if self.high is None else self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How long a queue was, by the platform's own metrics: (seconds from the beginning of the storm, length)."""

    name: str
    samples: tuple[tuple[float, float], ...]
    exchange: str = ""
    """A reading of the metrics that was recorded, where the queue stayed long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What could not be read, whose fault it is (a value of `Owner`), and the exchange that shows it."""

    says: str
    owner: str
    exchange: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What the ledger has: per round the number of entries that name its bet, and their net sum in minor units."""

    entries: bytes
    sums: tuple[int, ...]
    nameless: tuple[int, ...] = ()
    """Seats with an entry of a bet that does not say which."""
    seats: tuple[int, ...] = ()
    """By seat, the net sum of all entries that are of bets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StormWatch:
    """What was watched; times in seconds from the beginning of the storm."""

    ended_at: float
    """When the storm was over."""
    seen_until: float
    """When every feed was last asked for its end."""
    lag_promise: float | None = None
    settle_promise: float | None = None
    patience: float = 0.0
    """How long after the storm we waited at most where nothing is promised."""
    canaries: tuple[Canary, ...] = ()
    not_taken: int = 0
    """Canaries that the target refused."""
    queues: tuple[Queue, ...] = ()
    told: tuple[bytes, ...] = (b"", b"", b"")
    """By type of event and round: how many events with ids of their own, at most two; see `EVENTS`."""
    booked: Booked | None = None
    unread: Mapping[str, Unread] = field(default_factory=dict)
    """By "feed", "queues" or "ledger"."""
    looked_at: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By round that looked wrong: exchanges in which it was read once more."""
    events: int = 0
    """Events of the storm's rounds, each id once."""

    def to_line(self) -> dict[str, Any]:
        """As JSON."""
        line = {name: getattr(self, name) for name in (
            "ended_at", "seen_until", "lag_promise", "settle_promise", "patience", "not_taken", "events")}
        return line | {
            "canaries": [[c.at, c.low, c.high, c.exchange, c.feed] for c in self.canaries],
            "queues": [[q.name, [list(sample) for sample in q.samples], q.exchange] for q in self.queues],
            "told": [packed(one) for one in self.told], "unread": {k: asdict(v) for k, v in self.unread.items()},
            "looked_at": {str(number): list(ids) for number, ids in self.looked_at.items()},
            "booked": None if self.booked is None else {
                "entries": packed(self.booked.entries), "sums": _numbers(self.booked.sums),
                "nameless": list(self.booked.nameless), "seats": list(self.booked.seats)}}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> StormWatch:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        booked = line["booked"]
        return cls(
            ended_at=float(line["ended_at"]), seen_until=float(line["seen_until"]), patience=float(line["patience"]),
            lag_promise=_maybe(line["lag_promise"]), settle_promise=_maybe(line["settle_promise"]),
            canaries=tuple(Canary(at=float(at), low=float(low), high=_maybe(high), exchange=str(exchange),
                                  feed=int(feed)) for at, low, high, exchange, feed in line["canaries"]),
            not_taken=int(line["not_taken"]), events=int(line["events"]),
            queues=tuple(Queue(name=str(name), samples=tuple((float(at), float(n)) for at, n in samples),
                               exchange=str(exchange)) for name, samples, exchange in line["queues"]),
            told=tuple(unpacked(text) for text in line["told"]),
            unread={str(name): Unread(**what) for name, what in line["unread"].items()},
            looked_at={int(number): tuple(map(str, ids)) for number, ids in line["looked_at"].items()},
            booked=None if booked is None else Booked(
                entries=unpacked(booked["entries"]), sums=_read_numbers(booked["sums"]),
                nameless=tuple(map(int, booked["nameless"])), seats=tuple(map(int, booked["seats"]))))


def _maybe(value: Any) -> float | None:
    return None if value is None else float(value)


def _numbers(values: Iterable[int]) -> str:
    numbers = array("q", values)
    return packed(b"".join(n.to_bytes(8, "little", signed=True) for n in numbers))


def _read_numbers(text: str) -> tuple[int, ...]:
    raw = unpacked(text, _SUMS)
    if len(raw) % 8:
        raise ValueError("a number is cut off")
    return tuple(int.from_bytes(raw[at:at + 8], "little", signed=True) for at in range(0, len(raw), 8))
