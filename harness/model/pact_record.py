"""What came of verifying pacts: jobs for the verifier, its verdicts, and the record in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from harness.model.pact import Interaction


class Became(Enum):
    """What came of verifying one interaction."""

    VERIFIED = "verified"
    MISMATCHED = "mismatched"
    """The provider answered (or sent) something else than the consumer needs, each time that it was tried."""
    DIFFERED = "differed"
    """It mismatched once and not again."""
    NOT_SET_UP = "not_set_up"
    """A provider state could not be set up: nothing was asked."""
    NO_ANSWER = "no_answer"
    """The provider gave no whole answer."""
    NOT_PRODUCED = "not_produced"
    """There is no message of that description to compare with."""
    NOT_VERIFIED = "not_verified"
    """The verifier did not come to an end with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One difference between what a consumer needs and what it got."""

    kind: str
    """What differs: "status", "body", "header", "metadata" …"""
    path: str
    """Where: `$.win.amount`, the header's name; "" for the status."""
    expected: str
    actual: str
    says: str
    """The verifier's own sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the verifier said of one job; `error` names what kept it from saying anything."""

    key: str
    ok: bool
    mismatches: tuple[Mismatch, ...] = ()
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """A message that the provider produced: its raw body, and the metadata that came with it."""

    contents: bytes
    content_type: str = "application/json"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    exchanges: tuple[str, ...] = ()
    """Ids of the exchanges that it was seen in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One interaction for the verifier: HTTP at `url` with states at `state_url`, or a message that was produced."""

    key: str
    document: Mapping[str, Any]
    """A pact with this interaction only (`Interaction.alone`)."""
    url: str = ""
    state_url: str = ""
    produced: Produced | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionResult:
    """What came of one interaction, for the journal; texts are redacted."""

    consumer: str
    provider: str
    source: str
    description: str
    kind: str
    became: Became
    states: tuple[str, ...] = ()
    pending: bool = False
    controls: tuple[str, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    seconds: float = 0.0
    why: str = ""
    """What kept it from being verified."""
    blame: str = ""
    """Whose fault that is: a value of `outcome.Owner`."""
    exchanges: tuple[str, ...] = ()
    """Ids of the exchanges with the provider, the last try's."""
    method: str = ""
    path: str = ""
    """Of a message: where it was seen ("in a webhook")."""

    @classmethod
    def of(cls, one: Interaction, became: Became, **found: Any) -> InteractionResult:
        """The result of an interaction, with what was found."""
        request = one.request
        return cls(consumer=one.pact.consumer, provider=one.pact.provider, source=one.pact.source,
                   description=one.description, kind=one.kind.value, became=became, pending=one.pending,
                   states=tuple(state.name for state in one.states), controls=one.controls,
                   method=str(request.get("method", "")).upper(), path=str(request.get("path", "")), **found)

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> InteractionResult:
        """From its line in the journal; KeyError, TypeError or ValueError name what is wrong in it."""
        tuples: dict[str, Any] = {name: tuple(map(str, line[name])) for name in ("states", "controls", "exchanges")}
        return cls(**{**line, **tuples, "became": Became(line["became"]),
                      "mismatches": tuple(Mismatch(**m) for m in line["mismatches"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An interaction that was not asked, and why it does not apply to this target."""

    consumer: str
    description: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PactRecord:
    """One verification of pacts, as the journal has it."""

    id: str
    check: str
    sources: tuple[str, ...]
    results: tuple[InteractionResult, ...]
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[str, ...] = ()
    """What kept pacts from being had at all: a broker that does not answer."""
    shipped: bool = False
    """They are certify's own: the target names none."""
    seconds: float = 0.0

    def to_line(self) -> dict[str, Any]:
        """As JSON."""
        line = asdict(self)
        for result, made in zip(line["results"], self.results, strict=True):
            result["became"] = made.became.value
        return line

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> PactRecord:
        """From `to_line`; KeyError, TypeError or ValueError name what is missing or wrong in it."""
        return cls(id=str(line["id"]), check=str(line["check"]), sources=tuple(map(str, line["sources"])),
                   results=tuple(InteractionResult.from_line(one) for one in line["results"]),
                   left_out=tuple(LeftOut(**one) for one in line["left_out"]),
                   problems=tuple(map(str, line["problems"])),
                   shipped=line["shipped"] is True, seconds=float(line["seconds"]))
