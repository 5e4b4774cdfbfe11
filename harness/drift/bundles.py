"""What becomes of a schema that is freed from its document: see `bundling`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Cuts = Mapping[int, Any]
"""What is read in the place of a part of the root, by the identity of the part."""


class Unfollowed(Exception):
    """A schema that cannot be freed from its document; the text says why."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A schema whose references all stand under its own `$defs`; `schema` is JSON Schema 2020-12 or a boolean."""

    schema: Any
    defs: Mapping[str, Any]
    formats: frozenset[str]
    """The formats in it that no validator knows: annotations, by the standard."""
    shared: bool
    """Closed inside a oneOf: a document must also be valid for the schema as it was written."""
    key: tuple[str, ...]
    """Equal for equal bundles."""

    @property
    def whole(self) -> Any:
        """The schema with its `$defs`."""
        if not self.defs:
            return self.schema
        return {**(self.schema if isinstance(self.schema, dict) else {"not": {}}), "$defs": dict(self.defs)}


@dataclass(frozen=True, slots=True)
class Read:
    """One schema freed from its document, what it refers to, and its words in one order."""

    made: Any
    deps: frozenset[str]
    formats: frozenset[str]
    shared: bool
    text: str
    count: int
    """How many schemas were read for it, each as often as it was met."""
