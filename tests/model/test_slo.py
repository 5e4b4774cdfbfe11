"""Objectives: read as people write them, measured on a tally, and refused where they could not be missed."""

import pytest

from harness.model.histogram import Histogram
from harness.model.slo import objective, objectives
from harness.model.tally import Tally, is_failure


@pytest.fixture
def tally():
    """1,000 authorizes of 1 to 1,000 ms, 100 settles of 5 ms; ten calls failed and 20 were politely refused."""
    made = Tally()
    made.latency = {"authorizeBet": Histogram(), "settleBet": Histogram()}
    made.latency["authorizeBet"].extend([ms * 1_000 for ms in range(1, 1_001)])
    made.latency["settleBet"].extend([5_000] * 100)
    made.outcomes = {"authorizeBet": {"200": 970, "503+": 20, "500": 4, "timeout": 5, "429": 1},
                     "settleBet": {"200": 100}}
    return made


@pytest.mark.parametrize(("text", "measured", "keeps"), [
    ("p95 < 400ms", 945_000, False), ("authorizeBet p50 <= 0.51s", 500_000, True),
    ("settleBet p99 < 6 ms", 5_000, True),
    ("max < 2s", 1_000_000, True), ("settleBet mean <= 5ms", 5_000, True), ("errors < 1%", 10 / 1_100, True),
    ("authorizeBet errors < 1%", 0.01, False), ("authorizeBet errors <= 1%", 0.01, True),
    ("shed < 5%", 20 / 1_100, True), ("settleBet shed <= 0%", 0.0, True)])
def test_an_objective_is_measured_and_kept_or_not(tally, text, measured, keeps):
    one = objective(text)
    value = one.measured(tally)
    assert value == pytest.approx(measured, rel=0.005)
    assert one.keeps(value) is keeps
    assert one.text == " ".join(text.split())


def test_nothing_measured_is_neither():
    for text in ("p95 < 1s", "max < 1s", "errors < 1%", "rollbackBet p50 < 1s"):
        assert objective(text).measured(Tally()) is None
        assert not objective(text).enough(Tally())


def test_a_percentile_needs_samples_beyond_it(tally):
    assert objective("p95 < 1s").enough(tally)
    assert objective("p99 < 1s").enough(tally)
    assert not objective("p99.9 < 1s").enough(tally)
    assert not objective("settleBet p95 < 1s").enough(tally)
    assert objective("errors < 1%").enough(tally)


@pytest.mark.parametrize(("text", "says"), [
    ("", "no objective"), ("p95 400ms", "no objective"), ("p95 > 400ms", "no objective"), ("p100 < 1s", "no objective"),
    ("p95 < 400", "no objective"), ("p95 < 5%", "a duration"), ("errors < 5ms", "a percentage"),
    ("errors < 200%", "kept by anything"), ("p0 < 1s", "kept by anything"), ("p95 < 1s; max < 2s", "no objective")])
def test_what_is_no_objective_is_refused_with_an_example(text, says):
    with pytest.raises(ValueError, match=f"{says}.*write `p95 < 400ms`"):
        objectives(("p95 < 1s", text))


@pytest.mark.parametrize(("value", "told"), [(1_500, "1.5 ms"), (2_340_000, "2.34 s")])
def test_durations_are_told_in_fitting_units(value, told):
    assert objective("max < 1s").told(value) == told
    assert objective("errors < 1%").told(0.0123) == "1.23%"


def test_which_ends_are_failures():
    assert [o for o in ("200", "404", "409", "429", "429+", "500", "503", "503+", "timeout") if is_failure(o)] == [
        "429", "500", "503", "timeout"]
