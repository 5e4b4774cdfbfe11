"""The verdict on one slot (a body, a parameter, a header, a payload): the walk names, the prover decides.

Neither is believed alone: a proof against a plain narrowing that the walk saw is unsure, and a counterexample that the
walk cannot explain is a finding of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from harness.drift.changes import Change, Effect, Place, Side, Verdict, Witness, change, verdict_of
from harness.drift.edit_space import POLICIES, Edit
from harness.drift.naming import Finding, Naming, Spot
from harness.drift.nodes import Part, same
from harness.drift.schema_walk import findings

Reading = Literal["closed", "strict"]
_BESIDE_CONTAINMENT = frozenset({"removals", "tolerant-readers", "closed-models", "undeclared-required",
                                 "misplaced-words", "named-branches"})
"""Policies that a strict reading does without: there containment alone decides what validators can see."""


class Answered(Protocol):
    """What a prover says of one pair of schemas."""

    @property
    def answer(self) -> str:
        """`yes`, `no` or `unsure`."""

    @property
    def witness(self) -> Any:
        """A document that the writer may send and the reader refuses."""

    @property
    def why(self) -> str:
        """Why it is unsure."""


_ABOUT_ABSENCE = frozenset({("required", Edit.ADDED), ("required", Edit.REMOVED), ("undeclared", Edit.ADDED),
                            ("undeclared", Edit.REMOVED), ("properties", Edit.ADDED_REQUIRED),
                            ("properties", Edit.REMOVED)})
"""Findings whose witness is a document without the member."""
_DECLARED = "who writes is taken to send what is declared, even where more is allowed in so many words"
Sent = tuple[tuple[Any, Any], tuple[Any, Any]]
Prover = Callable[..., Answered]
"""`contained(writer, reader, *, writer_root, reader_root, closed)`."""


def slot_changes(old: Any, new: Any, *, old_root: Any, new_root: Any, side: Side, where: str,
                 old_place: Callable[[str], Place], new_place: Callable[[str], Place], old_pointer: str,
                 new_pointer: str, prover: Prover, reading: Reading = "closed",
                 policies: Collection[str] | None = None, sent: Sent | None = None) -> list[Change]:
    """What changed in one slot, each change with its verdict.

    Args:
        old, new: 2020-12 schemas; their references lead into `old_root` and `new_root`.
        side: who writes. IN: the old consumer writes and the new provider reads; OUT: the new provider writes and the
            old consumer reads. NEITHER: both ways must hold, as for stored documents.
        prover: decides containment, see `Prover`; asked only where the two do not read the same.
        reading: "closed" takes writers to send what they declare; "strict" does not, and there the policies about
            what containment decides are off unless they are asked for.
        sent: what the prover gets in place of `old` and `new`, each with its root: without what one side may not send.
        policies: names in `edit_space.POLICIES` that are on; others are passed over. None: all that fit the reading.

    Raises:
        UsageError: a reference leads to nothing.
    """
    if same((Part(old, old_pointer),), (Part(new, new_pointer),), old_root, new_root):
        return []
    on = policies_on(reading, policies)
    found = [under(one, on) for one in findings(
        old, new, old_root=old_root, new_root=new_root, side=side, where=where, old_place=old_place,
        new_place=new_place, old_pointer=old_pointer, new_pointer=new_pointer)]
    proof = Proof(prover, sent or ((old, old_root), (new, new_root)), side, reading == "closed")
    return decided(found, proof, Naming(side, where, old_place, new_place), (old_pointer, new_pointer), on)


def decided(found: list[Finding], proof: Proof, naming: Naming, pointers: tuple[str, str],
            on: frozenset[str]) -> list[Change]:
    """The changes that the findings of one pair of schemas are, under the policies that are on."""
    said, valid_in = proof.forward()
    if said.answer == "yes" and not (proof.closed and _broken(found) and proof.vacuous()):
        return [_proved(one, found, proof, on) for one in found]
    if said.answer == "no":
        return _refuted(found, said, valid_in, naming, pointers, lenient=proof.closed)
    return [undecided(one.change, said.why) for one in found]


@dataclass(slots=True)
class Proof:
    """Questions to the prover about one pair; each is asked once, and only when it matters."""

    prover: Prover
    pair: Sent
    side: Side
    closed: bool
    _equal: bool | None = field(default=None)

    def forward(self) -> tuple[Answered, str]:
        """Whether what may be sent is accepted, and the version in which a counterexample is valid."""
        old, new = self.pair
        if self.side is Side.OUT:
            return self._ask(new, old, closed=self.closed), "new"
        said = self._ask(old, new, closed=self.closed)
        if self.side is Side.IN or said.answer == "no":
            return said, "old"
        back = self._ask(new, old, closed=self.closed)
        return (said, "old") if back.answer == "yes" else (back, "new")

    def equal(self) -> bool:
        """Whether it holds the other way round too, nobody closed: then both accept the same documents."""
        if self._equal is None:
            writer, reader = self.pair if self.side is Side.OUT else (self.pair[1], self.pair[0])
            self._equal = self._ask(writer, reader, closed=False).answer == "yes"
        return self._equal

    def vacuous(self) -> bool:
        """Whether the writer can send nothing at all, so that every proof about what it sends is empty."""
        writer = self.pair[1] if self.side is Side.OUT else self.pair[0]
        return self._ask(writer, (False, {}), closed=False).answer == "yes"

    def _ask(self, writer: tuple[Any, Any], reader: tuple[Any, Any], *, closed: bool) -> Answered:
        return self.prover(writer[0], reader[0], writer_root=writer[1], reader_root=reader[1], closed=closed)


def _broken(found: list[Finding]) -> bool:
    return any(one.change.verdict in (Verdict.BREAKING, Verdict.UNSURE) for one in found)


def policies_on(reading: Reading, policies: Collection[str] | None) -> frozenset[str]:
    """The names of the policies that count; see `slot_changes`."""
    fitting = POLICIES.keys() - (_BESIDE_CONTAINMENT if reading == "strict" else frozenset())
    return frozenset(fitting if policies is None else policies)


def under(one: Finding, on: frozenset[str]) -> Finding:
    """The finding under the policies that are on."""
    if not one.row.policy or one.row.policy in on:
        return one
    bare = replace(one.change, verdict=verdict_of(one.change.effect, one.change.side), policy="")
    return replace(one, change=bare)


def _proved(one: Finding, found: list[Finding], proof: Proof, on: frozenset[str]) -> Change:
    """The finding where no valid document is refused."""
    made = one.change
    if made.effect is Effect.NONE:
        return made
    if one.row.policy in on:
        composed = one.spot.composed and one.keyword != "branch"
        return _eased(made, equal=True) if composed and proof.equal() else made
    if made.verdict is Verdict.ADDITIVE:
        return made if one.keyword == "properties" or not proof.equal() else _eased(made, equal=True)
    if one.plain and made.effect is not Effect.UNKNOWN and not one.row.policy:
        if _rebuilt(one, found) or (_made_good(one, found) and proof.equal()):
            return _eased(made, equal=proof.equal())
        return replace(made, effect=Effect.UNKNOWN, verdict=Verdict.UNSURE, says=made.says + " A proof says that no "
                       "valid document is refused for it, which this does not explain.")
    return _eased(made, equal=proof.equal())


def _rebuilt(one: Finding, found: list[Finding]) -> bool:
    """Whether a composition at the same spot went, whose demand this may be in other words."""
    return any(other.spot.path == one.spot.path and not other.plain and other.change.effect is not Effect.NONE
               for other in found)


def _made_good(one: Finding, found: list[Finding]) -> bool:
    """Whether another finding at the same spot does the opposite."""
    return any(other.spot.path == one.spot.path and other.change.verdict is Verdict.ADDITIVE for other in found)


def _eased(made: Change, *, equal: bool) -> Change:
    """A finding that breaks nobody: a new spelling, or a part of something that only became more tolerant."""
    if equal:
        return replace(made, effect=Effect.NONE, verdict=Verdict.EDITORIAL, policy="",
                       says=made.says + " Both versions accept the same documents.")
    effect = Effect.NARROWS if made.side is Side.OUT else Effect.WIDENS
    return replace(made, effect=effect, verdict=verdict_of(effect, made.side), policy="",
                   says=made.says + " No valid document is refused for it.")


def _refuted(found: list[Finding], said: Answered, valid_in: str, naming: Naming,
             pointers: tuple[str, str], *, lenient: bool) -> list[Change]:
    """The findings where a valid document is refused: the one that explains it is a break and bears the witness."""
    shown = getattr(said, "shown", said.witness is not None)
    witness = Witness(document=said.witness, valid_in=valid_in) if shown else None
    ranks = {place: rank for place, one in enumerate(found) if (rank := _rank(one, witness)) is not None}
    explains = min(ranks, key=lambda place: ranks[place], default=None)
    if explains is None:
        why = "" if shown or not said.why else f" {said.why}"
        alone = change(f"{naming.subject(Spot())}-unexplained-break",
                       f"A document that was valid is refused, and no difference that was found explains it.{why}",
                       where=naming.where, effect=Effect.INCOMPARABLE, side=naming.side, witness=witness,
                       old=naming.old_place(pointers[0]), new=naming.new_place(pointers[1]))
        return [*(one.change for one in found), alone]
    changes = [one.change for one in found]
    made = replace(changes[explains], witness=witness)
    excused = _excused(found[explains], lenient=lenient)
    if excused and not made.policy:
        made = replace(made, policy=f"closed-models: {_DECLARED}")
    if made.verdict is not Verdict.BREAKING and not excused:
        effect = Effect.INCOMPARABLE if made.effect is not Effect.UNKNOWN else _breaking(made.side)
        made = replace(made, effect=effect, verdict=Verdict.BREAKING, policy="")
    changes[explains] = made
    return changes


def undecided(made: Change, why: str) -> Change:
    """A finding where the prover could not tell: it stands; one of unknown effect says what was in the way."""
    if made.effect is not Effect.UNKNOWN:
        return made
    return replace(made, says=f"{made.says} Whether it breaks was not found out. {why}".rstrip())


def _breaking(side: Side) -> Effect:
    return {Side.IN: Effect.NARROWS, Side.OUT: Effect.WIDENS}.get(side, Effect.INCOMPARABLE)


def _excused(one: Finding, *, lenient: bool) -> bool:
    """Whether a policy knows of the refusal: values of a growing enum, a slip in `required`, and in the closed reading
    members that are allowed in so many words and still not declared.
    """
    own = one.change.policy and one.change.verdict is not Verdict.BREAKING
    return bool(own and one.keyword in ("x-extensible-enum", "undeclared")) or (
        lenient and one.change.side is Side.IN and (one.keyword, one.edit) == ("properties", Edit.ADDED))


def _rank(one: Finding, witness: Witness | None) -> tuple[int, bool] | None:
    """How well a finding explains a refusal, small is well; None: not at all."""
    made = one.change
    elsewhere = witness is not None and not _touches(one, witness.document)
    if made.effect is Effect.NONE:
        return None
    if one.keyword in ("x-extensible-enum", "undeclared") and made.policy and made.verdict is not Verdict.BREAKING:
        return None if elsewhere else (3, False)
    if (one.keyword, one.edit) == ("properties", Edit.ADDED) and elsewhere:
        return None
    if verdict_of(made.effect, made.side) is Verdict.BREAKING and made.verdict is Verdict.BREAKING:
        return 0, elsewhere
    if made.effect is Effect.UNKNOWN:
        return 1, elsewhere
    if made.verdict is Verdict.BREAKING:
        return 2, elsewhere
    if not one.plain or one.keyword == "properties":
        return 3, elsewhere
    return None


def _touches(one: Finding, document: Any) -> bool:
    """Whether the witness can be about the finding: it has the member, or lacks the one that is required."""
    if one.keyword == "x-extensible-enum":
        return one.about in json.dumps(document, default=repr)
    name = one.spot.path[-1] if one.spot.path else ""
    needed = (one.keyword, one.edit) in _ABOUT_ABSENCE
    there = not name or json.dumps(name) in json.dumps(document, default=repr)
    return there != needed if name else True
