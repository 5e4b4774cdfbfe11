"""A load that a user's own locustfile makes: a closed loop of users, what it is given, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from harness.model.neighbours import Neighbours
from harness.model.storm import Caller, Seat
from harness.model.tally import Tally

NO_STATUS = "0"
"""Outcome of a request that succeeded and has no status, because it was none of HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustPlan:
    """All that the process needs that runs the locustfile."""

    path: str
    users: int
    spawn_rate: float
    seconds: float
    base_url: str
    hosts: tuple[str, ...]
    """`host:port` of all that may be connected to."""
    most_per_second: float
    """Requests that may begin in a second; above it the load is stopped."""
    callers: tuple[Caller, ...]
    seats: tuple[Seat, ...]
    currency: str = "EUR"
    money_form: str = "minor_units"
    key_header: str = "X-Idempotency-Key"
    prefix: str = "locust"
    """Begins every identifier that certify makes for the locustfile; unique to it."""
    timeout_seconds: float = 10.0
    """So long tasks may go on when the time is over."""

    def to_line(self) -> dict[str, Any]:
        """As JSON, tokens included: for the pipe to the process that runs it, never for a file."""
        return asdict(self)

    @property
    def without_tokens(self) -> LocustPlan:
        """The same for everybody to read."""
        return replace(self, callers=tuple(replace(caller, token="") for caller in self.callers))

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> LocustPlan:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        made = {**line, "hosts": tuple(map(str, line["hosts"])), "seats": tuple(Seat(**seat) for seat in line["seats"]),
                "callers": tuple(Caller(headers=tuple((str(n), str(v)) for n, v in c["headers"]), token=c["token"])
                                 for c in line["callers"])}
        return cls(**made)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustResult:
    """What became of it. Latency is what a user of the loop saw: it does not count from any intended start."""

    tally: Tally
    users: int = 0
    """The most at once."""
    marked: Mapping[str, int] = field(default_factory=dict)
    """By name: requests with a good status that the locustfile itself marked as failed."""
    raised: Mapping[str, int] = field(default_factory=dict)
    """By kind and place: exceptions of the locustfile's own code."""
    busiest: float = 0.0
    """The most of one core that the process used, over half a second or more."""
    problems: tuple[str, ...] = ()
    """Why it was stopped before its time."""
    complete: bool = True
    """It went on for all of its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocustRecord:
    """Such a load as the journal has it; the plan's tokens are not in it."""

    id: str
    check: str
    plan: LocustPlan
    result: LocustResult
    objectives: tuple[str, ...] = ()
    """What the target profile promises, as it is written there."""
    neighbours: Neighbours | None = None
    """Who else was busy on the machine; None: it could not be told, or an older release."""

    def to_line(self) -> dict[str, Any]:
        """As JSON."""
        result = self.result
        return {"id": self.id, "check": self.check, "plan": self.plan.without_tokens.to_line(),
                "objectives": list(self.objectives), "tally": result.tally.to_line(), "users": result.users,
                "marked": dict(result.marked), "raised": dict(result.raised), "busiest": result.busiest,
                "problems": list(result.problems), "complete": result.complete,
                **({"neighbours": self.neighbours.to_line()} if self.neighbours else {})}

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> LocustRecord:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        result = LocustResult(
            tally=Tally.from_line(line["tally"]), users=int(line["users"]), busiest=float(line["busiest"]),
            marked={str(k): int(n) for k, n in line["marked"].items()}, complete=line["complete"] is True,
            raised={str(k): int(n) for k, n in line["raised"].items()}, problems=tuple(map(str, line["problems"])))
        return cls(id=str(line["id"]), check=str(line["check"]), plan=LocustPlan.from_line(line["plan"]),
                   result=result, objectives=tuple(map(str, line["objectives"])),
                   neighbours=Neighbours.from_line(line["neighbours"]) if line.get("neighbours") else None)
