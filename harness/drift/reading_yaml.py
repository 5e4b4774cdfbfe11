"""YAML into a growing document, event by event: YAML 1.2's core schema, every value with its line."""

from __future__ import annotations

from typing import Any

from harness.drift.growing import Growing, plain_scalar
from harness.drift.unreadable import Unreadable

_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_CORE}str", f"{_CORE}timestamp", f"{_CORE}binary"})
_VALUE_TAGS = frozenset({f"{_CORE}{name}" for name in ("int", "float", "bool", "null", "map", "seq")})


def read_yaml(text: str, growing: Growing) -> None:
    """Fill `growing` from `text`.

    Raises:
        Unreadable: syntax errors, several documents, tags beyond plain data, and as Growing.
    """
    import yaml  # late: heavy

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _events(yaml.parse(text, Loader=loader), growing, yaml)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark is not None else _line_of_position(text, error)
        raise Unreadable(growing.file, line, f"not YAML: {problem}", "correct the syntax there") from None


def _line_of_position(text: str, error: Any) -> int | None:
    position = getattr(error, "position", None)
    return None if position is None else text.count("\n", 0, position) + 1


def _events(events: Any, growing: Growing, yaml: Any) -> None:
    scalar_event, mapping_start, sequence_start = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    ends, alias_event = (yaml.MappingEndEvent, yaml.SequenceEndEvent), yaml.AliasEvent
    documents = 0
    for event in events:
        kind = type(event)
        if kind is scalar_event:
            _scalar(event, growing)
        elif kind in ends:
            growing.closed()
        elif kind is mapping_start or kind is sequence_start:
            line = event.start_mark.line + 1
            _refuse_key_that_is_no_text(growing, line)
            _refuse_tag(event.tag, growing, line)
            growing.opened({} if kind is mapping_start else [], line, event.anchor)
        elif kind is alias_event:
            line = event.start_mark.line + 1
            _refuse_key_that_is_no_text(growing, line)
            growing.alias(event.anchor, line)
        elif kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise Unreadable(growing.file, event.start_mark.line + 1, "a second document begins",
                                 "keep one document in a file")


def _scalar(event: Any, growing: Growing) -> None:
    line, text, tag = event.start_mark.line + 1, event.value, event.tag
    if growing.key_wanted():
        if text == "<<" and not event.style:
            growing.merge_key(line)
        else:
            growing.key(text, line)
        return
    if tag is not None:
        _refuse_tag(tag, growing, line)
    if event.style or growing.wants_text() or tag in _TEXT_TAGS:
        value: Any = plain_scalar(text) if tag in _VALUE_TAGS else text
    else:
        value = plain_scalar(text)
    growing.scalar(value, line, event.anchor)


def _refuse_key_that_is_no_text(growing: Growing, line: int) -> None:
    if growing.key_wanted():
        raise Unreadable(growing.file, line, "a key that is no text", "quote it if it begins with [, { or *")


def _refuse_tag(tag: str | None, growing: Growing, line: int) -> None:
    if tag is not None and tag not in _TEXT_TAGS and tag not in _VALUE_TAGS:
        raise Unreadable(growing.file, line, f"the tag {tag!r} is not plain data", "write the value without a tag")
