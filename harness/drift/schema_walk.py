"""The walk over two schemas, side by side, that names every difference between them.

What only is spelled otherwise is no difference. A pair of nodes is walked once, so recursive schemas end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.drift.changes import Change, Effect, Place, Side
from harness.drift.discriminators import choices, discriminated
from harness.drift.edit_space import Edit
from harness.drift.members import Pair, members
from harness.drift.naming import Finding, Naming, Spot
from harness.drift.nodes import Node, Part, child, same, written
from harness.drift.pairing import called, named_anew, paired
from harness.drift.shapes import EVERY, Shape
from harness.drift.spellings import ONE_SCHEMA, shape
from harness.drift.word_edits import form_in_xml, notes, types, values, words
from harness.model.errors import UsageError

_DEEPEST = 40
_CONDITIONAL = frozenset({"not", "if", "then", "else", "contains"})


def walk(old: Any, new: Any, *, old_root: Any, new_root: Any, side: Side, where: str,
         old_place: Callable[[str], Place], new_place: Callable[[str], Place], old_pointer: str,
         new_pointer: str) -> Iterator[Change]:
    """Every difference between two schemas, each once; see `findings`."""
    for one in findings(old, new, old_root=old_root, new_root=new_root, side=side, where=where, old_place=old_place,
                        new_place=new_place, old_pointer=old_pointer, new_pointer=new_pointer):
        yield one.change


def findings(old: Any, new: Any, *, old_root: Any, new_root: Any, side: Side, where: str,
             old_place: Callable[[str], Place], new_place: Callable[[str], Place], old_pointer: str,
             new_pointer: str) -> Iterator[Finding]:
    """Every difference between two 2020-12 schemas, in the order of the old one.

    Args:
        old, new: schemas; their `#/...` references lead into `old_root` and `new_root`. Best not yet projected: then
            a member that became read-only has that for its name, and not that it was removed.
        side: who writes the documents.
        where: what the schemas are of; `parameter`, `header` and a leading `event`, `webhook`, `message` in it show in
            the rule ids.
        old_place, new_place: from a JSON pointer to file and line.
        old_pointer, new_pointer: where the two schemas stand.

    Raises:
        UsageError: a reference leads to nothing.
    """
    naming = Naming(side, where, old_place, new_place)
    walking = Walk(naming, old_root, new_root)
    yield from once(walking.run((Part(old, old_pointer),), (Part(new, new_pointer),), Spot()))


def once(found: Iterable[Finding]) -> Iterator[Finding]:
    """Without those that say the same of the same places."""
    seen: set[tuple[object, ...]] = set()
    for one in found:
        identity = (one.change.rule, one.change.says, one.change.old, one.change.new)
        if identity not in seen:
            seen.add(identity)
            yield one


Border = Callable[[Node, Node, Spot], bool]
"""Asked of two nodes below those that a walk began with; True where somebody else walks on from there."""


@dataclass(slots=True)
class Walk:
    """One walk; remembers which pairs it has been to."""

    naming: Naming
    old_root: Any
    new_root: Any
    border: Border | None = None
    depth: int = 0
    later: list[tuple[Node, Node, Spot]] = field(default_factory=list)
    """What is too far down to go there at once."""
    been: set[tuple[tuple[str, ...], tuple[str, ...], bool]] = field(default_factory=set)

    def run(self, old: Node, new: Node, spot: Spot) -> Iterator[Finding]:
        """All of it, however long the chains of references are."""
        self.later.append((old, new, spot))
        while self.later:
            yield from self.compare(*self.later.pop())

    def same(self, old: Node, new: Node) -> bool:
        return same(old, new, self.old_root, self.new_root)

    def compare(self, old: Node, new: Node, spot: Spot) -> Iterator[Finding]:
        """The differences of two nodes and of all below them."""
        if self.same(old, new) or (self.border is not None and self.depth and self.border(old, new, spot)):
            return
        if self.depth >= _DEEPEST:
            self.later.append((old, new, spot))
            return
        self.depth += 1
        found = list(self._differences(old, new, spot))
        self.depth -= 1
        yield from found
        if all(one.change.effect is Effect.NONE for one in found):
            yield from self._named_demands(written(old, self.old_root), written(new, self.new_root), spot)

    def _differences(self, old: Node, new: Node, spot: Spot) -> Iterator[Finding]:
        a, b = shape(old, self.old_root), shape(new, self.new_root)
        yield from form_in_xml(a, b, self.naming, spot)  # of each member that leads here
        pair = ((a.pointer, *(p.pointer for p in old[1:])), (b.pointer, *(p.pointer for p in new[1:])), spot.flip)
        if pair in self.been:
            return
        self.been.add(pair)
        yield from notes(a, b, self.naming, spot)
        yield from self._discriminated(a, old, b, new, spot)
        if bool(a.types) != bool(b.types):
            edit, says = (Edit.ADDED, "nothing is accepted now") if a.types else (Edit.REMOVED, "something is accepted")
            yield self.naming.finding("false", edit, says, spot, a.pointer, b.pointer, tail=f"false-{edit.value}")
            return
        if self._wrapped(a, b):
            yield from self._branches(self._as_branch(a, old, b), self._as_branch(b, new, a), spot)
            return
        yield from types(a, b, self.naming, spot)
        if not a.types & b.types - {"null"} and a.types != b.types and a.types - {"null"} and b.types - {"null"}:
            return
        yield from values(a, b, self.naming, spot)
        yield from words(a, b, self.naming, spot)
        yield from members(Pair(a, b, self.old_root, self.new_root), self.naming, spot, self.compare)
        yield from self._named("patternProperties", a.patterns, b.patterns, a, b, spot)
        yield from self._named("dependentSchemas", a.dependents, b.dependents, a, b, spot)
        yield from self._inner(a, b, spot)
        yield from self._prefix(a, b, spot)
        yield from self._branches(a, b, spot)

    def _discriminated(self, a: Shape, old: Node, b: Shape, new: Node, spot: Spot) -> Iterator[Finding]:
        """What changed in how a value chooses the schema, where both have it chosen."""
        before, after = a.notes.get("discriminator"), b.notes.get("discriminator")
        if isinstance(before, dict) and isinstance(after, dict):
            yield from discriminated(choices(before, old, self.old_root), choices(after, new, self.new_root),
                                     self._reads_same, self.naming, spot, a.place("discriminator"),
                                     b.place("discriminator"))

    def _reads_same(self, old: Node, new: Node) -> bool:
        """Whether two references lead to one text; to nothing at all they lead to nothing that is the same."""
        try:
            return self.same((written(old, self.old_root),), (written(new, self.new_root),))
        except UsageError:
            return False

    @staticmethod
    def _wrapped(a: Shape, b: Shape) -> bool:
        """Whether one of them is nothing but branches and the other has none: then that one is a branch, too."""
        def only_branches(one: Shape) -> bool:
            return bool(one.branches.keys() & {"anyOf", "oneOf"}) and not (
                one.properties or one.words or one.values or one.inner or one.prefix or one.patterns)
        return (only_branches(a) and not b.branches and b.types != EVERY) or (
            only_branches(b) and not a.branches and a.types != EVERY)

    @staticmethod
    def _as_branch(one: Shape, node: Node, other: Shape) -> Shape:
        if one.branches:
            return one
        keyword = next(word for word in ("anyOf", "oneOf") if word in other.branches)
        return Shape(pointer=one.pointer, branches={keyword: (node,)})

    def _named(self, keyword: str, old: dict[str, Node], new: dict[str, Node], a: Shape, b: Shape,
               spot: Spot) -> Iterator[Finding]:
        """Schemas by name, each a demand of its own."""
        for name in [*old, *(name for name in new if name not in old)]:
            below = spot.below(name, composed=keyword == "dependentSchemas")
            if name in old and name in new:
                yield from self.compare(old[name], new[name], below)
                continue
            edit = Edit.ADDED if name in new else Edit.REMOVED
            yield self.naming.finding(keyword, edit, f"`{name}` of {keyword} was {edit.value}", spot,
                                      old[name][0].pointer if name in old else a.place(keyword),
                                      new[name][0].pointer if name in new else b.place(keyword))

    def _inner(self, a: Shape, b: Shape, spot: Spot) -> Iterator[Finding]:
        """Keywords that hold one schema."""
        conditions_differ = ("if" in a.inner) != ("if" in b.inner)
        for keyword in ONE_SCHEMA:
            old, new = a.inner.get(keyword), b.inner.get(keyword)
            if (old is None and new is None) or (keyword in ("then", "else") and conditions_differ):
                continue
            forbids = [node is not None and len(node) == 1 and node[0].schema is False for node in (old, new)]
            if old is None or new is None or forbids[0] != forbids[1]:
                moved = keyword == "items" and len(a.prefix) != len(b.prefix)
                yield self._demand(keyword, a, b, spot.below(composed=moved),
                                   added=old is None or (new is not None and forbids[1]))
            elif keyword == "if" and not self.same(old, new):
                yield self.naming.finding("if", Edit.CHANGED, "the condition is another one", spot, a.place("if"),
                                          b.place("if"))
            elif not any(forbids) and keyword != "if":
                yield from self.compare(old, new, spot.below(
                    keyword, composed=keyword in _CONDITIONAL, flip=keyword == "not"))

    def _demand(self, keyword: str, a: Shape, b: Shape, spot: Spot, *, added: bool) -> Finding:
        tail = ""
        if keyword in ("additionalProperties", "unevaluatedProperties"):
            says = "undeclared members are " + ("refused or bound now" if added else "not refused or bound as before")
            shown = "additional" if keyword == "additionalProperties" else "unevaluated"
            tail = f"{shown}-properties-" + ("restricted" if added else "relaxed")
        else:
            says = f"`{keyword}` {'makes a new demand' if added else 'makes its demand no more'}"
        return self.naming.finding(keyword, Edit.ADDED if added else Edit.REMOVED, says, spot, a.place(keyword),
                                   b.place(keyword), tail=tail)

    def _prefix(self, a: Shape, b: Shape, spot: Spot) -> Iterator[Finding]:
        for place, (old, new) in enumerate(zip(a.prefix, b.prefix, strict=False)):
            yield from self.compare(old, new, spot.below(str(place)))
        if len(a.prefix) != len(b.prefix):
            edit = Edit.ADDED if len(a.prefix) < len(b.prefix) else Edit.REMOVED
            yield self.naming.finding("prefixItems", edit, f"{len(b.prefix)} items have a schema of their own, "
                                      f"{len(a.prefix)} had", spot, a.place("prefixItems"), b.place("prefixItems"))

    def _branches(self, a: Shape, b: Shape, spot: Spot) -> Iterator[Finding]:
        """`allOf` that could not be put together, `anyOf` and `oneOf`."""
        yield from self._matched("allOf", a.branches.get("allOf", ()), b.branches.get("allOf", ()), "allOf", a, b, spot)
        one_of, any_of = "oneOf", "anyOf"
        before = {word for word in (one_of, any_of) if word in a.branches}
        after = {word for word in (one_of, any_of) if word in b.branches}
        if len(before) == len(after) == 1 and before != after:
            was, now = before.pop(), after.pop()
            edit = Edit.WIDENED if now == any_of else Edit.NARROWED
            yield self.naming.finding(now, edit, f"`{was}` became `{now}`", spot, a.place(was), b.place(now),
                                      tail="one-of-became-any-of" if now == any_of else "any-of-became-one-of")
            yield from self._matched(was, a.branches[was], b.branches[now], now, a, b, spot)
            return
        for keyword in (any_of, one_of):
            old, new = a.branches.get(keyword), b.branches.get(keyword)
            if old and new:
                yield from self._matched(keyword, old, new, keyword, a, b, spot)
            elif old or new:
                edit = Edit.ADDED if new else Edit.REMOVED
                yield self.naming.finding(keyword, edit, f"`{keyword}` was {edit.value}", spot, a.place(keyword),
                                          b.place(keyword), tail=("became-" if new else "became-not-")
                                          + ("any-of" if keyword == any_of else "one-of"))

    def _named_demands(self, old: Part, new: Part, spot: Spot) -> Iterator[Finding]:
        """References that joined or left an `allOf` though what they demand was demanded before."""
        before, after = ([(Part(one, child(part.pointer, "allOf", place)),) for place, one in enumerate(listed)]
                         if isinstance(part.schema, dict) and isinstance(listed := part.schema.get("allOf"), list)
                         else [] for part in (old, new))
        found = paired(tuple(before), tuple(after), self.old_root, self.new_root)
        if before and after and not found.pairs and not (found.gone and found.come):
            for node in (*found.gone, *found.come):
                if named_anew(node, after if found.gone else before):
                    edit = Edit.REMOVED if found.gone else Edit.ADDED
                    yield self.naming.finding("branch", edit, f"{_said(node)} was {edit.value} in allOf", spot,
                                              node[0].pointer if found.gone else old.pointer,
                                              new.pointer if found.gone else node[0].pointer,
                                              tail=f"all-of-{edit.value}")

    def _matched(self, was: str, old: tuple[Node, ...], new: tuple[Node, ...], now: str, a: Shape, b: Shape,
                 spot: Spot) -> Iterator[Finding]:
        """The branches of one keyword: those that belong together compared, the others gone or come."""
        found = paired(old, new, self.old_root, self.new_root)
        for before, after in found.pairs:
            yield from self.compare(before, after, spot.below(now, composed=True))
        tail = {"allOf": "all-of", "anyOf": "any-of", "oneOf": "one-of"}[now]
        gone_edit, come_edit = (Edit.REMOVED, Edit.ADDED) if now == "allOf" else (Edit.NARROWED, Edit.WIDENED)
        pure = not (found.gone and found.come) and all(called(one) and called(one) == called(other)
                                                       for one, other in found.pairs)
        for node in found.gone:
            keyword = "branch" if pure and named_anew(node, new) else was
            yield self.naming.finding(keyword, gone_edit, f"{_said(node)} was removed from {was}", spot,
                                      node[0].pointer, b.place(now), tail=f"{tail}-removed")
        for node in found.come:
            keyword = "branch" if pure and named_anew(node, old) else now
            yield self.naming.finding(keyword, come_edit, f"{_said(node)} was added to {now}", spot,
                                      a.place(was), node[0].pointer, tail=f"{tail}-added")


def _said(node: Node) -> str:
    return f"`{called(node)}`" if called(node) else "a branch"
