"""Supplies: made when first needed, used until used up, and no reason to fail where they cannot be made."""

import json
import random

import pytest

from harness.counterparts.dead_letters import DeadLetters
from harness.counterparts.lab import Lab
from harness.counterparts.supplies import Supplies

AUTHORIZE, SESSIONS, PLAYERS = "POST /v1/bets/authorize", "POST /v1/sessions", "POST /sandbox/players"
LETTERS, ENDPOINTS, BONUSES = "GET /v1/webhooks/dead-letters", "POST /v1/webhooks/endpoints", "POST /v1/bonuses"


@pytest.fixture
def subject(subject):
    subject.answers |= {
        PLAYERS: (201, {}, {}), SESSIONS: (201, {"session_id": "ses-1"}, {}), AUTHORIZE: (200, {}, {}),
        BONUSES: (201, {}, {}), ENDPOINTS: (201, {"endpoint_id": "ep-1"}, {}), "DELETE /v1/webhooks/endpoints/ep-1":
        (204, b"", {}), "POST /sandbox/jackpots": (201, {}, {}), "POST /v1/jackpots/triggers": (201, {}, {}),
        LETTERS: (200, {"items": []}, {})}
    return subject


@pytest.fixture
def moved():
    return []


@pytest.fixture
def supplies(lab, moved):
    return Supplies(lab, random.Random(1), before_move=lambda: moved.append(1))


@pytest.fixture
def told(lab, supplies, subject):
    """told(operation, status, body) -> the supplies learn from such an answer."""
    def tell(operation, status, body=None, method="POST", path="/v1/x"):
        subject.answers[f"{method} {path}"] = (status, {} if body is None else body, {})
        made = lab.call("settleBet", {})
        supplies.learn(made.from_line({**made.to_line(), "operation": operation, "status": status, "method": method,
                                       "url": lab.target.base_url + path, "response_body": json.dumps(body or {})}))

    return tell


def test_nothing_is_made_before_it_is_needed(supplies, subject):
    assert subject.sent(PLAYERS) == []
    assert supplies.value("authorizeBet", "session_id") == "ses-1"
    assert (len(subject.sent(PLAYERS)), len(subject.sent(SESSIONS))) == (1, 1)
    supplies.value("authorizeBet", "session_id")
    assert len(subject.sent(SESSIONS)) == 1


def test_a_bet_is_used_until_it_may_be_used_up(supplies, told):
    bet = supplies.value("settleBet", "bet_id")
    told("settleBet", 404)
    told("settleBet", 400)
    assert supplies.value("settleBet", "bet_id") == bet, "it was refused: the bet is still open"
    assert supplies.value("settleBet", "round_id").startswith("round-")
    told("settleBet", 200)
    second = supplies.value("settleBet", "bet_id")
    assert second != bet
    for status in (500, 409):
        told("rollbackBet", status)
        third = supplies.value("rollbackBet", "bet_id")
        assert third != second, "nobody knows what became of it"
        second = third


def test_whoever_watches_the_money_is_told_before_it_is_moved(supplies, moved, subject):
    supplies.value("createSession", "player_id")
    assert moved == []
    supplies.value("settleBet", "bet_id")
    assert moved == [1]
    assert len(subject.sent(AUTHORIZE)) > 1, "some at once: each tells the watcher to look again"


def test_what_a_call_makes_has_a_new_name_each_time(supplies):
    names = [supplies.value("authorizeBet", "bet_id") for _ in range(3)]
    assert len(set(names)) == 3
    assert supplies.new("settleBet", "bet_id") is None
    assert supplies.value("settleBet", "unheard_of") is None


def test_what_cannot_be_made_is_left_as_made_up_and_the_reason_kept(supplies, subject):
    subject.answers[SESSIONS] = (422, {"code": "LIMIT_EXCEEDED"}, {})
    assert supplies.value("authorizeBet", "session_id") is None
    assert "createSession answered 422 LIMIT_EXCEEDED" in supplies.missing["authorizeBet"]


def test_identifiers_of_another_api_are_learnt_from_its_answers(supplies, told):
    told("makeOrder", 201, {"id": "o-1", "order_id": 7, "done": True, "note": "x"}, path="/orders")
    assert supplies.value("readOrder", "orderId") in ("o-1", "7")
    assert supplies.seen("o-1")
    told("makeOrder", 400, {"id": "o-2"}, path="/orders")
    told("listOrders", 200, {"id": "o-3"}, method="GET", path="/orders")
    assert not supplies.seen("o-2")
    assert not supplies.seen("o-3")


def test_an_heir_has_a_player_of_its_own(supplies):
    heir = supplies.heir(lambda: None)
    assert heir.player.player_id != supplies.player.player_id


def test_a_dead_letter_is_waited_for_only_where_it_must_be(supplies, subject, told):
    first = supplies.value("redriveDeadLetter", "delivery_id")
    assert first.startswith("delivery-"), "unknown to anybody"
    subject.answers[LETTERS] = (200, {"items": [{"delivery_id": "d-1", "endpoint_id": "ep-1"}, "odd", {},
                                                {"delivery_id": "d-9", "endpoint_id": "of somebody else"},
                                                {"delivery_id": "d-2", "endpoint_id": "ep-1"}]}, {})
    supplies.patient = True
    assert supplies.value("redriveDeadLetter", "delivery_id") == "d-1"
    assert supplies.value("redriveDeadLetter", "delivery_id") == "d-1"
    told("redriveDeadLetter", 202)
    assert supplies.value("redriveDeadLetter", "delivery_id") == "d-2"
    told("redriveDeadLetter", 202)
    assert supplies.value("redriveDeadLetter", "delivery_id").startswith("delivery-")
    assert len(subject.sent(ENDPOINTS)) == 1


@pytest.mark.parametrize("page", [[], {}, {"items": None}, {"items": 5}, {"items": [None, 7, []]}])
def test_a_page_of_dead_letters_that_is_none_holds_none(workshop, subject, page):
    subject.answers[LETTERS] = (200, page, {})
    letters = DeadLetters(Lab(workshop, "c", ("X-01",)), lambda: None)
    assert letters.another(patient=True) is None


def test_a_bonus_may_move_money_as_soon_as_it_is_issued(supplies, moved):
    supplies.value("consumeBonus", "bonus_id")
    assert moved


def test_a_dead_letter_behind_those_of_older_runs_is_found(workshop, subject, monkeypatch):
    lab = Lab(workshop, "c", ("X-01",))
    call, asked = lab.call, []

    def paged(operation, *args, **options):
        if operation == "listDeadLetters":
            asked.append(options["query"]["cursor"])
            mine = [{"delivery_id": "d-1", "endpoint_id": "ep-1"}] if len(asked) == 2 else []
            subject.answers[LETTERS] = (200, {"items": mine, "has_more": True, "next_cursor": f"c-{len(asked)}"}, {})
        return call(operation, *args, **options)

    monkeypatch.setattr(lab, "call", paged)
    assert DeadLetters(lab, lambda: None).another(patient=True) == "d-1"
    assert asked == [None, "c-1"]
