"""The planted defects that only a sustained burst brings to light; see `planted_load`, `planted_queues`."""

from __future__ import annotations

from harness.sandbox import planted_queues
from harness.sandbox.faults import Fault

FAULTS: tuple[Fault, ...] = (
    Fault("slow-under-load", "After seconds of load every tenth bet call takes 600 ms", ("LOAD-01",),
          ("LOAD-04", "LOAD-05")),
    Fault("slow-leak-under-load", "Under load each further bet call takes 4 ms longer", ("LOAD-01",),
          ("LOAD-04", "LOAD-05")),
    Fault("lock-convoy-under-load", "Under load one bet call in forty waits 1.5 s: p95 does not show it", ("LOAD-01",),
          ("LOAD-04", "LOAD-05")),
    Fault("hot-player-waits-under-load", "A player with many rounds at once waits 600 ms for each", ("LOAD-04",),
          ("LOAD-01",)),
    Fault("jackpot-forgets-under-load", "Under load one contribution in ten is acknowledged and not added",
          ("LOAD-04",), ("MONEY-12",)),
    Fault("sheds-rudely-under-load", "After seconds of load every tenth bet call is answered 503 without Retry-After",
          ("LOAD-02",), ("LOAD-01", "LOAD-05")),
    Fault("error-in-200-under-load", "After seconds of load every tenth bet call fails with status 200",
          ("LOAD-02",), ("LOAD-01", "LOAD-05")),
    Fault("hangs-under-load", "After seconds of load every tenth bet call is held for half a minute",
          ("LOAD-02",), ("LOAD-01", "LOAD-04", "LOAD-05")),
    Fault("door-shut-under-load", "After seconds of load every tenth bet call meets a connection that is cut",
          ("LOAD-06",), ("LOAD-01", "LOAD-02", "LOAD-05")),
    Fault("settles-doubled-under-load", "After seconds of load one win in ten is paid twice", ("MONEY-11",),
          ("MONEY-01", "LOAD-04")),
    Fault("settles-shed-first", "Where rounds are too many, what would end open bets is refused", ("LOAD-05",)),
    Fault("held-when-full", "Where new bets are too many, they are kept waiting instead of refused", ("LOAD-05",)),
    *planted_queues.FAULTS,
)
