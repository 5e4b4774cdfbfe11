"""Samples of answers that are counted and not recorded: of storms, and of what is watched beside them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from harness.engine.ports import Recorder, Request, Sender, Sent
from harness.engine.redaction import Redactor
from harness.model.exchange import Exchange, Headers
from harness.model.storm import StormPlan

_FIRST, _EVERY, _MOST = 3, 50, 40
_LONGEST = 200_000


def of_storm(kept: tuple[Mapping[str, Any], ...], plan: StormPlan, check: str, redactor: Redactor, *, began_ns: int
             ) -> Iterator[Exchange]:
    """What the processes of a storm have kept, as exchanges, redacted; `began_ns`: about when the storm began.

    What is no such line is left out: it came from another process, maybe from another machine.
    """
    place = urlsplit(plan.base_url)
    for number, line in enumerate(kept):
        try:
            asked, _, sent = line["request"].partition("\r\n\r\n")
            first, *headers = asked.split("\r\n")
            method, path, _ = first.split(" ", 2)
            status, *answered = line["head"].split("\r\n")
            yield Exchange(
                id=f"{plan.prefix}~{number + 1}", check=check, actor="storm", operation=str(line["operation"]),
                label="kept of a storm", method=method, url=f"{place.scheme}://{place.netloc.rpartition('@')[2]}{path}",
                request_headers=_headers(headers, redactor), request_body=redactor.text(_text(sent)),
                status=int(status.split(" ", 2)[1]), response_headers=_headers(answered, redactor),
                response_body=redactor.text(_text(line["body"])), started_ns=began_ns + int(line["sent_ns"]),
                ended_ns=began_ns + int(line["ended_ns"]))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            continue


class Sampled:
    """A sender that records nothing but samples: the first of each operation and status, and then some."""

    def __init__(self, sender: Sender, recorder: Recorder, redactor: Redactor) -> None:
        self._sender, self._recorder, self._redactor = sender, recorder, redactor
        self._counted: dict[tuple[str, int | None], int] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Sent:
        """Send it; what comes back is for memory only."""
        sent = self._sender.send(request)
        if sent.exchange.answered and len(sent.body) <= _LONGEST and self._wanted(request, sent.exchange.status):
            self._recorder.append("sample", self._exchange(request, sent).to_line())
        return sent

    def _wanted(self, request: Request, status: int | None) -> bool:
        with self._lock:
            count = self._counted[request.operation, status] = self._counted.get((request.operation, status), 0) + 1
        return count <= _FIRST or (count % _EVERY == 0 and count <= _EVERY * _MOST)

    def _exchange(self, request: Request, sent: Sent) -> Exchange:
        seen, redactor = sent.exchange, self._redactor
        return Exchange(
            id=seen.id, check=request.check, actor=request.actor, operation=request.operation,
            label=request.label or "kept of what is watched", method=request.method, url=redactor.text(request.url),
            request_headers=tuple((n, redactor.header(n, v)) for n, v in request.headers),
            request_body=redactor.text((request.body or b"").decode("utf-8", "surrogateescape")), status=seen.status,
            response_headers=tuple((n, redactor.header(n, v)) for n, v in seen.response_headers),
            response_body=redactor.text(sent.body.decode("utf-8", "surrogateescape")), started_ns=seen.started_ns,
            ended_ns=seen.ended_ns)


def _headers(lines: list[str], redactor: Redactor) -> Headers:
    pairs = [line.partition(":") for line in lines if line]
    return tuple((name.strip(), redactor.header(name.strip(), value.strip())) for name, _, value in pairs)


def _text(latin: str) -> str:
    return latin.encode("latin-1").decode("utf-8", "surrogateescape")
