"""HOOK-01: signature, timestamp and event id of every delivery."""

import pytest

from harness.judges.webhooks import signed
from harness.model.profile import ContractProfile

EVENT = {"event_id": "ev-1", "type": "bet.settled"}


def test_good_deliveries_hold(make):
    seen = [make.webhook(EVENT), make.webhook(EVENT, facts={"age_seconds": -299.0}),
            make.webhook({}, facts={"signature": "secret_unknown"})]
    found = make.verdict(signed(seen[:1]), *seen)
    assert (found.outcome.value, found.measured["deliveries"]) == ("pass", 2)


@pytest.mark.parametrize("facts", [
    {"signature": "missing"}, {"signature": "invalid"}, {"signature": "body_only"}, {"signature": None},
    {"age_seconds": None}, {"age_seconds": "1"}, {"age_seconds": 3_600.0}, {"age_seconds": -3_600.0},
    {"event_id": ""}, {"event_id": "ev-2"}, {"event_id": None}])
def test_a_bad_delivery_anywhere_in_the_run_is_found(make, facts):
    own, other = make.webhook(EVENT), make.webhook(EVENT, facts=facts)
    found = make.verdict(signed([own]), own, other)
    assert found.outcome.value == "fail"
    assert other.id in found.exchanges


def test_the_profiles_window_and_the_clock_offset_count(make):
    late = make.webhook(EVENT, facts={"age_seconds": 400.0})
    assert make.outcome(signed([late]), late) == "fail"
    assert make.outcome(signed([late]), late, profile=ContractProfile(freshness_window_seconds=600)) == "pass"
    assert make.outcome(signed([late]), late, facts={"clock_offset_seconds": -390.0}) == "pass"
    assert make.outcome(signed([late]), late, facts={"clock_offset_seconds": "x"}) == "fail"


def test_a_clock_that_the_run_itself_moved_is_no_breach(make):
    moved = make.exchange("POST", "/sandbox/clock", body={"offset_seconds": 86_400}, started=1)
    ahead = make.webhook(EVENT, facts={"age_seconds": -86_400.0}, started=5)
    before = make.webhook(EVENT, facts={"age_seconds": -86_400.0}, started=0)
    assert make.outcome(signed([ahead]), moved, ahead) == "pass"
    assert make.outcome(signed([before]), before, moved) == "fail"


def test_no_delivery_of_ones_own_is_unknown(make):
    own, other = make.webhook(EVENT), make.webhook(EVENT)
    assert make.outcome(signed([])) == "inconclusive"
    assert make.outcome(signed([]), other) == "inconclusive"
    assert make.outcome(signed([own]), other) == "inconclusive"


def test_hostile_deliveries_never_raise(make, hostile):
    odd = make.webhook(hostile, facts={"age_seconds": hostile, "event_id": hostile, "signature": "valid"})
    assert make.outcome(signed([odd]), odd, make.exchange(path="/sandbox/clock", body=hostile)) == "fail"
