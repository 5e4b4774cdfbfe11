"""What bodies hold: media types, their schemas, and how the parts of a form are encoded."""

from __future__ import annotations

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.comparing import Comparing
from harness.drift.openapi.media import Media, media, takes_in
from harness.drift.openapi.model import Part


def content_changes(comparing: Comparing, old: Part, new: Part, *, side: Side, where: str) -> list[Change]:
    """What changed between two `content` maps. Every old type must still be there; more of them hurt nobody."""
    before, after = _types(old), _types(new)
    found: list[Change] = []
    used: set[Media] = set()
    for kind, one in before.items():
        other = kind if kind in after else _stands_in(kind, after, side)
        if other is None:
            found.append(comparing.change(
                "media-type-removed", f"The media type {kind} is gone.", where=where, effect=Effect.INCOMPARABLE
                if side is not Side.IN else Effect.NARROWS, side=side, old=one, new=new))
            continue
        used.add(other)
        if other != kind:
            found.append(_stood_in(comparing, (kind, one), (other, after[other]), side, where))
        found += _media_changes(comparing, one, after[other], kind, side, where)
    for kind, one in after.items():
        if kind not in used:
            found.append(comparing.change(
                "media-type-added", f"The media type {kind} is new.", where=where, effect=Effect.WIDENS, side=side,
                old=old, new=one, policy="" if side is Side.IN else "negotiation"))
    return found


def _types(content: Part) -> dict[Media, Part]:
    return {media(name): part for name, part in content.every()}


def _stands_in(kind: Media, others: dict[Media, Part], side: Side) -> Media | None:
    """The type in whose name the old one lives on: a reader must take all of it, a writer send no more than it."""
    for other in others:
        if takes_in(other, kind) if side is Side.IN else takes_in(kind, other):
            return other
    return None


def _stood_in(comparing: Comparing, old: tuple[Media, Part], new: tuple[Media, Part], side: Side, where: str) -> Change:
    wider = side is Side.IN
    return comparing.change(
        f"media-type-{'generalized' if wider else 'specialized'}", f"The media type {old[0]} is now {new[0]}, which "
        f"{'takes it in' if wider else 'is one of it'}.", where=where, side=side, old=old[1], new=new[1],
        effect=Effect.WIDENS if wider else Effect.NARROWS)


def _media_changes(comparing: Comparing, old: Part, new: Part, kind: Media, side: Side, where: str) -> list[Change]:
    from harness.drift.openapi.encoding import encoding_changes  # it compares headers, which have content

    about = f"{where} {kind}"
    found: list[Change] = []
    for name in ("schema", "itemSchema"):
        found += _schema_changes(comparing, old.raw(name), new.raw(name), side, about)
    return found + encoding_changes(comparing, old, new, kind, side=side, where=about)


def _schema_changes(comparing: Comparing, old: Part, new: Part, side: Side, where: str) -> list[Change]:
    if old and new:
        return comparing.slot(old, new, side=side, where=where)
    if all(one.value in (None, True, {}) for one in (old, new)):  # no schema takes everything, and so do {} and true
        return []
    appeared = not old
    return [comparing.change(
        f"media-type-schema-{'added' if appeared else 'removed'}",
        f"The body is {'bound by a schema now' if appeared else 'bound by no schema any more'}.", where=where,
        effect=Effect.NARROWS if appeared else Effect.WIDENS, side=side, old=old, new=new)]
