"""The scorecard: the launch table and everything a report may show, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness.model.claim import Claim
from harness.model.control import Block, Control, Level
from harness.model.exchange import Exchange
from harness.model.outcome import Finding, Outcome
from harness.model.pact_record import PactRecord
from harness.model.storm_figures import Storm
from harness.model.timeline import Timeline


class Verdict(Enum):
    """What a run says of its target at the level it was asked for."""

    CERTIFIED = "certified"
    CERTIFIED_WITH_WAIVERS = "certified with waivers"
    NOT_CERTIFIED = "not certified"
    INCOMPLETE = "incomplete"


class Answer(Enum):
    """The launch table's own words."""

    YES = "Yes"
    NO = "No"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """One claim with what its judge found."""

    claim: Claim
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """One control as decided in this run; `finding` is the one that decides, `claims` all of them."""

    control: Control
    finding: Finding
    claims: tuple[JudgedClaim, ...] = ()
    checks: tuple[str, ...] = ()
    seconds: float = 0.0
    counted: bool = True
    """False: shown, but not part of what this run was asked for (other role, not selected, should)."""

    @property
    def outcome(self) -> Outcome:
        """Outcome of the deciding finding."""
        return self.finding.outcome

    @property
    def script_name(self) -> str:
        """The file in the run's directory that plays the finding again, where it has a script."""
        return f"reproduce-{self.control.id}.sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """One row of the launch table: `why` is one sentence, `decided`/`needed` count MUST controls."""

    block: Block
    answer: Answer
    why: str
    decided: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """Whether a level is reached and, by control id, what is missing for it."""

    level: Level
    reached: bool
    passed: int
    needed: int
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What identifies a run; times are UTC ISO 8601, durations seconds."""

    run_id: str
    target: str
    base_url: str
    seed: int
    plan_digest: str
    catalogue_digest: str
    contract: str
    version: str
    started_at: str
    seconds: float
    asked: Level
    exchanges: int = 0
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """Loud one-liners: clean-up that failed, level asked above what is built, an interrupted run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The canonical record of a run: every report is a pure function of it."""

    run: RunFacts
    verdict: Verdict
    exit_code: int
    headline: str
    """One sentence, the verdict in words with its level."""
    blocks: tuple[BlockRow, ...]
    rows: tuple[ControlRow, ...]
    levels: tuple[LevelRow, ...]
    evidence: Mapping[str, Exchange] = field(default_factory=dict)
    """Exchanges that the rows cite, by id."""
    timelines: tuple[Timeline, ...] = ()
    """Chaos scenarios over time, by check."""
    storms: tuple[Storm, ...] = ()
    """The storms of load that were blown, by check."""
    pacts: tuple[PactRecord, ...] = field(default=(), metadata={"plain": False})
    """The verifications of consumer pacts; the journal has them, results in full would say them twice."""

    def with_outcome(self, *outcomes: Outcome) -> tuple[ControlRow, ...]:
        """Counted rows of those outcomes, in catalogue order."""
        return tuple(row for row in self.rows if row.counted and row.outcome in outcomes)

    def advice(self) -> tuple[ControlRow, ...]:
        """Rows that were driven and failed, but are a SHOULD and so decide nothing."""
        return tuple(row for row in self.rows if not row.counted and row.claims and row.outcome is Outcome.FAIL)

    def told(self) -> tuple[tuple[str, str], ...]:
        """(control id, line) of what passed and had better be known all the same."""
        return tuple((row.control.id, line) for row in self.rows if row.outcome is Outcome.PASS
                     for line in row.finding.told)

    def scenarios_of(self, control: str) -> tuple[Timeline, ...]:
        """Timelines of the scenarios that decide this control: that of the deciding finding, what else is not well."""
        row = next((r for r in self.rows if r.control.id == control), None)
        deciding = {j.claim.check for j in row.claims if j.finding == row.finding} if row else set()
        mine = [t for t in self.timelines if control in t.outcomes]
        return tuple(sorted(mine, key=lambda t: (t.outcomes[control] is Outcome.PASS or t.check not in deciding,
                                                 t.outcomes[control] is Outcome.PASS)))

    def storms_of(self, control: str) -> tuple[Storm, ...]:
        """The storms on which this control was judged."""
        return tuple(storm for storm in self.storms if control in storm.outcomes)

    def pacts_of(self, control: str) -> tuple[PactRecord, ...]:
        """The verifications of pacts by which this control is decided."""
        row = next((r for r in self.rows if r.control.id == control), None)
        return tuple(record for record in self.pacts if row is not None and record.check in row.checks)

    def left_out(self) -> Mapping[str, tuple[str, ...]]:
        """Control ids outside the verdict, by the reason why."""
        reasons: dict[str, list[str]] = {}
        for row in self.rows:
            if not row.counted:
                why = f"a SHOULD, it advises and does not decide: {row.outcome.value}" if row.claims \
                    else row.finding.message
                reasons.setdefault(why, []).append(row.control.id)
        return {why: tuple(ids) for why, ids in reasons.items()}


def exit_codes() -> Mapping[int, str]:
    """Every exit code and its meaning (architecture, decision 9)."""
    return {0: "certified", 1: "not certified: a control failed", 2: "usage or configuration",
            3: "incomplete: something required is inconclusive, not run or not attested",
            4: "environment: target, proxy or generator unavailable, or clean-up failed",
            5: "the harness's own fault", 130: "interrupted"}


_PLAIN = (str, int, float, bool, type(None))


def plain(value: Any) -> Any:
    """JSON-ready form of a scorecard value: enums by value, tuples as lists, dataclasses as objects.

    Fields whose metadata say `plain: False` are left out.
    """
    if type(value) in _PLAIN:  # nearly all of it; an Enum of strings is a string, too, but not of that very type
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name, known in value.__dataclass_fields__.items()
                if known.metadata.get("plain", True)}
    return value
