"""Trials run as processes of their own, and none goes on when all are told to end."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.cli.trial_runs import TrialRuns

_WAITS = """
import signal, sys, threading
told = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: told.set())
open(sys.argv[1], "w").close()
told.wait(60)
print("cleaned up")
"""


def test_what_was_printed_comes_back() -> None:
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    done = TrialRuns().run([sys.executable, "-c", program], within=60)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_all_that_run_are_told_to_end_and_none_begins_afterwards(tmp_path: Path) -> None:
    runs = TrialRuns()
    begun = [tmp_path / "first", tmp_path / "second"]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(runs.run, [sys.executable, "-c", _WAITS, str(mark)], within=60) for mark in begun]
        seen = threading.Event()
        for _ in range(600):
            if all(mark.exists() for mark in begun) or seen.wait(0.1):
                break
        runs.end()
        assert [one.result(30).stdout for one in waiting] == ["cleaned up\n"] * 2
    assert "not begun" in runs.run([sys.executable, "-c", "print('begun')"], within=60).stderr


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        TrialRuns().run([sys.executable, "-c", _WAITS, str(tmp_path / "mark")], within=2)


def test_bytecode_is_shared_while_the_runs_last_and_gone_afterwards(monkeypatch: pytest.MonkeyPatch,
                                                                    tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "imported.py").write_text("")
    command = [sys.executable, "-c", "import imported, sys; print(sys.pycache_prefix); print(imported.__cached__)"]
    with TrialRuns() as runs:
        folder, compiled = runs.run(command, within=60).stdout.splitlines()
        assert Path(compiled).is_relative_to(folder)
        assert Path(compiled).exists()
        assert runs.run(command, within=60).stdout.splitlines()[0] == folder
    assert not Path(folder).exists()
    assert not (tmp_path / "__pycache__").exists()
