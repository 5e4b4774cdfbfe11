"""IDEM-11, IDEM-13: keys, effects and events survive a kill -9 and the restart after it."""

from functools import partial

import pytest

from harness import Lab, moved, same_result, story_of_bets

BETS = 24


@pytest.mark.certifies("IDEM-11", "IDEM-13", isolation="exclusive")
def test_what_was_acknowledged_survives_a_crash(lab: Lab) -> None:
    """A burst of bets, a kill in its middle, a restart: every acknowledged hold is there once, with its event."""
    player = lab.player({"EUR": 1_000_000})
    session = lab.session(player)
    before = lab.balances(player)
    early = lab.bet(session, player, amount=100)
    first = lab.must(lab.authorize(early), 200)
    bets = [lab.bet(session, player, amount=100) for _ in range(BETS)]
    keys = [lab.fresh("key") for _ in bets]
    calls = [partial(lab.authorize, bet, key=key) for bet, key in zip(bets, keys, strict=True)]
    lab.together([*calls, lab.crash_soon])
    lab.restart()
    lab.claim(same_result(first, lab.again(first), but=("balance",) if lab.profile.replay_balance == "recomputed"
                          else (), says="a key from before the crash still answers its result"))
    retried = [lab.must(lab.authorize(bet, key=key), 200) for bet, key in zip(bets, keys, strict=True)]
    lab.claim(moved(before, lab.balances(player), -100 * (BETS + 1),
                    says="after the crash and the retries every stake is held exactly once"))
    lab.claim(story_of_bets([first, *retried], lab.feed([e.field("bet_id") for e in [first, *retried]]),
                            "bet.authorized"), control="IDEM-13")
