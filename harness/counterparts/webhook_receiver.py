"""The harness's own webhook receiver: every delivery is kept raw, verified at capture and recorded."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.counterparts.signatures import Secrets
from harness.engine.ports import Recorder
from harness.engine.redaction import Redactor
from harness.model.exchange import Exchange
from harness.model.profile import ContractProfile

MAX_DELIVERY = 1 << 20
_MAX_TRAILERS = 100
_REFUSING = "/refusing/"


def read_body(handler: BaseHTTPRequestHandler) -> bytes | None:
    """The whole body of a delivery, counted or chunked; None (refused already) where it is none we take."""
    if handler.headers.get("Transfer-Encoding", "").strip().lower() == "chunked":
        body = _chunks(handler)
    else:
        try:
            length = int(handler.headers.get("Content-Length") or -1)
        except ValueError:
            length = -1
        if length < 0:
            handler.send_error(411)
            return None
        body = handler.rfile.read(length) if length <= MAX_DELIVERY else None
        if body is not None and len(body) < length:
            return None  # the sender hung up in the middle: nothing was delivered
    if body is None:
        handler.send_error(413)
    return body


def _chunks(handler: BaseHTTPRequestHandler) -> bytes | None:
    """A chunked body (RFC 9112 7.1), or None where it is too large or malformed."""
    body = bytearray()
    while True:
        try:
            size = int(handler.rfile.readline(1024).partition(b";")[0].strip(), 16)
        except ValueError:
            return None
        if size < 0 or len(body) + size > MAX_DELIVERY:
            return None
        body += handler.rfile.read(size)
        if size == 0:
            trailers = (handler.rfile.readline(4096).strip() for _ in range(_MAX_TRAILERS))  # they say nothing to us
            return None if all(trailers) else bytes(body)
        handler.rfile.readline(8)


def _answer(handler: BaseHTTPRequestHandler, status: int) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


class WebhookReceiver:
    """An HTTP server on a free port of `host`; one path a registered endpoint."""

    def __init__(self, recorder: Recorder, redactor: Redactor, profile: ContractProfile, *, prefix: str,
                 host: str = "127.0.0.1") -> None:
        self._recorder = recorder
        self._redactor = redactor
        self._prefix = prefix
        self._numbers = itertools.count(1)  # no generator: two deliveries may arrive at once
        self._secrets = Secrets(profile, redactor)
        self._arrived = threading.Condition()
        self._deliveries: list[Exchange] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_POST(self) -> None:
                receiver._handle(self)

            def log_message(self, *args: Any) -> None:
                """Stay silent: deliveries are in the journal."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A sender that hangs up is its own affair; what arrived whole is recorded."""

        self._server = Server((host, 0), Handler)
        self._base = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05},
                                        name="webhook-receiver", daemon=True)
        self._thread.start()

    def path(self) -> str:
        """A fresh URL for one endpoint."""
        return f"{self._base}/hooks/{secrets.token_hex(8)}"

    def refusing(self, status: int) -> str:
        """A fresh URL that answers every delivery with this status: scaffolding, nothing of it is recorded."""
        return f"{self._base}{_REFUSING}{status}/{secrets.token_hex(8)}"

    def secret_of(self, url: str, secret: str) -> None:
        """Deliveries to `url` are signed with `secret`."""
        self._secrets.learn(url.removeprefix(self._base), secret)

    def deliveries(self) -> list[Exchange]:
        """Everything that has arrived so far."""
        with self._arrived:
            return list(self._deliveries)

    def wait(self, wanted: Callable[[Exchange], bool], *, count: int = 1, timeout: float = 20.0) -> list[Exchange]:
        """Deliveries that match, as soon as there are `count`, or what came within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                found = [d for d in self._deliveries if wanted(d)]
                left = deadline - time.monotonic()
                if len(found) >= count or left <= 0:
                    return found
                self._arrived.wait(left)

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        started = time.monotonic_ns()
        body = read_body(handler)
        if body is None:
            handler.close_connection = True
            return
        if handler.path.startswith(_REFUSING):
            _answer(handler, int(handler.path.removeprefix(_REFUSING).partition("/")[0]))
            return
        headers = tuple((n, v) for n, v in handler.headers.items())
        exchange = Exchange(
            id=f"{self._prefix}-{next(self._numbers)}", check="", actor="receiver", channel="webhook",
            operation="webhook", method="POST", url=self._base + handler.path,
            request_headers=tuple((n, self._redactor.header(n, v)) for n, v in headers),
            request_body=self._redactor.text(body.decode("utf-8", "surrogateescape")), status=204,
            started_ns=started, ended_ns=time.monotonic_ns(), facts=self._secrets.facts(handler, body))
        self._recorder.append("exchange", exchange.to_line())
        with self._arrived:
            self._deliveries.append(exchange)
            self._arrived.notify_all()
        _answer(handler, 204)
