"""PACT-02, what the platform takes by its own pacts: red for what it refuses, and never green on nothing."""

import pytest

from harness.judges.pact_messages import promises_taken
from harness.judges.pacts import pacts_verified
from harness.model.outcome import Owner, Reason
from harness.model.pact_record import Became, InteractionResult, Mismatch, PactRecord

NAME = "platform → rgs-events: the event rg.reality_check"


@pytest.fixture
def judged(make):
    def of(*answers):
        sent = [make.exchange("POST", "/v1/inbox/events", operation="publishEvent", **answer) for answer in answers]
        return make.verdict(promises_taken([(NAME, e) for e in sent]), *sent), sent
    return of


@pytest.mark.parametrize("answer", [{"status": 202, "body": {"status": "accepted"}}, {"status": 200}, {"status": 204}])
def test_what_is_taken_is_green(judged, answer):
    found, sent = judged(answer)
    assert (found.outcome.value, found.exchanges) == ("pass", (sent[0].id,))


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_what_is_refused_is_red_and_named(judged, status):
    found, sent = judged({"status": 202}, {"status": status})
    assert found.outcome.value == "fail"
    assert found.message.startswith(f"{NAME}: it was not taken: {status}")
    assert found.exchanges == (sent[1].id,)


@pytest.mark.parametrize(("answer", "reason", "owner"), [
    ({"failure": "timeout"}, Reason.NO_ANSWER, Owner.ENVIRONMENT), ({"status": 503}, Reason.NO_ANSWER, Owner.SUBJECT),
    ({"status": 429}, Reason.NO_ANSWER, Owner.SUBJECT), ({"status": 401}, Reason.SETUP_FAILED, Owner.SUBJECT)])
def test_what_tells_nothing_is_inconclusive(judged, answer, reason, owner):
    found, _ = judged({"status": 202}, answer)
    assert (found.outcome.value, found.reason, found.owner) == ("inconclusive", reason, owner)


def test_nothing_published_is_no_pass(judged):
    assert judged()[0].outcome.value == "inconclusive"


def test_a_publication_that_the_journal_lacks_is_no_pass(make):
    sent = make.exchange(status=202)
    assert make.outcome(promises_taken([(NAME, sent)])) == "inconclusive"


# -- what it sends: the same judge as PACT-01, over results of messages ---------------------------------------
def result(became, **more):
    return InteractionResult(consumer="rgs", provider="platform-events", source="x", kind="message", became=became,
                             description="the event bet.settled", path="in a webhook", **more)


def verified(make, *results, **more):
    record = PactRecord(id="p", check="c", sources=("x",), results=results, **more)
    return make.verdict(pacts_verified("p"), pacts=(record,))


def test_verified_messages_are_green(make):
    assert verified(make, result(Became.VERIFIED)).outcome.value == "pass"


def test_a_message_that_its_consumer_cannot_read_is_red_and_says_where(make):
    wrong = Mismatch(kind="body", path="$.data.win.amount", expected="1500", actual='"1500"', says="an integer")
    found = verified(make, result(Became.VERIFIED), result(Became.MISMATCHED, mismatches=(wrong,)))
    assert found.outcome.value == "fail"
    assert "the event bet.settled in a webhook" in found.message
    assert "$.data.win.amount" in found.expected


def test_a_type_that_was_not_seen_is_inconclusive_and_named(make):
    missing = result(Became.NOT_PRODUCED, why="no event of type bet.settled was seen in a webhook",
                     blame=Owner.SUBJECT.value)
    found = verified(make, result(Became.VERIFIED), missing)
    assert (found.outcome.value, found.reason) == ("inconclusive", Reason.NO_SAMPLES)
    assert "bet.settled was seen in a webhook" in found.message


def test_no_messages_are_no_pass(make):
    assert verified(make).outcome.value == "inconclusive"
