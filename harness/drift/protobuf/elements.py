"""A version of a Protobuf schema as plain values: messages, fields, enums and services by full name.

Features are resolved: proto2, proto3 and the editions read alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_Ranges = tuple[tuple[int, int], ...]
"""From and to, the latter included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What all have: full name, file and the line counted from 1."""

    name: str
    file: str
    line: int | None
    package: str

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Element):
    """A field or an extension; `kind` is int32 … string, message, group, enum; `type` the full name of the latter."""

    number: int
    kind: str
    type: str
    cardinality: str
    """required, optional (with presence), implicit, repeated or map."""
    default: Any
    """As it is read where nothing was sent; None: the zero of the type. An enum's is a number."""
    oneof: str
    json_name: str
    jstype: str
    ctype: str
    utf8: str
    java_utf8: str
    extendee: str
    in_map_entry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Element):
    """A message."""

    fields: Mapping[int, Field]
    oneofs: frozenset[str]
    reserved_names: frozenset[str]
    reserved: _Ranges
    extension_ranges: _Ranges
    json_format: str
    no_accessor: bool
    map_entry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration(Element):
    """An enum; several names may share a number."""

    values: Mapping[int, frozenset[str]]
    reserved_names: frozenset[str]
    reserved: _Ranges
    open: bool
    json_format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(Element):
    """An rpc."""

    request: str
    response: str
    client_streaming: bool
    server_streaming: bool
    idempotency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Element):
    """A service."""

    methods: Mapping[str, Method]


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Element):
    """A file: its syntax and the options that change generated code."""

    syntax: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Schema:
    """One version, whole; every mapping by full name, files by path."""

    files: Mapping[str, File]
    messages: Mapping[str, Message]
    enums: Mapping[str, Enumeration]
    services: Mapping[str, Service]
    extensions: Mapping[str, Field]
    foreign_enums: Mapping[str, Enumeration]
    """Enums of imported files that are not part of the version, such as google/protobuf's own."""

    def enum(self, name: str) -> Enumeration | None:
        """The enum of that full name, imported ones too."""
        return self.enums.get(name) or self.foreign_enums.get(name)

    def packages(self) -> frozenset[str]:
        """The packages that the files declare; "" for none."""
        return frozenset(file.package for file in self.files.values())

    def elements(self) -> Iterator[Element]:
        """Everything that has a name of its own."""
        for kind in (self.files, self.messages, self.enums, self.services, self.extensions):
            yield from kind.values()


def covers(ranges: Sequence[tuple[int, int]], first: int, last: int) -> bool:
    """Whether every number from first to last is in one of the ranges."""
    for start, end in sorted(ranges):
        if start <= first <= end:
            first = end + 1
        if first > last:
            return True
    return first > last
