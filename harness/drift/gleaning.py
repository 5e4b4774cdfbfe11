"""What one part of a bundle mentions, worked out once: many bundles are made of the same parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from harness.drift.merging import every, text
from harness.drift.patterns import FITTING, strings_for

_MOST_KEPT = 4_000
_Made = TypeVar("_Made")


class OnceEach(Generic[_Made]):
    """A function of values that nobody changes, which are known by identity; it forgets when it holds too many."""

    def __init__(self, make: Callable[[Any], _Made]) -> None:
        self._make = make
        self._known: dict[int, tuple[Any, _Made]] = {}
        """With the value, so that its identity stays its own."""

    def __call__(self, one: Any) -> _Made:
        """What the function makes of it."""
        found = self._known.get(id(one))
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            found = self._known[id(one)] = one, self._make(one)
        return found[1]


@dataclass(slots=True)
class Mentioned:
    """In order of appearance, unbounded but for what one word of one schema adds."""

    numbers: dict[int | float, None] = field(default_factory=dict)
    strings: dict[str, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    sizes: dict[int, None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    """The name of each member, and how it is described, as text."""

    def add(self, other: Mentioned) -> None:
        """What another part mentions, after all that was before."""
        for mine, its in ((self.numbers, other.numbers), (self.strings, other.strings), (self.names, other.names),
                          (self.sizes, other.sizes), (self.values, other.values)):
            mine.update(its)  # type: ignore[arg-type]
        for name, described in other.members.items():
            self.members.setdefault(name, set()).update(described)


def gleaned(nodes: Iterable[dict[str, Any]]) -> Mentioned:
    """What these schemas themselves mention, not what is below them."""
    found = Mentioned()
    for node in nodes:
        for word, value in islice(node.items(), 400):
            _glean(word, value, found)
        members = node.get("properties")
        for name, one in members.items() if isinstance(members, dict) else ():
            found.members.setdefault(name, set()).add(text(one))
    return found


def _glean(word: str, value: Any, found: Mentioned) -> None:
    if word in ("properties", "dependentRequired", "dependentSchemas") and isinstance(value, dict):
        found.names.update(dict.fromkeys(islice(value, 60)))
    elif word == "required" and isinstance(value, list):
        found.names.update(dict.fromkeys(value[:60]))
    elif word == "patternProperties" and isinstance(value, dict):
        found.names.update(dict.fromkeys(name for one in islice(value, 20) for name in strings_for(one)[:3]))
    elif word in ("const", "enum"):
        known = value if word == "enum" and isinstance(value, list) else [value]
        found.values.update({text(one): one for one in [*known[:40], *known[-10:]]})
    elif word == "pattern" and isinstance(value, str):
        found.strings.update(dict.fromkeys(strings_for(value)))
    elif word == "format" and isinstance(value, str):
        found.strings.update(dict.fromkeys(FITTING.get(value, ())))
    elif word[:3] in ("min", "max", "exc", "mul") and isinstance(value, int | float) and not isinstance(value, bool):
        if word.endswith("imum") or word == "multipleOf":
            found.numbers[value] = None
        else:
            found.sizes[int(value)] = None


gleaned_part = OnceEach(lambda part: gleaned(every(part)))
"""What a part and all in it mention."""
