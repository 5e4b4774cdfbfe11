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


def test_without_identifiers_the_whole_answer_counts(make, answers):
    same, other = answers((200, ["a"]), (200, ["a"])), answers((200, ["a"]), (200, ["b"]))
    assert make.outcome(same_thing(*same), *same) == "pass"
    assert make.outcome(same_thing(*other), *other) == "fail"


@pytest.mark.parametrize(("back", "outcome"), [("r-1", "pass"), ("r-2", "fail"), (None, "fail")])
def test_a_trace_header_comes_back_as_it_was_sent(make, back, outcome):
    exchange = make.exchange(headers={"X-Request-Id": "r-1"}, answer={"X-Request-Id": back})
    assert make.outcome(echoes([exchange], "X-Request-Id"), exchange) == outcome


def test_an_echo_that_nobody_heard_is_unknown(make):
    silent = make.exchange(headers={"X-Request-Id": "r-1"}, failure="timeout")
    assert make.outcome(echoes([silent], "X-Request-Id"), silent) == "inconclusive"


def test_hostile_bodies_are_judged(make, answers, hostile):
    exchanges = answers((200, hostile), (200, hostile))
    assert make.outcome(same_thing(*exchanges), *exchanges) == "pass"
    exchanges = answers((200, MADE), (200, hostile))
    assert make.outcome(same_thing(*exchanges), *exchanges) == "fail"
