"""A storm of rounds: what is called how often by whom, decided to the last amount before it begins.

Round `number` is the same in every process that has the plan: who blows the storm need not tell what it sent, only
what became of it, and a judge knows the money that must have moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from harness.model.arrivals import Schedule

_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A provider as it calls: the headers that are always the same, and its token, which is never written down."""

    headers: tuple[tuple[str, str], ...]
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A player with an open session, and the number of the caller whose player it is."""

    player_id: str
    session_id: str
    caller: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Shares of the rounds, from 0 to 1."""

    rollbacks: float = 0.1
    """Rounds that end with a rollback instead of a settle."""
    duplicates: float = 0.05
    """Rounds whose calls are each sent twice, at the same time and under the same key."""
    hot_player: float = 0.0
    """Rounds of the first seat, beside its share as one of all."""
    hot_jackpot: float = 0.0
    """Rounds of the first caller's players that pay into one jackpot; of those that end with a settle."""

    def __post_init__(self) -> None:
        for name, share in asdict(self).items():
            if not 0.0 <= share <= 1.0:
                raise ValueError(f"{name} is a share from 0 to 1, not {share}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPlan:
    """One round: minor units of stake, win and contribution to the jackpot, and how it ends."""

    seat: int
    stake: int
    win: int
    rolled_back: bool
    duplicated: bool
    contribution: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StormPlan:
    """All that a process needs to blow its share of a storm."""

    base_url: str
    schedule: Schedule
    callers: tuple[Caller, ...]
    seats: tuple[Seat, ...]
    mix: Mix = field(default_factory=Mix)
    currency: str = "EUR"
    money_form: str = "minor_units"
    key_header: str = "X-Idempotency-Key"
    prefix: str = "storm"
    """Begins every identifier and key of the storm; unique to it."""
    jackpot_id: str = ""
    """Of the first caller's tenant, for the mix's `hot_jackpot`; "": nobody pays into one."""
    pause_seconds: float = 0.2
    """Between the answer to an authorize and the call that ends the round."""
    timeout_seconds: float = 10.0
    most_connections: int = 2_000

    def round(self, number: int) -> RoundPlan:
        """The round that arrival `number` begins."""
        drawn = _scattered(number ^ self.schedule.seed << 20)
        one, other, third = (drawn & 0xFFFF) / 65536, (drawn >> 16 & 0xFFFF) / 65536, (drawn >> 32 & 0xFFFF) / 65536
        stake, seat = 10 + (drawn >> 48) % 91, 0 if third < self.mix.hot_player else number % len(self.seats)
        rolled_back = one < self.mix.rollbacks
        pays_in = bool(self.jackpot_id) and not rolled_back and not self.seats[seat].caller and \
            _scattered(drawn) / (1 << 64) < self.mix.hot_jackpot
        return RoundPlan(seat=seat, stake=stake, win=(0, stake // 2, 2 * stake)[number % 3], rolled_back=rolled_back,
                         duplicated=other < self.mix.duplicates, contribution=1 + number % 9 if pays_in else 0)

    def to_line(self) -> dict[str, Any]:
        """As JSON, tokens included: for the pipe to the process that blows it, never for a file."""
        return {**asdict(self), "schedule": self.schedule.to_dict()}

    @property
    def without_tokens(self) -> StormPlan:
        """The same for everybody to read."""
        return replace(self, callers=tuple(replace(caller, token="") for caller in self.callers))

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> StormPlan:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        made = {**line, "schedule": Schedule.from_dict(line["schedule"]), "mix": Mix(**line["mix"]),
                "callers": tuple(Caller(headers=tuple((str(n), str(v)) for n, v in c["headers"]), token=c["token"])
                                 for c in line["callers"]),
                "seats": tuple(Seat(**seat) for seat in line["seats"])}
        return cls(**made)


def _scattered(number: int) -> int:
    """64 bits that look random (splitmix64): the same for the same number, everywhere."""
    mixed = (number + 0x9E3779B97F4A7C15) & _MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
    return mixed ^ mixed >> 31
