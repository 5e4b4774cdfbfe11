"""Two contracts under comparison: changes with their places, and schemas compared once however often they are used."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from harness.drift.changes import Change, Effect, Side, change
from harness.drift.linked import Linked
from harness.drift.naming import Naming, Spot
from harness.drift.openapi.model import Contract, Operation, Part, followed
from harness.drift.openapi.policies import ALL_POLICIES, ruled
from harness.drift.openapi.roots import Roots
from harness.drift.openapi.subtypes import subtypes
from harness.drift.references import at
from harness.drift.shelves import Shelf
from harness.drift.slots import Reading, policies_on

_REF = re.compile(r'"\$ref": "#((?:[^"\\]|\\.)*)"')
_WHOLE, _LARGEST = 60, 40
"""How many named schemas are compared as parts of whole bodies before a contract is large, and in how large a body."""
SlotChanges = Callable[..., list[Change]]


class Comparing:
    """What the comparison of every part needs; it holds no findings."""

    def __init__(self, old: Contract, new: Contract, *, slots: SlotChanges, prover: Any, policies: frozenset[str],
                 strict: bool, large: bool = True) -> None:
        """`large`: many schemas may be compared by their named parts, without `slots`."""
        self.old, self.new = old, new
        self._slots, self._prover, self._policies = slots, prover, policies
        self._reading: Reading = "strict" if strict else "closed"
        self._one_version = old.root.text("openapi")[:3] == new.root.text("openapi")[:3]
        self._old_roots, self._new_roots = (Roots(one.document, upgraded=not self._one_version) for one in (old, new))
        self._large, self._whole = large, _WHOLE
        self._compared: dict[tuple[str, str, Side], list[Change]] = {}
        self._unchanged: dict[tuple[str, str, Side], bool] = {}
        self._choices: dict[str, list[tuple[str, str]]] = {}
        self._linked: dict[tuple[Any, ...], Linked] = {}
        self._shelf = Shelf()
        self._schemes: bool | None = None
        self._texts: dict[tuple[int, str], tuple[str, tuple[str, ...]]] = {}
        self._subtypes = tuple(subtypes(one.root.value) for one in (old, new))

    def change(self, rule: str, says: str, *, where: str, effect: Effect, side: Side, old: Part, new: Part,
               policy: str = "") -> Change:
        """A change of this comparison; a part that is not there has the place of the nearest part above it."""
        return change(rule, says, where=where, effect=effect, side=side, old=self.old.document.place(_there(old)),
                      new=self.new.document.place(_there(new)), **ruled(policy, self._policies))

    def slot(self, old: Part, new: Part, *, side: Side, where: str) -> list[Change]:
        """What changed for the documents that a schema takes, by the comparison of schemas.

        So it is for those schemas that only a discriminator chooses in it.
        """
        old, new = followed(old), followed(new)
        found = self._slot(old, new, side, where)
        for one, other in [] if self._unchanged[(old.pointer, new.pointer, side)] else self._chosen(old.pointer):
            found += self._slot(Part(old.root, one, True), Part(new.root, other, True), side, where)
        return found

    def _slot(self, old: Part, new: Part, side: Side, where: str) -> list[Change]:
        key = (old.pointer, new.pointer, side)
        if key not in self._unchanged:
            self._unchanged[key] = self.unchanged(old, new)
        if self._unchanged[key]:
            return []
        reach = 1 if key in self._compared else self._reach(old.pointer)
        if self._large and (self._whole < reach or reach > _LARGEST):
            return self._by_parts(old, new, side, where)
        self._whole -= reach
        if key not in self._compared:
            self._compared[key] = self._asked(old, new, side, where)
        return [one if one.where == where else dataclasses.replace(one, where=where) for one in self._compared[key]]

    def _chosen(self, pointer: str) -> list[tuple[str, str]]:
        """The schemas that discriminators may choose in one, of those values that both versions know."""
        if not all(self._subtypes):
            return []
        if pointer not in self._choices:
            seen, waiting = {pointer}, [pointer]
            found: dict[tuple[str, str], None] = {}
            while waiting:
                one = waiting.pop()
                old, new = (version.get(one, {}) for version in self._subtypes)
                found.update(((old[value], new[value]), None) for value in old
                             if value in new and old[value] not in seen)
                fresh = [ref for ref in self._text(0, one)[1] if ref not in seen]
                seen.update(fresh)
                waiting += fresh
            self._choices[pointer] = list(found)
        return self._choices[pointer]

    def _by_parts(self, old: Part, new: Part, side: Side, where: str) -> list[Change]:
        """The changes of a schema in a large contract, by the named schemas in it: those that were not told before.

        Until many schemas were asked about each is compared whole, which gives a counterexample for the whole body.
        """
        naming = Naming(side, where, self.old.document.place, self.new.document.place)
        kind = (side, naming.prefix, naming.subject(Spot()), naming.in_xml)
        if kind not in self._linked:
            on = policies_on(self._reading, None if self._policies == ALL_POLICIES else self._policies)
            whole, sent = ((self._old_roots.of(one), self._new_roots.of(one)) for one in (Side.NEITHER, side))
            self._linked[kind] = Linked(*whole, sent=sent, side=side, on=on, closed=self._reading == "closed",
                                        asked=self._prover.part, shelf=self._shelf)
        return self._linked[kind].used(old.pointer, new.pointer, naming)

    def told(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """The changes, those of schemas that are used in several places with all of them."""
        places = {id(one): also for linked in self._linked.values() for one, also in linked.places()}
        return tuple(dataclasses.replace(one, also=places[id(one)]) if places.get(id(one)) else one for one in changes)

    def _reach(self, pointer: str) -> int:
        """How many named schemas a schema is made of, itself included."""
        seen, waiting = {pointer}, [pointer]
        while waiting:
            fresh = [ref for ref in self._text(0, waiting.pop())[1] if ref not in seen]
            seen.update(fresh)
            waiting += fresh
        return len(seen)

    def _asked(self, old: Part, new: Part, side: Side, where: str) -> list[Change]:
        whole = Side.NEITHER  # the walk names what one side may not send any more; the prover must not see it
        sent = tuple((roots.at(side, one.pointer), roots.of(side)) for roots, one in (
            (self._old_roots, old), (self._new_roots, new)))
        return self._slots(
            self._old_roots.at(whole, old.pointer), self._new_roots.at(whole, new.pointer), sent=sent,
            old_root=self._old_roots.of(whole), new_root=self._new_roots.of(whole), side=side, where=where,
            old_place=self.old.document.place, new_place=self.new.document.place, old_pointer=old.pointer,
            new_pointer=new.pointer, prover=self._prover, reading=self._reading,
            policies=None if self._policies == ALL_POLICIES else self._policies)

    def unchanged(self, old: Part, new: Part) -> bool:
        """Whether both are written the same, letter by letter, and so is all that they refer to."""
        if not self._one_version:
            return False  # one text may mean two things
        waiting = [(old.pointer, new.pointer)]
        seen: set[str] = set()
        while waiting:
            before, refs = self._text(0, waiting[-1][0])
            if before != self._text(1, waiting.pop()[1])[0]:
                return False
            fresh = [ref for ref in refs if ref not in seen]
            seen.update(fresh)
            waiting += [(ref, ref) for ref in fresh]
        return True

    def wholly_unchanged(self, old: Operation, new: Operation) -> bool:
        """Whether an operation is written the same in both versions, with all that it inherits and refers to."""
        return old.path == new.path and self._schemes_unchanged() and self.unchanged(old.part, new.part) and \
            self.unchanged(old.security, new.security) and len(old.parameters) == len(new.parameters) and \
            all(self.unchanged(one, other) for one, other in zip(old.parameters, new.parameters, strict=True))

    def _schemes_unchanged(self) -> bool:
        if self._schemes is None:
            old, new = (one.root.part("components").raw("securitySchemes") for one in (self.old, self.new))
            self._schemes = self.unchanged(old, new)
        return self._schemes

    def _text(self, version: int, pointer: str) -> tuple[str, tuple[str, ...]]:
        """A part as text that tells 1 from true and from 1.0, and where its references lead."""
        key = (version, pointer)
        if key not in self._texts:
            contract = self.new if version else self.old
            written = json.dumps(_found(contract, pointer))
            refs = [unquote(json.loads(f'"{found}"')) for found in _REF.findall(written)]
            refs += self._subtypes[version].get(pointer, {}).values()
            self._texts[key] = (written, tuple(refs))
        return self._texts[key]


def _found(contract: Contract, pointer: str) -> Any:
    try:
        return at(contract.document.value, pointer)
    except LookupError:
        return None


def _there(part: Part) -> str:
    return part.pointer if part else part.pointer.rpartition("/")[0]
