"""Are retries spaced? Legal schedules are never red, whatever chance makes of them; those that stand still are."""

import random
from collections import Counter

import pytest

from harness.judges.spacing import spacing

TRIALS = 25


def around(share, *bases):
    return lambda chance: [base * chance.uniform(1 - share, 1 + share) for base in bases]


def full_jitter(growth, count, base=0.04):
    return lambda chance: [chance.uniform(0, base * growth**n) for n in range(count)]


def decorrelated(chance):
    gaps = [1.0]
    for _ in range(6):
        gaps.append(min(60.0, chance.uniform(1, 3 * gaps[-1])))
    return gaps[1:]


def judged(schedule, count, *, seed=0, noise=0.0005, **options):
    chance = random.Random(seed)
    return spacing([schedule(chance) for _ in range(count)], noise_seconds=noise, exchanges=["w1"], **options)


def outcomes(schedule, count):
    return Counter(judged(schedule, count, seed=seed).outcome.value for seed in range(TRIALS))


@pytest.mark.parametrize(("schedule", "count"), [
    (full_jitter(2, 6), 24), (full_jitter(2, 2), 32), (full_jitter(1.5, 6), 24), (full_jitter(1.5, 2), 24),
    (decorrelated, 24), (around(0.2, 1, 1, 2, 4, 8, 16), 24),
    (lambda c: [c.uniform(0, b) for b in (1, 2, 4, 4, 4)], 24), (around(0.5, 0.04, 0.08), 32),
    (around(0.2, 5, 10, 15, 20), 24)])
def test_no_schedule_that_grows_is_red(schedule, count):
    found = outcomes(schedule, count)
    assert not found["fail"]
    assert found["pass"], found


@pytest.mark.parametrize(("schedule", "count"), [
    (around(0.1, 0.04, 0.04), 32), (around(0.1, *[1.0] * 6), 24), (around(0.2, 0.04, 0.04), 32),
    (around(0.5, 0.08, 0.04), 32), (lambda _: [0.04, 0.08], 32), (lambda c: [c.uniform(0.0005, 0.003)], 32),
    (lambda c: [c.uniform(0.0005, 0.003), c.uniform(0.0005, 0.003)], 32)])
def test_what_stands_still_is_in_step_or_waits_for_nothing_is_red(schedule, count):
    assert outcomes(schedule, count) == {"fail": TRIALS}


def test_a_finding_tells_how_many_gaps_and_how_sure():
    found = judged(around(0.1, 1, 1), 24)
    assert "95 % confidence, 24 and 24 gaps" in found.message
    assert found.measured["samples"] == [24, 24]
    low, high = judged(around(0.1, 1, 2), 24).measured["growth"]
    assert 1.8 < low < high < 2.2


@pytest.mark.parametrize(("schedule", "noise"), [
    (lambda c: [c.uniform(0.004, 0.009)], 0.0003), (lambda c: [c.uniform(0.0005, 0.003)], 0.002),
    (lambda c: [c.uniform(0.008, 0.022)], 0.003)])
def test_a_short_gap_may_be_no_more_than_the_way_there(schedule, noise):
    found = judged(schedule, 32, noise=noise)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "environment"), found.message


def test_gaps_that_might_grow_are_not_green():
    found = judged(lambda c: [c.uniform(0, 0.04), c.uniform(0, 0.05)], 24)
    assert (found.outcome.value, found.reason.value) == ("inconclusive", "no_samples"), found.message


@pytest.mark.parametrize(("seconds", "outcome"), [(0, "pass"), (3, "pass"), (12, "inconclusive"), (21, "inconclusive"),
                                                  (30, "fail")])
def test_where_many_have_no_second_retry_the_longest_gaps_may_be_missing(seconds, outcome):
    chance = random.Random(3)
    gaps = [[chance.uniform(0.04, 0.06) for _ in range(2 if n < seconds else 1)] for n in range(32)]
    found = spacing(gaps, noise_seconds=0.0005, exchanges=["w1"])
    assert found.outcome.value == outcome, found.message


def test_the_first_gaps_of_a_longer_schedule_do_not_tell_that_it_never_grows():
    found = judged(around(0.1, 5, 5), 24, cut_off="wait longer")
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")
    assert "wait longer" in found.message
    assert judged(around(0.1, 5, 10), 24, cut_off="wait longer").outcome.value == "pass"
    assert judged(lambda _: [5, 10], 24, cut_off="wait longer").outcome.value == "fail", "in step all the same"
