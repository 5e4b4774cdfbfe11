"""Descriptors as elements: names made full, features of the editions resolved, defaults made comparable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from harness.drift.protobuf.elements import Enumeration, Field, File, Message, Method, Schema, Service

_FEATURES = ("field_presence", "enum_type", "utf8_validation", "message_encoding", "json_format")
_PROTO2 = {"field_presence": "EXPLICIT", "enum_type": "CLOSED", "utf8_validation": "NONE",
           "message_encoding": "LENGTH_PREFIXED", "json_format": "LEGACY_BEST_EFFORT"}
_PROTO3 = {**_PROTO2, "field_presence": "IMPLICIT", "enum_type": "OPEN", "utf8_validation": "VERIFY",
           "json_format": "ALLOW"}
_EDITIONS = {**_PROTO3, "field_presence": "EXPLICIT"}
_REPEATED, _REQUIRED = 3, 2
_OPTIONS = ("java_package", "java_outer_classname", "java_multiple_files", "optimize_for", "go_package",
            "cc_generic_services", "java_generic_services", "py_generic_services", "cc_enable_arenas",
            "objc_class_prefix", "csharp_namespace", "swift_prefix", "php_class_prefix", "php_namespace",
            "php_metadata_namespace", "ruby_package")


def read_schema(descriptors: Sequence[Any], own: Collection[str]) -> Schema:
    """The elements of the files named in `own`; the other descriptors are looked into for their enums only."""
    whole = _Reader({e for d in descriptors for e in _map_entries(d)}, _first_numbers(descriptors))
    foreign: dict[str, Enumeration] = {}
    for descriptor in descriptors:
        if descriptor.name in own:
            whole.read(descriptor)
        else:
            other = _Reader(whole.map_entries, whole.enum_numbers)
            other.read(descriptor)
            foreign.update(other.enums)
    return Schema(whole.files, whole.messages, whole.enums, whole.services, whole.extensions, foreign)


class _Reader:
    def __init__(self, map_entries: set[str], enum_numbers: Mapping[str, Mapping[str, int]]) -> None:
        self.map_entries, self.enum_numbers = map_entries, enum_numbers
        self.files: dict[str, File] = {}
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enumeration] = {}
        self.services: dict[str, Service] = {}
        self.extensions: dict[str, Field] = {}
        self._file: Any = None
        self._lines: dict[tuple[int, ...], int] = {}

    def read(self, file: Any) -> None:
        self._file = file
        self._lines = {tuple(one.path): one.span[0] + 1 for one in file.source_code_info.location if one.span}
        syntax = file.syntax or "proto2"
        if syntax == "editions":
            syntax = f"edition {file.edition}"
        start = {"proto2": _PROTO2, "proto3": _PROTO3}.get(syntax, _EDITIONS)
        features = _inherited(start, file.options)
        self.files[file.name] = File(name=file.name, file=file.name, line=self._line((2,)), package=file.package,
                                     syntax=syntax, options={key: str(getattr(file.options, key)) for key in _OPTIONS})
        scope = file.package
        for number, message in enumerate(file.message_type):
            self._message(message, scope, features, (4, number))
        for number, enum in enumerate(file.enum_type):
            self._enum(enum, scope, features, (5, number))
        for number, service in enumerate(file.service):
            self._service(service, scope, (6, number))
        for number, extension in enumerate(file.extension):
            self._extension(extension, scope, features, (7, number))

    def _message(self, message: Any, scope: str, features: Mapping[str, str], path: tuple[int, ...]) -> None:
        name = _joined(scope, message.name)
        features = _inherited(features, message.options)
        fields = [self._field(one, name, features, (*path, 2, number), message)
                  for number, one in enumerate(message.field)]
        used = {message.oneof_decl[f.oneof_index].name for f in message.field
                if f.HasField("oneof_index") and not f.proto3_optional}
        self.messages[name] = Message(
            **self._common(name, path), fields={one.number: one for one in fields}, oneofs=frozenset(used),
            reserved_names=frozenset(message.reserved_name),
            reserved=tuple((one.start, one.end - 1) for one in message.reserved_range),
            extension_ranges=tuple((one.start, one.end - 1) for one in message.extension_range),
            json_format=features["json_format"], no_accessor=message.options.no_standard_descriptor_accessor,
            map_entry=message.options.map_entry)
        for number, inner in enumerate(message.nested_type):
            self._message(inner, name, features, (*path, 3, number))
        for number, enum in enumerate(message.enum_type):
            self._enum(enum, name, features, (*path, 4, number))
        for number, extension in enumerate(message.extension):
            self._extension(extension, name, features, (*path, 6, number))

    def _extension(self, field: Any, scope: str, features: Mapping[str, str], path: tuple[int, ...]) -> None:
        read = self._field(field, scope, features, path, None)
        self.extensions[read.name] = read

    def _field(self, field: Any, scope: str, features: Mapping[str, str], path: tuple[int, ...],
               message: Any) -> Field:
        features = _inherited(features, field.options)
        kind, type_name = _kind(field), field.type_name.removeprefix(".")
        in_map_entry = message is not None and message.options.map_entry
        if kind == "message" and features["message_encoding"] == "DELIMITED" and not in_map_entry \
                and type_name not in self.map_entries:
            kind = "group"
        oneof = ""
        if message is not None and field.HasField("oneof_index") and not field.proto3_optional:
            oneof = message.oneof_decl[field.oneof_index].name
        java = "VERIFY" if self._file.options.java_string_check_utf8 else features["utf8_validation"]
        return Field(
            **self._common(_joined(scope, field.name), path), number=field.number, kind=kind, type=type_name,
            cardinality=self._cardinality(field, kind, type_name, features), default=self._default(field, kind),
            oneof=oneof, json_name=field.json_name, jstype=_named(field.options, "jstype"),
            ctype=_named(field.options, "ctype"), utf8=features["utf8_validation"], java_utf8=java,
            extendee=field.extendee.removeprefix("."), in_map_entry=in_map_entry)

    def _cardinality(self, field: Any, kind: str, type_name: str, features: Mapping[str, str]) -> str:
        if field.label == _REPEATED:
            return "map" if type_name in self.map_entries else "repeated"
        if field.label == _REQUIRED or features["field_presence"] == "LEGACY_REQUIRED":
            return "required"
        present = kind in ("message", "group") or field.HasField("oneof_index") or field.extendee
        return "optional" if present or features["field_presence"] == "EXPLICIT" else "implicit"

    def _default(self, field: Any, kind: str) -> Any:
        text = field.default_value
        if kind == "enum":
            numbers = self.enum_numbers.get(field.type_name.removeprefix("."), {})
            return (numbers.get(text) if text else next(iter(numbers.values()), None)) or None
        if not field.HasField("default_value"):
            return None
        if kind in ("string", "bytes"):
            return text or None
        return (text == "true" if kind == "bool" else float(text) if kind in ("float", "double") else int(text)) or None

    def _enum(self, enum: Any, scope: str, features: Mapping[str, str], path: tuple[int, ...]) -> None:
        name = _joined(scope, enum.name)
        features = _inherited(features, enum.options)
        values: dict[int, frozenset[str]] = {}
        for value in enum.value:
            values[value.number] = values.get(value.number, frozenset()) | {value.name}
        self.enums[name] = Enumeration(
            **self._common(name, path), values=values, reserved_names=frozenset(enum.reserved_name),
            reserved=tuple((one.start, one.end) for one in enum.reserved_range),
            open=features["enum_type"] == "OPEN", json_format=features["json_format"])

    def _service(self, service: Any, scope: str, path: tuple[int, ...]) -> None:
        name = _joined(scope, service.name)
        methods = {one.name: Method(
            **self._common(f"{name}.{one.name}", (*path, 2, number)), request=one.input_type.removeprefix("."),
            response=one.output_type.removeprefix("."), client_streaming=one.client_streaming,
            server_streaming=one.server_streaming, idempotency=_named(one.options, "idempotency_level"))
            for number, one in enumerate(service.method)}
        self.services[name] = Service(**self._common(name, path), methods=methods)

    def _common(self, name: str, path: tuple[int, ...]) -> dict[str, Any]:
        return {"name": name, "file": self._file.name, "line": self._line(path), "package": self._file.package}

    def _line(self, path: tuple[int, ...]) -> int | None:
        return self._lines.get(path)


def _kind(field: Any) -> str:
    return str(type(field).Type.Name(field.type)).removeprefix("TYPE_").lower()


def _named(options: Any, key: str) -> str:
    described = options.DESCRIPTOR.fields_by_name[key]
    return str(described.enum_type.values_by_number[getattr(options, key)].name)


def _inherited(features: Mapping[str, str], options: Any) -> Mapping[str, str]:
    own = options.features
    said = {key: own.DESCRIPTOR.fields_by_name[key].enum_type.values_by_number[getattr(own, key)].name
            for key in _FEATURES if own.HasField(key)}
    return {**features, **said} if said else features


def _joined(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _map_entries(file: Any) -> list[str]:
    found: list[str] = []

    def look(messages: Any, scope: str) -> None:
        for message in messages:
            name = _joined(scope, message.name)
            if message.options.map_entry:
                found.append(name)
            look(message.nested_type, name)

    look(file.message_type, file.package)
    return found


def _first_numbers(files: Sequence[Any]) -> Mapping[str, Mapping[str, int]]:
    """Every enum's numbers by the values' names, the first value first."""
    found: dict[str, Mapping[str, int]] = {}

    def look(holder: Any, scope: str, inner: Any) -> None:
        for enum in holder.enum_type:
            found[_joined(scope, enum.name)] = {value.name: value.number for value in enum.value}
        for message in inner:
            look(message, _joined(scope, message.name), message.nested_type)

    for file in files:
        look(file, file.package, file.message_type)
    return found
