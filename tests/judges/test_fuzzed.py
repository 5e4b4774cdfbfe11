"""CONT-03: what is wrong is decided from exchanges and accuses only when it came again; nothing seen is no green."""

import pytest

from harness.judges.fuzzed import Inspection, links_followed, refusals_move_nothing, withstands
from harness.model.profile import ContractProfile

BET = {"type": "object", "required": ["bet_id", "amount"], "properties": {
    "bet_id": {"type": "string"}, "amount": {"type": "integer", "minimum": 0}}}
CONTRACT = {"openapi": "3.1.0", "paths": {"/v1/bets": {"post": {
    "operationId": "makeBet",
    "requestBody": {"required": True, "content": {"application/json": {"schema": BET}}},
    "responses": {"201": {"description": "made", "content": {"application/json": {"schema": BET}}},
                  "4XX": {"description": "no"}, "503": {"description": "later"}}}}}}
GOOD = {"bet_id": "b-1", "amount": 5}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def case(make):
    def build(status=201, sent=GOOD, body=GOOD, code="", **options):
        options = {"path": "/v1/bets", "operation": "makeBet", "sent": sent, "headers": JSON, **options}
        if code:
            return make.error(code, status, method="POST", **options)
        return make.exchange("POST", status=status, body=body, **options)

    return build


@pytest.fixture
def decide(make):
    def ask(cases, again=None, **options):
        draft = withstands("makeBet", cases, again or {}, **options)
        tries = [e for found in (again or {}).values() for e in found]
        return make.verdict(draft, *cases, *tries, contract=CONTRACT)

    return ask


DEFECTS = {
    "server error": {"status": 500, "body": {}}, "a bad gateway": {"status": 502, "body": {}},
    "unavailable without a word when to come back": {"status": 503, "body": {}},
    "invalid data accepted": {"sent": {"bet_id": "b-1", "amount": "5"}},
    "no body accepted": {"sent": None},
    "an answer that breaks its schema": {"body": {"bet_id": 7, "amount": 5}},
    "an undocumented status": {"status": 202}, "no error model": {"status": 400, "body": {"oops": 1}},
    "internals": {"status": 400, "code": "VALIDATION_FAILED", "raw": "Traceback (most recent call last):"}}


@pytest.mark.parametrize("what", [*list(DEFECTS)[:-1]])
def test_a_defect_that_came_again_on_a_fresh_session_accuses(case, decide, what):
    good, bad = case(), case(**DEFECTS[what])
    finding = decide([good, bad], {bad.id: [case(**DEFECTS[what]) for _ in range(3)]})
    assert finding.outcome.value == "fail"
    assert bad.id in finding.exchanges
    assert finding.measured["cases"] == 2
    assert finding.measured["curl"].startswith("curl ")


@pytest.mark.parametrize("what", [*list(DEFECTS)[:-1]])
def test_a_defect_that_did_not_come_again_is_told_apart(case, decide, what):
    good, bad = case(), case(**DEFECTS[what])
    finding = decide([good, bad], {bad.id: [case() for _ in range(3)]})
    assert (finding.outcome.value, finding.reason.value) == ("inconclusive", "unconfirmed_counterexample")
    assert finding.owner.value == "subject"


def test_another_defect_confirms_nothing(case, decide):
    good, bad = case(), case(**DEFECTS["server error"])
    finding = decide([good, bad], {bad.id: [case(**DEFECTS["no error model"]) for _ in range(3)]})
    assert finding.outcome.value == "inconclusive"


def test_a_defect_in_most_of_the_tries_is_confirmed_and_in_few_is_not(case, decide):
    bad = case(**DEFECTS["server error"])
    tries = [case(**DEFECTS["server error"]), case(**DEFECTS["server error"]), case()]
    assert decide([case(), bad], {bad.id: tries}).outcome.value == "fail"
    assert decide([case(), bad], {bad.id: [*tries[1:], case()]}).outcome.value == "inconclusive"


def test_all_kinds_of_an_operation_are_told_in_one_finding(case, decide):
    first, second = case(**DEFECTS["server error"]), case(**DEFECTS["invalid data accepted"])
    finding = decide([case(), first, second], {first.id: [case(**DEFECTS["server error"])],
                                               second.id: [case(**DEFECTS["invalid data accepted"])]})
    assert "server error" in finding.message
    assert "invalid data accepted" in finding.message


def test_an_operation_that_was_reached_passes_with_its_share(case, decide):
    finding = decide([case(), case(), case(400, code="VALIDATION_FAILED"), case(409, code="DUPLICATE")])
    assert finding.outcome.value == "pass"
    assert "50 %" in finding.message
    assert finding.measured == {"operation": "makeBet", "cases": 4, "reached": 2, "statuses": "2x 201, 1x 400, 1x 409"}


@pytest.mark.parametrize("cases", [[], [{"failure": "timeout"}], [{"status": 400, "code": "VALIDATION_FAILED"}]])
def test_an_operation_that_was_never_carried_out_is_not_green(case, decide, cases):
    made = [case(**options) for options in cases]
    assert decide(made).outcome.value == "inconclusive"
    assert decide(made).owner.value == "subject"
    heard = any("status" in options for options in cases)
    assert decide(made, must_reach=False).outcome.value == ("pass" if heard else "inconclusive"), "silence is no green"


def test_what_the_profile_lacks_is_the_profile_s(case, decide):
    finding = decide([case(403, code="FORBIDDEN")], why_not="no credentials for 'admin'")
    assert (finding.outcome.value, finding.owner.value) == ("inconclusive", "target profile")
    assert "no credentials for 'admin'" in finding.message


@pytest.mark.parametrize("legal", [
    {"status": 503, "code": "UPSTREAM_UNAVAILABLE", "answer": {"Retry-After": "1"}},
    {"status": 422, "code": "INSUFFICIENT_FUNDS"}, {"status": 401, "code": "AUTH_FAILED"},
    {"sent": {**GOOD, "more": 1}}, {"body": {**GOOD, "more": 1}}, {"path": "/v1/bets/other", "status": 404, "body": {}},
    {"status": 414, "body": None, "answer": {"Content-Type": "text/html"}}])
def test_what_is_legal_is_no_defect(case, legal):
    assert Inspection(CONTRACT, ContractProfile()).defect(case(**legal)) is None


def test_an_answer_that_did_not_come_whole_is_no_defect_of_its_content(case):
    inspection = Inspection(CONTRACT, ContractProfile())
    assert inspection.defect(case(failure="timeout")) is None
    assert inspection.defect(case(operation="elsewhere", status=500)) is None


# -- effects of refusals ------------------------------------------------------------------------------
@pytest.fixture
def balance(make):
    def read(amount, status=200):
        return make.exchange(body={"balances": [{"amount": amount, "currency": "EUR"}]} if status == 200 else {},
                             status=status, operation="getPlayerBalances")

    return read


def watch(before, refused, after, again=()):
    return {"before": before.id, "refused": [e.id for e in refused], "after": after.id,
            "again": [[e.id for e in tried] for tried in again]}


def test_refusals_without_effect_pass(make, case, balance):
    before, no, after = balance(5), case(400, code="VALIDATION_FAILED"), balance(5)
    assert make.outcome(refusals_move_nothing([watch(before, [no], after)]), before, no, after) == "pass"


def test_a_refusal_that_moves_money_again_accuses(make, case, balance):
    before, no, after = balance(5), case(400, code="VALIDATION_FAILED"), balance(9)
    tried = balance(9), case(400, code="VALIDATION_FAILED"), balance(13)
    finding = make.verdict(refusals_move_nothing([watch(before, [no], after, [tried])]), before, no, after, *tried)
    assert (finding.outcome.value, finding.owner.value) == ("fail", "subject")
    assert tried[1].id in finding.exchanges


@pytest.mark.parametrize("again", [(), "carried out", "nothing moved"])
def test_money_that_moved_once_is_told_apart(make, case, balance, again):
    before, no, after = balance(5), case(400, code="VALIDATION_FAILED"), balance(9)
    tried = {"carried out": [(balance(9), case(201), balance(13))],
             "nothing moved": [(balance(9), case(400, code="VALIDATION_FAILED"), balance(9))]}.get(again, [])
    finding = make.verdict(refusals_move_nothing([watch(before, [no], after, tried)]), before, no, after,
                           *(e for one in tried for e in one))
    assert (finding.outcome.value, finding.reason.value) == ("inconclusive", "unconfirmed_counterexample")


def test_nothing_watched_is_not_green(make, case, balance):
    before, after, dark = balance(5), balance(5), balance(0, status=500)
    no = case(400, code="VALIDATION_FAILED")
    assert make.outcome(refusals_move_nothing([])) == "inconclusive"
    assert make.outcome(refusals_move_nothing([watch(before, [], after)]), before, after) == "inconclusive"
    assert make.outcome(refusals_move_nothing([watch(before, [no], dark)]), before, no, dark) == "inconclusive"


# -- links --------------------------------------------------------------------------------------------
def test_a_later_call_that_worked_with_what_an_earlier_one_made_is_a_followed_link(make, case):
    made = case(body={"bet_id": "bet-77", "amount": 1})
    used = make.exchange(path="/v1/bets/bet-77", operation="getBet", body={})
    finding = make.verdict(links_followed([made, used]), made, used)
    assert finding.outcome.value == "pass"
    assert finding.measured["followed"] == ["getBet"]


def test_links_that_nobody_followed_are_not_green(make, case):
    made = case(body={"bet_id": "bet-77", "amount": 1})
    refused = make.exchange(path="/v1/bets/bet-77", operation="getBet", status=404)
    foreign = make.exchange(path="/v1/bets/bet-88", operation="getBet", body={})
    assert make.outcome(links_followed([made, refused, foreign]), made, refused, foreign) == "inconclusive"
    assert make.outcome(links_followed([])) == "inconclusive"


def test_any_answer_is_survived(make, case, hostile):
    made = case(body=hostile)
    make.verdict(links_followed([made]), made)
    again = case(body=hostile, sent=hostile)
    make.verdict(withstands("makeBet", [made], {made.id: [again]}), made, again,
                 contract={"paths": {"/v1/bets": {"post": {"operationId": "makeBet", "responses": hostile}}}})
    make.verdict(refusals_move_nothing([watch(made, [made], made)]), made)
