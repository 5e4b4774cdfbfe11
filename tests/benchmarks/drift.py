"""How long it takes to read and compare OpenAPI documents of a megabyte and 500 operations, and what it holds.

The documents are generated, see `drift_profiles`. Times are CPU seconds of this process, so that a busy machine does
not change them much; `python -m tests.benchmarks drift` prints them.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import yaml

from harness.drift.document import read_document
from harness.drift.openapi.compare import compare_openapi
from tests.benchmarks.drift_documents import OPERATIONS, generated
from tests.benchmarks.drift_profiles import profiles

ROUNDS = 3


def main() -> None:
    """Lines on reading, on one comparison for each profile, and on memory."""
    old = generated()
    text = json.dumps(old, indent=1).encode()
    spelled = yaml.dump(old, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False).encode()
    for name, given in (("old.json", text), ("old.yaml", spelled)):
        seconds = _median(lambda name=name, given=given: read_document(given, file=name))
        print(f"drift: {name} of {len(given) / 1e6:.1f} MB is read in {seconds:.2f} s")
    for what, (before, after) in profiles().items():
        pair = (json.dumps(before, indent=1).encode(), json.dumps(after, indent=1).encode())
        print(f"drift: {line(what, *pair)}; the whole command {whole_command(*pair):.2f} s")
    tracemalloc.start()
    compare_openapi(read_document(text, file="old.json"), read_document(spelled, file="old.yaml"))
    print(f"drift: reading both and comparing them holds {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB at most")
    tracemalloc.stop()


def line(what: str, before: bytes, after: bytes) -> str:
    """What one comparison cost, and what it found."""
    old, new = read_document(before, file="old.json"), read_document(after, file="new.json")
    began = time.process_time()
    found = compare_openapi(old, new)
    seconds = time.process_time() - began
    verdict = found.verdict.value if found.verdict else "no change"
    unproved = "; ".join(one for one in found.notes if "proof" in one)
    return (f"{OPERATIONS} operations, {len(before) / 1e6:.1f} MB, {what}: {seconds:.2f} s, "
            f"{len(found.changes)} changes, {verdict}" + (f" ({unproved})" if unproved else ""))


def whole_command(before: bytes, after: bytes) -> float:
    """CPU seconds of `certify drift` on the pair, start and report included."""
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.json"), Path(folder, "new.json")
        old.write_bytes(before)
        new.write_bytes(after)
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-m", "harness.cli.main", "drift", str(old), str(new), "--report",
                               "json"], stdout=subprocess.DEVNULL, check=False)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"certify drift ended with {done.returncode}")
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def _median(call):
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        call()
        took.append(time.process_time() - began)
    return statistics.median(took)


if __name__ == "__main__":
    main()
