"""Connections of the pump, beside gevent: the kernel's sockets and its epoll, whatever has patched the library."""

from __future__ import annotations

import _socket
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.drivers.locust_engine.calls import Call

IN, OUT = 1, 4
"""EPOLLIN and EPOLLOUT: the kernel's numbers, which gevent hides with the rest."""


class Link:
    """A connection: the call under way on it, what has come of the answer, what has still to go out.

    Its socket is the kernel's, or what speaks TLS over one: `send` and `recv` raise BlockingIOError while they cannot.
    """

    __slots__ = ("call", "connecting", "data", "fd", "out", "served", "socket")

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.fd = socket.fileno()
        self.call: Call | None = None
        self.data = b""
        self.out = b""
        self.connecting = True
        self.served = 0

    @property
    def wants(self) -> int:
        """What of the kernel it waits for, as long as something has to go out."""
        return IN | OUT

    @property
    def trouble(self) -> str:
        """What a loss of the connection is called now."""
        return "connect" if self.connecting else "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the target listens, resolved: nothing is looked up while a storm blows."""

    host: str
    port: int
    family: int = _socket.AF_INET
    scope: int = 0
    """The interface of a link-local IPv6 address."""
    link: Callable[[_socket.socket], Link] = Link
    """How a connection there speaks: plainly, or through TLS."""

    @property
    def address(self) -> tuple[Any, ...]:
        """As the kernel's sockets want it."""
        return (self.host, self.port, 0, self.scope) if self.family == _socket.AF_INET6 else (self.host, self.port)


def epoll() -> Any:
    """The kernel's own: gevent, where it has patched the standard library, hides it."""
    if "gevent.monkey" in sys.modules:
        from gevent.monkey import get_original

        return get_original("select", "epoll")()
    return select.epoll()
