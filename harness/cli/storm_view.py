"""A storm of load while it blows: a panel above the progress bar of a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.panel import Panel
from rich.progress import Progress
from rich.text import Text

from harness.engine.events import StormProgress

_PLAIN_SECONDS = 5.0
_SHOWN = 48
"""Bars of the sparkline: some two a second."""
_LEVELS, _ASCII_LEVELS = "▁▂▃▄▅▆▇█", "_.:-=+*#"
_WIDE = 100


class StormBar(Progress):
    """The progress bar of a run, with the panel of a storm above it while one blows."""

    storm: Panel | None = None

    def get_renderables(self) -> Iterable[Any]:
        """The panel, where there is one, and the bar."""
        if self.storm is not None:
            yield self.storm
        yield self.make_tasks_table(self.tasks)


class StormLines:
    """Off a terminal: one line every few seconds at most, and one when the storm has ended."""

    def __init__(self, say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._said: float | None = None

    def show(self, event: StormProgress) -> None:
        """Take note of one report."""
        now = self._clock()
        if event.over:
            self._said = None
            self._say(summary(event))
        elif self._said is None:  # the first figures say little
            self._said = now
        elif now - self._said >= _PLAIN_SECONDS:
            self._said = now
            self._say(f"  storm {event.gone:.0f}/{event.total:.0f} s: asked {event.asked:g}/s, achieved "
                      f"{event.achieved:g}/s, p95 {_ms(event.last_p95_ms)}, p99 {_ms(event.last_p99_ms)}, "
                      f"{event.failed} failed, {event.shed} refused, {event.in_flight} in flight")


class StormPanel:
    """On a terminal: a panel in the bar, which is gone when the storm has ended."""

    def __init__(self, bar: StormBar, say: Callable[[str], None]) -> None:
        self._bar = bar
        self._say = say
        self._p95s: deque[float] = deque(maxlen=_SHOWN)

    def show(self, event: StormProgress) -> None:
        """Take note of one report."""
        if event.over:
            self._p95s.clear()
            self._bar.storm = None
            self._bar.refresh()
            self._say(summary(event))
            return
        self._p95s.append(event.last_p95_ms)
        console = self._bar.console
        ascii_only = not (console.encoding or "").lower().startswith("utf")
        self._bar.storm = panel(event, self._p95s, width=min(console.width, _WIDE), ascii_only=ascii_only)
        self._bar.refresh()


def panel(event: StormProgress, p95s: Sequence[float] | deque[float], *, width: int, ascii_only: bool) -> Panel:
    """How a storm stands, within `width` columns; `p95s` (milliseconds) of the last reports, the newest at the end."""
    bad = "bold red" if event.failed else ""
    rows = [
        [("asked ", "dim"), (f"{event.asked:g}/s", ""), ("   achieved ", "dim"), (f"{event.achieved:g}/s", "bold"),
         ("   in flight ", "dim"), (f"{event.in_flight}", ""), ("   time left ", "dim"),
         (f"{max(0.0, event.total - event.gone):.0f} s", "")],
        [("of late  ", "dim"), *_percentiles(event.last_p50_ms, event.last_p95_ms, event.last_p99_ms)],
        [("of all   ", "dim"), *_percentiles(event.p50_ms, event.p95_ms, event.p99_ms)],
        [("calls ", "dim"), (f"{event.calls}", ""), ("   failed ", "dim"), (f"{event.failed}", bad),
         ("   refused ", "dim"), (f"{event.shed}", "yellow" if event.shed else ""), ("   generator late ", "dim"),
         (f"{event.lag_p99_ms:g} ms", ""), (", busy ", "dim"), (f"{event.busiest:.0%}", "")],
        [("p95 ", "dim"), (sparkline(list(p95s)[-max(8, width - 24):], ascii_only=ascii_only), "cyan"),
         (f" to {_ms(max(p95s, default=-1.0))}", "dim")]]
    if event.aborted:
        rows.append([("being stopped: ", "bold red"), (event.aborted, "red")])
    return Panel(Text("\n").join(Text.assemble(*row) for row in rows), title_align="left", width=width,
                 title=f"storm  {event.gone:.0f} of {event.total:.0f} s")


def sparkline(values: Iterable[float], *, ascii_only: bool = False) -> str:
    """A character a value, from 0 to the largest; a blank for what is negative (not known)."""
    levels, known = _ASCII_LEVELS if ascii_only else _LEVELS, list(values)
    most = max(known, default=0.0)
    return "".join(" " if value < 0 else levels[int(value / most * (len(levels) - 1) + 0.5)] if most else levels[0]
                   for value in known)


def summary(event: StormProgress) -> str:
    """The line that a storm leaves behind."""
    line = (f"  storm {event.calls} calls: p50 {_ms(event.p50_ms)}, p95 {_ms(event.p95_ms)}, p99 "
            f"{_ms(event.p99_ms)}, {event.failed} failed, {event.shed} refused")
    return f"{line}; stopped: {event.aborted}" if event.aborted else line


def _percentiles(p50: float, p95: float, p99: float) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in (("p50", p50), ("p95", p95), ("p99", p99)):
        found += [(f"{name} ", "dim"), (f"{_ms(value):<11}", "")]
    return found


def _ms(value: float) -> str:
    if value < 0:
        return "-"
    return f"{value / 1e3:.2f} s" if value >= 1e3 else f"{value:.3g} ms"
