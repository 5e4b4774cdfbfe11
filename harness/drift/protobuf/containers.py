"""What changed about messages, enums, services and files: what went, what is reserved no more, what they declare."""

from __future__ import annotations

from collections.abc import Iterator

from harness.drift.protobuf.elements import Element, Enumeration, Field, Message, Schema, Service, covers
from harness.drift.protobuf.fields import compare_fields
from harness.drift.protobuf.rules import Finding


def compare_schemas(old: Schema, new: Schema) -> Iterator[Finding]:
    """Every rule that the new version breaks, whichever category asks for it."""
    for name, message in old.messages.items():
        if name in new.messages:
            yield from _messages(message, new.messages[name], old, new)
    for name, enum in old.enums.items():
        if name in new.enums:
            yield from _enums(enum, new.enums[name])
    for name, service in old.services.items():
        if name in new.services:
            yield from _services(service, new.services[name])
    yield from _extensions(old, new)
    yield from _files(old, new)
    yield from _deleted(old, new)


def _messages(old: Message, new: Message, before: Schema, after: Schema) -> Iterator[Finding]:
    for number, field in old.fields.items():
        if number in new.fields:
            yield from compare_fields(field, new.fields[number], before, after)
            continue
        says = f"field {field.name} with the number {number} was deleted"
        yield Finding("FIELD_NO_DELETE", says, field, new)
        if not covers(new.reserved, number, number):
            yield Finding("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", f"{says} without reserving the number", field, new)
        if field.short not in new.reserved_names:
            yield Finding("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", f"{says} without reserving the name", field, new)
    for name in sorted(old.oneofs - new.oneofs):
        yield Finding("ONEOF_NO_DELETE", f"oneof {name} of {old.name} was deleted", old, new)
    needed, needs = ({n for n, field in one.fields.items() if field.cardinality == "required"} for one in (old, new))
    for number in sorted(needed ^ needs):
        what = "added to" if number in needs else "deleted from"
        yield Finding("MESSAGE_SAME_REQUIRED_FIELDS", f"a required field with the number {number} was {what} "
                      f"{old.name}", old, new)
    yield from _reserved("RESERVED_MESSAGE_NO_DELETE", old, new)
    for first, last in old.extension_ranges:
        if not covers(new.extension_ranges, first, last):
            yield Finding("EXTENSION_MESSAGE_NO_DELETE", f"{old.name} takes no extensions from {first} to {last} any "
                          "more", old, new)
    if (old.json_format, new.json_format) == ("ALLOW", "LEGACY_BEST_EFFORT"):
        yield Finding("MESSAGE_SAME_JSON_FORMAT", f"{old.name} promises JSON no more", old, new)
    if new.no_accessor and not old.no_accessor:
        yield Finding("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", f"{old.name} lost its descriptor accessor", old,
                      new)


def _enums(old: Enumeration, new: Enumeration) -> Iterator[Finding]:
    for number, names in old.values.items():
        named = ", ".join(sorted(names))
        if number in new.values:
            if not names <= new.values[number]:
                yield Finding("ENUM_VALUE_SAME_NAME", f"value {number} of {old.name} was {named} and is "
                              f"{', '.join(sorted(new.values[number]))}", old, new)
            continue
        says = f"value {named} = {number} of {old.name} was deleted"
        yield Finding("ENUM_VALUE_NO_DELETE", says, old, new)
        if not covers(new.reserved, number, number):
            yield Finding("ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", f"{says} without reserving the number", old,
                          new)
        if not names <= new.reserved_names:
            yield Finding("ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", f"{says} without reserving the name", old, new)
    yield from _reserved("RESERVED_ENUM_NO_DELETE", old, new)
    if old.open != new.open:
        yield Finding("ENUM_SAME_TYPE", f"{old.name} was {_openness(old)} and is {_openness(new)}", old, new)
    if (old.json_format, new.json_format) == ("ALLOW", "LEGACY_BEST_EFFORT"):
        yield Finding("ENUM_SAME_JSON_FORMAT", f"{old.name} promises JSON no more", old, new)


def _reserved(rule: str, old: Message | Enumeration, new: Message | Enumeration) -> Iterator[Finding]:
    for first, last in old.reserved:
        if not covers(new.reserved, first, last):
            yield Finding(rule, f"{old.name} does not reserve the numbers {first} to {last} any more", old, new)
    for name in sorted(old.reserved_names - new.reserved_names):
        yield Finding(rule, f"{old.name} does not reserve the name {name} any more", old, new)


def _services(old: Service, new: Service) -> Iterator[Finding]:
    for name, method in old.methods.items():
        if name not in new.methods:
            yield Finding("RPC_NO_DELETE", f"rpc {method.name} was deleted", method, new)
            continue
        later = new.methods[name]
        for rule, key in (("RPC_SAME_REQUEST_TYPE", "request"), ("RPC_SAME_RESPONSE_TYPE", "response"),
                          ("RPC_SAME_CLIENT_STREAMING", "client_streaming"),
                          ("RPC_SAME_SERVER_STREAMING", "server_streaming"),
                          ("RPC_SAME_IDEMPOTENCY_LEVEL", "idempotency")):
            was, now = getattr(method, key), getattr(later, key)
            if was != now:
                yield Finding(rule, f"{key.replace('_', ' ')} of rpc {method.name} was {was} and is {now}", method,
                              later)


def _extensions(old: Schema, new: Schema) -> Iterator[Finding]:
    current: dict[tuple[str, int], Field] = {(one.extendee, one.number): one for one in new.extensions.values()}
    for extension in old.extensions.values():
        later = current.get((extension.extendee, extension.number))
        if later is not None:
            yield from compare_fields(extension, later, old, new)


def _files(old: Schema, new: Schema) -> Iterator[Finding]:
    for path, file in old.files.items():
        if path not in new.files:
            yield Finding("FILE_NO_DELETE", f"file {path} was deleted", file)
            continue
        later = new.files[path]
        if file.package != later.package:
            yield Finding("FILE_SAME_PACKAGE", f"the package of {path} was {file.package or 'none'} and is "
                          f"{later.package or 'none'}", file, later)
        if file.syntax != later.syntax:
            yield Finding("FILE_SAME_SYNTAX", f"the syntax of {path} was {file.syntax} and is {later.syntax}", file,
                          later)
        for option, value in file.options.items():
            if later.options[option] != value:
                yield Finding("FILE_SAME_OPTIONS", f"option {option} of {path} was {value or 'unset'} and is "
                              f"{later.options[option] or 'unset'}", file, later)


def _deleted(old: Schema, new: Schema) -> Iterator[Finding]:
    packages = new.packages()
    for package in sorted(old.packages() - packages):
        file = next(one for one in old.files.values() if one.package == package)
        yield Finding("PACKAGE_NO_DELETE", f"package {package or '(none)'} was deleted", file)
    for kind, before, after in (("message", old.messages, new.messages), ("enum", old.enums, new.enums),
                                ("service", old.services, new.services),
                                ("extension", old.extensions, new.extensions)):
        in_files = {(one.file, _within(one)) for one in after.values()}
        for name, element in before.items():
            later: Element | None = after.get(name)
            if element.file in new.files and (element.file, _within(element)) not in in_files:
                gone = "was deleted" if later is None else f"moved to {later.file}"
                yield Finding(f"{kind.upper()}_NO_DELETE", f"{kind} {name} {gone}", element, later)
            if later is None and element.package in packages:
                yield Finding(f"PACKAGE_{kind.upper()}_NO_DELETE", f"{kind} {name} was deleted", element)


def _within(element: Element) -> str:
    """Its name inside its package: another package of the file is told as such."""
    return element.name.removeprefix(f"{element.package}.") if element.package else element.name


def _openness(enum: Enumeration) -> str:
    return "open" if enum.open else "closed"
