"""What listeners hear while a run goes on: frozen, typed, past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.model.plan import Plan
from harness.model.scorecard import Scorecard


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The plan is frozen, the target answered, driving begins."""

    plan: Plan
    run_id: str
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStarted:
    """A check began."""

    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEnded:
    """A check's driving ended; `provisional` is an outcome as far as its own exchanges tell, or ""."""

    check: str
    ended: str
    provisional: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StormProgress:
    """How a storm of load stands, told some two times a second; `last` figures are of the last seconds alone.

    Milliseconds are -1.0 where no call was answered yet.
    """

    storm: str
    """Its id in the journal."""
    gone: float
    """Seconds since it began."""
    total: float
    """Seconds that its schedule lasts."""
    asked: float
    """Rounds a second that the schedule asks for now."""
    achieved: float
    """Rounds a second whose first call came to its end, of late."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    last_p50_ms: float
    last_p95_ms: float
    last_p99_ms: float
    calls: int
    shed: int
    """Calls refused with 429 or 503 and Retry-After."""
    failed: int
    in_flight: int
    lag_p99_ms: float
    """How late the generator itself was, of late."""
    busiest: float
    """The most of one core that a process of the generator used."""
    aborted: str = ""
    """Why it is stopped before its end; "": it is not."""
    over: bool = False
    """The storm has ended; these are its last figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run was judged."""

    scorecard: Scorecard


Event = RunStarted | CheckStarted | CheckEnded | StormProgress | RunFinished


class Listener(Protocol):
    """Hears every event, in order."""

    def __call__(self, event: Event) -> None:
        """Take note; must not raise."""
        ...
