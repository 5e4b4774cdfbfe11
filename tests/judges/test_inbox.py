"""IDEM-12: exactly one publication is accepted; repeats are duplicates; another body never is."""

import pytest

from harness.judges.inbox import not_taken, taken_once


@pytest.fixture
def told(make):
    """told(status, word) -> what a publication was answered."""
    def answer(status, word=None, **options):
        return make.exchange("POST", "/v1/inbox/events", status, {} if word is None else {"status": word},
                             operation="publishEvent", **options)

    return answer


@pytest.fixture
def once(make):
    """once(*copies, replays=()) -> the finding."""
    return lambda *copies, replays=(): make.verdict(taken_once(copies, replays=replays), *copies, *replays)


def test_one_accepted_and_repeats_told_so_hold(told, once):
    found = once(told(202, "accepted"), told(200, "duplicate"), told(409), told(422), told(200))
    assert (found.outcome.value, found.measured["publications"]) == ("pass", 5)
    assert once(told(202)).outcome.value == "pass"
    assert once(told(200, "accepted"), told(202, "duplicate")).outcome.value == "pass"


@pytest.mark.parametrize("second", [(202, "accepted"), (200, "accepted"), (202, None), (201, "accepted")])
def test_a_second_acceptance_is_a_breach_whatever_else_was_said(told, once, second):
    again = told(*second)
    found = once(told(202, "accepted"), told(200, failure="timeout"), again)
    assert found.outcome.value == "fail"
    assert again.id in found.exchanges


def test_the_same_call_to_the_letter_may_be_answered_as_it_was(told, once):
    first = told(202, "accepted")
    assert once(first, told(200, "duplicate"), replays=[told(202, "accepted")]).outcome.value == "pass"
    assert once(first, replays=[told(200, "duplicate"), told(409)]).outcome.value == "pass"


def test_an_honest_repeat_that_is_refused_is_a_breach(told, once):
    for status in (400, 401, 403, 404):
        assert once(told(202, "accepted"), told(status)).outcome.value == "fail"
        assert once(told(202, "accepted"), replays=[told(status)]).outcome.value == "fail"


def test_an_event_that_nobody_took_is_lost(told, once):
    assert once(told(200, "duplicate"), told(200, "duplicate")).outcome.value == "fail"


def test_what_was_never_let_in_or_not_answered_tells_nothing(told, once, make):
    assert once(told(401), told(401)).reason.value == "setup_failed"
    for status in (429, 503, 500):
        assert once(told(202, "accepted"), told(status)).outcome.value == "inconclusive"
    assert once(told(202, "accepted"), told(202, failure="timeout")).outcome.value == "inconclusive"
    assert make.outcome(taken_once([told(202)])) == "inconclusive"
    assert make.outcome(taken_once([])) == "inconclusive"


@pytest.mark.parametrize(("status", "word", "outcome"), [
    (409, None, "pass"), (422, None, "pass"), (400, None, "pass"), (200, "duplicate", "pass"), (200, None, "pass"),
    (202, "accepted", "fail"), (200, "accepted", "fail"), (202, None, "fail"), (500, None, "inconclusive"),
    (503, None, "inconclusive"), (429, None, "inconclusive")])
def test_another_body_is_never_accepted(told, make, status, word, outcome):
    answer = told(status, word)
    assert make.outcome(not_taken(answer), answer) == outcome


def test_an_answer_that_did_not_come_tells_nothing(told, make):
    silent = told(202, failure="timeout")
    assert make.outcome(not_taken(silent), silent) == "inconclusive"
    assert make.outcome(not_taken(silent)) == "inconclusive"


def test_hostile_answers_never_raise(make, hostile):
    odd = make.exchange(status=202, body=hostile)
    for draft in (taken_once([odd, odd]), not_taken(odd)):
        make.outcome(draft, odd)
