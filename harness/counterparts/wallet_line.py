"""The line between the platform and its wallet, with the harness on it: each call is seen, and may come to grief.

A relay that speaks HTTP: what a TCP proxy cannot do (a wallet that commits and whose answer is lost, one player's
calls only, a storm of 5xx) is done here. What the wallet saw is recorded in channel `wallet`.
"""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from harness.counterparts.trouble import Headers
from harness.counterparts.troubled_server import TroubledServer
from harness.engine.ports import Recorder
from harness.engine.redaction import Redactor

_MAX_ANSWER = 1 << 20
_UPSTREAM_SECONDS = 30.0
_OF_THE_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade",
                         "proxy-connection", "content-length"))


class WalletLine(TroubledServer):
    """A relay on `listen` (host, port; 0 takes a free one) to the wallet at `upstream`."""

    channel = "wallet"

    def __init__(self, upstream: str, recorder: Recorder, redactor: Redactor, *, prefix: str,
                 listen: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        parts = urlsplit(upstream)
        self._wallet = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._base_path = parts.path.rstrip("/")
        self._idle = threading.local()
        super().__init__(recorder, redactor, prefix=prefix, listen=listen)

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Headers, bytes]:
        """Ask the wallet, over this thread's own connection; once more where an idle one had been closed."""
        headers = {n: v for n, v in handler.headers.items() if n.lower() not in _OF_THE_HOP | {"host"}}
        for fresh in (False, True):
            kept = getattr(self._idle, "connection", None)
            if fresh or kept is None:
                kept = http.client.HTTPConnection(*self._wallet, timeout=_UPSTREAM_SECONDS)
                fresh = True
            try:
                kept.request(handler.command, self._base_path + handler.path, body=body or None, headers=headers)
                got = kept.getresponse()
                answer = got.read(_MAX_ANSWER + 1)
            except (OSError, http.client.HTTPException):
                kept.close()
                self._idle.connection = None
                if fresh:
                    raise
                continue
            self._idle.connection = kept
            if got.will_close:
                kept.close()
            return got.status, [(n, v) for n, v in got.getheaders() if n.lower() not in _OF_THE_HOP], answer
        raise AssertionError("the second connection is fresh")

    def _caller_left(self) -> None:
        """With the caller's connection this thread's to the wallet is over, too."""
        if (kept := getattr(self._idle, "connection", None)) is not None:
            kept.close()
