"""Planted defects at odd inputs: what a handler that trusts its input would let through, or stumble over."""

from __future__ import annotations

from typing import Any

from harness.sandbox import faults
from harness.sandbox.context import Context

_LONG = 100
_LEAST = -(2**63)


def stumble(ctx: Context) -> None:
    """Raises what an unguarded handler would raise at this input."""
    body = ctx.body if isinstance(ctx.body, dict) else {}
    match ctx.operation_id:
        case "getBonus" if faults.on("long-trace-crashes") and len(ctx.headers.get("x-trace-id", "")) > _LONG:
            raise RuntimeError("value too long for type character varying(100)")
        case "rollbackBet" if faults.on("long-reason-crashes") and len(str(body.get("reason", ""))) > _LONG:
            raise RuntimeError("value too long for type character varying(100)")
        case "settleBet" if faults.on("missing-round-crashes") and body and "round_id" not in body:
            raise KeyError("round_id")


def read_loosely(ctx: Context) -> None:
    """Turns text into the number that it shows, as a lenient parser does; a number that is let through into 64 bits."""
    if faults.on("negative-freespins-accepted") and ctx.operation_id == "issueBonus" and isinstance(ctx.body, dict) \
            and type(ctx.body.get("freespins")) is int:
        ctx.body["freespins"] = max(ctx.body["freespins"], _LEAST)
    win = ctx.body.get("win") if ctx.operation_id == "settleBet" and isinstance(ctx.body, dict) else None
    if faults.on("text-amounts-accepted") and isinstance(win, dict) and isinstance(win.get("amount"), str):
        text = win["amount"].strip()
        if text.isascii() and text.isdigit() and len(text) < 18:
            win["amount"] = int(text)


def lets_through(operation_id: str, problem: tuple[str, str]) -> bool:
    """What a schema that lacks a rule would accept; `problem` is (field, trouble)."""
    field, trouble = problem
    return (
        (faults.on("negative-amounts-accepted") and field.endswith("amount") and trouble == "is too small")
        or (faults.on("negative-freespins-accepted") and (operation_id, field, trouble)
            == ("issueBonus", "freespins", "is too small"))
        or (faults.on("event-type-unchecked") and (operation_id, field) == ("publishEvent", "type")
            and trouble == "does not match the pattern")
        or (faults.on("limit-unbounded") and (operation_id, field, trouble)
            == ("listPlayerTransactions", "limit", "is too large")))  # fmt: skip


def refused_too_late(ctx: Context) -> dict[str, Any] | None:
    """The part of a settle whose malformed shape is noticed only once it was paid; it is taken out of the body."""
    if not faults.on("refused-settle-pays") or ctx.operation_id != "settleBet" or not isinstance(ctx.body, dict):
        return None
    state = ctx.body.get("bonus_state")
    well_formed = isinstance(state, dict) and isinstance(state.get("in_bonus"), bool) \
        and type(state.get("freespins_left")) is int and state["freespins_left"] >= 0
    if "bonus_state" not in ctx.body or well_formed:
        return None
    return {"bonus_state": ctx.body.pop("bonus_state")}
