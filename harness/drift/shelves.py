"""What bundlers of the same documents share: a schema that is cut in the same places reads the same to all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.drift.bundles import Read
from harness.drift.subschemas import children

_MOST_KEPT = 8_000


class Shelf:
    """Schemas that were read, by what they are and what is cut in them; the documents must not change meanwhile."""

    def __init__(self) -> None:
        self._reads: dict[tuple[Any, ...], tuple[Any, Read]] = {}
        """With the schema and its root, so that their identities stay their own."""
        self._parts: dict[int, tuple[Any, frozenset[int]]] = {}

    def read(self, root: Any, name: str, schema: Any, cuts: Mapping[int, str], own: Callable[[], Read]) -> Read:
        """What `own` reads, or what it read before in a bundler of the same root.

        Args:
            name: what is read, where its identity does not say it all: the mode, the pointer.
            cuts: what is read in the place of a part, as text, by the identity of the part.
        """
        parts = self._parts_of(schema) if cuts else frozenset[int]()
        key = (id(root), id(schema), name, *sorted((one, cuts[one]) for one in cuts if one in parts))
        if key not in self._reads:
            if len(self._reads) >= _MOST_KEPT:
                self._reads.clear()
            self._reads[key] = (root, schema), own()
        return self._reads[key][1]

    def _parts_of(self, schema: Any) -> frozenset[int]:
        """The identities of a schema and of all in it."""
        if id(schema) not in self._parts:
            found: dict[int, Any] = {}
            todo = [schema]
            while todo:
                one = todo.pop()
                if isinstance(one, dict) and id(one) not in found:
                    found[id(one)] = one
                    todo.extend(children(one))
            self._parts[id(schema)] = schema, frozenset(found)
        return self._parts[id(schema)][1]
