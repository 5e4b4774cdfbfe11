"""Discriminators: which value chooses which schema, and what of that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.drift.edit_space import Edit
from harness.drift.naming import Finding, Naming, Spot
from harness.drift.nodes import Node, Part, written

_SHELF = "#/components/schemas/"
Same = Callable[[Node, Node], bool]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a discriminator says: the member that it looks at, and for each of its values the schema chosen."""

    property: Any
    chosen: Mapping[str, str]
    """Value -> reference. A branch that is not mapped is chosen by the name of its schema."""
    mapped: frozenset[str]
    """The values that were written out."""


def mapped(discriminator: Any) -> dict[str, str]:
    """Value -> reference of a written `mapping`; a bare name stands for the schema of that name."""
    found = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    return {value: target if "/" in target or "." in target or "#" in target else _SHELF + target
            for value, target in found.items() if isinstance(target, str)} if isinstance(found, dict) else {}


def choices(discriminator: Any, node: Node, root: Any) -> Choices:
    """What the discriminator of a node says, its `oneOf` and `anyOf` taken into account."""
    own = mapped(discriminator)
    said = written(node, root).schema
    branches = [one.get("$ref") for word in ("oneOf", "anyOf") for one in (said.get(word) or ())
                if isinstance(one, dict)] if isinstance(said, dict) else []
    named = {ref.rpartition("/")[2]: ref for ref in branches if isinstance(ref, str) and ref not in own.values()}
    return Choices(discriminator.get("propertyName"), {**named, **own}, frozenset(own))


def discriminated(old: Choices, new: Choices, same: Same, naming: Naming, spot: Spot, old_at: str,
                  new_at: str) -> Iterator[Finding]:
    """What changed between two discriminators of one place; `same` says whether two nodes read the same."""
    if old.property != new.property:
        yield naming.finding("discriminator", Edit.CHANGED, f"the discriminator is `{new.property}`, was "
                             f"`{old.property}`", spot, old_at, new_at, tail="discriminator-property-name-changed")

    def of_one(value: str, other: str) -> bool:
        before, after = old.chosen[value], new.chosen[other]
        return before == after or (before.startswith("#") and after.startswith("#")
                                   and same((Part({"$ref": before}, old_at),), (Part({"$ref": after}, new_at),)))

    def told(value: str, kind: Edit, says: str = "") -> Finding:
        return naming.finding("discriminator", kind, says or f"the discriminator's value `{value}` was {kind.value}",
                              spot, old_at, new_at, tail=f"discriminator-mapping-{kind.value}")

    come = [value for value in new.chosen if value not in old.chosen]
    for value in old.chosen:
        if value in new.chosen:
            if not of_one(value, value):
                yield told(value, Edit.CHANGED)
            continue
        now = next((other for other in come if of_one(value, other)), None)
        if now is not None:
            come.remove(now)
            yield told(value, Edit.CHANGED, f"the discriminator's value `{value}` is `{now}` now")
        elif value in old.mapped:
            yield told(value, Edit.REMOVED)
    for value in come:
        if value in new.mapped:
            yield told(value, Edit.ADDED)
