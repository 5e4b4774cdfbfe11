"""Consumer pacts: documents, their interactions, what came of verifying each, and their record in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Kind(Enum):
    """What an interaction of a pact is."""

    HTTP = "http"
    MESSAGE = "message"
    """A message that the provider sends: an event, a webhook."""
    UNKNOWN = "unknown"
    """Needs a plug-in or a transport that certify does not load."""


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
class Pact:
    """A consumer pact as it was found: any version of Pact's JSON format."""

    consumer: str
    provider: str
    source: str
    """The file, or the URL at the broker; never with credentials."""
    document: Mapping[str, Any] = field(repr=False)
    pending: bool = False
    """By the broker's word: it does not fail the provider yet."""
    shipped: bool = False
    """One of certify's own: typical consumers, not this platform's."""
    publish: str = ""
    """Where the broker takes verification results; "": nowhere."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Pact:
        """Inverse of `to_dict`; TypeError names what is missing."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A provider state that an interaction needs, with its parameters."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One interaction of a pact."""

    pact: Pact
    number: int
    """From 0, in its pact."""
    kind: Kind
    description: str
    states: tuple[State, ...]
    pending: bool
    controls: tuple[str, ...]
    """Controls that it touches, by its own word (`comments.certify.controls`)."""
    needs: tuple[str, ...]
    """Capabilities that a target must offer for it (`comments.certify.needs`)."""
    when: Mapping[str, Any]
    """Choices of the contract profile that it holds under (`comments.certify.when`)."""
    document: Mapping[str, Any] = field(repr=False)
    """The interaction itself."""

    @property
    def name(self) -> str:
        """`rgs → platform: authorizes a bet`."""
        return f"{self.pact.consumer} → {self.pact.provider}: {self.description}"

    @property
    def alone(self) -> dict[str, Any]:
        """A pact with this interaction only, and nothing that would load a plug-in."""
        whole = self.pact.document
        metadata = whole.get("metadata")
        known = ("pactSpecification", "pactSpecificationVersion", "pact-specification")
        kept = {k: v for k, v in metadata.items() if k in known} if isinstance(metadata, Mapping) else {}
        member = "messages" if _is_v3_message(whole, self.document) else "interactions"
        only = {k: v for k, v in self.document.items() if k not in ("pluginConfiguration", "pending")}
        return {"consumer": {"name": self.pact.consumer}, "provider": {"name": self.pact.provider},
                "metadata": kept, member: [only]}

    @property
    def request(self) -> Mapping[str, Any]:
        """What the consumer sends; empty for messages."""
        return _mapping(self.document.get("request"))

    @property
    def expected_status(self) -> int:
        """The status that the consumer needs; 0 for messages."""
        status = _mapping(self.document.get("response")).get("status", 200)
        return status if self.kind is Kind.HTTP and isinstance(status, int) else 0


def interactions(pact: Pact) -> tuple[Interaction, ...]:
    """The interactions of a pact, in its order; what is none in it is left out."""
    return tuple(_interaction(pact, number, one) for number, one in enumerate(_listed(pact.document)))


def _interaction(pact: Pact, number: int, one: Mapping[str, Any]) -> Interaction:
    comments = _mapping(one.get("comments"))
    certify = _mapping(comments.get("certify")) or _mapping(one.get("certify"))
    return Interaction(pact=pact, number=number, kind=_kind(pact.document, one), document=one,
                       description=str(one.get("description", "")), states=tuple(_states(one)),
                       pending=pact.pending or one.get("pending") is True, when=_mapping(certify.get("when")),
                       controls=_texts(certify.get("controls")), needs=_texts(certify.get("needs")))


def _listed(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for member in ("interactions", "messages"):
        found = document.get(member)
        yield from (one for one in (found if isinstance(found, list) else ()) if isinstance(one, Mapping))


def _kind(document: Mapping[str, Any], one: Mapping[str, Any]) -> Kind:
    if "pluginConfiguration" in one or str(one.get("transport", "http")) not in ("http", "https", "message"):
        return Kind.UNKNOWN
    match one.get("type"):
        case "Synchronous/HTTP":
            return Kind.HTTP
        case "Asynchronous/Messages":
            return Kind.MESSAGE
        case None:
            return Kind.MESSAGE if _is_v3_message(document, one) else Kind.HTTP
        case _:
            return Kind.UNKNOWN


def _is_v3_message(document: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    messages = document.get("messages")
    return isinstance(messages, list) and any(one is message for message in messages)


def _states(one: Mapping[str, Any]) -> Iterator[State]:
    """The states in any version's form: one text, or names with parameters."""
    found = one.get("providerStates", one.get("providerState"))
    if isinstance(found, str) and found:
        yield State(name=found)
    for state in found if isinstance(found, list) else ():
        if isinstance(state, Mapping) and state.get("name"):
            yield State(name=str(state["name"]), params=_mapping(state.get("params")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


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
        return cls(id=str(line["id"]), check=str(line["check"]), sources=_strings(line["sources"]),
                   results=tuple(InteractionResult.from_line(one) for one in line["results"]),
                   left_out=tuple(LeftOut(**one) for one in line["left_out"]), problems=_strings(line["problems"]),
                   shipped=line["shipped"] is True, seconds=float(line["seconds"]))


def _strings(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, values))
