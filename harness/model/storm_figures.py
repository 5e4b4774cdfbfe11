"""The figures of a storm that was blown, as reports and `certify storm` show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.model.knee import Step
from harness.model.outcome import Outcome
from harness.model.storm_record import StormRecord
from harness.model.timeline import DRAWN_ONLY

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
"""The percentiles that are shown, by name."""
ENOUGH_BEYOND = 10
"""So many calls must lie beyond a percentile, else one call more or less moves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """A percentile in ms, and between which values chance leaves it, with 95 %.

    None: it cannot be told; for single operations, naive figures and lag it is not looked for.
    """

    ms: float
    enough: bool
    """At least ten calls lie beyond it."""
    low_ms: float | None = None
    high_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Durations of calls in ms; percentiles by name (`SHARES`)."""

    calls: int
    mean_ms: float
    max_ms: float
    percentiles: Mapping[str, Percentile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls by what became of them; `failed` by kind: a status, "timeout", "connect", "reset"."""

    calls: int = 0
    ok: int = 0
    refused: int = 0
    """Another answer than 2xx that is no failure."""
    shed: int = 0
    """Politely: 429 or 503 with Retry-After."""
    failed: Mapping[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> int:
        """Of every kind."""
        return sum(self.failed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a storm; latency counts from the intended start."""

    operation: str
    counted: Calls
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One second of a storm, by the intended start of its calls; latencies in ms, None where none was answered."""

    second: int
    asked: int
    answered: int
    shed: int
    failed: int
    in_flight: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A storm in figures: rates in rounds a second, latency from the intended start, `naive` from the sending."""

    id: str
    check: str
    shape: str
    seconds: float
    peak_rate: float
    asked_rate: float
    """Rounds that were to begin, over the time."""
    begun_rate: float
    planned: int
    begun: int
    players: int
    outcomes: Mapping[str, Outcome]
    """By control what was found on this storm alone."""
    objectives: tuple[str, ...]
    tired: str
    """What of the generator forbids any word on the target; "" when it did its part."""
    counted: Calls
    latency: Latency
    naive: Latency
    lag: Latency
    """How late the generator itself was."""
    busiest: float
    """The most of one core that a process of the generator used."""
    others: float | None
    """The share of this machine (0 to 1, of all cores) that processes took which are neither the run's nor the
    subject's, while it blew; None: the subject stands elsewhere, or it could not be told."""
    crowded: str
    """Why others make lateness no proof; "" where they do not."""
    most_in_flight: int
    connections: int
    queued: int
    resent: int
    workers: int
    operations: tuple[Operation, ...]
    series: tuple[Second, ...] = field(metadata=DRAWN_ONLY)
    steps: tuple[Step, ...] = field(metadata=DRAWN_ONLY)
    """Rate by rate, of a storm of steps; else empty."""
    record: StormRecord = field(metadata=DRAWN_ONLY)

    @property
    def name(self) -> str:
        """The last part of the check's name, as people call it."""
        return self.check.rpartition("::")[2] or self.id
