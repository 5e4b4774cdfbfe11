"""Connections of the pump, beside gevent: the kernel's sockets and its epoll, whatever has patched the library."""

from __future__ import annotations

import _socket
import select
import sys
from dataclasses import dataclass
from typing import Any

from harness.drivers.locust_engine.calls import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the target listens, resolved: nothing is looked up while a storm blows."""

    host: str
    port: int
    family: int = _socket.AF_INET


class Link:
    """A connection: the call under way on it, what has come of the answer, what has still to go out."""

    __slots__ = ("call", "connecting", "data", "fd", "out", "served", "socket")

    def __init__(self, socket: _socket.socket) -> None:
        self.socket = socket
        self.fd = socket.fileno()
        self.call: Call | None = None
        self.data = b""
        self.out = b""
        self.connecting = True
        self.served = 0


def epoll() -> Any:
    """The kernel's own: gevent, where it has patched the standard library, hides it."""
    if "gevent.monkey" in sys.modules:
        from gevent.monkey import get_original

        return get_original("select", "epoll")()
    return select.epoll()
