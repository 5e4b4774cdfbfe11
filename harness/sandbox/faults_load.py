"""The planted defects that only a sustained burst brings to light; see `planted_load`, `planted_queues`."""

from __future__ import annotations

from harness.sandbox import planted_queues
from harness.sandbox.faults import Fault

FAULTS: tuple[Fault, ...] = (
    Fault("slow-under-load", "After seconds of load every tenth bet call takes 600 ms", ("LOAD-01",)),
    Fault("sheds-rudely-under-load", "After seconds of load every tenth bet call is answered 503 without Retry-After",
          ("LOAD-02",), ("LOAD-01",)),
    Fault("door-shut-under-load", "After seconds of load every tenth bet call meets a connection that is cut",
          ("LOAD-06",), ("LOAD-01", "LOAD-02")),
    *planted_queues.FAULTS,
)
