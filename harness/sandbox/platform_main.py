"""Entry of the child processes: `python -m harness.sandbox.platform_main platform|wallet FD`.

The supervisor hands over a listening socket (FD) and, on stdin, one line of settings. Stdin stays open: its end
means that the supervisor is gone, and the child goes too. "ready" on stdout says that requests are served.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import shutil
import signal
import socket
import sys
import threading
from typing import Any

import uvicorn

from harness.sandbox.settings import Settings, settings_from_json

_PR_SET_PDEATHSIG = 1


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says "ready" once the application serves."""
        await super().startup(sockets)
        if self.started:
            # What start-up made lives as long as the process: keep the collector from walking it again.
            gc.collect()
            gc.freeze()
            os.write(1, b"ready\n")


def main(role: str, descriptor: int) -> int:
    """Serves until told to end; 0 when it was, 1 when it could not start."""
    _die_with_parent()
    settings = settings_from_json(sys.stdin.buffer.readline().decode())
    threading.Thread(target=_watch_parent, args=(settings,), daemon=True).start()
    config = uvicorn.Config(
        _application(role, settings), http="auto", loop="auto", ws="none", lifespan="on", log_config=None,
        access_log=False, proxy_headers=False, server_header=False, date_header=True,
        backlog=1024, timeout_keep_alive=75, timeout_graceful_shutdown=1, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    server = _Server(config)
    server.run(sockets=[socket.socket(fileno=descriptor)])
    return 0 if server.started else 1


def _application(role: str, settings: Settings) -> Any:
    if role == "wallet":
        from harness.sandbox.store import Store
        from harness.sandbox.wallet import service

        return service.WalletApp(Store(settings.wallet_database_url, service.metadata), settings.wallet_secret)
    from harness.sandbox.app import App

    return App(settings)


def _die_with_parent() -> None:
    """Linux tells us when the thread that started us ends, even by SIGKILL."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _watch_parent(settings: Settings) -> None:
    while os.read(0, 1):
        pass
    if settings.scratch:
        shutil.rmtree(settings.scratch, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
