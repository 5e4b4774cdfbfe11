"""How much of this machine other processes took while a storm blew: what its journal keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A stretch of time that ended `at` seconds from the beginning of the storm; shares of all cores, 0 to 1."""

    at: float
    seconds: float
    others: float
    """What was spent by processes that are neither the run's (harness, generator) nor the subject's, or stolen."""
    idle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Who else was busy where generator and subject stand on one machine, moment by moment.

    `before` is what others took in the calm before the storm; None where the subject is of the run's own processes, so
    that others are others for sure. Else nobody knows what a stranger is to the subject (its database, a proxy before
    it, a browser): others took at most what they took before the first call was sent, for that was no answer to it.
    """

    cores: int
    moments: tuple[Moment, ...]
    before: float | None = None

    def between(self, since: float = -inf, until: float = inf) -> Iterator[Moment]:
        """Moments that ended then, `others` bounded by what was taken before."""
        for one in self.moments:
            if since < one.at <= until:
                yield one if self.before is None or one.others <= self.before else Moment(
                    at=one.at, seconds=one.seconds, others=self.before, idle=one.idle)

    def taken(self, until: float = inf) -> float | None:
        """The share of the machine that others took until then; None where nothing was measured."""
        some = list(self.between(until=until))
        seconds = sum(one.seconds for one in some)
        return sum(one.others * one.seconds for one in some) / seconds if seconds else None

    def to_line(self) -> dict[str, Any]:
        """As JSON."""
        return {"cores": self.cores, "before": self.before,
                "moments": [[one.at, one.seconds, one.others, one.idle] for one in self.moments]}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Neighbours:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        before = line["before"]
        return cls(cores=int(line["cores"]), before=None if before is None else float(before),
                   moments=tuple(Moment(at=float(at), seconds=float(seconds), others=float(others), idle=float(idle))
                                 for at, seconds, others, idle in line["moments"]))
