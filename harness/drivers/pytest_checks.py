"""Run suites through pytest, as a sensor: what a check claimed decides, never pytest's exit code."""

from __future__ import annotations

import io
import os
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Protocol

import pytest

from harness.engine.ports import Recorder
from harness.model.errors import CheckStopped, EnvironmentFault
from harness.model.plan import Check
from harness.model.scenario import Scenario

_LINES_OF_TRACEBACK = 6


class CheckLab(Protocol):
    """What the plug-in needs of a lab."""

    def close(self) -> None:
        """Closing observations of the check."""
        ...


LabFactory = Callable[[str, tuple[str, ...]], CheckLab]
HandOut = Callable[[Collection[str]], str | None]
"""Of these checks, which are loaded, the one whose turn it is; None when no turn is left for us."""
Emit = Callable[[str, Mapping[str, Any]], None]


class ChecksPlugin:
    """Gives checks their `lab` and records how each one ended."""

    def __init__(self, checks: Iterable[Check], make_lab: LabFactory, recorder: Recorder, emit: Emit,
                 hand_out: HandOut, play: Callable[[CheckLab, Scenario], object]) -> None:
        self._checks = {(str(Path(c.path).resolve()), c.id.rpartition("::")[2]): c for c in checks}
        self._make_lab = make_lab
        self._recorder = recorder
        self._emit = emit
        self._hand_out = hand_out
        self._play = play
        self._root = Path()
        self._started: dict[str, float] = {}
        self._ended: dict[str, dict[str, Any]] = {}
        self._unloaded: dict[str, tuple[Check, str, str]] = {}
        """By id the checks that cannot be loaded: how they end when it is their turn, and why."""

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
            self._unload(mine, "skipped", str(why).removeprefix("Skipped: "))
        else:
            self.broken(mine, str(report.longrepr))

    def broken(self, checks: Iterable[Check], printed: str) -> None:
        """These checks could not even be loaded; the last line of what was printed about it says why."""
        lines = [line.strip() for line in printed.splitlines() if line.strip()] or ["unknown"]
        last = next((line for line in reversed(lines) if line.startswith("E ")), lines[-1])
        self._unload(checks, "crashed", f"the suite cannot be imported: {last.removeprefix('E').strip()}")

    def _unload(self, checks: Iterable[Check], ended: str, message: str) -> None:
        for check in checks:
            self._unloaded.setdefault(check.id, (check, ended, message[:300]))

    def tell_unloaded(self) -> None:
        """Record the checks that could not be loaded, those whose turn is ours: other workers have met them too."""
        while (name := self._hand_out(self._unloaded)) is not None:
            self._tell(*self._unloaded.pop(name))
        self._unloaded.clear()

    def _tell(self, check: Check, ended: str, message: str) -> None:
        record = {"check": check.id, "controls": list(check.controls), "ended": ended, "seconds": 0.0,
                  "message": message}
        self._recorder.append("check", record)
        self._emit("check_ended", record)

    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: object) -> pytest.Function | None:
        """A scenario is a check that plays it."""
        if not isinstance(obj, Scenario) or (str(Path(collector.path).resolve()), name) not in self._checks:
            return None

        def drive(lab: CheckLab) -> None:
            self._play(lab, obj)

        return pytest.Function.from_parent(collector, name=name, callobj=drive)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """One check after the other as it is handed out, until none of those loaded here is left."""
        loaded: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            loaded.setdefault(self._of(item)[0].id, []).append(item)
        while loaded and (name := self._hand_out(loaded)) is not None:
            items = loaded.pop(name)
            for item, following in zip(items, [*items[1:], session], strict=True):
                # What comes next is not known yet: of the fixtures only those of the session are kept.
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.shouldfail or session.shouldstop:
                    raise session.Interrupted(session.shouldfail or session.shouldstop)
        return True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Remember when the item began."""
        self._started[nodeid] = time.monotonic()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Turn what happened into the check's record; the first thing that went wrong counts."""
        outcome = yield
        report = outcome.get_result()  # type: ignore[attr-defined]
        check, name = self._of(item)
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
    if isinstance(error, EnvironmentFault):
        return {"ended": "stopped", "reason": "tool_unavailable", "message": error.line(), "exchanges": []}
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
                          # What nobody catches is printed anyway: to look for more walks through all objects, twice.
                          "-p", "no:unraisableexception",
                          "--continue-on-collection-errors", "-q", "--no-header", "--tb=short", "--capture=no",
                          *dict.fromkeys(str(Path(c.path).absolute()) for c in chosen)], plugin)
        if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
            plugin.broken(chosen, printed.getvalue()[before:])
        if code == pytest.ExitCode.INTERRUPTED:
            break
        plugin.tell_unloaded()
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
