"""oasdiff beside `certify drift` on the same pairs of OpenAPI documents: right answers and time, as a table.

The pairs are the labelled open cases (from oasdiff's own tests, and traps) and a generated document of 500 operations.
oasdiff answers by `changelog -f json`, with its default levels: any ERR is breaking; the second column of its answers
counts WARN as breaking, too. Ours counts unsure as breaking, as it fails. A document that a tool refuses is a wrong
answer of it. Pairs whose verdict depends on the day are left out: oasdiff knows no day but today. Both are run as
commands, one after the other; seconds are of processor time, with what it takes to start them, so that other work on
the machine counts little. It needs `oasdiff` on PATH.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.benchmarks.drift_documents import edited, generated
from tests.drift.scores import CASES, manifest

ROUNDS = 3
_ERR, _WARN = 3, 2
_CERTIFY = [sys.executable, "-P", "-m", "harness.cli.main", "drift", "--report", "json"]
_BREAKS = {"breaking", "unsure"}


def main() -> None:
    """Two tables: right answers by set and tier, and seconds of processor time."""
    oasdiff = shutil.which("oasdiff")
    if oasdiff is None:
        print("oasdiff: not on PATH; `go install github.com/oasdiff/oasdiff@latest` puts it into GOBIN")
        return
    print(f"oasdiff: {_version(oasdiff)}")
    if CASES.is_dir():
        _answers(oasdiff)
    else:
        print("oasdiff: the labelled cases of shared/data are not here")
    _seconds(oasdiff)


def _version(oasdiff):
    said = subprocess.run([oasdiff, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if go := shutil.which("go"):  # `go install` leaves "main" in place of the number
        told = subprocess.run([go, "version", "-m", oasdiff], capture_output=True, text=True, check=False).stdout
        module = next((line.split() for line in told.splitlines() if line.split()[:1] == ["mod"]), None)
        return f"{module[1]} {module[2]}" if module else said
    return said


def _answers(oasdiff):
    right, count, took = defaultdict(lambda: defaultdict(int)), defaultdict(int), defaultdict(list)
    missed, alarmed, refused = defaultdict(int), defaultdict(int), defaultdict(int)
    for name in ("openapi", "openapi-traps"):
        cases, folder = manifest(name)
        for case in cases:
            if case.get("time_dependent"):
                continue
            tier = f"{name} {case['tier']}" if "tier" in case else name
            pair = [str(folder / case[key]) for key in ("base", "revision")]
            count[tier] += 1
            levels, seconds = _oasdiff(oasdiff, pair)
            took["oasdiff"].append(seconds)
            ours, seconds = _certify(pair)
            took["certify"].append(seconds)
            said = {"certify": ours, "ERR": _verdict(levels, _ERR), "WARN": _verdict(levels, _WARN)}
            for who, verdict in said.items():
                label = case.get("policy_expected", case["expected"])
                right[tier][who] += verdict == label
                right[tier][f"{who} by its labels"] += verdict == case["expected"]
                missed[who] += label == "breaking" and verdict == "non-breaking"
                alarmed[who] += label == "non-breaking" and verdict == "breaking"
                refused[who] += verdict == "refused"
    print("| pairs | | certify | oasdiff, ERR | oasdiff, ERR and WARN |\n|---|---|---|---|---|")
    for tier, cases in count.items():
        for labels, suffix in (("our policy", ""), ("oasdiff's own labels", " by its labels")):
            if tier == "openapi-traps" and suffix:
                continue
            cells = [f"{right[tier][who + suffix]} of {cases}" for who in ("certify", "ERR", "WARN")]
            print(f"| {tier} | {labels} | {' | '.join(cells)} |")
    for what, counted in (("breaks missed", missed), ("false alarms", alarmed), ("pairs refused", refused)):
        print(f"| all | {what} | {' | '.join(str(counted[who]) for who in ('certify', 'ERR', 'WARN'))} |")
    medians = {who: f"{1000 * statistics.median(seconds):.0f} ms" for who, seconds in took.items()}
    print(f"| all | processor time, median of a pair | {medians['certify']} | {medians['oasdiff']} | |")


def _verdict(levels, least):
    return "refused" if levels is None else "breaking" if max(levels, default=0) >= least else "non-breaking"


def _oasdiff(program, pair):
    """Levels of all changes (None: it refused), and seconds."""
    done, seconds = _run([program, "changelog", "-f", "json", *pair])
    if done.returncode > 1:
        return None, seconds
    try:
        return [change["level"] for change in json.loads(done.stdout or "[]") or []], seconds
    except ValueError:
        return ([] if "No changes" in done.stdout else None), seconds


def _certify(pair):
    """The verdict on the changes, and seconds; what is said of version numbers is another question."""
    done, seconds = _run([*_CERTIFY, *pair])
    if done.returncode not in (0, 1):
        return "refused", seconds
    return ("breaking" if json.loads(done.stdout)["verdict"] in _BREAKS else "non-breaking"), seconds


def _run(command):
    """What came of a command, and the processor time that it took, starting included."""
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    return done, after.children_user + after.children_system - before.children_user - before.children_system


def _seconds(oasdiff):
    old = generated()
    print("| 500 operations and | certify | | oasdiff | |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for what, new in (("itself", old), ("a few edits", edited(old, 10)), ("every schema edited", edited(old, 1))):
            pair = [str(Path(folder) / name) for name in ("old.json", "new.json")]
            for path, document in zip(pair, (old, new), strict=True):
                Path(path).write_text(json.dumps(document), encoding="utf-8")
            figures = []
            for ask in (_certify, lambda pair: _oasdiff(oasdiff, pair)):
                took = [ask(pair) for _ in range(ROUNDS)]
                said = took[0][0]
                told = said if isinstance(said, str) else _verdict(said, _ERR) + f", {len(said or ())} entries"
                figures += [f"{statistics.median(seconds for _, seconds in took):.2f} s", told]
            print(f"| {what} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
