"""Run suites through pytest, as a sensor: what a check claimed decides, never pytest's exit code."""

from __future__ import annotations

import io
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Protocol

import pytest

from harness.engine.ports import Recorder
from harness.model.errors import CheckStopped
from harness.model.plan import Check

_LINES_OF_TRACEBACK = 6


class CheckLab(Protocol):
    """What the plug-in needs of a lab."""

    def close(self) -> None:
        """Closing observations of the check."""
        ...


LabFactory = Callable[[str, tuple[str, ...]], CheckLab]
Emit = Callable[[str, Mapping[str, Any]], None]


class ChecksPlugin:
    """Gives checks their `lab` and records how each one ended."""

    def __init__(self, checks: Iterable[Check], make_lab: LabFactory, recorder: Recorder, emit: Emit) -> None:
        self._checks = {(str(Path(c.path).resolve()), c.id.rpartition("::")[2]): c for c in checks}
        self._make_lab = make_lab
        self._recorder = recorder
        self._emit = emit
        self._root = Path()
        self._started: dict[str, float] = {}
        self._ended: dict[str, dict[str, Any]] = {}
        self._told: set[str] = set()
        """Ids of the checks that have a record."""

    @pytest.fixture
    def lab(self, request: pytest.FixtureRequest) -> Iterator[CheckLab]:
        """The check's lab; its closing observations are made when the check has ended."""
        check, name = self._of(request.node)
        lab = self._make_lab(name, check.controls)
        yield lab
        lab.close()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the marker, so that user suites may run with strict markers."""
        self._root = config.rootpath
        config.addinivalue_line("markers", "certifies(*controls, isolation, needs): the controls a check decides")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only what was planned, in the order of the plan, whatever else the files hold."""
        order = {key: n for n, key in enumerate(self._checks)}
        ours = [i for i in items if isinstance(i.parent, pytest.Module) and _key(i) in order]
        items[:] = sorted(ours, key=lambda i: order[_key(i)])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A suite that cannot be imported is our error (or its author's), told for each of its checks."""
        if report.passed:
            return
        path = str((self._root / report.nodeid.partition("::")[0]).resolve())
        mine = [check for (file, _), check in self._checks.items() if file == path]
        if report.skipped:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            self._tell(mine, "skipped", str(why).removeprefix("Skipped: "))
        else:
            self.broken(mine, str(report.longrepr))

    def broken(self, checks: Iterable[Check], printed: str) -> None:
        """Record that these checks could not even be loaded, with the last line of what was printed about it."""
        lines = [line.strip() for line in printed.splitlines() if line.strip()] or ["unknown"]
        last = next((line for line in reversed(lines) if line.startswith("E ")), lines[-1])
        self._tell(checks, "crashed", f"the suite cannot be imported: {last.removeprefix('E').strip()}")

    def _tell(self, checks: Iterable[Check], ended: str, message: str) -> None:
        for check in checks:
            if check.id not in self._told:
                self._told.add(check.id)
                record = {"check": check.id, "controls": list(check.controls), "ended": ended, "seconds": 0.0,
                          "message": message[:300]}
                self._recorder.append("check", record)
                self._emit("check_ended", record)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Remember when the item began."""
        self._started[nodeid] = time.monotonic()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Turn what happened into the check's record; the first thing that went wrong counts."""
        outcome = yield
        report = outcome.get_result()  # type: ignore[attr-defined]
        check, name = self._of(item)
        self._told.add(check.id)
        if report.when == "setup":
            self._recorder.append("check", {"check": name, "controls": list(check.controls), "ended": ""})
            self._emit("check_started", {"check": name, "controls": list(check.controls)})
        ending = _ending(call, report)
        if name not in self._ended or self._ended[name]["ended"] == "finished":
            self._ended[name] = ending
        if report.when == "teardown":
            seconds = time.monotonic() - self._started.get(item.nodeid, time.monotonic())
            record = {"check": name, "controls": list(check.controls), **self._ended.pop(name), "seconds": seconds}
            self._recorder.append("check", record)
            self._emit("check_ended", record)

    def _of(self, item: Any) -> tuple[Check, str]:
        """The planned check of a pytest item, and the item's own name (with its parameters)."""
        key = _key(item)
        check = self._checks[key]
        return check, check.id + item.name.removeprefix(key[1])


def _key(item: Any) -> tuple[str, str]:
    """File and function of a pytest item, without its parameters."""
    return str(Path(str(item.path)).resolve()), str(getattr(item, "originalname", "") or item.name)


def _ending(call: pytest.CallInfo[None], report: pytest.TestReport) -> dict[str, Any]:
    error = call.excinfo.value if call.excinfo else None
    if error is None:
        return {"ended": "finished"}
    if isinstance(error, CheckStopped):
        return {"ended": "stopped", "reason": error.reason, "message": error.line(), "exchanges": list(error.exchanges)}
    if report.skipped or hasattr(report, "wasxfail"):
        return {"ended": "skipped", "message": str(error)[:300]}
    if isinstance(error, AssertionError | pytest.fail.Exception) and report.when == "call":
        return {"ended": "asserted", "message": (str(error).splitlines() or ["assertion failed"])[0][:300]}
    frames = traceback.format_exception(error)[-_LINES_OF_TRACEBACK:]
    where = " | ".join(line.strip().replace("\n", " ") for line in frames)
    return {"ended": "crashed", "message": f"{type(error).__name__}: {error}"[:300], "trace": where[:1500]}


def run_pytest(checks: Iterable[Check], plugin: ChecksPlugin) -> str:
    """Run the checks in this process, apart from any pytest configuration of the user; returns what was printed.

    One folder of suites after the other: what lies above a folder (a conftest.py of the user's own tests) is not
    read, and a conftest.py in it that breaks is told for that folder alone.
    """
    folders: dict[Path, list[Check]] = {}
    for check in checks:
        folders.setdefault(_folder(check), []).append(check)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    root = os.path.commonpath(folders)  # of all of them: module names are made from it and stay apart
    printed = io.StringIO()
    for folder, chosen in folders.items():
        before = len(printed.getvalue())
        with redirect_stdout(printed), redirect_stderr(printed):
            code = _main(["-c", os.devnull, f"--rootdir={root}", f"--confcutdir={folder}",
                          "--import-mode=importlib", "-p", "no:cacheprovider",
                          "--continue-on-collection-errors", "-q", "--no-header", "--tb=short", "--capture=no",
                          *dict.fromkeys(str(Path(c.path).absolute()) for c in chosen)], plugin)
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
            plugin.broken(chosen, printed.getvalue()[before:])
        if code == pytest.ExitCode.INTERRUPTED:
            break
    return printed.getvalue()[-200_000:]


def _main(arguments: list[str], plugin: ChecksPlugin) -> int:
    try:
        return int(pytest.main(arguments, plugins=[plugin]))
    except SystemExit as left:  # a conftest.py that leaves must not take the other folders along
        sys.stdout.write(f"SystemExit: {left.code}\n")
        return int(pytest.ExitCode.INTERNAL_ERROR)


def _folder(check: Check) -> Path:
    """The folder of suites that the check was found below: its path without the file's name in the check's id."""
    return Path(check.path).absolute().parents[len(Path(check.id.partition("::")[0]).parts) - 1]
