"""How a target fared rate by rate in a storm of steps: the last rate at which it kept its objectives is the knee."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

from harness.model.slo import Objective, objectives
from harness.model.storm_record import StormRecord
from harness.model.tally import Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rate, in rounds a second, over its whole seconds; latencies in ms from the intended start."""

    rate: float
    seconds: int
    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failed: int
    shed: int
    missed: str
    """The first objective that was missed, with its figure; "" where none was."""
    told: bool
    """Were there calls enough for at least one objective?"""


def steps(record: StormRecord) -> tuple[Step, ...]:
    """The steps of a storm of several constant rates; empty for any other storm."""
    phases = record.plan.schedule.phases
    if len(phases) < 2 or any(phase.start_rate != phase.end_rate for phase in phases):
        return ()
    promised = [one for one in objectives(record.objectives) if not one.operation]
    return tuple(_step(rate, parts, promised) for rate, parts in _cut(record))


def knee(found: Sequence[Step]) -> float | None:
    """The highest rate up to which every step kept what is promised.

    None where the first one did not, or had too few calls to tell.
    """
    kept: float | None = None
    for step in found:
        if step.missed or not step.told:
            break
        kept = step.rate
    return kept


def _cut(record: StormRecord) -> Iterator[tuple[float, list[Slice]]]:
    """(rate, its whole seconds): a second that two rates share says nothing of either."""
    began = 0.0
    for phase in record.plan.schedule.phases:
        ended = began + phase.seconds
        yield phase.start_rate, [record.result.tally.seconds.get(second, Slice())
                                 for second in range(ceil(began), floor(ended))]
        began = ended


def _step(rate: float, parts: Sequence[Slice], promised: Sequence[Objective]) -> Step:
    whole = Slice()
    for part in parts:
        whole.merge(part)
    missed, told = "", False
    for one in promised:
        if one.is_share:
            if not whole.asked:
                continue
            value = (whole.failed if one.metric == "errors" else whole.shed) / whole.asked
        elif whole.latency.count and one.enough_in(whole.latency):
            value = one.measured_in(whole.latency)
        else:
            continue
        told = True
        if not missed and not one.keeps(value):
            missed = f"{one.text}: {one.told(value)}"
    took = whole.latency.quantiles((0.5, 0.95, 0.99)) if whole.latency.count else (0.0, 0.0, 0.0)
    p50, p95, p99 = (us / 1e3 for us in took)
    return Step(rate=rate, seconds=len(parts), calls=whole.asked, p50_ms=p50, p95_ms=p95, p99_ms=p99,
                failed=whole.failed, shed=whole.shed, missed=missed, told=told)
