"""A chaos scenario over time: its record in the journal, and what reports draw of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness.model.outcome import Outcome

DRAWN_ONLY = {"plain": False}
"""Fields with this metadata are for drawings; the JSON result leaves them out, since the journal holds them."""
_LATEST_NS = 2**63


class Became(Enum):
    """What became of a call, the calmest first."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpan:
    """When a fault acted, on the machine's monotonic clock in ns."""

    label: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRecord:
    """A scenario that was played, as the journal has it: exchanges by id, times in ns of the monotonic clock."""

    check: str
    name: str
    says: str
    start_ns: int
    end_ns: int
    slo_ms: int
    channel: str
    """Where the counterparty's view of it is: exchanges of this channel; "" where there is none."""
    faults: tuple[FaultSpan, ...] = ()
    calls: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> ScenarioRecord:
        """From its line in the journal; KeyError, TypeError or ValueError name what is missing in it."""
        start, end = _span(line)
        faults = []
        for fault in _list(line, "faults"):
            begin, over = _span(fault)
            faults.append(FaultSpan(label=str(fault["label"]), start_ns=begin, end_ns=over))
        return cls(check=str(line["check"]), name=str(line["name"]), says=str(line["says"]), start_ns=start, end_ns=end,
                   slo_ms=_whole(line, "slo_ms"), channel=str(line["channel"]), faults=tuple(faults),
                   calls=tuple(map(str, _list(line, "calls"))), witnesses=tuple(map(str, _list(line, "witnesses"))))


def _span(line: Any) -> tuple[int, int]:
    start, end = _whole(line, "start_ns"), _whole(line, "end_ns")
    if end < start:
        raise ValueError("an end_ns after its start_ns")
    return start, end


def _whole(line: Any, name: str) -> int:
    value = line[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LATEST_NS:
        raise TypeError(f"a whole number as {name}")
    return value


def _list(line: Mapping[str, Any], name: str) -> list[Any]:
    if not isinstance(value := line[name], list):
        raise TypeError(f"a list as {name}")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One exchange in a timeline: when it began (seconds since the scenario did), how long it took, what it became."""

    at: float
    ms: float
    became: Became
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A fault in a timeline, in seconds since the scenario began."""

    label: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One scenario as reports draw it; marks are in the order of time."""

    check: str
    name: str
    says: str
    seconds: float
    slo_ms: int
    channel: str
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """By control what this scenario alone found."""
    faults: tuple[Stretch, ...] = ()
    tally: Mapping[str, float] = field(default_factory=dict)
    """Calls in all and by what became of them, `late` ones, `slowest_ms`, `attempts`, `attempts_failed`."""
    slowest: str = ""
    """Id of the call that took longest."""
    calls: tuple[Mark, ...] = field(default=(), metadata=DRAWN_ONLY)
    witnesses: tuple[Mark, ...] = field(default=(), metadata=DRAWN_ONLY)
    attempts: tuple[Mark, ...] = field(default=(), metadata=DRAWN_ONLY)
    """What the counterparty saw: the platform's calls of the wallet, or deliveries of webhooks."""

    @property
    def troubled(self) -> bool:
        """Did it find, or leave open, anything?"""
        return any(o not in (Outcome.PASS, Outcome.NOT_APPLICABLE) for o in self.outcomes.values())

    @property
    def seen_by(self) -> str:
        """What its attempts are, in words."""
        return {"wallet": "attempts at the wallet", "receiver": "deliveries at the receivers"}.get(
            self.channel, f"exchanges in channel {self.channel}")
