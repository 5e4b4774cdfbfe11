"""Intervals hold what they promise, on samples whose true values are known."""

import random
from statistics import NormalDist

import pytest

from harness.model.chance import by_luck, count_bounds, rank_shares, share_bounds, worth


@pytest.mark.parametrize(("share", "number"), [(0.5, 30), (0.5, 100_000), (0.95, 500), (0.99, 2_000), (0.999, 20_000)])
def test_ranks_enclose_the_quantile_as_tightly_as_chance_allows(share, number):
    low, high = rank_shares(share, number)
    assert low < share < high
    deviation = (share * (1 - share) / number) ** 0.5
    assert share - low == pytest.approx(NormalDist().inv_cdf(0.975) * deviation, rel=0.35, abs=2 / number)
    assert high - share == pytest.approx(NormalDist().inv_cdf(0.975) * deviation, rel=0.35, abs=2 / number)


def test_known_ranks_of_the_median():
    """Tables of order statistics: of ten values the second and the ninth enclose the median with 97.9 %."""
    assert rank_shares(0.5, 10) == (0.2, 0.9)


def test_what_so_few_cannot_tell_is_said():
    low, high = rank_shares(0.999, 500)
    assert (low is not None, high) == (True, None)
    assert rank_shares(0.001, 500)[0] is None
    assert rank_shares(0.5, 3) == (None, None)
    assert rank_shares(0.5, 0) == rank_shares(0.0, 9) == rank_shares(1.0, 9) == (None, None)


def test_the_interval_of_a_percentile_holds_the_true_one_nearly_always():
    source, held = random.Random(7), 0
    for _ in range(300):
        values = sorted(source.expovariate(1.0) for _ in range(400))
        low, high = rank_shares(0.9, 400)
        held += values[round(low * 400) - 1] <= 2.302585 <= values[round(high * 400) - 1]
    assert 0.93 <= held / 300 <= 1.0


def test_calls_that_are_slow_together_are_worth_less():
    source = random.Random(3)
    alone = [(500, sum(source.random() < 0.02 for _ in range(500))) for _ in range(20)]
    together = [(500, 200 if n == 9 else 0) for n in range(20)]
    assert worth(alone) > 4_000
    assert worth(together) < 100
    assert worth([(500, 10)] * 20) == 10_000, "more evenly than chance is no more than all"


def test_too_few_stretches_tell_nothing():
    assert worth([(500, 5)] * 4) == 0
    assert worth([(0, 0)] * 9 + [(500, 5)]) == 0
    assert worth([(500, 0)] * 9) == worth([(500, 500)] * 9) == 4_500, "all alike"


def test_luck_is_how_many_ways_of_flipping_do_as_much():
    assert by_luck([1.0] * 10) == 2 / 1024
    assert by_luck([0.0, 0.0, 5.0, 0.0]) == 1.0, "one stretch makes it all"
    assert by_luck([1.0, -1.0]) == by_luck([0.0]) == by_luck([]) == 1.0
    assert by_luck([1.0, 2.0, 3.0]) == by_luck([-1.0, -2.0, -3.0]) == 2 / 8


def test_bounds_of_shares_and_counts():
    assert share_bounds(0.0, 0) is None
    low, high = share_bounds(0.0, 1_000)
    assert low == pytest.approx(0.0)
    assert high == pytest.approx(0.0038, abs=0.0001)
    low, high = share_bounds(0.5, 100)
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)
    assert count_bounds(0)[0] == 0.0
    assert count_bounds(0)[1] == pytest.approx(3.69, abs=0.15)
    assert count_bounds(100) == (pytest.approx(81.4, abs=0.3), pytest.approx(121.6, abs=0.3))
