"""When to stop a storm because the target suffers: an objective missed over the last seconds, for a while on end.

A safety device, no verdict: judges decide from what was seen until then (`judges/aborted.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.model.slo import Objective, objective, objectives
from harness.model.tally import Tally

_FEWEST = 20
"""Calls in the last seconds; fewer stop nothing, whatever became of them."""
_BY = ": "


class AbortWatch:
    """Looks at the last seconds of a storm again and again; says when one objective has been missed for long enough."""

    def __init__(self, texts: Iterable[str], after_seconds: float) -> None:
        self._objectives = objectives(texts)
        self._after = after_seconds
        self._since: dict[str, float] = {}

    def look(self, seconds: float, last: Tally) -> str:
        """Why the storm is to be stopped; "" where it is not. Without calls enough no objective counts as missed.

        `seconds`: after its beginning; `last`: what was counted in the seconds before.
        """
        for one in self._objectives:
            value = _missed(one, last)
            if value is None:
                self._since.pop(one.text, None)
            elif seconds - self._since.setdefault(one.text, seconds) >= self._after:
                return f"{one.text}{_BY}{one.told(value)}, for {self._after:g} s, {seconds:.0f} s into the storm"
        return ""


def aborted_by(told: str) -> Objective | None:
    """The objective that stopped a storm, by what `AbortWatch.look` told; None where it is none."""
    try:
        return objective(told.partition(_BY)[0])
    except ValueError:
        return None


def implies(missed: Objective, other: Objective) -> bool:
    """Has whoever misses the one missed the other, too? A p95 of 2 s breaks `p95 < 400ms` and `p99 < 1s`."""
    if missed.operation != other.operation:
        return False
    if missed.share is None or other.share is None:
        comparable = missed.metric == other.metric
    else:
        comparable = missed.share <= other.share
    tighter = other.limit < missed.limit or (other.limit == missed.limit and (other.strict or not missed.strict))
    return comparable and tighter


def _missed(one: Objective, last: Tally) -> float | None:
    """The figure that misses it; None where it is kept, or nothing can be told.

    What the generator itself was late by is taken off first: that harms nobody.
    """
    value, calls = one.measured(last), _calls(one, last)
    if value is None or calls < _FEWEST:
        return None
    if one.share is not None:
        if one.metric != "max" and calls * (1 - one.share) < 1 - 1e-9:
            return None
        value -= last.lag.quantile(one.share)
    elif not one.is_share:
        value -= last.lag.mean
    return None if one.keeps(value) else value


def _calls(one: Objective, last: Tally) -> int:
    if one.is_share:
        return sum(sum(counts.values()) for operation, counts in last.outcomes.items()
                   if one.operation in ("", operation))
    return sum(histogram.count for operation, histogram in last.latency.items() if one.operation in ("", operation))
