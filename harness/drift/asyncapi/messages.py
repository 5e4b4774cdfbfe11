"""Two versions of a message: payload and headers by the format of their schemas, content type, bindings."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from harness.drift.asyncapi.bindings import compare_bindings
from harness.drift.asyncapi.model import Message, Part
from harness.drift.asyncapi.telling import Teller, plain
from harness.drift.changes import Side
from harness.drift.jsonschema_events import dialect_of, payload_changes
from harness.drift.levels import Level

_HANDLED = frozenset({"payload", "headers", "contentType", "schemaFormat", "correlationId", "bindings", "traits"})
_LEVELS = {Side.OUT: Level.FORWARD, Side.IN: Level.BACKWARD, Side.NEITHER: Level.FULL}
_DRAFT = re.compile(r"draft[-/]?(04|06|07|2019-09|2020-12)|(2019-09|2020-12)")


def compare_messages(tell: Teller, old: Sequence[Message], new: Sequence[Message], side: Side, where: str) -> None:
    """The messages of an operation or channel, matched by identity, then by what they carry."""
    left = list(new)
    pairs: list[tuple[Message, Message]] = []
    gone: list[Message] = []
    for one in old:
        match = next((two for two in left if two.identity == one.identity), None)
        gone.append(one) if match is None else pairs.append((one, match))
        if match is not None:
            left.remove(match)
    for one in list(gone):
        match = next((two for two in left if _alike(one, two)), None)
        if match is None and len(gone) == len(left) == 1 and not (one.said.get("name") and left[0].said.get("name")):
            match = left[0]  # the only one there is, under a key that no reader sees
        if match is not None:
            gone.remove(one)
            left.remove(match)
            pairs.append((one, match))
            tell.words("asyncapi-message-key-changed", f"message {one.identity} is called {match.identity} now", where,
                       one, match) if not (one.said.get("name") and match.said.get("name")) else tell.breaks(
                "asyncapi-message-renamed", f"message {one.identity} is called {match.identity} now: readers tell "
                "messages apart by their names", where, one, match, side)
    for one in gone:
        tell.breaks("asyncapi-message-removed", f"message {one.identity} was removed", where, one, None, side)
    for two in left:
        tell.adds("asyncapi-message-added", f"message {two.identity} was added", where, None, two)
    for one, two in pairs:
        _compare(tell, one, two, side, f"{where}, message {two.identity}")


def _alike(one: Message, two: Message) -> bool:
    return one.payload is not None and two.payload is not None and plain(one.payload[0]) == plain(two.payload[0])


def _compare(tell: Teller, old: Message, new: Message, side: Side, where: str) -> None:
    if (old.pointer, new.pointer, side) in tell.seen:
        return
    tell.seen.add((old.pointer, new.pointer, side))
    if _type(old.content_type) != _type(new.content_type):
        tell.breaks("asyncapi-content-type-changed", f"the content type was {old.content_type} and is "
                    f"{new.content_type}", where, old, new, side)
    was, now = (_place(one) for one in (old, new))
    if was != now and was:
        tell.breaks("asyncapi-correlation-id-changed", f"the correlation id was at {was} and is at {now or 'no place'}",
                    where, old, new, side)
    elif was != now:
        tell.adds("asyncapi-correlation-id-added", f"the correlation id is at {now}", where, old, new)
    _schemas(tell, old, new, "payload", side, where)
    _schemas(tell, old, new, "headers", side, where)
    compare_bindings(tell, old, new, "message", where)
    tell.rest("message", where, old, new, _HANDLED)


def _schemas(tell: Teller, old: Message, new: Message, what: str, side: Side, where: str) -> None:
    before, after = (getattr(one, what) for one in (old, new))
    formats = [getattr(one, "schema_format" if what == "payload" else "headers_format") for one in (old, new)]
    if before is None and after is None:
        return
    before, after = before or (True, f"{old.pointer}/{what}"), after or (True, f"{new.pointer}/{what}")
    families = [_family(said) for said in formats]
    where = f"{where} {what}"
    if True in (before[0], after[0]):
        families = ["json", "json"] if {"avro", "protobuf"}.isdisjoint(families) else families
    if families[0] != families[1]:
        tell.breaks(f"asyncapi-{what}-format-changed", f"the schema format was {formats[0] or families[0]} and is "
                    f"{formats[1] or families[1]}", where, old, new, side)
    elif families[0] == "json":
        dialects = [_dialect(formats[number], part[0]) for number, part in enumerate((before, after))]
        tell.changes += payload_changes(tell.old, tell.new, before, after, where=where, level=_LEVELS[side],
                                        prover=tell.prover, slot_changes=tell.slot_changes,
                                        dialects=(dialects[0], dialects[1]))
    elif plain(before[0]) != plain(after[0]):
        _foreign(tell, before, after, families[0], side, where)


def _foreign(tell: Teller, before: tuple[Any, str], after: tuple[Any, str], family: str, side: Side,
             where: str) -> None:
    if family == "avro":
        from harness.drift.avro_events import compare_avro

        values = [json.loads(part[0]) if isinstance(part[0], str) and part[0].lstrip().startswith(("{", "["))
                  else part[0] for part in (before, after)]
        tell.changes += compare_avro(values[0], values[1], where=where, level=_LEVELS[side].value,
                                     old_place=lambda pointer: tell.old.place(before[1] + pointer),
                                     new_place=lambda pointer: tell.new.place(after[1] + pointer))
    elif family == "protobuf" and isinstance(before[0], str) and isinstance(after[0], str):
        from harness.drift.protobuf import compare_protobuf

        tell.changes += compare_protobuf({"payload.proto": before[0]}, {"payload.proto": after[0]}, removals=True)
    else:
        tell.doubts("asyncapi-payload-changed", f"a schema of the format {family} changed, which is not compared here",
                    where, Part(pointer=before[1], said={}), Part(pointer=after[1], said={}))


def _family(said: str) -> str:
    """What kind of schema a format names: json, avro, protobuf, or the format itself."""
    text = said.lower().partition(";")[0]
    if not text or "asyncapi" in text or "vnd.aai" in text or "schema+json" in text or "schema+yaml" in text \
            or "openapi" in text:
        return "json"
    return next((name for name in ("avro", "protobuf") if name in text), text)


def _dialect(said: str, schema: Any) -> str:
    """The dialect of JSON Schema that a format and a schema speak; AsyncAPI's own is draft 7."""
    if own := dialect_of(schema):
        return own
    if "openapi" in said.lower():
        return "openapi-3.0" if "3.0" in said or "version=3" not in said else "2020-12"
    if found := _DRAFT.search(said.lower()):
        draft = found[1] or found[2]
        return draft if draft.startswith("20") else f"draft-{draft}"
    return "draft-07"


def _type(content_type: str) -> str:
    """A media type without the case and the white space that mean nothing."""
    return ";".join(sorted(part.strip().lower() for part in content_type.split(";")))


def _place(message: Message) -> str:
    said = message.said.get("correlationId")
    return str(said.get("location") or said.get("$ref") or "") if isinstance(said, dict) else ""
