"""Ports: the narrow protocols through which the engine and the counterparties reach the world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from harness.model.exchange import Exchange, Headers
from harness.model.locust_plan import LocustPlan, LocustResult
from harness.model.neighbours import Neighbours
from harness.model.pact_record import Job, Verdict
from harness.model.play import Move
from harness.model.scenario import Toxic
from harness.model.storm import StormPlan
from harness.model.storm_record import StormResult
from harness.model.storm_watch import StormWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to send; `check`, `actor`, `operation` and `label` are for the journal."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    check: str = ""
    actor: str = ""
    operation: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a request: the recorded (redacted) exchange, and the raw body, for memory only."""

    exchange: Exchange
    body: bytes = field(repr=False, default=b"")


class Sender(Protocol):
    """Sends requests and records each as an exchange; never raises for what a target does."""

    def send(self, request: Request) -> Sent:
        """Send one request; transport failures come back as `exchange.failure`."""
        ...


class Hook(Protocol):
    """Something done to the subject from outside its API."""

    def __call__(self) -> None:
        """Do it, and return when it is done; raises Prerequisite when it cannot be done."""
        ...


class Recorder(Protocol):
    """Where records go (the journal)."""

    def append(self, kind: str, line: Mapping[str, Any]) -> None:
        """Add one record."""
        ...


class Play(Protocol):
    """One sequence of moves against the subject, compared with the model ledger after each step."""

    moves: list[tuple[Move, ...]]
    """The steps made so far."""

    def step(self, *moves: Move) -> None:
        """Make the moves (two: at the same time) and look; raises Disagreed where the model is left."""
        ...

    def finish(self) -> None:
        """Look at everything once more; raises Disagreed where the model is left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to look for a play that leaves the model: `plays` of up to `steps` steps, then shrink for a while."""

    plays: int
    steps: int
    shrink_seconds: float


PlayT = TypeVar("PlayT", bound=Play)


class Explorer(Protocol):
    """Makes up plays at random."""

    def __call__(self, new_play: Callable[[], PlayT], *, seed: int, effort: Effort,
                 features: Collection[str]) -> tuple[list[PlayT], PlayT | None]:
        """(plays that agree, the shortest found that does not), by a reproducible seed.

        `features`: what may be played besides bets ("bonuses", "jackpots", "tenants", "shared_ids").
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzCase:
    """One request that a fuzzer made up, before credentials and known identifiers are put into it."""

    operation: str
    method: str
    url: str
    headers: Headers
    body: bytes | None
    phase: str
    """examples, coverage, fuzzing or stateful."""
    spoiled: frozenset[str] = frozenset()
    """Where the fuzzer broke the contract on purpose: "path", "query", "header", "body"; empty: meant to be valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzEffort:
    """How much to try: examples an operation, steps of a linked sequence, seconds in all."""

    examples: int
    steps: int
    seconds: float


class Fuzzer(Protocol):
    """Makes up requests for the operations of an OpenAPI document."""

    def __call__(self, document: Mapping[str, Any], *, base_url: str, phases: Collection[str], seed: int,
                 effort: FuzzEffort, send: Callable[[FuzzCase], Sent],
                 settings: Mapping[str, Any] | None = None) -> Mapping[str, int]:
        """Send requests until the effort is spent; the engine's own complaints by check, as a sensor's reading.

        `settings`: what the user's own settings of the engine add (see `content.fuzz_settings`).
        """
        ...


class StormBlower(Protocol):
    """Calls a target by a schedule that its answers do not change."""

    def __call__(self, plan: StormPlan, *, tokens: Callable[[], Sequence[str]] | None = None) -> StormResult:
        """Blow the storm to its end; Ctrl-C in between ends it within a second.

        `tokens` gives those that are good now, one a caller of the plan: a storm may outlive a token.
        """
        ...


class Swarm(Protocol):
    """Runs the users of a user's own locustfile."""

    def __call__(self, plan: LocustPlan) -> LocustResult:
        """Run them for their time; Ctrl-C in between ends them. EnvironmentFault: the file cannot be used."""
        ...


class StormWatching(Protocol):
    """Watches the target beside a storm, and for a while after it."""

    def beside(self, blow: StormBlower) -> StormBlower:
        """The same, with a note of when the storm began and ended."""
        ...

    def told(self, result: StormResult) -> StormWatch:
        """What was seen, once all is as it was or patience is over."""
        ...


class NeighbourWatching(Protocol):
    """Watches, since it was made, what share of this machine goes to others than the run and its subject."""

    def told(self) -> Neighbours | None:
        """What was seen; ends the watch. None: it cannot be told here."""
        ...


class PactVerifier(Protocol):
    """Verifies interactions of consumer pacts, each on its own."""

    def __call__(self, jobs: Sequence[Job], *, at_once: int = 4) -> Mapping[str, Verdict]:
        """A verdict for each job, by its key; Ctrl-C in between ends it. EnvironmentFault: it cannot be had."""
        ...


class FaultLine(Protocol):
    """A TCP proxy in front of an upstream, whose faults come and go."""

    listen: str
    """`host:port` to connect to."""

    def toxics(self) -> Mapping[str, Toxic]:
        """The faults on it, by name."""
        ...

    def add(self, toxic: Toxic) -> Toxic:
        """Let a fault act, also on live connections; raises EnvironmentFault."""
        ...

    def remove(self, toxic: Toxic) -> None:
        """Let it act no longer; raises EnvironmentFault."""
        ...

    def down(self) -> None:
        """Close every connection, and take none."""
        ...

    def up(self) -> None:
        """Take connections again."""
        ...
