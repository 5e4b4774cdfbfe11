"""References of a document: every one leads somewhere in it; parts of other files are brought in.

What a reference may be: `#/pointer`, `#anchor`, the `$id` of an embedded schema, or a path to another file. After
`settled` each is a plain `#/pointer` into the one document; other files stand under FILES, by name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import unquote, urldefrag, urljoin

from harness.drift.growing import Growing, escaped
from harness.drift.unreadable import Unreadable

FILES = "x-certify-files"
MAX_FILES = 500
_DATA = frozenset({"example", "default", "enum", "const", "value"})
"""Keywords whose value is a document, not a part of the contract, unless they are names in one of NAMES."""
_NAMES = frozenset({
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses", "parameters",
    "headers", "callbacks", "links", "paths", "pathItems", "webhooks", "requestBodies", "securitySchemes", "components",
    "channels", "operations", "messages", "servers", "variables", "mapping", "encoding", "content", "examples"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FILE = "certify-file:"
"""Scheme of the base URIs of other files; no reference can name it."""
_LONGEST_CHAIN = 100


@dataclass(slots=True)
class Resources:
    """What references may lead to: `$id`s and anchors by their URI, with the pointer of each."""

    ids: dict[str, str] = field(default_factory=dict)
    anchors: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """A reference: the mapping it stands in, where that is, and the URI that it is relative to."""

    holder: dict[str, Any]
    pointer: str
    base: str


def settled(file: str, value: dict[str, Any], lines: dict[str, int], *, others: Callable[[str], bytes] | None,
            read: Callable[[bytes, str], Growing]) -> None:
    """Make every reference in `value` a pointer into it; `value` and `lines` change in place.

    Raises:
        Unreadable: a reference into nothing, to the network, to files where `others` gives none, or only to itself.
    """
    _Settling(file, value, lines, others, read).run()


class _Settling:
    """One pass over a document and the files that it refers to."""

    def __init__(self, file: str, value: dict[str, Any], lines: dict[str, int],
                 others: Callable[[str], bytes] | None, read: Callable[[bytes, str], Growing]) -> None:
        self.file, self.value, self.lines, self.others, self.read = file, value, lines, others, read
        self.files: dict[str, Any] = {}
        self.bases: dict[str, str] = {"": ""}
        """The base URI of each file, by its pointer."""
        self.resources = Resources()
        self.found: list[_Found] = []

    def run(self) -> None:
        self.bases[""] = _own_id(self.value, "")
        self._take_stock(self.value, "", "")
        done = 0
        while done < len(self.found):  # other files bring references of their own
            one, done = self.found[done], done + 1
            target = self._target(one)
            if target != one.holder["$ref"]:
                one.holder["$ref"] = target
        for one in self.found:
            self._land(one)

    def _take_stock(self, value: Any, pointer: str, base: str) -> None:
        for holder, where, uri in _parts(value, pointer, base):
            name = holder.get("$id")
            if isinstance(name, str):
                self.resources.ids.setdefault(uri, where)
                if name.startswith("#"):
                    self.resources.anchors.setdefault((uri, name[1:]), where)
            for anchor in (holder.get("$anchor"), holder.get("$dynamicAnchor")):
                if isinstance(anchor, str):
                    self.resources.anchors.setdefault((uri, anchor), where)
            if isinstance(holder.get("$ref"), str):
                self.found.append(_Found(holder, where, uri))

    def _target(self, one: _Found) -> str:
        """The reference as `#/pointer`; the pointer is not yet followed."""
        ref = one.holder["$ref"]
        root, in_file = self._file_of(one.pointer)
        if ref.startswith("#/") and not root and one.base == self.bases[""]:
            return str(ref)
        absolute, fragment = urldefrag(urljoin(one.base, ref) if not ref.startswith("#") else one.base + ref)
        if absolute in self.resources.ids:
            return self._fragment(one, self.resources.ids[absolute], absolute, fragment)
        path, fragment = urldefrag(ref)
        if not path:
            return self._fragment(one, root, self.bases[root], fragment)
        if _SCHEME.match(path) or path.startswith("//"):
            self._refuse(one, f"$ref {ref!r} leads to the network", "keep a copy of it and refer to the copy")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(in_file), unquote(path)))
        into = self._brought_in(one, name)
        return self._fragment(one, into, self.bases[into], fragment)

    def _fragment(self, one: _Found, root: str, base: str, fragment: str) -> str:
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            found = self.resources.anchors.get((base, fragment))
            if found is None:
                self._refuse(one, f"$ref {one.holder['$ref']!r} leads to nothing", "correct it, or add its anchor")
            return "#" + str(found)
        return f"#{root}{fragment}".replace("%", "%25")

    def _brought_in(self, one: _Found, name: str) -> str:
        """The pointer of another file; it is read if this is its first reference."""
        if name == posixpath.basename(self.file):
            return ""
        pointer = f"/{FILES}/{escaped(name)}"
        if name in self.files:
            return pointer
        if self.others is None:
            self._refuse(one, f"$ref leads to the file {name!r}, and other files are not read here",
                         "bundle the contract into one file")
        if len(self.files) >= MAX_FILES:
            self._refuse(one, f"more than {MAX_FILES} files are referred to", "bundle the contract into one file")
        try:
            content = self.others(name)
        except Unreadable:
            raise
        except (OSError, LookupError, ValueError) as error:
            self._refuse(one, f"$ref leads to the file {name!r}, which cannot be read ({error})",
                         "correct the $ref, or put the file there")
        grown = self.read(content, name)
        self.files[name] = grown.value
        self.value.setdefault(FILES, self.files)
        self.lines.update({pointer + inner: line for inner, line in grown.lines.items()})
        base = f"{_FILE}{name}"
        self.bases[pointer] = _own_id(grown.value, base)
        self.resources.ids.setdefault(base, pointer)
        self._take_stock(grown.value, pointer, base)
        return pointer

    def _file_of(self, pointer: str) -> tuple[str, str]:
        """The pointer of the file that this is in, and its name; both "" for the document itself."""
        if not pointer.startswith(f"/{FILES}/"):
            return "", ""
        token = pointer.split("/", 3)[2]
        return f"/{FILES}/{token}", unescaped(token)

    def _land(self, one: _Found) -> None:
        """Follow the pointer to its end; where it went through other references it is told anew, without them."""
        ref = one.holder["$ref"]
        where, steps = unquote(ref[1:]), 0
        while True:
            landed = canonical(self.value, where)
            if landed is None:
                self._refuse(one, f"$ref {ref!r} leads to nothing", "correct it, or add what it names")
            found = at(self.value, str(landed))
            if not isinstance(found, dict) or set(found) != {"$ref"} or not isinstance(found["$ref"], str):
                break
            where, steps = unquote(found["$ref"][1:]), steps + 1
            if steps > _LONGEST_CHAIN:
                self._refuse(one, f"$ref {ref!r} leads from reference to reference and nowhere else",
                             "let one of them name a part of the contract")
        direct = canonical(self.value, unquote(ref[1:]))
        if direct is not None and direct != unquote(ref[1:]):
            one.holder["$ref"] = "#" + direct.replace("%", "%25")

    def _refuse(self, one: _Found, problem: str, remedy: str) -> NoReturn:
        _, name = self._file_of(one.pointer)
        line = self.lines.get(f"{one.pointer}/$ref", self.lines.get(one.pointer))
        raise Unreadable(name or self.file, line, problem, remedy)


def _own_id(value: Any, base: str) -> str:
    """The base URI that a file gives itself, `base` if it gives none."""
    name = value.get("$id") if isinstance(value, dict) else None
    return urldefrag(urljoin(base, name))[0] if isinstance(name, str) else base


def _parts(value: Any, pointer: str, base: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every mapping of the contract with its pointer and base URI; what aliases share comes once, data never."""
    stack: list[tuple[Any, str, str, str]] = [(value, pointer, base, "")]
    seen: set[int] = set()
    while stack:
        one, where, uri, within = stack.pop()
        if id(one) in seen:
            continue
        if isinstance(one, dict):
            seen.add(id(one))
            if isinstance(one.get("$id"), str) and within not in _NAMES and not one["$id"].startswith("#"):
                uri = urldefrag(urljoin(uri, one["$id"]))[0]
            yield one, where, uri
            for key, inner in one.items():
                if isinstance(inner, dict | list) and (within in _NAMES or not _is_data(key, inner)):
                    stack.append((inner, f"{where}/{escaped(key)}", uri, "" if within in _NAMES else key))
        elif isinstance(one, list):
            seen.add(id(one))
            stack.extend((inner, f"{where}/{index}", uri, "") for index, inner in enumerate(one)
                         if isinstance(inner, dict | list))


def _is_data(key: str, value: Any) -> bool:
    if key == "examples":  # a list of data in schemas; elsewhere by name, and each may be a reference
        return isinstance(value, list)
    return key in _DATA or (key.startswith("x-") and key != FILES)


def unescaped(token: str) -> str:
    """A token of a JSON pointer as the key that it names."""
    return token.replace("~1", "/").replace("~0", "~") if "~" in token else token


def at(root: Any, pointer: str) -> Any:
    """What the pointer names.

    Raises:
        LookupError: nothing is there.
    """
    for token in pointer.split("/")[1:]:
        root = _step(root, unescaped(token))
    return root


def _step(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value[key]
    if isinstance(value, list) and key.isdecimal():
        return value[int(key)]
    raise LookupError(key)


def canonical(root: Mapping[str, Any], pointer: str) -> str | None:
    """The pointer without the references that it leads through on its way; None where nothing is there."""
    value: Any = root
    where, steps = "", 0
    tokens = pointer.split("/")[1:] if pointer else []
    if pointer and not pointer.startswith("/"):
        return None
    position = 0
    while position < len(tokens):
        token = tokens[position]
        try:
            value = _step(value, unescaped(token))
            where, position = f"{where}/{token}", position + 1
        except LookupError:
            ref = value.get("$ref") if isinstance(value, dict) else None
            steps += 1
            if not isinstance(ref, str) or not ref.startswith("#/") or steps > _LONGEST_CHAIN:
                return None
            tokens = [*unquote(ref[1:]).split("/")[1:], *tokens[position:]]
            value, where, position = root, "", 0
    return where
