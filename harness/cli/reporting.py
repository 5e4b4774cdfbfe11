"""Write reports: every renderer is a pure function of the scorecard, found in its folder by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.content.folders import chosen, renderers
from harness.model.scorecard import Scorecard

ALWAYS = ("json", "html", "junit", "markdown")
"""Reports that every run leaves in its directory."""


def check_names(names: Iterable[str]) -> None:
    """Raises UsageError before a run when a report is unknown."""
    chosen(names, renderers())


def write_reports(scorecard: Scorecard, directory: Path, names: Iterable[str] = ()) -> list[Path]:
    """Write the standing reports and those named; returns their paths."""
    written = []
    for renderer in chosen(dict.fromkeys([*ALWAYS, *names]), renderers()):
        stem = "result" if renderer.name == "json" else "report"
        path = directory / f"{stem}{renderer.suffix}"
        path.write_text(renderer.render(scorecard), encoding="utf-8", errors="backslashreplace")
        written.append(path)
    return written
