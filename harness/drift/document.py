"""A contract as it was read: plain values, every reference within it, and the line of each part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.drift.changes import Place
from harness.drift.growing import Growing
from harness.drift.reading_json import NotJson, read_json
from harness.drift.reading_yaml import read_yaml
from harness.drift.references import FILES, settled, unescaped
from harness.drift.unreadable import Unreadable

__all__ = ["FILES", "MAX_BYTES", "Document", "Unreadable", "read_document"]

MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """One contract: `value` is plain JSON data in which every `$ref` is a pointer; `lines` by pointer, from 1."""

    file: str
    value: Any
    lines: Mapping[str, int]

    def place(self, pointer: str) -> Place:
        """Where this is; the line is that of the nearest part above it that has one."""
        line, above = self.lines.get(pointer), pointer
        while line is None and above:
            above = above.rpartition("/")[0]
            line = self.lines.get(above)
        if pointer.startswith(f"/{FILES}/"):
            _, _, token, *rest = pointer.split("/", 3)
            return Place(file=unescaped(token), pointer="/" + rest[0] if rest else "", line=line)
        return Place(file=self.file, pointer=pointer, line=line)


def read_document(text: bytes, *, file: str, others: Callable[[str], bytes] | None = None) -> Document:
    """The document in `text`, YAML 1.2 or JSON; `others` gives the files it refers to, by path from this one.

    Raises:
        Unreadable: one line with file, line and remedy. Syntax, encoding, a key twice, no mapping at the top, a
            reference that leads nowhere or to the network, too large, too deep, aliases that multiply.
    """
    size = 0

    def read(content: bytes, name: str) -> Growing:
        nonlocal size
        size += len(content)
        if size > MAX_BYTES:
            raise Unreadable(name, None, f"more than {MAX_BYTES // 1_000_000} MB", "split the contract")
        return _grown(content, name)

    grown = read(text, file)
    if not isinstance(grown.value, dict):
        raise Unreadable(file, grown.lines.get(""), "no mapping at the top", "name the file that holds the contract")
    if FILES in grown.value:
        raise Unreadable(file, grown.lines.get(f"/{FILES}"), f"the key {FILES} is reserved", "rename it")
    settled(file, grown.value, grown.lines, others=others, read=read)
    return Document(file=file, value=grown.value, lines=grown.lines)


def _grown(content: bytes, file: str) -> Growing:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(file, line, f"not UTF-8 (byte {error.start})", "save it as UTF-8") from None
    growing = Growing(file)
    if not text.lstrip().startswith(("{", "[")):
        read_yaml(text, growing)
        return growing
    try:
        read_json(text, growing)
    except NotJson as error:
        if file.endswith(".json"):
            raise
        growing = Growing(file)
        try:
            read_yaml(text, growing)  # YAML in flow style begins like JSON
        except Unreadable:
            raise error from None
    return growing
