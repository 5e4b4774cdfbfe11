"""MONEY-13: self-exclusion and limits stop new bets and never a settle."""

import pytest

from harness import Lab, answered, moved, refused, unmoved


@pytest.mark.certifies("MONEY-13")
def test_self_exclusion_stops_new_bets_and_never_a_settle(lab: Lab) -> None:
    """The exclusion lands between authorize and settle: the win is paid, the next bet and session are refused."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    lab.must(lab.call("updateSandboxPlayer", {"rg": {"self_excluded": True}}, by=lab.admin,
                      path={"player_id": player.player_id}))
    before = lab.balances(player)
    lab.claim(refused(lab.authorize(lab.bet(session, player)), code="RG_BLOCK",
                      says="a self-excluded player places no new bet"))
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    lab.claim(refused(lab.call("createSession", body), code="RG_BLOCK",
                      says="a self-excluded player opens no new session"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.claim(answered(lab.settle(bet, 2_500), 200, says="an open bet of a self-excluded player is still settled"))
    lab.claim(moved(before, lab.balances(player), 2_500, says="the win of a self-excluded player is paid"))


@pytest.mark.certifies("MONEY-13")
def test_a_limit_stops_a_bet_above_it(lab: Lab) -> None:
    """The session's max_bet and the player's own limit: one minor unit above is refused, the limit is not."""
    player = lab.player(rg={"limits": {"max_bet": lab.money(800)}})
    session = lab.session(player)
    capped = lab.session(player, constraints={"max_bet": lab.money(500)})
    before = lab.balances(player)
    for where, above in ((capped, 501), (session, 801)):
        lab.claim(refused(lab.authorize(lab.bet(where, player, amount=above)), code="LIMIT_EXCEEDED",
                          says=f"a stake of {above} above the limit is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.claim(answered(lab.authorize(lab.bet(capped, player, amount=500)), 200, says="the limit itself is allowed"))
