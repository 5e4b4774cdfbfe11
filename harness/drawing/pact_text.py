"""A verification of consumer pacts as text: a line for each interaction, and below it what it lacks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.model.pact_record import Became, InteractionResult, PactRecord

_WIDTH = 80
_MOST_MISMATCHES = 5
_MARKS = {Became.VERIFIED: ("✓", "ok"), Became.MISMATCHED: ("✗", "NO"), Became.DIFFERED: ("~", "~ "),
          Became.NOT_SET_UP: ("?", "? "), Became.NO_ANSWER: ("?", "? "), Became.NOT_PRODUCED: ("?", "? "),
          Became.NOT_VERIFIED: ("?", "? ")}


def pact_text(record: PactRecord, *, ascii_only: bool = False) -> list[str]:
    """Lines of at most 80 columns, by consumer; texts of others come without control characters."""
    lines: list[str] = []
    sides = dict.fromkeys((one.consumer, one.provider, one.source) for one in record.results)
    for consumer, provider, source in sides:
        arrow = "->" if ascii_only else "→"
        lines += _wrapped(f"{consumer} {arrow} {provider}  ({source})", 0)
        for one in record.results:
            if (one.consumer, one.provider, one.source) == (consumer, provider, source):
                lines += _one(one, ascii_only=ascii_only)
    lines += [line for problem in record.problems for line in _wrapped(f"not read: {problem}", 0)]
    lines += [line for left in record.left_out
              for line in _wrapped(f"does not apply: {left.consumer}: {left.description} ({left.why})", 0)]
    return lines


def _one(one: InteractionResult, *, ascii_only: bool) -> Iterator[str]:
    mark = _MARKS[one.became][ascii_only]
    pending = " [pending]" if one.pending else ""
    touches = f" ({', '.join(one.controls)})" if one.controls else ""
    asks = f" {one.method} {one.path}" if one.method else f" {one.path}".rstrip()
    yield from _wrapped(f"{mark} {one.description}{pending}:{asks}{touches}" if asks else
                        f"{mark} {one.description}{pending}{touches}", 2)
    if one.states and one.became is not Became.VERIFIED:
        yield from _wrapped(f"given {' and '.join(one.states)}", 6)
    for mismatch in one.mismatches[:_MOST_MISMATCHES]:
        yield from _wrapped(f"{mismatch.kind} {mismatch.path}: {mismatch.says}".replace(" :", ":"), 6)
    if more := len(one.mismatches) - _MOST_MISMATCHES:
        yield from _wrapped(f"and {more} more differences", 6) if more > 0 else ()
    if one.why:
        yield from _wrapped(one.why, 6)
    if one.exchanges and one.became is not Became.VERIFIED:
        yield from _wrapped(f"exchanges {', '.join(one.exchanges)}", 6)


def _wrapped(text: str, indent: int) -> list[str]:
    inert = "".join(c if c.isprintable() else "?" for c in text)
    return textwrap.wrap(inert, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)) or [""]
