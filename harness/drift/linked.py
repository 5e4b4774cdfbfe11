"""Named schemas of two large documents: each pair is compared once, however many places lead to it.

What a pair says itself ends where a reference leads to the next pair. A reference that describes one member or item
counts for itself: the schemas around it are judged as if both versions had the same there. Below `oneOf`, `not` and
their like it does not; what is found there is judged with the schemas around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.drift.changes import Change, Side
from harness.drift.containment import Contained, Prover
from harness.drift.examples import Examples
from harness.drift.links import Leading, counts_for_itself, leading, target
from harness.drift.naming import Finding, Naming, Spot
from harness.drift.nodes import Node, Part, resolved, same
from harness.drift.references import at
from harness.drift.schema_walk import Walk, once
from harness.drift.shelves import Shelf
from harness.drift.slots import Proof, decided, undecided, under

MOST_WITHIN = 24
"""So many named schemas below compositions are judged with those around them; of more, each is judged as it reads."""
_DOUBTS = 100
"""Steps for doubting one proof: there are many."""
_TOO_MANY = "More schemas depend on each other here than are proved together."


@dataclass(frozen=True, slots=True)
class Couple:
    """A named schema of each version, by their pointers, and what they stand below of."""

    old: str
    new: str
    composed: bool = False
    flip: bool = False


@dataclass(frozen=True, slots=True)
class _Link:
    """A reference from one couple to the next, as it stands in both versions of what is sent."""

    to: Couple | None
    """None where both versions have the same there."""
    old: Any
    new: Any
    spot: Spot


@dataclass(slots=True)
class _Met:
    """What the schemas of one couple say themselves."""

    naming: Naming
    findings: list[Finding]
    links: list[_Link]
    followed: set[int]
    """The identities of the references behind which the walk went on: the other version has something else there."""


@dataclass(slots=True)
class _Told:
    change: Change
    owners: set[Couple] = field(default_factory=set)


Asked = Callable[..., Contained]
"""`asked(prover, writer, reader, *, closed)`, within a budget; see `proving.Provers`."""


class Linked:
    """All places of one kind: one side, one sort of name."""

    def __init__(self, old_root: Any, new_root: Any, *, sent: tuple[Any, Any], side: Side, closed: bool,
                 on: frozenset[str], asked: Asked, shelf: Shelf) -> None:
        """`closed` and `on` as for `slots.slot_changes`; `sent`: the same roots without what this side may not send."""
        self._shelf = shelf
        self.roots, self.sent = (old_root, new_root), sent
        self._side, self._closed, self._on, self._asked = side, closed, on, asked
        self._examples = (Examples(sent[0], shelf), Examples(sent[1], shelf))
        self._met: dict[Couple, _Met] = {}
        self._alone: set[Couple] = set()
        """Couples below compositions that are told as they read, for there are too many to be proved together."""
        self._uses: list[tuple[Couple, str]] = []
        self._told: dict[tuple[Any, ...], _Told] = {}

    def used(self, old: str, new: str, naming: Naming) -> list[Change]:
        """A place uses this couple: what it changes and no place before it did."""
        root = Couple(old, new)
        self._uses.append((root, naming.where))
        found: list[Change] = []
        for couple in self._explored(root, naming):
            if not (couple.composed or couple.flip):
                found += [one for owner, one in self._judged(couple) if self._fresh(one, owner)]
        return found

    def _fresh(self, change: Change, owner: Couple) -> bool:
        """Whether nothing of the kind was told before; either way its owner is noted."""
        says = change.says.partition("`: ")[2] or change.says  # the way to it may be another one
        key = (change.rule, says, change.old, change.new, change.verdict, change.policy)
        fresh = key not in self._told
        self._told.setdefault(key, _Told(change)).owners.add(owner)
        return fresh

    def places(self) -> Iterator[tuple[Change, tuple[str, ...]]]:
        """Each change that was told, and all places where it holds but that in which it was told."""
        bits = {couple: 1 << number for number, couple in enumerate(self._met)}
        reached = dict(bits)
        moved = True
        while moved:  # the schemas below, below those, and so on: circles take a few rounds
            moved = False
            for couple in reversed(self._met):
                all_below = reached[couple]
                for link in self._met[couple].links:
                    all_below |= reached[link.to] if link.to is not None else 0
                moved = moved or all_below != reached[couple]
                reached[couple] = all_below
        uses = [(reached[root], where) for root, where in self._uses]
        known: dict[int, tuple[str, ...]] = {}
        for told in self._told.values():
            asked = sum(bits[one] for one in told.owners)
            if asked not in known:
                known[asked] = tuple(dict.fromkeys(where for below, where in uses if below & asked))
            yield told.change, tuple(where for where in known[asked] if where != told.change.where)

    def _explored(self, root: Couple, naming: Naming) -> list[Couple]:
        """All couples that are new, in the order in which references lead to them."""
        new: list[Couple] = []
        todo = [(root, Spot())]
        while todo:
            couple, spot = todo.pop()
            if couple not in self._met:
                self._met[couple] = met = self._walked(couple, spot, naming)
                new.append(couple)
                todo += [(link.to, link.spot) for link in reversed(met.links) if link.to is not None]
        return new

    def _walked(self, couple: Couple, spot: Spot, naming: Naming) -> _Met:
        links: list[_Link] = []
        followed: set[int] = set()

        def border(old: Node, new: Node, here: Spot) -> bool:
            link = self._link(old, new, here, naming)
            if link is None:
                followed.update(id(self._as_sent(version, (part,), one)) for version, node in enumerate((old, new))
                                for part in node if (one := leading((part,))) is not None)
            else:
                links.append(link)
            return link is not None
        old, new = self._schemas(couple, self.roots)
        walking = Walk(naming, *self.roots, border)
        found = once(walking.run((Part(old, couple.old),), (Part(new, couple.new),), spot))
        return _Met(naming, [under(one, self._on) for one in found], links, followed - {id(None)})

    def _link(self, old: Node, new: Node, spot: Spot, naming: Naming) -> _Link | None:
        """The reference that both nodes only consist of, if it counts for itself and the same is said of it."""
        one, other = leading(old), leading(new)
        before, after = self.roots
        if one is None or other is None or (one.beside, one.said) != (other.beside, other.said) or not (
                counts_for_itself(one, before) and counts_for_itself(other, after)):
            return None
        holders = self._as_sent(0, old, one), self._as_sent(1, new, other)
        ends = one.target(before), other.target(after)
        if None in holders or _named_in_xml(naming, *ends):
            return None
        to = None if same(old, new, before, after) else Couple(
            ends[0].pointer, ends[1].pointer, spot.composed, spot.flip)
        return _Link(to, *holders, spot)

    def _as_sent(self, version: int, node: Node, led: Leading) -> Any:
        """What holds the same reference in what is sent; None where that is not sent, or another one."""
        if self.sent[version] is self.roots[version]:
            return led.holder
        try:
            found = leading((Part(at(self.sent[version], node[0].pointer), ""),))
        except LookupError:
            return None
        alike = found and (found.holder["$ref"], found.beside) == (led.holder["$ref"], led.beside)
        return found.holder if found and alike else None

    @staticmethod
    def _schemas(couple: Couple, roots: tuple[Any, Any]) -> tuple[Any, Any]:
        return (resolved(roots[0], "#" + couple.old).schema, resolved(roots[1], "#" + couple.new).schema)

    def _judged(self, couple: Couple) -> list[tuple[Couple, Change]]:
        """The changes of one couple, and with them those that are below its compositions; each with its owner."""
        met, within = self._met[couple], self._within(couple)
        if len(within) > MOST_WITHIN:
            alone = [couple, *self._not_yet_alone(couple)]
            return [(one, undecided(finding.change, _TOO_MANY)) for one in alone for finding in self._met[one].findings]
        own = [(couple, one) for one in met.findings]
        below = [(other, one) for other in within for one in self._met[other].findings]
        if not own and not below:
            return []
        cuts = self._cuts(couple, within)
        if cuts is None:
            return [(owner, undecided(one.change, _TOO_MANY)) for owner, one in (*own, *below)]
        old, new = self._schemas(couple, self.sent)
        proof = Proof(_Cut(self, cuts), ((old, self.sent[0]), (new, self.sent[1])), self._side, self._closed)
        found = [one for _, one in (*own, *below)]
        changes = decided(found, proof, met.naming, (couple.old, couple.new), self._on)
        owners = [owner for owner, _ in (*own, *below)] + [couple] * (len(changes) - len(found))
        return list(zip(owners, changes, strict=True))

    def _not_yet_alone(self, couple: Couple) -> Iterator[Couple]:
        """All that references below compositions lead to, each only for the first that asks."""
        todo = [couple]
        while todo:
            for link in self._met[todo.pop()].links:
                if link.to is not None and (link.to.composed or link.to.flip) and link.to not in self._alone:
                    self._alone.add(link.to)
                    todo.append(link.to)
                    yield link.to

    def _within(self, couple: Couple) -> list[Couple]:
        """What references below compositions lead to, as long as it is not too much."""
        found: dict[Couple, None] = {}
        todo = [couple]
        while todo and len(found) <= MOST_WITHIN:
            for link in self._met[todo.pop()].links:
                if link.to is not None and (link.to.composed or link.to.flip) and link.to not in found:
                    found[link.to] = None
                    todo.append(link.to)
        return list(found)

    def _cuts(self, couple: Couple, within: list[Couple]) -> list[_Link] | None:
        """The references that count for themselves; None where one of them is also a part of a composition.

        One that the walk followed elsewhere is no cut: it only may lead back to the couple, or to what did not change.
        """
        cuts = [link for link in self._met[couple].links if not (link.spot.composed or link.spot.flip)]
        deep = [link for one in (couple, *within) for link in self._met[one].links
                if link.spot.composed or link.spot.flip]
        shared = {id(part) for link in deep for part in (link.old, link.new)}
        followed = {one for met in (couple, *within) for one in self._met[met].followed}
        kept = [link for link in cuts if not {id(link.old), id(link.new)} & followed]
        told_here = all(link.to in (None, couple) for link in cuts if link not in kept)
        return kept if told_here and not any({id(link.old), id(link.new)} & shared for link in kept) else None

    def prover(self, cuts: list[_Link], writer: int, roots: tuple[Any, Any]) -> Prover:
        """A prover to which the cut references lead to the same in both versions: anything at all.

        Samples for the writer, whose version is `writer`, have an example of the real schema there.
        """
        read: dict[int, Any] = {}
        samples: dict[int, Any] = {}
        for link in cuts:
            mine = (link.old, link.new)[writer]
            example = self._examples[writer].of(target(mine, self.sent[writer]).pointer)
            here: Any = {} if example is None else {"anyOf": [{"const": example[0]}, {}]}
            read |= {id(link.old): here, id(link.new): here}
            samples[id(mine)] = False if example is None else {"const": example[0]}
        return Prover(*roots, cuts=read, samples=samples or None, doubts=_DOUBTS, shelf=self._shelf)

    def ask(self, prover: Prover, writer: Any, reader: Any, *, closed: bool) -> Contained:
        """What the prover says, within the budget."""
        return self._asked(prover, writer, reader, closed=closed)


@dataclass(slots=True)
class _Cut:
    """The prover of one couple, by which version writes."""

    linked: Linked
    cuts: list[_Link]
    kept: dict[tuple[int, int], Prover] = field(default_factory=dict)

    def __call__(self, writer: Any, reader: Any, *, writer_root: Any, reader_root: Any, closed: bool) -> Contained:
        key = (id(writer_root), id(reader_root))
        if key not in self.kept:
            version = int(writer_root is not self.linked.sent[0])
            self.kept[key] = self.linked.prover(self.cuts, version, (writer_root, reader_root))
        return self.linked.ask(self.kept[key], writer, reader, closed=closed)


def _named_in_xml(naming: Naming, old: Part, new: Part) -> bool:
    """Whether something changed for XML; that hangs on the names of the members that lead here, so it is told there."""
    before, after = (one.schema.get("xml") if isinstance(one.schema, dict) else None for one in (old, new))
    return naming.in_xml and before != after
