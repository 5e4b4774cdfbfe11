"""IDEM-08: the reply is lost after the commit; the retry gets the committed result, with one effect."""

from functools import partial

import pytest

from harness import Lab, answered, equal, moved


@pytest.mark.certifies("IDEM-08")
def test_a_retry_after_a_lost_reply_finds_the_hold(lab: Lab) -> None:
    """The line is cut once the bet is visibly authorized; same key again: 200, one hold."""
    player = lab.player()
    bet, key = lab.bet(lab.session(player), player, amount=1_000), lab.fresh("key")
    before = lab.balances(player)
    body = {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
            "amount": lab.money(bet.amount)}
    lab.lose_reply("authorizeBet", body, key=key, party=player.party, meanwhile=lambda: lab.until(
        partial(lab.read_bet, bet), lambda e: e.field("status") == "authorized"))
    retry = lab.until(partial(lab.authorize, bet, key=key), lambda e: e.status == 200)
    lab.claim(answered(retry, 200, says="the retry after a lost reply answers the committed result"))
    lab.claim(equal(retry, "bet_id", bet.bet_id))
    lab.claim(moved(before, lab.balances(player), -1_000, says="a lost reply and its retry hold the stake once"))


@pytest.mark.certifies("IDEM-08")
def test_a_retry_after_a_lost_reply_finds_the_win(lab: Lab) -> None:
    """The same for a settle: one credit."""
    player = lab.player()
    bet, key = lab.bet(lab.session(player), player, amount=1_000), lab.fresh("key")
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    body = {"bet_id": bet.bet_id, "round_id": bet.round_id, "win": lab.money(2_500)}
    lab.lose_reply("settleBet", body, key=key, party=player.party, meanwhile=lambda: lab.until(
        partial(lab.read_bet, bet), lambda e: e.field("status") == "settled"))
    retry = lab.until(partial(lab.settle, bet, 2_500, key=key), lambda e: e.status == 200)
    lab.claim(answered(retry, 200, says="the retry after a lost reply answers the committed result"))
    lab.claim(moved(before, lab.balances(player), 2_500, says="a lost reply and its retry pay the win once"))
