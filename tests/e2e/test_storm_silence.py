"""However a run ends in the midst of a storm, the target is left alone; and no storm is blown where none may be."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.engine.records import load_history
from harness.judges.registry import decide
from harness.model.claim import Claim
from harness.model.outcome import Outcome
from harness.model.profile import ContractProfile
from tests.e2e.test_signals import MARK, family, hear_ctrl_c, wait_until
from tests.e2e.till import SCENARIO, Till

LOAD = '[target.x.load]\nrounds_per_second = 30\nslo = ["p95 < 2s", "errors < 1%"]\n'
AT_MOST = 4.0
"""Seconds to silence, measured as 0.05 (`python -m tests.benchmarks storm_silence`); the storm takes a minute."""
QUIET = 1.5


@pytest.fixture
def till(serve):
    """An honest platform in memory; `.url`."""
    one = Till()
    one.url = serve(one.handler)
    return one


@pytest.fixture
def storm(tmp_path, till, config_text, canaries):
    """A run in the midst of its storm: (process, mark)."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "long.py").write_text(SCENARIO)
    (tmp_path / "certify.toml").write_text(config_text(till.url, extra=LOAD, load=True))
    mark = f"{tmp_path.name}-{os.getpid()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli.main", "--target", "x", "--scenarios", "mine", "--only", "mine/long.py"],
        cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, **canaries, MARK: mark}, start_new_session=True, preexec_fn=hear_ctrl_c)
    wait_until(lambda: len(till.came) > 60 or process.poll() is not None, 60)
    assert process.poll() is None, process.communicate()
    yield process, f"{MARK}={mark}"
    for pid in family(f"{MARK}={mark}"):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=10)


def silent(till, since):
    """Seconds after `since` at which the last call for a bet came; asserts that none comes any more."""
    last = till.came[-1]
    time.sleep(QUIET)
    assert till.came[-1] == last, "calls still come"
    return last - since


def judged_again(folder):
    (run,) = folder.glob("certify-runs/*")
    done = subprocess.run([sys.executable, "-m", "harness.cli.main", "judge", str(run), "--json"],
                          capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    history, _ = load_history(run, ContractProfile())
    assert [storm.result.complete for storm in history.storms] == [False]
    assert any(player.closed_by for player in history.players), "their balances were read after the storm"
    money = decide(history, Claim(id="c", check="c", control="MONEY-01", judge="conserved", says="", over=()))
    assert money.outcome is Outcome.INCONCLUSIVE, "what a storm moved that broke off is nobody's to accuse"
    return done.returncode, {r["control"]["id"]: r["finding"]["outcome"] for r in json.loads(done.stdout)["rows"]}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_storm_is_over_at_once(storm, till, tmp_path, how):
    process, mark = storm
    sent = time.monotonic()
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert silent(till, sent) < AT_MOST
    assert "certify judge" in err
    assert "Traceback" not in err
    wait_until(lambda: not family(mark))
    code, outcomes = judged_again(tmp_path)
    assert code == 3
    assert {outcomes[c] for c in ("LOAD-01", "LOAD-06", "MONEY-11")} == {"inconclusive"}


def test_a_storm_whose_harness_is_killed_is_over_at_once(storm, till, tmp_path):
    process, mark = storm
    assert any(b"locust_engine.process" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in family(mark))
    sent = time.monotonic()
    process.kill()
    process.communicate(timeout=60)
    wait_until(lambda: not family(mark))
    assert silent(till, sent) < AT_MOST
    code, outcomes = judged_again(tmp_path)
    assert code == 3
    assert {outcomes[c] for c in ("LOAD-01", "LOAD-06", "MONEY-11")} == {"inconclusive"}


def test_a_storm_whose_worker_is_killed_is_over_at_once(storm, till):
    process, mark = storm
    worker = next(pid for pid in family(mark) if b"cli.worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
    sent = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == 3
    wait_until(lambda: not family(mark))
    assert silent(till, sent) < AT_MOST


def test_a_target_that_suffers_is_spared_the_rest_of_the_storm(certify, config_text, till):
    till.refuses_from = 120
    (certify.folder / "mine").mkdir()
    (certify.folder / "mine" / "long.py").write_text(SCENARIO)
    spared = LOAD + 'abort = ["errors < 20%"]\nabort_after_seconds = 1\n'
    began = time.monotonic()
    done = certify("--target", "x", "--scenarios", "mine", "--only", "mine/long.py", "--json",
                   text=config_text(till.url, extra=spared, load=True))
    assert time.monotonic() - began < 50, "a storm of a minute"
    assert done.returncode == 1, done.stderr
    rows = {r["control"]["id"]: r["finding"] for r in json.loads(done.stdout)["rows"]}
    assert rows["LOAD-01"]["outcome"] == rows["LOAD-02"]["outcome"] == "fail"
    assert "errors < 1% was missed so far that the storm was stopped: errors < 20%: " in rows["LOAD-01"]["message"]
    assert (rows["LOAD-06"]["outcome"], rows["LOAD-06"]["reason"]) == ("inconclusive", "aborted")
    assert rows["MONEY-11"]["outcome"] in ("pass", "inconclusive"), "many ends are unclear after 500s"


@pytest.mark.parametrize(("theirs", "ours", "code", "says"), [
    (True, "false", 2, "it does not say `sandbox = true`"), (False, "true", 4, "not `sandbox: true`")])
def test_no_storm_is_blown_at_what_is_not_a_sandbox(certify, config_text, serve, theirs, ours, code, says):
    till = Till(sandbox=theirs)
    text = config_text(serve(till.handler), extra=LOAD, load=True).replace("sandbox = true", f"sandbox = {ours}")
    done = certify("--target", "x", "--only", "LOAD", text=text)
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert done.returncode == code
    assert says in line
    assert "sandbox" in line.partition(says)[2], "the remedy"
    assert till.came == []
