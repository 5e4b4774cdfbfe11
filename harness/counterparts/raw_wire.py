"""A client that breaks the rules of HTTP on purpose: frames that no library sends, one connection each."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from harness.engine.ports import Recorder, Request
from harness.engine.redaction import Redactor
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange, Headers

_MAX_ANSWER = 1 << 20


def send_frame(request: Request, frame: Sequence[bytes], payload: bytes, *, exchange_id: str, recorder: Recorder,
               redactor: Redactor, timeout: float = 10.0) -> Exchange:
    """Send the request's head with the lines of `frame` instead of a Content-Length, then `payload` as it is.

    The journal keeps the request's own body: what the payload would say if its frame were whole.

    Returns the recorded exchange: the answer, or failure "closed" (the line was cut without one) or "timeout".

    Raises:
        Prerequisite: no connection could be made.
    """
    parts = urlsplit(request.url)
    started = time.monotonic_ns()
    head = [f"{request.method} {parts.path} HTTP/1.1".encode(), b"Host: " + parts.netloc.encode(),
            *(f"{n}: {v}".encode() for n, v in request.headers), b"Connection: close", *frame, b"", b""]
    try:
        line = socket.create_connection((parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)),
                                        timeout)
        if parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    except OSError as error:
        raise Prerequisite(f"no connection for a broken frame: {error}") from error
    with line:
        status, headers, body, failure = _ask(line, b"\r\n".join(head) + payload, timeout)
    exchange = Exchange(
        id=exchange_id, check=request.check, actor=request.actor, channel="frame", operation=request.operation,
        label=request.label, method=request.method, url=redactor.text(request.url), status=status, failure=failure,
        request_headers=tuple((n, redactor.header(n, v)) for n, v in request.headers) + _shown(frame),
        request_body=redactor.text((request.body or b"").decode("utf-8", "surrogateescape")), response_headers=headers,
        response_body=redactor.text(body.decode("utf-8", "surrogateescape")),
        started_ns=started, ended_ns=time.monotonic_ns())
    recorder.append("exchange", exchange.to_line())
    return exchange


def _shown(frame: Sequence[bytes]) -> Headers:
    """The framing lines for the journal, cut to what a reader needs."""
    pairs = [line[:200].decode("latin-1").partition(":") for line in frame[:20]]
    return tuple((name, value.strip()) for name, _, value in pairs)


def _ask(line: socket.socket, wire: bytes, timeout: float) -> tuple[int | None, Headers, bytes, str]:
    """(status, headers, body, failure); a subject that answers and cuts while we still write has answered."""
    line.settimeout(timeout)
    try:
        line.sendall(wire)
    except TimeoutError:
        return None, (), b"", "timeout"
    except OSError:
        pass  # it may have said why before it cut
    answer = http.client.HTTPResponse(line)
    try:
        answer.begin()
        body = answer.read(_MAX_ANSWER)
        return answer.status, tuple(answer.getheaders()), body, ""
    except TimeoutError:
        return None, (), b"", "timeout"
    except (OSError, http.client.HTTPException, ValueError):
        return None, (), b"", "closed"
    finally:
        answer.close()
