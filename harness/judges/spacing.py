"""Are retries spaced? From the gaps between tries of many operations: real pauses, growing, and not in step."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import fmean, median, quantiles
from typing import Any

from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

FEWEST = 20
"""Gaps that a word on their spread needs."""
_MISSING = 0.1
"""Where more operations than that have no such retry, the longest gaps may be the missing ones; where fewer than that
have one, it is a stray."""
_AT_ONCE, _LEAST_PAUSE = 0.005, 0.01
"""Three quarters below the first are no pause at all; below the second a pause may be no more than the way there."""
_NOISES = 10
"""A pause is longer than so many times the spread that measuring alone makes."""
_LEAST_SPREAD = 0.05
_HONEST_SPREAD = 0.2
"""Middle half of the gaps where each is spread by ±20 %, all relative; noise beyond that drowns it."""
_RESAMPLES = 1_000
_GROWTH = 1.2
_TRIMMED = 10
"""The mean leaves out one tenth at each end: a stalled machine makes a few gaps long."""


def spacing(gaps: Sequence[Sequence[float]], *, noise_seconds: float, exchanges: Sequence[str],
            cut_off: str = "") -> Finding:
    """`gaps`: of each operation the seconds from the end of a try to the start of the next, in order.

    `noise_seconds`: the spread that measuring alone makes; where it drowns honest jitter nothing is broken. Jitter is
    judged where the gaps are longest, since there it stands out most from that noise; the width of their middle half
    is bounded by resampling (95 %). Growth is that from the first gap to the last one that enough operations have,
    bounded likewise: in between schedules may well stand still, and chance makes one gap shorter than the one before.
    `cut_off`: what to do where retries were to come that nobody waited for; the growth may be in those.
    """
    by_turn = [turn for n in range(max(map(len, gaps), default=0)) if len(turn := [g[n] for g in gaps if len(g) > n])]
    told: dict[str, Any] = {"samples": [len(turn) for turn in by_turn],
                            "median_gaps_ms": [round(median(turn) * 1000, 1) for turn in by_turn]}
    if not by_turn or len(by_turn[0]) < FEWEST:
        return unknown(f"{len(by_turn[0]) if by_turn else 0} first retries are too few for a word on their spread; "
                       f"{FEWEST} are needed", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    full = [turn for turn in by_turn if len(turn) >= max(FEWEST, (1 - _MISSING) * len(by_turn[0]))]
    longest = max(full, key=median)
    middle = median(longest)
    short = middle < max(_LEAST_PAUSE, _NOISES * noise_seconds)
    if short and (at_once := _at_once(longest, noise_seconds, exchanges, told)):
        return at_once
    grown = _bounds(_ratio, full[0], full[-1]) if len(full) > 1 else None
    if grown:
        told["growth"] = [round(bound, 2) for bound in grown]
    if grown and grown[1] < _GROWTH and middle >= _LEAST_PAUSE and not cut_off:
        return broken(f"the gap before retry {len(full)} is no longer than before the first: {grown[0]:.2f}-"
                      f"{grown[1]:.2f} times as long (95 % confidence, {len(full[0])} and {len(full[-1])} gaps)",
                      exchanges=exchanges, expected=f"more than {_GROWTH} times as long",
                      seen=f"{median(full[-1]) * 1000:.0f} ms after {median(full[0]) * 1000:.0f} ms", **told)
    if (stepping := _in_step(longest, noise_seconds, exchanges, told)).outcome.value == "fail":
        return stepping
    if short:
        return unknown(f"{len(longest)} gaps of {middle * 1000:.1f} ms at the median: too short to tell a pause from "
                       "the way there", Reason.NO_SAMPLES, owner=Owner.ENVIRONMENT)
    if (unsure := _growth_unsure(by_turn, grown, cut_off)) is not None:
        return unsure
    return stepping


def _at_once(longest: Sequence[float], noise_seconds: float, exchanges: Sequence[str], told: dict[str, Any]
             ) -> Finding | None:
    """Broken where the gaps are so short, beyond noise, that nothing was waited for."""
    _, most = _bounds(_upper_quarter, longest)
    if most + 3 * noise_seconds >= _AT_ONCE:
        return None
    return broken(f"{len(longest)} retries were made at once: three quarters of the gaps are below "
                  f"{most * 1000:.1f} ms (95 % confidence)", expected=f"pauses of more than {_AT_ONCE * 1000:.0f} ms",
                  seen=f"{median(longest) * 1000:.1f} ms at the median", exchanges=exchanges, **told)


def _growth_unsure(by_turn: Sequence[Sequence[float]], grown: tuple[float, float] | None, cut_off: str
                   ) -> Finding | None:
    """Unknown where gaps may or may not grow; nothing to say where they do, or where there is one retry at most."""
    if grown is None:
        if len(by_turn) < 2 or len(by_turn[1]) <= _MISSING * len(by_turn[0]):
            return None
        return unknown(f"{len(by_turn[1])} second retries of {len(by_turn[0])} are too few to tell whether gaps grow",
                       Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    low, high = grown
    if low > 1 and high >= _GROWTH:
        return None
    told = f"the last gap is {low:.2f}-{high:.2f} times as long as the first (95 % confidence)"
    if cut_off:
        return unknown(f"{told}, and more retries were to come; {cut_off}", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    return unknown(f"{told}: too few to tell whether gaps grow", Reason.NO_SAMPLES, owner=Owner.HARNESS)


def _in_step(longest: Sequence[float], noise_seconds: float, exchanges: Sequence[str], told: dict[str, Any]) -> Finding:
    """Do the gaps spread?"""
    middle = median(longest)
    least = max(_LEAST_SPREAD * middle, noise_seconds)
    low, high = _bounds(_width, longest)
    told["spread_ms"] = [round(low * 1000, 2), round(high * 1000, 2)]
    if high < least and noise_seconds <= _HONEST_SPREAD * middle:
        return broken(f"{len(longest)} retries came in step: the middle half of the gaps spreads over at most "
                      f"{high * 1000:.1f} ms (95 % confidence)", expected=f"at least {least * 1000:.1f} ms of jitter",
                      seen=f"{low * 1000:.1f}-{high * 1000:.1f} ms around {middle * 1000:.0f} ms",
                      exchanges=exchanges, **told)
    if low < least:
        return unknown(f"{len(longest)} gaps spread over {low * 1000:.1f}-{high * 1000:.1f} ms: too few to tell jitter "
                       f"from {least * 1000:.1f} ms of noise", Reason.NO_SAMPLES, owner=Owner.ENVIRONMENT)
    return held(f"{len(longest)} gaps spread over {low * 1000:.1f}-{high * 1000:.1f} ms around "
                f"{middle * 1000:.0f} ms (95 % confidence)", exchanges=exchanges, **told)


def _bounds(figure: Callable[..., float], *samples: Sequence[float]) -> tuple[float, float]:
    """95 % bounds of a figure of the samples, by resampling with a fixed seed."""
    chance = random.Random(0)  # noqa: S311 - a verdict is the same each time
    figures = sorted(figure(*(chance.choices(s, k=len(s)) for s in samples)) for _ in range(_RESAMPLES))
    return figures[_RESAMPLES // 40], figures[-_RESAMPLES // 40]


def _width(gaps: Sequence[float]) -> float:
    low, _, high = quantiles(gaps, n=4)
    return high - low


def _upper_quarter(gaps: Sequence[float]) -> float:
    return quantiles(gaps, n=4)[2]


def _ratio(first: Sequence[float], last: Sequence[float]) -> float:
    return max(_middle(last), 0.0) / max(_middle(first), 1e-6)


def _middle(gaps: Sequence[float]) -> float:
    cut = len(gaps) // _TRIMMED
    return fmean(sorted(gaps)[cut:len(gaps) - cut])
