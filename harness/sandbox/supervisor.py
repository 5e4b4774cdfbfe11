"""Starts wallet and platform on loopback, restarts the platform when it dies, and leaves nothing behind.

    with start_sandbox(SandboxOptions(faults=("rollback-pays-twice",))) as sandbox:
        sandbox.platform_url, sandbox.wallet_url, sandbox.credentials["provider-a"].secret

The listening sockets belong to this process and are handed down, so a restarted platform keeps its port and
connections made meanwhile wait in the backlog instead of being refused.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.sandbox import faults
from harness.sandbox.profile import profile_of
from harness.sandbox.settings import Client, Settings, default_settings

_START_SECONDS = 20.0
_STOP_SECONDS = 2.0


class SandboxFailed(RuntimeError):
    """The sandbox could not be started; the message holds the last lines of its log."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How to start a sandbox; everything has a default.

    `database_url` (SQLAlchemy URL) is the platform's database, a temporary SQLite file by default; `route_wallet`
    gets the wallet's address and returns the one the platform shall use, so that a fault proxy fits between
    (`wallet_url` sets it outright, for a wallet that somebody else runs). `profile` holds contract-profile
    choices, `secrets` client secrets by client id, `changes` further `Settings` fields.
    """

    database_url: str | None = None
    wallet_database_url: str | None = None
    faults: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)
    platform_port: int = 0
    wallet_port: int = 0
    wallet_url: str | None = None
    route_wallet: Callable[[str], str] | None = None
    seed: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    log_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """One client as its owner knows it."""

    client_id: str
    secret: str
    tenant_id: str
    provider_id: str
    scopes: tuple[str, ...]
    brands: tuple[str, ...]
    regions: tuple[str, ...]
    inbound_secret: str


class _Child:
    """One supervised process: a thread starts it, waits for its end, and starts it again."""

    def __init__(self, role: str, listener: socket.socket, settings: Settings, log_path: Path) -> None:
        self._role, self._listener, self._log_path = role, listener, log_path
        self._line = settings.to_json().encode() + b"\n"
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.ready = threading.Event()
        self.ended = threading.Event()
        self.starts = 0
        # The thread lives as long as the child: PR_SET_PDEATHSIG counts from the thread that started it.
        self._thread = threading.Thread(target=self._supervise, name=f"sandbox-{role}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.ready.clear()
            self._process.kill()

    def stop(self) -> None:
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()
            self._thread.join(_STOP_SECONDS)
        self._listener.close()

    def _supervise(self) -> None:
        try:
            while not self._stopping.is_set():
                served = self._run_once()
                self.ready.clear()
                if not served:
                    return
        finally:
            self.ended.set()

    def _run_once(self) -> bool:
        descriptor = self._listener.fileno()
        with self._log_path.open("ab") as log:
            command = [sys.executable, "-m", "harness.sandbox.platform_main", self._role, str(descriptor)]
            process = self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, pass_fds=(descriptor,),
                start_new_session=True, env={**os.environ, "PYTHONHASHSEED": "0"},
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        self.starts += 1
        with process.stdin, process.stdout, contextlib.suppress(BrokenPipeError):
            process.stdin.write(self._line)
            process.stdin.flush()
            served = process.stdout.readline() == b"ready\n"
            if served:
                self.ready.set()
            process.wait()
            return served
        process.wait()
        return False


class RunningSandbox:
    """A started sandbox: addresses, credentials, and the ways to disturb or end it."""

    def __init__(self, settings: Settings, platform: _Child, wallet: _Child | None, scratch: Path, log: Path) -> None:
        self._platform, self._wallet, self._scratch = platform, wallet, scratch
        self.settings = settings
        self.log_path = log
        self.platform_url = ""
        self.wallet_url = ""
        self.credentials = {client.client_id: _credential(settings, client) for client in settings.clients}
        self._stopped = False

    @property
    def platform_pid(self) -> int | None:
        """The platform's process id now; it changes with a restart."""
        return self._platform.pid

    @property
    def restarts(self) -> int:
        """How often the platform was started again."""
        return self._platform.starts - 1

    def kill_platform(self) -> None:
        """SIGKILL, as a crash would; the supervisor starts it again on the same port and database."""
        self._platform.kill()

    def kill_wallet(self) -> None:
        """The same for the wallet."""
        if self._wallet is not None:
            self._wallet.kill()

    def wait_ready(self, seconds: float = _START_SECONDS) -> None:
        """Until platform and wallet serve; raises SandboxFailed."""
        deadline = time.monotonic() + seconds
        for child in (self._wallet, self._platform):
            while child is not None and not child.ready.wait(0.05):
                if child.ended.is_set() or time.monotonic() > deadline:
                    raise SandboxFailed(f"the sandbox did not start:\n{_tail(self.log_path)}")

    def stop(self) -> None:
        """Ends both processes and removes everything temporary; may be called twice."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        self._platform.stop()
        if self._wallet is not None:
            self._wallet.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> RunningSandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_sandbox(options: SandboxOptions | None = None) -> RunningSandbox:
    """Starts a sandbox and waits until it serves.

    Raises ValueError for an unknown fault or profile choice, SandboxFailed when it does not come up.
    """
    options = options or SandboxOptions()
    unknown = sorted(set(options.faults) - set(faults.catalogue()))
    if unknown:
        raise ValueError(f"unknown fault: {', '.join(unknown)}")
    scratch = Path(tempfile.mkdtemp(prefix="certify-sandbox-"))
    try:
        running = _launch(options, scratch)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    atexit.register(running.stop)
    try:
        running.wait_ready()
    except BaseException:
        running.stop()
        raise
    return running


def _launch(options: SandboxOptions, scratch: Path) -> RunningSandbox:
    log = options.log_file or scratch / "sandbox.log"
    platform_socket = _listen(options.platform_port)
    wallet_socket = None if options.wallet_url else _listen(options.wallet_port)
    wallet_url = options.wallet_url or _url(wallet_socket)
    settings = default_settings(
        dict(options.secrets),
        database_url=options.database_url or f"sqlite:///{scratch / 'platform.db'}",
        wallet_database_url=options.wallet_database_url or f"sqlite:///{scratch / 'wallet.db'}",
        profile=profile_of(options.profile),
        faults=options.faults,
        seed=options.seed,
        scratch=str(scratch),
        **options.changes,
    )
    wallet = None
    if wallet_socket is not None:
        wallet = _Child("wallet", wallet_socket, settings, log)
        wallet.start()
    # The wallet is on its way up already; a proxy in front of it may be made meanwhile.
    routed = options.route_wallet(wallet_url) if options.route_wallet else wallet_url
    settings = replace(settings, wallet_url=routed)
    platform = _Child("platform", platform_socket, settings, log)
    platform.start()
    running = RunningSandbox(settings, platform, wallet, scratch, log)
    running.platform_url, running.wallet_url = _url(platform_socket), wallet_url
    return running


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


def _url(listener: socket.socket | None) -> str:
    assert listener is not None
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def _credential(settings: Settings, client: Client) -> Credential:
    tenant = settings.tenant(client.tenant_id)
    return Credential(
        client.client_id, client.secret, client.tenant_id, client.provider_id, client.scopes,
        tenant.brands if tenant else (), tenant.regions if tenant else (), client.inbound_secret,
    )  # fmt: skip


def _tail(path: Path, lines: int = 25) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""
