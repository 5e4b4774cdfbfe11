"""A change between two versions of a contract: what it does to the accepted documents, and whom that breaks.

No severity is set by hand: the verdict follows from effect and side; where a policy overrides it, the policy is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Effect(Enum):
    """What a change does to the set of accepted documents."""

    NARROWS = "narrows"
    WIDENS = "widens"
    INCOMPARABLE = "incomparable"
    UNKNOWN = "unknown"
    NONE = "none"


class Side(Enum):
    """Who writes the documents: IN the consumer (requests), OUT the provider (responses, events, webhooks)."""

    IN = "in"
    OUT = "out"
    NEITHER = "neither"


class Verdict(Enum):
    """What a change means for those who live with the old version, worst first: the order is the roll-up rule."""

    BREAKING = "breaking"
    UNSURE = "unsure"
    ADDITIVE = "additive"
    EDITORIAL = "editorial"


_VERDICTS: Mapping[tuple[Effect, Side], Verdict] = {
    (Effect.NARROWS, Side.IN): Verdict.BREAKING, (Effect.NARROWS, Side.OUT): Verdict.ADDITIVE,
    (Effect.WIDENS, Side.IN): Verdict.ADDITIVE, (Effect.WIDENS, Side.OUT): Verdict.BREAKING,
}


def verdict_of(effect: Effect, side: Side) -> Verdict:
    """The verdict that follows, before any policy."""
    if effect is Effect.NONE:
        return Verdict.EDITORIAL
    if effect is Effect.UNKNOWN:
        return Verdict.UNSURE
    return _VERDICTS.get((effect, side), Verdict.BREAKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a document: file (or URL), JSON pointer, and line counted from 1 where it is known."""

    file: str
    pointer: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A document that one version takes and the other refuses; JSON values only."""

    document: Any
    valid_in: str
    """"old" or "new"; it is refused by the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change; `rule` is a stable kebab-case id for machines, `says` one sentence for people."""

    rule: str
    says: str
    where: str
    """What it is about, e.g. `POST /v1/bets/authorize request body` or `event bet.settled`."""
    effect: Effect
    side: Side
    verdict: Verdict
    old: Place | None = None
    new: Place | None = None
    policy: str = ""
    """Why the verdict is not the one that follows from effect and side; "": it is."""
    witness: Witness | None = None
    waived: str = ""
    """The reason of the waiver that lets it pass; "": none does."""
    also: tuple[str, ...] = ()
    """Where else the same holds, each like `where`: the changed schema is used there, too."""


def change(rule: str, says: str, *, where: str, effect: Effect, side: Side = Side.NEITHER, policy: str = "",
           verdict: Verdict | None = None, old: Place | None = None, new: Place | None = None,
           witness: Witness | None = None) -> Change:
    """A change with the verdict that follows; another `verdict` needs the `policy` that says why.

    Raises:
        ValueError: another verdict without a policy.
    """
    if verdict is not None and verdict is not verdict_of(effect, side) and not policy:
        raise ValueError(f"{rule}: a verdict of its own needs the policy that says why")
    return Change(rule=rule, says=says, where=where, effect=effect, side=side, policy=policy, old=old, new=new,
                  verdict=verdict or verdict_of(effect, side), witness=witness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All changes between two versions of one contract, as they were found."""

    format: str
    """"openapi", "asyncapi", "jsonschema", "avro" or "protobuf"."""
    old_version: str
    new_version: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict | None:
        """The worst of what is not waived; None where nothing changed."""
        return worst(c.verdict for c in self.changes if not c.waived)


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The one that decides; None of none."""
    order = {verdict: rank for rank, verdict in enumerate(Verdict)}
    return min(verdicts, key=lambda one: order[one], default=None)
