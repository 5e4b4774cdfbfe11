"""Trouble: what may befall one call of the platform on its way to a counterparty (wallet, receiver) and back."""

from __future__ import annotations

import http.client
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from harness.model.exchange import mentions
from harness.model.scenario import Trouble

Headers = list[tuple[str, str]]
Relay = Callable[[BaseHTTPRequestHandler, bytes], tuple[int, Headers, bytes]]
"""Lets the counterparty answer: (status, headers, body)."""
_RESET = struct.pack("ii", 1, 0)
_LOOK_SECONDS = 0.02
_HALF_A_STATUS = len("HTTP/1.1 2")


class Active:
    """A trouble while it lasts."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.over = threading.Event()
        self._left = trouble.times
        self._times: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.met: list[int] = []
        """When calls met it, in monotonic ns."""

    def concerns(self, said: str) -> bool:
        """Is a call that says this one of those that it is for?"""
        return not self.trouble.about or any(mentions(said, name) for name in self.trouble.about)

    def meets(self, said: str) -> bool:
        """Does this call meet it? Counts those that do."""
        if not self.concerns(said):
            return False
        whose = next((name for name in self.trouble.about if mentions(said, name)), "")
        with self._lock:
            if self.over.is_set() or self._left == 0 or self._times[whose] == self.trouble.each:
                return False
            self._times[whose] += 1
            self._left = None if self._left is None else self._left - 1
            self.met.append(time.monotonic_ns())
        return True


class Call:
    """One call of the platform on its way to a counterparty and back."""

    def __init__(self, handler: BaseHTTPRequestHandler, active: Active | None, relay: Relay) -> None:
        self._handler, self._active, self._relay = handler, active, relay
        self.trouble = active.trouble.kind if active else ""
        self.status: int | None = None
        self.headers: Headers = []
        self.answer = b""
        self.failure = ""
        self.passed_on = False
        self.done: int | None = None
        """What the counterparty itself answered, whatever the caller has seen of it."""

    def carry_out(self, body: bytes) -> None:
        """Do what the trouble says, or pass the call on; raises OSError when the caller has hung up."""
        match self.trouble:
            case "reset_before":
                return self._hang_up("reset")
            case "hang":
                return self._hang()
            case "status":
                assert self._active is not None
                status, asked = self._active.trouble.status, self._active.trouble.retry_after
                headers = [] if asked is None else [("Retry-After", str(asked))]
                code = b"INSUFFICIENT_FUNDS" if status < 500 else b"UNAVAILABLE"
                return self._send(status, headers, b'{"code":"' + code + b'"}')
            case "slow":
                self._pause()
        try:
            status, headers, answer = self._relay(self._handler, body)
        except (OSError, http.client.HTTPException):
            self.failure = "down"
            return self._send(502, [], b"")
        self.passed_on, self.done = True, status
        match self.trouble:
            case "reset_after":
                return self._hang_up("reset")
            case "half":
                return self._half(status, headers, answer)
            case "drip":
                return self._drip(status, headers, answer)
            case "garbage":
                return self._send(200, headers, b"\x00<html>")
        return self._send(status, headers, answer)

    def _send(self, status: int, headers: Headers, answer: bytes) -> None:
        self._handler.wfile.write(self._head(status, headers, answer) + answer)
        self._handler.wfile.flush()
        self.status, self.headers, self.answer = status, headers, answer

    def _head(self, status: int, headers: Headers, answer: bytes) -> bytes:
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}",
                 *(f"{n}: {v}" for n, v in headers), f"Content-Length: {len(answer)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _half(self, status: int, headers: Headers, answer: bytes) -> None:
        whole = self._head(status, headers, answer) + answer
        # Without a body the status is all there is to say: it breaks off within its line.
        self._handler.wfile.write(whole[:len(whole) - (len(answer) + 1) // 2] if answer else whole[:_HALF_A_STATUS])
        self._hang_up("half", gently=True)

    def _drip(self, status: int, headers: Headers, answer: bytes) -> None:
        for byte in self._head(status, headers, answer) + answer:
            self._handler.wfile.write(bytes((byte,)))
            self._pause()
        self.status, self.answer = status, answer

    def _pause(self) -> None:
        assert self._active is not None
        self._active.over.wait(self._active.trouble.seconds)

    def _hang(self) -> None:
        """Hold the connection until the trouble is over or the caller gives up, whichever comes first."""
        assert self._active is not None
        while not self._active.over.is_set():
            if select.select([self._handler.connection], [], [], _LOOK_SECONDS)[0]:
                self._hang_up("hung_up", gently=True)
                return
        self._hang_up("hang", gently=True)

    def _hang_up(self, failure: str, *, gently: bool = False) -> None:
        self.failure = failure
        self._handler.close_connection = True
        connection = self._handler.connection
        if not gently:
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with suppress(OSError):
            if gently:
                connection.shutdown(socket.SHUT_RDWR)
