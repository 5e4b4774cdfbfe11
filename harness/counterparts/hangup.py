"""A client whose line breaks: it sends a whole request and closes without reading the answer."""

from __future__ import annotations

import hashlib
import itertools
import socket
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from harness.engine.ports import Recorder, Request
from harness.engine.redaction import Redactor
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange

_CONNECT_SECONDS = 5.0
_numbers = itertools.count(1)


def send_and_hang_up(request: Request, meanwhile: Callable[[], object], *, recorder: Recorder,
                     redactor: Redactor) -> Exchange:
    """Send the request, run `meanwhile` (typically: wait until its effect is visible), then cut the line.

    Returns the recorded exchange: no status, failure "hung_up".

    Raises:
        Prerequisite: no connection could be made.
    """
    parts = urlsplit(request.url)
    secure = parts.scheme == "https"
    started = time.monotonic_ns()
    try:
        line = socket.create_connection((parts.hostname or "", parts.port or (443 if secure else 80)),
                                        _CONNECT_SECONDS)
        if secure:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
        with line:
            line.sendall(_raw(request, parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")))
            try:
                meanwhile()
            finally:  # what was sent is recorded, whatever happens to the waiting
                exchange = _hung_up(request, redactor, started)
                recorder.append("exchange", exchange.to_line())
    except OSError as error:
        raise Prerequisite(f"no connection for a lost reply: {error}") from error
    return exchange


def _hung_up(request: Request, redactor: Redactor, started: int) -> Exchange:
    """The exchange as we know it; its id is unique over worker processes, because a check runs in one of them."""
    where = hashlib.sha256(request.check.encode()).hexdigest()[:8]
    return Exchange(
        id=f"h{next(_numbers)}-{where}", check=request.check, actor=request.actor,
        operation=request.operation, label=request.label, method=request.method, url=redactor.text(request.url),
        request_headers=tuple((n, redactor.header(n, v)) for n, v in request.headers), failure="hung_up",
        request_body=redactor.text((request.body or b"").decode("utf-8", "surrogateescape")),
        started_ns=started, ended_ns=time.monotonic_ns())


def _raw(request: Request, host: str, target: str) -> bytes:
    body = request.body or b""
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in request.headers),
             f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body
