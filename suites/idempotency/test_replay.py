"""IDEM-03: the same key and body answer the first result again, with one effect.

A client that times out will retry. The retry must find the first result, whatever the operation.
"""

import pytest

from harness import Lab, moved, same_result


def _but(lab: Lab) -> tuple[str, ...]:
    return ("balance",) if lab.profile.replay_balance == "recomputed" else ()


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_authorize_holds_once(lab: Lab) -> None:
    """The same authorize three times: one hold, one answer."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    before = lab.balances(player)
    first = lab.must(lab.authorize(bet), 200)
    repeats = [lab.again(first) for _ in range(2)]
    lab.claim(same_result(first, *repeats, but=_but(lab)))
    lab.claim(moved(before, lab.balances(player), -1_000))


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_settle_pays_once(lab: Lab) -> None:
    """The same settle three times: one credit, one answer."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    first = lab.must(lab.settle(bet, 2_500), 200)
    repeats = [lab.again(first) for _ in range(2)]
    lab.claim(same_result(first, *repeats, but=_but(lab)))
    lab.claim(moved(before, lab.balances(player), 2_500))


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_rollback_refunds_once(lab: Lab) -> None:
    """The same rollback three times: one refund, one answer."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    first = lab.must(lab.rollback(bet), 200)
    repeats = [lab.again(first) for _ in range(2)]
    lab.claim(same_result(first, *repeats, but=_but(lab)))
    lab.claim(moved(before, lab.balances(player), 1_000))


@pytest.mark.certifies("IDEM-03")
def test_a_repeated_session_is_the_same_session(lab: Lab) -> None:
    """The same createSession twice: one session id."""
    player = lab.player()
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    first = lab.must(lab.call("createSession", body), 201)
    lab.claim(same_result(first, lab.again(first)))
