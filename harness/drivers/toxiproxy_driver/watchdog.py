"""Outlives the harness by a moment: ends its fault proxy, or takes its proxies away, when the pipe from it ends.

`python -m harness.drivers.toxiproxy_driver.watchdog KIND WHERE PREFIX`; its first line says where the server is.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress

from harness.drivers.toxiproxy_driver.client import ToxiproxyServer
from harness.model.errors import EnvironmentFault

_STARTING_SECONDS = 10.0
_TRYING_SECONDS = 30.0
_PAUSE = 0.02


def main() -> None:
    """Serve until standard input ends. Ctrl-C is for the harness: it still needs the proxies for its clean-up."""
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)
    kind, where, prefix = sys.argv[1:4]
    if kind == "given":
        _tell(url=where)
        _wait()
        _take_away(where, prefix)
        return
    try:
        process, url = _started(kind, where)
    except (OSError, EnvironmentFault) as error:
        _tell(error=str(error))
        return
    try:
        _tell(url=url)
        _wait()
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _started(kind: str, where: str) -> tuple[subprocess.Popen[bytes], str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [where, "-host", "127.0.0.1", "-port", str(port)] if kind == "program" else \
        [sys.executable, "-P", "-m", "harness.drivers.fault_proxy", "--port", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,  # noqa: S603
                               stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + _STARTING_SECONDS
    with ToxiproxyServer(url, seconds=1.0) as server:
        while process.poll() is None and time.monotonic() < until:
            with suppress(EnvironmentFault):
                server.version()
                return process, url
            time.sleep(_PAUSE)
    ended = process.poll()
    process.kill()
    process.wait()
    raise EnvironmentFault(f"{command[0]} " + (f"ended with {ended}" if ended is not None else "does not answer"))


def _tell(**what: str) -> None:
    with suppress(BrokenPipeError):
        print(json.dumps(what), flush=True)  # noqa: T201 - the harness reads it


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass


def _take_away(url: str, prefix: str) -> None:
    """Again and again for a while: the server may be on its way up or down."""
    until = time.monotonic() + _TRYING_SECONDS
    while time.monotonic() < until:
        with suppress(EnvironmentFault), ToxiproxyServer(url) as server:
            for name, proxy in server.proxies().items():
                if name.startswith(prefix):
                    proxy.delete()
            return
        time.sleep(1)


if __name__ == "__main__":
    main()
