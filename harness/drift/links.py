"""Where a schema only leads to a named one: by a bare reference, or by one beside null or values of other types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from harness.drift.nodes import Node, Part, plain_text, written
from harness.drift.spellings import shape

_BESIDE = frozenset({"$ref", "description", "title", "summary", "examples", "example", "$comment"})
"""Words that may stand beside a reference and bind nobody."""


@dataclass(frozen=True, slots=True)
class Leading:
    """A reference that says what one place is."""

    holder: dict[str, Any]
    """The mapping that holds the `$ref`."""
    beside: str
    """The other branches of the choice that it is in, as text."""
    others: tuple[Any, ...] = ()
    """The same as schemas."""
    said: str = ""
    """The words beside the reference that bind nobody, as text."""

    def target(self, root: Any) -> Part:
        """The named schema."""
        return target(self.holder, root)


def target(holder: dict[str, Any], root: Any) -> Part:
    """The schema that a reference leads to, whatever stands beside the reference."""
    return written((Part({"$ref": holder["$ref"]}, ""),), root)


def leading(node: Node) -> Leading | None:
    """The reference that the node only consists of; None where it says more."""
    return _of(node[0].schema) if len(node) == 1 else None


def _of(schema: Any) -> Leading | None:
    if not isinstance(schema, dict):
        return None
    own = schema.keys() - _BESIDE
    said = "".join(plain_text([word, schema[word]]) for word in sorted(schema.keys() - own - {"$ref"}))
    if not own:
        ref = schema.get("$ref")
        return Leading(schema, "", said=said) if isinstance(ref, str) and ref.startswith("#") else None
    word = next(iter(own))
    branches = schema[word]
    if len(own) > 1 or "$ref" in schema or word not in ("allOf", "anyOf", "oneOf") or not isinstance(branches, list):
        return None
    if len(branches) == 1:
        alone = _of(branches[0])
        return alone and replace(alone, said=said + alone.said)
    led = [(at, one) for at, branch in enumerate(branches) if (one := _of(branch)) is not None]
    if word == "allOf" or len(led) != 1 or led[0][1].beside:
        return None
    others = tuple(one for at, one in enumerate(branches) if at != led[0][0])
    beside = word + plain_text(others)
    return None if '"$ref"' in beside else Leading(led[0][1].holder, beside, others, said + led[0][1].said)


def counts_for_itself(one: Leading, root: Any) -> bool:
    """Whether no other branch takes values of the types that the named schema has."""
    if not one.others:
        return True
    types = shape((one.target(root),), root).types
    return not any(types & shape((Part(other, ""),), root).types for other in one.others)
