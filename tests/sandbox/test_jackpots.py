"""Jackpots: every contribution once in the pool, the whole pool to one winner, one payout per trigger."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.sandbox.contract_shape import conforming, refused, registered_event


def new_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def a_jackpot(partner: Any, seed: int = 1_000, currency: str = "EUR") -> str:
    return str(partner.admin("POST", "/sandbox/jackpots", {"currency": currency, "seed": seed})["jackpot_id"])


def pool(partner: Any, jackpot: str) -> int:
    return int(conforming("getJackpot", partner.send("GET", f"/v1/jackpots/{jackpot}"), 200)["pool"]["amount"])


def contribute(partner: Any, jackpot: str, bet: str, amount: int, contribution: str | None = None,
               currency: str = "EUR") -> Any:
    return partner.send("POST", "/v1/jackpots/contributions", {
        "contribution_id": contribution or new_id("jc"), "jackpot_id": jackpot, "bet_id": bet,
        "amount": {"amount": amount, "currency": currency}})


def trigger(partner: Any, jackpot: str, player: str, trigger_id: str | None = None, round_id: str = "r1") -> Any:
    return partner.send("POST", "/v1/jackpots/triggers", {
        "trigger_id": trigger_id or new_id("jt"), "jackpot_id": jackpot, "player_id": player, "round_id": round_id})


def pay(partner: Any, won: str, player: str, payout: str | None = None) -> Any:
    return partner.send("POST", "/v1/jackpots/payouts", {
        "payout_id": payout or new_id("jo"), "trigger_id": won, "player_id": player})


def a_bet(partner: Any, stake: int = 100) -> str:
    return str(partner.bet(partner.session(partner.player(10_000)), stake))


def a_win(partner: Any, jackpot: str, player: str) -> str:
    return str(conforming("triggerJackpot", trigger(partner, jackpot, player), 201)["trigger_id"])


def told(partner: Any, kind: str, jackpot: str) -> list[dict[str, Any]]:
    """The jackpot's events of that kind, oldest first."""
    newest_first = partner.get(f"/v1/events?type={kind}&limit=200&order=desc")["items"]
    return [registered_event(one)["data"] for one in newest_first if one["data"]["jackpot_id"] == jackpot][::-1]


def booked_pools(partner: Any) -> int:
    """What the ledger holds in all jackpot accounts in EUR."""
    accounts = partner.admin("GET", "/sandbox/ledger")["accounts"]
    return sum(one["total"] for one in accounts if (one["kind"], one["currency"]) == ("jackpot", "EUR"))


def test_a_jackpot_starts_with_its_seed(partner: Any) -> None:
    before, jackpot = booked_pools(partner), new_id("jp")
    body = {"jackpot_id": jackpot, "currency": "EUR", "seed": 700}
    headers = {"Authorization": f"Bearer {partner.admin_token}"}
    made = conforming("createSandboxJackpot", partner.http.post("/sandbox/jackpots", json=body, headers=headers), 201)
    assert made["pool"] == eur(700)
    assert pool(partner, jackpot) == booked_pools(partner) - before == 700
    refused(partner.http.post("/sandbox/jackpots", json=body, headers=headers), 409, "DUPLICATE")
    for wrong, status, code in (({"tenant_id": "nobody"}, 400, "VALIDATION_FAILED"),
                                ({"seed": -1}, 400, "VALIDATION_FAILED"),
                                ({"currency": "XXX"}, 422, "CURRENCY_UNSUPPORTED")):
        strange = body | {"jackpot_id": new_id("jp")} | wrong
        refused(partner.http.post("/sandbox/jackpots", json=strange, headers=headers), status, code)


def test_a_contribution_counts_once(partner: Any) -> None:
    jackpot, bet, contribution = a_jackpot(partner), a_bet(partner), new_id("jc")
    answer = contribute(partner, jackpot, bet, 30, contribution)
    assert conforming("contributeToJackpot", answer, 201) == {
        "contribution_id": contribution, "jackpot_id": jackpot, "pool": eur(1_030), "status": "counted"}
    assert contribute(partner, jackpot, bet, 30, contribution).json() == answer.json()
    refused(contribute(partner, jackpot, bet, 31, contribution), 409, "DUPLICATE")
    refused(contribute(partner, jackpot, a_bet(partner), 30, contribution), 409, "DUPLICATE")
    refused(contribute(partner, a_jackpot(partner), bet, 30, contribution), 409, "DUPLICATE")
    assert pool(partner, jackpot) == 1_030
    assert [(one["status"], one["amount"]) for one in told(partner, "jackpot.contribution", jackpot)] == [
        ("counted", eur(30))]


def test_contributions_that_are_refused_leave_the_pool_alone(partner: Any) -> None:
    jackpot, bet, returned = a_jackpot(partner), a_bet(partner), a_bet(partner)
    partner.rollback(returned)
    refused(contribute(partner, jackpot, returned, 10), 409, "INVALID_STATE")
    refused(contribute(partner, jackpot, bet, 101), 422, "AMOUNT_INVALID")
    refused(contribute(partner, jackpot, bet, 10, currency="USD"), 422, "CURRENCY_MISMATCH")
    refused(contribute(partner, a_jackpot(partner, currency="USD"), bet, 10), 422, "CURRENCY_MISMATCH")
    refused(contribute(partner, jackpot, partner.new_bet(), 10), 404, "NOT_FOUND")
    refused(contribute(partner, "jp-of-nobody", bet, 10), 404, "NOT_FOUND")
    assert pool(partner, jackpot) == 1_000


def test_a_jackpot_belongs_to_its_tenant(partner: Any) -> None:
    jackpot = a_jackpot(partner)
    other = type(partner)(partner.running, "provider-b", "brand-b1")
    try:
        refused(other.send("GET", f"/v1/jackpots/{jackpot}"), 404, "NOT_FOUND")
        refused(contribute(other, jackpot, a_bet(other), 10), 404, "NOT_FOUND")
        refused(trigger(other, jackpot, other.player()), 404, "NOT_FOUND")
    finally:
        other.http.close()
    assert pool(partner, jackpot) == 1_000


def test_racing_contributions_all_count(partner: Any) -> None:
    before = booked_pools(partner)
    jackpot, bets = a_jackpot(partner, 0), [a_bet(partner) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda bet: contribute(partner, jackpot, bet, 7), bets))
    assert {one.status_code for one in answers} == {201}
    assert sorted(one.json()["pool"]["amount"] for one in answers) == [7 * n for n in range(1, 9)]
    assert pool(partner, jackpot) == booked_pools(partner) - before == 56


def test_a_rolled_back_bet_takes_its_contribution_along(partner: Any) -> None:
    jackpot, kept, returned, contribution = a_jackpot(partner), a_bet(partner), a_bet(partner), new_id("jc")
    contribute(partner, jackpot, kept, 20)
    contribute(partner, jackpot, returned, 30, contribution)
    for _ in range(2):
        assert partner.rollback(returned).status_code == 200
        assert pool(partner, jackpot) == 1_020
    again = conforming("contributeToJackpot", contribute(partner, jackpot, returned, 30, contribution), 201)
    assert again["status"] == "reversed"
    assert [one["status"] for one in told(partner, "jackpot.contribution", jackpot)] == ["counted", "counted",
                                                                                        "reversed"]


@pytest.mark.parametrize("refill", [0, 30, 80])
def test_a_contribution_that_was_won_is_not_taken_from_the_next_pool(partner: Any, refill: int) -> None:
    jackpot, returned = a_jackpot(partner, 0), a_bet(partner)
    contribute(partner, jackpot, returned, 50)
    a_win(partner, jackpot, partner.player())
    if refill:
        contribute(partner, jackpot, a_bet(partner), refill)
    assert partner.rollback(returned).status_code == 200
    assert pool(partner, jackpot) == refill


def test_a_trigger_sets_the_whole_pool_aside_once(partner: Any) -> None:
    before = booked_pools(partner)
    jackpot, player, won = a_jackpot(partner, 1_000), partner.player(10), new_id("jt")
    contribute(partner, jackpot, a_bet(partner), 25)
    first = trigger(partner, jackpot, player, won)
    assert conforming("triggerJackpot", first, 201) == {
        "trigger_id": won, "jackpot_id": jackpot, "player_id": player, "amount": eur(1_025), "status": "triggered"}
    contribute(partner, jackpot, a_bet(partner), 5)
    assert trigger(partner, jackpot, player, won).json() == first.json()
    refused(trigger(partner, jackpot, partner.player(), won), 409, "DUPLICATE")
    refused(trigger(partner, jackpot, player, won, "r2"), 409, "DUPLICATE")
    assert pool(partner, jackpot) == 5
    assert partner.balance(player) == (10, 0), "won, not paid yet"
    assert booked_pools(partner) - before == 1_030
    assert [one["amount"] for one in told(partner, "jackpot.triggered", jackpot)] == [eur(1_025)]


def test_triggers_that_are_refused_leave_the_pool_alone(partner: Any) -> None:
    jackpot = a_jackpot(partner)
    refused(trigger(partner, jackpot, "nobody"), 404, "NOT_FOUND")
    refused(trigger(partner, jackpot, partner.player(5, "USD")), 422, "CURRENCY_MISMATCH")
    refused(trigger(partner, a_jackpot(partner, 0), partner.player()), 409, "INVALID_STATE")
    assert pool(partner, jackpot) == 1_000


def test_racing_triggers_win_the_pool_once(partner: Any) -> None:
    jackpot, players = a_jackpot(partner), [partner.player() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda player: trigger(partner, jackpot, player), players))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 5
    assert pool(partner, jackpot) == 0


def test_a_win_is_paid_once_to_its_winner(partner: Any) -> None:
    jackpot, player, payout = a_jackpot(partner, 1_000), partner.player(10), new_id("jo")
    won = a_win(partner, jackpot, player)
    refused(pay(partner, won, partner.player()), 409, "INVALID_STATE")
    refused(pay(partner, new_id("jt"), player), 404, "NOT_FOUND")
    first = pay(partner, won, player, payout)
    assert conforming("payJackpot", first, 200) == {
        "payout_id": payout, "trigger_id": won, "amount": eur(1_000), "balance": eur(1_010), "status": "paid"}
    assert pay(partner, won, player, payout).json() == first.json()
    refused(pay(partner, won, player), 409, "INVALID_STATE")
    assert partner.balance(player) == (1_010, 0)
    assert partner.wallet_balance(player) == 1_010
    assert [one["amount"] for one in partner.ledger(player) if one["kind"] == "jackpot"] == [1_000]
    assert [one["payout_id"] for one in told(partner, "jackpot.paid", jackpot)] == [payout]
    assert partner.admin("GET", "/sandbox/ledger")["balanced"]


def test_racing_payouts_pay_once(partner: Any) -> None:
    player = partner.player(0)
    won = a_win(partner, a_jackpot(partner, 1_000), player)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: pay(partner, won, player), range(8)))
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7
    assert partner.balance(player) == (1_000, 0)
    assert partner.wallet_balance(player) == 1_000


def test_racing_copies_of_a_payout_pay_once_and_name_no_other_payout(partner: Any) -> None:
    player, payout = partner.player(0), new_id("jo")
    won = a_win(partner, a_jackpot(partner, 1_000), player)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: pay(partner, won, player, payout), range(8)))
    assert {one.status_code for one in answers} <= {200, 409}
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"IN_PROGRESS"}
    assert pay(partner, won, player, payout).json()["status"] == "paid"
    assert partner.balance(player) == (1_000, 0)


def test_a_payout_id_pays_one_trigger(partner: Any) -> None:
    player, payout = partner.player(0), new_id("jo")
    first, second = (a_win(partner, a_jackpot(partner, 1_000), player) for _ in range(2))
    assert pay(partner, first, player, payout).status_code == 200
    refused(pay(partner, second, player, payout), 409, "DUPLICATE")
    assert pay(partner, second, player).status_code == 200
    assert partner.balance(player) == (2_000, 0)


def test_a_win_of_another_brand_is_unknown_here(partner: Any) -> None:
    player = partner.player()
    won = a_win(partner, a_jackpot(partner), player)
    other = type(partner)(partner.running, "provider-a", "brand-a2")
    try:
        refused(pay(other, won, player), 404, "NOT_FOUND")
    finally:
        other.http.close()


def test_a_payout_never_takes_a_balance_beyond_what_the_contract_can_say(partner: Any) -> None:
    player = partner.player(10**18 - 2)
    won = a_win(partner, a_jackpot(partner, 10**18 - 1), player)
    refused(pay(partner, won, player), 422, "AMOUNT_INVALID")
    assert partner.wallet_balance(player) == partner.balance(player)[0] == 10**18 - 2


def test_a_platform_may_answer_every_repeat_with_its_own_code(start: Any) -> None:
    partner = start(profile={"duplicate_answer": "own_code"})
    jackpot, bet, player = a_jackpot(partner), a_bet(partner), partner.player()
    contribute(partner, jackpot, bet, 30, "jc-1")
    refused(contribute(partner, jackpot, bet, 30, "jc-1"), 409, "DUPLICATE")
    trigger(partner, jackpot, player, "jt-1")
    refused(trigger(partner, jackpot, player, "jt-1"), 409, "DUPLICATE")
    assert pay(partner, "jt-1", player, "jo-1").status_code == 200
    refused(pay(partner, "jt-1", player, "jo-1"), 409, "DUPLICATE")
    assert pool(partner, jackpot) == 0
