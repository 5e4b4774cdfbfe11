"""The journal's record `scenario`: all that a timeline is drawn from, whatever the stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from harness.counterparts.lab import Lab
from harness.model.exchange import Exchange
from harness.model.played import Span
from harness.model.scenario import Scenario


def write_down(lab: Lab, scenario: Scenario, began_ns: int, calls: Iterable[Exchange], *, channel: str = "",
               witnesses: Sequence[Exchange] = (), faults: Sequence[tuple[str, Span]] = ()) -> None:
    """Write the scenario down, from `began_ns` (monotonic) to now.

    `channel` is the counterparty whose view its attempts are; none where only `calls` are worth showing. `faults` are
    (label, when it acted).
    """
    lab.record("scenario", {
        "check": lab.check, "name": scenario.name, "says": scenario.says, "start_ns": began_ns,
        "end_ns": time.monotonic_ns(), "slo_ms": lab.target.slo_ms, "channel": channel,
        "calls": list(dict.fromkeys(e.id for e in calls)), "witnesses": [e.id for e in witnesses],
        "faults": [{"label": label, "start_ns": span.start_ns, "end_ns": span.end_ns} for label, span in faults]})
