"""The recording HTTP client: httpx behind limits that a hostile target cannot exceed."""

from __future__ import annotations

import itertools
import ssl
import threading
import time
import zlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from harness.engine.ports import Recorder, Request, Sent
from harness.engine.redaction import Redactor
from harness.engine.trust import trusted
from harness.model.errors import UsageError
from harness.model.exchange import Exchange, Headers

MAX_BODY = 1 << 20
MAX_RECORDED_REQUEST = 1 << 18
"""Only probes of size send more; their tail is padding, and the journal need not keep it."""
_TRUNCATED = "too_large"


class _Deadline(threading.local):
    """When the exchange of this thread must have ended."""

    at = float("inf")

    def left(self, timeout: float | None, late: type[Exception]) -> float:
        """Seconds that one reading or writing may take: httpx starts its time anew with every byte."""
        seconds = min(self.at - time.monotonic(), float("inf") if timeout is None else timeout)
        if seconds <= 0:
            raise late("the exchange has had its time")
        return seconds


class _Line(httpcore.NetworkStream):
    """A connection that no drip of bytes keeps busy beyond the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None,
                  timeout: float | None = None) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Line(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Lines(httpcore.NetworkBackend):
    """Makes such connections."""

    def __init__(self, deadline: _Deadline) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
                    socket_options: Any = None) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Line(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._deadline)


class RecordingClient:
    """Sends through httpx, redacts, appends every exchange to the journal.

    Redirects are never followed, environment proxies never used, hosts outside `hosts` never
    contacted. A request has `timeout` seconds in all, drip or not; a body over `max_body` bytes (unpacked) is cut.
    Without a recorder nothing is recorded: bodies are handed out raw, for memory only, and exchanges have none.
    """

    def __init__(self, recorder: Recorder | None, redactor: Redactor, *, hosts: Iterable[str], prefix: str,
                 timeout: float = 10.0, max_body: int = MAX_BODY) -> None:
        self._max_body = max_body
        self._recorder = recorder
        self._redactor = redactor
        self._hosts = frozenset(hosts)
        self._timeout = timeout
        self._prefix = prefix
        self._numbers = itertools.count(1)  # no generator: two threads may ask at once
        self._deadline = _Deadline()
        transport = httpx.HTTPTransport(
            verify=trusted(), trust_env=False, limits=httpx.Limits(max_connections=128, max_keepalive_connections=64))
        transport._pool._network_backend = _Lines(self._deadline)  # httpx has no other door for it
        self._client = httpx.Client(transport=transport, trust_env=False, follow_redirects=False,
                                    timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(self, request: Request) -> Sent:
        """Send one request and record it.

        Raises:
            UsageError: the URL's host is not one that the profile names.
        """
        host = urlsplit(request.url).netloc
        if host not in self._hosts:
            raise UsageError(f"refusing to contact {host!r}: not a host of the target profile",
                             remedy="Add it to `hosts` of the target in certify.toml if it is yours")
        exchange_id = f"{self._prefix}-{next(self._numbers)}"
        started = time.monotonic_ns()
        status, headers, body, failure = self._exchange(request)
        if self._recorder is None:
            return Sent(Exchange(
                id=exchange_id, check=request.check, actor=request.actor, operation=request.operation,
                label=request.label, method=request.method, url=request.url, status=status, response_headers=headers,
                failure=failure, started_ns=started, ended_ns=time.monotonic_ns()), body)
        exchange = Exchange(
            id=exchange_id, check=request.check, actor=request.actor, operation=request.operation,
            label=request.label, method=request.method, url=self._redactor.text(request.url),
            request_headers=self._headers(request.headers),
            request_body=self._redactor.text(_text((request.body or b"")[:MAX_RECORDED_REQUEST])),
            status=status, response_headers=self._headers(headers),
            response_body=self._redactor.text(_text(body)), failure=failure,
            started_ns=started, ended_ns=time.monotonic_ns())
        self._recorder.append("exchange", exchange.to_line())
        return Sent(exchange, body)

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self._redactor.header(name, value)) for name, value in headers)

    def _exchange(self, request: Request) -> tuple[int | None, Headers, bytes, str]:
        """(status, headers, body, failure) of one request; every httpx error ends here."""
        deadline = self._deadline.at = time.monotonic() + self._timeout
        status: int | None = None
        headers: Headers = ()
        body = bytearray()
        try:
            content = request.body if request.body is not None else b""
            wire = [(n.encode(), v.encode("utf-8", "surrogateescape")) for n, v in request.headers]
            if not any(n.lower() == "accept-encoding" for n, _ in request.headers):
                wire.append((b"Accept-Encoding", b"identity"))
            built = self._client.build_request(request.method, request.url, headers=wire, content=content)
            answer = self._client.send(built, stream=True)
            try:
                status = answer.status_code
                headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in answer.headers.raw)
                failure = _read(answer, body, deadline, self._max_body)
            finally:
                answer.close()
        except httpx.TimeoutException as error:
            failure = "connect" if isinstance(error, httpx.ConnectTimeout) else "timeout"
        except httpx.ConnectError:
            failure = "connect"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            failure = "protocol"
        return status, headers, bytes(body), failure


def _read(answer: httpx.Response, body: bytearray, deadline: float, max_body: int = MAX_BODY) -> str:
    """Fill `body` within the limits; returns the failure or ""."""
    encoding = answer.headers.get("content-encoding", "identity").lower().strip()
    unpack = zlib.decompressobj(47) if encoding in {"gzip", "x-gzip", "deflate"} else None
    if unpack is None and encoding not in {"", "identity"}:
        return "encoding"
    for chunk in answer.iter_raw():
        try:
            plain = unpack.decompress(chunk, max_body + 1 - len(body)) if unpack else chunk
        except zlib.error:
            return "encoding"
        body += plain
        if len(body) > max_body:
            del body[max_body:]
            return _TRUNCATED
        if time.monotonic() > deadline:
            return "timeout"
    return ""


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
