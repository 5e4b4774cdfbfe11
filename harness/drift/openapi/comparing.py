"""Two contracts under comparison: changes with their places, and schemas compared once however often they are used."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from harness.drift.changes import Change, Effect, Side, change
from harness.drift.openapi.model import Contract, Operation, Part, followed
from harness.drift.openapi.policies import ALL_POLICIES, ruled
from harness.drift.openapi.roots import Roots
from harness.drift.openapi.subtypes import subtypes
from harness.drift.references import at

_REF = re.compile(r'"\$ref": "#((?:[^"\\]|\\.)*)"')
_COMPOSED = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"})
_BINDING = _COMPOSED | {"type", "properties", "required", "items", "enum", "const", "additionalProperties"}
_MANY = 24
SlotChanges = Callable[..., list[Change]]


class Comparing:
    """What the comparison of every part needs; it holds no findings."""

    def __init__(self, old: Contract, new: Contract, *, slots: SlotChanges, prover: Any, policies: frozenset[str],
                 strict: bool) -> None:
        self.old, self.new = old, new
        self._slots, self._prover, self._policies = slots, prover, policies
        self._reading = "strict" if strict else "closed"
        self._one_version = old.root.text("openapi")[:3] == new.root.text("openapi")[:3]
        self._old_roots, self._new_roots = (Roots(one.document, upgraded=not self._one_version) for one in (old, new))
        self._asked_for = 0
        self._compared: dict[tuple[str, str, Side], list[Change]] = {}
        self._schemes: bool | None = None
        self._texts: dict[tuple[int, str], tuple[str, tuple[str, ...]]] = {}
        self._subtypes = tuple(subtypes(one.root.value) for one in (old, new))

    def change(self, rule: str, says: str, *, where: str, effect: Effect, side: Side, old: Part, new: Part,
               policy: str = "") -> Change:
        """A change of this comparison; a part that is not there has the place of the nearest part above it."""
        return change(rule, says, where=where, effect=effect, side=side, old=self.old.document.place(_there(old)),
                      new=self.new.document.place(_there(new)), **ruled(policy, self._policies))

    def slot(self, old: Part, new: Part, *, side: Side, where: str) -> list[Change]:
        """What changed for the documents that a schema takes, by the comparison of schemas."""
        old, new = followed(old), followed(new)
        key = (old.pointer, new.pointer, side)
        if key not in self._compared:
            self._compared[key] = []
            if not self.unchanged(old, new):
                self._compared[key] = self._changed(old, new, side, where)
                for one, other in self._chosen(old.pointer):
                    self._compared[key] += self.slot(Part(old.root, one, True), Part(new.root, other, True), side=side,
                                                     where=where)
        return [one if one.where == where else dataclasses.replace(one, where=where) for one in self._compared[key]]

    def _chosen(self, pointer: str) -> list[tuple[str, str]]:
        """The schemas that discriminators may choose in one, of those values that both versions know."""
        if not all(self._subtypes):
            return []
        waiting, seen = [pointer], {pointer}
        found: list[tuple[str, str]] = []
        while waiting:
            one = waiting.pop()
            old, new = (version.get(one, {}) for version in self._subtypes)
            found += [(old[value], new[value]) for value in old if value in new and old[value] not in seen]
            fresh = [ref for ref in self._text(0, one)[1] if ref not in seen]
            seen.update(fresh)
            waiting += fresh
        return found

    def _changed(self, old: Part, new: Part, side: Side, where: str) -> list[Change]:
        """The changes of a schema; in large contracts those of the named schemas that changed in it, each asked once.

        Until many schemas were asked about each is compared whole, which gives a counterexample for the whole body.
        """
        self._asked_for += 1
        parts = self._changed_parts(old.pointer, new.pointer) if self._asked_for > _MANY else None
        if parts is None:
            return self._asked(old, new, side, where)
        found: list[Change] = []
        for one, other in parts:
            key = (one, other, side)
            if key not in self._compared:
                self._compared[key] = self._asked(Part(old.root, one, True), Part(new.root, other, True), side, where)
            found += self._compared[key]
        return found

    def _changed_parts(self, old: str, new: str) -> list[tuple[str, str]] | None:
        """The schemas that changed below one that is written the same, if all stand where they count for themselves."""
        if not self._one_version:
            return None
        waiting, seen, changed = [(old, new)], {(old, new)}, list[tuple[str, str]]()
        while waiting:
            pair = waiting.pop()
            (before, refs), (after, _) = self._text(0, pair[0]), self._text(1, pair[1])
            if before != after:
                changed.append(pair)
                continue
            members = set(member_references(json.loads(before)))
            for ref in refs:
                named = Part(self.old.document.value, ref, True), Part(self.new.document.value, ref, True)
                if (ref, ref) not in seen and not self.unchanged(*named):
                    if ref not in members:
                        return None
                    seen.add((ref, ref))
                    waiting.append((ref, ref))
        return None if (old, new) in changed else changed

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


def member_references(schema: Any) -> Iterator[str]:
    """Where the references lead that bind a member or an item and nothing beside it: such parts count by themselves."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str) and schema["$ref"].startswith("#"):
        if not _BINDING & schema.keys():
            yield unquote(schema["$ref"][1:])
        return
    below = [schema.get(word) for word in ("items", "additionalProperties")]
    for word in ("properties", "patternProperties"):
        if isinstance(schema.get(word), dict) and not _COMPOSED & schema.keys():
            below += schema[word].values()
    for one in below:
        yield from member_references(one)


def _found(contract: Contract, pointer: str) -> Any:
    try:
        return at(contract.document.value, pointer)
    except LookupError:
        return None


def _there(part: Part) -> str:
    return part.pointer if part else part.pointer.rpartition("/")[0]
