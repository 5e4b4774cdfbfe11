"""One observed HTTP request and answer, and its form in the journal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

Headers = tuple[tuple[str, str], ...]


def mentions(text: str, name: str) -> bool:
    """Does the text name this identifier, and not just a longer one that it is a part of?"""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (text[at - 1:at].isalnum() or text[end:end + 1].isalnum()):
            return True
        at = text.find(name, at + 1)
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request sent (channel `api`) or received (channel `webhook`) by the harness, redacted at capture.

    Channel `frame` is a request that breaks HTTP itself on purpose: what answers it is the server's edge.

    Times are `time.monotonic_ns()` of this machine. Bodies are text; bytes that are not UTF-8 survive
    as surrogate escapes. `failure` names what kept an answer from arriving ("timeout", "connect",
    "protocol", "too_large", "encoding"); `status` is None then, or the status that came before it.
    """

    id: str
    check: str
    actor: str
    channel: str = "api"
    operation: str = ""
    label: str = ""
    method: str
    url: str
    request_headers: Headers = ()
    request_body: str = ""
    status: int | None = None
    response_headers: Headers = ()
    response_body: str = ""
    failure: str = ""
    started_ns: int = 0
    ended_ns: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was verified at capture and cannot be verified later, e.g. {"signature": "valid"}."""

    @property
    def answered(self) -> bool:
        """True when a whole answer arrived."""
        return self.status is not None and not self.failure

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return (self.ended_ns - self.started_ns) / 1e9

    def header(self, name: str) -> str | None:
        """First answer header of that name (case-insensitive), or None."""
        return _first(self.response_headers, name)

    def sent_header(self, name: str) -> str | None:
        """First request header of that name (case-insensitive), or None."""
        return _first(self.request_headers, name)

    def mentions(self, name: str) -> bool:
        """Does its URL or what was sent name this identifier?"""
        return mentions(unquote(self.url), name) or mentions(self.request_body, name)

    def retry_after(self) -> float | None:
        """Seconds that the answer asks to wait (RFC 9110 10.2.3: delta seconds or an HTTP date), or None.

        A date counts from the answer's own Date header: the two clocks need not agree.
        """
        value = (self.header("Retry-After") or "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        try:
            wait = parsedate_to_datetime(value) - parsedate_to_datetime(self.header("Date") or "")
        except (TypeError, ValueError, OverflowError):  # a year or an offset may have twenty digits
            return None
        return max(0.0, wait.total_seconds())

    def json(self) -> Any:
        """The answer's body as JSON, or None where it is none."""
        return parse_json(self.response_body)

    def sent_json(self) -> Any:
        """The request's body as JSON, or None where it is none."""
        return parse_json(self.request_body)

    def field(self, name: str) -> Any:
        """A top-level member of a JSON object answer, or None."""
        body = self.json()
        return body.get(name) if isinstance(body, dict) else None

    def to_line(self) -> dict[str, Any]:
        """JSON-ready form for the journal."""
        line = {known.name: getattr(self, known.name) for known in fields(self)}
        line["facts"] = dict(self.facts)
        line["request_headers"] = [list(pair) for pair in self.request_headers]
        line["response_headers"] = [list(pair) for pair in self.response_headers]
        return line

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> Exchange:
        """Inverse of `to_line`; unknown members are ignored so newer journals stay readable."""
        known = {f.name: line[f.name] for f in fields(cls) if f.name in line}
        for name in ("request_headers", "response_headers"):
            known[name] = tuple((str(k), str(v)) for k, v in known.get(name, ()))
        return cls(**known)


def _first(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def parse_json(text: str) -> Any:
    """JSON value of `text`, or None; never raises (hostile depth included)."""
    try:
        return json.loads(text.removeprefix("\ufeff")) if text else None  # RFC 8259 8.1: a parser may ignore the mark
    except (ValueError, RecursionError):
        return None
