"""The members of an object that were added, removed, renamed, or became required, optional, read-only, write-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from harness.drift.changes import Side
from harness.drift.edit_space import Edit
from harness.drift.gleaning import OnceEach
from harness.drift.lifting import marks, marks_in
from harness.drift.naming import Finding, Naming, Spot
from harness.drift.nodes import Node, plain_text, same, written
from harness.drift.shapes import Shape
from harness.drift.spellings import shape

_marks_in = OnceEach(marks_in)
_HIDING = {Side.IN: "readOnly", Side.OUT: "writeOnly"}
_MOST_CHOICES = 50
_ALIKE = 0.5
"""How alike two names must be to be called a rename where there is a choice; as difflib counts."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two shapes of one object, with their roots."""

    old: Shape
    new: Shape
    old_root: Any
    new_root: Any


def members(pair: Pair, naming: Naming, spot: Spot, further: Callable[[Node, Node, Spot], Iterator[Finding]],
            ) -> Iterator[Finding]:
    """Every finding about the members that both or one of the objects have; `further` compares two nodes."""
    side = naming.side
    old_hidden = _hidden(pair.old, pair.old_root, side)
    new_hidden = _hidden(pair.new, pair.new_root, side)
    old, new = pair.old.properties, pair.new.properties
    gone = [name for name in old if name not in new and name not in old_hidden]
    come = [name for name in new if name not in old and name not in new_hidden]
    for before, after in _renamed(pair, gone, come):
        gone.remove(before)
        come.remove(after)
        says = f"is called `{after}` now"
        yield naming.finding("properties", Edit.RENAMED, says, spot.below(before), old[before][0].pointer,
                             new[after][0].pointer, tail="renamed")
    for name in gone:
        yield _removed(pair, naming, spot, name)
    for name in come:
        yield _added(pair, naming, spot, name)
    for name in old:
        if name in new and not (name in old_hidden and name in new_hidden):
            if name in old_hidden or name in new_hidden:
                yield _hidden_now(pair, naming, spot, name, name in new_hidden)
            else:
                yield from _required(pair, naming, spot, name)
                yield from further(old[name], new[name], spot.below(name))


def _hidden(made: Shape, root: Any, side: Side) -> frozenset[str]:
    """Members that are not sent on this side: read-only ones by consumers, write-only ones by the provider."""
    word = _HIDING.get(side)
    if word is None:
        return frozenset()
    return frozenset(name for name, node in made.properties.items()
                     if not (len(node) == 1 and _says_nothing(written(node, root).schema))
                     and (word in marks(root) or any(word in _marks_in(one.schema) for one in node))
                     and shape(node, root).notes.get(word) is True)


def _says_nothing(schema: Any) -> bool:
    """Whether a look suffices to see that no `readOnly` or `writeOnly` is in it, where its reference leads."""
    return not isinstance(schema, dict) or not schema.keys() & {"readOnly", "writeOnly", "$ref", "allOf", "anyOf",
                                                                "oneOf", "$dynamicRef"}


def _renamed(pair: Pair, gone: list[str], come: list[str]) -> Iterator[tuple[str, str]]:
    """Names of members with one and the same schema, one gone and one come; a choice is made by likeness."""
    left: dict[str, list[str]] = {}
    for name in come:
        left.setdefault(plain_text(pair.new.properties[name][0].schema), []).append(name)
    for before in list(gone):
        alike = left.get(plain_text(pair.old.properties[before][0].schema), [])
        fits = [after for after in alike[:_MOST_CHOICES]
                if same(pair.old.properties[before], pair.new.properties[after], pair.old_root, pair.new_root)]
        alone = len(gone) == len(come) == 1
        likely = max(fits, key=lambda after: _likeness(before, after), default=None)
        if likely is not None and (alone or _likeness(before, likely) >= _ALIKE):
            alike.remove(likely)
            yield before, likely


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _removed(pair: Pair, naming: Naming, spot: Spot, name: str) -> Finding:
    edit = Edit.REMOVED_FROM_CLOSED if pair.new.closed else Edit.REMOVED
    keyword = "undeclared" if name in pair.old.undeclared and not pair.new.closed else "properties"
    required = name in pair.old.required
    word = "required" if required else "optional"
    subject = naming.subject(spot.below(name))
    rule = f"{subject}-removed" if naming.side is Side.IN else subject.replace("property", f"{word}-property-removed")
    return naming.finding(keyword, edit, f"the {word} member is declared no more", spot.below(name),
                          pair.old.properties[name][0].pointer, pair.new.place("properties"), rule=rule)


def _added(pair: Pair, naming: Naming, spot: Spot, name: str) -> Finding:
    required = name in pair.new.required
    keyword, edit = "properties", Edit.ADDED_TO_CLOSED if pair.old.closed else Edit.ADDED
    free = pair.old.inner.get("additionalProperties") or pair.old.patterns or (
        naming.side is not Side.OUT and not pair.old.properties)
    if free and not pair.old.closed:
        edit = Edit.ADDED_TO_FREE
    if required and naming.side is not Side.OUT:
        edit = Edit.ADDED_REQUIRED
    if name in pair.new.undeclared and not pair.old.closed and "properties" in pair.new.spelled:
        keyword, edit = "undeclared", Edit.ADDED
    word = "required" if required else "optional"
    subject = naming.subject(spot.below(name))
    rule = f"new-{word}-{subject}" if naming.side is Side.IN else subject.replace("property", f"{word}-property-added")
    return naming.finding(keyword, edit, f"is a new {word} member", spot.below(name), pair.old.place("properties"),
                          pair.new.properties[name][0].pointer, rule=rule)


def _hidden_now(pair: Pair, naming: Naming, spot: Spot, name: str, hidden: bool) -> Finding:
    word = _HIDING[naming.side]
    said = "read-only" if word == "readOnly" else "write-only"
    places = pair.old.properties[name][0].pointer, pair.new.properties[name][0].pointer
    if hidden:
        edit = Edit.ADDED_REQUIRED if word == "readOnly" and name in pair.old.required else Edit.ADDED
        return naming.finding(word, edit, f"became {said}", spot.below(name), *places, tail=f"became-{said}")
    keyword, edit = word, Edit.REMOVED
    if naming.side is Side.IN and name in pair.new.required:
        keyword, edit = "properties", Edit.ADDED_REQUIRED
    return naming.finding(keyword, edit, f"is {said} no more", spot.below(name), *places, tail=f"became-not-{said}")


def _required(pair: Pair, naming: Naming, spot: Spot, name: str) -> Iterator[Finding]:
    if (name in pair.old.required) == (name in pair.new.required):
        return
    now = name in pair.new.required
    yield naming.finding("required", Edit.ADDED if now else Edit.REMOVED, f"became {'required' if now else 'optional'}",
                         spot.below(name), pair.old.required.get(name, pair.old.properties[name][0].pointer),
                         pair.new.required.get(name, pair.new.properties[name][0].pointer),
                         tail="became-required" if now else "became-optional")
