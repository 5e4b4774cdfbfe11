"""Bonuses and their wager: issued once, each spin and each stake counted once, released once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.sandbox.contract_shape import conforming, refused, registered_event


def new_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def issue(partner: Any, player: str, amount: int = 500, spins: int = 3, wager: int = 300, bonus_id: str | None = None,
          **changes: Any) -> Any:
    body = {"bonus_id": bonus_id or new_id("bo"), "player_id": player, "amount": eur(amount), "freespins": spins,
            "wager_requirement": eur(wager)} | changes
    return partner.send("POST", "/v1/bonuses", body)


def a_bonus(partner: Any, player: str, amount: int = 500, spins: int = 3, wager: int = 300) -> str:
    return str(conforming("issueBonus", issue(partner, player, amount, spins, wager), 201)["bonus_id"])


def consume(partner: Any, bonus: str, amount: int, consumption: str | None = None, **changes: Any) -> Any:
    body = {"bonus_id": bonus, "consumption_id": consumption or new_id("co"), "round_id": "r1", "win": eur(amount)}
    return partner.send("POST", "/v1/bonuses/consume", body | changes)


def progress(partner: Any, bonus: str, bet: str) -> Any:
    return partner.send("POST", "/v1/wager/progress", {"bonus_id": bonus, "bet_id": bet})


def shown(partner: Any, bonus: str) -> dict[str, Any]:
    found: dict[str, Any] = conforming("getBonus", partner.send("GET", f"/v1/bonuses/{bonus}"), 200)
    return found


def wagered(partner: Any, bonus: str) -> int:
    return int(shown(partner, bonus)["wagered"]["amount"])


def spendable(partner: Any, player: str) -> int:
    return int(partner.balance(player)[0])


def told(partner: Any, kind: str, bonus: str) -> list[dict[str, Any]]:
    newest_first = partner.get(f"/v1/events?type={kind}&limit=200&order=desc")["items"]
    return [registered_event(one)["data"] for one in newest_first if one["data"]["bonus_id"] == bonus]


def test_a_bonus_waits_apart_from_cash(partner: Any) -> None:
    player = partner.player(1_000)
    answer = issue(partner, player, 500, 3, 300, "bo-apart")
    assert conforming("issueBonus", answer, 201) == shown(partner, "bo-apart") == {
        "bonus_id": "bo-apart", "player_id": player, "status": "issued", "amount": eur(500), "freespins_left": 3,
        "wagered": eur(0), "wager_requirement": eur(300)}
    assert answer.headers["Location"] == "/v1/bonuses/bo-apart"
    assert spendable(partner, player) == 1_000
    refused(partner.authorize(partner.session(player), 1_001), 422, "INSUFFICIENT_FUNDS")
    assert [one["status"] for one in told(partner, "bonus.issued", "bo-apart")] == ["issued"]


def test_a_bonus_id_is_issued_once(partner: Any) -> None:
    player, bonus = partner.player(1_000), new_id("bo")
    first = issue(partner, player, 500, bonus_id=bonus)
    assert issue(partner, player, 500, bonus_id=bonus).json() == first.json()
    refused(issue(partner, player, 501, bonus_id=bonus), 409, "DUPLICATE")
    refused(issue(partner, player, 500, 4, bonus_id=bonus), 409, "DUPLICATE")
    refused(issue(partner, partner.player(), 500, bonus_id=bonus), 409, "DUPLICATE")
    assert len(told(partner, "bonus.issued", bonus)) == 1
    partner.settle(partner.bet(partner.session(player), 300), 0)
    assert partner.admin("GET", "/sandbox/ledger")["balanced"]


def test_who_may_not_have_a_bonus(partner: Any) -> None:
    excluded = partner.player(self_excluded=True)
    refused(issue(partner, excluded), 403, "RG_BLOCK")
    refused(issue(partner, "nobody"), 404, "NOT_FOUND")
    refused(issue(partner, partner.player(), wager_requirement={"amount": 5, "currency": "USD"}), 422,
            "CURRENCY_MISMATCH")
    refused(issue(partner, partner.player(5, "USD")), 422, "CURRENCY_MISMATCH")
    refused(issue(partner, partner.player(), freespins=-1), 400, "VALIDATION_FAILED")


def test_a_bonus_is_its_owners_to_see_and_use(partner: Any) -> None:
    bonus = a_bonus(partner, partner.player())
    others = [type(partner)(partner.running, *who) for who in (
        ("provider-b", "brand-b1"), ("provider-a", "brand-a2"), ("provider-a", "brand-a1", "uk"))]
    try:
        for other, (status, code) in zip(others, [(404, "NOT_FOUND")] * 2 + [(403, "REGION_MISMATCH")], strict=True):
            refused(other.send("GET", f"/v1/bonuses/{bonus}"), status, code)
            refused(consume(other, bonus, 10), status, code)
    finally:
        for other in others:
            other.http.close()
    assert shown(partner, bonus)["freespins_left"] == 3


def test_a_spin_pays_its_win_into_cash_and_wallet(partner: Any) -> None:
    player = partner.player(1_000)
    bonus = a_bonus(partner, player, spins=2)
    body = conforming("consumeBonus", consume(partner, bonus, 250), 200)
    assert (body["freespins_left"], body["win"], body["balance"]) == (1, eur(250), eur(1_250))
    assert conforming("consumeBonus", consume(partner, bonus, 0), 200)["freespins_left"] == 0
    assert spendable(partner, player) == partner.wallet_balance(player) == 1_250
    refused(consume(partner, bonus, 250), 409, "INVALID_STATE")
    assert spendable(partner, player) == 1_250
    assert shown(partner, bonus)["freespins_left"] == 0
    assert sorted(one["win"]["amount"] for one in told(partner, "bonus.consumed", bonus)) == [0, 250]


@pytest.mark.parametrize("win", [0, 250])
def test_a_consumption_id_uses_one_spin(partner: Any, win: int) -> None:
    player = partner.player(1_000)
    bonus, consumption = a_bonus(partner, player), new_id("co")
    first = consume(partner, bonus, win, consumption)
    assert consume(partner, bonus, win, consumption).json() == first.json()
    refused(consume(partner, bonus, win + 1, consumption), 409, "DUPLICATE")
    refused(consume(partner, bonus, win, consumption, round_id="r2"), 409, "DUPLICATE")
    refused(consume(partner, a_bonus(partner, player), win, consumption), 409, "DUPLICATE")
    assert shown(partner, bonus)["freespins_left"] == 2
    assert spendable(partner, player) == partner.wallet_balance(player) == 1_000 + win


def test_a_win_in_another_currency_uses_no_spin(partner: Any) -> None:
    player = partner.player(1_000)
    bonus = a_bonus(partner, player)
    refused(consume(partner, bonus, 5, win={"amount": 5, "currency": "USD"}), 422, "CURRENCY_MISMATCH")
    assert shown(partner, bonus)["freespins_left"] == 3


def test_a_win_never_takes_a_balance_beyond_what_the_contract_can_say(partner: Any) -> None:
    player = partner.player(10**18 - 2)
    bonus = a_bonus(partner, player)
    refused(consume(partner, bonus, 10**18 - 1), 422, "AMOUNT_INVALID")
    assert spendable(partner, player) == 10**18 - 2
    assert shown(partner, bonus)["freespins_left"] == 3


def test_racing_spins_use_what_is_left_and_no_more(partner: Any) -> None:
    player = partner.player(0)
    bonus = a_bonus(partner, player, spins=3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: consume(partner, bonus, 10), range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 3 + [409] * 5
    assert sorted(one.json()["freespins_left"] for one in answers if one.status_code == 200) == [0, 1, 2]
    assert spendable(partner, player) == partner.wallet_balance(player) == 30


def test_racing_copies_of_a_spin_pay_once(partner: Any) -> None:
    player = partner.player(0)
    bonus, consumption = a_bonus(partner, player, spins=3), new_id("co")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: consume(partner, bonus, 10, consumption), range(8)))
    assert {one.status_code for one in answers} <= {200, 409}
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"IN_PROGRESS"}
    assert spendable(partner, player) == partner.wallet_balance(player) == 10
    assert shown(partner, bonus)["freespins_left"] == 2


def test_a_stake_counts_once_towards_a_wager(partner: Any) -> None:
    player = partner.player(1_000)
    bonus, bet = a_bonus(partner, player, wager=300), partner.bet(partner.session(player), 120)
    first = conforming("reportWagerProgress", progress(partner, bonus, bet), 200)
    assert first == {"bonus_id": bonus, "status": "issued", "wagered": eur(120)}
    partner.settle(bet, 900)
    assert progress(partner, bonus, bet).json() == first
    assert wagered(partner, bonus) == 120
    assert len(told(partner, "wager.progress.updated", bonus)) == 1


def test_bets_that_count_towards_no_wager(partner: Any) -> None:
    player, other = partner.player(1_000), partner.player(1_000)
    bonus, session = a_bonus(partner, player), partner.session(player)
    refused(progress(partner, bonus, partner.bet(partner.session(other), 100)), 409, "INVALID_STATE")
    returned = partner.bet(session, 100)
    partner.rollback(returned)
    refused(progress(partner, bonus, returned), 409, "INVALID_STATE")
    refused(progress(partner, bonus, partner.new_bet()), 404, "NOT_FOUND")
    refused(progress(partner, "bo-of-nobody", returned), 404, "NOT_FOUND")
    partner.fund(player, 500, "USD")
    dollars = partner.bet(partner.session(player, "USD"), 100, "USD")
    refused(progress(partner, bonus, dollars), 422, "CURRENCY_MISMATCH")
    assert wagered(partner, bonus) == 0


def test_a_met_wager_releases_the_bonus_once(partner: Any) -> None:
    player = partner.player(1_000)
    session, bonus = partner.session(player), a_bonus(partner, player, 500, wager=300)
    for stake in (150, 149):
        assert progress(partner, bonus, partner.bet(session, stake)).json()["status"] == "issued"
    assert spendable(partner, player) == 701
    assert progress(partner, bonus, partner.bet(session, 1)).json() == {
        "bonus_id": bonus, "status": "completed", "wagered": eur(300)}
    assert partner.eventually(lambda: spendable(partner, player) == 1_200)
    assert progress(partner, bonus, partner.bet(session, 50)).json()["status"] == "completed"
    marker = a_bonus(partner, player, 7, wager=1)
    progress(partner, marker, partner.bet(session, 1))
    assert partner.eventually(lambda: spendable(partner, player) == 1_200 - 50 - 1 + 7), "later releases come later"
    assert partner.wallet_balance(player) == spendable(partner, player)
    booked = [one["amount"] for one in partner.ledger(player) if one["kind"] == "bonus"]
    assert booked == [500, 7]
    assert partner.admin("GET", "/sandbox/ledger")["balanced"]


def test_racing_stakes_release_once(partner: Any) -> None:
    player = partner.player(1_000)
    session, bonus = partner.session(player), a_bonus(partner, player, 500, wager=30)
    bets = [partner.bet(session, 10) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda bet: progress(partner, bonus, bet), bets))
    assert {one.status_code for one in answers} == {200}
    assert wagered(partner, bonus) == 80
    assert partner.eventually(lambda: spendable(partner, player) == 1_420)
    assert [one["amount"] for one in partner.ledger(player) if one["kind"] == "bonus"] == [500]


def test_a_rolled_back_bet_takes_its_progress_along(partner: Any) -> None:
    player = partner.player(1_000)
    session, bonus = partner.session(player), a_bonus(partner, player, wager=300)
    kept, returned = partner.bet(session, 100), partner.bet(session, 150)
    for bet in (kept, returned):
        progress(partner, bonus, bet)
    for _ in range(2):
        assert partner.rollback(returned).status_code == 200
        assert wagered(partner, bonus) == 100
    assert [one["wagered"]["amount"] for one in told(partner, "wager.progress.updated", bonus)] == [100, 250, 100]


def test_a_complete_bonus_stays_complete_when_its_bet_is_rolled_back(partner: Any) -> None:
    player = partner.player(1_000)
    bonus = a_bonus(partner, player, 500, wager=100)
    bet = partner.bet(partner.session(player), 100)
    progress(partner, bonus, bet)
    assert partner.eventually(lambda: spendable(partner, player) == 1_400)
    partner.rollback(bet)
    assert (shown(partner, bonus)["status"], wagered(partner, bonus)) == ("completed", 100)
    assert partner.balance(player)[0] == partner.wallet_balance(player) == 1_500


def test_a_release_survives_a_kill(start: Any) -> None:
    partner = start()
    player = partner.player(1_000)
    bonus = a_bonus(partner, player, 500, wager=100)
    bet = partner.bet(partner.session(player), 100)
    assert progress(partner, bonus, bet).json()["status"] == "completed"
    partner.running.kill_platform()
    assert partner.eventually(lambda: partner.running.restarts > 0)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert partner.eventually(lambda: spendable(partner, player) == 1_400)
    assert partner.wallet_balance(player) == 1_400


def test_a_platform_may_answer_every_repeat_with_its_own_code(start: Any) -> None:
    partner = start(profile={"duplicate_answer": "own_code"})
    player = partner.player(1_000)
    issue(partner, player, bonus_id="bo-1")
    refused(issue(partner, player, bonus_id="bo-1"), 409, "DUPLICATE")
    consume(partner, "bo-1", 20, "co-1")
    refused(consume(partner, "bo-1", 20, "co-1"), 409, "DUPLICATE")
    assert spendable(partner, player) == 1_020
