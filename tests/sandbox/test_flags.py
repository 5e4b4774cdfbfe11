"""Feature flags: each stops its own kind of new risk, nothing stops money on its way home."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sandbox import test_bonuses as bonuses
from tests.sandbox import test_payments as payments
from tests.sandbox.contract_shape import conforming, refused

ALL_ON = {"betting_enabled": True, "sessions_enabled": True, "bonuses_enabled": True}


def open_session(partner: Any, player: str, key: str | None = None) -> Any:
    body = {"player_id": player, "game_id": "studio:game", "currency": "EUR", "locale": "de-DE"}
    return partner.send("POST", "/v1/sessions", body, key)


def place_bet(partner: Any, session: str, key: str | None = None) -> Any:
    return partner.authorize(session, 10, bet_id=f"b-{key}" if key else None, key=key)


def issue_bonus(partner: Any, player: str, key: str | None = None) -> Any:
    body = {"bonus_id": f"bo-{key or uuid.uuid4().hex}", "player_id": player, "freespins": 1,
            "amount": bonuses.eur(5), "wager_requirement": bonuses.eur(50)}
    return partner.send("POST", "/v1/bonuses", body, key)


def set_flags(partner: Any, body: Any, token: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token or partner.admin_token}"}
    return partner.http.put("/sandbox/flags", json=body, headers=headers)


@pytest.fixture
def switched(partner: Any) -> Iterator[Callable[..., None]]:
    """`switched(betting_enabled=False)`; everything is on again afterwards."""
    def put(**flags: bool) -> None:
        assert set_flags(partner, flags).status_code == 200

    yield put
    put(**ALL_ON)


@pytest.mark.parametrize("flag", sorted(ALL_ON))
def test_a_flag_stops_its_own_operation_and_no_other(partner: Any, switched: Callable[..., None], flag: str) -> None:
    player = partner.player()
    session = partner.session(player)
    switched(**{flag: False})
    assert {
        "betting_enabled": place_bet(partner, session).status_code < 300,
        "sessions_enabled": open_session(partner, player).status_code < 300,
        "bonuses_enabled": issue_bonus(partner, player).status_code < 300,
    } == ALL_ON | {flag: False}


@pytest.mark.parametrize(("flag", "call"), [("betting_enabled", place_bet), ("sessions_enabled", open_session),
                                            ("bonuses_enabled", issue_bonus)])
def test_the_refusal_says_when_to_come_back_and_the_same_key_then_works(
        partner: Any, switched: Callable[..., None], flag: str, call: Callable[..., Any]) -> None:
    player, key = partner.player(), uuid.uuid4().hex
    owner = partner.session(player) if call is place_bet else player
    switched(**{flag: False})
    stopped = call(partner, owner, key)
    refused(stopped, 503, "FEATURE_DISABLED")
    assert int(stopped.headers["Retry-After"]) > 0
    switched(**{flag: True})
    assert call(partner, owner, key).status_code < 300


def test_with_everything_off_open_business_is_brought_to_its_end(
        partner: Any, switched: Callable[..., None]) -> None:
    player = partner.player(1_000)
    session, bonus = partner.session(player), bonuses.a_bonus(partner, player, 100, wager=50)
    won, returned = partner.bet(session, 50), partner.bet(session, 50)
    switched(**dict.fromkeys(ALL_ON, False))
    assert partner.settle(won, 70).status_code == 200
    assert partner.rollback(returned).status_code == 200
    assert bonuses.consume(partner, bonus, 30).status_code == 200
    assert bonuses.progress(partner, bonus, won).json()["status"] == "completed"
    assert partner.eventually(lambda: partner.balance(player) == (1_150, 0))
    assert payments.final(partner, payments.pay(partner, player, "withdrawal", 1_150))["status"] == "succeeded"
    assert partner.send("POST", f"/v1/sessions/{session}/close", {}).status_code == 200
    assert partner.balance(player) == (0, 0)


def test_the_kill_switch_lets_no_racing_bet_through(partner: Any, switched: Callable[..., None]) -> None:
    player = partner.player()
    session = partner.session(player)
    switched(betting_enabled=False)
    with ThreadPoolExecutor(8) as pool:
        codes = {one.status_code for one in pool.map(lambda _: partner.authorize(session, 10), range(24))}
    assert codes == {503}
    assert partner.balance(player) == (10_000, 0)


def test_flags_are_read_and_set_as_the_contract_says(partner: Any, switched: Callable[..., None]) -> None:
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    switched(sessions_enabled=False)
    assert conforming("setSandboxFlags", set_flags(partner, {}), 200) == ALL_ON | {"sessions_enabled": False}
    assert conforming("getSandboxFlags", partner.http.get("/sandbox/flags", headers=headers), 200) == (
        ALL_ON | {"sessions_enabled": False})


def test_only_the_administrator_switches(partner: Any) -> None:
    refused(set_flags(partner, {"betting_enabled": False}, partner.token), 403, "FORBIDDEN")
    refused(partner.http.put("/sandbox/flags", json={"betting_enabled": False}), 401, "AUTH_FAILED")
    assert partner.admin("GET", "/sandbox/flags") == ALL_ON


def test_a_request_that_is_half_wrong_switches_nothing(partner: Any) -> None:
    refused(set_flags(partner, {"betting_enabled": False, "bonuses_enabled": "no"}), 400, "VALIDATION_FAILED")
    assert partner.admin("GET", "/sandbox/flags") == ALL_ON
