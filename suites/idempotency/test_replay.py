"""IDEM-03: the same key and body answer the first result again, with one effect.

A client that times out will retry. The retry must find the first result, whatever the operation.
"""

import pytest

from harness import Bet, Exchange, Lab, moved, same_result

OTHER_STAKE = 300


def _but(lab: Lab) -> tuple[str, ...]:
    return ("balance",) if lab.profile.replay_balance == "recomputed" else ()


def _repeats(lab: Lab, first: Exchange, bet: Bet) -> list[Exchange]:
    """The same call at once and again after other money moved: the first result does not follow the balance."""
    at_once = lab.again(first)
    lab.must(lab.authorize(lab.bet(bet.session_id, bet.player, amount=OTHER_STAKE)), 200)
    return [at_once, lab.again(first)]


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_authorize_holds_once(lab: Lab) -> None:
    """The same authorize three times: one hold, one answer."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    before = lab.balances(player)
    first = lab.must(lab.authorize(bet), 200)
    lab.claim(same_result(first, *_repeats(lab, first, bet), but=_but(lab)))
    lab.claim(moved(before, lab.balances(player), -1_000 - OTHER_STAKE))


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_settle_pays_once(lab: Lab) -> None:
    """The same settle three times: one credit, one answer."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    first = lab.must(lab.settle(bet, 2_500), 200)
    lab.claim(same_result(first, *_repeats(lab, first, bet), but=_but(lab)))
    lab.claim(moved(before, lab.balances(player), 2_500 - OTHER_STAKE))


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_rollback_refunds_once(lab: Lab) -> None:
    """The same rollback three times: one refund, one answer."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    first = lab.must(lab.rollback(bet), 200)
    lab.claim(same_result(first, *_repeats(lab, first, bet), but=_but(lab)))
    lab.claim(moved(before, lab.balances(player), 1_000 - OTHER_STAKE))


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_session_is_the_same_session(lab: Lab) -> None:
    """The same createSession twice: one session id."""
    player = lab.player()
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    first = lab.must(lab.call("createSession", body), 201)
    lab.claim(same_result(first, lab.again(first)))
