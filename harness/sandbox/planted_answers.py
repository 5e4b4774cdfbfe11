"""The planted defects that show in answers: error model, shapes, headers, trace ids.

`spoil` is called on every answer while at least one fault is on; it changes nothing without its own faults.
"""

from __future__ import annotations

import json
import traceback
from typing import Any

from harness.sandbox import faults, planted_contract
from harness.sandbox.context import Answer, Context

_SQL = "sqlite3.OperationalError: near WHERE: SELECT * FROM bets WHERE tenant_id = 'tenant-a' AND bet_id = ?"


def spoil(ctx: Context, path: str, answer: Answer) -> Answer:
    """The answer as a platform with the active faults would give it."""
    if answer.media_type != "application/json" or answer.status == 204:
        return answer
    body = json.loads(answer.body) if isinstance(answer.body, bytes) and answer.body else answer.body
    if not isinstance(body, dict):
        return answer
    changed = Answer(answer.status, dict(body), dict(answer.headers), answer.media_type)
    if answer.status >= 400:
        planted_contract.break_refusal(ctx, changed)
        _spoil_refusal(ctx, path, changed)
    else:
        planted_contract.break_success(ctx, changed)
        _spoil_success(ctx, changed)
    return changed if changed != Answer(answer.status, body, answer.headers, answer.media_type) else answer


def _spoil_refusal(ctx: Context, path: str, answer: Answer) -> None:
    body: dict[str, Any] = answer.body
    code = body.get("code")
    if faults.on("error-without-retryable"):
        body.pop("retryable", None)
    if faults.on("refusals-said-retryable"):
        body["retryable"] = True
    if faults.on("error-code-invented") and code in ("INVALID_STATE", "INSUFFICIENT_FUNDS", "NOT_FOUND", "DUPLICATE"):
        body["code"] = "E1042"
    if faults.on("funds-said-limit") and code == "INSUFFICIENT_FUNDS":
        body["code"] = "LIMIT_EXCEEDED"
    if faults.on("error-leaks-sql") and code in ("NOT_FOUND", "VALIDATION_FAILED", "DUPLICATE"):
        body["message"] = _SQL
    if faults.on("error-leaks-stack") and code in ("MALFORMED_REQUEST", "VALIDATION_FAILED"):
        body["message"] = "".join(["Traceback (most recent call last):\n", *traceback.format_stack(limit=4)])
    if faults.on("markup-reflected") and code in ("NOT_FOUND", "VALIDATION_FAILED", "MALFORMED_REQUEST"):
        echoed = f"{path} {ctx.raw[:2000].decode('utf-8', 'replace')}"
        answer.body = f"<html><body><h1>{code}</h1>{echoed}</body></html>".encode()
        answer.media_type = "text/html"
    if faults.on("retry-after-missing"):
        answer.headers.pop("Retry-After", None)
    if faults.on("malformed-gives-500") and code == "MALFORMED_REQUEST":
        answer.status = 500
        body["code"] = "INTERNAL"
    if faults.on("refusals-answer-200") and answer.status in (409, 422):
        answer.status = 200
    if faults.on("challenge-missing"):
        answer.headers.pop("WWW-Authenticate", None)


def _spoil_success(ctx: Context, answer: Answer) -> None:
    body: dict[str, Any] = answer.body
    if faults.on("field-renamed") and "hold_id" in body:
        body["holdId"] = body.pop("hold_id")
    if faults.on("amount-as-string") and isinstance(body.get("balance"), dict):
        body["balance"] = {**body["balance"], "amount": str(body["balance"]["amount"])}
    left = body.get("freespins_left")
    if faults.on("spins-left-as-text") and ctx.operation_id == "consumeBonus" and isinstance(left, int):
        body["freespins_left"] = str(left)
    if faults.on("rolled-back-read-as-tombstoned") and ctx.operation_id == "getBet" \
            and body.get("status") == "rolled_back":
        body["status"] = "tombstoned"
    if faults.on("undocumented-status") and ctx.operation_id == "authorizeBet" and answer.status == 200:
        answer.status = 203
    if faults.on("time-without-zone"):
        for name in ("authorized_at", "settled_at", "created_at", "expires_at"):
            if isinstance(body.get(name), str):
                body[name] = body[name].rstrip("Z")
    if faults.on("location-missing"):
        answer.headers.pop("Location", None)
    if faults.on("document-field-renamed") and "settled_at" in body \
            and ctx.operation_id in ("settleBet", "getSettlement"):
        body["paid_at"] = body.pop("settled_at")
    _spoil_deprecation(answer.headers)


def _spoil_deprecation(headers: dict[str, str]) -> None:
    """How a deprecated call says that it is one."""
    if "Deprecation" not in headers:
        return
    if faults.on("deprecation-unannounced"):
        headers.pop("Deprecation")
        headers.pop("Sunset")
    if faults.on("sunset-without-deprecation"):
        headers.pop("Deprecation")
    if faults.on("deprecation-malformed"):
        headers["Deprecation"] = "true"
    if faults.on("sunset-malformed"):
        headers["Sunset"] = "2027-06-30"
    if faults.on("sunset-before-deprecation"):
        headers["Sunset"] = "Mon, 30 Jun 2025 00:00:00 GMT"
    if faults.on("sunset-other-than-documented"):
        headers["Sunset"] = "Thu, 31 Dec 2026 00:00:00 GMT"


def trace_header(ctx: Context, status: int, previous: str) -> str | None:
    """The X-Trace-Id to answer with; None for none."""
    if faults.on("trace-cached") and previous:
        return previous
    if faults.on("trace-lost-on-errors") and status >= 400:
        return None
    if faults.on("trace-not-generated") and ctx.headers.get("x-trace-id") != ctx.trace_id:
        return None
    return ctx.trace_id
