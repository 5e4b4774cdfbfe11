"""What changed about a field that both versions have: type, cardinality, names, default and options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.drift.protobuf.elements import Field, Schema
from harness.drift.protobuf.rules import Finding

_WIRE: Mapping[str, str] = {
    **dict.fromkeys(("int32", "int64", "uint32", "uint64", "bool"), "varint"),
    **dict.fromkeys(("sint32", "sint64"), "zigzag"),
    **dict.fromkeys(("fixed32", "sfixed32"), "four bytes"), **dict.fromkeys(("fixed64", "sfixed64"), "eight bytes"),
}
_WIRE_JSON: Mapping[str, str] = {
    **dict.fromkeys(("int32", "uint32"), "number"), **dict.fromkeys(("int64", "uint64"), "number in a string"),
    **dict.fromkeys(("fixed32", "sfixed32"), "four bytes"), **dict.fromkeys(("fixed64", "sfixed64"), "eight bytes"),
}
_WIDE = ("int64", "uint64", "sint64", "fixed64", "sfixed64")
_SINGLE = ("optional", "implicit", "required")


def compare_fields(old: Field, new: Field, before: Schema, after: Schema) -> Iterator[Finding]:
    """The rules that a pair of fields of one number breaks."""
    yield from _types(old, new, before, after)
    if not (old.in_map_entry and new.in_map_entry):
        yield from _cardinalities(old, new)
    yield from _names(old, new)
    single = old.cardinality in _SINGLE and new.cardinality in _SINGLE
    if single and not {old.kind, new.kind} & {"message", "group"} and old.default != new.default:
        yield Finding("FIELD_SAME_DEFAULT", f"the default of {old.name} was {_told(old)} and is {_told(new)}", old, new)
    if old.oneof != new.oneof:
        yield Finding("FIELD_SAME_ONEOF", f"{old.name} moved from {_oneof(old)} to {_oneof(new)}", old, new)
    if old.kind in _WIDE and new.kind in _WIDE and old.jstype != new.jstype:
        yield Finding("FIELD_SAME_JSTYPE", f"the jstype of {old.name} changed", old, new)
    if old.kind == new.kind == "string":
        for rule, key in (("FIELD_SAME_UTF8_VALIDATION", "utf8"), ("FIELD_SAME_JAVA_UTF8_VALIDATION", "java_utf8")):
            if getattr(old, key) != getattr(new, key):
                yield Finding(rule, f"whether {old.name} is checked to be UTF-8 changed", old, new)
    if {old.kind, new.kind} <= {"string", "bytes"} and old.ctype != new.ctype:
        yield Finding("FIELD_SAME_CPP_STRING_TYPE", f"the ctype of {old.name} changed", old, new)


def _types(old: Field, new: Field, before: Schema, after: Schema) -> Iterator[Finding]:
    if old.cardinality == new.cardinality == "map":
        return  # the entries are messages of their own, and are compared as such
    if (old.kind, old.type) == (new.kind, new.type):
        return
    says = f"the type of {old.name} was {old.type or old.kind} and is {new.type or new.kind}"
    yield Finding("FIELD_SAME_TYPE", says, old, new)
    for rule, groups in (("FIELD_WIRE_COMPATIBLE_TYPE", _WIRE), ("FIELD_WIRE_JSON_COMPATIBLE_TYPE", _WIRE_JSON)):
        if rule == "FIELD_WIRE_COMPATIBLE_TYPE" and (old.kind, new.kind) == ("string", "bytes"):
            continue
        alike = groups.get(old.kind, old.kind) == groups.get(new.kind, new.kind)
        named = old.type == new.type or (old.kind == "enum" and _grown(old.type, new.type, before, after))
        if not (alike and named):
            yield Finding(rule, says, old, new)


def _grown(old: str, new: str, before: Schema, after: Schema) -> bool:
    """Whether an enum was moved and kept its short name and all its values."""
    earlier, later = before.enum(old), after.enum(new)
    if earlier is None or later is None or earlier.short != later.short:
        return False
    return all(names <= later.values.get(number, frozenset()) for number, names in earlier.values.items())


def _cardinalities(old: Field, new: Field) -> Iterator[Finding]:
    if old.cardinality == new.cardinality:
        return
    says = f"{old.name} was {_how_often(old)} and is {_how_often(new)}"
    yield Finding("FIELD_SAME_CARDINALITY", says, old, new)
    if (old.cardinality in _SINGLE) != (new.cardinality in _SINGLE) or "required" in (old.cardinality, new.cardinality):
        yield Finding("FIELD_WIRE_COMPATIBLE_CARDINALITY", says, old, new)
        yield Finding("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", says, old, new)
    elif "map" in (old.cardinality, new.cardinality):
        yield Finding("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", says, old, new)


def _names(old: Field, new: Field) -> Iterator[Finding]:
    if (old.name if old.extendee else old.short) != (new.name if new.extendee else new.short):
        yield Finding("FIELD_SAME_NAME", f"number {old.number} was {old.name} and is {new.name}", old, new)
    if not old.extendee and old.json_name != new.json_name:
        yield Finding("FIELD_SAME_JSON_NAME", f"{old.name} was {old.json_name} in JSON and is {new.json_name}", old,
                      new)


def _how_often(field: Field) -> str:
    return {"implicit": "optional without presence", "map": "a map"}.get(field.cardinality, field.cardinality)


def _oneof(field: Field) -> str:
    return f"oneof {field.oneof}" if field.oneof else "no oneof"


def _told(field: Field) -> str:
    return "zero" if field.default is None else str(field.default)
