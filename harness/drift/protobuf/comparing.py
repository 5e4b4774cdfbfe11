"""Findings of the Protobuf rules as changes, judged by a category."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.drift.changes import Change, Effect, Place, Side, Verdict, change
from harness.drift.protobuf.containers import compare_schemas
from harness.drift.protobuf.descriptors import compiled
from harness.drift.protobuf.elements import Element, File, Schema
from harness.drift.protobuf.reading import read_schema
from harness.drift.protobuf.rules import ASKED_BY, CATEGORIES, Finding
from harness.model.errors import UsageError

_known: dict[tuple[tuple[str, str], ...], Schema] = {}
"""Versions read lately: a history compares each with many others, and protoc takes its time."""
_MOST_KNOWN = 32
_GONE = ("PACKAGE_MESSAGE_NO_DELETE", "PACKAGE_NO_DELETE")


def compare_protobuf(old_files: Mapping[str, str], new_files: Mapping[str, str], *, category: str = "WIRE_JSON",
                     removals: bool = False) -> list[Change]:
    """The changes between two sets of Protobuf sources, import path -> text.

    WIRE_JSON (documents in binary or JSON) and WIRE do not mind that a message goes; with `removals` that breaks too,
    as it does for events: somebody reads them. What another category would ask for is told and does not break.

    Raises:
        UsageError: a version does not compile, or there is no such category.
        EnvironmentFault: grpcio-tools is not installed.
    """
    category = category.upper()
    if category not in CATEGORIES:
        raise UsageError(f"no category {category!r} of Protobuf rules", remedy=f"Known: {', '.join(CATEGORIES)}")
    old, new = _read(tuple(old_files.items()), "Protobuf, old"), _read(tuple(new_files.items()), "Protobuf, new")
    found = list(compare_schemas(old, new))
    counted = [one for one in found if category in ASKED_BY[one.rule] or (removals and one.rule in _GONE)]
    broken = {(one.old.name, one.old.file) for one in counted}
    others = [one for one in found if one not in counted and (one.old.name, one.old.file) not in broken]
    changes = [_change(one, f"{category} or events that go" if category not in ASKED_BY[one.rule] else "")
               for one in counted]
    changes += [_tolerated(one, category) for one in _once(others)]
    changes += list(_added(old, new))
    if not changes and dict(old_files) != dict(new_files):
        changes.append(change("protobuf-reworded", "the sources are written differently and mean the same to readers",
                              where="protobuf", effect=Effect.NONE, side=Side.OUT))
    return changes


def _read(files: tuple[tuple[str, str], ...], what: str) -> Schema:
    if files not in _known:
        while len(_known) >= _MOST_KNOWN:
            _known.pop(next(iter(_known)))
        _known[files] = read_schema(compiled(dict(files), what), dict(files))
    return _known[files]


def _change(finding: Finding, policy: str) -> Change:
    return change(_rule(finding.rule), finding.says, where=_where(finding.old), effect=Effect.INCOMPARABLE,
                  side=Side.OUT, policy=f"removals: {policy}" if policy else "", old=_place(finding.old),
                  new=_place(finding.new))


def _tolerated(finding: Finding, category: str) -> Change:
    return change(_rule(finding.rule), finding.says, where=_where(finding.old), effect=Effect.INCOMPARABLE,
                  side=Side.OUT, verdict=Verdict.ADDITIVE, old=_place(finding.old), new=_place(finding.new),
                  policy=f"category {category} lets it pass; {', '.join(ASKED_BY[finding.rule])} would not")


def _once(findings: list[Finding]) -> Iterator[Finding]:
    """One finding an element: PACKAGE's and FILE's word for a deletion say the same."""
    seen = set()
    for one in findings:
        key = one.old.name, one.old.file, one.rule.removeprefix("PACKAGE_")
        if key not in seen:
            seen.add(key)
            yield one


def _added(old: Schema, new: Schema) -> Iterator[Change]:
    for kind, before, after in (("file", old.files, new.files), ("message", old.messages, new.messages),
                                ("enum", old.enums, new.enums), ("service", old.services, new.services),
                                ("extension", old.extensions, new.extensions)):
        for name, element in after.items():
            if name not in before:
                yield _addition(kind, element, element.name)
    for name, message in new.messages.items():
        for number, field in message.fields.items():
            if name in old.messages and number not in old.messages[name].fields:
                yield _addition("field", field, field.name)
    for name, enum in new.enums.items():
        for number in enum.values:
            if name in old.enums and number not in old.enums[name].values:
                yield _addition("enum-value", enum, f"{name} = {number}")
    for name, service in new.services.items():
        for method in service.methods.values():
            if name in old.services and method.short not in old.services[name].methods:
                yield _addition("rpc", method, method.name)


def _addition(kind: str, element: Element, name: str) -> Change:
    return change(f"protobuf-{kind}-added", f"{kind.replace('-', ' ')} {name} was added", where=_where(element),
                  effect=Effect.NARROWS, side=Side.OUT, new=_place(element))


def _rule(name: str) -> str:
    return f"protobuf-{name.lower().replace('_', '-')}"


def _where(element: Element) -> str:
    return f"{type(element).__name__.lower()} {element.name}"


def _place(element: Element | None) -> Place | None:
    if element is None:
        return None
    return Place(file=element.file, pointer="" if isinstance(element, File) else element.name, line=element.line)
