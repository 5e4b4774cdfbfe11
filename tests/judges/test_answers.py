"""Single answers: status and code, refusals, repeats, members; busy and silent subjects decide nothing."""

import pytest

from harness.judges.answers import answered, equal, refused, same_result
from harness.judges.money import unmoved
from harness.judges.pagination import one_walk
from harness.judges.security import leaks_nothing, unchanged
from harness.model.profile import ContractProfile


def said(make, code_of_http, **body):
    return make.exchange(status=code_of_http, body=body)


@pytest.mark.parametrize(("status", "wanted"), [
    (200, "pass"), (201, "fail"), (404, "fail"), (500, "fail"), (429, "inconclusive"), (503, "inconclusive")])
def test_answered_wants_its_status(make, status, wanted):
    one = said(make, status)
    assert make.outcome(answered(one, 200), one) == wanted


def test_answered_wants_its_code_and_takes_busy_where_it_is_asked_for(make):
    one = said(make, 503, code="FEATURE_DISABLED")
    assert make.outcome(answered(one, 503, code="FEATURE_DISABLED"), one) == "pass"
    other = said(make, 404, code="GONE")
    assert make.outcome(answered(other, 404, code="NOT_FOUND"), other) == "fail"
    assert make.outcome(answered(said(make, 204)), said(make, 204)) == "inconclusive", "not in this history"


@pytest.mark.parametrize(("status", "code", "wanted"), [
    (422, "INSUFFICIENT_FUNDS", "pass"), (422, "OTHER", "fail"), (400, "INSUFFICIENT_FUNDS", "fail"), (200, "", "fail"),
    (500, "INTERNAL", "fail"), (429, "RATE_LIMITED", "inconclusive"), (503, "", "inconclusive")])
def test_refused_wants_its_status_and_code(make, status, code, wanted):
    one = said(make, status, code=code)
    assert make.outcome(refused(one, 422, code="INSUFFICIENT_FUNDS"), one) == wanted


@pytest.mark.parametrize(("status", "wanted"), [
    (400, "pass"), (422, "pass"), (302, "fail"), (204, "fail"), (500, "fail")])
def test_refused_alone_means_any_4xx(make, status, wanted):
    one = said(make, status)
    assert make.outcome(refused(one), one) == wanted


@pytest.mark.parametrize(("later", "wanted"), [
    ([(200, {"id": "a", "balance": 1})], "pass"), ([(200, {"balance": 1, "id": "a"})], "pass"),
    ([(200, {"id": "b", "balance": 1})], "fail"), ([(200, {"id": "a"})], "fail"),
    ([(201, {"id": "a", "balance": 1})], "fail"),
    ([(200, {"id": "a", "balance": 1, "extra": None})], "fail"), ([(409, {"code": "IN_PROGRESS"})], "fail"),
    ([(503, {})], "inconclusive"), ([(503, {}), (200, {"id": "b", "balance": 1})], "fail"),
    ([(200, {"id": "a", "balance": 1}), (429, {})], "inconclusive"), ([(200, None)], "fail")])
def test_repeats_equal_the_first(make, later, wanted):
    first = said(make, 200, id="a", balance=1)
    repeats = [make.exchange(status=status, body=body) for status, body in later]
    assert make.outcome(same_result(first, *repeats), first, *repeats) == wanted


def test_a_member_may_be_left_out_of_the_comparison(make):
    first, later = said(make, 200, id="a", balance=1), said(make, 200, id="a", balance=2)
    assert make.outcome(same_result(first, later, but=("balance",)), first, later) == "pass"


@pytest.mark.parametrize(("status", "value", "wanted"), [
    (200, "completed", "pass"), (200, "open", "fail"), (200, None, "fail"), (404, None, "fail"),
    (500, None, "inconclusive"), (502, "completed", "inconclusive"), (429, None, "inconclusive"),
    (503, None, "inconclusive")])
def test_a_member_that_cannot_be_read_accuses_nobody(make, status, value, wanted):
    one = said(make, status, **({"status": value} if value else {}))
    assert make.outcome(equal(one, "status", "completed"), one) == wanted


def test_equal_knows_types(make):
    one = said(make, 200, n=1)
    assert make.outcome(equal(one, "n", True), one) == "fail"
    assert make.outcome(equal(one, "n", 1), one) == "pass"


@pytest.mark.parametrize("failure", ["timeout", "connect", "too_large"])
def test_silence_decides_nothing(make, failure):
    one, silent = said(make, 200), make.exchange(failure=failure)
    for draft in (answered(silent), refused(silent), equal(silent, "x", 1), same_result(one, silent)):
        assert make.outcome(draft, one, silent) == "inconclusive"


def test_hostile_answers_are_judged_without_falling(make, hostile):
    one, first = make.exchange(body=hostile), said(make, 200, id="a")
    for draft in (answered(one, 200, code="X"), refused(one), equal(one, "status", "completed"),
                  same_result(first, one)):
        assert make.outcome(draft, one, first) == "fail"


@pytest.mark.parametrize(("options", "owner"), [({"status": 429}, "subject"), ({"status": 500}, "subject"),
                                                ({"failure": "timeout"}, "environment")])
def test_what_could_not_be_told_is_the_subjects_where_it_answered(make, options, owner):
    before, after = make.exchange(body={"status": "x", "amount": 1}), make.exchange(**options)
    money = make.exchange(body={"balances": [{"amount": 1, "currency": "EUR"}]})
    drafts = [unmoved(money, after), one_walk([after], limit=5, key="event_id")]
    if options.get("status") != 500:  # which these two take for an answer
        drafts += [unchanged(before, after), leaks_nothing([after], ids=["x"])]
    for draft in drafts:
        finding = make.verdict(draft, before, money, after)
        assert (finding.outcome.value, finding.owner.value) == ("inconclusive", owner), draft.judge


@pytest.mark.parametrize(("key", "profile", "says"), [
    ("k-1", "replay", "asked for the same again under the same key, it answered 409 DUPLICATE"),
    ("k-1", "own_code", 'under the same key (duplicate_answer = "own_code" is for a known id under a new key), it'),
    ("k-2", "own_code", "asked for the same again, it answered 409 DUPLICATE")])
def test_a_repeat_that_is_refused_tells_what_was_asked(make, key, profile, says):
    first = make.exchange("POST", operation="authorizeBet", headers={"X-Idempotency-Key": "k-1"})
    again = make.exchange("POST", status=409, body={"code": "DUPLICATE"}, headers={"X-Idempotency-Key": key})
    found = make.verdict(same_result(first, again), first, again, profile=ContractProfile(duplicate_answer=profile))
    assert found.outcome.value == "fail"
    assert says in found.message
    assert (found.expected, found.seen) == ("200, as the first time", "409 DUPLICATE")
