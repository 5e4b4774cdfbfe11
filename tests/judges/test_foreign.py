"""Judges for any REST API: one thing under one key, and trace headers that come back."""

import pytest

from harness.judges.foreign import echoes, same_thing

MADE = {"id": "o-1", "total": 5}


@pytest.fixture
def answers(make):
    """answers((status, body), …) -> exchanges of one operation; no body and no status: no answer."""
    def of(*each):
        return [make.exchange(method="POST", operation="makeOrder", status=status, body=body,
                              failure="" if status else "timeout") for status, body in each]

    return of


@pytest.mark.parametrize(("second", "outcome"), [
    ((201, MADE), "pass"), ((200, MADE), "pass"), ((201, {"id": "o-1", "total": 5, "at": "later"}), "pass"),
    ((201, {"id": "o-2", "total": 5}), "fail"), ((201, {"total": 5}), "fail"), ((201, None), "fail"),
    ((422, {}), "fail"), ((409, {}), "fail"), ((500, {}), "fail"), ((404, {}), "fail"),
    ((429, {}), "inconclusive"), ((0, None), "inconclusive")])
def test_a_repeat_names_what_the_first_call_made(make, answers, second, outcome):
    first, again = answers((201, MADE), second)
    assert make.outcome(same_thing(first, again), first, again) == outcome


@pytest.mark.parametrize("first", [(422, {}), (500, {}), (303, {})])
def test_a_first_call_that_was_not_carried_out_decides_nothing(make, answers, first):
    exchanges = answers(first, (201, MADE))
    found = make.verdict(same_thing(*exchanges), *exchanges)
    assert (found.outcome.value, found.reason.value) == ("inconclusive", "setup_failed")


@pytest.mark.parametrize(("rest", "outcome"), [
    (((201, MADE), (201, MADE)), "pass"), (((409, {}), (425, {})), "pass"), (((429, {}), (503, {})), "pass"),
    (((201, {"id": "o-2"}), (409, {})), "fail"), (((400, {}), (201, MADE)), "fail")])
def test_of_copies_sent_at_once_some_may_have_to_wait(make, answers, rest, outcome):
    exchanges = answers((409, {}), (201, MADE), *rest)
    assert make.outcome(same_thing(*exchanges, copies=True), *exchanges) == outcome


@pytest.mark.parametrize(("first", "again", "outcome"), [
    ({"data": {"orderId": 1}, "meta": {"request_id": "a"}}, {"data": {"orderId": 1}, "meta": {"request_id": "b"}},
     "pass"),
    ({"data": {"orderId": 1}}, {"data": {"orderId": 2}}, "fail"), ([{"id": 1}], [{"id": 2}], "fail"),
    ({"id": 1, "paid": False, "valid": 1}, {"id": 1, "paid": True, "valid": 2}, "pass"),
    ({"id": 1, "traceId": "a", "x-request-id": "a"}, {"id": 1, "traceId": "b", "x-request-id": "b"}, "pass")])
def test_things_are_told_apart_by_their_own_identifiers(make, answers, first, again, outcome):
    exchanges = answers((201, first), (201, again))
    assert make.outcome(same_thing(*exchanges), *exchanges) == outcome


@pytest.mark.parametrize(("where", "outcome"), [("/orders/1", "pass"), ("/orders/2", "fail"), (None, "fail")])
def test_a_thing_may_be_named_by_its_location_alone(make, where, outcome):
    exchanges = [make.exchange(status=201, answer={"Location": at}) for at in ("/orders/1", where)]
    assert make.outcome(same_thing(*exchanges), *exchanges) == outcome


@pytest.mark.parametrize(("where", "body", "outcome"), [
    ("/orders/1", MADE, "pass"), (None, MADE, "pass"), ("http://platform.test/orders/1", MADE, "pass"),
    ("http://[", MADE, "fail"),
    ("/orders/2", MADE, "fail"), (None, {"id": "o-2"}, "fail"), (None, {}, "fail")])
def test_a_replay_need_not_say_again_where_the_thing_is(make, where, body, outcome):
    first = make.exchange(method="POST", status=201, body=MADE, answer={"Location": "/orders/1"})
    again = make.exchange(method="POST", status=200, body=body, answer={"Location": where})
    assert make.outcome(same_thing(first, again), first, again) == outcome


@pytest.mark.parametrize(("first", "again", "outcome"), [
    (["a"], ["a"], "pass"), ({"balance": 90}, {"balance": 90}, "pass"), (["a"], ["b"], "inconclusive"),
    ({"at": "10:00"}, {"at": "10:01"}, "inconclusive"), (None, None, "inconclusive")])
def test_without_identifiers_only_equal_answers_decide(make, answers, first, again, outcome):
    exchanges = answers((200, first), (200, again))
    assert make.outcome(same_thing(*exchanges), *exchanges) == outcome


@pytest.mark.parametrize(("back", "outcome"), [("r-1", "pass"), ("r-2", "fail"), (None, "fail")])
def test_a_trace_header_comes_back_as_it_was_sent(make, back, outcome):
    exchange = make.exchange(headers={"X-Request-Id": "r-1"}, answer={"X-Request-Id": back})
    assert make.outcome(echoes([exchange], "X-Request-Id"), exchange) == outcome


def test_an_echo_that_nobody_heard_is_unknown(make):
    silent = make.exchange(headers={"X-Request-Id": "r-1"}, failure="timeout")
    assert make.outcome(echoes([silent], "X-Request-Id"), silent) == "inconclusive"


def test_hostile_bodies_are_judged(make, answers, hostile):
    exchanges = answers((200, hostile), (200, hostile))
    assert make.outcome(same_thing(*exchanges), *exchanges) == ("inconclusive" if hostile is None else "pass")
    exchanges = answers((200, MADE), (200, hostile))
    assert make.outcome(same_thing(*exchanges), *exchanges) == "fail"
