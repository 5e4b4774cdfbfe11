"""How long a whole run against the built-in sandbox takes, where the time goes, and what it needs."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3


def main() -> None:
    """Wall clock in seconds, phases of the last run, processor time of all its processes, memory of the largest."""
    times = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            done = subprocess.run([sys.executable, "-m", "harness.cli.main", "--json", "--out",
                                   str(Path(folder) / "run")], capture_output=True, text=True, check=False)
            times.append(time.perf_counter() - began)
            card = json.loads(done.stdout)
    run, after = card["run"], resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / ROUNDS
    print(f"run: {min(times):.1f} / {statistics.median(times):.1f} / {max(times):.1f} s (min/median/max of {ROUNDS}); "
          f"verdict {card['verdict']}, {run['exchanges']} exchanges")
    print("phases: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in run["timings"].items()))
    print(f"processor: {processor:.1f} CPU-s a run, all processes; "
          f"memory: {after.ru_maxrss / 1024:.0f} MiB, the largest of them")
