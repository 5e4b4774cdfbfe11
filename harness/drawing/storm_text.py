"""A storm as text: its figures in a table, and rows of characters over one axis of time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

from harness.drawing.axes import ticks
from harness.drawing.plot import told_ms
from harness.model.knee import knee
from harness.model.storm_figures import SHARES, Calls, Latency, Storm

_LABEL, _NOTE = 9, 15
_NAME, _FIGURE = 22, 9
_FULL = 2 + _NAME + 6 * _FIGURE
"""So wide is a whole row of figures."""
_LEAST, _MOST = 20, 100
_LEVELS, _LEVELS_ASCII = "▁▂▃▄▅▆▇█", "_.-:=+*@"
FEW = "* fewer than ten calls lie beyond it"


def storm_text(storm: Storm, *, width: int = 80, ascii_only: bool = False, brief: bool = False) -> list[str]:
    """Its lines; `brief`: without the operations one by one, and without how the generator fared where it did well."""
    found = ", ".join(f"{control} {outcome.value}" for control, outcome in storm.outcomes.items())
    head = wrapped(headline(storm), width, 0) + ([] if brief else [f"  {inert(storm.check)}"])
    head += [*wrapped(rates(storm), width), *wrapped(counts(storm.counted), width)]
    table = _table(storm, width, ascii_only=ascii_only, brief=brief)
    few = ["  " + FEW] if any("*" in line for line in table) else []
    tail = [*wrapped(f"Not to be trusted: {inert(storm.tired)}", width)] if storm.tired else []
    tail += [*wrapped(f"Crowded: {inert(storm.crowded)}", width)] if storm.crowded else []
    tail += [line for note in notes(storm) for line in wrapped(note, width)]
    if not brief:
        promised = ", ".join(storm.objectives) or "none"
        tail += [*wrapped(generator(storm), width), *wrapped(f"objectives: {promised}", width)]
    rows = _rows(storm, width, ascii_only=ascii_only)
    return [*head, *table, *few, *rows, *_steps(storm, width), *tail, *wrapped(found, width)]


def headline(storm: Storm) -> str:
    """What was blown, in one sentence without a full stop."""
    return (f"{inert(storm.name)}: {inert(storm.shape) or 'storm'} of {storm.seconds:g} s, up to {storm.peak_rate:g} "
            f"rounds/s by {storm.players} players")


def rates(storm: Storm) -> str:
    """Asked and achieved."""
    return (f"rounds: {storm.planned:,} asked for ({storm.asked_rate:.1f}/s), {storm.begun:,} begun "
            f"({storm.begun_rate:.1f}/s)")


def counts(counted: Calls) -> str:
    """What became of the calls."""
    kinds = ", ".join(f"{inert(kind)}: {number:,}" for kind, number in
                      sorted(counted.failed.items(), key=lambda item: -item[1])[:5])
    refused = f", {counted.refused:,} refused" if counted.refused else ""
    return (f"calls: {counted.calls:,}, of which {counted.ok:,} ok{refused}, {counted.shed:,} politely refused, "
            f"{counted.failures:,} failed" + (f" ({kinds})" if kinds else ""))


def notes(storm: Storm) -> list[str]:
    """What else there is to say: why it was stopped, what was asked for again, where its knee is."""
    result = storm.record.result
    told = [f"stopped early: {inert(result.aborted)}"] if result.aborted else []
    told += [f"made good afterwards: {result.amended:,} rounds had been left open"] if result.amended else []
    return told + ([knee_words(storm)] if storm.steps else [])


def generator(storm: Storm) -> str:
    """How the generator itself fared."""
    lag = storm.lag.percentiles.get("p99")
    late = f"{told_ms(lag.ms)} late at p99" if lag else "made no call"
    others = "" if storm.others is None else f" (others took {storm.others:.0%} of this machine)"
    return (f"generator: {late}, {storm.busiest:.0%} of a core at most{others}, {storm.workers} "
            f"worker{'' if storm.workers == 1 else 's'}, {storm.connections:,} connections, {storm.most_in_flight:,} "
            "calls under way at most")


def figure(latency: Latency, name: str) -> str:
    """A percentile in ms for a table; a star where too few calls lie beyond it."""
    found = latency.percentiles.get(name)
    return "-" if found is None else number_ms(found.ms) + ("" if found.enough else "*")


def number_ms(ms: float) -> str:
    """Milliseconds without their unit: `0.58`, `12.4`, `1,806`."""
    return f"{ms:.2f}" if ms < 9.995 else f"{ms:.1f}" if ms < 99.95 else f"{ms:,.0f}"


def inert(words: str) -> str:
    """Control characters and escape sequences never reach a terminal."""
    return "".join(c if c.isprintable() else "?" for c in words)


def _table(storm: Storm, width: int, *, ascii_only: bool, brief: bool) -> list[str]:
    """Where there is no room for all, the number of calls is left out and names are cut."""
    rows: list[tuple[str, Latency]] = [("all", storm.latency), ("naive, from sending", storm.naive),
                                       ("own lag of generator", storm.lag)]
    if not brief:
        rows = [*((inert(one.operation), one.latency) for one in storm.operations), *rows]
    wide = width >= _FULL
    room = _NAME if wide else max(8, width - 2 - _FIGURE * (len(SHARES) + 1))
    lines = [f"  {'latency, ms'[:room]:<{room}}"
             + "".join(f"{word:>{_FIGURE - 1}} " for word in (("answered",) if wide else ()) + (*SHARES, "max"))]
    for name, latency in rows:
        cells = [f"{latency.calls:,} "] if wide else []
        cells += [f if f.endswith("*") else f + " " for f in (figure(latency, share) for share in SHARES)]
        cells.append((number_ms(latency.max_ms) if latency.calls else "-") + " ")
        cut = name if len(name) < room else name[:room - 2] + ("." if ascii_only else "…")
        lines.append(f"  {cut:<{room}}{''.join(f'{cell:>{_FIGURE}}' for cell in cells)}")
    return [line.rstrip() for line in lines]


def _steps(storm: Storm, width: int) -> list[str]:
    """Rate by rate."""
    if not storm.steps:
        return []
    lines = [f"  {'rounds/s':>8}{'calls':>9}{'p50':>9}{'p95':>9}{'p99':>9}{'shed':>7}{'failed':>7}"]
    for step in storm.steps:
        lines.append(f"  {step.rate:>8g}{step.calls:>9,}{number_ms(step.p50_ms):>9}{number_ms(step.p95_ms):>9}"
                     f"{number_ms(step.p99_ms):>9}{step.shed:>7,}{step.failed:>7,}")
        lines += wrapped(f"missed {step.missed}", width, 4) if step.missed else []
    return lines


def knee_words(storm: Storm) -> str:
    """Up to which rate a storm of steps kept its objectives."""
    rate = knee(storm.steps)
    if rate is None:
        return "knee: no step kept the objectives" if any(step.missed for step in storm.steps) else \
            "knee: cannot be told, too few calls or no objectives"
    missed = any(step.missed for step in storm.steps)
    return f"knee: the objectives were kept up to {rate:g} rounds/s" + ("" if missed else ", the most that was asked")


def _rows(storm: Storm, width: int, *, ascii_only: bool) -> list[str]:
    """Rate, slowest p99 and failures over time."""
    if not storm.series:
        return []
    across = min(_MOST, max(_LEAST, width - _LABEL - _NOTE - 4))
    whole = max(storm.seconds, storm.series[-1].second + 1.0)
    levels = _LEVELS_ASCII if ascii_only else _LEVELS
    calls = _columns({s.second: s.asked for s in storm.series}, whole, across)
    p99 = _columns({s.second: s.p99_ms for s in storm.series if s.p99_ms is not None}, whole, across)
    failed = _columns({s.second: s.failed for s in storm.series if s.failed}, whole, across)
    shed = _columns({s.second: s.shed for s in storm.series if s.shed}, whole, across)
    rows = [("calls/s", _bars(calls, levels), f"max {_most(calls):,.0f}/s"),
            ("p99", _bars(_decades(p99), levels), f"max {told_ms(_most(p99))}" if _most(p99) else "none")]
    rows += [("shed", _bars(shed, levels), f"max {_most(shed):,.0f}/s")] if storm.counted.shed else []
    rows += [("failed", _bars(failed, levels), f"max {_most(failed):,.0f}/s")] if storm.counted.failures else []
    axis = [" "] * across
    for at in ticks(whole, 8):
        word, begin = f"{at:g}", int(at / whole * across)
        if begin + len(word) <= across:
            axis[begin:begin + len(word)] = word
    rows.append(("seconds", "".join(axis), ""))
    return [f"{name:>{_LABEL}}  {drawn:<{across}}  {note}".rstrip() for name, drawn, note in rows]


def _columns(values: Mapping[int, float], whole: float, across: int) -> list[float | None]:
    """Each column the worst of its seconds; a second that is wider than a column fills several."""
    columns: list[float | None] = [None] * across
    for second, value in values.items():
        first = max(0, int(second / whole * across))
        for n in range(first, min(across, max(first + 1, ceil((second + 1) / whole * across)))):
            columns[n] = max(value, columns[n] or 0.0)
    return columns


def _decades(values: Sequence[float | None]) -> list[float | None]:
    """How far each stands above the power of ten below the least."""
    least = min((10.0 ** floor(log10(v)) for v in values if v), default=1.0)
    return [None if v is None else log10(max(v, least) / least) for v in values]


def _most(values: Sequence[float | None]) -> float:
    return max((v for v in values if v is not None), default=0.0)


def _bars(values: Sequence[float | None], levels: str) -> str:
    top = _most(values) or 1.0
    return "".join(" " if v is None else levels[min(len(levels) - 1, int(v / top * len(levels)))] for v in values)


def wrapped(words: str, width: int, indent: int = 2) -> list[str]:
    """Lines that are so wide at most; those that follow stand two columns further in."""
    return textwrap.wrap(words, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))
