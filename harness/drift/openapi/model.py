"""An OpenAPI document as it is compared: parts that know their pointer, operations with all that they inherit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from harness.drift.changes import Side
from harness.drift.document import Document
from harness.drift.growing import escaped
from harness.drift.references import at
from harness.drift.unreadable import Unreadable

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_LONGEST_CHAIN = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a contract and where it is; what is not there is a part that is None. References are followed."""

    root: Mapping[str, Any]
    pointer: str
    value: Any

    def __bool__(self) -> bool:
        return self.value is not None

    def get(self, key: str) -> Any:
        """The plain value under the key; None where there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def flag(self, key: str) -> bool:
        return self.get(key) is True

    def text(self, key: str) -> str:
        found = self.get(key)
        return found if isinstance(found, str) else ""

    def part(self, key: str) -> Part:
        """What is under the key, references followed."""
        return followed(Part(self.root, f"{self.pointer}/{escaped(key)}", self.get(key)))

    def names(self) -> tuple[str, ...]:
        """Keys of a mapping; of anything else none."""
        return tuple(self.value) if isinstance(self.value, dict) else ()

    def raw(self, key: str) -> Part:
        """What is under the key as it is written: schemas keep their references."""
        return Part(self.root, f"{self.pointer}/{escaped(key)}", self.get(key))

    def items(self) -> Iterator[tuple[str, Part]]:
        """Members of a mapping that are no extensions, references followed."""
        if isinstance(self.value, dict):
            for key in self.value:
                if not key.startswith("x-"):
                    yield key, self.part(key)

    def every(self) -> Iterator[tuple[str, Part]]:
        """Members of a mapping whose keys are names (headers, properties): `x-` is a name like any other."""
        if isinstance(self.value, dict):
            for key in self.value:
                yield key, self.part(key)

    def list(self) -> Iterator[Part]:
        """Members of a list, references followed."""
        if isinstance(self.value, list):
            for index, one in enumerate(self.value):
                yield followed(Part(self.root, f"{self.pointer}/{index}", one))


def followed(part: Part) -> Part:
    """What the part leads to, if it is a reference."""
    for _ in range(_LONGEST_CHAIN):
        ref = part.value.get("$ref") if isinstance(part.value, dict) else None
        if not isinstance(ref, str) or not ref.startswith("#"):
            return part
        pointer = unquote(ref[1:])
        try:
            part = Part(part.root, pointer, at(part.root, pointer))
        except LookupError:  # in data, which is not checked when it is read
            return Part(part.root, pointer, None)
    return part


@dataclass(frozen=True, slots=True)
class Sides:
    """Who writes the requests and who the responses of an operation."""

    request: Side
    response: Side

    def swapped(self) -> Sides:
        return Sides(self.response, self.request)


CALLED = Sides(request=Side.IN, response=Side.OUT)
"""The consumer calls the provider; webhooks and callbacks are the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation with what it inherits from its path item and the document."""

    method: str
    path: str
    part: Part
    parameters: tuple[Part, ...]
    servers: Part
    security: Part
    sides: Sides = field(default=CALLED)

    @property
    def title(self) -> str:
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A document, its operations, and what it sends by itself."""

    document: Document
    root: Part
    operations: tuple[Operation, ...]
    webhooks: tuple[Operation, ...]
    """`path` is "webhook" and its name."""

    @property
    def version(self) -> str:
        return self.root.part("info").text("version")


def contract_of(document: Document) -> Contract:
    """The contract in the document.

    Raises:
        Unreadable: it does not say that it is OpenAPI 3.
    """
    root = Part(document.value, "", document.value)
    if not root.text("openapi").startswith("3."):
        raise Unreadable(document.file, document.lines.get("/openapi", document.lines.get("")),
                         "not an OpenAPI 3 document", "it must say `openapi: 3.x` at its top; convert Swagger 2 first")
    return Contract(
        document=document, root=root,
        operations=tuple(one for path, item in root.part("paths").items()
                         for one in operations_of(root, path, item, CALLED)),
        webhooks=tuple(one for name, item in root.part("webhooks").every()
                       for one in operations_of(root, f"webhook {name}", item, CALLED.swapped())))


def operations_of(root: Part, path: str, item: Part, sides: Sides) -> Iterator[Operation]:
    """The operations of a path item; those of webhooks and callbacks take no security from the document."""
    shared = tuple(item.part("parameters").list())
    beyond = item.part("additionalOperations")
    members = [(name, item.part(name)) for name in METHODS] + list(beyond.items())
    for method, part in members:
        if not part or not isinstance(part.value, dict):
            continue
        own = tuple(part.part("parameters").list())
        named = {(p.text("in"), p.text("name")) for p in own}
        inherited = tuple(p for p in shared if (p.text("in"), p.text("name")) not in named)
        secured = part if part.has("security") or sides != CALLED else root
        yield Operation(method=method.lower(), path=path, part=part, parameters=(*inherited, *own),
                        servers=_nearest("servers", part, item, root), security=secured.part("security"), sides=sides)


def _nearest(key: str, *parts: Part) -> Part:
    return next((part.part(key) for part in parts if part.get(key)), parts[-1].part(key))
