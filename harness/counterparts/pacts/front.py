"""The front: a loopback server between Pact's verifier and the target, so that every call is ours, and is recorded.

The verifier knows no hook for requests, and waits two minutes for a provider state that fails. Here a state never
fails: what went wrong is remembered, and the interaction's request is not sent.
"""

from __future__ import annotations

import json
import queue
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.pacts.forwarding import Forwarder
from harness.counterparts.pacts.setting import Setting, Unset
from harness.counterparts.party import Party
from harness.counterparts.webhook_receiver import read_body
from harness.model.errors import CertifyError, CheckStopped
from harness.model.exchange import Exchange, parse_json
from harness.model.operations import Operation, match
from harness.model.outcome import Owner
from harness.model.pact import Interaction, State

_BUSY = (429, 503)
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "te",
                   "trailer", "upgrade", "proxy-authenticate"})
"""Headers of the line from the target: bodies come to us unpacked and whole."""
_MAX_BODY = 16 << 20
_STATE_SECONDS = 30.0
"""So long a state may take; the verifier would wait longer, and then try again for minutes."""
_ORIGIN = "http://127.0.0.1"


@dataclass(slots=True)
class Leg:
    """What happened to one interaction on its way."""

    interaction: Interaction
    exchanges: list[Exchange] = field(default_factory=list)
    unset: Unset | None = None
    trouble: str = ""
    """What of ours kept the request from being sent."""


class Front:
    """Listens on a free port of loopback; its paths are secret, because it speaks with our credentials."""

    def __init__(self, lab: Lab, party: Party, known: Mapping[str, Operation], setting: Setting, *,
                 state_seconds: float = _STATE_SECONDS) -> None:
        self._lab = lab
        self._state_seconds = state_seconds
        self._party = party
        self._known = known
        self._setting = setting
        self._forwarder = Forwarder(lab, party)
        self._legs: dict[str, Leg] = {}
        self._secret = secrets.token_hex(16)
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 30

            def log_message(self, *args: Any) -> None:
                """Stay silent: exchanges are in the journal."""

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"):
            setattr(Handler, f"do_{method}", lambda handler: front._handle(handler))

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A verifier that hangs up was ended."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._base = f"{_ORIGIN}:{self._server.server_port}/{self._secret}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True,
                         name="pact-front").start()

    def leg(self, key: str, interaction: Interaction) -> Leg:
        """A way to the target for this interaction."""
        self._legs[key] = Leg(interaction)
        return self._legs[key]

    def url(self, key: str) -> str:
        """Where the verifier finds the target, for this interaction."""
        return f"{self._base}/to/{key}"

    def state_url(self, key: str) -> str:
        """Where it sets provider states, for this interaction."""
        return f"{self._base}/state/{key}"

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        _, secret, kind, rest = (*handler.path.split("/", 3), "", "", "")[:4]
        key, slash, path = rest.partition("/")
        leg = self._legs.get(key)
        length = int(handler.headers.get("Content-Length") or 0)
        if not secrets.compare_digest(secret.encode("utf-8", "replace"), self._secret.encode()) or leg is None \
                or not 0 <= length <= _MAX_BODY:
            _answer(handler, 404, (), b"")
            return
        body = read_body(handler) if handler.headers.get("Transfer-Encoding") else handler.rfile.read(length)
        if body is None:
            return  # refused already
        try:
            if kind == "state":
                _answer(handler, 200, (("Content-Type", "application/json"),), self._state(leg, body))
            else:
                self._forward(leg, handler, slash + path, body)
        except CheckStopped as stopped:
            leg.unset = leg.unset or Unset(stopped.line(), Owner.SUBJECT, stopped.exchanges)
            _answer(handler, 502, (), b"")
        except CertifyError as error:
            leg.trouble = leg.trouble or error.line()
            _answer(handler, 502, (), b"")

    def _state(self, leg: Leg, body: bytes) -> bytes:
        """Set a state up or take it down; its values, or none where that failed or failed before."""
        told = parse_json(body.decode("utf-8", "replace"))
        name = told.get("state") if isinstance(told, dict) else None
        if not isinstance(told, dict) or not isinstance(name, str) or not name:
            return b"{}"  # an interaction without a state is told so
        params = told.get("params")
        state = State(name=name, params=params if isinstance(params, dict) else {})
        if told.get("action") == "teardown":
            self._setting.down(state)
            return b"{}"
        if leg.unset is None:
            try:
                return json.dumps(dict(self._bounded(state)), default=str).encode()
            except Unset as unset:
                leg.unset = unset
        return b"{}"

    def _bounded(self, state: State) -> Mapping[str, Any]:
        """The values of a state; Unset where it fails, or takes too long: what it still does is nobody's then."""
        came: queue.SimpleQueue[Mapping[str, Any] | BaseException] = queue.SimpleQueue()

        def up() -> None:
            try:
                came.put(self._setting.up(state))
            except BaseException as error:  # whatever it is, the thread that waits has to hear of it
                came.put(error)

        threading.Thread(target=up, daemon=True).start()
        try:
            found = came.get(timeout=self._state_seconds)
        except queue.Empty:
            raise Unset(f"state {state.name!r} took longer than {self._state_seconds:g} s", Owner.ENVIRONMENT) from None
        if isinstance(found, BaseException):
            raise found
        return found

    def _forward(self, leg: Leg, handler: BaseHTTPRequestHandler, target: str, body: bytes) -> None:
        if leg.unset is not None:
            _answer(handler, 502, (), b"")
            return
        method = handler.command
        operation = match(self._known, method, target.partition("?")[0])
        request = self._forwarder.request(leg.interaction, operation, method, target, tuple(handler.headers.items()),
                                          body)
        # Where the consumer needs to hear "later", there is nothing to be patient about.
        once = leg.interaction.expected_status in _BUSY
        sent = self._lab.send(request, by=self._party, once=once)
        leg.exchanges.append(sent.exchange)
        if not sent.exchange.answered:
            _answer(handler, 504, (), b"")
            return
        _answer(handler, sent.exchange.status or 502, sent.exchange.response_headers, sent.body)


def _answer(handler: BaseHTTPRequestHandler, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    handler.send_response_only(status)
    for name, value in headers:
        if name.lower() not in _OURS:
            handler.send_header(name, value.replace("\r", " ").replace("\n", " "))
    if status not in (204, 304):
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD" and status not in (204, 304):
        handler.wfile.write(body)
