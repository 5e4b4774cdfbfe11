"""Nodes of a schema: the parts that hold together at one place, references followed, and whether two read the same.

A node is a conjunction: a schema with its `$ref`, its siblings and its `allOf` branches is several parts, each with
the pointer where it really stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from harness.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Part:
    """One schema (a mapping or a boolean) and its JSON pointer."""

    schema: Any
    pointer: str


Node = tuple[Part, ...]
_WRITTEN = json.JSONEncoder(default=repr).encode
_REF = re.compile(r'"\$ref": "((?:[^"\\]|\\.)*)"')


def child(pointer: str, *tokens: str | int) -> str:
    """The pointer of something below."""
    return pointer + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def resolved(root: Any, ref: str) -> Part:
    """What a `#/...` reference leads to.

    Raises:
        UsageError: it leads to nothing in this document.
    """
    value, pointer = root, unquote(ref[1:])
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (LookupError, TypeError, ValueError):
            raise _dangling(ref) from None
    if not ref.startswith("#") or (pointer and not pointer.startswith("/")):
        raise _dangling(ref)
    return Part(value, pointer)


def _dangling(ref: str) -> UsageError:
    return UsageError(f"$ref {ref!r} leads to nothing in its document", remedy="correct it, or add what it names")


def flat(node: Node, root: Any) -> Iterator[tuple[Part, bool]]:
    """Every part that holds here, outermost first, without `$ref`, `allOf` and branches that stand alone.

    With each comes whether it stands inside of another part that says something itself.
    """
    stack = [(part, False) for part in reversed(node)]
    seen: set[tuple[str, int]] = set()
    while stack:
        part, inside = stack.pop()
        if (part.pointer, id(part.schema)) in seen:
            continue
        seen.add((part.pointer, id(part.schema)))
        if not isinstance(part.schema, dict):
            yield part, inside
            continue
        own = dict(part.schema)
        within: list[Part] = []
        if isinstance(own.get("$ref"), str):
            within.append(resolved(root, own.pop("$ref")))
        dynamic = own.get("$dynamicRef")
        if isinstance(dynamic, str) and (dynamic == "#" or dynamic.startswith("#/")):
            within.append(resolved(root, own.pop("$dynamicRef")))
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = own.get(keyword)
            if isinstance(branches, list) and (keyword == "allOf" or len(branches) == 1):
                within += [Part(one, child(part.pointer, keyword, place)) for place, one in enumerate(branches)]
                del own[keyword]
        if own or not within:
            yield Part(own, part.pointer), inside
        stack += [(one, inside or bool(own) or len(within) > 1) for one in reversed(within)]


def written(node: Node, root: Any) -> Part:
    """The first part as it is written where its reference leads."""
    part, been = node[0], set[str]()
    while isinstance(part.schema, dict) and part.schema.keys() == {"$ref"} and part.pointer not in been:
        been.add(part.pointer)
        part = resolved(root, part.schema["$ref"])
    return part


def text(value: Any) -> str:
    """A JSON value as text that is equal for equal values: 1 is 1.0 and is not true."""
    return json.dumps(_integral(value), sort_keys=True, default=repr)


def _integral(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_integral(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _integral(one) for key, one in value.items()}
    return value


def plain_text(value: Any) -> str:
    """As it is written, for a first look: what is equal here is equal."""
    return _WRITTEN(value)


class _Alike:
    """Two documents; what was found out about the parts that their references lead to is kept."""

    def __init__(self, old_root: Any, new_root: Any) -> None:
        self.roots = (old_root, new_root)
        self._texts: dict[tuple[int, str], tuple[str, tuple[str, ...]]] = {}
        self._same: set[str] = set()
        self._different: set[str] = set()

    def same(self, old: Node, new: Node) -> bool:
        open_ends: list[str] = []
        for one, other in zip(old, new, strict=True):
            written_so = plain_text(one.schema)
            if written_so != plain_text(other.schema):
                return False
            open_ends += _refs(written_so)
        return all(self._follow(ref) for ref in open_ends)

    def _follow(self, ref: str) -> bool:
        """Whether the same is at the reference in both, and behind all references in it."""
        if ref in self._same or ref in self._different:
            return ref in self._same
        came_from, open_ends = {ref: ""}, [ref]
        while open_ends:
            one = open_ends.pop()
            if one in self._same:
                continue
            (text_then, refs), (text_now, _) = self._read(0, one), self._read(1, one)
            if text_then != text_now or one in self._different:
                while one:  # all on the way here lead to the difference, too
                    self._different.add(one)
                    one = came_from[one]
                return False
            for other in refs:
                if other not in came_from:
                    came_from[other] = one
                    open_ends.append(other)
        self._same.update(came_from)
        return True

    def _read(self, version: int, ref: str) -> tuple[str, tuple[str, ...]]:
        key = (version, ref)
        if key not in self._texts:
            found = plain_text(resolved(self.roots[version], ref).schema)
            self._texts[key] = (found, tuple(_refs(found)))
        return self._texts[key]


def _refs(written_so: str) -> list[str]:
    return [json.loads(f'"{found}"') for found in _REF.findall(written_so)]


_KEPT = 4
_latest: list[_Alike] = []


def same(old: Node, new: Node, old_root: Any, new_root: Any) -> bool:
    """Whether both read the same, letter by letter, and so does all that they refer to.

    What is found out about the last few pairs of roots is kept, so these must not change while they are compared.
    """
    if len(old) != len(new):
        return False
    if old_root is new_root and old == new and all(one.schema is two.schema for one, two in zip(old, new, strict=True)):
        return True
    found = next((one for one in _latest if one.roots[0] is old_root and one.roots[1] is new_root), None)
    if found is None:
        found = _Alike(old_root, new_root)
        _latest[:] = [*_latest[1 - _KEPT:], found]
    return found.same(old, new)
