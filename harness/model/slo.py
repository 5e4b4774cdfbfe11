"""Service level objectives as people write them: `p95 < 400ms`, `errors < 0.1%`, `settleBet p99 <= 1s`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.model.histogram import Histogram
from harness.model.tally import SHED, Tally, is_failure

_TERM = re.compile(r"\s*(?:(?P<operation>[A-Za-z][A-Za-z0-9]*)\s+)?"
                   r"(?P<metric>p\d{1,2}(?:\.\d{1,3})?|max|mean|errors|shed)"
                   r"\s*(?P<strict><=?)\s*(?P<limit>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|%)\s*")
_EXAMPLE = "write `p95 < 400ms`, `settleBet p99 <= 1s` or `errors < 0.1%`"
_US = {"ms": 1_000.0, "s": 1_000_000.0}
_SHARES = ("errors", "shed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One objective: a metric that stays below (or at) a limit, in microseconds or as a share from 0 to 1."""

    text: str
    metric: str
    """"p95" and the like, "max", "mean"; "errors" or "shed"."""
    limit: float
    strict: bool
    operation: str = ""
    """Of this operation alone; "": of all together."""

    @property
    def is_share(self) -> bool:
        """A share of the calls, no duration."""
        return self.metric in _SHARES

    @property
    def share(self) -> float | None:
        """The share of calls that a percentile speaks of: 0.95 for p95, 1.0 for max; None for what is no percentile."""
        if self.is_share or self.metric == "mean":
            return None
        return 1.0 if self.metric == "max" else float(self.metric[1:]) / 100

    def keeps(self, value: float) -> bool:
        """Is a measured value within the limit?"""
        return value < self.limit if self.strict else value <= self.limit

    def measured(self, tally: Tally) -> float | None:
        """The metric in the tally, in the limit's unit; None where there is nothing to measure."""
        if self.is_share:
            return self._share(tally)
        histogram = tally.latency.get(self.operation) if self.operation else tally.latency_of_all()
        return None if histogram is None or not histogram.count else self.measured_in(histogram)

    def measured_in(self, histogram: Histogram) -> float:
        """A duration in a histogram that is not empty, in microseconds."""
        if self.metric == "max":
            return float(histogram.largest)
        return histogram.mean if self.share is None else histogram.quantile(self.share)

    def enough_in(self, histogram: Histogram) -> bool:
        """Has the histogram samples enough for its percentile? At least ten must lie beyond it."""
        return histogram.count * (1 - (self.share or 0.0)) >= _BEYOND

    def enough(self, tally: Tally) -> bool:
        """Are there samples enough for its percentile? At least ten must lie beyond it."""
        if self.share is None or self.metric == "max":
            return self.measured(tally) is not None
        histogram = tally.latency.get(self.operation, Histogram()) if self.operation else tally.latency_of_all()
        return self.enough_in(histogram)

    def told(self, value: float) -> str:
        """A measured value for people."""
        if self.is_share:
            return f"{value * 100:.3g}%"
        return f"{value / 1e6:.3g} s" if value >= 1e6 else f"{value / 1e3:.3g} ms"

    def _share(self, tally: Tally) -> float | None:
        outcomes = [counts for operation, counts in tally.outcomes.items() if self.operation in ("", operation)]
        calls = sum(sum(counts.values()) for counts in outcomes)
        if not calls:
            return None
        counted = is_failure if self.metric == "errors" else _was_shed
        return sum(n for counts in outcomes for outcome, n in counts.items() if counted(outcome)) / calls


_BEYOND = 10


def _was_shed(outcome: str) -> bool:
    return outcome.endswith(SHED)


def objective(text: str) -> Objective:
    """Read one.

    Raises:
        ValueError: it is none; the message shows how one is written.
    """
    found = _TERM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no objective; {_EXAMPLE}")
    metric, unit, limit = found["metric"], found["unit"], float(found["limit"])
    if (metric in _SHARES) != (unit == "%"):
        wanted = "a percentage" if metric in _SHARES else "a duration in ms or s"
        raise ValueError(f"{text!r}: {metric} is {wanted}; {_EXAMPLE}")
    if metric == "p0" or (metric in _SHARES and limit > 100):
        raise ValueError(f"{text!r} can be kept by anything; {_EXAMPLE}")
    return Objective(text=" ".join(text.split()), metric=metric, strict=found["strict"] == "<",
                     operation=found["operation"] or "", limit=limit / 100 if unit == "%" else limit * _US[unit])


def objectives(texts: Iterable[str]) -> tuple[Objective, ...]:
    """Read several; ValueError names the first that is none."""
    return tuple(objective(text) for text in texts)
