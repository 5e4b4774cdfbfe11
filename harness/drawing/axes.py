"""What drawings of a timeline share: axes, lanes, thinning, and the sentence that sums it up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness.model.timeline import Became, Mark, Stretch, Timeline

FLOOR_MS = 1.0
"""Where the latency axis begins: it is logarithmic, so that the calm and the late are both seen."""
_RANK = {kind: rank for rank, kind in enumerate(Became)}
SAID = {Became.TAKEN: "taken", Became.REFUSED: "refused cleanly", Became.UNKNOWN: "not final (202)",
        Became.FAILED: "failed or unanswered"}


def top_ms(timeline: Timeline) -> float:
    """The upper end of its latency axis: a power of ten above all that is on it, 1 s at least."""
    highest = max((1000.0, timeline.slo_ms * 1.2, *(m.ms for m in (*timeline.calls, *timeline.witnesses))))
    return 10.0 ** math.ceil(math.log10(highest))


def share(ms: float, top: float) -> float:
    """How high a latency stands on the axis, from 0 to 1."""
    return min(1.0, max(0.0, math.log10(max(ms, FLOOR_MS) / FLOOR_MS) / math.log10(top / FLOOR_MS)))


def ticks(seconds: float, most: int) -> list[float]:
    """Round numbers of seconds from 0 on, at most so many."""
    if seconds <= 0:
        return [0.0]
    step = 10.0 ** math.floor(math.log10(seconds))
    step = next((s for s in (step / 10, step / 5, step / 2, step, 2 * step, 5 * step) if seconds / s <= most - 1),
                10 * step)
    return [step * n for n in range(int(seconds / step + 1e-9) + 1)]


def lanes(faults: Sequence[Stretch], width: Callable[[Stretch], tuple[float, float]], most: int
          ) -> tuple[list[list[Stretch]], int]:
    """Faults in rows where no two run into each other, and how many had no room; `width`: from where to where."""
    rows: list[list[Stretch]] = []
    left = 0
    for fault in sorted(faults, key=lambda f: f.start):
        row = next((r for r in rows if width(r[-1])[1] <= width(fault)[0]), None)
        if row is not None:
            row.append(fault)
        elif len(rows) < most:
            rows.append([fault])
        else:
            left += 1
    return rows, left


def thinned(marks: Sequence[Mark], most: int) -> list[Mark]:
    """At most so many marks: of each stretch the worst, so that no failure and no peak gets lost."""
    if len(marks) <= most:
        return list(marks)
    size = math.ceil(len(marks) / most)
    return [worst(marks[n:n + size]) for n in range(0, len(marks), size)]


def worst(marks: Sequence[Mark]) -> Mark:
    """What went most wrong; of equals the slowest."""
    return max(marks, key=lambda mark: (_RANK[mark.became], mark.ms))


def duration(ms: float) -> str:
    """`402 ms`, `1.25 s`."""
    return f"{ms:.0f} ms" if ms < 999.5 else f"{ms / 1000:.3g} s"


def summary(timeline: Timeline) -> str:
    """One line in figures: calls by outcome, the slowest, what the counterparty saw."""
    tally = timeline.tally
    if not tally.get("calls"):
        return "no calls were recorded"
    counts = ", ".join(f"{tally[kind.value]:.0f} {SAID[kind]}" for kind in Became if tally[kind.value])
    slo = f" (SLO {duration(timeline.slo_ms)}; {tally['late']:.0f} later)" if timeline.slo_ms else ""
    failed = f", {tally['attempts_failed']:.0f} failed" if tally["attempts_failed"] else ""
    attempts = f"; {tally['attempts']:.0f} {timeline.seen_by}{failed}" if timeline.channel else ""
    return (f"{tally['calls']:.0f} calls: {counts}; the slowest took {duration(tally['slowest_ms'])}{slo}{attempts}")
