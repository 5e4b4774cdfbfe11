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
class RunFinished:
    """The run was judged."""

    scorecard: Scorecard


Event = RunStarted | CheckStarted | CheckEnded | RunFinished


class Listener(Protocol):
    """Hears every event, in order."""

    def __call__(self, event: Event) -> None:
        """Take note; must not raise."""
        ...
