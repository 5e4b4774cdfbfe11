"""CONT-02, CONT-04, CONT-11: every answer of the whole run keeps the contract, its errors and its formats.

Judged over everything that any suite observed; the checks here only make sure that there is something to judge.
"""

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
