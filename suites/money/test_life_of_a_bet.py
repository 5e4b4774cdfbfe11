"""MONEY-07..10: every order of calls ends in a permitted state; races have one winner; rollback is exact."""

from functools import partial
from itertools import permutations

import pytest

from harness import (
    Bet,
    Exchange,
    Lab,
    all_orders_tried,
    answered,
    equal,
    exactly_one_wins,
    moved,
    order_ends_well,
    refused,
    unmoved,
)
from harness.judges.orders import STEPS

STAKE, WIN = 1_000, 2_500


@pytest.mark.certifies("MONEY-07")
def test_every_order_of_calls_ends_in_a_permitted_state(lab: Lab) -> None:
    """All 30 different orders of authorize, settle (each twice) and rollback, with old and with new keys: 60 bets.

    A duplicate is the same request, so its two copies are alike: 5! / (2! 2!) = 30 orders; each is played once
    with the duplicates under the same key and once under a new one.
    """
    alike = {tuple(step.removesuffix(" again") for step in order) for order in permutations(STEPS)}
    orders = [(order, fresh) for order in sorted(alike) for fresh in (False, True)]

    def play(order: tuple[str, ...], new_key: bool) -> None:
        player = lab.player({"EUR": 10_000})
        bet = lab.bet(lab.session(player), player, amount=STAKE)
        before = lab.balances(player)
        keys = {step: lab.fresh("key") for step in ("authorize", "settle", "rollback")}
        answers = []
        for n, step in enumerate(order):
            answers.append(_call(lab, bet, step, lab.fresh("key") if new_key else keys[step]))
            if step == "authorize" and "settle" in order[:n]:
                _rest(lab, bet, answers[-1])
        after, ended = lab.balances(player), lab.read_bet(bet)
        lab.claim(order_ends_well(order, answers, before, after, ended, stake=STAKE, win=WIN, same_key=not new_key))

    lab.side_by_side([partial(play, order, fresh) for order, fresh in orders], at_once=6)
    lab.claim(all_orders_tried(len(orders), len(orders)))


def _rest(lab: Lab, bet: Bet, authorized: Exchange) -> None:
    """A parked settle that an authorize sets going is over before the next call comes: no race in an order."""
    if lab.profile.settle_without_authorize == "parked" and authorized.status == 200:
        lab.until(partial(lab.read_bet, bet), lambda e: e.field("status") in ("settled", "rolled_back", "tombstoned"))


def _call(lab: Lab, bet: Bet, step: str, key: str) -> Exchange:
    if step == "authorize":
        return lab.authorize(bet, key=key)
    return lab.settle(bet, WIN, key=key) if step == "settle" else lab.rollback(bet, key=key)


@pytest.mark.certifies("MONEY-08")
def test_settle_races_rollback_and_exactly_one_wins(lab: Lab) -> None:
    """Twelve races on bets of their own."""
    for _ in range(12):
        player = lab.player({"EUR": 10_000})
        bet = lab.bet(lab.session(player), player, amount=STAKE)
        lab.must(lab.authorize(bet), 200)
        before = lab.balances(player)
        settled, undone = lab.together([partial(lab.settle, bet, WIN), partial(lab.rollback, bet)])
        lab.claim(exactly_one_wins(settled, undone, before, lab.balances(player), stake=STAKE, win=WIN))


@pytest.mark.certifies("MONEY-09")
def test_a_settle_without_authorize_is_never_paid(lab: Lab) -> None:
    """Refused with INVALID_STATE, or parked as the profile declares; the balance stays."""
    player = lab.player()
    session = lab.session(player)
    stray = lab.bet(session, player, amount=STAKE)
    before = lab.balances(player)
    answer = lab.settle(stray, WIN)
    if lab.profile.settle_without_authorize == "parked":
        lab.claim(answered(answer, 202, says="a settle without authorize is parked, as declared"))
    else:
        lab.claim(refused(answer, code="INVALID_STATE", says="a settle without authorize is refused"))
    lab.claim(unmoved(before, lab.balances(player), "a settle without authorize pays nothing"))
    known = lab.bet(session, player, amount=STAKE)
    lab.must(lab.authorize(known), 200)
    lab.baseline(answered(lab.settle(known, WIN), 200))


@pytest.mark.certifies("MONEY-10")
def test_a_rollback_restores_exactly_the_stake(lab: Lab) -> None:
    """Once, and under a new key not again; a settle afterwards pays nothing."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=STAKE)
    before = lab.balances(player)
    lab.must(lab.authorize(bet), 200)
    first = lab.rollback(bet)
    lab.claim(answered(first, 200))
    lab.claim(unmoved(before, lab.balances(player), "a rollback restores exactly the stake"))
    second = lab.rollback(bet)
    lab.claim(unmoved(before, lab.balances(player), "a second rollback under a new key refunds nothing"))
    lab.claim(refused(lab.settle(bet, WIN), says="a settle after rollback is refused"))
    lab.claim(unmoved(before, lab.balances(player), "a settle after rollback pays nothing"))
    lab.baseline(answered(first, 200))
    if second.status == 200:
        lab.claim(equal(second, "rollback_id", first.field("rollback_id"), "the repeat names the same rollback"))


@pytest.mark.certifies("MONEY-10")
def test_a_rollback_before_its_bet_leaves_a_tombstone(lab: Lab) -> None:
    """Rollback of an unknown bet does nothing; the bet that arrives later is refused and holds nothing."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player, amount=STAKE)
    before = lab.balances(player)
    early = lab.rollback(bet)
    declared = (200,) if lab.profile.unknown_rollback == "accepted" else (404,)
    lab.claim(answered(early, *declared, says="a rollback of an unknown bet is answered as declared"))
    lab.claim(unmoved(before, lab.balances(player), "a rollback of an unknown bet does nothing"))
    lab.claim(refused(lab.authorize(bet), says="a bet that was rolled back before it arrived is refused"))
    lab.claim(unmoved(before, lab.balances(player), "a tombstoned bet holds nothing"))
    lab.baseline(answered(lab.authorize(lab.bet(session, player, amount=STAKE)), 200))


@pytest.mark.certifies("MONEY-10")
def test_a_rollback_after_settle_is_as_declared(lab: Lab) -> None:
    """Refused with INVALID_STATE, or reversing stake and win, by the contract profile."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=STAKE)
    start = lab.balances(player)
    lab.must(lab.authorize(bet), 200)
    lab.must(lab.settle(bet, WIN), 200)
    before = lab.balances(player)
    answer = lab.rollback(bet)
    if lab.profile.rollback_after_settle == "reverses":
        lab.claim(answered(answer, 200, says="a rollback after settle reverses it, as declared"))
        lab.claim(unmoved(start, lab.balances(player), "stake and win are both taken back"))
    else:
        lab.claim(refused(answer, code="INVALID_STATE", says="a rollback after settle is refused, as declared"))
        lab.claim(unmoved(before, lab.balances(player)))


@pytest.mark.certifies("MONEY-10")
def test_nobody_rolls_back_another_players_bet(lab: Lab) -> None:
    """A second tenant's rollback of our bet moves nothing of ours, and our settle still works."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=STAKE)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    lab.rollback(bet, by=lab.other)
    lab.claim(unmoved(before, lab.balances(player), "another tenant's rollback of our bet refunds nothing"))
    lab.claim(answered(lab.settle(bet, WIN), 200, says="our bet is still open after it"))
    lab.claim(moved(before, lab.balances(player), WIN))
