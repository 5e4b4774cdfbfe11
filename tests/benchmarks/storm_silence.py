"""How long calls still reach a target once the run that storms it is told to end, or is killed."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.conftest import CANARIES, config
from tests.e2e.till import SCENARIO, Till
from tests.support import serving

ROUNDS = 3
RATE = 100
QUIET = 2.0
LOAD = f'[target.x.load]\nrounds_per_second = {RATE}\nslo = ["p95 < 2s"]\n'


def main() -> None:
    """A line for each way to end a run."""
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        found = [_silent_after(how) for _ in range(ROUNDS)]
        print(f"storm_silence: {how.name} to the run, {RATE} rounds/s: the last call comes "
              f"{statistics.median(found):.2f} s [{min(found):.2f}-{max(found):.2f}] later")


def _silent_after(how):
    till = Till()
    with serving() as serve, tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        (where / "mine").mkdir()
        (where / "mine" / "long.py").write_text(SCENARIO)
        (where / "certify.toml").write_text(config(serve(till.handler), extra=LOAD, load=True))
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", "--target", "x", "--scenarios", "mine",
             "--only", "mine/long.py"], cwd=where, env={**os.environ, **CANARIES}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        while len(till.came) < 4 * RATE:
            time.sleep(0.02)
            if process.poll() is not None:
                raise SystemExit(f"the run ended with {process.returncode}")
        told = time.monotonic()
        process.send_signal(how)
        process.wait()
        while time.monotonic() - till.came[-1] < QUIET:
            time.sleep(0.1)
        return till.came[-1] - told
