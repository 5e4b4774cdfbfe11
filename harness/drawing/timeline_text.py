"""A timeline as text: rows of characters over one axis of time, readable without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from harness.drawing.axes import SAID, duration, lanes, share, summary, ticks, top_ms, worst
from harness.model.timeline import Became, Mark, Stretch, Timeline

_LABEL, _NOTE = 9, 15
_LEAST = 20
_MOST_LANES = 4
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Ink:
    """The characters that are drawn with."""

    bar: str
    levels: str
    taken: str = "·"
    cut: str = "…"

    def letter(self, kind: Became) -> str:
        """What stands for a call that became this."""
        return {Became.TAKEN: self.taken, Became.REFUSED: "r", Became.UNKNOWN: "?", Became.FAILED: "x"}[kind]


_UNICODE = _Ink(bar="▒", levels="▁▂▃▄▅▆▇█")
_ASCII = _Ink(bar="#", levels="_.-:=+*@", taken=".", cut=".")


def timeline_text(timeline: Timeline, *, width: int = 80, ascii_only: bool = False, brief: bool = False) -> list[str]:
    """Its lines; `brief`: without the witness and the words around."""
    ink = _ASCII if ascii_only else _UNICODE
    across = max(_LEAST, width - _LABEL - _NOTE - 4)
    rows = _rows(timeline, across, ink, brief=brief)
    drawn = [f"{label:>{_LABEL}}  {row:<{across}}  {note}".rstrip() for label, row, note in rows]
    if brief:
        return [_cut(f"{_inert(timeline.name)} ({_inert(timeline.check)})", width, ink), *drawn]
    found = ", ".join(f"{control} {outcome.value}" for control, outcome in timeline.outcomes.items())
    head = [*_wrapped(_inert(timeline.name), width, indent=0), f"  {_inert(timeline.check)}",
            *_wrapped(_inert(timeline.says), width), *_wrapped(found, width)]
    return [*head, *drawn, *_wrapped(_inert(summary(timeline)), width)]


def legend(*, ascii_only: bool = False) -> list[str]:
    """How the rows are read."""
    ink = _ASCII if ascii_only else _UNICODE
    return [f"answers: {', '.join(f'{ink.letter(kind)} {SAID[kind]}' for kind in Became)}",
            f"Each column shows its worst; latency on a log scale from 1 ms ({ink.levels[0]}) upwards."]


def _rows(timeline: Timeline, across: int, ink: _Ink, *, brief: bool) -> list[tuple[str, str, str]]:
    """(label, columns, note) of each row, from the top."""
    top = top_ms(timeline)
    calls = _columns(timeline.calls, timeline.seconds, across)
    rows = _fault_rows(timeline, across, ink)
    rows.append(("latency", _heights(calls, top, ink), _slowest(timeline.calls)))
    if timeline.slo_ms and any(m.ms > timeline.slo_ms for m in timeline.calls):
        late = "".join("!" if any(m.ms > timeline.slo_ms for m in column) else " " for column in calls)
        rows.append(("late", late, f"SLO {duration(timeline.slo_ms)}"))
    other = sum(m.became is not Became.TAKEN for m in timeline.calls)
    rows.append(("answers", "".join(ink.letter(worst(c).became) if c else " " for c in calls), f"{other} not taken"))
    if timeline.witnesses and not brief:
        witnesses = _columns(timeline.witnesses, timeline.seconds, across)
        rows.append(("witness", _heights(witnesses, top, ink, ink.letter(Became.FAILED)), _slowest(timeline.witnesses)))
    if not timeline.channel:
        return [*rows, ("seconds", _axis(timeline.seconds, across), "")]
    attempts = _columns(timeline.attempts, timeline.seconds, across)
    rows.append(("attempts", _counts([len(column) for column in attempts], ink), f"{len(timeline.attempts):,}"))
    failed = [sum(m.became is Became.FAILED for m in column) for column in attempts]
    if any(failed):
        rows.append(("failed", _counts(failed, ink), f"{sum(failed):,}"))
    return [*rows, ("seconds", _axis(timeline.seconds, across), "")]


def _columns(marks: Sequence[Mark], seconds: float, across: int) -> list[list[Mark]]:
    columns: list[list[Mark]] = [[] for _ in range(across)]
    for mark in marks:
        columns[_column(mark.at, seconds, across)].append(mark)
    return columns


def _column(at: float, seconds: float, across: int) -> int:
    return min(across - 1, max(0, int(at / seconds * across))) if seconds > 0 else 0


def _level(height: float, ink: _Ink) -> str:
    return ink.levels[min(len(ink.levels) - 1, max(0, int(height * len(ink.levels))))]


def _heights(columns: list[list[Mark]], top: float, ink: _Ink, lost: str = "") -> str:
    """The slowest of each column; `lost` stands for one that failed."""
    return "".join(" " if not column else lost if lost and worst(column).became is Became.FAILED
                   else _level(share(max(m.ms for m in column), top), ink) for column in columns)


def _counts(counts: list[int], ink: _Ink) -> str:
    """A digit a column where most are small, `+` for ten and more; bars where there are many."""
    some = [n for n in counts if n]
    if 2 * sum(n < _DIGITS for n in some) >= len(some):
        return "".join(" " if not n else str(n) if n < _DIGITS else "+" for n in counts)
    return "".join(_level(n / max(some), ink) if n else " " for n in counts)


def _slowest(marks: Sequence[Mark]) -> str:
    return f"max {duration(max(m.ms for m in marks))}" if marks else "none"


@dataclass(frozen=True, slots=True)
class _Bar:
    """Where a fault and its name stand in a row."""

    start: int
    end: int
    name: str
    at: int


def _bar(fault: Stretch, seconds: float, across: int, ink: _Ink) -> _Bar:
    """The name stands in the bar where it has room, else after it, else before: how long a fault lasts is seen."""
    start, end = _column(fault.start, seconds, across), _column(fault.end, seconds, across) + 1
    name = f" {_inert(fault.label)} "
    if len(name) <= end - start - 2:
        return _Bar(start, end, name, start + (end - start - len(name)) // 2)
    after = across - end >= start
    name = _cut(name, max(across - end, start), ink)
    return _Bar(start, end, name, end if after else start - len(name))


def _fault_rows(timeline: Timeline, across: int, ink: _Ink) -> list[tuple[str, str, str]]:
    def room(fault: Stretch) -> tuple[int, int]:
        bar = _bar(fault, timeline.seconds, across, ink)
        return min(bar.start, bar.at), max(bar.end, bar.at + len(bar.name))

    rows, left = lanes(timeline.faults, room, _MOST_LANES)
    drawn: list[tuple[str, str, str]] = []
    for row in rows:
        columns = [" "] * across
        for bar in (_bar(fault, timeline.seconds, across, ink) for fault in row):
            columns[bar.start:bar.end] = ink.bar * (bar.end - bar.start)
            columns[bar.at:bar.at + len(bar.name)] = bar.name
        drawn.append(("faults" if not drawn else "", "".join(columns), ""))
    if left:
        drawn.append(("", f"and {left} more faults", ""))
    return drawn or [("faults", "none", "")]


def _axis(seconds: float, across: int) -> str:
    columns = [" "] * across
    for at in ticks(seconds, 8):
        word, begin = f"{at:g}", _column(at, seconds, across)
        if begin + len(word) <= across:
            columns[begin:begin + len(word)] = word
    return "".join(columns)


def _wrapped(words: str, width: int, indent: int = 2) -> list[str]:
    return textwrap.wrap(words, width, initial_indent=" " * indent, subsequent_indent="  ")


def _cut(words: str, most: int, ink: _Ink) -> str:
    return words if len(words) <= most else words[:max(0, most - 1)] + ink.cut[:most]


def _inert(words: str) -> str:
    """Control characters and escape sequences never reach a terminal."""
    return "".join(c if c.isprintable() else "?" for c in words)
