"""The supervisor: what it starts it also ends, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.sandbox.settings import default_settings, settings_from_json
from harness.sandbox.supervisor import SandboxFailed, SandboxOptions, start_sandbox

PROGRAM = """
import sys, time
from harness.sandbox.supervisor import start_sandbox
running = start_sandbox()
print(running.platform_pid, running._wallet.pid, running.settings.scratch, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def gone(pids: list[int], scratch: Path, seconds: float = 6.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(map(alive, pids)) and not scratch.exists():
            return True
        time.sleep(0.05)
    return False


def hear_ctrl_c() -> None:
    """A job in the background of a shell is started deaf to Ctrl-C; ours must hear it wherever the tests run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_children_and_files_end_with_their_parent(how: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, preexec_fn=hear_ctrl_c)
    assert parent.stdout is not None
    with parent.stdout:
        platform, wallet, scratch = parent.stdout.readline().split()
        assert alive(int(platform))
        parent.send_signal(how)
        parent.wait(10)
    assert gone([int(platform), int(wallet)], Path(scratch))


def test_stop_ends_everything_and_may_be_repeated() -> None:
    running = start_sandbox()
    pids = [running.platform_pid, running._wallet.pid]  # type: ignore[union-attr]
    began = time.monotonic()
    running.stop()
    running.stop()
    assert time.monotonic() - began < 3
    assert gone([pid for pid in pids if pid], Path(running.settings.scratch), 1)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.platform_url}/healthz")


def test_start_is_quick() -> None:
    began = time.monotonic()
    with start_sandbox() as running:
        took = time.monotonic() - began
        assert httpx.get(f"{running.platform_url}/readyz").json()["status"] == "ok"
    assert took < 4  # 0.6 s alone; room for a busy machine


def test_wallet_comes_back_too(start: Any) -> None:
    partner = start()
    player = partner.player()
    session = partner.session(player)
    partner.bet(session, 100)
    partner.running.kill_wallet()
    partner.running.wait_ready()
    assert partner.eventually(lambda: partner.authorize(session, 100).status_code == 200)
    assert partner.eventually(lambda: partner.wallet_balance(player) == partner.balance(player)[0])


def test_given_ports_and_secrets(start: Any) -> None:
    partner = start(secrets={"provider-a": "my secret"}, seed=7)
    assert partner.running.credentials["provider-a"].secret == "my secret"
    assert partner.running.credentials["provider-b"].secret != "my secret"
    port = int(partner.running.platform_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        start_sandbox(SandboxOptions(platform_port=port))


def test_bad_options_are_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="unknown fault: nonsense"):
        start_sandbox(SandboxOptions(faults=("nonsense",)))
    with pytest.raises(ValueError, match="contract profile"):
        start_sandbox(SandboxOptions(profile={"money_form": "shells"}))


def test_a_start_that_fails_says_why() -> None:
    with pytest.raises(SandboxFailed, match=r"no-such-folder|unable to open"):
        start_sandbox(SandboxOptions(database_url="sqlite:////no-such-folder/at/all.db"))


def test_settings_travel_as_one_line() -> None:
    settings = default_settings({"provider-a": "x"}, faults=("key-ignored",), seed=5)
    line = settings.to_json()
    assert "\n" not in line
    assert settings_from_json(line) == settings
