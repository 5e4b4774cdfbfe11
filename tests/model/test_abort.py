"""What stopped a storm, read again from what was told, and which promises it breaks."""

import pytest

from harness.model.abort import AbortWatch, aborted_by, implies
from harness.model.slo import objective
from harness.model.tally import Tally


@pytest.mark.parametrize("text", ["p95 < 2s", "settleBet p99.9 <= 1s", "errors < 20%", "mean < 5ms"])
def test_the_objective_is_read_again_from_what_was_told(text):
    assert aborted_by(f"{text}: 3.4 s, for 10 s, 23 s into the storm") == objective(text)


@pytest.mark.parametrize("text", ["", "it broke off", "no objective: 5"])
def test_what_is_no_objective_is_none(text):
    assert aborted_by(text) is None


def test_seconds_without_calls_miss_nothing():
    watch = AbortWatch(["p95 < 1ms", "errors < 0.01%", "max < 1ms", "mean < 1ms", "shed < 1%"], 0.0)
    assert [watch.look(second, Tally()) for second in range(100)] == [""] * 100


@pytest.mark.parametrize(("missed", "other", "so"), [
    ("p95 < 2s", "p95 < 2s", True), ("p95 < 2s", "p95 < 400ms", True), ("p95 < 400ms", "p95 < 2s", False),
    ("p95 < 2s", "p99 < 1s", True), ("p95 < 2s", "max < 2s", True), ("p95 < 2s", "p99 < 3s", False),
    ("p99 < 2s", "p95 < 1s", False), ("p95 <= 2s", "p95 < 2s", True), ("p95 < 2s", "p95 <= 2s", False),
    ("p95 <= 2s", "p95 <= 2s", True), ("errors < 20%", "errors < 0.1%", True), ("errors < 1%", "errors < 5%", False),
    ("errors < 20%", "shed < 0.1%", False), ("errors < 20%", "p95 < 1ms", False), ("mean < 2s", "mean < 1s", True),
    ("mean < 2s", "p95 < 1s", False), ("settleBet p95 < 2s", "p95 < 1s", False),
    ("p95 < 2s", "settleBet p95 < 1s", False), ("settleBet p95 < 2s", "settleBet p95 < 1s", True)])
def test_a_looser_objective_that_is_missed_breaks_the_tighter_ones(missed, other, so):
    assert implies(objective(missed), objective(other)) is so
