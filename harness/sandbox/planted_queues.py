"""Planted defects of what a load leaves behind: events, queues and books, well until many bets a second have come."""

from __future__ import annotations

import itertools
import time

from harness.sandbox import faults
from harness.sandbox.faults import Fault

FAULTS: tuple[Fault, ...] = (
    Fault("queue-never-drains", "What was queued under load is never ticked off: the queue stays long", ("LOAD-03",)),
    Fault("feed-lags-under-load", "After seconds of load the events feed is seconds behind for good", ("LOAD-03",)),
    Fault("event-lost-under-load", "Under load every 20th settlement is acknowledged and never announced",
          ("MONEY-11",)),
    Fault("wins-misbooked-under-load", "Under load some wins are booked for the player's bet before: that one has two, "
          "this one none, and every balance adds up", ("MONEY-11",)),
)
_NAMES = tuple(fault.name for fault in FAULTS)
_EVENTS_A_SECOND, _SECONDS = 30, 3
"""More than any calm check makes, less than a burst."""
_LATE_MS = 6_000
_LOST_EVERY, _MISTAKEN_EVERY = 20, 10

_counted: dict[int, int] = {}
_settlements, _wins = itertools.count(1), itertools.count(1)
_last_bet: dict[str, str] = {}
_state = {"struck": False, "left": 0}


def lost(event_type: str) -> bool:
    """Notes an event that is about to be written; is it the turn of this one to be forgotten?"""
    if not event_type.startswith("bet.") or not any(map(faults.on, _NAMES)):
        return False
    second = int(time.monotonic())
    _counted[second] = _counted.get(second, 0) + 1
    for old in [s for s in _counted if s < second - _SECONDS]:
        del _counted[old]
    if not _loaded():
        return False
    _state["struck"] = True
    _state["left"] += 1
    return faults.on("event-lost-under-load") and event_type == "bet.settled" \
        and next(_settlements) % _LOST_EVERY == 0


def left_behind() -> int:
    """Deliveries that were made and are counted as owed all the same."""
    return _state["left"] if faults.on("queue-never-drains") else 0


def shown_until(now_ms: int) -> int | None:
    """Up to when the feed shows events; None: all of them."""
    return now_ms - _LATE_MS if _state["struck"] and faults.on("feed-lags-under-load") else None


def booked_for(player_id: str, bet_id: str, win: int) -> str:
    """The bet that a win is booked for."""
    if not faults.on("wins-misbooked-under-load"):
        return bet_id
    before = _last_bet.get(player_id)
    _last_bet[player_id] = bet_id
    mistaken = win > 0 and before is not None and _loaded() and next(_wins) % _MISTAKEN_EVERY == 0
    return before if mistaken and before is not None else bet_id


def _loaded() -> bool:
    second = int(time.monotonic())
    return all(_counted.get(second - n, 0) >= _EVENTS_A_SECOND for n in range(1, _SECONDS + 1))
