"""A client whose line breaks: it sends a whole request and closes without reading the answer."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable

from harness.counterparts.line import connect, exchange_of, head
from harness.engine.ports import Recorder, Request
from harness.engine.redaction import Redactor
from harness.model.errors import Prerequisite
from harness.model.exchange import Exchange

_CONNECT_SECONDS = 5.0
_PURPOSE = "a lost reply"
_numbers = itertools.count(1)


def send_and_hang_up(request: Request, meanwhile: Callable[[], object], *, recorder: Recorder,
                     redactor: Redactor, halved: bool = False) -> Exchange:
    """Send the request, run `meanwhile` (typically: wait until its effect is visible), then cut the line.

    `halved`: only the first half of its body goes out.

    Returns the recorded exchange: no status, failure "hung_up".

    Raises:
        Prerequisite: no connection could be made.
    """
    body = request.body or b""
    sent = body[:len(body) // 2] if halved else body
    started = time.monotonic_ns()
    with connect(request, _CONNECT_SECONDS, _PURPOSE) as line:
        try:
            line.sendall(head(request, [b"Content-Length: %d" % len(body)]) + sent)
        except OSError as error:
            raise Prerequisite(f"no connection for {_PURPOSE}: {error}") from error
        try:
            meanwhile()
        finally:  # what was sent is recorded, whatever happens to the waiting
            # Unique over worker processes, because a check runs in one of them.
            where = hashlib.sha256(request.check.encode()).hexdigest()[:8]
            exchange = exchange_of(request, redactor, id=f"h{next(_numbers)}-{where}", failure="hung_up",
                                   started_ns=started, ended_ns=time.monotonic_ns())
            recorder.append("exchange", exchange.to_line())
    return exchange
