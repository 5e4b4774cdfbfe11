"""A counterparty's HTTP server: each call is seen, some come to grief, and a witness measures what befalls them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.counterparts.trouble import Active, Call, Headers
from harness.counterparts.webhook_receiver import read_body
from harness.engine.ports import Recorder
from harness.engine.redaction import Redactor
from harness.model.exchange import Exchange
from harness.model.scenario import Trouble

WITNESS = "X-Certify-Witness"
"""Header of a call of our own, which measures the line."""


class TroubledServer:
    """Listens on `listen` (host, port; 0 takes a free one); what a call is answered is for subclasses."""

    channel = ""

    def __init__(self, recorder: Recorder, redactor: Redactor, *, prefix: str,
                 listen: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._recorder, self._redactor, self._prefix = recorder, redactor, prefix
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._seen: list[Exchange] = []
        self._under_way = 0
        self.most_at_once = 0
        """The most calls that were under way at the same time."""
        self._troubles: list[Active] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 120
            disable_nagle_algorithm = True

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                server._handle(self)

            def finish(self) -> None:
                super().finish()
                server._caller_left()

            def log_message(self, *args: Any) -> None:
                """Stay silent: calls are in the journal."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def shutdown_request(self, request: Any) -> None:
                """Close at once: the usual shutdown first would turn a reset into an orderly end."""
                self.close_request(request)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A caller that hangs up is what a time limit looks like from here; it is recorded."""

        self._server = Server(listen, Handler)
        host, port = self._server.server_address[:2]
        self.address = f"{host!s}:{port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05},
                                        name=type(self).__name__, daemon=True)
        self._thread.start()

    @contextmanager
    def trouble(self, trouble: Trouble) -> Iterator[Active]:
        """Calls meet this trouble inside the block; those that hang in it are let go at its end."""
        active = Active(trouble)
        with self._changed:
            self._troubles.append(active)
        try:
            yield active
        finally:
            active.over.set()
            with self._changed:
                self._troubles.remove(active)

    @property
    def troubled(self) -> bool:
        """Is there any trouble right now?"""
        with self._changed:
            return bool(self._troubles)

    def calls(self, *about: str) -> list[Exchange]:
        """What this side has seen so far, of calls with one of these identifiers, as they came."""
        with self._changed:
            return sorted((e for e in self._seen if not about or any(map(e.mentions, about))),
                          key=lambda e: e.started_ns)

    def wait(self, count: int, *about: str, seconds: float) -> list[Exchange]:
        """The calls once there are `count` of them, or those of `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            with self._changed:
                found = self.calls(*about)
                if len(found) >= count or (left := deadline - time.monotonic()) <= 0:
                    return found
                self._changed.wait(left)

    def close(self) -> None:
        """Let go of every call, stop serving and free the port."""
        with self._changed:
            for active in self._troubles:
                active.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    # -- one call -------------------------------------------------------------------------------------
    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        started = time.monotonic_ns()
        sized = any(handler.headers.get(name) for name in ("Content-Length", "Transfer-Encoding"))
        body = read_body(handler) if sized else b""
        if body is None:
            handler.close_connection = True
            return
        text = body.decode("utf-8", "surrogateescape")
        if handler.headers.get(WITNESS):
            self._testify(handler, text)
            return
        with self._changed:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
            active = next((a for a in self._troubles if a.meets(handler.path + "\n" + text)), None)
        call = Call(handler, active, self._answer)
        try:
            call.carry_out(body)
        except OSError:
            call.failure = call.failure or "hung_up"
            handler.close_connection = True
        finally:
            self._record(call, handler, body, started)

    def _testify(self, handler: BaseHTTPRequestHandler, text: str) -> None:
        """A call of our own meets whatever trouble there is, takes none of it away, and has no effect."""
        with self._changed:
            active = next((a for a in self._troubles if a.concerns(text)), None)
        try:
            Call(handler, active, lambda *_: (200, [], b"{}")).carry_out(b"")
        except OSError:
            handler.close_connection = True

    def _record(self, call: Call, handler: BaseHTTPRequestHandler, body: bytes, started: int) -> None:
        answer = call.answer.decode("utf-8", "surrogateescape")
        exchange = Exchange(
            id=f"{self._prefix}-{next(self._numbers)}", check="", actor="platform", channel=self.channel,
            operation=self.channel, method=handler.command, url=handler.path,
            request_headers=tuple((n, self._redactor.header(n, v)) for n, v in handler.headers.items()),
            request_body=self._redactor.text(body.decode("utf-8", "surrogateescape")), status=call.status,
            response_headers=tuple(call.headers), response_body=self._redactor.text(answer), failure=call.failure,
            started_ns=started, ended_ns=time.monotonic_ns(),
            facts={"trouble": call.trouble, "committed": call.passed_on, "answered": call.done,
                   **self._facts(handler, body)})
        self._recorder.append("exchange", exchange.to_line())
        with self._changed:
            self._under_way -= 1
            self._seen.append(exchange)
            self._changed.notify_all()

    # -- for subclasses -------------------------------------------------------------------------------
    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Headers, bytes]:
        """Carry the call out; OSError where that cannot be done."""
        raise NotImplementedError

    def _facts(self, handler: BaseHTTPRequestHandler, body: bytes) -> Mapping[str, Any]:  # noqa: ARG002
        """What else is recorded of a call."""
        return {}

    def _caller_left(self) -> None:
        """The caller's connection, which this thread served, is over."""
