"""CONT-02, CONT-04, CONT-11: every answer of the whole run keeps the contract, its errors and its formats.

Judged over everything that any suite observed; the checks here only make sure that there is something to judge.
"""

from typing import Any

import pytest

from harness import Lab, conforms, one_error_model, well_formed


@pytest.mark.certifies("CONT-02")
def test_every_answer_conforms_to_the_contract(lab: Lab) -> None:
    """Status documented, required headers present, content type and body as the schemas say."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player)
    lab.call("getSession", path={"session_id": session})
    lab.authorize(bet)
    lab.read_bet(bet)
    settled = lab.settle(bet, 1_500)
    lab.call("getPlayer", path={"player_id": player.player_id})
    lab.balances(player)
    lab.transactions(player)
    lab.call("listEvents", query={"limit": 20})
    if isinstance(settled.field("settlement_id"), str):
        lab.call("getSettlement", path={"settlement_id": settled.field("settlement_id")})
    lab.call("getBet", path={"bet_id": lab.fresh("bet")})
    lab.claim(conforms(least=8))


@pytest.mark.certifies("CONT-02")
def test_rare_answers_conform_too(lab: Lab) -> None:
    """Later pages, reads of what was undone or closed, and of what is not there."""
    player = lab.player()
    session = lab.session(player)
    undone, paid = lab.bet(session, player), lab.bet(session, player)
    lab.authorize(undone)
    lab.rollback(undone)
    lab.read_bet(undone)
    lab.authorize(paid)
    lab.settle(paid, 700)
    lab.read_bet(paid)
    lab.rollback(lab.bet(session, player))
    _two_pages(lab, "listPlayerTransactions", path={"player_id": player.player_id})
    _two_pages(lab, "listEvents")
    lab.call("closeSession", {}, path={"session_id": session})
    lab.call("getSession", path={"session_id": session})
    lab.authorize(lab.bet(session, player))
    for operation, name in (("getSession", "session_id"), ("getPlayer", "player_id"),
                            ("getPlayerBalances", "player_id"), ("getSettlement", "settlement_id"),
                            ("getOperationStatus", "operation_id")):
        lab.call(operation, path={name: lab.fresh("unknown")})
    lab.settle(lab.bet(session, player), 100)
    lab.claim(conforms(least=12))


@pytest.mark.certifies("CONT-02", needs=("bonuses", "jackpots"))
def test_answers_about_bonuses_and_jackpots_that_are_unknown_conform(lab: Lab) -> None:
    """Unknown to read, to consume and to pay into."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player)
    bonus, jackpot = lab.fresh("bonus"), lab.fresh("jackpot")
    lab.call("getBonus", path={"bonus_id": bonus})
    lab.call("getJackpot", path={"jackpot_id": jackpot})
    lab.call("reportWagerProgress", {"bonus_id": bonus, "bet_id": bet.bet_id})
    lab.call("contributeToJackpot", {"contribution_id": lab.fresh("contribution"), "jackpot_id": jackpot,
                                     "bet_id": bet.bet_id, "amount": lab.money(10)})
    lab.claim(conforms(least=4))


def _two_pages(lab: Lab, operation: str, **where: Any) -> None:
    """The first page of two, and the one after it, where there is one."""
    first = lab.call(operation, query={"limit": 2}, **where)
    if isinstance(cursor := first.field("next_cursor"), str):
        lab.call(operation, query={"limit": 2, "cursor": cursor}, **where)


@pytest.mark.certifies("CONT-04")
def test_every_error_follows_the_one_error_model(lab: Lab) -> None:
    """Unknown, unauthenticated, invalid, short of funds, in the wrong state, contradictory: one shape."""
    player = lab.player({"EUR": 1_000})
    session = lab.session(player)
    bet = lab.bet(session, player, amount=500)
    key = lab.fresh("key")
    lab.must(lab.authorize(bet, key=key), 200)
    lab.authorize(bet, amount=400, key=key)
    lab.authorize(lab.bet(session, player, amount=5_000))
    lab.settle(lab.bet(session, player))
    lab.call("getBet", path={"bet_id": lab.fresh("bet")})
    lab.call("getSession", path={"session_id": session}, token=None)
    lab.call("createSession", {"player_id": player.player_id})
    lab.call("authorizeBet", raw=b"{")
    lab.claim(one_error_model(least=5))


@pytest.mark.certifies("CONT-11")
def test_formats_are_the_same_everywhere(lab: Lab) -> None:
    """Currencies, locales, times and identifiers of every answer and event, two currencies included."""
    player = lab.player({"EUR": 10_000, "JPY": 10_000})
    session = lab.session(player, "JPY")
    lab.call("getSession", path={"session_id": session})
    bet = lab.bet(session, player, amount=100, currency="JPY")
    lab.authorize(bet)
    lab.settle(bet, 150)
    lab.transactions(player)
    lab.call("listEvents", query={"limit": 20})
    lab.claim(well_formed(least=10))
