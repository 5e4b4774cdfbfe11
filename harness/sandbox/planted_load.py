"""Planted defects of a platform under load: well until so many bet calls a second have come for some seconds."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from harness.sandbox import faults
from harness.sandbox.context import Answer
from harness.sandbox.errors import ApiError

_FAULTS = ("slow-under-load", "sheds-rudely-under-load", "door-shut-under-load")
_CALLS_A_SECOND, _SECONDS = 30, 3
"""More than any calm check asks for, less than a burst."""
_EVERY = 10
_SLOW_SECONDS = 0.6

_counted: dict[int, int] = {}


def planted() -> bool:
    """Is one of these defects on?"""
    return any(map(faults.on, _FAULTS))


async def strained(operation_id: str, trace_id: str, receive: Any) -> Answer | None:
    """Counts a bet call; the wrong answer to it where it is its turn. A call whose connection was cut gets none."""
    if operation_id not in ("authorizeBet", "settleBet", "rollbackBet"):
        return None
    second = int(time.monotonic())
    count = _counted[second] = _counted.get(second, 0) + 1
    for old in [s for s in _counted if s < second - _SECONDS]:
        del _counted[old]
    loaded = all(_counted.get(second - n, 0) >= _CALLS_A_SECOND for n in range(1, _SECONDS + 1))
    if not loaded or count % _EVERY:
        return None
    if faults.on("slow-under-load"):
        await asyncio.sleep(_SLOW_SECONDS)
        return None
    if faults.on("door-shut-under-load"):
        receive.__self__.transport.abort()  # the server's own view of this request; no honest code needs it
        await asyncio.sleep(0)
    refusal = ApiError("UPSTREAM_UNAVAILABLE", "too much at once")
    return Answer(refusal.status, refusal.body(trace_id), {})
