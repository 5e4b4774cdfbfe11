"""Suites on disk, and the worker pool over them, without a subject."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
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


@pytest.fixture(scope="module", params=["built-in", "toxiproxy-server"])
def toxiproxy_url(request):
    """Where a server of its own listens: ours, and the real one where it is on PATH."""
    if request.param == "built-in":
        command = [sys.executable, "-m", "harness.drivers.fault_proxy", "--port", "0", "--seed", "1"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        url = json.loads(process.stdout.readline())["url"]
    else:
        program = shutil.which("toxiproxy-server")
        if program is None:
            (pytest.fail if os.environ.get("CERTIFY_REQUIRE_TOOLS") else pytest.skip)("no toxiproxy-server on PATH")
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen([program, "-host", "127.0.0.1", "-port", str(port)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=process.stdout.read, daemon=True).start()
        url = f"http://127.0.0.1:{port}"
        while process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
    yield url
    process.terminate()
    process.wait(20)
    process.stdin.close()
    process.stdout.close()


@pytest.fixture(scope="module")
def echo():
    """`host:port` of a server that sends back what comes, and ends with its peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve(peer):
            with peer, suppress(OSError):
                while data := peer.recv(1 << 16):
                    peer.sendall(data)

        def accept():
            with suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    threading.Thread(target=serve, args=(peer,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield "{}:{}".format(*server.getsockname())
