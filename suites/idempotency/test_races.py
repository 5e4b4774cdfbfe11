"""IDEM-05: N copies of one request at once have one effect, and every answer is consistent with it."""

import pytest

from harness import Lab, copies_agree, moved

COPIES = 10


@pytest.mark.certifies("IDEM-05")
def test_parallel_copies_of_an_authorize_hold_once(lab: Lab) -> None:
    """Ten at the same instant, three bets in turn: a check-then-insert race shows in one of them."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    for _ in range(3):
        bet, key = lab.bet(session, player, amount=1_000), lab.fresh("key")
        copies = lab.together([lambda bet=bet, key=key: lab.authorize(bet, key=key)] * COPIES)
        lab.claim(copies_agree(copies, "hold_id"))
    lab.claim(moved(before, lab.balances(player), -3_000))


@pytest.mark.certifies("IDEM-05")
def test_parallel_copies_of_a_settle_pay_once(lab: Lab) -> None:
    """Ten settles of one bet under one key: one credit."""
    player = lab.player()
    session = lab.session(player)
    for _ in range(2):
        bet, key = lab.bet(session, player, amount=1_000), lab.fresh("key")
        lab.must(lab.authorize(bet), 200)
        before = lab.balances(player)
        copies = lab.together([lambda bet=bet, key=key: lab.settle(bet, 2_500, key=key)] * COPIES)
        lab.claim(copies_agree(copies, "settlement_id"))
        lab.claim(moved(before, lab.balances(player), 2_500))


@pytest.mark.certifies("IDEM-05")
def test_parallel_copies_of_a_rollback_refund_once(lab: Lab) -> None:
    """Ten rollbacks of one bet under one key: one refund."""
    player = lab.player()
    bet, key = lab.bet(lab.session(player), player, amount=1_000), lab.fresh("key")
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    lab.claim(copies_agree(lab.together([lambda: lab.rollback(bet, key=key)] * COPIES), "rollback_id"))
    lab.claim(moved(before, lab.balances(player), 1_000))
