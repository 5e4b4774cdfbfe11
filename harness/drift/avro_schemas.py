"""An Avro schema as a tree whose names are resolved, each node with its JSON pointer."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.model.errors import UsageError

NUMBERS = ("int", "long", "float", "double")
"""Every one reads those before it."""
PRIMITIVES = ("null", "boolean", *NUMBERS, "bytes", "string")
NAMED = ("record", "enum", "fixed")
_REMEDY = "Give an Avro schema as the Avro specification 1.12 words it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A type where it is defined: `kind` is a primitive, "array", "map", "union" or one of NAMED."""

    kind: str
    body: Any
    """The JSON value that defines it: a name, an object or (a union) a list."""
    pointer: str
    namespace: str
    """The enclosing namespace for names inside it."""
    name: str = ""
    """Full name of a named type."""

    def said(self, key: str, default: Any = None) -> Any:
        """An attribute of the definition; `default` where it is a bare name."""
        return self.body.get(key, default) if isinstance(self.body, Mapping) else default

    @property
    def short_name(self) -> str:
        """Name without namespace: what the specification matches."""
        return self.name.rpartition(".")[2]

    @property
    def aliases(self) -> frozenset[str]:
        """Full names of the type's aliases."""
        own = self.name.rpartition(".")[0]
        return frozenset(_full(alias, own) for alias in self.said("aliases") or ())


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """A checked schema: `root`, and the definitions by full name."""

    root: Node
    names: Mapping[str, Node] = field(default_factory=dict)

    def at(self, value: Any, pointer: str, namespace: str) -> Node:
        """The node of a JSON value at a place; a name is followed to its definition."""
        if isinstance(value, str):
            if value in PRIMITIVES:
                return Node(kind=value, body=value, pointer=pointer, namespace=namespace)
            return self.names[_full(value, namespace)]
        if isinstance(value, list):
            return Node(kind="union", body=value, pointer=pointer, namespace=namespace)
        kind = value["type"]
        if kind in NAMED or kind == "error":
            return self.names[_named(value, namespace)]
        if isinstance(kind, str) and kind in (*PRIMITIVES, "array", "map"):
            return Node(kind=kind, body=value, pointer=pointer, namespace=namespace)
        return self.at(kind, f"{pointer}/type", namespace)

    def below(self, node: Node, *keys: str) -> Node:
        """The node at `keys` below another: ("items",), ("fields", "0", "type"), ("1",) …"""
        value = node.body
        for key in keys:
            value = value[int(key)] if isinstance(value, list) else value[key]
        return self.at(value, "/".join((node.pointer, *keys)), node.namespace)

    def branches(self, node: Node) -> tuple[Node, ...]:
        """The branches of a union; any other node is its own only branch."""
        if node.kind != "union":
            return (node,)
        return tuple(self.below(node, str(number)) for number in range(len(node.body)))

    def fields(self, node: Node) -> Sequence[Mapping[str, Any]]:
        """The fields of a record as they are written."""
        fields: Sequence[Mapping[str, Any]] = node.body["fields"]
        return fields


def read_avro(value: Any, what: str) -> AvroSchema:
    """A parsed JSON value as an Avro schema; `what` names it in the error.

    Raises:
        UsageError: it is no Avro schema.
    """
    from avro.errors import AvroException
    from avro.schema import parse

    try:
        with warnings.catch_warnings():  # unknown logical types are no fault: readers ignore them
            warnings.simplefilter("ignore")
            parse(json.dumps(value))
        names: dict[str, Node] = {}
        for node in _definitions(value, "", ""):
            names[node.name] = node
        schema = AvroSchema(Node(kind="null", body="null", pointer="", namespace=""), names)
        return AvroSchema(schema.at(value, "", ""), names)
    except RecursionError as error:
        raise UsageError(f"{what}: nested too deep for an Avro schema", remedy=_REMEDY) from error
    except (AvroException, KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"{error}" if isinstance(error, AvroException) else f"{type(error).__name__}: {error}"
        raise UsageError(f"{what}: no Avro schema: {said[:200]}", remedy=_REMEDY) from error


def _definitions(value: Any, pointer: str, namespace: str) -> Iterator[Node]:
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _definitions(one, f"{pointer}/{number}", namespace)
    if not isinstance(value, Mapping):
        return
    kind = value["type"]
    if kind in NAMED or kind == "error":
        name = _named(value, namespace)
        namespace = name.rpartition(".")[0]
        yield Node(kind="record" if kind == "error" else kind, body=value, pointer=pointer, namespace=namespace,
                   name=name)
    if kind in ("record", "error"):
        for number, one in enumerate(value["fields"]):
            yield from _definitions(one["type"], f"{pointer}/fields/{number}/type", namespace)
    elif kind == "array":
        yield from _definitions(value["items"], f"{pointer}/items", namespace)
    elif kind == "map":
        yield from _definitions(value["values"], f"{pointer}/values", namespace)
    elif not isinstance(kind, str):
        yield from _definitions(kind, f"{pointer}/type", namespace)


def _named(value: Mapping[str, Any], namespace: str) -> str:
    inside = value.get("namespace")
    return _full(value["name"], namespace if inside is None else inside)


def _full(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"
