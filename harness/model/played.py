"""What came of chaos scenarios, as far as expectations need it: exchanges, times and sums; nothing is judged yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time on the machine's monotonic clock, in ns."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stormed:
    """What came of a storm: its record in the journal, and what the observer read of each seat's player afterwards."""

    storm: str
    readings: Sequence[Exchange]
    pools: Sequence[Exchange] = ()
    """The hot jackpot, read before and after; empty where there is none, its refusal where it could not be made."""
    slo_ms: int = 400
    least_seconds: float = 0.0
    """So long a storm must blow to speak for the launch level that the run is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looped:
    """What came of a locustfile's closed loop: its record in the journal."""

    load: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A bet of the workload after all: the call, and the observer's last readings; sums in minor units."""

    player: str
    call: Exchange
    bet: Exchange
    balances: Exchange
    stake: int
    start: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a scenario, as far as expectations need it; ids and times, nothing is judged yet."""

    operations: Sequence[tuple[str, Exchange]]
    """(player id, the provider's call) of the workload."""
    before: Sequence[Exchange]
    """The same calls while all was well."""
    after: Sequence[tuple[str, Exchange]]
    """(player id, the same call) when the faults were gone, asked until it was taken or time was over."""
    witnessed: Sequence[Exchange]
    faults: Sequence[Span]
    ended: Sequence[Ended]
    """What became of each operation; read when the scenario's time to recover was over, or before."""
    recovers_within: float
    recovery_declared: bool
    """Is that the platform's own word? Else it is how long we had patience, and what is late then proves nothing."""
    slo_ms: int
    noise_ms: float
    """How long a witness took without any fault, at its slowest but one."""
    spread_ms: float
    """By how much the witnesses without any fault differ: their middle half."""
    again: Played | None = None
    """The same once more, where some of the first was late: what is late by the clock alone must come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What came of the events of a scenario at its webhook receivers."""

    calls: Sequence[tuple[str, Exchange]]
    """(player id, the provider's call that is announced)."""
    path: str
    """Of the receiver's URL: its tries are the exchanges of channel `receiver` with it."""
    neighbour: str
    """Path of a second, healthy receiver of the same events."""
    listed: Sequence[Exchange]
    """Pages of deliveries of the endpoint, and of dead letters, read when all had ended or time was over."""
    endpoint: str
    redrives: Sequence[tuple[str, Exchange]]
    """(delivery id, answer), in order."""
    try_seconds: float | None
    """How long the platform waits for one answer, by the profile's word; None: it declares nothing."""
    noise_ms: float
    faults: Sequence[Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowded:
    """What came of a volley of bets."""

    calls: Sequence[tuple[str, Exchange]]
    """(player id, the bet) of the volley, while the wallet did not answer."""
    calm: Sequence[Exchange]
    """A volley of the same size while the wallet was well."""
    reads: Sequence[Exchange]
    """Reads that need no wallet, during the volley; `calm_reads` before it."""
    calm_reads: Sequence[Exchange]
    limit: int | None
    """Calls that the platform may have under way at its wallet, by the profile's word."""
    slo_ms: int
    noise_ms: float
    again: Crowded | None = None
    """The same once more, where something was late in the first: what is late by the clock alone must come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of a bet, whatever became of its calls on the way; sums in minor units."""

    name: str
    first: Sequence[Exchange]
    """What the calls were answered when they were first made."""
    last: Sequence[Exchange]
    """What they were answered in the end, when an honest provider had made them again."""
    before: Exchange
    after: Exchange
    """Balances."""
    bet: Exchange
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsPlayed:
    """Rounds that went wrong on the way, and for each the round that did not."""

    rounds: Sequence[tuple[Round, Round]]
    """(as it should be: in order, undisturbed; as it was played)."""
    disturbed: Sequence[Exchange]
    """Calls whose disturbance is sure: without an answer, or made before the one that they follow on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What the inbox answered to the events of a scenario."""

    events: Sequence[tuple[str, Sequence[Exchange], Exchange]]
    """(event id, its publications in order, the last one: asked again when all was over)."""
    poison: Sequence[Exchange] = ()
    """Publications that must be refused."""
