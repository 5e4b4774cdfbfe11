"""Looks on while a storm blows: tells how it stands, and when it is to be stopped because the target suffers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.engine.events import StormProgress
from harness.model.abort import AbortWatch
from harness.model.histogram import Histogram
from harness.model.profile import LoadPromise
from harness.model.storm import StormPlan
from harness.model.storm_record import StormResult
from harness.model.tally import SHED, Tally, is_failure

_LAST_SECONDS = 5.0
"""What "of late" means, for people and for the objectives that stop a storm."""
_TELL_SECONDS = 0.45
"""Workers report each for itself; people read two figures a second at most."""
_FIRST_CALL = "authorizeBet"
_SHARES = (0.5, 0.95, 0.99)
_LOOKED_AT = 1_000
"""Rounds of the plan that tell how many first calls a round has, copies included."""
Tell = Callable[[StormProgress], None]


class StormWatch:
    """Hears every report of a storm's workers, tells its progress, answers why the storm is to be stopped."""

    def __init__(self, plan: StormPlan, promise: LoadPromise | None, tell: Tell, *,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._abort = AbortWatch(promise.abort, promise.abort_after_seconds) if promise else AbortWatch((), 0.0)
        self._tell = tell
        self._clock = clock
        self._began: float | None = None
        self._told = float("-inf")
        self._newest: deque[tuple[float, Tally]] = deque()
        self._in_flight: dict[int, int] = {}
        self._busiest = 0.0
        self._aborted = ""
        self._tally = Tally()
        self._first_calls = sum(2 if plan.round(n).duplicated else 1 for n in range(_LOOKED_AT)) / _LOOKED_AT

    def __call__(self, tally: Tally, report: Mapping[str, Any]) -> str:
        """One report: `tally` is all that was counted so far, `report` the worker's newest; why to stop, or ""."""
        now, self._tally = self._clock(), tally
        if self._began is None:
            self._began = now - report.get("gone", 0.0)
        self._newest.append((now, Tally.from_line(report["tally"])))
        self._in_flight[report["worker"]] = report["in_flight"]
        self._busiest = max(self._busiest, report["busy"])
        if now - self._told >= _TELL_SECONDS:
            self._told = now
            last = self._last(now)
            if not self._aborted:
                self._aborted = self._abort.look(now - self._began, last)
            self._tell(self._progress(now - self._began, tally, last))
        return self._aborted

    def over(self, result: StormResult | None) -> None:
        """Tell the last figures of a storm that has ended; None: it broke off, and what was heard must do."""
        self._in_flight.clear()
        self._aborted = "it broke off" if result is None else result.aborted
        tally = self._tally if result is None else result.tally
        now = self._clock()
        gone = 0.0 if self._began is None else now - self._began
        self._tell(self._progress(gone, tally, self._last(now), over=True))

    def _last(self, now: float) -> Tally:
        while self._newest and self._newest[0][0] <= now - _LAST_SECONDS:
            self._newest.popleft()
        last = Tally()
        for _, newest in self._newest:
            last.merge(newest)
        return last

    def _progress(self, gone: float, tally: Tally, last: Tally, *, over: bool = False) -> StormProgress:
        span = max(0.5, min(gone, _LAST_SECONDS))
        first_calls = sum(last.outcomes.get(_FIRST_CALL, {}).values())
        p50, p95, p99 = _ms(tally.latency.values())
        last_p50, last_p95, last_p99 = _ms(last.latency.values())
        outcomes = [(outcome, n) for counts in tally.outcomes.values() for outcome, n in counts.items()]
        return StormProgress(
            storm=self._plan.prefix, gone=round(gone, 1), total=self._plan.schedule.seconds,
            asked=round(self._plan.schedule.rate_at(gone), 1),
            achieved=round(first_calls / self._first_calls / span, 1),
            p50_ms=p50, p95_ms=p95, p99_ms=p99, last_p50_ms=last_p50, last_p95_ms=last_p95, last_p99_ms=last_p99,
            calls=tally.calls, shed=sum(n for outcome, n in outcomes if outcome.endswith(SHED)),
            failed=sum(n for outcome, n in outcomes if is_failure(outcome)),
            in_flight=sum(self._in_flight.values()), lag_p99_ms=round(last.lag.quantile(0.99) / 1e3, 1),
            busiest=round(self._busiest, 2), aborted=self._aborted, over=over)


def _ms(histograms: Iterable[Histogram]) -> list[float]:
    merged = Histogram()
    for histogram in histograms:
        merged.merge(histogram)
    return [round(us / 1e3, 1) for us in merged.quantiles(_SHARES)] if merged.count else [-1.0] * len(_SHARES)
