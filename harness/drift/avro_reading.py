"""What a reader's Avro schema cannot resolve of a writer's, by the rules of the Avro specification and a few stricter.

Stricter: logical types, scale and precision must agree, bytes read as text are a doubt, and defaults must fit.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.drift.avro_schemas import NUMBERS, AvroSchema, Node
from harness.drift.avro_values import Endless, fits, smallest, tagged

_LOGICAL: Mapping[str, tuple[str, ...]] = {
    "decimal": ("bytes", "fixed"), "big-decimal": ("bytes",), "uuid": ("string", "fixed"), "date": ("int",),
    "time-millis": ("int",), "time-micros": ("long",), "duration": ("fixed",),
    **{f"{local}timestamp-{unit}": ("long",) for local in ("", "local-") for unit in ("millis", "micros", "nanos")},
}


_MOST_DOCUMENTS = 100
"""So many problems of a pair get a document of their own."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of the writer's that the reader does not read; pointers into the two schemas."""

    kind: str
    says: str
    reader: str
    writer: str
    unsure: bool = False
    document: tuple[Any] | None = None
    """A document of the writer's that shows it, in Avro's JSON encoding; None: none was made."""


_Frame = Callable[[Any], Any]
"""Puts a value at its place into a whole document of the writer's."""


class Reading:
    """One resolution of a writer's schema by a reader's."""

    def __init__(self, *, reader: AvroSchema, writer: AvroSchema) -> None:
        self._reader, self._writer = reader, writer
        self._found: list[Problem] = []
        self.matched: dict[tuple[str, str], tuple[Node, Node]] = {}
        """Nodes that meet: (reader's pointer, writer's pointer) -> the two."""

    def problems(self) -> list[Problem]:
        """Everything that does not resolve; empty: the reader reads all that the writer writes."""
        if not self.matched:
            self._resolve(self._reader.root, self._writer.root, "the event", lambda value: value)
        return self._found

    def library_agrees(self) -> bool:
        """Whether avro's own check calls the two compatible."""
        from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
        from avro.schema import parse

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = parse(json.dumps(_spelled(self._reader)))
            writer = parse(json.dumps(self._writer.root.body))
        checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
        result = checker.get_compatibility(reader, writer)
        return bool(result.compatibility is SchemaCompatibilityType.compatible)

    def _resolve(self, reader: Node, writer: Node, path: str, frame: _Frame) -> None:
        if (reader.pointer, writer.pointer) in self.matched:
            return None  # recursion: equal until something else disproves it, and that is found on its own
        self.matched[reader.pointer, writer.pointer] = reader, writer
        if writer.kind == "union" or reader.kind == "union":
            return self._resolve_unions(reader, writer, path, frame)
        if not _meets(reader, writer):
            kind = "type" if reader.kind != writer.kind else "size" if _same_name(reader, writer) else "name"
            self._tell(kind, f"{path} was {_called(writer)} where {_called(reader)} is read", reader, writer, frame,
                       lambda: smallest(self._writer, writer))
            return None
        self._compare_meaning(reader, writer, path, frame)
        if reader.kind == "array":
            self._resolve(self._reader.below(reader, "items"), self._writer.below(writer, "items"),
                          f"items of {path}", lambda value: frame([value]))
        elif reader.kind == "map":
            self._resolve(self._reader.below(reader, "values"), self._writer.below(writer, "values"),
                          f"values of {path}", lambda value: frame({"key": value}))
        elif reader.kind == "enum":
            self._resolve_symbols(reader, writer, path, frame)
        elif reader.kind == "record":
            self._resolve_fields(reader, writer, path, frame)
        return None

    def _resolve_unions(self, reader: Node, writer: Node, path: str, frame: _Frame) -> None:
        for branch in self._writer.branches(writer):
            framed: _Frame = frame
            if writer.kind == "union":
                framed = _into(branch, frame)
            chosen = _chosen(self._reader.branches(reader), branch)
            if chosen is None:
                self._tell("branch", f"{path} may be {_called(branch)}, which is not among what is read", reader,
                           branch, framed, partial(smallest, self._writer, branch))
            else:
                self._resolve(chosen, branch, path, framed)

    def _resolve_symbols(self, reader: Node, writer: Node, path: str, frame: _Frame) -> None:
        known = set(reader.body["symbols"])
        if reader.said("default") in known:
            return
        for symbol in writer.body["symbols"]:
            if symbol not in known:
                self._tell("symbol", f"{path} may be {symbol}, which the enum {reader.short_name} does not know, and "
                           "it has no default", reader, writer, frame, partial(str, symbol))
                return

    def _resolve_fields(self, reader: Node, writer: Node, path: str, frame: _Frame) -> None:
        written = {one["name"]: number for number, one in enumerate(self._writer.fields(writer))}
        for number, field in enumerate(self._reader.fields(reader)):
            place = f"{reader.pointer}/fields/{number}"
            node = self._reader.below(reader, "fields", str(number), "type")
            inner = field["name"] if path == "the event" else f"{path}.{field['name']}"
            names = field["name"], *field.get("aliases", ())
            source = next((written[name] for name in names if name in written), None)
            if source is not None:
                self._resolve(node, self._writer.below(writer, "fields", str(source), "type"), inner,
                              self._field_frame(writer, self._writer.fields(writer)[source]["name"], frame))
            elif "default" not in field:
                self._found.append(Problem("missing", f"{inner} is in only one version and has no default", place,
                                           writer.pointer, document=self._document(frame, lambda: smallest(
                                               self._writer, writer))))
            elif not fits(self._reader, node, field["default"]):
                self._found.append(Problem("default", f"{inner} is in only one version, and its default "
                                           f"{json.dumps(field['default'])} does not fit its type", place,
                                           writer.pointer))

    def _field_frame(self, record: Node, name: str, frame: _Frame) -> _Frame:
        return lambda value: frame({**smallest(self._writer, record), name: value})

    def _compare_meaning(self, reader: Node, writer: Node, path: str, frame: _Frame) -> None:
        if (reader.kind, writer.kind) == ("string", "bytes"):
            self._tell("utf8", f"{path} was bytes and is read as text, which fails where it is no UTF-8", reader,
                       writer, frame, lambda: "\u00ff", unsure=True)
        read, wrote = _logical(reader), _logical(writer)
        if read == wrote == "decimal":
            for kind in ("scale", "precision"):
                if reader.said(kind, 0) != writer.said(kind, 0):
                    self._found.append(Problem(kind, f"{path} has the {kind} {writer.said(kind, 0)} where "
                                               f"{reader.said(kind, 0)} is read", reader.pointer, writer.pointer))
        elif read != wrote and (read, wrote, reader.kind) != ("", "uuid", "string"):
            known = all(name in _LOGICAL for name in (read, wrote) if name)
            self._found.append(Problem("logical", f"{path} is {wrote or 'plain'} {writer.kind} where {read or 'plain'} "
                                       f"{reader.kind} is read", reader.pointer, writer.pointer, unsure=not known))

    def _tell(self, kind: str, says: str, reader: Node, writer: Node, frame: _Frame, value: Callable[[], Any], *,
              unsure: bool = False) -> None:
        self._found.append(Problem(kind, says, reader.pointer, writer.pointer, unsure, self._document(frame, value)))

    def _document(self, frame: _Frame, value: Callable[[], Any]) -> tuple[Any] | None:
        if len(self._found) >= _MOST_DOCUMENTS:
            return None
        try:
            return (frame(value()),)
        except (Endless, RecursionError):
            return None


def _into(branch: Node, frame: _Frame) -> _Frame:
    return lambda value: frame(tagged(branch, value))


def _meets(reader: Node, writer: Node) -> bool:
    """The specification's first question: can these two be resolved at all?"""
    if reader.kind == writer.kind:
        if not reader.name:
            return True
        return _same_name(reader, writer) and reader.said("size") == writer.said("size")
    if reader.kind in NUMBERS and writer.kind in NUMBERS:
        return NUMBERS.index(writer.kind) < NUMBERS.index(reader.kind)
    return {reader.kind, writer.kind} == {"bytes", "string"}


def _same_name(reader: Node, writer: Node) -> bool:
    return reader.short_name == writer.short_name or writer.name in reader.aliases


def _chosen(branches: tuple[Node, ...], writer: Node) -> Node | None:
    """The branch that reads the writer's type: the same full name, then the same kind, then a promotion."""
    able = [branch for branch in branches if _meets(branch, writer)]
    able.sort(key=lambda branch: (branch.kind != writer.kind, branch.name != writer.name))
    return able[0] if able else None


def _logical(node: Node) -> str:
    """The logical type as readers see it: one on a type that it is not made for is ignored."""
    said = node.said("logicalType")
    if not isinstance(said, str) or node.kind not in _LOGICAL.get(said, (node.kind,)):
        return ""
    size = {"uuid": 16, "duration": 12}.get(said)
    return "" if node.kind == "fixed" and size not in (None, node.body["size"]) else said


def _called(node: Node) -> str:
    if node.kind == "fixed":
        return f"fixed {node.short_name} of {node.body['size']} bytes"
    return f"{node.kind} {node.short_name}" if node.name else node.kind


def _spelled(schema: AvroSchema) -> Any:
    """The schema with its aliases as full names: the library compares them so, and would miss relative ones."""
    full = {id(node.body): sorted(node.aliases) for node in schema.names.values() if node.said("aliases")}

    def spelled(value: Any) -> Any:
        if isinstance(value, list):
            return [spelled(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        return {key: full.get(id(value), one) if key == "aliases" else spelled(one) for key, one in value.items()}

    return spelled(schema.root.body)
