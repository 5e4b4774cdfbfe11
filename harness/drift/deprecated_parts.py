"""The parts of an OpenAPI document that say something of their future, and the same part in another version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})
_FILES = "x-certify-files"
_DATA = frozenset({"example", "examples", "default", "enum", "const", "value"})
_NAMES = frozenset({
    "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas", "responses", "parameters",
    "headers", "callbacks", "links", "paths", "pathItems", "webhooks", "requestBodies", "securitySchemes", "content",
    "encoding", "mapping", "variables", _FILES})
"""Keywords under which keys are names of the author's own."""
_VARIABLE = re.compile(r"\{[^{}]*\}")
_LONGEST = 60

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A mapping of the document that may say `deprecated`; `key` names it in every version of the document."""

    key: Key
    pointer: str
    node: Mapping[str, Any]
    owner: Mapping[str, Any] | None
    """The schema whose property it is."""

    @property
    def deprecated(self) -> bool:
        """Whether it is on its way out."""
        return self.node.get("deprecated") is True

    @property
    def is_operation(self) -> bool:
        """Whether it is a call, and not a part of one."""
        return len(self.key) >= 3 and self.key[-3] in ("paths", "webhooks") and self.key[-1] in METHODS

    @property
    def where(self) -> str:
        """What it is about, for people: `GET /v1/x`, `GET /v1/x parameter query a`, `schema Bet property amount`."""
        return _where(self.pointer, self.key)


def deprecated_parts(document: Any) -> tuple[Part, ...]:
    """Every deprecated part, in the order of the document; each once, wherever it is referred to."""
    return parts_saying(document, "deprecated", lambda said: said is True)


def parts_saying(document: Any, keyword: str, what: Callable[[Any], bool] = lambda _: True) -> tuple[Part, ...]:
    """Every part with that keyword of its own, of which `what` is true."""
    if keyword not in _every_key(document):
        return ()
    return tuple(_walk(document, document, (), "", None, within="", wanted=lambda node: keyword in node
                       and what(node[keyword])))


def _every_key(document: Any) -> set[str]:
    """The keys of all mappings in a document."""
    found: set[str] = set()
    todo, seen = [document], set[int]()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            found.update(one)
            one = one.values()
        todo += [inner for inner in one if isinstance(inner, dict | list)]
    return found


def part_at(document: Any, key: Key) -> Part | None:
    """The part of that key, through references and `allOf`; None where the document has none."""
    spots: list[tuple[Any, str, Any]] = [(document, "", None)]
    for step in key:
        spots = [inner for node, pointer, owner in spots for inner in _step(document, node, pointer, owner, step)][:8]
        if not spots:
            return None
    node, pointer, owner = spots[0]
    node, pointer = resolved(document, node, pointer)
    return Part(key=key, pointer=pointer, node=node, owner=owner) if isinstance(node, dict) else None


def resolved(document: Any, node: Any, pointer: str) -> tuple[Any, str]:
    """What a reference leads to, and where that is; the node itself where it is none or has siblings that matter."""
    for _ in range(_LONGEST):
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str) or not ref.startswith("#/") or "deprecated" in node:
            return node, pointer
        node, pointer = _at(document, ref[1:]), ref[1:]
    return None, pointer


def _at(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        token = token.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(token)
        elif isinstance(document, list) and token.isdecimal() and int(token) < len(document):
            document = document[int(token)]
        else:
            return None
    return document


def _step(document: Any, node: Any, pointer: str, owner: Any, step: str) -> Iterator[tuple[Any, str, Any]]:
    node, pointer = resolved(document, node, pointer)
    if isinstance(node, list):
        for index, item in enumerate(node):
            if _item_key(document, item, index) == step:
                yield item, f"{pointer}/{index}", owner
        return
    if not isinstance(node, dict):
        return
    if step in node:
        yield node[step], f"{pointer}/{_escaped(step)}", node
    elif "{}" in step:  # a path, known by its shape
        for name, inner in node.items():
            if "{" in name and _shape(name) == step:
                yield inner, f"{pointer}/{_escaped(name)}", node
    for index, branch in enumerate(node.get("allOf", ()) if step == "properties" else ()):
        yield from _step(document, branch, f"{pointer}/allOf/{index}", branch, step)


def _walk(document: Any, node: Any, key: Key, pointer: str, owner: Any, *, within: str,
          wanted: Callable[[dict[str, Any]], bool]) -> Iterator[Part]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _walk(document, item, (*key, _item_key(document, item, index)), f"{pointer}/{index}", None,
                             within="", wanted=wanted)
        return
    if not isinstance(node, dict):
        return
    named = within in _NAMES
    if not named and wanted(node):
        yield Part(key=key, pointer=pointer, node=node, owner=owner)
    for name, inner in node.items():
        if not named and name != _FILES and (name in _DATA or name.startswith("x-")):
            continue
        step = _shape(name) if within == "paths" else name
        yield from _walk(document, inner, (*key, step), f"{pointer}/{_escaped(name)}", owner if named else node,
                         within="" if named else name, wanted=wanted)


def _item_key(document: Any, item: Any, index: int) -> str:
    """Parameters are known by what they are called, other items by their place."""
    found = resolved(document, item, "")[0]
    if isinstance(found, dict) and isinstance(found.get("in"), str) and isinstance(found.get("name"), str):
        name = found["name"].lower() if found["in"] == "header" else found["name"]
        return f"{found['in']} {name}"
    return str(index)


@lru_cache(maxsize=20_000)
def _shape(path: str) -> str:
    return _VARIABLE.sub("{}", path)


def _escaped(token: str) -> str:
    if "/" not in token and "~" not in token:
        return token
    return token.replace("~", "~0").replace("/", "~1")


_WORDS = {"parameters": "parameter", "properties": "property", "requestBody": "request body", "headers": "header",
          "schemas": "schema", "responses": "response", "webhooks": "webhook", "callbacks": "callback"}
_SILENT = frozenset({"components", "paths", "schema", "content", "items", _FILES})


def _where(pointer: str, key: Key) -> str:
    tokens = [t.replace("~1", "/").replace("~0", "~") for t in pointer.split("/")[1:]]
    words = [_WORDS.get(token, token) for token in tokens if token not in _SILENT]
    if tokens[:1] == ["paths"] and len(tokens) > 2 and tokens[2] in METHODS:
        words[:2] = [f"{tokens[2].upper()} {tokens[1]}"]
    if len(tokens) > 1 and tokens[-2] == "parameters" and tokens[-1].isdigit():
        words[-1] = key[-1]
    return " ".join(words) or "the document"
