"""Parameters and headers: which is which, whether it must be sent, how it is written, and what it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.comparing import Comparing
from harness.drift.openapi.content import content_changes
from harness.drift.openapi.matching import variables
from harness.drift.openapi.media import media
from harness.drift.openapi.model import Operation, Part

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_TOLD_ELSEWHERE = frozenset({"accept", "content-type", "authorization"})
"""Headers that the standard has told by media types and security: a parameter of that name shall be ignored."""
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null"})
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """Something with a name that one side sends beside the body: a parameter or a header."""

    part: Part
    place: str
    """`in` of a parameter; "header" for a header."""
    name: str
    kind: str
    """What rule ids and sentences call it: "parameter" or "header"."""

    @property
    def required(self) -> bool:
        return self.place == "path" or self.part.flag("required")

    @property
    def title(self) -> str:
        return f"the header {self.name}" if self.kind == "header" else f"the {self.place} parameter {self.name!r}"


def parameter_changes(comparing: Comparing, old: Operation, new: Operation) -> list[Change]:
    """What changed in the parameters of an operation, those of its path item included."""
    before, after = _parameters(old), _parameters(new)
    side, found = old.sides.request, list[Change]()
    for key in [one for one in before if one not in after]:
        target = next((other for other in after if other not in before and _same_name(key, other)), None)
        if target is not None:
            one, other = before.pop(key), after.pop(target)
            found.append(comparing.change(
                "parameter-moved", f"The parameter {one.name!r} moved from {one.place} to {other.place}.",
                where=old.title, effect=Effect.INCOMPARABLE, side=side, old=one.part, new=other.part))
    return found + sent_changes(comparing, before, after, side=side, where=old.title, old=old.part, new=new.part)


def sent_changes(comparing: Comparing, before: Mapping[Key, Sent], after: Mapping[Key, Sent], *, side: Side, where: str,
                 old: Part, new: Part) -> list[Change]:
    """What changed in what one side sends beside the body; `old` and `new` hold the members."""
    found: list[Change] = []
    for key, one in before.items():
        if key not in after:
            found.append(_removed(comparing, one, side, where, new))
        else:
            found += _changed(comparing, one, after[key], side, where)
    for key, one in after.items():
        if key not in before:
            found.append(_added(comparing, one, side, where, old))
    return found


def _same_name(key: Key, other: Key) -> bool:
    return key[0] != other[0] and key[1].lower() == other[1].lower()


def headers_of(part: Part) -> dict[Key, Sent]:
    """Headers of a response or of a part of a body; `Content-Type` is told by the media type."""
    return {("header", name.lower()): Sent(header, "header", name, "header")
            for name, header in part.part("headers").every() if name.lower() != "content-type"}


def _parameters(operation: Operation) -> dict[Key, Sent]:
    """By place and name: header names in any case, variables of the path by where they stand."""
    names = variables(operation.path)
    found: dict[Key, Sent] = {}
    for part in operation.parameters:
        place, name = part.text("in"), part.text("name")
        key = name.lower() if place == "header" else name
        if place == "header" and key in _TOLD_ELSEWHERE:
            continue
        if place == "path" and name in names:
            key = str(names.index(name))
        found[(place, key)] = Sent(part, place, name, "parameter")
    return found


def _added(comparing: Comparing, one: Sent, side: Side, where: str, old: Part) -> Change:
    must = one.required
    if side is Side.IN:
        effect, rule, policy = (Effect.NARROWS if must else Effect.WIDENS), "required" if must else "optional", ""
    else:
        effect, rule, policy = Effect.WIDENS, "sent", "tolerant-readers"
        if must:
            effect, policy = Effect.NARROWS, ""
    return comparing.change(f"{rule}-{one.kind}-added", f"{_sentence(one)} is new{' and must be sent' * must}.",
                            where=where, effect=effect, side=side, old=old, new=one.part, policy=policy)


def _removed(comparing: Comparing, one: Sent, side: Side, where: str, new: Part) -> Change:
    if side is Side.IN:
        effect, policy = Effect.WIDENS, "removals"
    else:
        effect, policy = (Effect.WIDENS, "") if one.required else (Effect.NARROWS, "removals")
    rule = "required" if one.required and side is not Side.IN else ""
    return comparing.change(f"{rule}-{one.kind}-removed".lstrip("-"), f"{_sentence(one)} is gone.", where=where,
                            effect=effect, side=side, old=one.part, new=new, policy=policy)


def _changed(comparing: Comparing, old: Sent, new: Sent, side: Side, where: str) -> list[Change]:
    about = f"{where}, {old.title}"
    found: list[Change] = []
    if old.required != new.required:
        now = "required" if new.required else "optional"
        found.append(comparing.change(
            f"{old.kind}-became-{now}", f"{_sentence(old)} became {now}.", where=about, side=side,
            effect=Effect.NARROWS if new.required else Effect.WIDENS, old=old.part, new=new.part))
    if old.part.flag("allowEmptyValue") != new.part.flag("allowEmptyValue") and old.place == "query":
        allowed = new.part.flag("allowEmptyValue")
        found.append(comparing.change(
            f"{old.kind}-allow-empty-value-{'set' if allowed else 'unset'}",
            f"{_sentence(old)} may {'' if allowed else 'no longer '}be empty.", where=about, side=side,
            effect=Effect.WIDENS if allowed else Effect.NARROWS, old=old.part, new=new.part))
    if old.part.get("content") and new.part.get("content"):
        return found + _contents(comparing, old, new, side, about)
    if bool(old.part.get("content")) != bool(new.part.get("content")) and \
            (old.part.get("content") or old.part.has("schema")) and (new.part.get("content") or new.part.has("schema")):
        found.append(comparing.change(
            f"{old.kind}-serialization-changed", f"{_sentence(old)} is written by "
            f"{'a media type' if new.part.get('content') else 'a style'} now.", where=about, side=side,
            effect=Effect.INCOMPARABLE, old=old.part, new=new.part))
        return found
    found += style_changes(comparing, old, new, side=side, where=about)
    return found + comparing.slot(old.part.raw("schema"), new.part.raw("schema"), side=side, where=about)


def _contents(comparing: Comparing, old: Sent, new: Sent, side: Side, where: str) -> list[Change]:
    """A parameter has one media type, so that another one is another way to write it."""
    before, after = old.part.part("content"), new.part.part("content")
    if {media(name) for name in before.names()} != {media(name) for name in after.names()}:
        return [comparing.change(
            f"{old.kind}-media-type-changed", f"{_sentence(old)} is written as {', '.join(after.names())}, no "
            f"longer as {', '.join(before.names())}.", where=where, effect=Effect.INCOMPARABLE, side=side, old=before,
            new=after)]
    return content_changes(comparing, before, after, side=side, where=where)


def style_changes(comparing: Comparing, old: Sent, new: Sent, *, side: Side, where: str) -> list[Change]:
    """How the value is written, as it takes effect: what is left out has a meaning, and scalars need no explode."""
    before, after = _style(old), _style(new)
    scalars = _only_scalars(old.part.part("schema")) or _only_scalars(new.part.part("schema"))
    found = []
    for what, one, other in zip(("style", "explode", "allow-reserved"), before, after, strict=True):
        if one != other and not (what == "explode" and scalars):
            found.append(comparing.change(
                f"{old.kind}-{what}-changed", f"{_sentence(old)} is written with {_spoken(what)} {_said(other)}, no "
                f"longer {_said(one)}.", where=where, effect=Effect.INCOMPARABLE, side=side, old=old.part,
                new=new.part))
            if what == "style":
                break  # explode follows from it
    return found


def _style(sent: Sent) -> tuple[str, bool, bool]:
    style = sent.part.text("style") or _STYLES.get(sent.place, "form")
    explode = sent.part.get("explode")
    if not isinstance(explode, bool):
        explode = style in ("form", "cookie")
    return style, explode, sent.place in ("query", "encoding") and sent.part.flag("allowReserved")


def _only_scalars(schema: Part) -> bool:
    kinds = schema.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return all(isinstance(one, str) and one in _SCALARS for one in listed)


def _sentence(one: Sent) -> str:
    return one.title[0].upper() + one.title[1:]


def _spoken(what: str) -> str:
    return what.replace("-r", "R")


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
