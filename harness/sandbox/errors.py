"""The one error model of the API: codes, their HTTP status, and whether a retry can help.

Handlers raise `ApiError(code, message)`; the pipeline rolls the transaction back, renders the answer with the
request's trace id, and stores the refusal under the idempotency key when the code is storable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class CodeFacts(NamedTuple):
    """HTTP status and retryability of one error code."""

    status: int
    retryable: bool


CODES: dict[str, CodeFacts] = {
    "MALFORMED_REQUEST": CodeFacts(400, False),
    "VALIDATION_FAILED": CodeFacts(400, False),
    "MISSING_HEADER": CodeFacts(400, False),
    "IDEMPOTENCY_KEY_REQUIRED": CodeFacts(400, False),
    "AUTH_FAILED": CodeFacts(401, False),
    "FORBIDDEN": CodeFacts(403, False),
    "REGION_MISMATCH": CodeFacts(403, False),
    "RG_BLOCK": CodeFacts(403, False),
    "NOT_FOUND": CodeFacts(404, False),
    "METHOD_NOT_ALLOWED": CodeFacts(405, False),
    "VERSION_UNSUPPORTED": CodeFacts(406, False),
    "DUPLICATE": CodeFacts(409, False),
    "IDEMPOTENCY_MISMATCH": CodeFacts(409, False),
    "INVALID_STATE": CodeFacts(409, False),
    "SESSION_EXPIRED": CodeFacts(409, False),
    "IN_PROGRESS": CodeFacts(409, True),
    "PAYLOAD_TOO_LARGE": CodeFacts(413, False),
    "UNSUPPORTED_MEDIA_TYPE": CodeFacts(415, False),
    "INSUFFICIENT_FUNDS": CodeFacts(422, False),
    "LIMIT_EXCEEDED": CodeFacts(422, False),
    "CURRENCY_MISMATCH": CodeFacts(422, False),
    "CURRENCY_UNSUPPORTED": CodeFacts(422, False),
    "AMOUNT_INVALID": CodeFacts(422, False),
    "RATE_LIMITED": CodeFacts(429, True),
    "FEATURE_DISABLED": CodeFacts(503, True),
    "UPSTREAM_UNAVAILABLE": CodeFacts(503, True),
    "INTERNAL": CodeFacts(500, True),
}

# A retry of these must be able to succeed later, so they are never remembered under an idempotency key.
NEVER_STORED = frozenset(
    {"RATE_LIMITED", "FEATURE_DISABLED", "UPSTREAM_UNAVAILABLE", "AUTH_FAILED", "IN_PROGRESS", "INTERNAL"}
)


class PendingEvent(NamedTuple):
    """An event that a refusal leaves behind (rg.limit.hit, wallet.debit.failed): arguments of append_event."""

    type: str
    key: str
    data: dict[str, Any]


class ApiError(Exception):
    """A refusal in the API's error model.

    `details` are {field, problem} objects; `retry_after` (whole seconds) becomes the Retry-After header;
    `headers` are added to the answer; `events` are written in the transaction that stores the refusal.
    `leaves(tx)` is only for planted defects: an effect that the refusal forgets to undo.
    """

    def __init__(
        self,
        code: str,
        message: str,
        details: list[dict[str, str]] | None = None,
        *,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
        events: tuple[PendingEvent, ...] = (),
        status: int | None = None,
        leaves: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(message)
        facts = CODES[code]
        self.code = code
        self.message = message
        self.details = details
        self.status = facts.status if status is None else status
        self.retryable = facts.retryable
        self.headers = dict(headers or {})
        self.events = events
        self.leaves = leaves
        if retry_after is None and self.status in (429, 503):
            retry_after = 1
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, retry_after))

    @property
    def storable(self) -> bool:
        """True when a replay of the same key must get this same refusal."""
        return self.code not in NEVER_STORED

    def body(self, trace_id: str) -> dict[str, Any]:
        """The error object of the contract."""
        answer: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "trace_id": trace_id,
        }
        if self.details:
            answer["details"] = self.details
        return answer


def field_error(field: str, problem: str, code: str = "VALIDATION_FAILED") -> ApiError:
    """A refusal that names one field: VALIDATION_FAILED unless told otherwise."""
    return ApiError(code, f"{field}: {problem}", [{"field": field, "problem": problem}])
