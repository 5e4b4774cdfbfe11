"""Figures of the storms of a run, from the history alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from harness.judges import crowded_out
from harness.judges.load import tired
from harness.model.chance import rank_shares, worth
from harness.model.histogram import Histogram
from harness.model.history import History
from harness.model.knee import steps
from harness.model.outcome import Outcome
from harness.model.slo import objective
from harness.model.storm_figures import ENOUGH_BEYOND, SHARES, Calls, Latency, Operation, Percentile, Second, Storm
from harness.model.storm_record import Became, StormRecord
from harness.model.tally import SHED, Slice, Tally, is_failure

_BUCKET = 1 / 256
"""So far off may a quantile of a histogram be: however many calls there are, nothing is told more exactly."""
_STRETCHES = (20, 10, 5)
"""Into about so many stretches of whole seconds a storm is cut to see how its calls hang together."""


def storms(history: History, outcomes: Mapping[str, Mapping[str, Outcome]]) -> tuple[Storm, ...]:
    """One for each storm that was blown, by check; `outcomes`: by storm, then control."""
    return tuple(figures(record, outcomes.get(record.id, {}))
                 for record in sorted(history.storms, key=lambda record: record.check))


def figures(record: StormRecord, outcomes: Mapping[str, Outcome]) -> Storm:
    """The figures of one storm."""
    record = replace(record, objectives=tuple(text for text in record.objectives if _is_objective(text)))
    plan, result, tally = record.plan, record.result, record.result.tally
    seconds = plan.schedule.seconds
    planned = sum(1 for _ in plan.schedule.times())
    begun = len(result.begun[:planned]) - result.begun[:planned].count(Became.UNSENT)
    weary, taken = tired(record), crowded_out.taken(record)
    names = list(dict.fromkeys((*tally.outcomes, *tally.latency)))
    return Storm(
        id=record.id, check=record.check, shape=plan.schedule.named, seconds=seconds, peak_rate=plan.schedule.peak,
        asked_rate=planned / seconds, begun_rate=begun / seconds, planned=planned, begun=begun,
        players=len(plan.seats), outcomes=dict(outcomes), objectives=record.objectives,
        tired=weary.message if weary else "", counted=_counted(tally.outcomes.values()),
        latency=_latency(tally.latency_of_all(), tally),
        naive=_latency(tally.service), lag=_latency(tally.lag), busiest=result.busiest,
        others=None if taken is None else round(taken, 4), crowded=crowded_out.why(record),
        most_in_flight=max((part.in_flight for part in tally.seconds.values()), default=0),
        connections=tally.connections, queued=tally.queued, resent=tally.resent, workers=result.workers,
        operations=tuple(Operation(operation=name, counted=_counted([tally.outcomes.get(name, {})]),
                                   latency=_latency(tally.latency.get(name, Histogram()))) for name in names),
        series=tuple(_second(number, part) for number, part in sorted(tally.seconds.items())), steps=steps(record),
        record=record)


def stretches(tally: Tally, length: int) -> dict[int, Slice]:
    """So many seconds of a storm at a time put together, by number; those in which nothing was asked are left out."""
    found: dict[int, Slice] = {}
    for second, part in tally.seconds.items():
        found.setdefault(second // length, Slice()).merge(part)
    return {number: found[number] for number in sorted(found)}


def worth_of(tally: Tally, count: Callable[[Slice], tuple[int, int]]) -> int:
    """How many independent calls those of a storm are worth, however long what makes them alike may last.

    `count`: of some seconds (calls, how many of them are of the kind in question). 0 where it cannot be told.
    """
    return min(worth([count(part) for part in stretches(tally, max(1, span(tally) // number)).values()])
               for number in _STRETCHES)


def span(tally: Tally) -> int:
    """Seconds from the beginning of a storm to the end of the last one in which something was asked."""
    return max(tally.seconds, default=0) + 1


def _is_objective(text: str) -> bool:
    """A journal of another release may hold what this one cannot read."""
    try:
        objective(text)
    except ValueError:
        return False
    return True


def _counted(by_operation: Iterable[Mapping[str, int]]) -> Calls:
    calls = ok = refused = shed = 0
    failed: dict[str, int] = {}
    for outcomes in by_operation:
        for outcome, number in sorted(outcomes.items()):
            calls += number
            if is_failure(outcome):
                failed[outcome] = failed.get(outcome, 0) + number
            elif outcome.endswith(SHED):
                shed += number
            elif outcome.startswith("2"):
                ok += number
            else:
                refused += number
    return Calls(calls=calls, ok=ok, refused=refused, shed=shed, failed=failed)


def _latency(histogram: Histogram, tally: Tally | None = None) -> Latency:
    """`tally`: has the same latencies by second, for how far chance may move the percentiles."""
    found = dict(zip(SHARES, histogram.quantiles(SHARES.values()), strict=True))
    return Latency(calls=histogram.count, mean_ms=_ms(histogram.mean), max_ms=_ms(histogram.largest),
                   percentiles={name: _percentile(histogram, us, SHARES[name], tally) for name, us in found.items()}
                   if histogram.count else {})


def _percentile(histogram: Histogram, us: float, share: float, tally: Tally | None) -> Percentile:
    low, high = rank_shares(share, worth_of(tally, lambda part: slower(part, us)) if tally else 0)
    return Percentile(ms=_ms(us), enough=histogram.count * (1 - share) >= ENOUGH_BEYOND,
                      low_ms=None if low is None else _ms(histogram.quantile(low) * (1 - _BUCKET)),
                      high_ms=None if high is None else _ms(histogram.quantile(high) * (1 + _BUCKET)))


def slower(part: Slice, us: float) -> tuple[int, int]:
    """Calls that were answered, and how many of them took longer than so many microseconds."""
    return part.latency.count, round(part.latency.share_above(us) * part.latency.count)


def _second(number: int, part: Slice) -> Second:
    p50, p95, p99 = part.latency.quantiles((0.5, 0.95, 0.99)) if part.latency.count else (None, None, None)
    return Second(second=number, asked=part.asked, answered=part.answered, shed=part.shed, failed=part.failed,
                  in_flight=part.in_flight, p50_ms=None if p50 is None else _ms(p50),
                  p95_ms=None if p95 is None else _ms(p95), p99_ms=None if p99 is None else _ms(p99))


def _ms(microseconds: float) -> float:
    return round(microseconds / 1000, 3)
