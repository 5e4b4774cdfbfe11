"""The wallet takes calls and never answers."""

from harness import (
    Band,
    Bets,
    Fault,
    Scenario,
    Toxic,
    Trouble,
    answered_in_time,
    few_retries,
    given_up_in_time,
    one_end_each,
    taken_again_soon,
)

WALLET_HANGS = Scenario(
    name="wallet hangs",
    says="The wallet takes calls and never answers: providers are answered in time, and the call is given up.",
    workload=Bets(per_second=8, seconds=3),
    faults=(Fault(what=Trouble(kind="hang"), band=Band(answered=False)),),
    expects=(("TIME-01", answered_in_time), ("TIME-02", given_up_in_time), ("TIME-03", few_retries),
             ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

BLACK_HOLE = Scenario(
    name="black hole",
    says="Whatever is sent to the wallet disappears, and the connection stays open.",
    workload=Bets(per_second=8, seconds=3),
    faults=(Fault(what=Toxic(type="timeout", stream="upstream"), band=Band(answered=False)),),
    expects=(("TIME-13", one_end_each), ("TIME-01", answered_in_time), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)
