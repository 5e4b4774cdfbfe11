"""The burst before launch (T-3): rounds by open arrivals, at the rate that the target profile declares."""

from harness import (
    Burst,
    Mix,
    Scenario,
    burst_delivered,
    events_after_burst,
    ledger_after_burst,
    money_after_burst,
    objectives_kept,
    queues_calm,
    refusals_polite,
)

BURST = Scenario(
    name="burst of rounds",
    says="Rounds arrive at the declared rate, copies and rollbacks among them: in time, none lost, none doubled.",
    workload=Burst(seconds=10, players=40, mix=Mix(rollbacks=0.1, duplicates=0.05, hot_player=0.1)),
    expects=(("LOAD-06", burst_delivered), ("LOAD-01", objectives_kept), ("LOAD-02", refusals_polite),
             ("LOAD-03", queues_calm), ("MONEY-11", money_after_burst), ("MONEY-11", ledger_after_burst),
             ("MONEY-11", events_after_burst)),
)
