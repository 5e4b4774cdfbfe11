"""How a finding is named: rule id, sentence, effect from the edit space, both places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.drift.changes import Change, Effect, Place, Side, Verdict, change
from harness.drift.edit_space import POLICIES, Edit, Row, flipped, row

_LONGEST = 10
"""Names of a path that a sentence tells."""
_EVENTS = ("event", "webhook", "message", "channel", "callback")
_SHORT = {"maximum": "max", "minimum": "min", "exclusiveMaximum": "exclusive-max", "exclusiveMinimum": "exclusive-min",
          "default": "default-value", "patternProperties": "pattern-property"}
_BOUNDS = frozenset({"maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "maxLength", "minLength", "maxItems",
                     "minItems", "maxProperties", "minProperties", "maxContains", "minContains", "multipleOf"})
_COMPOSING = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "then", "else", "contains", "dependentSchemas",
                        "prefixItems", "branch"})
"""Keywords under which an edit may mean more or less than it says."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the compared schemas an edit is: names from the root, and what it is below of."""

    path: tuple[str, ...] = ()
    composed: bool = False
    flip: bool = False
    """Inside of a `not`, or of none or two."""

    def below(self, *names: str, composed: bool = False, flip: bool = False) -> Spot:
        return replace(self, path=(*self.path, *names), composed=self.composed or composed, flip=self.flip != flip)


@dataclass(frozen=True, slots=True)
class Finding:
    """A change and what it was made of."""

    change: Change
    keyword: str
    edit: Edit
    row: Row
    spot: Spot
    about: str = ""
    """The value that came or went, as text."""

    @property
    def plain(self) -> bool:
        """Whether it means what it says: no branch, condition or negation is about it."""
        return not self.spot.composed and self.keyword not in _COMPOSING


@dataclass(frozen=True, slots=True)
class Naming:
    """Names findings of one slot."""

    side: Side
    where: str
    old_place: Callable[[str], Place]
    new_place: Callable[[str], Place]

    @property
    def prefix(self) -> str:
        """`request`, `response`, `event` or `schema`."""
        if self.side is Side.OUT:
            return "event" if self.where.lower().startswith(_EVENTS) else "response"
        return "request" if self.side is Side.IN else "schema"

    @property
    def in_xml(self) -> bool:
        """Whether the documents may be XML."""
        return not ("json" in self.where.lower() and "xml" not in self.where.lower())

    def subject(self, spot: Spot) -> str:
        """What the edit is of: `request-body`, `response-property`, `event-property`, `request-parameter` ..."""
        words = self.where.lower()
        part = next((word for word in ("parameter", "header") if word in words), "")
        if spot.path:
            kind = f"{part}-property" if part else "property"
        else:
            kind = part or ("payload" if self.prefix == "event" else "body")
        return self.prefix if self.prefix == "schema" and not spot.path else f"{self.prefix}-{kind}"

    def finding(self, keyword: str, edit: Edit, says: str, spot: Spot, old: str, new: str, *, tail: str = "",
                rule: str = "", about: str = "", policy: str = "") -> Finding:
        """The finding of an edit; `old` and `new` are pointers, `tail` ends the rule id, `rule` is all of it.

        `about` is a value that came or went; `policy` is that of the row where this one has none.
        """
        meaning = row(keyword, edit)
        if policy and not meaning.policy:
            meaning = replace(meaning, policy=policy)
        effect = flipped(meaning.effect) if spot.flip else meaning.effect
        own = meaning.verdict(self.side)
        made = change(rule or f"{self.subject(spot)}-{tail or _tail(keyword, edit)}", self._sentence(says, spot),
                      where=self.where, effect=effect, side=self.side, old=self.old_place(old), new=self.new_place(new))
        if own not in (None, made.verdict):
            made = replace(made, verdict=own, policy=f"{meaning.policy}: {POLICIES[meaning.policy]}")
        return Finding(made, keyword, edit, meaning, spot, about)

    @staticmethod
    def unfelt(found: Finding) -> Finding:
        """The same finding of a word that refuses nothing beside what else both schemas say."""
        says = f"{found.change.says} Beside what else is said it makes no difference."
        return replace(found, change=replace(found.change, effect=Effect.NONE, verdict=Verdict.EDITORIAL, policy="",
                                             says=says))

    @staticmethod
    def _sentence(says: str, spot: Spot) -> str:
        if not spot.path:
            return f"{says[0].upper()}{says[1:]}."
        path = spot.path if len(spot.path) <= _LONGEST else (*spot.path[:_LONGEST // 2], "...",
                                                            *spot.path[-_LONGEST // 2:])
        return f"`{'/'.join(path)}`: {says}."


def _tail(keyword: str, edit: Edit) -> str:
    name = _SHORT.get(keyword) or kebab(keyword)
    if keyword in _BOUNDS:
        return f"{name}-" + {Edit.ADDED: "set", Edit.REMOVED: "unset"}.get(edit, edit.value)
    return f"{name}-{edit.value}"


def kebab(keyword: str) -> str:
    """`maxLength` as `max-length`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in keyword).strip("-$")
