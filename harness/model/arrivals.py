"""When the operations of a storm begin: decided before it, by a rate over time, never by the answers.

A closed loop asks less of a target that is slow, and so hides how slow it is (coordinated omission).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import inf, isfinite, sqrt
from typing import Any

SPACINGS = ("poisson", "even")


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time whose rate moves evenly from one value to another: seconds, and arrivals a second."""

    seconds: float
    start_rate: float
    end_rate: float

    def __post_init__(self) -> None:
        for value in (self.seconds, self.start_rate, self.end_rate):
            if not isfinite(value) or value < 0:
                raise ValueError("seconds and rates of a phase are finite and not negative")
        if not self.seconds:
            raise ValueError("a phase lasts longer than 0 seconds")

    @property
    def arrivals(self) -> float:
        """How many arrivals are expected in it."""
        return self.seconds * (self.start_rate + self.end_rate) / 2

    def rate_at(self, seconds: float) -> float:
        """The rate so many seconds after the phase began."""
        return self.start_rate + (self.end_rate - self.start_rate) * seconds / self.seconds

    def when(self, arrivals: float) -> float:
        """Seconds into the phase at which so many arrivals are expected; the phase has at least as many."""
        growth = (self.end_rate - self.start_rate) / self.seconds
        under = sqrt(max(0.0, self.start_rate ** 2 + 2 * growth * arrivals))
        return min(self.seconds, 2 * arrivals / (self.start_rate + under)) if arrivals > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Arrivals over the phases, one after the other; the same for every process that has the same seed.

    `poisson`: as independent callers arrive, in random clusters and gaps. `even`: the same distance from each to
    the next.
    """

    phases: tuple[Phase, ...]
    spacing: str = "poisson"
    seed: int = 0
    named: str = field(default="", compare=False)
    """What people call this profile of load."""

    def __post_init__(self) -> None:
        if self.spacing not in SPACINGS:
            raise ValueError(f"unknown spacing {self.spacing!r}; known: {', '.join(SPACINGS)}")
        if not self.phases:
            raise ValueError("a schedule has at least one phase")

    @property
    def seconds(self) -> float:
        """How long all phases last."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def arrivals(self) -> float:
        """How many arrivals are expected in all."""
        return sum(phase.arrivals for phase in self.phases)

    @property
    def peak(self) -> float:
        """The highest rate."""
        return max(max(phase.start_rate, phase.end_rate) for phase in self.phases)

    def rate_at(self, seconds: float) -> float:
        """The rate so many seconds after the beginning; 0.0 before and after."""
        began = 0.0
        for phase in self.phases:
            if began <= seconds < began + phase.seconds:
                return phase.rate_at(seconds - began)
            began += phase.seconds
        return 0.0

    def times(self, worker: int = 0, workers: int = 1) -> Iterator[tuple[int, float]]:
        """(number, seconds after the beginning) of every arrival whose number is the worker's, in order.

        Workers share by number modulo: a lost one shows as every n-th arrival missing.
        """
        source = random.Random(self.seed)  # noqa: S311 - no secret
        began = before = 0.0
        even = self.spacing == "even"
        number, place = 0, 0.0 if even else source.expovariate(1.0)
        for phase in self.phases:
            upto = before + phase.arrivals
            while place < upto:
                if number % workers == worker:
                    yield number, began + phase.when(place - before)
                number += 1
                place = float(number) if even else place + source.expovariate(1.0)
            began, before = began + phase.seconds, upto

    def faster(self, factor: float) -> Schedule:
        """The same with every rate multiplied."""
        phases = tuple(Phase(p.seconds, p.start_rate * factor, p.end_rate * factor) for p in self.phases)
        return Schedule(phases=phases, spacing=self.spacing, seed=self.seed, named=self.named)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Schedule:
        """From `to_dict`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        phases = tuple(Phase(p["seconds"], p["start_rate"], p["end_rate"]) for p in data["phases"])
        return cls(phases=phases, spacing=data["spacing"], seed=data["seed"], named=data["named"])


def constant(rate: float, seconds: float, **options: Any) -> Schedule:
    """The same rate all the time."""
    return Schedule(phases=(Phase(seconds, rate, rate),), named="constant rate", **options)


def ramp(start: float, end: float, seconds: float, **options: Any) -> Schedule:
    """From one rate evenly to another."""
    return Schedule(phases=(Phase(seconds, start, end),), named="ramp", **options)


def spike(rate: float, peak: float, seconds: float, *, lasts: float, **options: Any) -> Schedule:
    """A steady rate that leaps to a peak in the middle, for `lasts` seconds, and back."""
    beside = (seconds - lasts) / 2
    return Schedule(phases=(Phase(beside, rate, rate), Phase(lasts, peak, peak), Phase(beside, rate, rate)),
                    named="spike", **options)


def burst(rate: float, seconds: float, *, warm_up: float = 5.0, **options: Any) -> Schedule:
    """The launch checklist's burst (T-3): a short climb, then the declared rate."""
    if warm_up <= 0:
        return Schedule(phases=(Phase(seconds, rate, rate),), named="burst", **options)
    return Schedule(phases=(Phase(warm_up, 0.0, rate), Phase(seconds, rate, rate)), named="burst", **options)


def steps(first: float, step: float, count: int, seconds: float, **options: Any) -> Schedule:
    """Rate upon rate, `seconds` each: where latency takes off is the knee."""
    return Schedule(phases=tuple(Phase(seconds, first + n * step, first + n * step) for n in range(count)),
                    named="steps", **options)


def stalled_quantile(share: float, *, rate_seconds: float, stall_seconds: float) -> float:
    """Seconds that `share` of the arrivals wait at most when a server that else answers at once stalls once.

    Analytic, for a constant rate over `rate_seconds` with the stall inside: arrivals meet it evenly.
    """
    if not 0 < stall_seconds <= rate_seconds < inf:
        raise ValueError("the stall lies within the time")
    return max(0.0, stall_seconds - (1 - share) * rate_seconds)
