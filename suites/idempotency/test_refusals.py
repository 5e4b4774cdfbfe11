"""IDEM-09: a refused operation stays refused under its key, even when it would succeed now."""

import pytest

from harness import Lab, answered, moved, refused, same_result, unmoved


@pytest.mark.certifies("IDEM-09")
def test_a_refusal_is_replayed_after_a_top_up(lab: Lab) -> None:
    """No funds, then funds: the old key answers the old refusal, a new key succeeds."""
    player = lab.player({"EUR": 500})
    session = lab.session(player)
    bet = lab.bet(session, player, amount=1_000)
    before = lab.balances(player)
    first = lab.authorize(bet)
    lab.baseline(refused(first, says="a stake above the balance is refused"))
    lab.claim(unmoved(before, lab.balances(player), "a refused authorize holds nothing"))
    lab.must(lab.call("fundSandboxPlayer", lab.money(5_000), by=lab.admin, path={"player_id": player.player_id}))
    funded = lab.balances(player)
    replay = lab.again(first)
    lab.claim(refused(replay, says="the replay of a refused operation is refused again"))
    lab.claim(same_result(first, replay, but=("trace_id", "message", "details"),
                          says="the replay answers the same status and code"))
    lab.claim(unmoved(funded, lab.balances(player)))
    other = lab.bet(session, player, amount=1_000)
    lab.baseline(answered(lab.authorize(other), 200))
    lab.claim(moved(funded, lab.balances(player), -1_000, says="a new bet under a new key holds its stake, no more"))
