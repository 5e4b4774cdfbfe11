"""More new bets than the platform bears: they are refused at once, and what ends open bets is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.conftest import Partner

_AT_ONCE = 16
_MANY = 400


@pytest.fixture
def partner(start) -> Partner:
    """Of a platform that lets in a hundred new bets a second."""
    found: Partner = start(changes={"new_bets_per_second": 100.0, "new_bets_burst": 100.0})
    return found


def rush(partner: Partner, session: str) -> list[httpx.Response]:
    """So many new bets as fast as they can be sent."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda _: partner.authorize(session, 1), range(_MANY)))


def test_new_bets_are_refused_politely_and_open_ones_end(partner: Partner) -> None:
    session = partner.session(partner.player(100_000))
    won, undone = partner.bet(session), partner.bet(session)
    refused = [a for a in rush(partner, session) if a.status_code != 200]
    assert refused, f"{_MANY} bets at once were all let in"
    assert {a.status_code for a in refused} == {429}
    assert {a.json()["code"] for a in refused} == {"RATE_LIMITED"}
    assert all(int(a.headers["Retry-After"]) >= 1 and a.json()["retryable"] for a in refused)
    assert partner.settle(won, 50).status_code == 200
    assert partner.rollback(undone).status_code == 200


def test_a_refused_bet_leaves_the_money_and_its_key_alone(partner: Partner) -> None:
    player = partner.player(100_000)
    session = partner.session(player)
    taken = sum(a.status_code == 200 for a in rush(partner, session))
    assert partner.balance(player) == (100_000 - taken, taken)
    key, bet = partner.new_bet(), partner.new_bet()
    assert partner.eventually(lambda: partner.authorize(session, 1, bet, key).status_code == 200)


@pytest.mark.parametrize("fault", ["", "settles-shed-first"])
def test_a_planted_platform_refuses_what_would_end_bets(partner: Partner, fault: str) -> None:
    session, bet = partner.session(partner.player(100_000)), partner.new_bet()
    assert partner.eventually(lambda: partner.authorize(session, 1, bet).status_code == 200)
    partner.faults(*([fault] if fault else []))
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            statuses = set(pool.map(lambda _: partner.settle(bet, 0).status_code, range(_MANY)))
    finally:
        partner.faults()
    assert (429 in statuses) is bool(fault)
