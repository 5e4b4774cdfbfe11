"""How long a whole run against the built-in sandbox takes, and where the time goes."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3


def main() -> None:
    """Wall clock in seconds, the phases of the last run, exchanges per second."""
    times = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            done = subprocess.run([sys.executable, "-m", "harness.cli.main", "--json", "--out",
                                   str(Path(folder) / "run")], capture_output=True, text=True, check=False)
            times.append(time.perf_counter() - began)
            card = json.loads(done.stdout)
    run = card["run"]
    print(f"run: {min(times):.1f} / {statistics.median(times):.1f} / {max(times):.1f} s (min/median/max of {ROUNDS}); "
          f"verdict {card['verdict']}, {run['exchanges']} exchanges")
    print("phases: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in run["timings"].items()))
