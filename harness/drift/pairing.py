"""Which branch of an old `anyOf` or `oneOf` is which of the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.drift.nodes import Node, plain_text, same
from harness.drift.shapes import Shape
from harness.drift.spellings import shape

_MOST_CHOICES = 2_500


@dataclass(frozen=True, slots=True)
class Paired:
    """Branches that belong together, and those that do not."""

    pairs: tuple[tuple[Node, Node], ...]
    gone: tuple[Node, ...]
    come: tuple[Node, ...]


def paired(old: tuple[Node, ...], new: tuple[Node, ...], old_root: Any, new_root: Any) -> Paired:
    """Pair what reads the same, then what has one name, then what is most alike; order does not matter."""
    gone, come = list(old), list(new)
    pairs: list[tuple[Node, Node]] = []
    written_so: dict[str, list[Node]] = {}
    for node in come:
        written_so.setdefault(plain_text(node[0].schema), []).append(node)
    for before in list(gone):
        alike = written_so.get(plain_text(before[0].schema), [])
        after = next((one for one in alike if same(before, one, old_root, new_root)), None)
        if after is not None:
            alike.remove(after)
            gone.remove(before)
            come.remove(after)
    for before in list(gone):
        name = called(before)
        after = next((one for one in come if name is not None and called(one) == name), None)
        if after is not None:
            _take(before, after, gone, come, pairs)
    if len(gone) * len(come) > _MOST_CHOICES:
        return Paired(tuple(pairs), tuple(gone), tuple(come))
    shapes = {id(node): shape(node, root) for nodes, root in ((gone, old_root), (come, new_root)) for node in nodes}
    likeness = sorted(((_likeness(shapes[id(before)], shapes[id(after)]), -i, -j, before, after)
                       for i, before in enumerate(gone) for j, after in enumerate(come)),
                      key=lambda one: one[:3], reverse=True)
    for score, _, _, before, after in likeness:
        if score > 0 and before in gone and after in come:
            _take(before, after, gone, come, pairs)
    return Paired(tuple(pairs), tuple(gone), tuple(come))


def named_anew(node: Node, others: Sequence[Node]) -> bool:
    """Whether a branch is a reference that the other list does not have."""
    schema = node[0].schema
    ref = schema.get("$ref") if isinstance(schema, dict) else None
    return ref is not None and all(not isinstance(one[0].schema, dict) or one[0].schema.get("$ref") != ref
                                   for one in others)


def _take(before: Node, after: Node, gone: list[Node], come: list[Node], pairs: list[tuple[Node, Node]]) -> None:
    gone.remove(before)
    come.remove(after)
    pairs.append((before, after))


def called(node: Node) -> str | None:
    """What a branch is known by: its reference or its title."""
    schema = node[0].schema
    name = schema.get("$ref") or schema.get("title") if isinstance(schema, dict) else None
    return name if isinstance(name, str) else None


def _likeness(one: Shape, other: Shape) -> float:
    """0: nothing in common. Objects by the names of their members, values by those that both have, others by type."""
    if not one.types & other.types or one.types - {"null"} != other.types - {"null"}:
        return 0.0
    mine: set[str] = set(one.properties or one.values or ())
    theirs: set[str] = set(other.properties or other.values or ())
    if not mine and not theirs:
        return 0.5 + (one.words == other.words) / 2
    return len(mine & theirs) / len(mine | theirs)
