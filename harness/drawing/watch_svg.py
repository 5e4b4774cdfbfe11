"""What was watched beside a storm as inline SVG: how late events were in the feed, before, during and after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from harness.model.storm_watch import Canary, StormWatch

_BELOW = TOP + PANEL
_LEGEND_AT = _BELOW + 62
_LEAST_BAR = 3.0
"""Lower and upper bound of a lag may be the same; a bar without height is not seen."""


def lag_svg(watch: StormWatch, name: str) -> str:
    """Each round of ours as a bar from the least that its event was late to the most; `name`: see `picture`.

    One that was never seen goes up to the top. "" where no round was watched.
    """
    if not watch.canaries:
        return ""
    first = min(0.0, *(c.at for c in watch.canaries))
    whole = max(watch.ended_at, *(c.at for c in watch.canaries)) - first or 1.0
    promised = [] if watch.lag_promise is None else [watch.lag_promise * 1000]
    axis = LogAxis([*(ms for c in watch.canaries for ms in _bounds(c)), *promised])
    parts = [*axis.drawn(), *_time_axis(first, whole), _storm(first, whole, watch.ended_at),
             *_bars(watch.canaries, first, whole, axis)]
    entries = [("done", "box", "event of a round of ours"), ("near", "box", "the storm")]
    if promised:
        y = axis.y(promised[0])
        parts += [f'<path class="limit" d="M{LEFT} {y}h{ACROSS}"/>',
                  label(LEFT + ACROSS - 4, y - 5, f"promised: {told_ms(promised[0])}", "e", "axis limits")]
    unseen = sum(c.high is None for c in watch.canaries)
    if unseen:
        entries.append(("failed", "box", "never seen"))
    described = (f"{len(watch.canaries)} rounds of ours beside the storm; the latest event came after at most "
                 f"{told_ms(max((c.high or 0.0) * 1000 for c in watch.canaries))}"
                 + (f", {unseen} were never seen" if unseen else "") + ".")
    return picture([*parts, *legend(entries, _LEGEND_AT)], name=name, title="how late events are in the feed",
                   described=described, height=_LEGEND_AT + legend_height(entries) - 12)


def _bounds(canary: Canary) -> tuple[float, ...]:
    """In ms; what is 0 has no place on a log axis."""
    return tuple(max(1.0, s * 1000) for s in (canary.low, canary.high) if s is not None)


def _bars(canaries: Sequence[Canary], first: float, whole: float, axis: LogAxis) -> Iterator[str]:
    for canary in canaries:
        x, low = x_at((canary.at - first) / whole), axis.y(_bounds(canary)[0])
        high = float(TOP) if canary.high is None else axis.y(_bounds(canary)[-1])
        kind = "failed" if canary.high is None else "done"
        yield f'<path class="{kind}" d="M{x - 2} {low}h4V{min(high, low - _LEAST_BAR)}h-4z"/>'


def _storm(first: float, whole: float, ended_at: float) -> str:
    begin, end = x_at(-first / whole), x_at((ended_at - first) / whole)
    return f'<path class="near" d="M{begin} {TOP}H{end}V{_BELOW}H{begin}z"/>'


def _time_axis(first: float, whole: float) -> Iterator[str]:
    for at in ticks(first + whole, 8):
        yield f'<path class="grid" d="M{x_at((at - first) / whole)} {_BELOW}v5"/>'
        yield label(x_at((at - first) / whole), _BELOW + 19, f"{at:g}", "m")
    yield label(LEFT + ACROSS / 2, _BELOW + 37, "seconds since the storm began", "m")
