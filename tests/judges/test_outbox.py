"""Events against answers: exactly one each, none for refusals, repeated pages are not repeats."""

import pytest

from harness.judges.outbox import announced_once


@pytest.fixture
def judged(make):
    def of(statuses, events):
        answers = [make.exchange(status=status, sent={"bet_id": f"b{n}"}, body={"bet_id": f"b{n}"} if status < 300
                                 else {"code": "X"}) for n, status in enumerate(statuses)]
        items = [{"event_id": event, "type": "bet.authorized", "data": {"bet_id": bet}} for event, bet in events]
        page = make.exchange(operation="listEvents", body={"items": items})
        return make.outcome(announced_once(answers, [page, page], "bet.authorized", "bet_id"), *answers, page)

    return of


@pytest.mark.parametrize(("statuses", "events", "outcome"), [
    ([200, 200], [("e1", "b0"), ("e2", "b1")], "pass"), ([200, 200], [("e1", "b0")], "fail"),
    ([200], [("e1", "b0"), ("e2", "b0")], "fail"), ([422], [], "pass"), ([200, 422], [("e1", "b0")], "pass"),
    ([200, 422], [("e1", "b0"), ("e2", "b1")], "fail"), ([202], [], "inconclusive")])
def test_one_event_each_and_none_for_refusals(judged, statuses, events, outcome):
    assert judged(statuses, events) == outcome


def test_an_unread_feed_is_inconclusive(make, hostile):
    answer, page = make.exchange(body={"bet_id": "b"}), make.exchange(status=503, body=hostile)
    assert make.outcome(announced_once([answer], [page], "x", "bet_id"), answer, page) == "inconclusive"
    odd = make.exchange(body=hostile)
    assert make.outcome(announced_once([answer], [odd], "x", "bet_id"), answer, odd) == "fail"
