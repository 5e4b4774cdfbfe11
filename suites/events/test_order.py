"""EVT-04: the events of one bet are in order, or can be put in it by their sequence.

Deliveries overtake each other; without an order within the key nobody can tell a late authorize from a new one.
"""

import pytest

from harness import Lab, in_order


@pytest.mark.certifies("EVT-04")
def test_the_events_of_a_bet_have_an_order(lab: Lab, watch) -> None:
    """Three bets settled and two rolled back, their calls interleaved."""
    player = lab.player()
    session = lab.session(player)
    watching = watch(lab.call("getSession", path={"session_id": session}))
    settled = [lab.bet(session, player, amount=100) for _ in range(3)]
    undone = [lab.bet(session, player, amount=100) for _ in range(2)]
    for bet in [*settled, *undone]:
        lab.must(lab.authorize(bet), 200)
    for bet in settled:
        lab.must(lab.settle(bet, 150), 200)
    for bet in undone:
        lab.must(lab.rollback(bet), 200)
    chains = [[("bet.authorized", {"bet_id": b.bet_id}), ("bet.settled", {"bet_id": b.bet_id})] for b in settled]
    chains += [[("bet.authorized", {"bet_id": b.bet_id}), ("bet.rolled_back", {"bet_id": b.bet_id})] for b in undone]
    observed = watching.events(*[link for chain in chains for link in chain])
    for chain in chains:
        lab.claim(in_order(chain, observed))
