"""MONEY-06: whatever is played, in whatever order, the answers, the bets and the balances agree with a model ledger."""

import pytest

from harness import Effort, Lab, NoHook, explore, played_enough

_BETS = {"quick": Effort(plays=8, steps=12, shrink_seconds=4),
         "standard": Effort(plays=50, steps=18, shrink_seconds=20),
         "full": Effort(plays=300, steps=40, shrink_seconds=60)}
_EVENING = {"quick": Effort(plays=3, steps=20, shrink_seconds=2),
            "standard": Effort(plays=3, steps=50, shrink_seconds=4),
            "full": Effort(plays=6, steps=300, shrink_seconds=30)}


@pytest.mark.certifies("MONEY-06", long=True)
def test_random_play_of_bets_agrees_with_the_model_ledger(lab: Lab) -> None:
    """Sessions, bets, duplicates, races, several players, currencies and tenants; each step is compared."""
    explore(lab, _BETS[lab.budget], *_tenants(lab))
    lab.claim(played_enough())


@pytest.mark.certifies("MONEY-06", needs=("bonuses", "jackpots"), long=True)
def test_random_play_with_bonuses_and_jackpots_agrees_with_the_model_ledger(lab: Lab) -> None:
    """The same with free spins, wagers, contributions, triggers and payouts."""
    explore(lab, _BETS[lab.budget], "bonuses", "jackpots")
    lab.claim(played_enough(("issueBonus", "consumeBonus", "reportWagerProgress", "contributeToJackpot",
                             "triggerJackpot", "payJackpot")))


@pytest.mark.certifies("MONEY-06", long=True)
def test_a_long_evening_agrees_with_the_model_ledger(lab: Lab) -> None:
    """One table, many steps: what goes wrong by a cent now and then adds up here."""
    explore(lab, _EVENING[lab.budget], "rounds")
    lab.claim(played_enough(("authorizeBet", "settleBet")))


def _tenants(lab: Lab) -> tuple[str, ...]:
    try:
        return ("tenants",) if lab.other else ()
    except NoHook:
        return ()
