"""Consumer pacts: the documents as they were found, and their interactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
class Stock:
    """The pacts of a run: all that its target's sources hold, read before anything is driven."""

    pacts: tuple[Pact, ...] = ()
    sources: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """Why some could not be had."""

    @property
    def shipped(self) -> bool:
        """Are they certify's own?"""
        return any(pact.shipped for pact in self.pacts)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"pacts": [pact.to_dict() for pact in self.pacts], "sources": list(self.sources),
                "problems": list(self.problems)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Stock:
        """Inverse of `to_dict`."""
        return cls(pacts=tuple(Pact.from_dict(one) for one in data["pacts"]), sources=tuple(map(str, data["sources"])),
                   problems=tuple(map(str, data["problems"])))
