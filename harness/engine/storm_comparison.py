"""Two storms side by side: what changed, and whether chance alone explains it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from functools import partial
from math import ceil, sqrt

from harness.engine.storm_figures import slower, span, stretches, worth_of
from harness.model.chance import by_luck, count_bounds, share_bounds
from harness.model.storm import StormPlan
from harness.model.storm_figures import SHARES, Percentile, Storm
from harness.model.tally import Slice, Tally

_STRETCHES = 16
"""Into so many stretches of time two storms are cut at most, to lay them side by side."""
_LUCK = 0.02
Count = Callable[[Slice], tuple[int, int]]
"""Of some seconds: calls, and how many of them are of the kind in question."""


class Change(Enum):
    """What can be said of a figure.

    A difference counts where the 95 % intervals of both do not overlap, and where it is not one stretch of time that
    makes it: a stall that one of two storms met may come to the other tomorrow.
    """

    HIGHER = "higher"
    LOWER = "lower"
    UNTOLD = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure, and between which values chance leaves it; None: not known."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of both storms; `unit`: "ms", "share" (0 to 1) or "rounds/s"."""

    name: str
    unit: str
    earlier: Measured | None
    now: Measured | None
    change: float | None
    """By what share of the earlier value it grew; None where that is 0 or lacking."""
    by_luck: float | None
    """How probable the stretches of time would differ so much if both were alike; None: it was not looked for."""
    told: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two storms of one name."""

    storm: str
    different: tuple[str, ...]
    """How their plans differ, in words; () for the same plan."""
    earlier_tired: str
    """Why nothing can be told of it: its generator was tired, or others kept the machine busy; "": neither."""
    now_tired: str
    rows: tuple[Compared, ...]


def pairs(earlier: Sequence[Storm], now: Sequence[Storm]) -> list[tuple[Storm, Storm]]:
    """Storms of the same check, in their order; what has no partner is left out."""
    found, rest = [], list(earlier)
    for storm in now:
        partner = next((other for other in rest if other.check == storm.check), None)
        if partner is not None:
            rest.remove(partner)
            found.append((partner, storm))
    return found


def compare(earlier: Storm, now: Storm) -> Comparison:
    """The figures of two storms, and what can be said of each."""
    different = differences(earlier.record.plan, now.record.plan)
    both = _side_by_side(earlier.record.result.tally, now.record.result.tally, alike=not different)
    rows = [_percentiles(name, both, earlier.latency.percentiles.get(name), now.latency.percentiles.get(name))
            for name in SHARES]
    rows += [_compared(kind, "share", _share(earlier, count), _share(now, count), _luck(both, count))
             for kind, count in (("failed", _failed), ("shed", _shed))]
    rows.append(_compared("rate", "rounds/s", _rate(earlier), _rate(now), None))
    weary = [storm.tired or storm.crowded for storm in (earlier, now)]
    if any(weary):  # neither accuses nor absolves
        rows = [replace(row, told=Change.UNTOLD) for row in rows]
    return Comparison(storm=now.check, rows=tuple(rows), earlier_tired=weary[0], now_tired=weary[1],
                      different=different)


def differences(earlier: StormPlan, now: StormPlan) -> tuple[str, ...]:
    """In which respects two plans ask for another load, in words; the seed and the address are none."""
    one, other = earlier.schedule, now.schedule
    found = [f"{what} {before} and {after}" for what, before, after in (
        ("seconds", f"{one.seconds:g}", f"{other.seconds:g}"), ("rounds/s", f"{one.peak:g}", f"{other.peak:g}"),
        ("spacing", one.spacing, other.spacing), ("players", str(len(earlier.seats)), str(len(now.seats))),
        ("pause", f"{earlier.pause_seconds:g} s", f"{now.pause_seconds:g} s")) if before != after]
    before, after = asdict(earlier.mix), asdict(now.mix)
    found += [f"{name} {before.get(name):g} and {after.get(name):g}" for name in after if before[name] != after[name]]
    if not found and one.phases != other.phases:
        found = ["another course of the rate"]
    return tuple(found)


def _compared(name: str, unit: str, earlier: Measured | None, now: Measured | None, luck: float | None) -> Compared:
    told, change = Change.UNTOLD, None
    if earlier and now:
        change = now.value / earlier.value - 1 if earlier.value else None
        if luck is not None and luck > _LUCK:
            told = Change.UNTOLD
        elif now.low is not None and earlier.high is not None and now.low > earlier.high:
            told = Change.HIGHER
        elif now.high is not None and earlier.low is not None and now.high < earlier.low:
            told = Change.LOWER
    return Compared(name=name, unit=unit, earlier=earlier, now=now, told=told, by_luck=luck,
                    change=None if change is None else round(change, 4))


def _side_by_side(earlier: Tally, now: Tally, *, alike: bool) -> list[tuple[Slice, Slice]]:
    """Stretches at the same time of both storms; of storms of different lengths, at the same part of each."""
    spans = [span(earlier), span(now)]
    cut = [stretches(tally, ceil((max(spans) if alike else one) / _STRETCHES))
           for tally, one in zip((earlier, now), spans, strict=True)]
    return [(cut[0].get(number, Slice()), cut[1].get(number, Slice())) for number in sorted({*cut[0], *cut[1]})]


def _luck(both: Sequence[tuple[Slice, Slice]], count: Count) -> float | None:
    """None where nothing was counted in one of them."""
    counted = [(count(earlier), count(now)) for earlier, now in both]
    before, after = (sum(pair[side][0] for pair in counted) for side in (0, 1))
    if not before or not after:
        return None
    return by_luck([now[1] / after - earlier[1] / before for earlier, now in counted])


def _percentiles(name: str, both: Sequence[tuple[Slice, Slice]], earlier: Percentile | None, now: Percentile | None
                 ) -> Compared:
    """Stretches differ by their calls that took longer than what lies between the two percentiles."""
    before, after = (None if found is None else Measured(value=found.ms, low=found.low_ms, high=found.high_ms)
                     for found in (earlier, now))
    luck = _luck(both, partial(slower, us=1000 * sqrt(earlier.ms * now.ms))) if earlier and now else None
    return _compared(name, "ms", before, after, luck)


def _failed(part: Slice) -> tuple[int, int]:
    return part.asked, part.failed


def _shed(part: Slice) -> tuple[int, int]:
    return part.asked, part.shed


def _share(storm: Storm, count: Count) -> Measured | None:
    """Of the calls; those that fared so together count as what they are worth."""
    counts = [count(part) for part in storm.record.result.tally.seconds.values()]
    calls = sum(of_all for of_all, _ in counts)
    if not calls:
        return None
    share = sum(of_kind for _, of_kind in counts) / calls
    low, high = share_bounds(share, worth_of(storm.record.result.tally, count)) or (None, None)
    return Measured(value=share, low=low, high=high)


def _rate(storm: Storm) -> Measured:
    low, high = count_bounds(storm.begun)
    return Measured(value=storm.begun_rate, low=low / storm.seconds, high=high / storm.seconds)
