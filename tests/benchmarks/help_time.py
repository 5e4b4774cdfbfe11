"""How long `certify --help` takes, beside an empty Python start in the same run."""

import statistics
import subprocess
import sys
import time

ROUNDS = 11


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Interleaved; minimum, median, maximum in milliseconds."""
    ours, peer = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds([sys.executable, "-m", "harness.cli.main", "--help"]))
        peer.append(_seconds([sys.executable, "-c", "pass"]))
    for name, times in (("certify --help", ours), ("python -c pass", peer)):
        low, middle, high = (round(1000 * f(times)) for f in (min, statistics.median, max))
        print(f"{name:<16} {low} / {middle} / {high} ms (min/median/max of {ROUNDS})")
