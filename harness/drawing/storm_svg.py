"""A storm over time as inline SVG: what was asked and what became of it, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from harness.drawing.axes import ticks
from harness.drawing.plot import (
    ACROSS,
    LEFT,
    PANEL,
    TOP,
    LogAxis,
    label,
    legend,
    legend_height,
    picture,
    told_ms,
    x_at,
)
from harness.model.slo import Objective, objectives
from harness.model.storm_figures import Storm
from harness.model.tally import Slice

MOST_COLUMNS = 200
"""Beyond that a plot shows no more, and weighs too much: seconds are put together."""
_BELOW = TOP + PANEL
_LEGEND_AT = _BELOW + 62
_LETTER_ROW = 15.0


@dataclass(frozen=True, slots=True)
class _Column:
    """Some seconds of a storm put together: where they begin, how many, and what became of their calls."""

    start: int
    seconds: int
    part: Slice


def rate_svg(storm: Storm, name: str) -> str:
    """Calls a second, by their intended start: asked, answered, politely refused, failed. `name`: see `picture`."""
    columns, whole = _columns(storm), _whole(storm)
    plan = storm.record.plan.schedule
    top = max([plan.peak, *(c.part.asked / c.seconds for c in columns), 1.0]) * 1.08
    entries = [("done", "box", "answered"), ("shed", "box", "politely refused"), ("failed", "box", "failed"),
               ("asked", "line", "calls asked for"), ("planned", "line", "rounds planned")]
    parts = [*_rate_axis(top), *_time_axis(whole), *_stacks(columns, top, whole), *_asked(columns, top, whole)]
    points, began = [], 0.0
    for phase in plan.phases:
        points += [f"{x_at(at / whole)} {_height(rate, top)}" for at, rate in
                   ((began, phase.start_rate), (began + phase.seconds, phase.end_rate))]
        began += phase.seconds
    parts.append(f'<path class="planned" d="M{"L".join(points)}"/>')
    counted = storm.counted
    described = (f"{counted.calls:,} calls over {whole:.0f} s: {counted.ok:,} carried out, "
                 f"{counted.refused:,} refused, {counted.shed:,} politely refused, {counted.failures:,} failed; "
                 f"{storm.planned:,} rounds planned, {storm.begun:,} begun.")
    return picture([*parts, *legend(entries, _LEGEND_AT)], name=name, title="calls a second, by their intended start",
                   described=described, height=_LEGEND_AT + legend_height(entries) - 12)


def latency_svg(storm: Storm, name: str) -> str:
    """p50, p95 and p99 of each second on a log axis, with the limits of the objectives."""
    columns, whole = _columns(storm), _whole(storm)
    limits = [one for one in objectives(storm.objectives) if not one.is_share]
    bands = [(c, tuple(c.part.latency.quantiles((0.5, 0.95, 0.99)))) for c in columns if c.part.latency.count]
    axis = LogAxis([*(us / 1000 for _, three in bands for us in three), *(one.limit / 1000 for one in limits)])
    parts = [*axis.drawn(), *_time_axis(whole)]
    for run in _runs(bands):
        xs = [x_at((c.start + c.seconds / 2) / whole) for c, _ in run]
        p50, p95, p99 = ([axis.y(three[n] / 1000) for _, three in run] for n in range(3))
        parts += [_area("wide", xs, p95, p99), _area("near", xs, p50, p95), _line("p99", xs, p99),
                  _line("p95", xs, p95), _line("p50", xs, p50)]
    parts += _limits(limits, axis)
    entries = [("p50", "line", "p50"), ("p95", "line", "p95"), ("p99", "line", "p99")]
    entries += [("limit", "line", "limit of an objective")] if limits else []
    slowest = max(bands, key=lambda band: band[1][2], default=None)
    peak = f" Highest p99: {told_ms(slowest[1][2] / 1000)} at second {slowest[0].start}." if slowest else ""
    described = (f"All of the storm: {_percentiles(storm)}.{peak} Objectives: {', '.join(storm.objectives) or 'none'}.")
    return picture([*parts, *legend(entries, _LEGEND_AT)], name=name, height=_LEGEND_AT + legend_height(entries) - 12,
                   title="latency from the intended start, each second", described=described)


def _percentiles(storm: Storm) -> str:
    found = storm.latency.percentiles
    return ", ".join(f"{name} {told_ms(p.ms)}" for name, p in found.items()) or "no call was answered"


def _whole(storm: Storm) -> float:
    """Seconds from the first to the last on the axis: answers call for more calls after the last arrival."""
    return max(storm.seconds, *(float(second.second + 1) for second in storm.series), 1.0) if storm.series \
        else max(storm.seconds, 1.0)


def _columns(storm: Storm) -> list[_Column]:
    size = max(1, ceil(_whole(storm) / MOST_COLUMNS))
    found: dict[int, Slice] = {}
    for number, part in storm.record.result.tally.seconds.items():
        found.setdefault(number // size, Slice()).merge(part)
    return [_Column(number * size, size, part) for number, part in sorted(found.items())]


def _runs(bands: Iterable[tuple[_Column, tuple[float, ...]]]) -> Iterator[list[tuple[_Column, tuple[float, ...]]]]:
    """Stretches without a gap: a line over seconds in which nothing was answered would be made up."""
    run: list[tuple[_Column, tuple[float, ...]]] = []
    for band in bands:
        if run and band[0].start != run[-1][0].start + run[-1][0].seconds:
            yield run
            run = []
        run.append(band)
    if run:
        yield run


def _time_axis(whole: float) -> Iterator[str]:
    for at in ticks(whole, 8):
        yield f'<path class="grid" d="M{x_at(at / whole)} {_BELOW}v5"/>'
        yield label(x_at(at / whole), _BELOW + 19, f"{at:g}", "m")
    yield label(LEFT + ACROSS / 2, _BELOW + 37, "seconds since the storm began", "m")


def _rate_axis(top: float) -> Iterator[str]:
    for rate in ticks(top, 6):
        yield f'<path class="grid" d="M{LEFT} {_height(rate, top)}h{ACROSS}"/>'
        yield label(LEFT - 7, _height(rate, top) + 4.5, f"{rate:,g}/s", "e")


def _height(rate: float, top: float) -> float:
    return round(_BELOW - PANEL * min(1.0, max(0.0, rate / top)), 1)


def _stacks(columns: Iterable[_Column], top: float, whole: float) -> Iterator[str]:
    """Each second as a column; what failed is on top and never too thin to be seen."""
    drawn: dict[str, list[str]] = {"done": [], "shed": [], "failed": []}
    for column in columns:
        part, base = column.part, float(_BELOW)
        x, end = x_at(column.start / whole), x_at((column.start + column.seconds) / whole)
        for kind, number in (("done", part.asked - part.shed - part.failed), ("shed", part.shed),
                             ("failed", part.failed)):
            if number <= 0:
                continue
            high = max(0.0 if kind == "done" else 2.0, PANEL * number / column.seconds / top)
            drawn[kind].append(f"M{x} {base:.1f}H{max(end - 1, x + 0.5):.1f}V{max(TOP, base - high):.1f}H{x}z")
            base = max(TOP, base - high)
    for kind, pieces in drawn.items():
        if pieces:
            yield f'<path class="{kind}" d="{"".join(pieces)}"/>'


def _asked(columns: Iterable[_Column], top: float, whole: float) -> Iterator[str]:
    pieces = [f"M{x_at(c.start / whole)} {_height(c.part.asked / c.seconds, top)}"
              f"H{x_at((c.start + c.seconds) / whole)}" for c in columns]
    if pieces:
        yield f'<path class="asked" d="{"".join(pieces)}"/>'


def _area(kind: str, xs: list[float], low: list[float], high: list[float]) -> str:
    there = [f"{x} {y}" for x, y in zip(xs, low, strict=True)]
    back = [f"{x} {y}" for x, y in zip(reversed(xs), reversed(high), strict=True)]
    return f'<path class="{kind}" d="M{"L".join(there + back)}z"/>'


def _line(kind: str, xs: list[float], ys: list[float]) -> str:
    points = [f"{x} {y}" for x, y in zip(xs, ys, strict=True)]
    return f'<path class="{kind}" d="M{"L".join(points)}{"h0" if len(points) == 1 else ""}"/>'


def _limits(limits: list[Objective], axis: LogAxis) -> Iterator[str]:
    """Each limit as a line, its words above it, or below where others are; they keep out of each other's way."""
    lowest = float(TOP)
    for one in sorted(limits, key=lambda one: -one.limit):
        y = axis.y(one.limit / 1000)
        lowest = y - 4 if y - 4 >= lowest + _LETTER_ROW else max(lowest + _LETTER_ROW, y + _LETTER_ROW - 1)
        yield f'<path class="limit" d="M{LEFT} {y}h{ACROSS}"/>'
        yield label(LEFT + ACROSS, lowest, one.text, "e", "limits")
