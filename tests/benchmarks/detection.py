"""In how many of N seeds do fuzzing and random play find each defect that they should? Slow: run it by name.

`python -m tests.benchmarks detection`; SEEDS and FAULTS (commas) in the environment narrow it. Without a defect
every seed must be green: the first line is the false alarms. The defects at odd inputs sit in different operations,
or show in different ways: they are planted together, and each must be named.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.sandbox import faults

EXPLORED = {"CONT-03", "MONEY-06"}
AT_ODD_INPUTS = {
    "long-trace-crashes": "getBonus: .*server error", "long-reason-crashes": "rollbackBet: .*server error",
    "missing-round-crashes": "settleBet: .*server error", "text-amounts-accepted": "settleBet: .*invalid data accepted",
    "negative-freespins-accepted": "issueBonus: .*invalid data accepted",
    "event-type-unchecked": "publishEvent: .*invalid data accepted",
    "limit-unbounded": "listPlayerTransactions: .*invalid data accepted",
    "spins-left-as-text": "consumeBonus: .*contract broken",
    "refused-settle-pays": "settleBet answered 4.* moved the player's money"}
"""By fault what some finding of CONT-03 says of it."""


def main() -> None:
    """A line per defect: found in how many seeds, and the longest run in seconds."""
    seeds = range(1, 1 + int(os.environ.get("SEEDS", "20")))
    chosen = [f for f in os.environ.get("FAULTS", "").split(",") if f]
    named = [f.name for f in faults.catalogue().values() if EXPLORED & set(f.proves) and f.name in (chosen or [f.name])]
    with ThreadPoolExecutor(2) as pool:
        if not chosen or "healthy" in chosen:
            runs = list(pool.map(lambda seed: _run("", sorted(EXPLORED), seed), seeds))
            _tell("(healthy)", [not found for found, _ in runs], [seconds for _, seconds in runs])
        if together := [name for name in named if name in AT_ODD_INPUTS]:
            runs = list(pool.map(lambda seed: _run(",".join(together), ["CONT-03"], seed), seeds))
            for name in together:
                _tell(name, [any(re.search(AT_ODD_INPUTS[name], m) for m in found) for found, _ in runs],
                      [seconds for _, seconds in runs])
        for name in (name for name in named if name not in AT_ODD_INPUTS):
            runs = list(pool.map(lambda seed, n=name: _run(n, ["MONEY-06"], seed), seeds))
            _tell(name, [bool(found) for found, _ in runs], [seconds for _, seconds in runs])


def _tell(name: str, right: list[bool], seconds: list[float]) -> None:
    wrong = [str(seed) for seed, good in enumerate(right, start=1) if not good]
    print(f"detection: {name:<34} {sum(right)} of {len(right)} seeds {'found' if name[0] != '(' else 'green'}, at most "
          f"{max(seconds):.0f} s{'; not: ' + ' '.join(wrong) if wrong else ''}", flush=True)


def _run(fault: str, controls: list[str], seed: int) -> tuple[list[str], float]:
    """(what the claims of the controls that do not hold say, seconds)."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "harness.cli.main", "--json", "--out", str(Path(folder) / "run"),
                   "--seed", str(seed), "--only", ",".join(controls), "--workers", "2"]
        command += ["--fault", fault] if fault else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    rows = [r for r in json.loads(done.stdout)["rows"] if r["control"]["id"] in controls]
    bad = ("fail",) if fault else ("fail", "inconclusive", "error")
    said = [r["finding"]["message"] for r in rows if r["finding"]["outcome"] in bad]
    said += [c["finding"]["message"] for r in rows for c in r["claims"] if c["finding"]["outcome"] in bad]
    return said, time.perf_counter() - began


if __name__ == "__main__":
    main()
