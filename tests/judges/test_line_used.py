"""A line that the platform does not use proves nothing, whatever a witness of ours saw on it."""

import dataclasses

import pytest

from harness.judges.line_used import line_used


@pytest.fixture
def at(make):
    """at(began, ended, channel) -> an exchange of that time, in ms."""
    def place(began, ended, channel="api", **options):
        return dataclasses.replace(make.exchange("POST", **options), channel=channel, started_ns=began * 1_000_000,
                                   ended_ns=ended * 1_000_000)

    return place


def judged(make, bets, seen):
    return make.verdict(line_used(bets, seen), *bets, *seen)


def test_a_call_while_each_bet_was_under_way_is_enough(make, at):
    bets = [at(0, 20), at(30, 50)]
    found = judged(make, bets, [at(5, 10, "wallet"), at(31, 45, "wallet"), at(90, 95, "wallet")])
    assert (found.outcome.value, found.measured["bets"]) == ("pass", 2)


@pytest.mark.parametrize("calls", [[], [(60, 65)], [(5, 10)], [(25, 28), (31, 32)]])
def test_a_bet_without_a_call_is_inconclusive_by_the_profile(make, at, calls):
    found = judged(make, [at(0, 20), at(30, 50)], [at(*one, "wallet") for one in calls])
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")


def test_no_bet_or_no_answer_is_no_evidence(make, at):
    assert judged(make, [], [at(1, 2, "wallet")]).outcome.value == "inconclusive"
    assert judged(make, [at(0, 20, failure="timeout")], [at(1, 2, "wallet")]).outcome.value == "inconclusive"
