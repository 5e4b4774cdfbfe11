"""A line of one's own to the subject: what no HTTP client sends is written on it by hand, one request each."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from harness.engine.ports import Request
from harness.engine.redaction import Redactor
from harness.engine.trust import trusted
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange

_PORTS = {"http": 80, "https": 443}


def connect(request: Request, seconds: float, purpose: str) -> socket.socket:
    """A connection to the request's host, with TLS where its URL says so.

    Raises:
        Prerequisite: it could not be made within `seconds`; names the purpose.
    """
    parts = urlsplit(request.url)
    try:
        line = socket.create_connection((parts.hostname or "", parts.port or _PORTS[parts.scheme]), seconds)
        if parts.scheme == "https":
            line = trusted().wrap_socket(line, server_hostname=parts.hostname)
    except OSError as error:
        raise Prerequisite(f"no connection for {purpose}: {error}") from error
    return line


def head(request: Request, framing: Iterable[bytes]) -> bytes:
    """Request line, Host, the request's headers and the lines of `framing`, to the empty line."""
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {parts.netloc}",
             *(f"{name}: {value}" for name, value in request.headers)]
    return b"\r\n".join([*(line.encode("utf-8", "surrogateescape") for line in lines), *framing, b"", b""])


def exchange_of(request: Request, redactor: Redactor, **observed: Any) -> Exchange:
    """The request as the journal keeps it, redacted, with what was observed (other members of `Exchange`)."""
    return Exchange(
        check=request.check, actor=request.actor, operation=request.operation, label=request.label,
        method=request.method, url=redactor.text(request.url),
        request_headers=tuple((n, redactor.header(n, v)) for n, v in request.headers),
        request_body=redactor.text((request.body or b"").decode("utf-8", "surrogateescape")), **observed)
