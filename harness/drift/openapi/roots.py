"""A document in the one dialect in which schemas are compared, whole and as each side may send it."""

from __future__ import annotations

from typing import Any

from harness.drift.changes import Side
from harness.drift.document import Document
from harness.drift.everywhere import Seen, everywhere
from harness.drift.lifting import lifted, projected
from harness.drift.references import at
from harness.drift.subschemas import with_children

_BINARY = {"binary": ("contentMediaType", "application/octet-stream"), "byte": ("contentEncoding", "base64")}


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
                seen = Seen()
                self._lifted = everywhere(lifted(self._document.value, dialect=dialect),
                                          lambda one: _plain(one, self._upgraded, seen), seen)
            self._by_side[side] = projected(self._lifted, side)
        return self._by_side[side]

    def at(self, side: Side, pointer: str) -> Any:
        """The schema there; True, which takes everything, where there is none."""
        try:
            return at(self.of(side), pointer)
        except LookupError:
            return True


def _plain(schema: Any, upgraded: bool, seen: Seen) -> Any:
    """Without `additionalProperties: true`, which says what its absence says.

    `upgraded`: formats of binary data in 3.1's words, and without the `nullable` that 3.1 does not know; 3.0's was put
    in other words before.
    """
    if not isinstance(schema, dict):
        return schema
    seen.add(schema)
    made = with_children(schema, lambda one: _plain(one, upgraded, seen))
    if made.get("additionalProperties") in (True, {}):
        del made["additionalProperties"]
    if upgraded:
        made.pop("nullable", None)
    if upgraded and made.get("type") == "string" and made.get("format") in _BINARY:
        word, value = _BINARY[made.pop("format")]
        made.setdefault(word, value)
    return made
