"""Figures of storms from the history alone, and two of them side by side."""

import dataclasses
import json

import pytest

from harness.content.catalogue import load_catalogue
from harness.content.folders import shipped
from harness.engine.planning import make_plan
from harness.engine.scoring import score
from harness.engine.storm_comparison import Change, compare, pairs
from harness.engine.storm_figures import figures, storms, stretches
from harness.model.claim import Claim
from harness.model.control import Level
from harness.model.history import CheckRecord, History
from harness.model.outcome import Outcome
from harness.model.plan import Check
from harness.model.profile import Target
from harness.model.scorecard import RunFacts, plain
from harness.model.storm import Mix
from tests.storm_made import CHECK, OPERATIONS, RATE, SECONDS, made_storm, made_tally


@pytest.fixture
def scored_storms():
    """scored_storms(*records) -> storms of a scorecard, each judged by its objectives."""
    def make(*records):
        catalogue = load_catalogue(shipped("suites") / "checklist.toml")
        target = Target(name="t", base_url="http://x", sandbox=True, level=Level.BUILT)
        plan = make_plan(catalogue=catalogue, checks=(Check(id=CHECK, path="/x", controls=("LOAD-01",)),),
                         target=target, contract={}, level=Level.BUILT, seed=1)
        claims = tuple(Claim(id=f"{CHECK}#{n}", check=CHECK, control="LOAD-01", judge="objectives_kept", says="kept",
                             over=(), params={"storm": record.id}) for n, record in enumerate(records))
        history = History(storms=records, claims=claims,
                          checks=(CheckRecord(check=CHECK, controls=("LOAD-01",), ended="finished"),))
        facts = RunFacts(run_id="r", target="t", base_url="http://x", seed=1, plan_digest="d", catalogue_digest="d",
                         contract="1.7", version="0", started_at="", seconds=1.0, asked=Level.BUILT)
        return score(catalogue=catalogue, plan=plan, history=history, run=facts).storms

    return make


def of(**changes):
    return figures(made_storm(**changes), {})


def test_rates_counts_and_percentiles_are_those_of_the_tally():
    storm = of(shed=4, failed=3)
    assert (storm.planned, storm.begun, storm.asked_rate) == (SECONDS * RATE, SECONDS * RATE, 50.0)
    assert (storm.name, storm.shape, storm.players, storm.peak_rate) == ("BURST", "constant rate", 7, 50)
    counted = storm.counted
    assert (counted.calls, counted.ok, counted.refused, counted.shed) == (1_200, 1_193, 0, 4)
    assert (dict(counted.failed), counted.failures) == ({"500": 3}, 3)
    assert [one.operation for one in storm.operations] == list(OPERATIONS)
    assert [dict(one.counted.failed) for one in storm.operations] == [{"500": 3}, {}]
    assert storm.latency.percentiles["p50"].ms == pytest.approx(4.0, rel=0.03)
    assert storm.latency.max_ms == pytest.approx(5.92)
    assert [name for name, p in storm.latency.percentiles.items() if not p.enough] == ["p99.9"]
    assert storm.lag.percentiles["p50"].ms < 0.2
    assert storm.tired == ""


def test_a_stall_shows_from_the_intended_start_and_not_to_a_naive_clock():
    storm = of(stall=6)
    assert storm.latency.percentiles["p95"].ms > 500
    assert storm.naive.percentiles["p99.9"].ms <= 4.0
    assert [second.second for second in storm.series if second.p99_ms > 100] == [6]
    assert storm.latency.percentiles["p95"].low_ms < 10, "one stall is one piece of luck, however many calls met it"


def test_the_series_has_each_second():
    storm = of(shed=4, failed=3, failure="timeout")
    assert len(storm.series) == SECONDS
    fifth = storm.series[5]
    assert (fifth.second, fifth.asked, fifth.answered, fifth.shed, fifth.failed) == (5, 100, 97, 4, 3)
    assert fifth.in_flight == 7


def test_stretches_are_few_and_lose_nothing():
    tally = made_tally(seconds=61, rate=3)
    found = stretches(tally, 4)
    assert list(found) == list(range(16))
    assert sum(part.latency.count for part in found.values()) == tally.latency_of_all().count
    assert stretches(made_tally(seconds=0), 4) == {}


def test_a_storm_in_which_nothing_was_answered_has_no_percentiles():
    record = made_storm(seconds=1)
    empty = figures(dataclasses.replace(record, result=dataclasses.replace(record.result, tally=made_tally(seconds=0),
                                                                           begun=b"")), {})
    assert (empty.latency.percentiles, empty.latency.max_ms, empty.series, empty.begun) == ({}, 0.0, (), 0)
    assert empty.tired == "no call was made"
    json.dumps(plain(empty), allow_nan=False)


def test_objectives_that_this_release_cannot_read_are_left_out():
    assert of(objectives=("p95 < 400ms", "p95 are nice")).objectives == ("p95 < 400ms",)


def test_a_tired_generator_is_said_with_the_figures():
    assert "97% of a core" in of(busiest=0.97).tired


def test_the_scorecard_has_the_storms_with_what_was_found_on_each_alone(scored_storms):
    first, second = scored_storms(*(made_storm(storm_id=f"storm-{n}", stall=stall, objectives=("p95 < 400ms",))
                                    for n, stall in ((1, None), (2, 6))))
    assert (first.id, dict(first.outcomes)) == ("storm-1", {"LOAD-01": Outcome.PASS})
    assert (second.id, dict(second.outcomes)) == ("storm-2", {"LOAD-01": Outcome.FAIL})


def test_storms_stand_by_check():
    found = storms(History(storms=(made_storm(check="b::B"), made_storm(check="a::A", storm_id="storm-2"))),
                   {"storm-2": {"LOAD-01": Outcome.PASS}})
    assert [(s.check, dict(s.outcomes)) for s in found] == [("a::A", {"LOAD-01": Outcome.PASS}), ("b::B", {})]
    assert storms(History(), {}) == ()


# -- side by side --------------------------------------------------------------------------------------
def told(comparison):
    return {row.name: row.told for row in comparison.rows}


def test_the_same_storm_twice_has_no_difference():
    found = compare(of(), of(seed=2))
    assert found.different == ()
    assert set(told(found).values()) == {Change.UNTOLD}
    assert {row.change for row in found.rows} <= {0.0, None}


def test_a_target_that_became_slower_is_told():
    found = compare(of(), of(factor=1.5))
    assert told(found) == {"p50": Change.HIGHER, "p95": Change.HIGHER, "p99": Change.HIGHER, "p99.9": Change.UNTOLD,
                           "failed": Change.UNTOLD, "shed": Change.UNTOLD, "rate": Change.UNTOLD}
    assert found.rows[0].change == pytest.approx(0.5, abs=0.02)
    assert told(compare(of(factor=1.5), of()))["p99"] is Change.LOWER


def test_what_changes_from_second_to_second_anyway_is_no_difference():
    assert told(compare(of(swing=20), of(swing=24)))["p50"] is Change.UNTOLD


def test_nothing_is_told_more_exactly_than_histograms_count():
    alike = [of(rate=2_000, seconds=20, factor=factor) for factor in (1.0, 1.003)]
    assert set(told(compare(*alike)).values()) == {Change.UNTOLD}


def test_a_stall_that_one_of_two_storms_met_is_no_difference():
    found = compare(of(seconds=60), of(seconds=60, stall=30))
    assert found.rows[2].now.value > 20 * found.rows[2].earlier.value, "of p99"
    assert found.rows[2].by_luck == 1.0
    assert told(found)["p99"] is Change.UNTOLD


def test_failures_are_told_where_they_are_more_than_chance():
    few, many = compare(of(), of(failed=1)), compare(of(rate=200, names=OPERATIONS * 4), of(rate=200, failed=1))
    assert told(few)["failed"] is Change.UNTOLD
    assert told(many)["failed"] is Change.UNTOLD, "forty failures in one second are one event"
    record = made_storm()
    for part in record.result.tally.seconds.values():
        part.failed = 8
    assert 0.06 < compare(of(), figures(record, {})).rows[4].now.low < 0.08
    record.result.tally.outcomes["authorizeBet"] = {"200": 504, "500": 96}
    assert told(compare(of(), figures(record, {})))["failed"] is Change.HIGHER


def test_a_tired_generator_tells_no_difference():
    found = compare(of(), of(factor=3.0, busiest=0.97))
    assert set(told(found).values()) == {Change.UNTOLD}
    assert "97%" in found.now_tired
    assert found.earlier_tired == ""


@pytest.mark.parametrize(("changes", "says"), [
    ({"rate": 60}, "rounds/s 50 and 60"), ({"seconds": 13}, "seconds 12 and 13"), ({"players": 8}, "players 7 and 8"),
    ({"mix": Mix(duplicates=0.5)}, "duplicates 0 and 0.5")])
def test_plans_that_ask_for_another_load_are_named(changes, says):
    found = compare(of(), of(**changes))
    assert found.different == (says,)
    assert compare(of(), of(seed=9)).different == ()


def test_storms_are_paired_by_check_in_their_order():
    one, two, other = of(), of(storm_id="storm-2"), of(check="c::OTHER")
    again = of(storm_id="storm-3")
    assert [(a.id, b.id) for a, b in pairs([one, other], [again, two])] == [("storm-1", "storm-3")]
    assert pairs([other], [one]) == []
    assert one.check == CHECK
