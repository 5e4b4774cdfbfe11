"""A chaos experiment as a frozen value: steady state, workload, faults over time, and what must hold.

Nothing in it depends on a target: the stage (counterparts) plays it, judges decide from what was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.model.arrivals import Schedule, burst, constant, ramp, spike, steps
from harness.model.claim import Draft
from harness.model.storm import Mix

DISORDERS = ("orders", "duplicates", "gap", "poison", "rain", "halves", "lost", "skew")
ROUND_TROUBLES = ("orders", "lost reply", "early webhook", "killed")
SHAPES = ("burst", "constant", "ramp", "spike", "steps")
TROUBLES = ("slow", "hang", "reset_before", "reset_after", "half", "drip", "status", "garbage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """A fault of the TCP line, in Toxiproxy's words and units (ms, KB/s, bytes, µs)."""

    type: str
    stream: str = "downstream"
    """"downstream": from the upstream to its client; "upstream": the other way."""
    toxicity: float = 1.0
    """Share of connections that it affects."""
    attributes: Mapping[str, int] = field(default_factory=dict)
    name: str = ""

    @property
    def label(self) -> str:
        """Its name, or what a server calls it without one."""
        return self.name or f"{self.type}_{self.stream}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A fault of the wallet, or of a webhook receiver, as HTTP, which no TCP proxy can make.

    `slow` (answered `seconds` later), `hang` (never answered, never passed on), `reset_before` and `reset_after` it
    was done, `half` (of the answer), `drip` (a byte every `seconds`), `status` (nothing is done),
    `garbage` (200 with what is no JSON).
    """

    kind: str
    seconds: float = 0.0
    status: int = 503
    retry_after: int | None = None
    """Seconds that a `status` asks the caller to wait; None: it says nothing."""
    times: int | None = None
    """Only the first so many calls; None: all."""
    each: int | None = None
    """Only the first so many calls about each of `about`."""
    about: tuple[str, ...] = ()
    """Only calls whose URL or body has one of these identifiers; none: all. The stage names the workload's players."""

    def __post_init__(self) -> None:
        if self.kind not in TROUBLES:
            raise ValueError(f"unknown trouble {self.kind!r}; known: {', '.join(TROUBLES)}")


@dataclass(frozen=True, slots=True)
class Down:
    """The line is cut: connections end, and none is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What a witness must see while a fault acts: it keeps at least, at most so long, or gets no answer at all."""

    at_least_ms: float = 0.0
    at_most_ms: float = float("inf")
    answered: bool = True
    status: int | None = None
    """The answer's status; None: any. That of a `status` trouble is added by itself."""
    other_answer: bool = False
    """Another answer than while all was well; that of `garbage` by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, from `at` seconds after the workload began, for `seconds` (None: until the workload has ended)."""

    what: Toxic | Trouble | Down
    band: Band
    at: float = 0.0
    seconds: float | None = None
    every: int = 1
    """Of the workload's operations every n-th meets it; troubles only."""

    @property
    def witnessed_as(self) -> Band:
        """The band, with what the fault itself says of an answer: one as ever is no sign of it."""
        if isinstance(self.what, Trouble) and self.band.answered:
            if self.what.kind == "status" and self.band.status is None:
                return replace(self.band, status=self.what.status)
            if self.what.kind == "garbage":
                return replace(self.band, other_answer=True)
        return self.band

    @property
    def label(self) -> str:
        """What it is called in a plot, e.g. "latency 700" or "503"."""
        if isinstance(self.what, Toxic):
            return " ".join([self.what.type, *(str(value) for value in self.what.attributes.values())])
        if isinstance(self.what, Trouble):
            return str(self.what.status) if self.what.kind == "status" else self.what.kind.replace("_", " ")
        return "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bets:
    """Workload: new bets at a steady rate, each of a player of its own, whatever becomes of those before."""

    per_second: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Volley:
    """Workload: `beyond` bets more than the platform may have under way at its wallet, all in the same instant.

    Each bet is of a player of its own. Meanwhile sessions are read, which needs no wallet.
    """

    beyond: int = 24
    reads_per_second: float = 25
    seconds: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Workload: bets whose events are sent to a webhook receiver of the scenario; each of a player of its own."""

    bets: int
    per_second: float = 20
    redrive: bool = False
    """Redrive, once the receiver is well, what the platform gave up on, and then once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Workload: events published to the platform's inbox, `events` of each of `streams` keys, in some disorder."""

    events: int = 4
    streams: int = 1
    disorder: str = ""
    """"orders" (each stream in another order: all of them), "duplicates", "gap", "poison", "rain", "halves" (each
    first sent half-written), "lost" (each answer lost) or "skew" (the platform's clock is off)."""

    def __post_init__(self) -> None:
        if self.disorder not in DISORDERS:
            raise ValueError(f"unknown disorder {self.disorder!r}; known: {', '.join(DISORDERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Workload: whole rounds, one a player; what goes wrong in each is `trouble`.

    "orders" (calls overtake each other: every order), "lost reply" (each reply is lost, and the call made again),
    "early webhook" (the reply is lost, and the webhook acted upon before it is asked for) or "killed" (the platform is
    killed while settlements are under way).
    """

    rounds: int
    trouble: str

    def __post_init__(self) -> None:
        if self.trouble not in ROUND_TROUBLES:
            raise ValueError(f"unknown trouble {self.trouble!r}; known: {', '.join(ROUND_TROUBLES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Workload: a storm of rounds by open arrivals, at `times` the rate that the target declares."""

    seconds: float
    shape: str = "burst"
    """"burst" (a short climb first), "constant", "ramp" (from nothing), "spike" (four times as much for a fifth of
    the time) or "steps" (from a fifth of the rate to all of it)."""
    times: float = 1.0
    overload: bool = False
    """Ask instead for the most that the profile lets any storm ask (`most_rounds_per_second`), of one tenant."""
    players: int = 40
    """Each with a session; of several tenants, where the profile has a second one."""
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"unknown shape {self.shape!r}; known: {', '.join(SHAPES)}")
        if self.players < 1 or self.seconds <= 0 or self.times <= 0:
            raise ValueError("a burst has players, seconds and a rate above zero")

    def schedule(self, rate: float, seed: int, *, most: float = 0.0) -> Schedule:
        """When its rounds begin, for a declared rate of rounds a second and the most that may be asked for."""
        peak = most if self.overload else rate * self.times
        match self.shape:
            case "burst":
                return burst(peak, self.seconds, warm_up=min(5.0, self.seconds / 4), seed=seed)
            case "ramp":
                return ramp(0.0, peak, self.seconds, seed=seed)
            case "spike":
                return spike(peak, 4 * peak, self.seconds, lasts=self.seconds / 5, seed=seed)
            case "steps":
                return steps(peak / 5, peak / 5, 5, self.seconds / 5, seed=seed)
        return constant(peak, self.seconds, seed=seed)


Workload = Bets | Volley | Announced | Published | Rounds | Burst
Expectation = Callable[[Any], Draft]
"""From what its stage hands out (see `model.played`) to the claim that must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One experiment. `expects`: by control what must hold, as functions from what was played to a claim."""

    name: str
    says: str
    """One sentence for people: what happens, and what a good platform does."""
    workload: Workload
    expects: tuple[tuple[str, Expectation], ...]
    faults: tuple[Fault, ...] = ()
    recovers_within: float = 10.0
    """Seconds after the last fault that we wait for calls to be as before; a platform's own word on it comes first."""
