"""Where schemas stand in a document: inside another schema by keyword, inside an API document by place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from harness.model.errors import UsageError

MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLES = frozenset({"items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else",
                     "unevaluatedItems", "unevaluatedProperties", "additionalItems", "contentSchema"})
BEARING = MAPS | LISTS | SINGLES | {"dependencies"}
"""The words that bear schemas."""
DEEPEST = 120
"""How many levels of schemas inside schemas are followed."""

_DOCUMENTS = ("openapi", "asyncapi", "components", "paths", "channels")
_NAMED = frozenset({"schemas", "responses", "parameters", "requestBodies", "headers", "callbacks", "pathItems", "paths",
                    "webhooks", "content", "channels", "messages", "operations", "encoding"})
"""Where the keys are names that people chose, not words of the format."""
_BEARING_DOCUMENTS = frozenset({"schema", "payload"})
"""Words whose value is a schema even where it is true or false."""
_NO_SCHEMAS = frozenset({"example", "examples", "default", "value", "enum", "const", "bindings"})


def is_document(root: Any) -> bool:
    """Whether it is an API document (OpenAPI, AsyncAPI) rather than a schema."""
    return isinstance(root, dict) and any(word in root for word in _DOCUMENTS) and not isinstance(root.get("type"), str)


def children(schema: dict[str, Any]) -> Iterator[Any]:
    """The schemas that stand directly in one."""
    for word, value in schema.items():
        if word in MAPS and isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list) and (word in LISTS or word == "items"):
            yield from value
        elif word in SINGLES:
            yield value
        elif word == "dependencies" and isinstance(value, dict):
            yield from (one for one in value.values() if not isinstance(one, list))


def with_children(schema: dict[str, Any], each: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy in which every schema that stands directly in it is replaced by what `each` makes of it."""
    return {word: of_word(word, value, each) if word in BEARING else value for word, value in schema.items()}


def of_word(word: str, value: Any, each: Callable[[Any], Any]) -> Any:
    """The value of one word, every schema that stands directly in it replaced."""
    if (word in MAPS or word == "dependencies") and isinstance(value, dict):
        return {name: one if isinstance(one, list) else each(one) for name, one in value.items()}
    if isinstance(value, list) and (word in LISTS or word == "items"):
        return [each(one) for one in value]
    return each(value) if word in SINGLES else value


def with_schemas(root: Any, each: Callable[[Any], Any]) -> Any:
    """A copy of a whole document in which every outermost schema is replaced by what `each` makes of it.

    A root that is no API document is taken as one schema. Schemas that only a reference finds, under a word that no
    dialect knows, are replaced as well.
    """
    if not is_document(root):
        return each(root)
    return _in_document(root, each, "", 0)


def _in_document(node: Any, each: Callable[[Any], Any], word: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise too_deep()
    if isinstance(node, list):
        return [_in_document(one, each, "", depth + 1) for one in node]
    if not isinstance(node, dict):
        return node
    if word in _NAMED:
        return {name: each(one) if word == "schemas" else _in_document(one, each, "", depth + 1)
                for name, one in node.items()}
    return {key: _placed(key, one, each, depth) if isinstance(one, dict | list) or key in _BEARING_DOCUMENTS else one
            for key, one in node.items()}


def _placed(key: str, value: Any, each: Callable[[Any], Any], depth: int) -> Any:
    if not isinstance(key, str) or key in _NO_SCHEMAS or key.startswith("x-"):
        return value
    if key in _BEARING_DOCUMENTS or (key == "headers" and isinstance(value, dict) and _reads_as_schema(value)):
        return each(value)
    return _in_document(value, each, key, depth + 1)


def _reads_as_schema(headers: dict[str, Any]) -> bool:
    """AsyncAPI describes the headers of a message by one schema, OpenAPI by a map of headers."""
    return isinstance(headers.get("type"), str) or isinstance(headers.get("$ref"), str) \
        or ("properties" in headers and "schema" not in headers["properties"])


def too_deep() -> UsageError:
    """What is said of a document that nests too deep to be followed."""
    return UsageError(f"a schema is nested deeper than {DEEPEST} levels", remedy="split it with $ref")


def at_pointer(root: Any, pointer: str) -> Any:
    """What stands at a JSON pointer, which may be percent-encoded.

    Raises:
        LookupError: nothing stands there.
    """
    node = root
    for step in steps(pointer):
        if isinstance(node, list):
            node = node[int(step)] if step.isdigit() else _nothing(pointer)
        elif isinstance(node, dict):
            node = node[step]
        else:
            _nothing(pointer)
    return node


def steps(pointer: str) -> list[str]:
    """The steps of a JSON pointer, decoded; [] for the root."""
    return [unquote(step).replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _nothing(pointer: str) -> Any:
    raise LookupError(pointer)
