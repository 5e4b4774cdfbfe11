"""The planted defects of the webhook sender: without its fault each function answers as correct code would."""

from __future__ import annotations

import json
import uuid
from typing import Any

from harness.sandbox import faults
from harness.sandbox.context import Platform
from harness.sandbox.store import Row

_RAIN = 20
_LONG = 60.0


def patience(seconds: float) -> float:
    """How long one answer of a receiver may take, in seconds."""
    return _LONG if faults.on("webhook-waits-for-ever") else seconds


def fanned_out(row: Row) -> bool:
    """Is this event sent at all?"""
    return not (faults.on("webhook-lost-in-rain") and row["position"] % _RAIN == 0)


def lane(row: Row) -> tuple[str, str]:
    """What is sent one after the other: the events of one key."""
    return row["endpoint_id"], "" if faults.on("webhook-head-of-line") else row["key"]


def message(platform: Platform, row: Row, body: bytes) -> bytes:
    """The bytes of a delivery."""
    if faults.on("event-sent-twice-new-id") or row["delivery_id"] in platform.memory.get("redriven", ()):
        return json.dumps({**json.loads(body), "event_id": str(uuid.uuid4())}).encode()
    if faults.on("webhook-money-as-text"):
        return json.dumps(_told_as_text(json.loads(body))).encode()
    if faults.on("webhook-settlement-renamed"):
        return body.replace(b'"settlement_id"', b'"settlementId"')
    if faults.on("webhook-retry-changes-body") and row["attempts"]:
        return json.dumps({**json.loads(body), "attempt": row["attempts"] + 1}).encode()
    return body


def _told_as_text(event: dict[str, Any]) -> dict[str, Any]:
    data = {name: {**value, "amount": str(value["amount"])} if isinstance(value, dict) and "amount" in value else value
            for name, value in event["data"].items()}
    return {**event, "data": data}


def redriven(platform: Platform, delivery_id: str) -> None:
    """A dead letter is redriven."""
    if faults.on("redrive-doubles"):
        platform.memory.setdefault("redriven", set()).add(delivery_id)


def heard(status: int | None) -> int | None:
    """What a receiver's answer counts as."""
    if faults.on("webhook-failure-said-delivered") and status is not None:
        return 200
    return 500 if status == 410 and faults.on("webhook-410-retried") else status


def given_up(attempts: int, most: int) -> bool:
    """Has a delivery been tried often enough?"""
    return attempts >= (1 if faults.on("webhook-drops-after-failure") else most)


def pause(seconds: float, spread: float, first: float) -> float:
    """Seconds to the next try: the back-off, and how much it is spread by chance."""
    if faults.on("webhook-fixed-interval"):
        return first
    return seconds if faults.on("webhook-retries-in-step") else seconds * spread


def asked_to_wait(seconds: float) -> float:
    """The pause that a receiver asked for."""
    return 0.0 if faults.on("webhook-ignores-retry-after") else seconds


def shown(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Deliveries as their lists show them."""
    return [i for i in items if i["status"] != "dead"] if faults.on("dead-letters-hidden") else items
