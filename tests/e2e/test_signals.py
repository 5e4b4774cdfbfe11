"""No harm left behind: whichever way a run ends, its processes end with it and what was recorded can be read."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MARK = "CERTIFY_TEST_RUN"


def family(mark):
    """Processes that carry this run's mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and b"\0" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def hear_ctrl_c():
    """A job in the background of a shell is started deaf to Ctrl-C; ours must hear it wherever the tests run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "gave up waiting"
        time.sleep(0.05)


@pytest.fixture
def run_in_progress(tmp_path):
    """`certify --target sandbox` in the midst of its checks: (process, journal, mark)."""
    mark = f"{MARK}={tmp_path.name}-{os.getpid()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", "--target", "sandbox", "--budget", "quick"],
        cwd=tmp_path, text=True,
        env={**os.environ, MARK: mark.partition("=")[2]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=hear_ctrl_c)

    def under_way():
        journals = list(tmp_path.glob("certify-runs/*/journal.jsonl"))
        return journals and journals[0].stat().st_size > 500_000

    wait_until(under_way)
    (journal,) = tmp_path.glob("certify-runs/*/journal.jsonl")
    yield process, journal, mark
    for pid in family(mark):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=10)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("whom", ["process", "group"])
def test_an_interrupted_run_cleans_up_and_says_so(run_in_progress, how, whom):
    process, journal, mark = run_in_progress
    assert len(family(mark)) > 3, "the run has workers and a platform"
    (os.kill if whom == "process" else os.killpg)(process.pid, how)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "interrupted" in err
    assert "certify judge" in err
    wait_until(lambda: not family(mark))
    judged = subprocess.run([sys.executable, "-m", "harness.cli.main", "judge", str(journal.parent)],
                            capture_output=True, text=True, timeout=60)
    assert judged.returncode in (1, 3)
    assert "Traceback" not in judged.stderr
    assert (journal.parent / "report.html").exists(), "an interrupted run gets its reports when it is judged"


def test_a_killed_run_takes_its_platform_with_it(run_in_progress):
    process, journal, mark = run_in_progress
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: not family(mark))
    judged = subprocess.run([sys.executable, "-m", "harness.cli.main", "judge", str(journal.parent)],
                            capture_output=True, text=True, timeout=60)
    assert judged.returncode in (1, 3, 4), "4: workers may have seen their platform go"
    assert "Traceback" not in judged.stderr


def test_a_killed_worker_makes_its_checks_unclear_never_green(run_in_progress):
    process, _, mark = run_in_progress
    worker = next(pid for pid in family(mark)
                  if b"harness.cli.worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=300)  # the rest of a whole run, beside other tests
    assert process.returncode == 3
    assert "Traceback" not in out + err
    wait_until(lambda: not family(mark))
