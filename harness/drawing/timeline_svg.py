"""A timeline as inline SVG: no script, nothing from outside; shapes tell what colours tell."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

from harness.drawing.axes import FLOOR_MS, duration, lanes, share, summary, thinned, ticks, top_ms
from harness.model.timeline import Became, Mark, Stretch, Timeline

MOST_CALLS, MOST_WITNESSES, MOST_ATTEMPTS = 300, 300, 250
"""Marks that are drawn of each shape, 2,000 in all: beyond that a plot shows no more, and weighs too much."""
_WIDTH, _LEFT, _RIGHT = 960, 74, 86
_ACROSS = _WIDTH - _LEFT - _RIGHT
_PANEL, _LANE, _ROW = 170, 22, 16
_LETTER = 6.4
"""About the width of a letter of 12 px."""
_MOST_LANES = 4
_LABEL = 48
_SHAPES = {
    Became.TAKEN: "M{x} {y}h0",  # a round cap makes a dot of it
    Became.REFUSED: "M{x} {y}m-4 3h8l-4-7z",
    Became.UNKNOWN: "M{x} {y}m-4 0l4-4l4 4l-4 4z",
    Became.FAILED: "M{x} {y}m-4-4l8 8m0-8l-8 8",
}


class _Frame:
    """Where things stand: coordinates have one decimal, so that a plot stays light."""

    def __init__(self, timeline: Timeline) -> None:
        self.seconds = timeline.seconds or 1.0
        self.top_ms = top_ms(timeline)
        self.rows, self.unlabelled = lanes(timeline.faults, self._room, _MOST_LANES)
        self.panel = 26 + _ROW * len(self.rows) + (4 if self.rows else 0)
        self.lanes = self.panel + _PANEL + (34 if timeline.channel else 0)
        self.bottom = self.lanes + (2 * _LANE if timeline.channel else 0)
        self.height = self.bottom + 40

    def x(self, at: float) -> float:
        return round(_LEFT + _ACROSS * min(1.0, max(0.0, at / self.seconds)), 1)

    def y(self, ms: float) -> float:
        return round(self.panel + _PANEL * (1 - share(ms, self.top_ms)), 1)

    def label_at(self, fault: Stretch) -> float:
        """Where a fault's label begins: at the fault, or further left where it would run out of the plot."""
        return max(float(_LEFT), min(self.x(fault.start) + 5, _LEFT + _ACROSS - _LETTER * len(_short(fault.label))))

    def _room(self, fault: Stretch) -> tuple[float, float]:
        begin = self.label_at(fault)
        return min(begin, self.x(fault.start)), max(self.x(fault.end), begin + _LETTER * len(_short(fault.label))) + 8


def timeline_svg(timeline: Timeline, name: str) -> str:
    """The plot; `name` makes the ids of its title and description unique on a page."""
    frame = _Frame(timeline)
    ids = html.escape(name, quote=True)
    parts = [f'<svg class="timeline" viewBox="0 0 {_WIDTH} {frame.height}" role="img" '
             f'aria-labelledby="{ids}-t {ids}-d"><title id="{ids}-t">{_text(timeline.name)}</title>'
             f'<desc id="{ids}-d">{_text(_described(timeline))}</desc>',
             *_faults(timeline, frame), *_axes(timeline, frame), *_witnesses(timeline.witnesses, frame),
             *_calls(timeline.calls, frame), *_attempts(timeline, frame), "</svg>"]
    return "".join(parts)


def left_out(timeline: Timeline) -> str:
    """What of a long timeline is not drawn; "" when all is."""
    kinds = (("calls", len(timeline.calls), sum(map(len, _by_kind(timeline.calls).values()))),
             ("witnesses", len(timeline.witnesses), len(thinned(timeline.witnesses, MOST_WITNESSES))),
             (timeline.seen_by, len(timeline.attempts), sum(map(len, _by_fate(timeline.attempts)))))
    cut = [f"{drawn:,} of {there:,} {words}" for words, there, drawn in kinds if drawn < there]
    return f"Drawn are {', '.join(cut)}: of each shape the slowest of each stretch." if cut else ""


def _by_kind(calls: Sequence[Mark]) -> dict[Became, list[Mark]]:
    """The worst kind last, so that it is drawn on top; thinned kind by kind, so that no kind gets lost."""
    return {kind: thinned([m for m in calls if m.became is kind], MOST_CALLS) for kind in Became}


def _by_fate(attempts: Sequence[Mark]) -> list[list[Mark]]:
    """Those that were answered, those that failed."""
    return [thinned([m for m in attempts if (m.became is Became.FAILED) is failed], MOST_ATTEMPTS)
            for failed in (False, True)]


def _described(timeline: Timeline) -> str:
    faults = "; ".join(f"{f.label} from {f.start:.1f} to {f.end:.1f} s" for f in timeline.faults[:12])
    return f"{timeline.says} Faults: {faults or 'none'}. {summary(timeline)}."


def _faults(timeline: Timeline, frame: _Frame) -> Iterable[str]:
    for fault in timeline.faults:
        x, end = frame.x(fault.start), frame.x(fault.end)
        for y, height in ((frame.panel, _PANEL), (frame.lanes, frame.bottom - frame.lanes)):
            yield f'<rect class="band" x="{x}" y="{y}" width="{max(1.0, end - x):.1f}" height="{height}"/>'
    for number, row in enumerate(frame.rows):
        base = 26 + _ROW * (number + 1)
        for fault in row:
            x, end = frame.x(fault.start), frame.x(fault.end)
            yield f'<path class="edge" d="M{x} {base}V{frame.panel + _PANEL}M{end} {base}V{frame.panel + _PANEL}'
            yield f'M{x} {base}H{end}"/>'
            yield f'<text x="{frame.label_at(fault):.1f}" y="{base - 4}">{_text(_short(fault.label))}</text>'
    if frame.unlabelled:
        yield _label(_LEFT + _ACROSS, 14, f"and {frame.unlabelled} more faults", "e")


def _axes(timeline: Timeline, frame: _Frame) -> Iterable[str]:
    others = " and of witnesses" if timeline.witnesses else ""
    yield _label(_LEFT, 14, f"latency of the provider's calls{others}, log scale")
    for power in range(int(math.log10(FLOOR_MS)), round(math.log10(frame.top_ms)) + 1):
        y = frame.y(10.0 ** power)
        yield f'<path class="grid" d="M{_LEFT} {y}h{_ACROSS}"/>'
        yield _label(_LEFT - 8, y + 4, duration(10.0 ** power), "e")
    if timeline.slo_ms:
        y = frame.y(timeline.slo_ms)
        yield f'<path class="slo" d="M{_LEFT} {y}h{_ACROSS}"/>'
        yield _label(_LEFT + _ACROSS + 6, y + 4, f"SLO {duration(timeline.slo_ms)}")
    if timeline.channel:
        yield _label(_LEFT, frame.lanes - 8, timeline.seen_by)
        for number, word in enumerate(("answered", "failed")):
            yield _label(_LEFT - 8, frame.lanes + _LANE * number + 15, word, "e")
            yield f'<path class="grid" d="M{_LEFT} {frame.lanes + _LANE * (number + 1)}h{_ACROSS}"/>'
    for at in ticks(frame.seconds, 12):
        yield f'<path class="grid" d="M{frame.x(at)} {frame.bottom}v5"/>'
        yield _label(frame.x(at), frame.bottom + 18, f"{at:g}", "m")
    yield _label(_LEFT + _ACROSS / 2, frame.bottom + 35, "seconds since the scenario began", "m")


def _witnesses(marks: Sequence[Mark], frame: _Frame) -> Iterable[str]:
    """A thin line through those that were answered; it breaks where one was not, and a small cross stands there."""
    line, small, lost, broken = [], [], [], True
    for mark in thinned(marks, MOST_WITNESSES):
        x, y = frame.x(mark.at), frame.y(mark.ms)
        if mark.became is Became.FAILED:
            lost.append(f"M{x} {y}m-2.5-2.5l5 5m0-5l-5 5")
            broken = True
            continue
        line.append(f"{'M' if broken else 'L'}{x} {y}")
        small.append(f"M{x} {y}h0")
        broken = False
    for name, pieces in (("wline", line), ("wdot", small), ("wlost", lost)):
        if pieces:
            yield f'<path class="{name}" d="{"".join(pieces)}"/>'


def _calls(marks: Sequence[Mark], frame: _Frame) -> Iterable[str]:
    for kind, drawn in _by_kind(marks).items():
        pieces = [_SHAPES[kind].format(x=frame.x(m.at), y=frame.y(m.ms)) for m in drawn]
        if pieces:
            yield f'<path class="call {kind.value}" d="{"".join(dict.fromkeys(pieces))}"/>'


def _attempts(timeline: Timeline, frame: _Frame) -> Iterable[str]:
    for number, (name, drawn) in enumerate(zip(("taken", "failed"), _by_fate(timeline.attempts), strict=True)):
        y = frame.lanes + _LANE * number + 4
        pieces = [f"M{frame.x(m.at)} {y}v{_LANE - 6}" for m in drawn]
        if pieces:
            yield f'<path class="attempt {name}" d="{"".join(dict.fromkeys(pieces))}"/>'


def _label(x: float, y: float, words: str, side: str = "s") -> str:
    """Text at a place: it starts there (s), ends there (e), or has its middle there (m)."""
    anchor = {"s": "", "e": ' text-anchor="end"', "m": ' text-anchor="middle"'}[side]
    return f'<text class="axis" x="{x:g}" y="{y:g}"{anchor}>{_text(words)}</text>'


def _short(label: str) -> str:
    return label if len(label) <= _LABEL else label[:_LABEL - 1] + "…"


def _text(words: str) -> str:
    """Escaped, and without characters that no XML may hold."""
    return html.escape("".join(c if c.isprintable() else "\ufffd" for c in words), quote=True)
