"""A document in the one dialect in which schemas are compared, whole and as each side may send it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.drift.changes import Side
from harness.drift.document import FILES, Document
from harness.drift.lifting import lifted, projected
from harness.drift.references import at
from harness.drift.subschemas import with_children, with_schemas

_IN_SCHEMAS = frozenset({"type", "properties", "items", "allOf", "anyOf", "oneOf", "enum", "additionalProperties"})
_ELSEWHERE = frozenset({"in", "content", "responses", "schema", "openapi", "paths", "components", "headers"})
_BINARY = {"binary": ("contentMediaType", "application/octet-stream"), "byte": ("contentEncoding", "base64")}
_DOCUMENT = frozenset({"openapi", "components", "paths"})


class Roots:
    """The document lifted once, and projected once for each side that is asked for."""

    def __init__(self, document: Document, *, upgraded: bool = False) -> None:
        """`upgraded`: the other document is of another version of OpenAPI, which says binary data in other words."""
        self._document, self._upgraded = document, upgraded
        self._lifted: Any = None
        self._by_side: dict[Side, Any] = {}

    def of(self, side: Side) -> Any:
        """The whole document as this side may send it."""
        if side not in self._by_side:
            if self._lifted is None:
                old = str(self._document.value.get("openapi", "")).startswith("3.0")
                dialect = "openapi-3.0" if old else "2020-12"
                self._lifted = _everywhere(self._document.value, lambda one: with_schemas(
                    lifted(one, dialect=dialect), lambda schema: _plain(schema, self._upgraded)))
            self._by_side[side] = _everywhere(self._lifted, lambda one: projected(one, side))
        return self._by_side[side]

    def at(self, side: Side, pointer: str) -> Any:
        """The schema there; True, which takes everything, where there is none."""
        try:
            return at(self.of(side), pointer)
        except LookupError:
            return True


def _plain(schema: Any, upgraded: bool) -> Any:
    """Without `additionalProperties: true`, which says what its absence says.

    `upgraded`: formats of binary data in 3.1's words, and without the `nullable` that 3.1 does not know; 3.0's was put
    in other words before.
    """
    if not isinstance(schema, dict):
        return schema
    made = with_children(schema, lambda one: _plain(one, upgraded))
    if made.get("additionalProperties") in (True, {}):
        del made["additionalProperties"]
    if upgraded:
        made.pop("nullable", None)
    if upgraded and made.get("type") == "string" and made.get("format") in _BINARY:
        word, value = _BINARY[made.pop("format")]
        made.setdefault(word, value)
    return made


def _everywhere(root: dict[str, Any], each: Callable[[Any], Any]) -> Any:
    """`each` on the document and on the schemas of the files that were brought in."""
    files = root.get(FILES)
    made = each(root)
    if isinstance(files, dict):
        made = {**made, FILES: {name: _in_file(one, each) for name, one in files.items()}}
    return made


def _in_file(value: Any, each: Callable[[Any], Any]) -> Any:
    """A file may be a schema, a bundle of named schemas, or any part of a contract with schemas in it."""
    if isinstance(value, list):
        return [_in_file(one, each) for one in value]
    if not isinstance(value, dict):
        return value
    schema = _IN_SCHEMAS & value.keys() and not _ELSEWHERE & value.keys()
    if schema or _DOCUMENT & value.keys():
        return each(value)
    return {key: each(one) if key == "schema" else _in_file(one, each) for key, one in value.items()}
