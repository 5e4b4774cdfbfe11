"""Which Toxiproxy server a run uses, and what ends with the run: its proxies always, the server where it is ours.

A watchdog process of its own holds one end of a pipe. However the harness ends, also by `kill -9`, the pipe ends with
it, and the watchdog takes the run's proxies away and ends the server that was started for it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, cast

from harness.drivers.toxiproxy_driver.client import FaultProxy, ToxiproxyServer
from harness.model.errors import EnvironmentFault, UsageError

OURS = "certify-"
"""How the names of proxies begin that a run of certify has made."""
PROGRAM = "toxiproxy-server"
_MODULE = "harness.drivers.toxiproxy_driver.watchdog"
_ENDING_SECONDS = 10.0


def which_server(environ: Mapping[str, str]) -> tuple[str, str]:
    """(kind, where): ("given", URL), ("program", path) or ("built-in", "")."""
    if url := environ.get("TOXIPROXY_URL", "").strip():
        if not re.fullmatch(r"https?://[^/\s?#]+/?", url):
            raise UsageError(f"TOXIPROXY_URL is {url!r}, which is no address of a server",
                             remedy="Give it like http://127.0.0.1:8474, or unset it")
        return "given", url.rstrip("/")
    program = shutil.which(PROGRAM, path=environ.get("PATH"))
    return ("program", program) if program else ("built-in", "")


class FaultServer:
    """The server of one run; entering starts or finds it, leaving leaves nothing behind."""

    def __init__(self, run_id: str, environ: Mapping[str, str] = os.environ) -> None:
        self.kind, self._where = which_server(environ)
        self.prefix = f"{OURS}{re.sub(r'[^A-Za-z0-9]+', '-', run_id)}-"
        self._made: dict[str, FaultProxy] = {}

    def __enter__(self) -> FaultServer:
        self._watchdog = subprocess.Popen(  # noqa: S603 - our own module, or what the operator put on PATH
            [sys.executable, "-P", "-m", _MODULE, self.kind, self._where, self.prefix], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._server: ToxiproxyServer | None = None
        try:
            self._server = ToxiproxyServer(self._address())
            self.version = self._server.version()
            if self.kind == "given" and (left := left_behind(self._server)):
                raise EnvironmentFault(f"the fault proxy at {self._server.url} has proxies of another run: "
                                       f"{', '.join(left)}",
                                       remedy="If that run is over, `certify doctor --clean` takes them away")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _address(self) -> str:
        line = cast(IO[str], self._watchdog.stdout).readline()
        try:
            found = json.loads(line)
        except ValueError:
            found = {}
        if "url" not in found:
            raise EnvironmentFault(f"no fault proxy could be started ({found.get('error') or 'it ended at once'})",
                                   remedy=f"Run {self._where or 'python -m harness.drivers.fault_proxy'} by hand")
        return str(found["url"])

    @property
    def server(self) -> ToxiproxyServer:
        """What the API is spoken through."""
        assert self._server is not None, "not entered"
        return self._server

    def proxy(self, name: str, upstream: str, listen: str = "127.0.0.1:0") -> FaultProxy:
        """A proxy of this run; `name` must be new in the run."""
        made = self.server.create(self.prefix + name, upstream, listen)
        self._made[made.name] = made
        return made

    def __exit__(self, *_: object) -> None:
        """Take away what the run made, and see that it is gone; raises EnvironmentFault when it is not."""
        trouble: EnvironmentFault | None = None
        if self._server is not None:
            try:
                for proxy in list(self._made.values()):
                    proxy.delete()
            except EnvironmentFault as error:
                trouble = error
            self._server.close()
        with suppress(BrokenPipeError):
            cast(IO[str], self._watchdog.stdin).close()
        try:
            self._watchdog.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()
            self._watchdog.wait()
        cast(IO[str], self._watchdog.stdout).close()
        if trouble is not None and self.kind == "given":
            raise EnvironmentFault(f"faults may be left at {self._where}: {trouble.message}",
                                   remedy="Run `certify doctor --clean` when it answers again") from trouble


def left_behind(server: ToxiproxyServer) -> list[str]:
    """Names of the proxies that some run of certify has made there."""
    return sorted(name for name in server.proxies() if name.startswith(OURS))


def clean(url: str) -> list[str]:
    """Take away every proxy that a run of certify has left there; their names."""
    with ToxiproxyServer(url) as server:
        left = left_behind(server)
        for name, proxy in server.proxies().items():
            if name in left:
                proxy.delete()
        return left
