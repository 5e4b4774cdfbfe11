"""How the parts of forms are encoded: media types, headers, and styles in the body of a form."""

from __future__ import annotations

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.comparing import Comparing
from harness.drift.openapi.media import Media, all_taken_in, listed
from harness.drift.openapi.model import Part, followed
from harness.drift.openapi.parameters import Sent, headers_of, sent_changes, style_changes

_STYLED = ("style", "explode", "allowReserved")


def encoding_changes(comparing: Comparing, old: Part, new: Part, kind: Media, *, side: Side,
                     where: str) -> list[Change]:
    """What changed in `encoding`, which only forms have: multipart ones and those that look like a query."""
    multipart = kind.kind == "multipart"
    if not multipart and (kind.kind, kind.subtype) != ("application", "x-www-form-urlencoded"):
        return []
    before, after = old.part("encoding"), new.part("encoding")
    names = dict.fromkeys((*before.names(), *after.names()))
    found: list[Change] = []
    for name in names:
        if _member(old, name) is None or _member(new, name) is None:
            continue  # the comparison of schemas tells of members that come and go
        one, other = before.part(name), after.part(name)
        about = f"{where}, part {name!r}"
        found += _types(comparing, (old, one), (new, other), name, side, about)
        if multipart:
            found += sent_changes(comparing, headers_of(one), headers_of(other), side=side, where=about, old=one,
                                  new=other)
        if not multipart or any(part.has(key) for part in (one, other) for key in _STYLED):
            found += style_changes(comparing, _sent(old, one, name), _sent(new, other, name), side=side, where=about)
    return found


def _types(comparing: Comparing, old: tuple[Part, Part], new: tuple[Part, Part], name: str, side: Side,
           where: str) -> list[Change]:
    before, after = _effective(old[0], old[1], name), _effective(new[0], new[1], name)
    if before == after:
        return []
    shrinks, grows = all_taken_in(before, after), all_taken_in(after, before)
    if shrinks and grows:
        return []
    effect = Effect.NARROWS if shrinks else Effect.WIDENS if grows else Effect.INCOMPARABLE
    return [comparing.change(
        "encoding-content-type-changed", f"The part {name!r} may be {_said(after)}, no longer {_said(before)}.",
        where=where, effect=effect, side=side, old=old[1], new=new[1])]


def _effective(body: Part, encoding: Part, name: str) -> frozenset[Media]:
    """The types that the part may have; what is left out follows from the type of the member."""
    if encoding.text("contentType"):
        return listed(encoding.text("contentType"))
    member = _member(body, name)
    if member is None:
        return frozenset()
    if member.get("type") == "array":
        member = member.part("items")
    return listed(_usual(member))


def _usual(member: Part) -> str:
    kind = member.get("type")
    if kind == "object":
        return "application/json"
    if member.get("format") in ("binary", "base64", "byte") or member.get("contentEncoding"):
        return "application/octet-stream"
    if kind in ("string", "integer", "number", "boolean"):
        return "text/plain"
    return "application/octet-stream" if kind is None else "*/*"


def _member(body: Part, name: str) -> Part | None:
    """The schema of the part, also where the body is composed; None where none of that name is declared."""
    waiting, seen = [followed(body.raw("schema"))], set[str]()
    while waiting:
        one = waiting.pop()
        if one.pointer in seen:
            continue
        seen.add(one.pointer)
        if one.part("properties").has(name):
            return one.part("properties").part(name)
        for word in ("allOf", "anyOf", "oneOf"):
            waiting += one.part(word).list()
    return None


def _sent(body: Part, encoding: Part, name: str) -> Sent:
    """The part as something with a style; its schema is that of the member."""
    member = _member(body, name)
    value = {**(encoding.value or {}), "schema": member.value if member else {}}
    return Sent(Part(encoding.root, encoding.pointer, value), "encoding", name, "encoding")


def _said(types: frozenset[Media]) -> str:
    return " or ".join(sorted(str(one) for one in types)) or "anything"
