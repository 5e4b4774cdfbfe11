"""Latency by percentile as SVG: the axis of percentiles is logarithmic, for the rare is what a player remembers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.drawing.plot import ACROSS, LEFT, PANEL, TOP, LogAxis, label, legend, legend_height, picture, told_ms, x_at
from harness.model.histogram import Histogram
from harness.model.storm_figures import ENOUGH_BEYOND, Percentile, Storm

MARKS = ("50", "90", "99", "99.9", "99.99")
_NINES = 4.15
"""How far the axis goes: just beyond 99.99 %."""
_BELOW = TOP + PANEL
_LEGEND_AT = _BELOW + 62
_CALMEST = 0.1
"""What is faster than so many of the calls does not stretch the axis."""
_NEAR = 0.8
"""Points nearer than that to the one before are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line of the plot: (share from 0 to 1, ms), rising; `kind` is its ink: "true", "naive", "lag" or "limit"."""

    kind: str
    words: str
    points: Sequence[tuple[float, float]]


def of_histogram(kind: str, words: str, histogram: Histogram) -> Curve:
    """The curve of all that a histogram counts, in steps: nothing lies between two values that were measured.

    Its last point is the slowest of all.
    """
    seen, total = 0, histogram.count
    points: list[tuple[float, float]] = []
    for us, number in histogram.curve():
        points.append((seen / total, us / 1000))
        seen += number
        points.append((min(seen, total - 0.5) / total, us / 1000))
    if points:
        points[-1] = (points[-1][0], histogram.largest / 1000)
    return Curve(kind=kind, words=words, points=points)


def percentiles_svg(storm: Storm, name: str) -> str:
    """Latency from the intended start beside what a tool shows whose clock starts when it sends, and its own lag."""
    tally = storm.record.result.tally
    curves = (of_histogram("true", "from the intended start", tally.latency_of_all()),
              of_histogram("naive", "naive: from the sending", tally.service),
              of_histogram("lag", "the generator's own lag", tally.lag))
    calls = storm.latency.calls
    told = "; ".join(f"{curve.words}: {_described(latency.percentiles)}" for curve, latency in
                     zip(curves, (storm.latency, storm.naive, storm.lag), strict=True))
    return curves_svg(curves, name=name, title="latency by percentile",
                      described=f"Of {calls:,} answered calls: {told}.",
                      sure=1 - ENOUGH_BEYOND / calls if calls > ENOUGH_BEYOND else 0.0)


def curves_svg(curves: Sequence[Curve], *, name: str, title: str, described: str, sure: float = 1.0,
               alone: bool = False) -> str:
    """The plot of any curves. `sure`: beyond this share there are too few calls, which is shaded and said."""
    axis = LogAxis(ms for curve in curves for share, ms in curve.points if share >= _CALMEST)
    parts = [*axis.drawn(), *_marks(), *_few(sure)]
    for curve in reversed(curves):
        if pieces := _pieces(curve.points, axis):
            parts.append(f'<path class="{curve.kind}" d="M{"L".join(pieces)}"/>')
    entries = [(curve.kind, "line", curve.words) for curve in curves]
    return picture([*parts, *legend(entries, _LEGEND_AT)], name=name, title=title, described=described, alone=alone,
                   height=_LEGEND_AT + legend_height(entries) - 12)


def _x(share: float) -> float:
    return x_at(-math.log10(max(1e-9, 1 - share)) / _NINES)


def _marks() -> Iterator[str]:
    for mark in MARKS:
        x = _x(float(mark) / 100)
        yield f'<path class="grid" d="M{x} {TOP}V{_BELOW + 5}"/>'
        yield label(x, _BELOW + 19, mark, "m")
    yield label(LEFT + ACROSS / 2, _BELOW + 37, "percentile of the calls, log scale", "m")


def _few(sure: float) -> Iterable[str]:
    x = _x(sure)
    if x >= LEFT + ACROSS:
        return
    yield f'<path class="few" d="M{x} {TOP}H{LEFT + ACROSS}V{_BELOW}H{x}z"/>'
    yield label(LEFT + ACROSS - 3, _BELOW - 7, f"shaded: fewer than {ENOUGH_BEYOND} calls", "e", "axis above")


def _pieces(points: Iterable[tuple[float, float]], axis: LogAxis) -> list[str]:
    found: list[tuple[float, float]] = []
    for share, ms in points:
        x, y = _x(share), axis.y(ms)
        if not found or max(abs(x - found[-1][0]), abs(y - found[-1][1])) >= _NEAR:
            found.append((x, y))
    return [f"{x} {y}" for x, y in found]


def _described(percentiles: Mapping[str, Percentile]) -> str:
    return ", ".join(f"{name} {told_ms(p.ms)}" for name, p in percentiles.items()) or "none"
