"""Planted defects of a platform under load: well until so many bet calls a second have come for some seconds."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

from harness.sandbox import faults
from harness.sandbox.context import Answer
from harness.sandbox.errors import ApiError

_FAULTS = ("slow-under-load", "slow-leak-under-load", "lock-convoy-under-load", "hot-player-waits-under-load",
           "sheds-rudely-under-load", "error-in-200-under-load", "hangs-under-load", "door-shut-under-load",
           "settles-doubled-under-load", "jackpot-forgets-under-load",
           "hold-id-lost-under-load")  # fmt: skip
_BET_CALLS = ("authorizeBet", "settleBet", "rollbackBet")
_CALLS_A_SECOND, _SECONDS = 30, 3
"""More than any calm check asks for, less than a burst."""
_EVERY = 10
_RARELY = 40
"""Rare enough to leave p95 alone, often enough for p99."""
_SLOW_SECONDS, _CONVOY_SECONDS, _HUNG_SECONDS = 0.6, 1.5, 30.0
_LEAKED_SECONDS = 0.004
"""By so much each further call is slower; no more than a second and a half altogether."""
_CROWD = 12
"""Bets of one session within seconds: only a hot player has as many."""

_counted: dict[int, int] = {}
_turns = itertools.count(1)
_lately: dict[str, list[float]] = {}


def planted() -> bool:
    """Is one of these defects on?"""
    return any(map(faults.on, _FAULTS))


def loaded() -> bool:
    """Have so many bet calls come in each of the last seconds?"""
    second = int(time.monotonic())
    return all(_counted.get(second - n, 0) >= _CALLS_A_SECOND for n in range(1, _SECONDS + 1))


def its_turn() -> bool:
    """Does the defect strike this time? Every tenth time, under load."""
    return loaded() and next(_turns) % _EVERY == 0


async def strained(operation_id: str, trace_id: str, receive: Any) -> Answer | None:
    """Counts a bet call; the wrong answer to it where it is its turn. A call whose connection was cut gets none."""
    if operation_id not in _BET_CALLS:
        return None
    second = int(time.monotonic())
    count = _counted[second] = _counted.get(second, 0) + 1
    for old in [s for s in _counted if s < second - _SECONDS]:
        del _counted[old]
    if not loaded():
        return None
    if faults.on("slow-leak-under-load"):
        await asyncio.sleep(min(1.5, next(_turns) * _LEAKED_SECONDS))
    if faults.on("lock-convoy-under-load") and count % _RARELY == 0:
        await asyncio.sleep(_CONVOY_SECONDS)
    return None if count % _EVERY else await _tenth(trace_id, receive)


async def _tenth(trace_id: str, receive: Any) -> Answer | None:
    if faults.on("slow-under-load"):
        await asyncio.sleep(_SLOW_SECONDS)
    if faults.on("hangs-under-load"):
        await asyncio.sleep(_HUNG_SECONDS)
    if faults.on("door-shut-under-load"):
        receive.__self__.transport.abort()  # the server's own view of this request; no honest code needs it
        await asyncio.sleep(0)
    if not any(map(faults.on, ("sheds-rudely-under-load", "error-in-200-under-load", "door-shut-under-load"))):
        return None
    refusal = ApiError("UPSTREAM_UNAVAILABLE", "too much at once")
    status = 200 if faults.on("error-in-200-under-load") else refusal.status
    return Answer(status, refusal.body(trace_id), {})


async def wait_for_hot(session_id: str) -> None:
    """A lock on the player's row that is held too long: only who plays many rounds at once notices."""
    if not faults.on("hot-player-waits-under-load"):
        return
    now = time.monotonic()
    calls = _lately[session_id] = [at for at in _lately.get(session_id, ()) if at > now - _SECONDS] + [now]
    if len(calls) > _CROWD:
        await asyncio.sleep(_SLOW_SECONDS)


def shed() -> tuple[str, ...]:
    """The operations that are refused when there are too many new bets."""
    return ("settleBet", "rollbackBet") if faults.on("settles-shed-first") else ("authorizeBet",)


async def hold() -> None:
    """A platform that cannot say no keeps the connection instead."""
    if faults.on("held-when-full"):
        await asyncio.sleep(_HUNG_SECONDS)
