"""IDEM-10: keys are remembered as long as declared, and that is longer than anybody goes on repeating a call.

A key that is forgotten while a partner still repeats its call moves the money a second time.
"""

import pytest

from harness import Exchange, Lab, lifetime_covers_horizon, moved, refused, same_result, unmoved

MINUTE, HOUR = 60, 3_600
SKEW = -5 * MINUTE


@pytest.mark.certifies("IDEM-10")
def test_the_declared_lifetime_covers_the_retry_horizon(lab: Lab) -> None:
    """Read from the target's profile; nothing is sent."""
    lab.claim(lifetime_covers_horizon())


def _moments(lab: Lab) -> list[tuple[int, str]]:
    """(seconds ahead, in words): beyond what a cache holds, beyond the horizon, and shortly before the end."""
    lifetime = lab.profile.key_lifetime_hours * HOUR
    last = lifetime - min(10 * MINUTE, lifetime // 6)
    horizon = lab.profile.retry_horizon_hours * HOUR + MINUTE
    tried = [(2 * MINUTE, "after two minutes"), (last, "shortly before its declared lifetime is over")]
    if horizon < last:
        tried.insert(1, (horizon, "after the longest retry horizon"))
    return tried


@pytest.mark.certifies("IDEM-10", isolation="exclusive")
def test_keys_are_remembered_as_long_as_declared(lab: Lab) -> None:
    """A session, a bet, its settlement and a refused bet, repeated hours later by the sandbox's clock."""
    player = lab.player({"EUR": 5_000})
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    opened = lab.must(lab.call("createSession", body), 201)
    bet = lab.bet(str(opened.field("session_id")), player)
    held, paid = lab.must(lab.authorize(bet), 200), lab.must(lab.settle(bet, 2_500), 200)
    poor = lab.authorize(lab.bet(bet.session_id, player, amount=20_000))
    lab.baseline(refused(poor, says="a stake above the balance is refused"))
    lab.must(lab.call("fundSandboxPlayer", lab.money(50_000), by=lab.admin, path={"player_id": player.player_id}))
    before = lab.balances(player)

    def repeat(when: str) -> None:
        for first in (opened, held, paid, poor):
            lab.claim(same_result(first, lab.again(first), but=_but(lab, first),
                                  says=f"a repeated {first.operation} answers its first result {when}"))
        lab.claim(unmoved(before, lab.balances(player), f"repeats {when} move nothing"))

    with lab.clock() as clock:
        for seconds, when in _moments(lab):
            clock.to(seconds)
            repeat(when)
        # Bound to its request, too: with a session of now, so that nothing but the key is in the way.
        other = lab.bet(lab.session(player), player, amount=700)
        key = held.sent_header(lab.profile.idempotency_header)
        lab.claim(refused(lab.authorize(other, key=key), lab.profile.mismatch_status, code="IDEMPOTENCY_MISMATCH",
                          says="a known key with other parameters is refused shortly before its lifetime is over"))
        lab.claim(moved(before, lab.balances(player), 0, says="a refused call holds nothing"))
        clock.to(SKEW)
        repeat("when the platform's clock went back by minutes")


def _but(lab: Lab, first: Exchange) -> tuple[str, ...]:
    if first.status != 200:
        return ("trace_id", "message", "details")
    return ("balance",) if lab.profile.replay_balance == "recomputed" else ()
