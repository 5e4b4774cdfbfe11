"""What two schemas mention: numbers, strings, names, sizes; a document that tells them apart is near it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from harness.drift.merging import every, text
from harness.drift.patterns import FITTING, strings_for


@dataclass(frozen=True, slots=True)
class Pool:
    """What both schemas mention: whatever tells them apart is probably near it."""

    numbers: tuple[int | float, ...]
    strings: tuple[str, ...]
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    values: tuple[Any, ...]
    telling: frozenset[str]
    """The names of members that the two do not describe alike."""


def pool_of(writer: Any, reader: Any, *hints: Any) -> Pool:
    """Everything that the schemas mention, in order of appearance, bounded; what tells them apart comes first."""
    mine, theirs = _members(writer), _members(reader)
    telling = frozenset(name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name))
    numbers: dict[Any, None] = {}
    strings: dict[str, None] = {}
    names: dict[str, None] = dict.fromkeys(name for name in [*mine, *theirs] if name in telling)
    sizes: dict[int, None] = {}
    values: dict[str, Any] = {}
    for node in chain.from_iterable(every(schema) for schema in (writer, reader, *hints)):
        for word, value in islice(node.items(), 400):
            if word in ("properties", "dependentRequired", "dependentSchemas") and isinstance(value, dict):
                names.update(dict.fromkeys(islice(value, 60)))
            elif word == "required" and isinstance(value, list):
                names.update(dict.fromkeys(value[:60]))
            elif word == "patternProperties" and isinstance(value, dict):
                names.update(dict.fromkeys(name for one in islice(value, 20) for name in strings_for(one)[:3]))
            elif word in ("const", "enum"):
                known = value if word == "enum" and isinstance(value, list) else [value]
                values.update({text(one): one for one in [*known[:40], *known[-10:]]})
            elif word == "pattern" and isinstance(value, str):
                strings.update(dict.fromkeys(strings_for(value)))
            elif word == "format" and isinstance(value, str):
                strings.update(dict.fromkeys(FITTING.get(value, ())))
            elif word[:3] in ("min", "max", "exc", "mul") and isinstance(value, int | float) \
                    and not isinstance(value, bool):
                if word.endswith("imum") or word == "multipleOf":
                    numbers[value] = None
                else:
                    sizes[int(value)] = None
    return Pool(tuple(islice(numbers, 40)), tuple(islice(strings, 60)), tuple(islice(names, 60)),
                tuple(islice(sizes, 20)), tuple(islice(values.values(), 80)), telling)


def _members(schema: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in every(schema):
        members = node.get("properties")
        for name, one in members.items() if isinstance(members, dict) else ():
            found.setdefault(name, set()).add(text(one))
    return found
