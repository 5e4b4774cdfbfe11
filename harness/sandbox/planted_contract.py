"""Planted breaks of the contract on rare paths: one status of one operation, a later page, a read after a change."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

from harness.sandbox import faults, planted_load
from harness.sandbox.context import Answer, Context


def break_refusal(ctx: Context, answer: Answer) -> None:
    """Change a refusal, whose body is an object, in place."""
    if faults.on("details-as-object") and ctx.operation_id == "getBonus" and answer.status == 404:
        answer.body["details"] = {"field": "bonus_id", "problem": "is unknown"}
    if faults.on("refusal-as-plain-text") and ctx.operation_id == "getSettlement" and answer.status == 404:
        answer.media_type = "text/plain"
    if faults.on("retry-after-as-date") and answer.status == 429 and "Retry-After" in answer.headers:
        wait = int(answer.headers["Retry-After"])
        answer.headers["Retry-After"] = formatdate(time.time() + wait, usegmt=True)


def break_success(ctx: Context, answer: Answer) -> None:
    """Change a success, whose body is an object, in place."""
    body: dict[str, Any] = answer.body
    if faults.on("content-type-twice") and ctx.operation_id == "getSettlement":
        answer.headers["Content-Type"] = "text/plain; charset=utf-8"  # beside the right one
    if faults.on("debug-field-leaked") and ctx.operation_id == "getBet" and body.get("status") == "settled":
        body["debug"] = {"shard": 3, "cached": False}
    if faults.on("rolled-back-said-cancelled") and ctx.operation_id == "getBet" and body.get("status") == "rolled_back":
        body["status"] = "cancelled"
    if faults.on("locale-null-when-closed") and body.get("session_id") and body.get("status") == "closed":
        body["locale"] = None
    if faults.on("later-page-incomplete") and ctx.operation_id == "listPlayerTransactions" and "cursor" in ctx.query:
        body["items"] = [{name: value for name, value in item.items() if name != "occurred_at"}
                         for item in body["items"]]
    if faults.on("hold-id-lost-under-load") and ctx.operation_id == "authorizeBet" and planted_load.its_turn():
        body.pop("hold_id", None)
