"""A flood by one party, bounded in calls, speed and seconds, while its neighbours go on with modest reads.

Nothing waits for "come back later" here: to be turned away is what is looked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from harness.counterparts.acting import Bet, Player
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.judges.limits import more_than_declared
from harness.model.errors import NoHook
from harness.model.exchange import Exchange
from harness.model.profile import RateLimit

_LANES = 12
_MOST_CALLS = 6_000
_MOST_SECONDS, _LEAST_SECONDS = 12.0, 2.0
_ENOUGH_REFUSED, _ENOUGH_BETS = 10, 3
_CALM_CALLS = 5
_NEIGHBOUR_CALLS = 8
"""So many calls of each neighbour, at the least, while the flooder is turned away."""
_NEIGHBOUR_PAUSE = 0.15
_LONGEST_WAIT = 20.0
_TRIES = 3
_LEEWAY = 0.1
"""Beyond Retry-After: whole seconds of another clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flooded:
    """What was seen of a flood: its reads, the bets among them, and the neighbours' calls before and meanwhile."""

    reads: Sequence[Exchange]
    bets: Sequence[tuple[Bet, str, Exchange]]
    """Each bet with its idempotency key and what it was answered."""
    calm: Mapping[str, Sequence[Exchange]]
    meanwhile: Mapping[str, Sequence[Exchange]]


def neighbours_of(lab: Lab, limit: RateLimit) -> list[Party]:
    """Parties that the declared limit is not about; NoHook when the profile has none."""
    flooder = lab.party(limit.party).credential
    known = [lab.party(name) for name in ("provider", "sibling", "other") if lab.has_party(name)]
    others = [p for p in known if p.credential.provider_id != flooder.provider_id
              or (limit.per == "brand" and p.credential.brand_id != flooder.brand_id)]
    if not others:
        raise NoHook("no other party of the profile has a rate of its own: nobody to look after",
                     remedy=f"Add [target.{lab.target.name}.credentials.other], a provider of a second tenant")
    return others


def flood(lab: Lab, limit: RateLimit, flooder: Player, bets: Sequence[Bet], neighbours: Sequence[Player]) -> Flooded:
    """Read as the flooder until it is limited for a while, clearly should have been, or the bounds are reached.

    The bets are sent, one after the other, once it is limited.
    """
    return _Flood(lab, limit, flooder, neighbours).run(bets)


def come_back(refused: Exchange, call: Callable[[], Exchange]) -> list[Exchange]:
    """Repeat a limited call after each wait that it is asked for, a few times; none where no wait can be read."""
    tries: list[Exchange] = []
    last = refused
    while len(tries) < _TRIES and last.status in (429, 503):
        wait = last.retry_after()
        if wait is None or wait > _LONGEST_WAIT:
            break
        time.sleep(max(0.0, wait + _LEEWAY - (time.monotonic_ns() - last.ended_ns) / 1e9))
        last = call()
        tries.append(last)
    return tries


class _Flood:
    def __init__(self, lab: Lab, limit: RateLimit, flooder: Player, neighbours: Sequence[Player]) -> None:
        self._lab = lab
        self._limit = limit
        self._flooder = flooder
        self._neighbours = neighbours
        self._over = threading.Event()
        self._reads: list[Exchange] = []
        self._bets: list[tuple[Bet, str, Exchange]] = []
        self._meanwhile: dict[str, list[Exchange]] = {p.party.actor: [] for p in neighbours}
        # The burst within a second, and then a few times what is declared: enough to tell, no attack.
        self._pause = _LANES / (4 * limit.per_second + limit.burst)

    def run(self, bets: Sequence[Bet]) -> Flooded:
        calm = {p.party.actor: [self._read(p) for _ in range(_CALM_CALLS)] for p in self._neighbours}
        self._flooder.party.token(check=self._lab.check)
        jobs: list[Callable[[], None]] = [partial(self._watch, bets), *[self._lane] * _LANES]
        jobs += [partial(self._go_on, p, self._meanwhile[p.party.actor]) for p in self._neighbours]
        self._lab.side_by_side(jobs, at_once=len(jobs))
        return Flooded(reads=self._reads, bets=self._bets, calm=calm, meanwhile=self._meanwhile)

    def _read(self, player: Player) -> Exchange:
        return self._lab.call_once("getPlayerBalances", by=player.party, path={"player_id": player.player_id},
                                   label="flood" if player is self._flooder else "neighbour")

    def _lane(self) -> None:
        while not self._over.is_set():
            self._reads.append(self._read(self._flooder))
            self._over.wait(self._pause)

    def _go_on(self, player: Player, seen: list[Exchange]) -> None:
        while not self._over.wait(_NEIGHBOUR_PAUSE):
            seen.append(self._read(player))

    def _watch(self, bets: Sequence[Bet]) -> None:
        """Ends the flood; meanwhile sends the bets."""
        waiting = list(bets)
        began = time.monotonic()
        try:
            while (spent := time.monotonic() - began) < _MOST_SECONDS and len(self._reads) < _MOST_CALLS:
                seen = list(self._reads)
                refused = sum(e.status in (429, 503) for e in seen)
                missed = sum(e.status in (429, 503) for _, _, e in self._bets)
                if refused and waiting and missed < _ENOUGH_BETS:
                    bet, key = waiting.pop(0), self._lab.fresh("key")
                    self._bets.append((bet, key, self._lab.authorize_once(bet, key=key)))
                    continue
                if refused:
                    enough = refused >= _ENOUGH_REFUSED and self._looked_after(seen)
                else:
                    enough = more_than_declared(seen, self._limit)
                if enough and spent >= _LEAST_SECONDS:
                    return
                self._over.wait(0.02)
        finally:
            self._over.set()

    def _looked_after(self, seen: Sequence[Exchange]) -> bool:
        """Has every neighbour called often enough since the first refusal?"""
        since = min(e.started_ns for e in seen if e.status in (429, 503))
        return all(sum(e.started_ns > since for e in list(calls)) >= _NEIGHBOUR_CALLS
                   for calls in self._meanwhile.values())
