"""The terminal while a run goes on, and the scorecard at its end."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.content.folders import renderers
from harness.engine.events import CheckEnded, CheckStarted, Event, RunStarted, StormProgress
from harness.model.scorecard import Scorecard


class LiveView:
    """A listener: a progress bar on a terminal, a line per failure elsewhere, nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self.directory: Path | None = None
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._storm: Any = None
        self._running: list[str] = []
        self._done: set[str] = set()
        self._red = self._unclear = 0

    def __enter__(self) -> LiveView:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, RunStarted):
            self.directory = Path(event.directory)
        if self._quiet:
            return
        if isinstance(event, RunStarted):
            self._begin(event)
        elif isinstance(event, CheckStarted):
            self._running.append(event.check)
            self._describe()
        elif isinstance(event, CheckEnded):
            self._end_of(event)
        elif isinstance(event, StormProgress):
            self._storm_view().show(event)

    def _begin(self, event: RunStarted) -> None:
        plan = event.plan
        self._say(f"certify: {plan.target} at {plan.base_url}, {len(plan.checks)} checks, seed {plan.seed}, "
                  f"plan {plan.digest[:12]}")
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

            from harness.cli.storm_view import StormBar

            self._bar = StormBar(BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(),
                                 TextColumn("{task.description}"), console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=len(plan.checks))
            self._bar.start()

    def _end_of(self, event: CheckEnded) -> None:
        if event.check in self._running:
            self._running.remove(event.check)
        self._done.add(event.check.partition("[")[0])  # the plan counts a parametrised check once
        if event.provisional in ("fail", "error") or event.ended in ("asserted", "crashed"):
            self._red += 1
            self._say(f"  red   {event.check} ({event.seconds:.1f} s)")
        elif event.ended != "finished":
            self._unclear += 1
            self._say(f"  ?     {event.check}: {event.message}")
        self._describe()

    def _describe(self) -> None:
        if self._bar is not None:
            from rich.markup import escape

            now = self._running[0].rpartition("::")[2].removeprefix("test_") if self._running else ""
            tally = "".join(f"[{style}]{count} {word}[/] " for count, word, style in (
                (self._red, "red", "bold red"), (self._unclear, "unclear", "yellow")) if count)
            self._bar.update(self._task, completed=len(self._done), description=tally + escape(now[:40]))

    def _storm_view(self) -> Any:
        if self._storm is None:
            from harness.cli.storm_view import StormLines, StormPanel

            drawn = self._bar is not None and not self._bar.console.is_dumb_terminal
            self._storm = StormPanel(self._bar, self._say) if drawn else StormLines(self._say)
        return self._storm

    def _say(self, line: str) -> None:
        safe = "".join(c if c.isprintable() else "?" for c in line)
        if self._bar is not None:
            self._bar.console.print(safe, markup=False, highlight=False)
        else:
            sys.stderr.write(safe.encode("utf-8", "backslashreplace").decode() + "\n")


def ascii_only() -> bool:
    """True where what is drawn would come out as escapes: the encoding of the output is not UTF-8."""
    return (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") not in ("utf8", "utf8sig", "cp65001")


def show(card: Scorecard, directory: Path | None) -> None:
    """Print the scorecard for people, then where its reports are."""
    terminal = renderers()["terminal"]
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    text = terminal.render(card, width=max(60, min(width, 140)), color=sys.stdout.isatty(), ascii_only=ascii_only())
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
    if directory is not None:
        sys.stdout.write(f"Reports: {directory}/report.html, result.json; journal.jsonl is the record.\n")
