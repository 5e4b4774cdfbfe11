"""CONT-04: who bets on a session that has run out is told so, and is not told to try again.

A provider opens a new session when it hears SESSION_EXPIRED; what it is told is retryable, it repeats in vain.
"""

from contextlib import suppress

import pytest

from harness import Exchange, Lab, NoHook, Player, answered, one_error_model, refused_as_listed

WEEK, MINUTE = 7 * 86_400, 60


@pytest.mark.certifies("CONT-04", isolation="exclusive")
def test_a_session_that_has_run_out_is_refused_as_that(lab: Lab) -> None:
    """By the sandbox's clock, where it moves and the session ends within a week; everywhere, the errors of the run."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player, amount=100)
    lab.must(lab.authorize(bet), 200)
    lab.must(lab.settle(bet), 200)
    lab.call("getSession", path={"session_id": lab.fresh("session")})
    ends = _read(lab, session).field("expires_at")
    with suppress(NoHook), lab.clock() as clock:
        left = clock.until(ends)
        if left is not None and 0 < left < WEEK:
            clock.to(int(left) + MINUTE)
            _bet_too_late(lab, player, session)
    lab.claim(one_error_model(least=1))


def _bet_too_late(lab: Lab, player: Player, session: str) -> None:
    """One bet on a session of which the platform says that it has expired, one of another player on a new one."""
    if _read(lab, session).field("status") != "expired":
        return  # prolonged by its use, or closed: no other answer is promised
    late = lab.authorize(lab.bet(session, player, amount=100))
    lab.claim(refused_as_listed(late, "SESSION_EXPIRED", says="a bet on a session that has expired is refused as that"))
    other = lab.player()
    bet = lab.bet(lab.session(other), other, amount=100)
    lab.baseline(answered(lab.authorize(bet), 200, says="a bet on a new session is taken at the same time"))
    lab.settle(bet)


def _read(lab: Lab, session: str) -> Exchange:
    return lab.call("getSession", path={"session_id": session})
