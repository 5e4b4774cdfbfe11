"""Every subtle fault switch shows its defect when it is on, after the history or at the input that it needs.

A probe returns True when it sees the defect.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.sandbox.faults_subtle import FAULTS
from tests.sandbox import test_bonuses as bonuses
from tests.sandbox.switches import probed
from tests.sandbox.test_inbox import an_event, publish

Probe = Callable[[Any], bool]
PROBES: dict[str, Probe] = {}


def probe(*names: str) -> Callable[[Probe], Probe]:
    def register(function: Probe) -> Probe:
        for name in names:
            assert name not in PROBES
            PROBES[name] = function
        return function

    return register


def seated(p: Any, amount: int = 10_000) -> tuple[str, str]:
    player = p.player(amount)
    return player, p.session(player)


# -- after a history --------------------------------------------------------------------------------
@probe("repeated-rollback-reopens")
def reopened(p: Any) -> bool:
    player, session = seated(p)
    bet = p.bet(session, 100)
    p.rollback(bet)
    p.rollback(bet)
    p.settle(bet, 500)
    return bool(p.balance(player)[0] != 10_000)


@probe("third-settle-pays")
def paid_again(p: Any) -> bool:
    player, session = seated(p)
    bet = p.bet(session, 100)
    for _ in range(4):
        p.settle(bet, 500)
    return bool(p.balance(player)[0] != 10_400)


@probe("cent-lost-in-twenty")
def a_cent_is_gone(p: Any) -> bool:
    player, session = seated(p)
    for _ in range(20):
        p.settle(p.bet(session, 10), 10)
    return bool(p.balance(player)[0] != 10_000)


@probe("win-lost-after-session-close")
def win_is_gone(p: Any) -> bool:
    player, session = seated(p)
    bet = p.bet(session, 100)
    p.send("POST", f"/v1/sessions/{session}/close", {})
    p.settle(bet, 500)
    return bool(p.balance(player)[0] != 10_400)


@probe("refused-change-sticks")
def refund_of_another_amount(p: Any) -> bool:
    player, session = seated(p)
    bet = p.bet(session, 100)
    p.authorize(session, 900, bet)
    p.rollback(bet)
    return bool(p.balance(player)[0] != 10_000)


@probe("refund-not-spendable")
def refund_cannot_be_bet(p: Any) -> bool:
    _, session = seated(p, 1_000)
    p.rollback(p.bet(session, 800))
    return bool(p.authorize(session, 800).status_code == 422)


@probe("second-session-mixes-currency")
def wrong_pocket(p: Any) -> bool:
    player = p.player(10_000)
    p.fund(player, 10_000, "JPY")
    p.bet(p.session(player), 100)
    p.bet(p.session(player, "JPY"), 100, "JPY")
    return bool(p.balance(player, "JPY")[0] != 9_900)


@probe("stale-read-after-race")
def old_balance(p: Any) -> bool:
    player, session = seated(p)
    for _ in range(20):  # two calls of two threads meet in most tries, not in each
        before = p.balance(player)[0]
        with ThreadPoolExecutor(2) as pool:
            done = sum(a.status_code == 200 for a in pool.map(lambda _: p.authorize(session, 100), range(2)))
        if p.balance(player)[0] != before - 100 * done:
            return True
    return False


@probe("wager-remembers-last-bet")
def counted_again(p: Any) -> bool:
    player, session = seated(p)
    bonus = bonuses.a_bonus(p, player, wager=5_000)
    first, second = p.bet(session, 100), p.bet(session, 100)
    for bet in (first, second, first):
        bonuses.progress(p, bonus, bet)
    return bonuses.wagered(p, bonus) != 200


@probe("spin-remembers-last")
def spun_again(p: Any) -> bool:
    player, _ = seated(p)
    bonus = bonuses.a_bonus(p, player)
    for spin in (first := uuid.uuid4().hex, uuid.uuid4().hex, first):
        bonuses.consume(p, bonus, 100, spin)
    return bonuses.spendable(p, player) != 10_200


# -- at an odd input ----------------------------------------------------------------------------------
@probe("long-trace-crashes")
def crash_by_trace(p: Any) -> bool:
    bonus = bonuses.a_bonus(p, p.player())
    return bool(p.send("GET", f"/v1/bonuses/{bonus}", X_Trace_Id="t" * 120).status_code == 500)


@probe("long-reason-crashes")
def crash_by_reason(p: Any) -> bool:
    _, session = seated(p)
    body = {"bet_id": p.bet(session, 100), "reason": "r" * 120}
    return bool(p.send("POST", "/v1/bets/rollback", body).status_code == 500)


def settled(p: Any, changes: dict[str, Any], *, without: str = "") -> Any:
    player, session = seated(p)
    body = {"bet_id": p.bet(session, 100), "round_id": "r1", "win": {"amount": 50, "currency": "EUR"}, **changes}
    body.pop(without, None)
    return player, p.send("POST", "/v1/bets/settle", body)


probe("missing-round-crashes")(lambda p: settled(p, {}, without="round_id")[1].status_code == 500)
probe("text-amounts-accepted")(
    lambda p: settled(p, {"win": {"amount": "50", "currency": "EUR"}})[1].status_code == 200)


@probe("refused-settle-pays")
def paid_and_refused(p: Any) -> bool:
    player, answer = settled(p, {"bonus_state": {"in_bonus": "yes"}})
    return bool(answer.status_code == 400 and p.balance(player)[0] == 9_950)


@probe("negative-freespins-accepted")
def less_than_none(p: Any) -> bool:
    return bool(bonuses.issue(p, p.player(), spins=-1).status_code == 201)


probe("event-type-unchecked")(lambda p: publish(p, an_event(type="NO TYPE AT ALL")).status_code == 202)
probe("limit-unbounded")(
    lambda p: p.send("GET", f"/v1/players/{p.player()}/transactions?limit=100000").status_code == 200)


@probe("spins-left-as-text")
def text_for_a_number(p: Any) -> bool:
    return isinstance(bonuses.consume(p, bonuses.a_bonus(p, p.player()), 5).json()["freespins_left"], str)


(test_every_switch_has_a_probe, test_the_switch_shows_its_defect,
 test_the_healthy_platform_shows_none) = probed(PROBES, FAULTS)


def test_free_spins_below_what_a_database_holds_are_let_through_too(partner: Any) -> None:
    """A planted defect is the one that it says, and no crash beside it."""
    partner.faults("negative-freespins-accepted")
    try:
        assert bonuses.issue(partner, partner.player(), spins=-(2**70)).status_code == 201
    finally:
        partner.faults()
