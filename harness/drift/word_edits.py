"""Differences of the keywords that hold no schema: types, values, bounds, and what is no demand at all."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from harness.drift.edit_space import EDIT_SPACE, Edit
from harness.drift.idle import idle
from harness.drift.naming import Finding, Naming, Spot, kebab
from harness.drift.nodes import text
from harness.drift.shapes import EVERY, Shape
from harness.drift.spellings import NOTES

_NUMBERS = frozenset({"integer", "fraction"})
_WIDER_FORMATS = frozenset({
    ("int32", "int64"), ("float", "double"), ("email", "idn-email"), ("hostname", "idn-hostname"), ("uri", "iri"),
    ("uri", "uri-reference"), ("uri", "iri-reference"), ("iri", "iri-reference"), ("uri-reference", "iri-reference")})
"""Every value of the first is one of the second."""
_NULL = text(None)


def types(a: Shape, b: Shape, naming: Naming, spot: Spot) -> Iterator[Finding]:
    """Null apart, for it has a name of its own; where values are listed, those tell."""
    old, new = a.types, b.types
    both = a.values is not None and b.values is not None
    if ("null" in old) != ("null" in new) and EVERY not in (old, new) and old - {"null"} and new - {"null"}:
        edit, said = (Edit.ADDED, "became-nullable") if "null" in new else (Edit.REMOVED, "became-not-nullable")
        yield naming.finding("nullable", edit, "may be null" if "null" in new else "may be null no more", spot,
                             a.place("type"), b.place("type"), tail=said)
        old, new = old - {"null"}, new - {"null"}
    if old == new or (both and old & new) or (b.values is not None and new <= old) or (
            a.values is not None and old <= new):
        return
    edit, tail = _type_edit(old, new)
    yield naming.finding("type", edit, f"the type is {_said(new)}, was {_said(old)}", spot, a.place("type"),
                         b.place("type"), tail=tail)


def _type_edit(old: frozenset[str], new: frozenset[str]) -> tuple[Edit, str]:
    listed = len(_names(old)) > 1 or len(_names(new)) > 1
    if old == EVERY:
        return Edit.ADDED, "type-added"
    if new == EVERY:
        return Edit.REMOVED, "type-removed"
    if old < new:
        return Edit.WIDENED, "list-of-types-widened" if listed else "type-generalized"
    if new < old:
        return Edit.NARROWED, "list-of-types-narrowed" if listed else "type-specialized"
    return Edit.CHANGED, "type-changed"


def _names(types: frozenset[str]) -> list[str]:
    return sorted("number" if name == "fraction" else name for name in types
                  if not (name == "integer" and "fraction" in types))


def _said(types: frozenset[str]) -> str:
    return "any" if types == EVERY else " or ".join(_names(types)) or "none"


def values(a: Shape, b: Shape, naming: Naming, spot: Spot) -> Iterator[Finding]:
    """The enum (a const is one of one value)."""
    places = a.at.get("enum", a.place("const")), b.at.get("enum", b.place("const"))
    if a.values is None or b.values is None:
        if a.values is b.values:
            return
        made, gone = (b, a.values is None) if a.values is None else (a, False)
        const = "const" in made.spelled and len(made.values or ()) == 1
        edit = Edit.ADDED if gone else Edit.REMOVED
        tail = f"const-{edit.value}" if const else "became-enum" if gone else "became-not-enum"
        listed = ", ".join(list(made.values or ())[:5])
        yield naming.finding("const" if const else "enum", edit, f"only {listed} {'is' if gone else 'was'} accepted",
                             spot, *places, tail=tail)
        return
    lost = [name for name in a.values if name not in b.values and name != _NULL]
    won = [name for name in b.values if name not in a.values and name != _NULL]
    if "const" in a.spelled & b.spelled and lost and won:
        yield naming.finding("const", Edit.CHANGED, f"is {won[0]}, was {lost[0]}", spot, *places, tail="const-changed")
        return
    grows = any(one.notes.get("x-extensible-enum") not in (None, False) for one in (a, b))
    keyword = "x-extensible-enum" if grows else "enum"
    for name in lost:
        yield naming.finding("enum" if naming.prefix == "request" else keyword, Edit.NARROWED,
                             f"the value {name} is no more", spot, *places, tail="enum-value-removed")
    for name in won:
        yield naming.finding(keyword, Edit.WIDENED, f"the value {name} is new", spot, *places,
                             tail="enum-value-added", about=name)


def words(a: Shape, b: Shape, naming: Naming, spot: Spot) -> Iterator[Finding]:
    """Bounds, pattern, format and whatever else holds no schema, also where it is for another type."""
    before, after = dict(a.words), dict(b.words)
    for inclusive, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        both = {inclusive, exclusive}
        if len(both & before.keys()) == len(both & after.keys()) == 1 and not both & before.keys() & after.keys():
            (was,), (now,) = both & before.keys(), both & after.keys()
            yield _swapped(a, b, (was, before.pop(was)), (now, after.pop(now)), sign, naming, spot)
    least = after.get("minProperties", 0)
    if before.get("minProperties", 0) < least <= len(a.required):
        after["minProperties"] = before["minProperties"] = least  # what was required is as many
    yield from _words(a, b, before, after, naming, spot)
    if a.types == b.types:
        yield from _words(a, b, a.idle, b.idle, naming, spot, "misplaced-words")


def _swapped(a: Shape, b: Shape, old: tuple[str, Any], new: tuple[str, Any], sign: int, naming: Naming,
             spot: Spot) -> Finding:
    """An inclusive bound that became an exclusive one, or the other way round; `sign` is 1 for lower bounds."""
    (was, before), (now, after) = old, new
    tighter = (after - before) * sign > 0 or (after == before and now.startswith("exclusive"))
    edit = Edit.RAISED if tighter == (sign == 1) else Edit.LOWERED
    says = f"`{now}` {_shown(after)} is demanded instead of `{was}` {_shown(before)}"
    return naming.finding(now, edit, says, spot, a.place(was), b.place(now))


def _words(a: Shape, b: Shape, one: dict[str, Any], other: dict[str, Any], naming: Naming, spot: Spot,
           policy: str = "") -> Iterator[Finding]:
    for keyword in [*one, *(word for word in other if word not in one)]:
        old, new = one.get(keyword), other.get(keyword)
        if keyword in ("minContains", "maxContains") and ("contains" in a.inner) != ("contains" in b.inner):
            continue
        if text(old) == text(new) or (keyword == "format" and a.types != b.types and a.types & _NUMBERS):
            continue
        says = f"`{keyword}` is {_shown(new)}, was {_shown(old)}"
        if old is None:
            says = f"`{keyword}` {_shown(new)} is demanded now"
        elif new is None:
            says = f"`{keyword}` {_shown(old)} is demanded no more"
        edit = _word_edit(keyword, old, new)
        tail = ""
        if keyword == "pattern" and edit is Edit.REMOVED and "pattern" in b.spelled:
            edit, tail = Edit.WIDENED, "pattern-generalized"
        found = naming.finding(keyword, edit, says, spot, a.place(keyword), b.place(keyword), tail=tail, policy=policy)
        unfelt = (old is None or idle(keyword, old, b)) and (new is None or idle(keyword, new, a))
        yield naming.unfelt(found) if unfelt else found


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else text(value)


def _word_edit(keyword: str, old: Any, new: Any) -> Edit:
    if old is None or new is None:
        return Edit.ADDED if old is None else Edit.REMOVED
    if keyword == "multipleOf":
        one, other = Fraction(str(old)), Fraction(str(new))
        if not one or not other:
            return Edit.CHANGED
        return Edit.RAISED if (other / one).denominator == 1 else (
            Edit.LOWERED if (one / other).denominator == 1 else Edit.CHANGED)
    if keyword == "format":
        return Edit.WIDENED if (old, new) in _WIDER_FORMATS else (
            Edit.NARROWED if (new, old) in _WIDER_FORMATS else Edit.CHANGED)
    if keyword == "dependentRequired":
        if all(set(names) <= set(new.get(name, ())) for name, names in old.items()):
            return Edit.ADDED
        return Edit.REMOVED if all(set(names) <= set(old.get(name, ())) for name, names in new.items()) \
            else Edit.CHANGED
    if (keyword, Edit.RAISED) in EDIT_SPACE and _number(old) and _number(new):
        return Edit.RAISED if new > old else Edit.LOWERED
    return Edit.CHANGED


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def notes(a: Shape, b: Shape, naming: Naming, spot: Spot) -> Iterator[Finding]:
    """Annotations, default, deprecated, discriminator and extensions."""
    for keyword in [*a.notes, *(word for word in b.notes if word not in a.notes)]:
        if keyword == "xml":
            continue
        before, after = keyword in a.notes, keyword in b.notes
        old, new = a.notes.get(keyword), b.notes.get(keyword)
        if before and after and text(old) == text(new):
            continue
        edit = Edit.CHANGED if before and after else Edit.ADDED if after else Edit.REMOVED
        places = a.place(keyword), b.place(keyword)
        if keyword == "discriminator":
            if edit is not Edit.CHANGED or not isinstance(old, dict) or not isinstance(new, dict):
                yield naming.finding(keyword, edit, f"the discriminator was {edit.value}", spot, *places)
        elif keyword == "x-extensible-enum" and isinstance(old or new, list):
            yield from _extensible(old or [], new or [], naming, spot, *places)
        else:
            if keyword not in NOTES and not keyword.startswith("x-"):
                yield naming.finding("*", Edit.CHANGED, f"`{keyword}` cannot be read", spot, *places,
                                     tail=f"{kebab(keyword)}-unreadable")
                continue
            shown = f", was {_short(old)}" if before and after else ""
            says = f"`{keyword}` is {_short(new)}{shown}" if after else f"`{keyword}` {_short(old)} was removed"
            yield naming.finding(keyword, edit, says, spot, *places, tail=_note_tail(keyword, edit))


def form_in_xml(a: Shape, b: Shape, naming: Naming, spot: Spot) -> Iterator[Finding]:
    """What changed in how it is written in XML, which hangs on the member that it is, too."""
    if naming.in_xml and _xml(a.notes.get("xml"), spot) != _xml(b.notes.get("xml"), spot):
        yield naming.finding("xml", Edit.CHANGED, "its form in XML is another one", spot, a.place("xml"),
                             b.place("xml"), tail="xml-changed")


def _xml(value: Any, spot: Spot) -> Any:
    """What it says beyond what holds without it; a member's element has the member's name anyway."""
    if not isinstance(value, dict):
        return value or {}
    name = spot.path[-1] if spot.path else None
    return {word: said for word, said in value.items()
            if said is not False and not (word == "name" and said == name) and not word.startswith("x-")}


def _note_tail(keyword: str, edit: Edit) -> str:
    if keyword == "deprecated":
        return "deprecated" if edit is not Edit.REMOVED else "reactivated"
    if keyword in ("readOnly", "writeOnly"):
        return ("became-" if edit is Edit.ADDED else "became-not-") + kebab(keyword)
    return ""


def _short(value: Any) -> str:
    shown = _shown(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _extensible(old: list[Any], new: list[Any], naming: Naming, spot: Spot, old_at: str, new_at: str,
                ) -> Iterator[Finding]:
    before, after = {text(one) for one in old}, {text(one) for one in new}
    for edit, names in ((Edit.NARROWED, before - after), (Edit.WIDENED, after - before)):
        said = "removed" if edit is Edit.NARROWED else "added"
        for name in sorted(names):
            yield naming.finding("x-extensible-enum", edit, f"the value {name} of the open enum was {said}", spot,
                                 old_at, new_at, tail=f"extensible-enum-value-{said}", about=name)
