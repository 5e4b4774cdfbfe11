"""Two versions of one contract, compared by the comparer of their format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from harness.drift.changes import Change, Comparison, Place
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.drift.document import Document

FORMATS = ("openapi", "asyncapi", "jsonschema", "avro", "protobuf")
CATEGORIES = ("WIRE_JSON", "WIRE", "PACKAGE", "FILE")
NOTICE_DAYS = 90
PROTO = "contract.proto"
"""What the compared file of a Protobuf contract is called among those that it imports: the same in both versions."""
_SUFFIXES = {".proto": "protobuf", ".avsc": "avro", ".avpr": "avro"}
_AVRO_NAMED = frozenset({"record", "enum", "fixed", "error"})
_SCHEMA_WORDS = frozenset({
    "$schema", "$ref", "$defs", "$id", "definitions", "type", "properties", "required", "enum", "const", "allOf",
    "anyOf", "oneOf", "not", "items", "additionalProperties", "patternProperties", "if", "minimum", "maximum",
    "pattern", "prefixItems", "dependentRequired", "dependentSchemas", "propertyNames", "contains", "format",
    "minLength", "maxLength", "multipleOf", "unevaluatedProperties", "minProperties", "maxProperties"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to compare; all that depends on the day is an input, so that a comparison can be made again."""

    today: date
    level: str = "full"
    """Of harness.drift.levels: which readers of event schemas must be able to read which events."""
    category: str = CATEGORIES[0]
    """Which of buf's categories Protobuf is judged by."""
    strict: bool = False
    """Event schemas as a registry reads them: the writer of an open object may send anything."""
    notice_days: int = NOTICE_DAYS
    """So long a deprecation must be known before its sunset."""


Comparer = Callable[["Document", "Document", Options], Comparison]


def compare(old: Document, new: Document, *, options: Options, format: str | None = None) -> Comparison:  # noqa: A002
    """All changes from `old` to `new`, deprecation promises of OpenAPI included.

    Raises:
        UsageError: a format that is not known, not compared, or not the same in both.
        Unreadable: what the comparer of the format refuses.
    """
    known = format or _one_format(old, new)
    if known not in COMPARERS:
        raise UsageError(f"no such format: {known!r}", remedy=f"Known: {', '.join(FORMATS)}")
    try:
        found = COMPARERS[known](old, new, options)
    except RecursionError:
        raise UsageError(f"{new.file}: its schemas refer to each other in a chain too deep to compare",
                         remedy="Compare the schemas in smaller documents") from None
    if known != "openapi":
        return found
    from harness.drift.promises import promise_changes
    from harness.drift.stability import stability_changes

    kept = (*promise_changes(old, new, today=options.today, notice_days=options.notice_days),
            *stability_changes(old, new))
    told = {c.new.pointer for c in kept if c.new is not None}
    return replace(found, changes=(*(c for c in found.changes if not _told_by_promises(c, told)), *kept))


def _told_by_promises(one: Change, told: set[str]) -> bool:
    """Whether the walk through a schema saw only that `deprecated` came or went, of which the promise tells more."""
    if not one.rule.endswith(("-deprecated", "-reactivated")) or one.new is None:
        return False
    return one.new.pointer in told or one.new.pointer.rpartition("/")[0] in told


def format_of(document: Document) -> str:
    """Which of FORMATS the document is, by its content; by its name only where content cannot tell.

    Raises:
        UsageError: none of them, or one that is not compared, with the remedy.
    """
    value, file = document.value, document.file
    if isinstance(value, Mapping) and not file.lower().endswith(".proto"):
        if "swagger" in value:
            raise UsageError(f"{file}: Swagger {str(value['swagger'])[:20]} is not compared",
                             remedy="Convert both to OpenAPI 3 first")
        if "openapi" in value:
            return _of_version("openapi", str(value["openapi"]), ("3.0", "3.1"), file)
        if "asyncapi" in value:
            return _of_version("asyncapi", str(value["asyncapi"]), ("2.", "3."), file)
    if (named := next((f for suffix, f in _SUFFIXES.items() if file.lower().endswith(suffix)), None)) is not None:
        return named
    if _is_avro(value):
        return "avro"
    if isinstance(value, bool) or (isinstance(value, Mapping) and (not value or _SCHEMA_WORDS & value.keys())):
        return "jsonschema"
    raise UsageError(f"{file}: neither OpenAPI, AsyncAPI, JSON Schema, Avro nor Protobuf",
                     remedy=f"Name the document itself, or say --format {'|'.join(FORMATS)}")


def _of_version(kind: str, version: str, compared: tuple[str, ...], file: str) -> str:
    if not version.startswith(compared):
        raise UsageError(f"{file}: {kind} {version[:20]!r} is not compared", remedy="Compared are "
                         + ", ".join(f"{kind} {v.rstrip('.')}" for v in compared))
    return kind


def _is_avro(value: Any) -> bool:
    if isinstance(value, list):  # a union; no other format has a list at its top
        return True
    if not isinstance(value, Mapping) or "$schema" in value:
        return False
    kind = value.get("type")
    return (isinstance(kind, str) and kind in _AVRO_NAMED and "name" in value) or isinstance(kind, Mapping) \
        or (kind == "map" and "values" in value) or (kind == "array" and isinstance(value.get("items"), str))


def _one_format(old: Document, new: Document) -> str:
    first, second = format_of(old), format_of(new)
    if first != second:
        raise UsageError(f"{old.file} is {first}, {new.file} is {second}",
                         remedy="Compare two versions of one contract")
    return first


def _openapi(old: Document, new: Document, options: Options) -> Comparison:
    from harness.drift.openapi.compare import compare_openapi

    if not any([_something_in(old), _something_in(new)]):
        raise UsageError(f"{old.file} and {new.file}: neither has a path or a webhook, so there is nothing to compare",
                         remedy="Name the documents that have `paths`")
    return compare_openapi(old, new, strict=options.strict)


def _something_in(document: Document) -> bool:
    """Whether the document offers anything; what is no document of OpenAPI must not read as one that offers nothing."""
    for key in ("info", "paths", "webhooks", "components"):
        if not isinstance(document.value.get(key, {}), Mapping):
            raise UsageError(f"{document.file}: `{key}` is no mapping", remedy="Correct it: openapi-spec-validator "
                                                                              "tells more")
    return any(document.value.get(key) for key in ("paths", "webhooks"))


def _asyncapi(old: Document, new: Document, _: Options) -> Comparison:
    from harness.drift.asyncapi import compare_asyncapi

    return compare_asyncapi(old, new)


def _jsonschema(old: Document, new: Document, options: Options) -> Comparison:
    from harness.drift.jsonschema_events import compare_jsonschema

    return compare_jsonschema(old, new, level=options.level, strict=options.strict)


def _avro(old: Document, new: Document, options: Options) -> Comparison:
    from harness.drift.avro_events import compare_avro

    return _of_schemas("avro", compare_avro(old.value, new.value, where=_event(old), old_place=old.place,
                                            new_place=new.place, level=options.level))


def _protobuf(old: Document, new: Document, options: Options) -> Comparison:
    from harness.drift.protobuf import compare_protobuf

    changes = compare_protobuf(old.value, new.value, category=options.category, removals=True)
    return _of_schemas("protobuf", (replace(c, old=_asked(c.old, old), new=_asked(c.new, new)) for c in changes))


def _asked(place: Place | None, document: Document) -> Place | None:
    """The place in the file that was asked for, where it is not in one that it imports."""
    return replace(place, file=document.file) if place is not None and place.file == PROTO else place


def _of_schemas(kind: str, changes: Iterable[Change]) -> Comparison:
    """Event schemas carry no version of their own: where they lie says it."""
    return Comparison(format=kind, old_version="", new_version="", changes=tuple(changes))


def _event(document: Document) -> str:
    value = document.value if isinstance(document.value, Mapping) else {}
    named = next((value[key] for key in ("title", "name", "$id") if isinstance(value.get(key), str)), "")
    return f"event {named}" if named else "the event"


COMPARERS: dict[str, Comparer] = {"openapi": _openapi, "asyncapi": _asyncapi, "jsonschema": _jsonschema,
                                  "avro": _avro, "protobuf": _protobuf}
"""By format; each imports its comparer only when it is asked for."""
