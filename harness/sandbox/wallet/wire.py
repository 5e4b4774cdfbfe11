"""A small pooled HTTP/1.1 client over asyncio: one request at a time per connection, keep-alive, no redirects.

The platform asks its wallet on every money call, so this does only what that needs: JSON in, JSON out,
Content-Length or chunked answers, and a clear difference between "never sent" and "sent, no answer".
"""

from __future__ import annotations

import asyncio
from typing import cast
from urllib.parse import urlsplit

_MAX_ANSWER = 1_000_000


class NotSent(Exception):
    """No connection: the request certainly did not reach the other side."""


class Broken(Exception):
    """The request was sent, and no usable answer came back."""


class _Connection(asyncio.Protocol):
    """One keep-alive connection; `exchange` sends a request and awaits its answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[tuple[int, bytes]] | None = None
        self.reusable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        """Collects the answer; an answer nobody asked for ends the connection."""
        self._buffer += data
        if self._waiter is None or self._waiter.done():
            self.close()
            return
        try:
            answer = self._parsed(ended=False)
        except ValueError as problem:
            self._fail(str(problem))
            return
        if answer is not None:
            self._waiter.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """An open question is answered by what came until now, or broken."""
        self.reusable = False
        if self._waiter is None or self._waiter.done():
            return
        try:
            answer = self._parsed(ended=True) if exc is None else None
        except ValueError:
            answer = None
        if answer is None:
            self._fail("the connection was lost")
        else:
            self._waiter.set_result(answer)

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """(status, body); raises Broken. A cancelled exchange leaves the connection unusable."""
        assert self._transport is not None
        self._buffer.clear()
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiter
        except asyncio.CancelledError:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection at once."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, problem: str) -> None:
        self.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(Broken(problem))

    def _parsed(self, *, ended: bool) -> tuple[int, bytes] | None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if len(self._buffer) > _MAX_ANSWER:
            raise ValueError("the answer is too large")
        if head_end < 0:
            return None
        lines = bytes(self._buffer[:head_end]).split(b"\r\n")
        if not lines[0].startswith(b"HTTP/1."):
            raise ValueError("the answer is not HTTP")
        status = int(lines[0].split(b" ", 2)[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        if headers.get(b"connection", b"").lower() == b"close":
            self.reusable = False
        rest = bytes(self._buffer[head_end + 4 :])
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            body = _unchunked(rest)
            return None if body is None else (status, body)
        if b"content-length" in headers:
            length = int(headers[b"content-length"])
            return (status, rest[:length]) if len(rest) >= length else None
        if status in (204, 304):
            return status, b""
        self.reusable = False
        return (status, rest) if ended else None


def _unchunked(data: bytes) -> bytes | None:
    body = bytearray()
    position = 0
    while True:
        end = data.find(b"\r\n", position)
        if end < 0:
            return None
        size = int(data[position:end].partition(b";")[0], 16)
        start = end + 2
        if size == 0:
            return bytes(body) if data.find(b"\r\n", start) >= 0 else None
        if len(data) < start + size + 2:
            return None
        body += data[start : start + size]
        position = start + size + 2


class Pool:
    """Idle connections to one `http://host:port`; the caller bounds how many are in use."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the wallet's URL must be http://host:port, not {url}")
        self._host, self._port = parts.hostname, parts.port or 80
        self._base = parts.path.rstrip("/")
        lines = [f"Host: {self._host}:{self._port}", *(f"{name}: {value}" for name, value in headers.items())]
        self._fixed = "\r\n".join(lines)
        self._idle: list[_Connection] = []

    async def request(self, method: str, path: str, body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
        """(status, body); raises NotSent or Broken. Cancelling it closes the connection."""
        connection = await self._connected()
        head = f"{method} {self._base}{path} HTTP/1.1\r\n{self._fixed}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        answer = await connection.exchange(head.encode("latin-1") + body)
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    async def _connected(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
        try:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(_Connection, self._host, self._port)
        except OSError as problem:
            raise NotSent(str(problem)) from problem
        return connection

    def close(self) -> None:
        """Ends every idle connection."""
        while self._idle:
            self._idle.pop().close()
