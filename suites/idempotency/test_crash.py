"""IDEM-11, IDEM-13: keys, effects and events survive a kill -9 and the restart after it."""

from functools import partial

import pytest

from harness import Bet, Exchange, Lab, announced_once, answered, moved, same_result

AT_ONCE, EACH = 12, 6


@pytest.mark.certifies("IDEM-11", "IDEM-13", isolation="exclusive")
def test_what_was_acknowledged_survives_a_crash(lab: Lab) -> None:
    """A burst of bets, a kill in its middle, a restart: every acknowledged hold is there once, with its event."""
    player = lab.player({"EUR": 1_000_000})
    session = lab.session(player)
    before = lab.balances(player)
    early = lab.bet(session, player, amount=100)
    first = lab.must(lab.authorize(early), 200)
    bets = [lab.bet(session, player, amount=100) for _ in range(AT_ONCE * EACH)]
    keys = [lab.fresh("key") for _ in bets]

    def some(lane: int) -> Exchange:
        """One lane of the burst: bets one after the other, so that the kill finds some of them under way."""
        return [lab.authorize(bets[n], key=keys[n]) for n in range(lane, len(bets), AT_ONCE)][-1]

    lab.restart(meanwhile=[partial(some, lane) for lane in range(AT_ONCE)])
    lab.claim(same_result(first, lab.again(first), but=("balance",) if lab.profile.replay_balance == "recomputed"
                          else (), says="a key from before the crash still answers its result"))

    def retry(bet: Bet, key: str) -> Exchange:
        return lab.until(partial(lab.authorize, bet, key=key), lambda e: e.status == 200)

    retried = lab.side_by_side([partial(retry, bet, key) for bet, key in zip(bets, keys, strict=True)], at_once=16)
    for answer in retried:
        lab.claim(answered(answer, 200, says="a bet that was under way at the crash is finished by its retry"))
    lab.claim(moved(before, lab.balances(player), -100 * (len(bets) + 1),
                    says="after the crash and the retries every stake is held exactly once"))
    told = [page for bet in [early, *bets] for page in lab.feed(bet_id=bet.bet_id, type="bet.authorized")]
    lab.claim(announced_once([first, *retried], told, "bet.authorized", "bet_id"), control="IDEM-13")
