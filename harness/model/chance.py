"""How far chance alone may move a measured share or percentile: intervals that assume no distribution.

Calls that meet the same hiccup are slow together, so a thousand of them tell less than a thousand independent ones.
How much less is seen in how unevenly the slow ones lie over the stretches of a storm (the design effect of a cluster
sample); the interval is that of so many independent calls as they are worth. Yet a run that met no hiccup knows nothing
of hiccups: two storms differ only where most of their stretches do, and not by the luck of one (`by_luck`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt

CONFIDENCE = 0.95
LEAST_STRETCHES = 5
"""With fewer stretches of time nothing is known of how calls hang together."""
_Z = 1.959964
"""Of the normal distribution, two-sided, for 95 %."""


def rank_shares(share: float, worth: int) -> tuple[float | None, float | None]:
    """Between which shares of a sample worth so many independent values the true quantile lies, with 95 %.

    By order statistics: how many values lie below the true quantile is binomial, whatever their distribution. None
    stands for an end that so few values cannot give.
    """
    if worth < 1 or not 0 < share < 1:
        return None, None
    tail = (1 - CONFIDENCE) / 2
    low = high = -1
    for k, upto in _cumulated(worth, share):
        if upto <= tail:
            low = k + 1
        if upto >= 1 - tail:
            high = k + 1
            break
    return (low / worth if low > 0 else None), (high / worth if 0 < high <= worth else None)


def share_bounds(share: float, worth: float) -> tuple[float, float] | None:
    """Between which shares the true one lies, with 95 % (Wilson); None where nothing was counted."""
    if worth < 1:
        return None
    square = _Z * _Z / worth
    middle, half = share + square / 2, _Z * sqrt(share * (1 - share) / worth + square / worth / 4)
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def count_bounds(count: int) -> tuple[float, float]:
    """Between which numbers the true mean of a count of independent arrivals (Poisson) lies, with 95 % (Byar)."""
    above = count + 1
    low = count * (1 - 1 / (9 * count) - _Z / (3 * sqrt(count))) ** 3 if count else 0.0
    return max(0.0, low), above * (1 - 1 / (9 * above) + _Z / (3 * sqrt(above))) ** 3


def worth(stretches: Sequence[tuple[int, int]]) -> int:
    """How many independent calls those of all stretches are worth: at most as many as there are.

    `stretches`: (calls, how many of them are of the kind in question) for each stretch of time. 0 where there are too
    few stretches to tell.
    """
    known = [(calls, of_kind) for calls, of_kind in stretches if calls]
    total, number = sum(calls for calls, _ in known), len(known)
    if number < LEAST_STRETCHES:
        return 0
    share = sum(of_kind for _, of_kind in known) / total
    if not 0 < share < 1:
        return total
    spread = number / (number - 1) * sum((of_kind - share * calls) ** 2 for calls, of_kind in known) / total ** 2
    return max(1, int(total / max(1.0, _wider(number - 1) ** 2 * spread / (share * (1 - share) / total))))


def by_luck(differences: Sequence[float]) -> float:
    """How probable it is that two storms differ in sum as much as they do, if in each stretch either could be either.

    `differences`: one for each stretch, twenty at most; exact, by all ways to flip their signs.
    """
    sums = list(differences[:1]) or [0.0]
    for one in differences[1:]:
        sums = [*(known + one for known in sums), *(known - one for known in sums)]
    seen = abs(sum(differences)) - 1e-12
    return sum(abs(one) >= seen for one in sums) / len(sums)


def _wider(freedom: int) -> float:
    """By how much Student's t is wider than the normal distribution at the same confidence."""
    return 1 + (_Z ** 2 + 1) / (4 * freedom) + (5 * _Z ** 4 + 16 * _Z ** 2 + 3) / (96 * freedom ** 2)


def _cumulated(number: int, share: float) -> Sequence[tuple[int, float]]:
    """(k, P(at most k)) of the binomial distribution around its mean; beyond ten deviations nothing is left."""
    around = 10 * sqrt(number * share * (1 - share)) + 10
    first, last = max(0, int(number * share - around)), min(number, int(number * share + around))
    upto, found = 0.0, []
    for k in range(first, last + 1):
        upto += exp(lgamma(number + 1) - lgamma(k + 1) - lgamma(number - k + 1)
                    + k * log(share) + (number - k) * log(1 - share))
        found.append((k, upto))
    return found
