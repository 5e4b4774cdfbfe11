"""JSON logs: one line an event with trace id and tenant; no bodies, no secrets, nothing personal."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from harness.sandbox.context import Finished, Platform

_EMAIL = re.compile(r"[^\s\"'<>@]+@[^\s\"'<>@]+\.[^\s\"'<>@]+")
_LONG_DIGITS = re.compile(r"(?<!\d)\d{12,19}(?!\d)")
_BEARER = re.compile(r"(?i)(bearer|basic)\s+[A-Za-z0-9._~+/=-]+")


def masked(text: str) -> str:
    """Mail addresses, card-like numbers and credentials replaced."""
    return _LONG_DIGITS.sub("[number]", _EMAIL.sub("[mail]", _BEARER.sub(r"\1 [token]", text)))


class JsonLines(logging.Formatter):
    """A record as one JSON line; line breaks of a message stay inside it."""

    def format(self, record: logging.LogRecord) -> str:
        """time, level, event, trace_id and what the record carries."""
        line = {"time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname, "service": "platform", "event": masked(record.getMessage()),
                "trace_id": getattr(record, "trace_id", "")}  # fmt: skip
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = masked(f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"[:500])
        return json.dumps(line, ensure_ascii=True)


def _log_request(finished: Finished) -> None:
    facts = {"method": finished.method, "route": finished.route, "status": finished.status, "code": finished.code,
             "ms": round(finished.seconds * 1000, 2), "tenant_id": finished.tenant_id,
             "provider_id": finished.provider_id, "brand_id": finished.brand_id}  # fmt: skip
    level = logging.ERROR if finished.status >= 500 and finished.code == "INTERNAL" else logging.INFO
    logging.getLogger("sandbox.requests").log(level, "request", extra={"trace_id": finished.trace_id, "facts": facts})


def install(platform: Platform) -> None:
    """Structured lines on stderr, where the supervisor keeps them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger("sandbox")
    root.handlers[:] = [handler]
    root.propagate = False
    root.setLevel(logging.INFO)
    platform.observers.append(_log_request)
