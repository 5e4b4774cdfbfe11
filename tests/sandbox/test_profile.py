"""The choices of the contract profile, each honoured by the running platform."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts import packs
from harness.sandbox.profile import Profile, profile_of


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_unknown_keys_and_values_are_named() -> None:
    with pytest.raises(ValueError, match="money_from"):
        profile_of({"money_from": "x"})
    with pytest.raises(ValueError, match="zero_stake is one of accepted, refused"):
        profile_of({"zero_stake": "maybe"})
    with pytest.raises(ValueError, match="mismatch_status"):
        profile_of({"mismatch_status": 418})
    assert profile_of({"mismatch_status": "422"}).mismatch_status == 422


def test_defaults_are_the_contracts() -> None:
    declared = packs.openapi("1.7")["x-contract-profile"]
    assert Profile().as_dict() == {name: one["default"] for name, one in declared.items()}


def test_decimal_strings(start: Any) -> None:
    partner = start(profile={"money_form": "decimal_string"})
    player = partner.player("100.00")
    session = partner.session(player)
    bet = partner.new_bet()
    answer = partner.authorize(session, "10.5", bet)
    assert answer.json()["amount"] == {"amount": "10.50", "currency": "EUR"}
    assert answer.json()["balance"] == {"amount": "89.50", "currency": "EUR"}
    assert partner.balance(player) == ("89.50", "10.50")
    assert partner.settle(bet, "0.01").json()["balance"]["amount"] == "89.51"
    assert [e["amount"] for e in partner.ledger(player)] == ["100.00", "-10.50", "0.01"]
    assert code(partner.authorize(session, "1.001")) == (422, "AMOUNT_INVALID")
    assert code(partner.authorize(session, "1e2")) == (400, "VALIDATION_FAILED")
    assert code(partner.authorize(session, 100)) == (400, "VALIDATION_FAILED")
    assert code(partner.authorize(session, "0100")) == (400, "VALIDATION_FAILED")
    yen = partner.player("500", "JPY")
    assert partner.authorize(partner.session(yen, "JPY"), "7", currency="JPY").json()["balance"]["amount"] == "493"
    assert code(partner.authorize(partner.session(yen, "JPY"), "7.5", currency="JPY")) == (422, "AMOUNT_INVALID")


def test_rollbacks_by_profile(start: Any) -> None:
    partner = start(profile={"unknown_rollback": "not_found", "rollback_after_settle": "reverses",
                             "zero_stake": "refused", "missing_trace_id": "generated"})
    player = partner.player()
    session = partner.session(player)
    bet = partner.new_bet()
    assert code(partner.rollback(bet)) == (404, "NOT_FOUND")
    assert code(partner.rollback(bet)) == (404, "NOT_FOUND")
    assert code(partner.authorize(session, 100, bet)) == (409, "INVALID_STATE")
    for win in (0, 40, 100, 2_500):
        bet = partner.bet(session)
        partner.settle(bet, win)
        answer = partner.rollback(bet)
        assert answer.json()["refund"] == {"amount": 100, "currency": "EUR"}
        assert partner.balance(player) == (10_000, 0)
        assert partner.wallet_balance(player) == 10_000
        assert partner.rollback(bet).json()["rollback_id"] == answer.json()["rollback_id"]
    assert code(partner.authorize(session, 0)) == (422, "AMOUNT_INVALID")
    answer = partner.send("GET", f"/v1/players/{player}", X_Trace_Id=None)
    assert answer.status_code == 200
    assert len(answer.headers["X-Trace-Id"]) == 32


def test_a_spent_win_cannot_be_taken_back(start: Any) -> None:
    partner = start(profile={"rollback_after_settle": "reverses"})
    player = partner.player(100)
    session = partner.session(player)
    bet = partner.bet(session)
    partner.settle(bet, 1_000)
    spent = partner.bet(session, 950)
    assert code(partner.rollback(bet)) == (422, "INSUFFICIENT_FUNDS")
    assert partner.balance(player) == (50, 950)
    partner.rollback(spent)
    assert partner.rollback(bet).status_code == 200
    assert (partner.balance(player), partner.wallet_balance(player)) == ((100, 0), 100)


def test_parked_settle_pays_once_when_its_bet_comes(start: Any) -> None:
    partner = start(profile={"settle_without_authorize": "parked"})
    player = partner.player()
    session = partner.session(player)
    bet, key = partner.new_bet(), partner.new_bet()
    first = partner.settle(bet, 500, key)
    assert (first.status_code, first.json()) == (202, {"bet_id": bet, "status": "parked"})
    assert partner.settle(bet, 500, key).content == first.content
    assert partner.balance(player) == (10_000, 0)
    assert partner.authorize(session, 100, bet).status_code == 200
    assert partner.eventually(lambda: partner.get(f"/v1/bets/{bet}")["status"] == "settled")
    assert partner.settle(bet, 500).status_code == 200
    assert (partner.balance(player), partner.wallet_balance(player)) == ((10_400, 0), 10_400)
    gone = partner.new_bet()
    partner.settle(gone, 500)
    assert partner.rollback(gone).json()["status"] == "tombstoned"
    assert code(partner.authorize(session, 100, gone)) == (409, "INVALID_STATE")
    assert partner.balance(player) == (10_400, 0)


@pytest.mark.parametrize(("scope", "status"), [("tenant", 200), ("global", 409)])
def test_scope_of_bet_ids(start: Any, scope: str, status: int) -> None:
    partner = start(profile={"id_scope": scope})
    other = type(partner)(partner.running, "provider-b", "brand-b1")
    bet = partner.bet(partner.session(partner.player()))
    player = other.player()
    answer = other.authorize(other.session(player), 100, bet)
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "DUPLICATE"
        assert other.balance(player) == (10_000, 0)
    other.http.close()
