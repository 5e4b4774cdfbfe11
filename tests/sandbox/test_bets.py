"""Authorize, settle and rollback: every money rule of the contract, judged by balances, ledger and wallet."""

from __future__ import annotations

from typing import Any

import pytest


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    body = answer.json()
    assert body["trace_id"] == answer.headers["X-Trace-Id"]
    assert isinstance(body["retryable"], bool)


def test_win_and_loss_reach_balance_ledger_and_wallet(partner: Any) -> None:
    player = partner.player(10_000)
    session = partner.session(player)
    bet = partner.bet(session, 1_000)
    assert partner.balance(player) == (9_000, 1_000)
    assert partner.wallet_balance(player) == 9_000
    answer = partner.settle(bet, 2_500)
    assert answer.json()["balance"] == {"amount": 11_500, "currency": "EUR"}
    loss = partner.bet(session, 500)
    assert partner.settle(loss, 0).json()["status"] == "credited"
    assert partner.balance(player) == (11_000, 0)
    assert partner.wallet_balance(player) == 11_000
    entries = partner.ledger(player)
    assert [(e["kind"], e["amount"]) for e in entries] == [
        ("deposit", 10_000), ("bet", -1_000), ("win", 2_500), ("bet", -500), ("win", 0)]
    assert sum(e["amount"] for e in entries) == entries[-1]["balance_after"] == 11_000


def test_reads_show_the_same_bet(partner: Any) -> None:
    session = partner.session(partner.player())
    bet = partner.bet(session, 100)
    assert partner.get(f"/v1/bets/{bet}")["status"] == "authorized"
    settlement = partner.settle(bet, 50).json()["settlement_id"]
    seen = partner.get(f"/v1/bets/{bet}")
    assert (seen["status"], seen["settlement_id"], seen["win"]["amount"]) == ("settled", settlement, 50)
    assert partner.get(f"/v1/settlements/{settlement}")["win"] == {"amount": 50, "currency": "EUR"}


def test_repeat_of_authorize_under_a_new_key(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    bet = partner.new_bet()
    first = partner.authorize(session, 100, bet)
    again = partner.authorize(session, 100, bet)
    assert again.content == first.content
    refused(partner.authorize(session, 101, bet), 409, "DUPLICATE")
    assert partner.balance(player) == (9_900, 100)


def test_repeat_of_settle_under_a_new_key(partner: Any) -> None:
    player = partner.player()
    bet = partner.bet(partner.session(player), 100)
    first = partner.settle(bet, 300)
    assert partner.settle(bet, 300).content == first.content
    refused(partner.settle(bet, 301), 409, "DUPLICATE")
    assert partner.balance(player) == (10_200, 0)


def test_settle_of_unknown_bet_or_wrong_round_pays_nothing(partner: Any) -> None:
    player = partner.player()
    bet = partner.bet(partner.session(player), 100)
    refused(partner.settle(partner.new_bet(), 500), 409, "INVALID_STATE")
    refused(partner.settle(bet, 500, round_id="r2"), 409, "INVALID_STATE")
    assert partner.balance(player) == (9_900, 100)


def test_rollback_restores_once(partner: Any) -> None:
    player = partner.player()
    bet = partner.bet(partner.session(player), 700)
    first = partner.rollback(bet)
    assert first.json()["refund"] == {"amount": 700, "currency": "EUR"}
    again = partner.rollback(bet)
    assert again.json()["rollback_id"] == first.json()["rollback_id"]
    assert partner.balance(player) == (10_000, 0)
    assert partner.wallet_balance(player) == 10_000
    refused(partner.settle(bet, 900), 409, "INVALID_STATE")
    refused(partner.authorize(partner.session(player), 700, bet), 409, "INVALID_STATE")
    assert partner.balance(player) == (10_000, 0)


def test_rollback_before_its_bet_leaves_a_tombstone(partner: Any) -> None:
    player = partner.player()
    bet = partner.new_bet()
    first = partner.rollback(bet)
    assert (first.status_code, first.json()["status"]) == (200, "tombstoned")
    assert partner.rollback(bet).json()["rollback_id"] == first.json()["rollback_id"]
    refused(partner.authorize(partner.session(player), 100, bet), 409, "INVALID_STATE")
    refused(partner.settle(bet, 100), 409, "INVALID_STATE")
    assert partner.balance(player) == (10_000, 0)
    assert partner.get(f"/v1/bets/{bet}")["status"] == "tombstoned"


def test_rollback_after_settle_is_refused(partner: Any) -> None:
    player = partner.player()
    bet = partner.bet(partner.session(player), 100)
    partner.settle(bet, 300)
    refused(partner.rollback(bet), 409, "INVALID_STATE")
    assert partner.balance(player) == (10_200, 0)


def test_too_little_money_changes_nothing_and_can_be_tried_again(partner: Any) -> None:
    player = partner.player(500)
    session = partner.session(player)
    bet = partner.new_bet()
    refused(partner.authorize(session, 501, bet), 422, "INSUFFICIENT_FUNDS")
    assert partner.balance(player) == (500, 0)
    partner.fund(player, 100)
    assert partner.authorize(session, 501, bet).status_code == 200
    assert partner.balance(player) == (99, 501)


def test_wallet_that_has_less_than_the_ledger_refuses(partner: Any) -> None:
    player = partner.player(1_000)
    session = partner.session(player)
    import httpx

    headers = {"Authorization": f"Bearer {partner.running.settings.wallet_secret}"}
    taken = httpx.post(f"{partner.running.wallet_url}/wallet/debit", headers=headers, json={
        "tx_id": partner.new_bet(), "player_id": player, "currency": "EUR", "amount": 800, "reference": "shop"})
    assert taken.status_code == 200
    bet = partner.new_bet()
    refused(partner.authorize(session, 500, bet), 422, "INSUFFICIENT_FUNDS")
    assert partner.balance(player) == (1_000, 0)
    assert partner.get(f"/v1/bets/{bet}")["status"] == "refused"
    assert partner.authorize(session, 200, bet).status_code == 200
    assert partner.balance(player) == (800, 200)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1), ("KWD", 1), ("BHD", 1_234_567), ("EUR", 2**53 + 1),
                                                  ("SEK", 900_000_000_000_000_007)])
def test_amounts_are_exact_in_every_currency(partner: Any, currency: str, amount: int) -> None:
    player = partner.player(amount * 2 if amount < 2**53 else 999_999_999_999_999_999, currency)
    before = partner.balance(player, currency)[0]
    session = partner.session(player, currency)
    bet = partner.bet(session, amount, currency)
    assert partner.balance(player, currency) == (before - amount, amount)
    assert partner.settle(bet, amount, currency=currency).json()["win"]["amount"] == amount
    assert partner.balance(player, currency) == (before, 0)


def test_currencies_never_mix(partner: Any) -> None:
    player = partner.player(1_000, "EUR")
    partner.fund(player, 5_000, "USD")
    session = partner.session(player, "EUR")
    refused(partner.authorize(session, 100, currency="USD"), 422, "CURRENCY_MISMATCH")
    refused(partner.authorize(session, 100, currency="XXX"), 422, "CURRENCY_UNSUPPORTED")
    bet = partner.bet(session, 100)
    refused(partner.settle(bet, 100, currency="USD"), 422, "CURRENCY_MISMATCH")
    assert partner.balance(player, "EUR") == (900, 100)
    assert partner.balance(player, "USD") == (5_000, 0)


@pytest.mark.parametrize("amount", [-1, 1.0, 1.5, "100", True, None, 10**18, 10**400])
def test_absurd_amounts_are_refused(partner: Any, amount: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    answer = partner.authorize(session, amount)
    assert (answer.status_code, answer.json()["code"]) in ((400, "VALIDATION_FAILED"), (400, "MALFORMED_REQUEST"))
    assert partner.balance(player) == (10_000, 0)


def test_zero_stake_and_zero_win(partner: Any) -> None:
    player = partner.player()
    bet = partner.bet(partner.session(player), 0)
    assert partner.settle(bet, 40).status_code == 200
    assert partner.balance(player) == (10_040, 0)


def test_self_exclusion_stops_bets_and_never_settles(partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    bet = partner.bet(session, 100)
    partner.admin("PATCH", f"/sandbox/players/{player}", {"rg": {"self_excluded": True}})
    refused(partner.authorize(session, 100), 403, "RG_BLOCK")
    answer = partner.send("POST", "/v1/sessions", {"player_id": player, "game_id": "g", "currency": "EUR",
                                                   "locale": "de"})
    refused(answer, 403, "RG_BLOCK")
    assert partner.settle(bet, 250).status_code == 200
    assert partner.balance(player) == (10_150, 0)


def test_limits(partner: Any) -> None:
    player = partner.player(limits={"max_bet": {"amount": 400, "currency": "EUR"},
                                    "loss": {"amount": 600, "currency": "EUR"}})
    session = partner.session(player, max_bet={"amount": 500, "currency": "EUR"})
    refused(partner.authorize(session, 501), 422, "LIMIT_EXCEEDED")
    refused(partner.authorize(session, 401), 422, "LIMIT_EXCEEDED")
    first = partner.bet(session, 400)
    refused(partner.authorize(session, 201), 422, "LIMIT_EXCEEDED")
    partner.settle(first, 300)
    partner.bet(session, 400)
    assert partner.balance(player) == (9_500, 400)


def test_expired_and_closed_sessions_take_no_bets_and_still_settle(start: Any) -> None:
    partner = start()
    player = partner.player()
    session = partner.session(player)
    bet = partner.bet(session, 100)
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": 3601})
    partner.token = partner.token_of("provider-a")
    partner.admin_token = partner.token_of("sandbox-admin")
    refused(partner.authorize(session, 100), 409, "SESSION_EXPIRED")
    assert partner.get(f"/v1/sessions/{session}")["status"] == "expired"
    assert partner.settle(bet, 100).status_code == 200
    other = partner.session(player)
    bet = partner.bet(other, 100)
    assert partner.send("POST", f"/v1/sessions/{other}/close", {}).json()["status"] == "closed"
    assert partner.send("POST", f"/v1/sessions/{other}/close", {}).json()["status"] == "closed"
    refused(partner.authorize(other, 100), 409, "SESSION_EXPIRED")
    assert partner.rollback(bet).status_code == 200
    assert partner.balance(player) == (10_000, 0)


def test_books_balance(partner: Any) -> None:
    shown = partner.admin("GET", "/sandbox/ledger")
    assert shown["balanced"] is True
    totals: dict[str, int] = {}
    for account in shown["accounts"]:
        totals[account["currency"]] = totals.get(account["currency"], 0) + account["total"]
    assert totals
    assert set(totals.values()) == {0}
