"""Suites on disk, and the worker pool over them, without a subject."""

from types import SimpleNamespace

import pytest

from harness.content.suites import find_checks
from harness.content.targets import target_to_dict
from harness.drivers import worker_pool
from harness.drivers.worker_pool import WorkerPool
from harness.model.profile import Credential, Target

HEAD = "import os\nimport sys\nimport time\n\nimport pytest\n{0}\n\n"
CHECK = '@pytest.mark.certifies("{control}"{marker})\ndef test_{name}(lab):\n    """x"""\n    {body}\n\n\n'


@pytest.fixture
def suite(tmp_path):
    """suite("ours/test_a.py", one="pass", head="import x") writes a file of checks; returns the folder of suites."""
    def write(file, *, head="", marker="", tail="", control="TIME-08", **checks):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        bodies = (CHECK.format(name=n, body=b, marker=marker, control=control) for n, b in checks.items())
        path.write_text(HEAD.format(head) + "".join(bodies) + tail)
        return tmp_path / file.partition("/")[0]

    return write


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """pool(folder, workers=2) drives its checks; .ended, .notes, .processes tell what came.

    `until`: the time limit of the run is reached when that check has begun.
    `orphaned_in`: the worker's pipe ends then, as it does when the run is killed. `pick`: checks -> those of the plan.
    """
    def drive(*folders, workers=2, until="", orphaned_in="", polite=10.0, pick=list):
        monkeypatch.setattr(worker_pool, "_ENDING_SECONDS", polite)
        run = tmp_path / "run"
        run.mkdir()
        (run / "contract.json").write_text('{"openapi": {}, "unified": {}}')
        target = Target(name="x", base_url="http://127.0.0.1:9", sandbox=True, hosts=("127.0.0.1:9",),
                        credentials={"provider": Credential(client_id="a", secret="canary-5f0c9e1d7a")})
        payload = {"run": str(run), "target": target_to_dict(target), "seed": 1, "epoch": "e", "redaction_key": "00",
                   "budget": "quick", "fuzz_settings": {}}
        made = WorkerPool(run, payload, workers=workers, limit_seconds=60)
        processes, events, start = [], [], made._start
        monkeypatch.setattr(made, "_start", lambda *a: processes.append(start(*a)) or processes[-1])

        def hear(event, record):
            events.append((event, record))
            if until and event == "check_started" and record["check"].endswith(f"test_{until}"):
                made._deadline = 0.0
            if orphaned_in and event == "check_started" and record["check"].endswith(f"test_{orphaned_in}"):
                processes[-1].stdin.close()

        notes = made.drive(pick(find_checks(folders)), hear)
        ended = {r["check"].rpartition("test_")[2]: r["ended"] for e, r in events if e == "check_ended"}
        return SimpleNamespace(notes=notes, events=events, ended=ended, processes=processes, run=run)

    return drive
