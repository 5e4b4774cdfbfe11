"""Rounds of our own beside a storm, by players of their own: how late their events are tells the lag of the feed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from itertools import cycle
from math import inf
from typing import Any

from harness.counterparts.acting import Player
from harness.counterparts.lab import Lab
from harness.model.errors import CertifyError
from harness.model.exchange import Exchange
from harness.model.storm_watch import Canary

_EVERY, _SPREAD = 0.5, 0.2
"""Seconds; no even beat, which would fall into step with our own reading."""
_STAKE, _WIN = 20, 10
_FUNDS = 100_000_000
_SETTLED = "bet.settled"


class Canaries:
    """Plays a round twice a second, for one feed after the other; each call is recorded as any other."""

    def __init__(self, lab: Lab, parties: Sequence[Any], currency: str) -> None:
        self._lab, self._currency = lab, currency
        self._seats = [self._seated(party) for party in parties]
        self._source = random.Random(lab.random.getrandbits(32))  # noqa: S311 - it guards nothing
        self._turns = cycle(range(len(self._seats)))
        self._settled: dict[str, tuple[int, Exchange]] = {}
        self._heard: dict[str, tuple[float, float]] = {}
        self._mine: set[str] = set()
        self.not_taken = 0
        self.problem = ""

    def _seated(self, party: Any) -> tuple[Player, str]:
        player = self._lab.player({self._currency: _FUNDS}, by=party)
        return player, self._lab.session(player, self._currency, by=party)

    def sing(self, stop: threading.Event) -> None:
        """One round every half second until `stop`; what cannot be on time is left out."""
        due = time.monotonic()
        try:
            while not stop.wait(max(0.0, due - time.monotonic())):
                self.one(next(self._turns))
                due = max(due + _EVERY + self._source.uniform(-_SPREAD, _SPREAD), time.monotonic())
        except CertifyError as error:
            self.problem = error.message
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"

    def one(self, feed: int) -> tuple[str, Exchange]:
        """A round of the feed's player: its bet id and the answer that was last."""
        lab, (player, session) = self._lab, self._seats[feed]
        bet = lab.bet(session, player, amount=_STAKE, currency=self._currency)
        self._mine.add(bet.bet_id)  # its event may come before the answer
        answer = lab.authorize_once(bet)
        if answer.status == 200:
            body = {"bet_id": bet.bet_id, "round_id": bet.round_id, "win": lab.money(_WIN, self._currency)}
            answer = lab.call_once("settleBet", body, by=player.party, label="canary")
        if answer.operation == "settleBet" and answer.answered and answer.status == 200 \
                and answer.field("retryable") is None:  # a 200 with the contract's error in it acknowledges nothing
            self._settled[bet.bet_id] = (feed, answer)
        else:
            self.not_taken += 1
        return bet.bet_id, answer

    def hear(self, event: Any, ended_at: float, came: float) -> None:
        """Note an event of the feed (see `Follower`), if it is the first of a settle of ours."""
        data = event.get("data") if isinstance(event, dict) and event.get("type") == _SETTLED else None
        bet = data.get("bet_id") if isinstance(data, dict) else None
        if isinstance(bet, str) and bet in self._mine:
            self._heard.setdefault(bet, (ended_at, came))

    def told(self, began: float, ended_at: Sequence[float]) -> tuple[Canary, ...]:
        """All that were acknowledged, in seconds from `began`; `ended_at`: by feed when its end was last asked for."""
        found = []
        for bet, (feed, answer) in list(self._settled.items()):
            acknowledged = answer.ended_ns / 1e9
            unseen_at, seen_at = self._heard.get(bet, (ended_at[feed] if feed < len(ended_at) else -inf, None))
            found.append(Canary(at=round(acknowledged - began, 4), low=round(max(0.0, unseen_at - acknowledged), 4),
                                high=None if seen_at is None else round(max(0.0, seen_at - acknowledged), 4),
                                exchange=answer.id, feed=feed))
        return tuple(found)
