"""MONEY-12: bonuses, free spins, wager and jackpots obey the same laws as bets."""

from functools import partial

import pytest

from harness import Exchange, Lab, Player, answered, equal, moved, refused, unmoved


def _bonus(lab: Lab, player: Player, *, freespins: int = 0, amount: int = 0, requirement: int = 0) -> str:
    body = {"bonus_id": lab.fresh("bonus"), "player_id": player.player_id, "amount": lab.money(amount),
            "freespins": freespins, "wager_requirement": lab.money(requirement)}
    lab.must(lab.call("issueBonus", body), 201)
    return str(body["bonus_id"])


def _spin(lab: Lab, bonus: str, consumption: str, round_id: str, win: int) -> Exchange:
    return lab.call("consumeBonus", {"bonus_id": bonus, "consumption_id": consumption, "round_id": round_id,
                                     "win": lab.money(win)})


@pytest.mark.certifies("MONEY-12", needs=("bonuses",))
def test_a_free_spin_is_consumed_once(lab: Lab) -> None:
    """The same spin under a new key pays nothing more; beyond the last spin there is none."""
    player = lab.player()
    bonus = _bonus(lab, player, freespins=2)
    before = lab.balances(player)
    spin, round_id = lab.fresh("spin"), lab.fresh("round")
    lab.must(_spin(lab, bonus, spin, round_id, 300), 200)
    _spin(lab, bonus, spin, round_id, 300)
    lab.claim(moved(before, lab.balances(player), 300, says="a free spin pays its win once"))
    lab.must(_spin(lab, bonus, lab.fresh("spin"), lab.fresh("round"), 0), 200)
    middle = lab.balances(player)
    lab.claim(refused(_spin(lab, bonus, lab.fresh("spin"), lab.fresh("round"), 500),
                      says="no free spin is consumed when none is left"))
    lab.claim(unmoved(middle, lab.balances(player)))
    left = lab.call("getBonus", path={"bonus_id": bonus}, by=lab.observer)
    lab.claim(equal(left, "freespins_left", 0))


@pytest.mark.certifies("MONEY-12", needs=("bonuses",))
def test_a_stake_counts_once_towards_the_wager_and_not_after_rollback(lab: Lab) -> None:
    """The same bet under two keys adds its stake once; rolled back it adds nothing."""
    player = lab.player()
    session = lab.session(player)
    bonus = _bonus(lab, player, amount=500, requirement=5_000)
    bet = lab.bet(session, player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    report = {"bonus_id": bonus, "bet_id": bet.bet_id}
    lab.must(lab.call("reportWagerProgress", report), 200)
    lab.call("reportWagerProgress", report)
    read = partial(lab.call, "getBonus", path={"bonus_id": bonus}, by=lab.observer)
    lab.claim(equal(read(), "wagered", lab.money(1_000), "a stake counts once towards the wager"))
    lab.must(lab.rollback(bet), 200)
    nothing = lab.money(0)
    lab.claim(equal(lab.until(read, lambda e: e.field("wagered") == nothing), "wagered", nothing,
                    "a rolled-back bet counts nothing towards the wager"))


@pytest.mark.certifies("MONEY-12", needs=("bonuses",))
def test_a_bonus_is_released_once(lab: Lab) -> None:
    """Credited when it is issued or when its wager is met, as the contract leaves open: once, and not once more."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    bonus = _bonus(lab, player, amount=500, requirement=1_500)
    for _ in range(3):
        bet = lab.bet(session, player, amount=1_000)
        lab.must(lab.authorize(bet), 200)
        lab.must(lab.call("reportWagerProgress", {"bonus_id": bonus, "bet_id": bet.bet_id}), 200)
    done = lab.call("getBonus", path={"bonus_id": bonus}, by=lab.observer)
    lab.claim(equal(done, "status", "completed", "the bonus is completed when its wager is met"))
    after = lab.settled_balances(player, lab.reading(before, "EUR") - 3_000 + 500)
    lab.claim(moved(before, after, -2_500, says="the bonus is released to cash exactly once"))


def _jackpot(lab: Lab, seed: int) -> str:
    body = {"jackpot_id": lab.fresh("jackpot"), "tenant_id": lab.provider.credential.tenant_id, "currency": "EUR",
            "seed": seed}
    lab.must(lab.call("createSandboxJackpot", body, by=lab.admin), 201)
    return str(body["jackpot_id"])


@pytest.mark.certifies("MONEY-12", needs=("jackpots",))
def test_a_contribution_of_a_rolled_back_bet_leaves_the_pool(lab: Lab) -> None:
    """10 in, counted once under two keys; out again when its bet is rolled back."""
    player = lab.player()
    jackpot = _jackpot(lab, 5_000)
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    body = {"contribution_id": lab.fresh("contribution"), "jackpot_id": jackpot, "bet_id": bet.bet_id,
            "amount": lab.money(10)}
    lab.must(lab.call("contributeToJackpot", body), 201)
    lab.call("contributeToJackpot", body)
    read = partial(lab.call, "getJackpot", path={"jackpot_id": jackpot}, by=lab.observer)
    lab.claim(equal(read(), "pool", lab.money(5_010), "a contribution counts once"))
    lab.must(lab.rollback(bet), 200)
    seed = lab.money(5_000)
    lab.claim(equal(lab.until(read, lambda e: e.field("pool") == seed), "pool", seed,
                    "the contribution of a rolled-back bet leaves the pool"))


@pytest.mark.certifies("MONEY-12", needs=("jackpots",))
def test_a_trigger_is_paid_once(lab: Lab) -> None:
    """One trigger empties the pool, one payout pays it, a second payout id and another player get nothing."""
    winner, other = lab.player(), lab.player()
    jackpot = _jackpot(lab, 7_000)
    before = (lab.balances(winner), lab.balances(other))
    trigger = {"trigger_id": lab.fresh("trigger"), "jackpot_id": jackpot, "player_id": winner.player_id,
               "round_id": lab.fresh("round")}
    lab.must(lab.call("triggerJackpot", trigger), 201)
    pool = lab.call("getJackpot", path={"jackpot_id": jackpot}, by=lab.observer)
    lab.claim(equal(pool, "pool", lab.money(0), "a trigger takes the whole pool"))

    def pay(player: Player) -> Exchange:
        return lab.call("payJackpot", {"payout_id": lab.fresh("payout"), "trigger_id": trigger["trigger_id"],
                                       "player_id": player.player_id})

    lab.claim(refused(pay(other), says="a jackpot is not paid to another player"))
    paid = pay(winner)
    lab.claim(answered(paid, 200))
    pay(winner)
    lab.claim(moved(before[0], lab.balances(winner), 7_000, says="one trigger is paid once"))
    lab.claim(unmoved(before[1], lab.balances(other), "the other player gets nothing"))
