"""A histogram of durations: at most 0.4 % off anywhere, merged exactly, small on the wire.

Log-linear: whole microseconds up to 255, then 128 buckets to each doubling. Locust's own statistics round to 10 ms
above 100 ms and to 100 ms above a second: enough for a glance, not for a verdict on a service level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any

_SUB = 7
_BITS = _SUB + 1
_WHOLE = 1 << _BITS
_LONGEST_US = 1 << 40
"""Twelve days; what is longer counts as that."""


class Histogram:
    """Counts of durations in whole microseconds. Grows by what is added; `merge` is exact, in any order."""

    __slots__ = ("_counts", "_max", "_min", "_sum")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._sum = 0
        self._min = _LONGEST_US
        self._max = 0

    def add(self, microseconds: int) -> None:
        """Count one duration; what is negative counts as 0."""
        self.extend((microseconds,))

    def extend(self, microseconds: Sequence[int]) -> None:
        """Count many at once, which costs a fraction of counting each."""
        if not microseconds:
            return
        if min(microseconds) < 0 or max(microseconds) > _LONGEST_US:
            microseconds = [min(max(us, 0), _LONGEST_US) for us in microseconds]
        self._counts.update([us if us < _WHOLE else ((shift := us.bit_length() - _BITS) << _SUB) + (us >> shift)
                             for us in microseconds])
        self._sum += sum(microseconds)
        self._max = max(self._max, max(microseconds))
        self._min = min(self._min, min(microseconds))

    def merge(self, other: Histogram) -> None:
        """Add all that the other has counted."""
        self._counts.update(other._counts)
        self._sum += other._sum
        self._min, self._max = min(self._min, other._min), max(self._max, other._max)

    @property
    def count(self) -> int:
        """How many durations were added."""
        return self._counts.total()

    @property
    def mean(self) -> float:
        """Their exact mean in microseconds; 0.0 when there are none."""
        return self._sum / self.count if self._counts else 0.0

    @property
    def smallest(self) -> int:
        """The smallest, exactly; 0 when there are none."""
        return self._min if self._counts else 0

    @property
    def largest(self) -> int:
        """The largest, exactly; 0 when there are none."""
        return self._max

    def quantile(self, share: float) -> float:
        """Microseconds that `share` (0 to 1) of the durations do not exceed; nearest rank, 0.0 when there are none."""
        return next(iter(self.quantiles((share,))))

    def quantiles(self, shares: Iterable[float]) -> Iterator[float]:
        """The quantile of each share; shares rise."""
        total, seen = self.count, 0
        buckets = iter(sorted(self._counts.items()))
        value = 0.0
        for share in shares:
            rank = min(total, max(1, ceil(share * total)))
            while seen < rank and total:
                bucket, count = next(buckets)
                seen += count
                value = _middle(bucket)
            yield min(max(value, self.smallest), float(self._max))

    def share_above(self, microseconds: float) -> float:
        """The share of durations above so many microseconds, as exactly as the buckets tell; 0.0 for none at all."""
        total = self.count
        return sum(n for b, n in self._counts.items() if _middle(b) > microseconds) / total if total else 0.0

    def curve(self) -> Iterator[tuple[float, int]]:
        """(middle of a bucket in microseconds, count) of every bucket that has any, rising."""
        for bucket, count in sorted(self._counts.items()):
            yield _middle(bucket), count

    def to_line(self) -> dict[str, Any]:
        """As JSON: bucket numbers and counts side by side, with the exact sum, least and most."""
        buckets = sorted(self._counts)
        return {"b": buckets, "n": [self._counts[b] for b in buckets], "sum": self._sum, "min": self.smallest,
                "max": self._max}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Histogram:
        """From `to_line`.

        Raises:
            ValueError: it is no such line, or its numbers contradict each other.
        """
        try:
            buckets, counts = line["b"], line["n"]
            found = cls()
            for bucket, count in zip(buckets, counts, strict=True):
                if not _whole(bucket) or not _whole(count) or not count or bucket in found._counts:
                    raise ValueError("a bucket or a count is no whole number above zero")
                found._counts[bucket] = count
            for value in (line["sum"], line["min"], line["max"]):
                if not _whole(value):
                    raise ValueError("sum, min and max are whole numbers of microseconds")
            found._sum, found._max = line["sum"], line["max"]
            found._min = line["min"] if counts else _LONGEST_US
        except (KeyError, TypeError) as error:
            raise ValueError(f"no histogram: {error}") from None
        if found._counts and not (found._min <= found._max and found._min * found.count <= found._sum
                                  <= found._max * found.count):
            raise ValueError("sum, min and max contradict the counts")
        return found


def _middle(bucket: int) -> float:
    if bucket < _WHOLE:
        return float(bucket)
    shift = (bucket >> _SUB) - 1
    low = (bucket - (shift << _SUB)) << shift
    return low + ((1 << shift) - 1) / 2


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
