"""TLS over a connection of the pump: OpenSSL between two buffers, the kernel's socket outside, gevent nowhere.

What raises is what the pump knows from plain sockets: BlockingIOError while the kernel or the other side has to do
something first, another OSError when the connection is lost, and `trouble` tells by which name.
"""

from __future__ import annotations

import _socket
import ssl
from contextlib import suppress

from harness.drivers.locust_engine.links import IN, OUT, Link

_RECORD = 1 << 14
"""The most that one record holds."""


class Trust:
    """How connections of one place are secured: what checks their certificate, and the last session, to resume it."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.context = context
        self.host = host
        self.session: ssl.SSLSession | None = None

    def link(self, socket: _socket.socket) -> Link:
        """A connection that speaks TLS over the socket."""
        return TlsLink(TlsSocket(socket, self))


class TlsLink(Link):
    """A connection whose hands have to be shaken before anything goes out."""

    __slots__ = ()

    @property
    def wants(self) -> int:
        """While hands are shaken there is mostly nothing to send, and a socket that can send would keep us awake."""
        return IN | OUT if self.socket.shaken or self.socket.left else IN

    @property
    def trouble(self) -> str:
        """What a loss of the connection is called now."""
        return "connect" if self.connecting else str(self.socket.trouble)


class TlsSocket:
    """A socket like the kernel's, secured."""

    __slots__ = ("_came", "_goes", "_known", "_read", "_socket", "_taken", "_tls", "_trust", "_write", "fileno",
                 "getsockopt", "left", "shaken", "trouble")

    def __init__(self, socket: _socket.socket, trust: Trust) -> None:
        self._socket = socket
        self._trust = trust
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trust.context.wrap_bio(self._came, self._goes, server_hostname=trust.host, session=trust.session)
        self._read, self._write = self._tls.read, self._tls.write
        self._taken = 0
        self._known = False
        self.fileno, self.getsockopt = socket.fileno, socket.getsockopt
        self.left = b""
        """Sealed, and not yet taken by the kernel."""
        self.shaken = False
        self.trouble = "tls"

    def send(self, data: bytes) -> int:
        """Seal and send; who is told to wait gives the same data again, as OpenSSL wants it."""
        if not self.shaken:
            self._shake()
        if not self._taken:
            self._taken = self._write(data)
            self.left += self._goes.read()
        self._flush()
        taken, self._taken = self._taken, 0
        return taken

    def recv(self, size: int) -> bytes:
        """All that can be opened of what has come; b"" at the end. Tickets and other talk of TLS itself is no data."""
        came = self._socket.recv(size)
        if not came:
            if self.shaken:
                return b""
            raise ConnectionResetError("ended while hands were shaken")
        self._came.write(came)
        early = not self.shaken
        if early:
            self._shake()
        data = self._opened()
        if self._goes.pending:  # a new key was asked for
            self.left += self._goes.read()
            with suppress(BlockingIOError):
                self._flush()
        if not data:
            raise BlockingIOError
        if early:
            self.trouble = "tls"
            raise ConnectionAbortedError("data came before anything was asked")
        if not self._known:
            self._known = True
            self._trust.session = self._tls.session
        return data

    def close(self) -> None:
        """Say goodbye, as far as the kernel takes it at once."""
        if self.shaken:
            with suppress(OSError):
                self._tls.unwrap()
            with suppress(OSError):
                self.left += self._goes.read()
                self._flush()
        self._socket.close()

    def _shake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self.left += self._goes.read()
            self._flush()
            raise BlockingIOError from None
        except ssl.SSLError:
            self.left += self._goes.read()  # the other side is told why
            with suppress(OSError):
                self._flush()
            raise
        self.shaken = True
        self.trouble = "reset"
        self.left += self._goes.read()  # it travels with the first request

    def _opened(self) -> bytes:
        data = b""
        try:
            while self._came.pending:
                piece = self._read(_RECORD)
                if not piece:  # close_notify: nothing more can come, and the kernel is to say so, too
                    with suppress(OSError):
                        self._socket.shutdown(_socket.SHUT_RDWR)
                    break
                data = data + piece if data else piece
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.trouble = "tls"
            raise
        return data

    def _flush(self) -> None:
        if self.left:
            self.left = self.left[self._socket.send(self.left):]
            if self.left:
                raise BlockingIOError
