"""The events feed: every committed event once and in order, page by page, and nobody else's."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.sandbox.contract_shape import conforming, refused, registered_event


def feed(partner: Any, **query: Any) -> Any:
    return partner.send("GET", f"/v1/events?{urlencode(query)}")


def pages(partner: Any, limit: int, **query: Any) -> list[list[dict[str, Any]]]:
    """Every page from the first to the last, following the cursor."""
    found: list[list[dict[str, Any]]] = []
    cursor: dict[str, str] = {}
    while True:
        page = conforming("listEvents", feed(partner, limit=limit, **query, **cursor), 200)
        found.append(page["items"])
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return found
        cursor = {"cursor": page["next_cursor"]}


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["event_id"] for event in events]


def game_of_its_own(partner: Any, bets: int) -> tuple[str, list[str]]:
    """(game id, bet ids): a game that only this test plays, so that its events can be told apart."""
    game = f"studio:{uuid.uuid4().hex[:12]}"
    body = {"player_id": partner.player(), "game_id": game, "currency": "EUR", "locale": "de-DE"}
    session = partner.send("POST", "/v1/sessions", body).json()["session_id"]
    return game, [partner.bet(session, 10) for _ in range(bets)]


def test_pages_hold_every_event_once_in_commit_order(partner: Any) -> None:
    game, bets = game_of_its_own(partner, 5)
    found = pages(partner, 2, game_id=game, type="bet.authorized")
    assert [len(page) for page in found] == [2, 2, 1]
    assert [event["data"]["bet_id"] for page in found for event in page] == bets


def test_the_last_page_may_be_full(partner: Any) -> None:
    game, _ = game_of_its_own(partner, 4)
    assert [len(page) for page in pages(partner, 2, game_id=game, type="bet.authorized")] == [2, 2]


def test_events_that_arrive_between_two_pages_shift_nothing(partner: Any) -> None:
    session = partner.session(partner.player())
    first = [partner.bet(session, 1) for _ in range(3)]
    newest_first = feed(partner, limit=2, order="desc", type="bet.authorized").json()
    assert [event["data"]["bet_id"] for event in newest_first["items"]] == [first[2], first[1]]
    partner.bet(session, 1)
    partner.bet(session, 1)
    following = feed(partner, limit=1, order="desc", type="bet.authorized",
                     cursor=newest_first["next_cursor"]).json()
    assert following["items"][0]["data"]["bet_id"] == first[0]


def test_descending_is_the_reverse_of_ascending(partner: Any) -> None:
    game, _ = game_of_its_own(partner, 3)
    up = [event for page in pages(partner, 2, game_id=game) for event in page]
    down = [event for page in pages(partner, 2, game_id=game, order="desc") for event in page]
    assert len(up) >= 4
    assert ids(down) == ids(up)[::-1]


def test_an_empty_feed_is_a_page_without_a_cursor(partner: Any) -> None:
    page = conforming("listEvents", feed(partner, game_id="studio:nobody-plays-this"), 200)
    assert page == {"items": [], "next_cursor": None, "has_more": False}


def test_the_default_page_holds_fifty_and_the_longest_two_hundred(partner: Any) -> None:
    session = partner.session(partner.player())
    for _ in range(51):
        partner.bet(session, 1)
    assert len(feed(partner).json()["items"]) == 50
    assert len(feed(partner, limit=200).json()["items"]) > 50


@pytest.mark.parametrize("query", [
    {"limit": 0}, {"limit": 201}, {"limit": -1}, {"limit": "ten"}, {"order": "sideways"}, {"cursor": "not-ours"},
    {"cursor": ""}, {"occurred_at_from": "yesterday"}, {"occurred_at_to": "2026-11-21T12:00:00"}])
def test_absurd_questions_are_refused(partner: Any, query: dict[str, Any]) -> None:
    refused(feed(partner, **query), 400, "VALIDATION_FAILED")


def test_filters_are_combined(partner: Any) -> None:
    game, (first, second) = game_of_its_own(partner, 2)
    partner.settle(first, 5)

    def seen(**query: Any) -> list[tuple[str, str]]:
        return [(one["type"], one["data"]["bet_id"]) for one in feed(partner, **query).json()["items"]]

    assert ("bet.authorized", second) in seen(game_id=game, status="authorized")
    assert seen(game_id=game, type="bet.settled") == [("bet.settled", first)]
    assert seen(bet_id=first, type="bet.authorized") == [("bet.authorized", first)]
    assert seen(bet_id=second, type="bet.settled") == []
    assert seen(bet_id=first, game_id="studio:another") == []


def test_times_bound_the_feed_from_inclusive_to_exclusive(partner: Any) -> None:
    _, (bet, _) = game_of_its_own(partner, 2)
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": 60})
    try:
        partner.settle(bet, 1)
    finally:
        partner.admin("POST", "/sandbox/clock", {"advance_seconds": -60})
    early, late = feed(partner, bet_id=bet, type="bet.authorized"), feed(partner, bet_id=bet, type="bet.settled")
    (first,), (last,) = early.json()["items"], late.json()["items"]

    def types(**query: Any) -> set[str]:
        return {one["type"] for one in feed(partner, bet_id=bet, **query).json()["items"]}

    assert "bet.settled" in types(occurred_at_from=last["occurred_at"])
    assert "bet.authorized" not in types(occurred_at_from=last["occurred_at"])
    assert "bet.settled" not in types(occurred_at_to=last["occurred_at"])
    assert "bet.authorized" in types(occurred_at_from=first["occurred_at"], occurred_at_to=last["occurred_at"])
    assert types(occurred_at_to=first["occurred_at"]) == set()
    shifted = last["occurred_at"].replace("Z", "+00:00")
    assert "bet.settled" in types(occurred_at_from=shifted), "an offset says the same time"


def test_a_bets_life_is_told_with_the_ids_of_its_answers(partner: Any) -> None:
    session = partner.session(partner.player())
    key, trace = partner.new_bet(), uuid.uuid4().hex
    bet = partner.new_bet()
    hold = partner.authorize(session, 100, bet, key, X_Trace_Id=trace).json()["hold_id"]
    settled = partner.settle(bet, 250).json()["settlement_id"]
    told = {one["type"]: registered_event(one) for one in feed(partner, bet_id=bet).json()["items"]}
    authorized, credited = told["bet.authorized"], told["bet.settled"]
    assert (authorized["trace_id"], authorized["idempotency_key"]) == (trace, key)
    assert authorized["data"]["hold_id"] == hold
    assert credited["data"]["settlement_id"] == settled
    assert credited["data"]["win"] == {"amount": 250, "currency": "EUR"}
    assert (authorized["tenant_id"], authorized["brand_id"], authorized["region"]) == ("tenant-a", "brand-a1",
                                                                                      "eu-west")


def test_sequences_count_within_a_key_without_a_gap(partner: Any) -> None:
    session = partner.session(partner.player())
    bet = partner.bet(session, 10)
    partner.rollback(bet)
    of_bet = [one for one in feed(partner, bet_id=bet).json()["items"] if one["key"] == f"bet:{bet}"]
    assert [one["sequence"] for one in of_bet] == list(range(1, len(of_bet) + 1))
    assert of_bet[-1]["type"] == "bet.rolled_back"


def test_repeats_and_refusals_announce_no_second_bet(partner: Any) -> None:
    session = partner.session(partner.player(100))
    bet, key = partner.new_bet(), partner.new_bet()
    for _ in range(3):
        assert partner.authorize(session, 60, bet, key).status_code == 200
    broke = partner.new_bet()
    assert partner.authorize(session, 60, broke).json()["code"] == "INSUFFICIENT_FUNDS"
    assert len(feed(partner, bet_id=bet, type="bet.authorized").json()["items"]) == 1
    assert feed(partner, bet_id=broke, type="bet.authorized").json()["items"] == []


def test_the_feed_shows_the_callers_own_tenant_brand_and_region(partner: Any) -> None:
    bet = partner.bet(partner.session(partner.player()), 10)
    strangers = [type(partner)(partner.running, *who) for who in (
        ("provider-b", "brand-b1"), ("provider-a", "brand-a2"), ("provider-a", "brand-a1", "uk"))]
    try:
        assert [feed(one, bet_id=bet).json()["items"] for one in strangers] == [[], [], []]
        refused(feed(strangers[0], tenant_id="tenant-a"), 403, "FORBIDDEN")
    finally:
        for one in strangers:
            one.http.close()
    assert feed(partner, bet_id=bet, tenant_id="tenant-a").json()["items"]


def test_reading_the_feed_needs_its_scope(partner: Any) -> None:
    narrow = partner.token_of("provider-a", "bets:write")
    refused(partner.send("GET", "/v1/events", Authorization=f"Bearer {narrow}"), 403, "FORBIDDEN")


@pytest.mark.parametrize(("name", "kept"), [("", True), ("event-outside-transaction", False)])
def test_what_a_change_announces_survives_a_kill(start: Any, name: str, kept: bool) -> None:
    partner = start(faults=(name,) if name else ())
    bet = partner.bet(partner.session(partner.player()), 10)
    partner.running.kill_platform()
    assert partner.eventually(lambda: partner.running.restarts > 0)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert partner.get(f"/v1/bets/{bet}")["status"] == "authorized"
    assert bool(feed(partner, bet_id=bet, type="bet.authorized").json()["items"]) is kept
