"""What changed between two versions of a contract, for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.drawing import drift_words as words
from harness.drift.changes import Change, Place
from harness.drift.judged import Judged
from harness.drift.waivers import fingerprint

_MOST_BRIEF, _MOST_EDITORIAL = 20, 5
_MOST_EXAMPLE = 24
_COLOURS = {"breaking": "31;1", "broken promise": "31", "unsure": "33;1", "additive": "32", "editorial": "2"}


def drift_text(judged: Judged, *, width: int = 80, colour: bool = False) -> str:
    """The report: a line on the whole, what fails in full, the rest in brief, the version number, the notes."""
    return "\n".join(_lines(judged, width, _paint if colour else _plain)) + "\n"


def _plain(text: str, _: str) -> str:
    return text


def _paint(text: str, kind: str) -> str:
    code = _COLOURS.get(kind)
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def _lines(judged: Judged, width: int, paint: object) -> Iterator[str]:
    found, painted = judged.comparison, paint if callable(paint) else _plain
    old, new = words.versions(judged)
    head = f"{found.format}: {words.verdict(judged).upper()}"
    first, *rest = _wrapped(f"{head} ({words.counts(found.changes)})", width, 0, 2)
    yield painted(first[:len(head)], "additive" if judged.ok else "breaking") + first[len(head):]
    yield from rest
    for label, source, version in (("old", judged.old, found.old_version), ("new", judged.new, found.new_version)):
        yield from _wrapped(f"{label}  {source}" + (f"  version {version}" if version else ""), width, 2, 7)
    full = {id(c) for c in judged.failing}
    for change in words.in_order(judged.failing):
        yield ""
        kind = words.kind(change)
        first, *rest = _wrapped(f"{kind.upper()}  {change.where}  [{fingerprint(change)}]", width, 0, 2)
        yield painted(first[:len(kind)], kind) + first[len(kind):]
        yield from rest
        yield from _whole(change, old, new, width)
    yield from _brief([c for c in words.in_order(found.changes) if id(c) not in full], width, painted)
    if told := words.smallest(judged):
        yield ""
        first, *rest = _wrapped(f"VERSION  {told}", width, 0, 2)
        yield painted("VERSION", "additive" if judged.version and judged.version.ok else "breaking") + first[7:]
        yield from rest
    for note in found.notes:
        yield ""
        yield from _wrapped(f"Note: {note}", width, 0, 2)


def _whole(change: Change, old: str, new: str, width: int) -> Iterator[str]:
    yield from _wrapped(words.sentence(change.says), width, 2, 2)
    if told := words.direction(change):
        yield from _wrapped(told, width, 2, 2)
    if told := words.elsewhere(change):
        yield from _wrapped(told, width, 2, 2)
    if change.policy:
        yield from _wrapped(f"Policy: {words.sentence(change.policy)}", width, 2, 2)
    yield from _wrapped(f"rule {change.rule}", width, 2, 2)
    yield from _place("old", change.old, width)
    yield from _place("new", change.new, width)
    if change.witness is not None:
        yield from _wrapped(words.example(change.witness, old, new), width, 2, 2)
        yield from (f"    {line}" for line in words.document(change.witness, width - 4, _MOST_EXAMPLE))


def _place(label: str, place: Place | None, width: int) -> Iterator[str]:
    """File and line, and the pointer behind it or on lines of its own: what is copied should not be cut."""
    told = words.place(place)
    if place is None or len(told) + 7 <= width:
        yield from _wrapped(f"{label}  {told}", width, 2, 7)
        return
    yield from _wrapped(f"{label}  {told[:-len(place.pointer) - 2]}", width, 2, 7)
    yield from _wrapped(f"#{place.pointer}", width, 7, 7)


def _brief(changes: list[Change], width: int, painted: object) -> Iterator[str]:
    paint = painted if callable(painted) else _plain
    for kind in dict.fromkeys(words.kind(c) + (", waived" if c.waived else "") for c in changes):
        these = [c for c in changes if words.kind(c) + (", waived" if c.waived else "") == kind]
        yield ""
        yield paint(f"{kind} ({len(these)})", kind.partition(",")[0])
        shown = these if kind.endswith("waived") else these[:_MOST_EDITORIAL if kind == "editorial" else _MOST_BRIEF]
        for change in shown:
            more = f" (and {len(change.also)} more)" if change.also else ""
            yield from _wrapped(f"{change.where}{more}: {words.sentence(change.says)}", width, 2, 4)
            if change.waived:
                yield from _wrapped(f"[{fingerprint(change)}] waived: {change.waived}", width, 4, 4)
        if len(these) > len(shown):
            yield f"  ... and {len(these) - len(shown)} more: --report json has all"


def _wrapped(text: str, width: int, indent: int, hanging: int) -> list[str]:
    inert = "".join(c if c.isprintable() else "?" for c in text)
    return textwrap.wrap(inert, width, initial_indent=" " * indent, subsequent_indent=" " * hanging,
                         break_on_hyphens=False) or [""]
