"""The wallet answers late: below the platform's budget, at its edge, above it, and now so, now so."""

from harness import Band, Bets, Fault, Scenario, Toxic, answered_in_time, few_retries, one_end_each, taken_again_soon

BELOW_THE_BUDGET = Scenario(
    name="wallet slow, below the budget",
    says="Each answer of the wallet takes 100 ms longer.",
    workload=Bets(per_second=8, seconds=3),
    faults=(Fault(what=Toxic(type="latency", attributes={"latency": 100}),
                  band=Band(at_least_ms=95, at_most_ms=1_500)),),
    expects=(("TIME-01", answered_in_time), ("TIME-03", few_retries), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

AT_THE_BUDGET = Scenario(
    name="wallet slow, at the budget",
    says="Each answer of the wallet takes 260 ms longer: some make it, some do not.",
    workload=Bets(per_second=8, seconds=3),
    faults=(Fault(what=Toxic(type="latency", attributes={"latency": 260}),
                  band=Band(at_least_ms=250, at_most_ms=1_500)),),
    expects=(("TIME-01", answered_in_time), ("TIME-03", few_retries), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

ABOVE_THE_BUDGET = Scenario(
    name="wallet slow, above the budget",
    says="Each answer of the wallet takes 700 ms longer.",
    workload=Bets(per_second=8, seconds=3),
    faults=(Fault(what=Toxic(type="latency", attributes={"latency": 700}),
                  band=Band(at_least_ms=690, at_most_ms=3_000)),),
    expects=(("TIME-01", answered_in_time), ("TIME-03", few_retries), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

JITTER = Scenario(
    name="wallet jitter",
    says="Answers of the wallet take 150 ms longer, give or take 140.",
    workload=Bets(per_second=8, seconds=3),
    faults=(Fault(what=Toxic(type="latency", attributes={"latency": 150, "jitter": 140}),
                  band=Band(at_least_ms=8, at_most_ms=1_500)),),
    expects=(("TIME-01", answered_in_time), ("TIME-03", few_retries), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

STARVED = Scenario(
    name="bandwidth starvation",
    says="The wallet's answers come through a line of 1 KB/s.",
    workload=Bets(per_second=6, seconds=3),
    faults=(Fault(what=Toxic(type="bandwidth", attributes={"rate": 1}), band=Band(at_least_ms=25, at_most_ms=3_000)),),
    expects=(("TIME-13", one_end_each), ("TIME-01", answered_in_time), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)
