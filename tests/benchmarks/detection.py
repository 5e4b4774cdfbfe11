"""In how many of N seeds do fuzzing and random play find each defect that they should? Slow: run it by name.

`python -m tests.benchmarks detection`; SEEDS and FAULTS (commas) in the environment narrow it. Without a defect
every seed must be green: the first line is the false alarms.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.sandbox import faults

EXPLORED = {"CONT-03", "MONEY-06"}


def main() -> None:
    """A line per defect: found in how many seeds, and the longest run in seconds."""
    seeds = range(1, 1 + int(os.environ.get("SEEDS", "20")))
    wanted = os.environ.get("FAULTS", "").split(",")
    named = [f for f in faults.catalogue().values()
             if EXPLORED & set(f.proves) and (wanted == [""] or f.name in wanted)]
    with ThreadPoolExecutor(2) as pool:
        for fault in [None, *named]:
            must = sorted(EXPLORED & set(fault.proves)) if fault else sorted(EXPLORED)
            name = fault.name if fault else "(healthy)"
            runs = list(pool.map(lambda seed, n=name, m=must: _run(n, m, seed), seeds))
            right = [seed for seed, (red, _) in zip(seeds, runs, strict=True) if red == bool(fault)]
            wrong = [str(s) for s in seeds if s not in right]
            print(f"detection: {name:<34} {len(right)} of {len(seeds)} seeds {'found' if fault else 'green'}, "
                  f"at most {max(t for _, t in runs):.0f} s{'; not: ' + ' '.join(wrong) if wrong else ''}", flush=True)


def _run(fault: str, controls: list[str], seed: int) -> tuple[bool, float]:
    """(all of the controls are red; without a defect: one is not green, seconds)."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "harness.cli.main", "--json", "--out", str(Path(folder) / "run"),
                   "--seed", str(seed), "--only", ",".join(controls), "--workers", "2"]
        command += [] if fault == "(healthy)" else ["--fault", fault]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    card = json.loads(done.stdout)
    rows = {r["control"]["id"]: r["finding"]["outcome"] for r in card["rows"]}
    driven = [r["control"]["id"] for r in card["rows"] if r["checks"] and r["counted"]]
    if fault == "(healthy)":
        return any(rows[c] != "pass" for c in driven), time.perf_counter() - began
    return all(rows[c] == "fail" for c in controls if c in driven), time.perf_counter() - began
