"""CONT-04: the one error model."""

import pytest

from harness.contracts import packs
from harness.judges.errors import UNIFIED_CODES, code_rules, one_error_model, refused_as_listed
from harness.model.profile import ContractProfile


def test_the_built_in_list_is_the_contracts(make):
    assert code_rules(packs.openapi("1.7"), ContractProfile()) == dict(UNIFIED_CODES)


def test_good_errors_hold(make):
    good = [make.error(), make.error("IN_PROGRESS", 409, retryable=True),
            make.error("RATE_LIMITED", 429, retryable=True),
            make.error("INTERNAL", 500, retryable=True), make.error("INTERNAL", 500), make.exchange(body={"code": 3})]
    found = make.verdict(one_error_model(least=5), *good)
    assert (found.outcome.value, found.measured["answers"]) == ("pass", 5)


@pytest.mark.parametrize(("body", "status", "says"), [
    ({"code": "NOT_FOUND", "message": "m", "retryable": False}, 404, "trace_id"),
    ({"code": "NOT_FOUND", "message": "m", "trace_id": "t"}, 404, "retryable"),
    ({"code": "NOT_FOUND", "retryable": False, "trace_id": "t"}, 404, "message"),
    ({"message": "m", "retryable": False, "trace_id": "t"}, 404, "code"),
    ({"code": "NOT_FOUND", "message": "m", "retryable": "no", "trace_id": "t"}, 404, "retryable"),
    ({"error": "invalid"}, 400, "code"),
    ("no", 404, "object"),
])
def test_an_incomplete_error_is_found(make, body, status, says):
    found = make.verdict(one_error_model(), make.exchange(status=status, body=body))
    assert found.outcome.value == "fail"
    assert says in f"{found.expected} {found.seen}"


@pytest.mark.parametrize(("code", "status", "retryable"), [
    ("OOPS", 400, False), ("NOT_FOUND", 400, False), ("NOT_FOUND", 404, True), ("IN_PROGRESS", 409, False),
    ("RATE_LIMITED", 429, False), ("INSUFFICIENT_FUNDS", 200, False), ("DUPLICATE", 422, False)])
def test_a_wrong_code_status_or_retryability_is_found(make, code, status, retryable):
    assert make.outcome(one_error_model(), make.error(code, status, retryable=retryable)) == "fail"


def test_the_profile_decides_the_mismatch_status(make):
    answer = make.error("IDEMPOTENCY_MISMATCH", 422)
    assert make.outcome(one_error_model(), answer) == "fail"
    profile = ContractProfile(mismatch_status=422)
    for contract in ({}, packs.openapi("1.7")):
        assert make.outcome(one_error_model(), answer, profile=profile, contract=contract) == "pass"


def test_a_contracts_own_list_counts(make):
    own = {"x-error-codes": [{"code": "MINE", "status": [400, 422], "retryable": False}, {"code": 3}, "x"]}
    assert make.outcome(one_error_model(), make.error("MINE", 422), contract=own) == "pass"
    assert make.outcome(one_error_model(), make.error(), contract=own) == "fail"


def test_no_error_is_no_proof(make):
    for quiet in ([], [make.exchange(body={})], [make.exchange(status=404, failure="timeout")],
                  [make.exchange(path="/sandbox/x", status=404, raw="no")], [make.exchange(status=504, raw="x")]):
        assert make.outcome(one_error_model(), *quiet) == "inconclusive"


def test_the_edges_refusal_of_broken_http_is_not_the_applications(make):
    plain = {"status": 400, "raw": "Bad Request", "answer": {"Content-Type": "text/plain"}}
    odd = [make.exchange(headers={"X-Odd": "a\x01b"}, **plain), make.exchange(path="/v1/bets/a%2F..%2Fb", **plain)]
    assert make.outcome(one_error_model(), *odd) == "inconclusive"
    assert make.outcome(one_error_model(), make.exchange(**plain)) == "fail"


def test_hostile_errors_never_raise(make, hostile):
    assert make.outcome(one_error_model(), make.exchange(status=422, body=hostile)) == "fail"
    assert make.outcome(one_error_model(), make.error(), contract={"x-error-codes": hostile}) in ("pass", "fail")


@pytest.mark.parametrize(("code", "status", "retryable", "wanted"), [
    ("SESSION_EXPIRED", 409, False, "pass"), ("SESSION_EXPIRED", 409, True, "fail"),
    ("SESSION_EXPIRED", 410, False, "fail"), ("INVALID_STATE", 409, False, "fail"), ("INTERNAL", 500, True, "fail"),
    ("FEATURE_DISABLED", 503, True, "inconclusive"), ("RATE_LIMITED", 429, True, "inconclusive")])
def test_a_refusal_with_one_code_is_as_the_list_says(make, code, status, retryable, wanted):
    for contract in ({}, packs.openapi("1.6"), packs.openapi("1.7")):
        answer = make.error(code, status, retryable=retryable)
        assert make.outcome(refused_as_listed(answer, "SESSION_EXPIRED"), answer, contract=contract) == wanted


def test_a_code_that_the_contract_does_not_list_is_not_asked_for(make):
    own = {"x-error-codes": {"OVER": {"status": 410, "retryable": False}}}
    for answer, wanted in ((make.error("OVER", 410), "pass"), (make.error("OVER", 410, retryable=True), "fail"),
                           (make.exchange(body={"status": "authorized"}), "fail"),
                           (make.exchange(failure="timeout"), "inconclusive")):
        assert make.outcome(refused_as_listed(answer, "SESSION_EXPIRED"), answer, contract=own) == wanted


def test_hostile_refusals_never_raise(make, hostile):
    for status in (200, 409):
        answer = make.exchange(status=status, body=hostile)
        make.verdict(refused_as_listed(answer, "SESSION_EXPIRED"), answer)
