"""Arrivals: as many as asked for, when asked for, and shared among workers without a gap."""

import json
import math
from itertools import pairwise
from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.arrivals import Phase, Schedule, burst, constant, ramp, spike, stalled_quantile, steps

RATES = st.floats(0, 200)
PHASES = st.lists(st.builds(Phase, st.floats(0.1, 5), RATES, RATES), min_size=1, max_size=4).map(tuple)


def times(schedule, **share):
    return [t for _, t in schedule.times(**share)]


def in_slices(moments, seconds):
    found = [0] * seconds
    for moment in moments:
        found[min(seconds - 1, int(moment))] += 1
    return found


def test_an_even_constant_rate_is_a_metronome():
    moments = times(constant(200, 3, spacing="even"))
    assert len(moments) == 600
    assert all(b - a == pytest.approx(1 / 200) for a, b in pairwise(moments))


def test_poisson_gaps_are_exponential():
    gaps = [b - a for a, b in pairwise(times(constant(500, 40, seed=3)))]
    assert mean(gaps) == pytest.approx(1 / 500, rel=0.03)
    assert pstdev(gaps) == pytest.approx(1 / 500, rel=0.03)
    assert sum(g > 2 / 500 for g in gaps) / len(gaps) == pytest.approx(math.exp(-2), rel=0.06)


def test_the_rate_is_what_the_profile_says_over_time():
    assert in_slices(times(ramp(0, 400, 4, spacing="even")), 4) == pytest.approx([50, 150, 250, 350], abs=1)
    assert in_slices(times(spike(50, 500, 6, lasts=2, spacing="even")), 6) == pytest.approx([50, 50, 500, 500, 50, 50],
                                                                                           abs=1)
    assert in_slices(times(steps(100, 100, 3, 1, spacing="even")), 3) == pytest.approx([100, 200, 300], abs=1)
    assert in_slices(times(burst(100, 2, warm_up=1, spacing="even")), 3) == pytest.approx([50, 100, 100], abs=1)
    assert times(burst(100, 1, warm_up=0, spacing="even"))[-1] < 1


@given(PHASES, st.sampled_from(("poisson", "even")), st.integers(1, 4), st.integers(0, 99))
def test_workers_share_every_arrival_once_and_in_order(phases, spacing, workers, seed):
    schedule = Schedule(phases=phases, spacing=spacing, seed=seed)
    all_ = list(schedule.times())
    shared = sorted(a for n in range(workers) for a in schedule.times(n, workers))
    assert shared == all_
    assert [n for n, _ in all_] == list(range(len(all_)))
    assert all(a <= b + 1e-9 for (_, a), (_, b) in pairwise(all_))
    assert all(0 <= t <= schedule.seconds + 1e-9 for _, t in all_)
    if spacing == "even":
        assert abs(len(all_) - schedule.arrivals) <= 1


@given(PHASES)
def test_a_schedule_survives_the_wire_and_is_the_same_each_time(phases):
    schedule = Schedule(phases=phases, seed=11)
    again = Schedule.from_dict(json.loads(json.dumps(schedule.to_dict())))
    assert again == schedule
    assert times(again) == times(schedule)
    assert again.faster(2).arrivals == pytest.approx(2 * schedule.arrivals)


def test_a_pause_has_no_arrivals_and_what_follows_comes_in_time():
    moments = times(Schedule(phases=(Phase(1, 10, 10), Phase(2, 0, 0), Phase(1, 10, 10)), spacing="even"))
    assert in_slices(moments, 4) == [10, 0, 0, 10]


def test_rates_and_the_peak():
    schedule = spike(50, 500, 6, lasts=2)
    assert [schedule.rate_at(t) for t in (-1, 0, 2.5, 5, 6)] == [0.0, 50, 500, 50, 0.0]
    assert (schedule.peak, schedule.seconds, schedule.arrivals) == (500, 6, 1200)


@pytest.mark.parametrize("made", [lambda: Phase(0, 1, 1), lambda: Phase(1, -1, 1), lambda: Phase(1, 1, math.inf),
                                  lambda: Phase(math.nan, 1, 1), lambda: Schedule(phases=()),
                                  lambda: constant(1, 1, spacing="random"),
                                  lambda: stalled_quantile(0.9, rate_seconds=1, stall_seconds=2)])
def test_what_is_no_schedule_is_refused(made):
    with pytest.raises(ValueError, match=r"phase|spacing|stall"):
        made()


def test_what_a_stall_does_to_open_arrivals():
    """Research note, section 2: 2 s in 20 s give a p95 of about 1 s and a p99 of about 1.8 s."""
    assert stalled_quantile(0.95, rate_seconds=20, stall_seconds=2) == pytest.approx(1.0)
    assert stalled_quantile(0.99, rate_seconds=20, stall_seconds=2) == pytest.approx(1.8)
    assert stalled_quantile(0.5, rate_seconds=20, stall_seconds=2) == 0.0
