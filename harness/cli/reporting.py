"""Write reports: every renderer is a pure function of the scorecard, found in its folder by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.content.folders import chosen, renderers
from harness.model.errors import EnvironmentFault
from harness.model.scorecard import Scorecard

ALWAYS = ("json", "html", "junit", "markdown")
"""Reports that every run leaves in its directory."""


def check_names(names: Iterable[str]) -> None:
    """Raises UsageError before a run when a report is unknown."""
    chosen(names, renderers())


def write_reports(scorecard: Scorecard, directory: Path, names: Iterable[str] = ()) -> list[Path]:
    """Write the standing reports and those named; returns their paths.

    Raises:
        EnvironmentFault: the directory cannot be written to.
    """
    written = []
    for renderer in chosen(dict.fromkeys([*ALWAYS, *names]), renderers()):
        stem = "result" if renderer.name == "json" else "report"
        path = directory / f"{stem}{renderer.suffix}"
        _write(path, renderer.render(scorecard), directory)
        written.append(path)
    return [*written, *_write_scripts(scorecard, directory)]


def _write_scripts(scorecard: Scorecard, directory: Path) -> list[Path]:
    """What was found by playing can be played again without certify."""
    told = [row for row in scorecard.rows if row.finding.script]
    for row in told:
        _write(directory / row.script_name, row.finding.script, directory)
    return [directory / row.script_name for row in told]


def _write(path: Path, text: str, directory: Path) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise EnvironmentFault(f"cannot write {path}: {error.strerror}", remedy="The journal is kept; "
                               f"`certify judge {directory} --json` needs no room") from error
