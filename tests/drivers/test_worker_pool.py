"""Worker processes: whatever a check does to its own, the others count, nothing is left running, nothing leaks."""

import os
import re
import subprocess
import sys

import pytest

from harness.drivers import worker_pool
from harness.drivers.worker_pool import WorkerPool
from harness.engine.records import load_history
from harness.engine.scoring import _ending
from harness.model.errors import HarnessFault
from harness.model.outcome import Outcome, Owner, Reason
from harness.model.plan import Check
from harness.model.profile import ContractProfile


def finding_of(pool, name):
    """What scoring makes of how the check ended."""
    history, _ = load_history(pool.run, ContractProfile())
    (record,) = [r for r in history.checks if r.check.endswith(f"test_{name}")]
    return _ending(record, claims=1)


def all_gone(pool):
    return all(p.poll() is not None for p in pool.processes)


def test_a_worker_that_dies_leaves_its_check_unclear_and_its_neighbours_counted(suite, pool):
    folder = suite("ours/test_a.py", dies="os._exit(9)", after="pass")
    suite("ours/test_b.py", lives="pass")
    done = pool(folder)
    assert done.ended == {"after": "finished", "lives": "finished"}, "the other worker took what was left"
    assert len(done.notes) == 1
    assert re.fullmatch(r"worker w[12] ended with 9: see its log", done.notes[0])
    finding = finding_of(done, "dies")
    assert (finding.outcome, finding.reason, finding.owner) == (Outcome.INCONCLUSIVE, Reason.INTERRUPTED, Owner.HARNESS)
    assert all_gone(done)


def test_a_worker_killed_by_a_signal_is_noted(suite, pool):
    done = pool(suite("ours/test_a.py", dies="os.kill(os.getpid(), 9)"))
    assert done.notes == ["worker w1 ended with -9: see its log"]
    assert finding_of(done, "dies").outcome is Outcome.INCONCLUSIVE


def test_a_check_that_hangs_is_stopped_at_the_limit_and_what_was_done_stays_done(suite, pool):
    folder = suite("ours/test_a.py", quick="pass", slow="time.sleep(600)")
    done = pool(folder, workers=1, until="slow")
    assert done.notes == ["time limit of the run reached: remaining checks were stopped"]
    assert done.ended == {"quick": "finished"}
    assert finding_of(done, "slow").reason is Reason.INTERRUPTED
    assert all_gone(done)
    assert done.processes[0].returncode == 0, "it ended by itself, so that it could undo what it registered"


def test_a_worker_that_did_not_hear_is_asked_again(tmp_path):
    hears = tmp_path / "hears"
    program = ("import pathlib, signal, sys\nheard = []\nsignal.signal(signal.SIGTERM, lambda *_: heard.append(1))\n"
               f"pathlib.Path({str(hears)!r}).write_text('')\nwhile len(heard) < 3:\n    signal.pause()\nsys.exit(7)")
    pool = WorkerPool(tmp_path, {}, workers=1, limit_seconds=30)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        pool._running.append(process)
        while not hears.exists():
            assert process.poll() is None
        pool.stop()
        assert process.returncode == 7


def test_a_worker_whose_run_was_killed_ends_in_the_midst_of_a_check(suite, pool):
    done = pool(suite("ours/test_a.py", slow="time.sleep(600)", next="pass"), workers=1, orphaned_in="slow")
    assert done.processes[0].returncode == 0, "by itself, so that it could undo what it registered"
    assert done.ended == {}, "nothing is driven for nobody"
    assert finding_of(done, "slow").reason is Reason.INTERRUPTED


def test_a_check_that_will_not_be_stopped_is_killed(suite, pool):
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)"
    done = pool(suite("ours/test_a.py", head=deaf, stubborn="time.sleep(600)"), until="stubborn", polite=0.3)
    assert done.processes[0].returncode == -9
    assert finding_of(done, "stubborn").outcome is Outcome.INCONCLUSIVE


def test_what_suites_write_on_stdout_is_no_event(suite, pool):
    writes = "os.write(1, b'{\"event\": \"check_ended\"}\\n{half\\n\\xff\\n{')"
    done = pool(suite("ours/test_a.py", writes=writes))
    assert (done.notes, done.ended) == ([], {"writes": "finished"})


def test_a_process_that_outlives_its_check_does_not_keep_the_run_waiting(suite, pool):
    left = "import subprocess; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    done = pool(suite("ours/test_a.py", left=left))
    assert (done.notes, done.ended) == ([], {"left": "finished"})
    log = (done.run / "worker-w1.log").read_text()
    os.kill(int(log.split()[0]), 9)


def test_a_torn_event_line_of_a_killed_worker_is_skipped():
    assert worker_pool._record('{"event": "check_st') == {}
    assert worker_pool._record('[1]') == {}
    assert worker_pool._record('{"event": "note", "text": "x"}\n') == {"event": "note", "text": "x"}


def test_exclusive_checks_run_alone_and_last(suite, pool):
    suite("ours/test_a.py", marker=', isolation="exclusive"', alone="pass", alone_too="pass")
    done = pool(suite("ours/test_b.py", one="time.sleep(0.05)", two="pass", three="pass"), workers=3)
    order = [(e, r["check"].rpartition("test_")[2]) for e, r in done.events]
    assert set(done.ended) == {"one", "two", "three", "alone", "alone_too"}
    assert [name for _, name in order[-4:]] == ["alone", "alone", "alone_too", "alone_too"]
    assert len(done.processes) == 4


@pytest.mark.parametrize(("lines", "workers"), [(3, ["m1", "w1", "w2", "x1", "c1"]), (1, ["w1", "w2", "x1", "c1"])])
def test_what_is_on_lines_comes_last_and_what_takes_long_runs_aside_where_there_are_several(
        tmp_path, monkeypatch, lines, workers):
    """Only which workers are started, and in which order; what they do is told elsewhere."""
    started, told = [], []

    def drive(self, checks, count, prefix, on_event):
        started.extend((f"{prefix}{n + 1}", [c.id for c in checks]) for n in range(count))
        return [prefix] if checks else []

    monkeypatch.setattr(WorkerPool, "_drive", drive)
    checks = [Check(id=isolation + str(n), path="", controls=("X-01",), isolation=isolation)
              for isolation, many in (("shared", 2), ("line", 1), ("aside", 1), ("exclusive", 2)) for n in range(many)]
    pool = WorkerPool(tmp_path, {}, workers=2, limit_seconds=9, lines=lines)
    notes = pool.drive(checks, lambda *_: told.append(1))
    assert sorted(name for name, _ in started) == sorted(workers)
    assert [name for name, _ in started if name != "m1"] == [name for name in workers if name != "m1"]
    assert sorted(notes) == sorted({name[0] for name in workers})
    assert dict(started)["c1"] == (["line0"] if lines > 1 else ["line0", "aside0"])


@pytest.mark.parametrize("workers", [1, 16])
def test_never_more_workers_than_checks_and_each_check_once(suite, pool, workers):
    done = pool(suite("ours/test_a.py", a="pass", b="pass"), workers=workers)
    assert len(done.processes) == min(workers, 2)
    assert sorted(r["check"] for e, r in done.events if e == "check_ended") == [
        "test_a.py::test_a", "test_a.py::test_b"]


def test_a_secret_goes_through_the_pipe_only(suite, pool):
    shows = "print('canary-5f0c9e1d7a'); assert not [v for v in [*os.environ.values(), *sys.argv] if 'canary-5' in v]"
    done = pool(suite("ours/test_a.py", shows=shows))
    assert done.ended == {"shows": "finished"}
    assert "redacted-" in (done.run / "worker-w1.log").read_text()
    assert not [p for p in done.run.iterdir() if "canary-5f0c9e1d7a" in p.read_text()]


def test_a_worker_that_cannot_be_started_takes_none_along(tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen

    def one_only(command, **options):
        if started:
            raise OSError(11, "Resource temporarily unavailable")
        started.append(real([sys.executable, "-c", "import sys, time; sys.stdin.read(); time.sleep(600)"], **options))
        return started[0]

    monkeypatch.setattr(worker_pool.subprocess, "Popen", one_only)
    checks = [Check(id=f"test_a.py::test_{n}", path="/x/test_a.py", controls=("X-01",)) for n in "ab"]
    with pytest.raises(HarnessFault, match=r"worker w2.*Resource temporarily unavailable"):
        WorkerPool(tmp_path, {}, workers=2, limit_seconds=30).drive(checks, lambda *_: None)
    assert started[0].wait(10) != 0


def test_a_listener_that_fails_ends_the_workers(suite, tmp_path, pool, monkeypatch):
    folder = suite("ours/test_a.py", slow="time.sleep(600)")
    running = []
    stop = WorkerPool.stop
    monkeypatch.setattr(WorkerPool, "stop", lambda self: running.extend(self._running) or stop(self))
    monkeypatch.setattr(worker_pool, "_record", lambda _: {"event": "note"})  # a note without its text
    with pytest.raises(KeyError):
        pool(folder)
    assert [p.poll() is not None for p in running] == [True]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_bytecode_is_kept_in_a_cache_elsewhere_and_never_beside_a_suite(suite, tmp_path, pool, monkeypatch, elsewhere):
    cache = tmp_path / "cache"
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    if elsewhere:
        monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(cache))
    folder = suite("ours/test_a.py", alive="pass")
    assert pool(folder).ended == {"alive": "finished"}
    assert not list(folder.rglob("*.pyc"))
    assert bool(list(cache.rglob("test_a.*.pyc"))) == elsewhere
