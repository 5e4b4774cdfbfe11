"""Histograms: right within their bound, merged exactly, and refused where they are none."""

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.histogram import Histogram

DURATIONS = st.lists(st.integers(0, 10**9), min_size=1, max_size=200)
SHARES = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0)


def histogram(values):
    made = Histogram()
    for value in values:
        made.add(value)
    return made


def exact(values, share):
    """The nearest rank."""
    return sorted(values)[min(len(values), max(1, math.ceil(share * len(values)))) - 1]


@given(DURATIONS)
def test_every_quantile_is_within_four_thousandths(values):
    for share, found in zip(SHARES, histogram(values).quantiles(SHARES), strict=True):
        assert found == pytest.approx(exact(values, share), rel=0.004, abs=0.01)


def test_the_tail_of_a_million_is_as_exact():
    source = random.Random(7)
    values = [int(source.lognormvariate(7, 1.5)) for _ in range(1_000_000)]
    made = histogram(values)
    for share in (0.5, 0.99, 0.9999, 1.0):
        assert made.quantile(share) == pytest.approx(exact(values, share), rel=0.004)


@given(DURATIONS, DURATIONS)
def test_merged_is_as_if_one_had_counted_all(one, other):
    merged = histogram(one)
    merged.merge(histogram(other))
    assert merged.to_line() == histogram(one + other).to_line()
    assert (merged.count, merged.largest, merged.smallest) == (len(one + other), max(one + other), min(one + other))
    assert merged.mean == pytest.approx(sum(one + other) / len(one + other))


@given(DURATIONS)
def test_it_survives_the_wire(values):
    made = histogram(values)
    again = Histogram.from_line(json.loads(json.dumps(made.to_line())))
    assert again.to_line() == made.to_line()
    again.add(5)
    assert again.count == made.count + 1


def test_an_empty_one_has_no_durations():
    empty = Histogram.from_line(Histogram().to_line())
    assert (empty.count, empty.mean, empty.quantile(0.99), empty.smallest, empty.largest) == (0, 0.0, 0.0, 0, 0)
    assert (empty.share_above(0), list(empty.curve())) == (0.0, [])
    empty.add(3)
    assert empty.smallest == 3


def test_what_is_out_of_range_counts_at_its_end():
    made = histogram([-5, 1 << 60])
    assert (made.smallest, made.largest) == (0, 1 << 40)


def test_shares_above_a_bound_and_the_curve():
    made = histogram([100, 200, 200, 50_000])
    assert made.share_above(150) == 0.75
    assert [count for _, count in made.curve()] == [1, 2, 1]


@pytest.mark.parametrize("damage", [{"b": [1, 1]}, {"n": [0]}, {"n": [1, 2]}, {"b": ["x"]}, {"b": [True]},
                                    {"sum": None}, {"max": 1, "min": 5}, {"sum": 10**6}, {"b": None}])
def test_what_is_no_histogram_is_refused(damage):
    with pytest.raises(ValueError, match=r"histogram|whole number|contradict|zip"):
        Histogram.from_line({**histogram([7]).to_line(), **damage})
    with pytest.raises(ValueError, match="no histogram"):
        Histogram.from_line({"b": [1]})
