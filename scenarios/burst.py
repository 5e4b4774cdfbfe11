"""The burst before launch (T-3): rounds by open arrivals, at the rate that the target profile declares, and beyond."""

from harness import (
    Burst,
    Mix,
    Scenario,
    bets_shed_first,
    burst_delivered,
    events_after_burst,
    hot_exact_and_bounded,
    ledger_after_burst,
    money_after_burst,
    objectives_kept,
    queues_calm,
    refusals_polite,
)

BURST = Scenario(
    name="burst of rounds",
    says="Rounds arrive at the declared rate, copies and rollbacks among them: in time, none lost, none doubled.",
    workload=Burst(seconds=10, players=40,
                   mix=Mix(rollbacks=0.1, duplicates=0.05, hot_player=0.1, hot_jackpot=0.6)),
    expects=(("LOAD-06", burst_delivered), ("LOAD-01", objectives_kept), ("LOAD-02", refusals_polite),
             ("LOAD-03", queues_calm), ("LOAD-04", hot_exact_and_bounded), ("MONEY-11", money_after_burst),
             ("MONEY-11", ledger_after_burst), ("MONEY-11", events_after_burst)),
)

OVERLOAD = Scenario(
    name="more rounds than it bears",
    says="More rounds arrive than the platform bears: it refuses new bets, at once, and ends those that are open.",
    workload=Burst(seconds=4, players=40, shape="constant", overload=True, mix=Mix(rollbacks=0.2, duplicates=0.0)),
    expects=(("LOAD-05", bets_shed_first),),
)
