"""What certify hands to a user's locustfile, as `environment.certify`; docs/load.md shows how it is used."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

from harness.model import money
from harness.model.locust_plan import LocustPlan


@dataclass(frozen=True, slots=True)
class HandedSeat:
    """A player with an open session, and the number of the provider that it plays at."""

    player_id: str
    session_id: str
    caller: int


class Handed:
    """Players, credentials and identifiers for one load. Tokens live in memory only: print none, write none."""

    def __init__(self, plan: LocustPlan) -> None:
        self.base_url = plan.base_url
        self._plan = plan
        self._source = random.Random()  # noqa: S311 - trace ids guard nothing
        self._numbers = count(1)
        self._seats = cycle([HandedSeat(seat.player_id, seat.session_id, seat.caller) for seat in plan.seats])

    def seat(self) -> HandedSeat:
        """The next player in turn."""
        return next(self._seats)

    def headers(self, seat: HandedSeat, key: str = "") -> dict[str, str]:
        """Headers of one call for that player: credentials, a new trace id, an idempotency key (default: a new one)."""
        who = self._plan.callers[seat.caller]
        return {**dict(who.headers), "Authorization": f"Bearer {who.token}", "Accept": "application/json",
                "X-Trace-Id": f"{self._source.getrandbits(128):032x}", self._plan.key_header: key or self.fresh("key")}

    def fresh(self, kind: str) -> str:
        """An identifier that nobody else uses."""
        return f"{self._plan.prefix}-{kind}-{next(self._numbers)}"

    def money(self, minor_units: int) -> dict[str, Any]:
        """A sum as the target writes it, in the currency of the players' purses."""
        return money.to_wire(minor_units, self._plan.currency, self._plan.money_form)
