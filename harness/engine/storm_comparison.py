"""Two storms side by side: what changed, and whether chance alone explains it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum

from harness.engine.storm_figures import stretches
from harness.model.chance import count_bounds, share_bounds, worth
from harness.model.storm import StormPlan
from harness.model.storm_figures import SHARES, Percentile, Storm


class Change(Enum):
    """What can be said of a figure: a difference counts where the 95 % intervals of both do not overlap."""

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
    told: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two storms of one name."""

    storm: str
    different: tuple[str, ...]
    """How their plans differ, in words; () for the same plan."""
    earlier_tired: str
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
    rows = [_compared(name, "ms", _percentile(earlier.latency.percentiles.get(name)),
                      _percentile(now.latency.percentiles.get(name))) for name in SHARES]
    rows += [_compared("failed", "share", _share(earlier, "failed"), _share(now, "failed")),
             _compared("shed", "share", _share(earlier, "shed"), _share(now, "shed")),
             _compared("rate", "rounds/s", _rate(earlier), _rate(now))]
    if earlier.tired or now.tired:  # neither accuses nor absolves
        rows = [replace(row, told=Change.UNTOLD) for row in rows]
    return Comparison(storm=now.check, rows=tuple(rows), earlier_tired=earlier.tired, now_tired=now.tired,
                      different=differences(earlier.record.plan, now.record.plan))


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


def _compared(name: str, unit: str, earlier: Measured | None, now: Measured | None) -> Compared:
    told, change = Change.UNTOLD, None
    if earlier and now:
        change = now.value / earlier.value - 1 if earlier.value else None
        if now.low is not None and earlier.high is not None and now.low > earlier.high:
            told = Change.HIGHER
        elif now.high is not None and earlier.low is not None and now.high < earlier.low:
            told = Change.LOWER
    return Compared(name=name, unit=unit, earlier=earlier, now=now, told=told,
                    change=None if change is None else round(change, 4))


def _percentile(found: Percentile | None) -> Measured | None:
    return None if found is None else Measured(value=found.ms, low=found.low_ms, high=found.high_ms)


def _share(storm: Storm, kind: str) -> Measured | None:
    """Of the calls; those that failed together in one stretch count as what they are worth."""
    if not storm.counted.calls:
        return None
    number = storm.counted.shed if kind == "shed" else storm.counted.failures
    share = number / storm.counted.calls
    bounds = share_bounds(share, worth([(part.asked, getattr(part, kind))
                                        for part in stretches(storm.record.result.tally)]))
    low, high = bounds or (None, None)
    return Measured(value=share, low=low, high=high)


def _rate(storm: Storm) -> Measured:
    low, high = count_bounds(storm.begun)
    return Measured(value=storm.begun_rate, low=low / storm.seconds, high=high / storm.seconds)
