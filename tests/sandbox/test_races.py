"""Requests at the same time: money is exact, whoever wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def rival(request: Any, start: Any) -> Any:
    """A partner on either database."""
    if request.param == "sqlite":
        return start()
    return start(database_url=request.getfixturevalue("postgres")())


def test_parallel_bets_never_exceed_the_balance(rival: Any) -> None:
    player = rival.player(1_000)
    session = rival.session(player)
    with ThreadPoolExecutor(16) as pool:
        codes = [a.status_code for a in pool.map(lambda _: rival.authorize(session, 150), range(40))]
    assert codes.count(200) == 6
    assert codes.count(422) == 34
    assert rival.balance(player) == (100, 900)
    assert rival.wallet_balance(player) == 100


def test_settle_races_rollback_and_exactly_one_wins(rival: Any) -> None:
    player = rival.player(10_000)
    session = rival.session(player)
    expected = 10_000
    with ThreadPoolExecutor(2) as pool:
        for turn in range(30):
            bet = rival.bet(session, 100)
            jobs = [pool.submit(rival.settle, bet, 300), pool.submit(rival.rollback, bet)]
            if turn % 2:
                jobs.reverse()
            codes = sorted(job.result().status_code for job in jobs)
            assert codes == [200, 409]
            settled = rival.get(f"/v1/bets/{bet}")["status"] == "settled"
            expected += 200 if settled else 0
    assert rival.balance(player) == (expected, 0)
    assert rival.wallet_balance(player) == expected


def test_hot_player_stays_exact(rival: Any) -> None:
    player = rival.player(1_000_000)
    session = rival.session(player)

    def game(turn: int) -> None:
        bet = rival.bet(session, 100)
        assert rival.settle(bet, turn).status_code == 200

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(game, range(120)))
    expected = 1_000_000 - 120 * 100 + sum(range(120))
    assert rival.balance(player) == (expected, 0)
    assert rival.wallet_balance(player) == expected
    entries = rival.ledger(player)
    assert sum(e["amount"] for e in entries) == expected
    assert len(entries) == 241
    balance = 0
    for entry in entries:
        balance += entry["amount"]
        assert entry["balance_after"] == balance
    assert rival.admin("GET", "/sandbox/ledger")["balanced"]


def test_every_copy_of_one_bet_under_many_keys(rival: Any) -> None:
    player = rival.player(1_000)
    session = rival.session(player)
    bet = rival.new_bet()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: rival.authorize(session, 100, bet), range(24)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 1
    assert rival.balance(player) == (900, 100)
