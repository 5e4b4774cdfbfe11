"""A document as it is read: values and lines by JSON pointer, with bounds on depth and on what aliases multiply."""

from __future__ import annotations

import re
from typing import Any

from harness.drift.unreadable import Unreadable

MAX_DEPTH = 200
MAX_ALIASED = 200_000
"""Values that aliases may add to those that are written."""
_AS_TEXT = frozenset({"/info/version", "/openapi", "/asyncapi", "/swagger"})
_AS_TEXT_ANYWHERE = frozenset({"x-deprecated-since", "x-removed-in"})
"""Versions: `1.10` is not the number 1.1."""
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_HEX, _OCTAL = re.compile(r"0x[0-9a-fA-F]+\Z"), re.compile(r"0o[0-7]+\Z")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER_BEGINS = frozenset("0123456789+-.")
_MAX_DIGITS = 1_000


class Growing:
    """Takes what a parser meets, one after the other, and holds the value that grows from it.

    Raises:
        Unreadable: a key twice, deeper than MAX_DEPTH, an alias of what is not there or of what it is in, too many.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.value: Any = None
        self.lines: dict[str, int] = {}
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        """What an anchor names, how many values it holds, how deep it is nested."""
        self._count = self._aliased = 0

    def opened(self, container: dict[str, Any] | list[Any], line: int, anchor: str | None = None) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._refuse_depth(line)
        pointer = self._placed(container, line)
        self._open.append(_Frame(container, pointer, anchor, self._count + self._aliased))
        if anchor is not None:
            self._anchors.pop(anchor, None)

    def closed(self) -> None:
        frame = self._open.pop()
        if frame.merged:
            _merge(frame)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, frame.height + 1)
        if frame.anchor is not None:
            values = self._count + self._aliased - frame.began
            self._anchors[frame.anchor] = (frame.container, values, frame.height + 1)

    def key_wanted(self) -> bool:
        """Whether what comes next is a key."""
        return bool(self._open) and self._open[-1].key is None and isinstance(self._open[-1].container, dict)

    def key(self, key: str, line: int) -> None:
        frame = self._open[-1]
        if key in frame.container:
            raise Unreadable(self.file, line, f"the key {key!r} is there twice in one mapping", "keep one of them")
        frame.key, frame.key_line = key, line

    def merge_key(self, line: int) -> None:
        """What comes next is merged into the mapping (`<<`)."""
        self._open[-1].key, self._open[-1].key_line, self._open[-1].merging = "<<", line, True

    def scalar(self, value: Any, line: int, anchor: str | None = None) -> None:
        self._placed(value, line)
        if anchor is not None:
            self._anchors[anchor] = (value, 1, 0)

    def alias(self, name: str, line: int) -> None:
        found = self._anchors.get(name)
        if found is None:
            within = any(frame.anchor == name for frame in self._open)
            raise Unreadable(self.file, line, f"the alias *{name} is " + ("inside of its own anchor" if within else
                             "of no anchor above it"), "write the part out, or use $ref")
        self._aliased += found[1]
        if self._aliased > MAX_ALIASED:
            raise Unreadable(self.file, line, f"aliases multiply into more than {MAX_ALIASED:,} values",
                             "write the parts out, or use $ref")
        if len(self._open) + found[2] > MAX_DEPTH:
            self._refuse_depth(line)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, found[2])
        self._placed(found[0], line)

    def _refuse_depth(self, line: int) -> None:
        raise Unreadable(self.file, line, f"nested deeper than {MAX_DEPTH} levels",
                         "flatten it, or name the parts and refer to them")

    def wants_text(self) -> bool:
        """Whether what comes next is a version, which is text however it is written."""
        if not self._open or not isinstance(self._open[-1].container, dict):
            return False
        frame = self._open[-1]
        if frame.key in _AS_TEXT_ANYWHERE:
            return True
        return len(self._open) <= 2 and f"{frame.pointer}/{frame.key}" in _AS_TEXT

    def _placed(self, value: Any, line: int) -> str:
        self._count += 1
        if not self._open:
            self.value = value
            self.lines[""] = line
            return ""
        frame = self._open[-1]
        container = frame.container
        if isinstance(container, list):
            pointer = f"{frame.pointer}/{len(container)}"
            container.append(value)
            self.lines[pointer] = line
            return pointer
        key, line, frame.key = frame.key or "", frame.key_line, None
        if frame.merging:
            frame.merging = False
            frame.merged.append((value, line))
            return f"{frame.pointer}/<<"
        if "~" in key or "/" in key:
            pointer = f"{frame.pointer}/{escaped(key)}"
        else:
            pointer = f"{frame.pointer}/{key}"
        container[key] = value
        self.lines[pointer] = line
        return pointer


class _Frame:
    """A mapping or list that is not yet closed."""

    __slots__ = ("anchor", "began", "container", "height", "key", "key_line", "merged", "merging", "pointer")

    def __init__(self, container: Any, pointer: str, anchor: str | None, began: int) -> None:
        self.container, self.pointer, self.anchor, self.began = container, pointer, anchor, began
        self.key: str | None = None
        self.key_line = self.height = 0
        self.merging = False
        self.merged: list[tuple[Any, int]] = []


def _merge(frame: _Frame) -> None:
    """Keys of merged mappings; the mapping's own win, then the earlier ones."""
    for value, _ in frame.merged:
        for one in value if isinstance(value, list) else [value]:
            for key, inner in one.items() if isinstance(one, dict) else ():
                frame.container.setdefault(key, inner)


def escaped(key: str) -> str:
    """The key as a token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def plain_scalar(text: str) -> Any:
    """A plain YAML scalar as YAML 1.2's core schema reads it; `.inf` and `.nan` stay text, for JSON has no such."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_BEGINS or len(text) > _MAX_DIGITS:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        number = float(text)
        return number if abs(number) != float("inf") else text
    if _HEX.match(text):
        return int(text, 16)
    return int(text, 8) if _OCTAL.match(text) else text
