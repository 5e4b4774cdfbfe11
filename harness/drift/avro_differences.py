"""What changed between two Avro schemas that both versions read: additions, and mere words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.drift.avro_schemas import AvroSchema, Node
from harness.drift.avro_values import fits
from harness.drift.changes import Effect

_STRUCTURE = ("type", "name", "namespace", "fields", "symbols", "items", "values", "size", "logicalType", "scale",
              "precision", "default")


@dataclass(frozen=True, slots=True)
class Difference:
    """A change that both versions live with; pointers into the old and the new schema."""

    rule: str
    says: str
    effect: Effect
    old: str
    new: str


def differences(old: AvroSchema, new: AvroSchema, matched: Mapping[tuple[str, str], tuple[Node, Node]]) \
        -> Iterator[Difference]:
    """The differences of nodes that met when the new version read the old one: `matched` is (new, old)."""
    for later, earlier in matched.values():
        yield from _words(earlier.body, later.body, earlier.pointer, later.pointer)
        if earlier.kind != later.kind:
            continue
        if later.name and earlier.name != later.name:
            yield Difference("avro-renamed", f"{earlier.name} is called {later.name} now, and is matched",
                             Effect.NARROWS, earlier.pointer, later.pointer)
        if later.kind == "enum":
            yield from _symbols(earlier, later)
        if later.kind == "record":
            yield from _fields(old, new, earlier, later)


def _fields(old: AvroSchema, new: AvroSchema, earlier: Node, later: Node) -> Iterator[Difference]:
    written = {one["name"]: number for number, one in enumerate(old.fields(earlier))}
    kept = set()
    for number, field in enumerate(new.fields(later)):
        place, name = f"{later.pointer}/fields/{number}", field["name"]
        source = next((one for one in (name, *field.get("aliases", ())) if one in written), None)
        node = new.below(later, "fields", str(number), "type")
        if source is None:
            yield Difference("avro-field-added", f"{name} was added, with a default", Effect.NARROWS, earlier.pointer,
                             place)
            continue
        kept.add(source)
        before = f"{earlier.pointer}/fields/{written[source]}"
        was = old.fields(earlier)[written[source]]
        if source != name:
            yield Difference("avro-field-renamed", f"{source} is called {name} now, with an alias", Effect.NARROWS,
                             before, place)
        yield from _words(was, field, before, place)
        yield from _defaults(new, node, was, field, before, place)
    for name, number in written.items():
        if name not in kept:
            yield Difference("avro-field-removed", f"{name} was removed; readers fill in its default", Effect.NARROWS,
                             f"{earlier.pointer}/fields/{number}", later.pointer)


def _defaults(new: AvroSchema, node: Node, was: Mapping[str, Any], field: Mapping[str, Any], before: str, place: str) \
        -> Iterator[Difference]:
    if "default" in field and not fits(new, node, field["default"]) and was.get("default", ...) != field["default"]:
        yield Difference("avro-default-does-not-fit", f"the default of {field['name']} does not fit its type",
                         Effect.INCOMPARABLE, before, place)
    elif "default" in field and node.kind == "union" and node.body and was.get("default", ...) != field["default"] \
            and not fits(new, new.branches(node)[0], field["default"]):
        yield Difference("avro-default-of-later-branch", f"the default of {field['name']} is not of the first branch: "
                         "readers built before Avro 1.12 refuse the schema", Effect.UNKNOWN, before, place)
    elif was.get("default", ...) != field.get("default", ...):
        yield Difference("avro-default-changed", f"the default of {field['name']} was "
                         f"{'changed' if 'default' in was and 'default' in field else 'added or removed'}",
                         Effect.NARROWS, before, place)


def _symbols(earlier: Node, later: Node) -> Iterator[Difference]:
    was, now = earlier.body["symbols"], later.body["symbols"]
    if set(was) != set(now):
        yield Difference("avro-enum-symbols-changed", f"the symbols of {later.short_name} changed; readers fall back "
                         "to its default", Effect.NARROWS, earlier.pointer, later.pointer)
    if earlier.said("default") != later.said("default"):
        yield Difference("avro-enum-default-changed", f"the default of the enum {later.short_name} changed",
                         Effect.NARROWS, earlier.pointer, later.pointer)


def _words(was: Any, now: Any, old: str, new: str) -> Iterator[Difference]:
    if not (isinstance(was, Mapping) and isinstance(now, Mapping)):
        return
    named = [key for key in {**was, **now} if key not in _STRUCTURE and was.get(key) != now.get(key)]
    if named:
        yield Difference("avro-words-changed", f"{', '.join(sorted(named))} changed", Effect.NONE, old, new)


