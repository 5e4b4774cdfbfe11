"""More bets at once than the platform may have under way at a wallet that does not answer."""

from harness import (
    Band,
    Fault,
    Scenario,
    Trouble,
    Volley,
    bulkhead_holds,
    busy_said_at_once,
    others_unharmed,
)

WALLET_CROWDED = Scenario(
    name="wallet crowded",
    says="The wallet hangs, and a crowd bets at once: few calls wait there, the rest is told so, reads go on.",
    workload=Volley(beyond=24),
    faults=(Fault(what=Trouble(kind="hang"), band=Band(answered=False)),),
    expects=(("TIME-05", bulkhead_holds), ("TIME-05", others_unharmed), ("TIME-06", busy_said_at_once)),
)
