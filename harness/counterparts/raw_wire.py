"""A client that breaks the rules of HTTP on purpose: frames that no library sends, one connection each."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from harness.counterparts.line import connect, exchange_of, head
from harness.engine.ports import Recorder, Request
from harness.engine.redaction import Redactor
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
    started = time.monotonic_ns()
    with connect(request, timeout, "a broken frame") as line, _cut_after(line, timeout) as late:
        status, headers, body, failure = _ask(line, head(request, [b"Connection: close", *frame]) + payload)
        if late.is_set():  # what had come by then is no answer
            status, headers, body, failure = None, (), b"", "timeout"
    exchange = exchange_of(
        request, redactor, id=exchange_id, channel="frame", status=status, failure=failure, response_headers=headers,
        response_body=redactor.text(body.decode("utf-8", "surrogateescape")), started_ns=started,
        ended_ns=time.monotonic_ns())
    exchange = replace(exchange, request_headers=exchange.request_headers + _shown(frame))
    recorder.append("exchange", exchange.to_line())
    return exchange


@contextmanager
def _cut_after(line: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Cut the line when the time is over, whoever drips bytes on it; the event says that it was."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    line.settimeout(None)
    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _shown(frame: Sequence[bytes]) -> Headers:
    """The framing lines for the journal, cut to what a reader needs."""
    pairs = [line[:200].decode("latin-1").partition(":") for line in frame[:20]]
    return tuple((name, value.strip()) for name, _, value in pairs)


def _ask(line: socket.socket, wire: bytes) -> tuple[int | None, Headers, bytes, str]:
    """(status, headers, body, failure); a subject that answers and cuts while we still write has answered."""
    with suppress(OSError):  # it may have said why before it cut
        line.sendall(wire)
    answer = http.client.HTTPResponse(line)
    try:
        answer.begin()
        body = answer.read(_MAX_ANSWER)
    except (OSError, http.client.HTTPException, ValueError):
        return None, (), b"", "closed"
    finally:
        answer.close()
    return answer.status, tuple(answer.getheaders()), body, ""
