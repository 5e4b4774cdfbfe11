"""The wallet fails: the first tries of some operations, or so long that trying on is a storm."""

from harness import (
    Band,
    Bets,
    Down,
    Fault,
    Scenario,
    Trouble,
    answered_in_time,
    breaker_works,
    few_retries,
    one_end_each,
    spaced_retries,
    taken_again_soon,
)

WALLET_STUMBLES = Scenario(
    name="wallet stumbles",
    says="The first two tries of every third operation are answered 503: few retries, spaced and not in step.",
    workload=Bets(per_second=24, seconds=4),
    faults=(Fault(what=Trouble(kind="status", status=503, each=2), band=Band(), every=3),),
    expects=(("TIME-04", spaced_retries), ("TIME-03", few_retries), ("TIME-01", answered_in_time),
             ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

WALLET_REFUSES = Scenario(
    name="wallet refuses",
    says="Every second operation is refused by the wallet, cleanly: it is not asked again, and the bet is not taken.",
    workload=Bets(per_second=10, seconds=3),
    faults=(Fault(what=Trouble(kind="status", status=422, each=1_000), band=Band(), every=2),),
    expects=(("TIME-03", few_retries), ("TIME-01", answered_in_time), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

WALLET_STORM = Scenario(
    name="wallet 5xx storm",
    says="Every eighth operation is answered 503 as often as it is tried.",
    workload=Bets(per_second=16, seconds=3),
    faults=(Fault(what=Trouble(kind="status", status=503, each=1_000), band=Band(), every=8),),
    expects=(("TIME-03", few_retries), ("TIME-01", answered_in_time), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)

BREAKER = Scenario(
    name="wallet out for a while",
    says="For three seconds every call of the wallet is answered 503: it is hardly asked then.",
    workload=Bets(per_second=16, seconds=5),
    faults=(Fault(what=Trouble(kind="status", status=503), band=Band(), at=0.5, seconds=3),),
    expects=(("TIME-07", breaker_works), ("TIME-01", answered_in_time), ("TIME-08", one_end_each)),
)

WALLET_DOWN = Scenario(
    name="wallet down",
    says="The wallet is gone for two seconds, and comes back.",
    workload=Bets(per_second=8, seconds=4),
    faults=(Fault(what=Down(), band=Band(answered=False), at=0.5, seconds=2),),
    expects=(("TIME-13", one_end_each), ("TIME-01", answered_in_time), ("TIME-08", one_end_each),
             ("TIME-07", taken_again_soon)),
)
