"""Write reports: every renderer is a pure function of the scorecard, found in its folder by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.content.folders import load_renderers, shipped
from harness.model.errors import UsageError
from harness.model.scorecard import Scorecard

ALWAYS = ("json", "html", "junit", "markdown")
"""Reports that every run leaves in its directory."""


def check_names(names: Iterable[str]) -> None:
    """Raises UsageError before a run when a report is unknown."""
    known = load_renderers([shipped("reports")])
    for name in names:
        if name not in known:
            raise UsageError(f"--report {name}: no such report", remedy=f"Known: {', '.join(sorted(known))}")


def write_reports(scorecard: Scorecard, directory: Path, names: Iterable[str] = ()) -> list[Path]:
    """Write the standing reports and those named; returns their paths."""
    known = load_renderers([shipped("reports")])
    check_names(names)
    written = []
    for name in dict.fromkeys([*ALWAYS, *names]):
        renderer = known[name]
        stem = "result" if name == "json" else "report"
        path = directory / f"{stem}{renderer.SUFFIX}"
        path.write_text(renderer.render(scorecard), encoding="utf-8", errors="backslashreplace")
        written.append(path)
    return written
