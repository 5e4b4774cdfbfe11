"""PACT-01 from records alone: what mismatches is red and named, what could not be decided is nobody's pass."""

import json

import pytest

from harness.engine.records import load_history
from harness.judges.pacts import pacts_verified
from harness.model.outcome import Outcome, Owner, Reason
from harness.model.pact_record import Became, InteractionResult, LeftOut, Mismatch, PactRecord
from harness.model.profile import ContractProfile
from tests.judges.conftest import verdict

STATUS = Mismatch(kind="status", path="", expected="200", actual="409", says="expected 200 but was 409")
FIELD = Mismatch(kind="body", path="$.win.amount", expected="1500", actual='"1500"', says="Expected an integer")


def result(became=Became.VERIFIED, **changes):
    said = {"consumer": "rgs", "provider": "platform", "source": "rgs.json", "description": "settle a bet",
            "kind": "http", "exchanges": ("e1",), "controls": ("MONEY-01",), **changes}
    return InteractionResult(became=became, **said)


def judged(*results, **changes):
    record = PactRecord(id="p1", check="c", sources=("rgs.json",), results=results, **changes)
    return verdict(pacts_verified("p1"), pacts=(record,))


def test_what_every_consumer_needs_is_given():
    finding = judged(result(), result(consumer="live"), result(pending=True))
    assert finding.outcome is Outcome.PASS
    assert finding.measured == {"interactions": 2, "consumers": 2, "pending": 1, "left_out": 0}
    assert "1 pending, all verified" in finding.message


def test_a_red_names_consumer_interaction_mismatch_control_and_exchange():
    finding = judged(result(), result(Became.MISMATCHED, mismatches=(FIELD, STATUS), exchanges=("e7", "e8")),
                     result(Became.MISMATCHED, description="roll a bet back", mismatches=(STATUS,)))
    assert (finding.outcome, finding.owner) == (Outcome.FAIL, Owner.SUBJECT)
    assert finding.message.startswith("rgs → platform: settle a bet (touches MONEY-01): Expected an integer")
    assert "1 more: rgs: roll a bet back" in finding.message
    assert (finding.expected, finding.seen) == ("body $.win.amount: 1500", '"1500"')
    assert finding.exchanges[:2] == ("e7", "e8")
    assert finding.measured["touches"] == ["MONEY-01"]


def test_a_red_outranks_what_could_not_be_decided():
    finding = judged(result(Became.NOT_SET_UP, why="no"), result(Became.MISMATCHED, mismatches=(STATUS,)))
    assert finding.outcome is Outcome.FAIL


@pytest.mark.parametrize(("became", "blame", "reason", "owner"), [
    (Became.NOT_SET_UP, "target profile", Reason.SETUP_FAILED, Owner.PROFILE),
    (Became.NOT_SET_UP, "subject", Reason.SETUP_FAILED, Owner.SUBJECT),
    (Became.NO_ANSWER, "environment", Reason.NO_ANSWER, Owner.ENVIRONMENT),
    (Became.DIFFERED, "", Reason.FLAKY, Owner.ENVIRONMENT),
    (Became.NOT_VERIFIED, "harness", Reason.TOOL_UNAVAILABLE, Owner.HARNESS)])
def test_what_could_not_be_decided_is_no_pass_and_says_whose_fault_it_is(became, blame, reason, owner):
    finding = judged(result(), result(became, why="nobody can set up 'x'", blame=blame, mismatches=(STATUS,)))
    assert (finding.outcome, finding.reason, finding.owner) == (Outcome.INCONCLUSIVE, reason, owner)
    assert "nobody can set up 'x'" in finding.message


def test_pending_pacts_fail_nobody_and_are_told():
    finding = judged(result(), result(Became.MISMATCHED, pending=True, mismatches=(STATUS,)))
    assert finding.outcome is Outcome.PASS
    assert "1 pending, 1 of them not verified yet" in finding.message


@pytest.mark.parametrize(("results", "changes", "says"), [
    ((), {}, "no interaction was found: rgs.json"),
    ((result(pending=True),), {}, "all 1 interactions are pending"),
    ((), {"left_out": (LeftOut(consumer="j", description="d", why="the target does not offer jackpots"),)},
     "no interaction applies: the target does not offer jackpots"),
    ((result(),), {"problems": ("the broker at b does not answer",)}, "not every pact could be had: the broker at b")])
def test_zero_interactions_and_missing_pacts_are_no_pass(results, changes, says):
    finding = judged(*results, **changes)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert says in finding.message


def test_without_a_record_there_is_no_pass():
    assert verdict(pacts_verified("p1")).outcome is Outcome.INCONCLUSIVE


def test_a_record_comes_back_from_a_journal_as_it_was(tmp_path):
    record = PactRecord(id="p1", check="c", sources=("a",), seconds=1.5, shipped=True, problems=("p",), results=(
        result(Became.MISMATCHED, mismatches=(FIELD,), states=("s",), method="POST", path="/v1/x"),),
        left_out=(LeftOut(consumer="a", description="b", why="c"),))
    (tmp_path / "journal.jsonl").write_text(json.dumps({"k": "pacts", "t": 1, **record.to_line()}) + "\n")
    (tmp_path / "contract.json").write_text("{}")
    history, _ = load_history(tmp_path, ContractProfile())
    assert history.pacts == (record,)
