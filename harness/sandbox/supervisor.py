"""Starts wallet and platform on loopback, restarts the platform when it dies, and leaves nothing behind.

    with start_sandbox(SandboxOptions(faults=("rollback-pays-twice",))) as sandbox:
        sandbox.platform_url, sandbox.wallet_url, sandbox.credentials["provider-a"].secret

The listening sockets belong to this process and are handed down, so a restarted platform keeps its port and
connections made meanwhile wait in the backlog instead of being refused.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.sandbox import faults
from harness.sandbox.child import Child
from harness.sandbox.profile import profile_of
from harness.sandbox.settings import Client, Settings, default_settings

_START_SECONDS = 20.0


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


class RunningSandbox:
    """A started sandbox: addresses, credentials, and the ways to disturb or end it."""

    def __init__(self, settings: Settings, platform: Child, wallet: Child | None, scratch: Path, log: Path) -> None:
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
    with contextlib.ExitStack() as undo:
        platform_socket = undo.enter_context(_listen(options.platform_port))
        wallet_socket = None if options.wallet_url else undo.enter_context(_listen(options.wallet_port))
        running = _launch_on(platform_socket, wallet_socket, options, scratch)
        undo.pop_all()  # from here on the running sandbox owns the sockets
    return running


def _launch_on(
    platform_socket: socket.socket, wallet_socket: socket.socket | None, options: SandboxOptions, scratch: Path
) -> RunningSandbox:
    log = options.log_file or scratch / "sandbox.log"
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
        wallet = Child("wallet", wallet_socket, settings, log)
        wallet.start()
    # The wallet is on its way up already; a proxy in front of it may be made meanwhile.
    try:
        routed = options.route_wallet(wallet_url) if options.route_wallet else wallet_url
    except BaseException:
        if wallet is not None:
            wallet.stop()
        raise
    settings = replace(settings, wallet_url=routed)
    platform = Child("platform", platform_socket, settings, log)
    platform.start()
    running = RunningSandbox(settings, platform, wallet, scratch, log)
    running.platform_url, running.wallet_url = _url(platform_socket), wallet_url
    return running


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
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
