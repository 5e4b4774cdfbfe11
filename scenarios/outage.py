"""The wallet is out for a minute: what was left open is made good afterwards, and no herd tramples it."""

from harness import (
    Band,
    Bets,
    Down,
    Fault,
    Scenario,
    Trouble,
    no_storm,
    one_end_each,
    taken_again_soon,
)

A_MINUTE = Scenario(
    name="wallet down for a minute",
    says="The wallet hangs for a second, is gone for a minute, and comes back: no herd, and nothing is left open.",
    workload=Bets(per_second=3, seconds=63),
    faults=(Fault(what=Trouble(kind="hang"), band=Band(answered=False), seconds=1),
            Fault(what=Down(), band=Band(answered=False), at=1, seconds=60)),
    expects=(("TIME-11", no_storm), ("TIME-11", one_end_each), ("TIME-11", taken_again_soon)),
)
