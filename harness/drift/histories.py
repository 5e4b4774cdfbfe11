"""The history of one event's schema: its versions in order, and what each breaks of those before it."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.drift.avro_events import compare_avro
from harness.drift.avro_references import inlined
from harness.drift.changes import Change, Effect, Place, Side, Verdict, change, worst
from harness.drift.document import Document, read_document
from harness.drift.levels import Level, Version, judged, pairs
from harness.drift.protobuf import compare_protobuf
from harness.drift.unreadable import Unreadable
from harness.model.errors import UsageError

FORMATS = ("avro", "jsonschema", "protobuf")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaVersion:
    """One version of a schema: its main file, and the others that it may refer to, by path or by name."""

    version: Version
    format: str
    """One of FORMATS."""
    file: str
    text: str
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A subject and its versions, oldest first."""

    subject: str
    versions: tuple[SchemaVersion, ...]
    level: Level | None = None
    """What the place that it came from asks for; None: it says nothing."""
    level_of: str = ""
    """Where that is said: "subject" or "registry"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChecked:
    """What a version changed against an earlier one."""

    older: str
    newer: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChecked:
    """A history held against a level; `error` where it could not be: one line."""

    history: History
    pairs: tuple[PairChecked, ...]
    error: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """The worst over all pairs; None where nothing changed or nothing was compared."""
        return worst(change.verdict for pair in self.pairs for change in pair.changes if not change.waived)


JsonSchemaComparing = Callable[[Document, Document, str], Iterable[Change]]
"""Old, new and the level's name -> changes."""


def history_of(subject: str, versions: Iterable[SchemaVersion]) -> History:
    """The versions in order.

    Raises:
        UsageError: a version is there twice.
    """
    ordered = sorted(versions, key=lambda one: one.version)
    for one, two in pairwise(ordered):
        if (one.version.major, one.version.minor, one.version.patch) == (two.version.major, two.version.minor,
                                                                         two.version.patch):
            raise UsageError(f"{subject}: version {two.version.label} is there twice, in {one.file} and {two.file}",
                             remedy="Keep one of them")
    return History(subject=subject, versions=tuple(ordered))


def check_history(history: History, level: Level, jsonschema: JsonSchemaComparing) -> HistoryChecked:
    """Compare every version with those that the level names; `jsonschema` compares two JSON Schemas.

    What cannot be read or compared is told in `error`, and is never compatible.

    Raises:
        EnvironmentFault: a tool that the format needs is not installed.
    """
    checked = []
    try:
        for older, newer in pairs([one.version for one in history.versions], level):
            old, new = history.versions[older], history.versions[newer]
            changes = _compared(history.subject, old, new, level, jsonschema)
            checked.append(PairChecked(older=old.version.label, newer=new.version.label, changes=tuple(changes)))
    except (UsageError, Unreadable) as error:
        line = error.line() if isinstance(error, UsageError) else str(error)
        return HistoryChecked(history=history, pairs=tuple(checked), error=line)
    return HistoryChecked(history=history, pairs=tuple(checked))


def _compared(subject: str, old: SchemaVersion, new: SchemaVersion, level: Level, jsonschema: JsonSchemaComparing) \
        -> Iterable[Change]:
    where = f"event {subject}"
    if old.format != new.format:
        verdict, policy = judged(Effect.INCOMPARABLE, level)
        return [change("schema-format-changed", f"{old.format} became {new.format}", where=where, side=Side.OUT,
                       effect=Effect.INCOMPARABLE, verdict=verdict, policy=policy, old=Place(file=old.file, pointer=""),
                       new=Place(file=new.file, pointer=""))]
    if old.format == "avro":
        # The comparison is of two versions; which pairs a transitive level asks for was decided before.
        return compare_avro(_avro(old), _avro(new), where=where, level=level.value,
                            old_place=lambda pointer: Place(file=old.file, pointer=pointer),
                            new_place=lambda pointer: Place(file=new.file, pointer=pointer))
    if old.format == "protobuf":
        return compare_protobuf(_sources(old), _sources(new), removals=True)
    return jsonschema(_document(old), _document(new), level.value)


def _avro(version: SchemaVersion) -> Any:
    return inlined(parsed(version.text, version.file),
                   [parsed(text, name) for name, text in version.others.items() if version.format == "avro"])


def parsed(text: str, what: str) -> Any:
    """A JSON value.

    Raises:
        UsageError: it is none, or one that nests too deep.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UsageError(f"{what}: JSON nested too deep", remedy="Correct the schema") from error
    except ValueError as error:
        raise UsageError(f"{what}: no JSON: {error}", remedy="Correct the schema") from error


def _sources(version: SchemaVersion) -> Mapping[str, str]:
    return {**version.others, version.file: version.text} if version.text else version.others


def _document(version: SchemaVersion) -> Document:
    def other(path: str) -> bytes:
        for name in (path, posixpath.normpath(posixpath.join(posixpath.dirname(version.file), path))):
            if name in version.others:
                return version.others[name].encode("utf-8", "surrogateescape")
        raise UsageError(f"{version.file}: refers to {path}, which is not there", remedy="Put it into the folder")

    return read_document(version.text.encode("utf-8", "surrogateescape"), file=version.file, others=other)
