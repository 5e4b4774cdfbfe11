"""PACT-03: red for an operation that is used and in no pact, and never green on nothing."""

from dataclasses import replace

import pytest

from harness.contracts import packs
from harness.judges.pact_coverage import pacts_cover
from harness.model.outcome import Owner
from harness.model.pact import Pact, interactions

CONTRACT = packs.openapi("1.7")


def asked(*lines):
    listed = [{"type": "Synchronous/HTTP", "description": line, "response": {"status": 200},
               "request": dict(zip(("method", "path"), line.split(), strict=True))} for line in lines]
    document = {"consumer": {"name": "rgs"}, "provider": {"name": "platform"}, "interactions": listed}
    return interactions(Pact(consumer="rgs", provider="platform", source="x.json", document=document))


@pytest.fixture
def judged(make):
    def of(pacts, *exchanges, **options):
        return make.verdict(pacts_cover(pacts, **options), *exchanges, contract=CONTRACT)
    return of


def test_covered_traffic_is_green_and_tells_what_nobody_used(judged, make):
    found = judged(asked("GET /v1/sessions/x", "POST /v1/bets/authorize"), make.exchange())
    assert found.outcome.value == "pass"
    assert found.measured["operations"] == 1
    assert found.measured["unseen"] == ["POST /v1/bets/authorize 2xx"]


def test_an_operation_in_no_pact_is_red_and_shows_the_call(judged, make):
    call = make.exchange("POST", "/v1/bets/settle", 200, {})
    found = judged(asked("GET /v1/sessions/x"), make.exchange(), call)
    assert found.outcome.value == "fail"
    assert "1 of 2 operations that are used are in no pact: POST /v1/bets/settle" in found.message
    assert found.exchanges == (call.id,)


def test_no_interaction_is_no_pass(judged, make):
    found = judged([], make.exchange())
    assert (found.outcome.value, found.owner) == ("inconclusive", Owner.PROFILE)


def test_pacts_of_another_api_are_no_pass(judged, make):
    assert judged(asked("GET /orders/1"), make.exchange()).outcome.value == "inconclusive"


def test_no_traffic_is_no_pass(judged):
    assert judged(asked("GET /v1/sessions/x")).outcome.value == "inconclusive"


def test_calls_without_an_answer_and_those_of_bystanders_are_no_traffic(judged, make):
    nothing = [make.exchange(failure="timeout"), replace(make.exchange(), actor="observer"),
               replace(make.exchange(), actor="admin")]
    assert judged(asked("GET /v1/sessions/x"), *nothing).outcome.value == "inconclusive"


def test_only_the_named_party_counts(judged, make):
    other = replace(make.exchange("POST", "/v1/bets/settle", 200, {}), actor="other")
    assert judged(asked("GET /v1/sessions/x"), make.exchange(), other, actors=["provider"]).outcome.value == "pass"
    assert judged(asked("GET /v1/sessions/x"), make.exchange(), other).outcome.value == "fail"
