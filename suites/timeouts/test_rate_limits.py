"""TIME-09: one party that asks too much is told to come back; nothing of it happens, and nobody else notices.

Without a limit one runaway client takes everybody down; a limit that is shared by all does the same.
"""

from functools import partial

import pytest

from harness import (
    Lab,
    asks_to_wait,
    come_back,
    flood,
    limited,
    neighbour_unharmed,
    neighbours_of,
    only_served_bets_move,
    served_after_wait,
)

STAKE, BETS = 100, 20


@pytest.mark.certifies("TIME-09", isolation="exclusive")
def test_a_flood_is_limited_and_harms_nobody_else(lab: Lab) -> None:
    """Reads above the declared limit, bets among them, neighbours beside it; then each comes back as it was told."""
    limit = lab.limit
    flooder = lab.player(by=lab.party(limit.party))
    neighbours = [lab.player(by=party) for party in neighbours_of(lab, limit)]
    session = lab.session(flooder)
    bets = [lab.bet(session, flooder, amount=STAKE) for _ in range(BETS)]
    before = lab.balances(flooder)
    seen = flood(lab, limit, flooder, bets, neighbours)
    answers = [answer for _, _, answer in seen.bets]
    lab.claim(limited(seen.reads, limit))
    lab.claim(asks_to_wait([*seen.reads, *answers]))
    lab.claim(only_served_bets_move(before, lab.balances(flooder), answers, STAKE))
    for bet, key, answer in seen.bets:
        if answer.status in (429, 503):
            tries = come_back(answer, partial(lab.authorize_once, bet, key=key))
            lab.claim(served_after_wait(answer, tries))
    for name, calls in seen.meanwhile.items():
        lab.claim(neighbour_unharmed(name, seen.calm[name], calls, seen.reads))
