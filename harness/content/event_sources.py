"""Event schemas as data that a run records: what a target publishes, and the histories of what was released."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.drift.document import Document
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.drift.histories import History, SchemaVersion

_DATA = frozenset({"example", "examples", "default", "enum", "const"})
_MOST = 20_000
_TYPE_MEMBERS = ("type", "event_type")


def published_schemas(document: Document) -> tuple[str, dict[str, Any]]:
    """(version of the document, self-contained JSON Schema by event type) of what an AsyncAPI document lets be sent.

    A message in another schema language than JSON Schema is left out.

    Raises:
        UsageError: no AsyncAPI 2 or 3 document, one that sends nothing, or schemas without end.
    """
    from harness.drift.asyncapi.reading import read_contract
    from harness.drift.changes import Side

    contract = read_contract(document)
    messages = [m for o in contract.operations if o.side is Side.OUT for m in o.messages]
    messages += [m for channel in contract.channels for m in channel.messages]
    found: dict[str, Any] = {}
    for message in messages:
        plain = not message.schema_format or "json" in message.schema_format or "asyncapi" in message.schema_format
        if message.payload is None or not plain:
            continue
        schema = self_contained(document.value, message.payload[0])
        found.setdefault(_event_type(schema) or message.identity, schema)
    if not found:
        raise UsageError(f"events {document.file}: it sends no message with a JSON Schema",
                         remedy="Name the AsyncAPI document that has the payloads of the events")
    return contract.version, found


def self_contained(root: Mapping[str, Any], schema: Any) -> Any:
    """The schema with all that it refers to under its own `$defs`; references of `root` are `#/pointer`s.

    Raises:
        UsageError: more parts than anybody wants to read.
    """
    names: dict[str, str] = {}
    waiting: list[str] = []

    def freed(node: Any) -> Any:
        if isinstance(node, list):
            return [freed(one) for one in node]
        if not isinstance(node, dict):
            return node
        made = {}
        for key, one in node.items():
            if key == "$ref" and isinstance(one, str) and one.startswith("#"):
                if one not in names:
                    names[one] = f"part{len(names) + 1}"
                    waiting.append(one)
                made[key] = f"#/$defs/{names[one]}"
            elif key not in _DATA | {"$id", "$defs", "$anchor"}:
                made[key] = freed(one)
            elif key in _DATA:
                made[key] = one
        return made

    whole, parts = freed(schema), {}
    while waiting:
        pointer = waiting.pop()
        parts[names[pointer]] = freed(_at(root, pointer.removeprefix("#")))
        if len(parts) > _MOST:
            raise UsageError(f"events: a schema of more than {_MOST} parts", remedy="Publish smaller schemas")
    return {**whole, "$defs": parts} if parts and isinstance(whole, dict) else whole


def released_histories() -> list[History]:
    """The event schemas of the unified API's own releases, by event type."""
    from harness.contracts import packs
    from harness.drift.histories import SchemaVersion, history_of
    from harness.drift.levels import version_named

    versions: dict[str, list[SchemaVersion]] = {}
    for release in packs.versions():
        for kind, schema in packs.event_schemas(release).items():
            versions.setdefault(kind, []).append(SchemaVersion(
                version=version_named(release), format="jsonschema", file=f"{release}/{kind}",
                text=json.dumps(schema), others={}))
    return [history_of(kind, found) for kind, found in sorted(versions.items())]


def schema_versions(history: History) -> dict[str, Any]:
    """A history as JSON, for `judges.event_evolution` to read back."""
    return {"subject": history.subject, "versions": [
        {"version": [one.version.major, one.version.minor, one.version.patch], "label": one.version.label,
         "format": one.format, "file": one.file, "text": one.text, "others": _needed(one)}
        for one in history.versions]}


def _needed(version: SchemaVersion) -> dict[str, str]:
    """The other files that a version may refer to: of a JSON Schema those that it names; a folder gives them all."""
    if version.format != "jsonschema":
        return dict(version.others)
    needed: dict[str, str] = {}
    waiting = [version.text]
    while waiting:
        text = waiting.pop()
        for name, other in version.others.items():
            if name not in needed and name != version.file and posixpath.basename(name) in text:
                needed[name] = other
                waiting.append(other)
    return needed


def _event_type(schema: Any) -> str:
    """The type that the payload itself fixes; "" where it fixes none."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping):
        return ""
    for said in map(properties.get, _TYPE_MEMBERS):
        fixed = said.get("const", said.get("enum")) if isinstance(said, Mapping) else None
        only = fixed[0] if isinstance(fixed, list) and len(fixed) == 1 else fixed
        if isinstance(only, str):
            return only
    return ""


def _at(root: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        key = token.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        root = root[int(key)] if isinstance(root, list) else root[key]
    return root
