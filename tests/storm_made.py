"""A storm made up: an even minute's worth of calls in twelve seconds, with a stall, refusals and failures as wanted."""

from harness.model.arrivals import constant
from harness.model.histogram import Histogram
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import StormRecord, StormResult
from harness.model.tally import Slice, Tally

CHECK = "scenarios/burst.py::BURST"
OBJECTIVES = ("p95 < 400ms", "settleBet p99 <= 1s", "errors < 0.1%")
SECONDS, RATE = 12, 50
OPERATIONS = ("authorizeBet", "settleBet")


def made_tally(*, seconds=SECONDS, rate=RATE, stall=None, factor=1.0, shed=0, failed=0, names=OPERATIONS, failure="500",
               swing=0):
    """Two calls a round; `stall`: the second whose calls wait for a second; `shed`, `failed`: so many in second 5.

    Latencies spread from 2 to 6 ms times `factor`, in every other second `swing` ms later.
    """
    tally = Tally()
    for second in range(seconds):
        part = tally.seconds.setdefault(second, Slice())
        for operation in names:
            took = [int((2_000 + 4_000 * n / rate) * factor) + second % 2 * swing * 1_000
                    + (1_000_000 - 10_000 * n if second == stall else 0) for n in range(rate)]
            counts = tally.outcomes.setdefault(operation, {})
            odd = {"503+": shed, failure: failed} if second == 5 and operation == names[0] else {}
            for outcome, number in {**odd, "200": rate - sum(odd.values())}.items():
                if number:
                    counts[outcome] = counts.get(outcome, 0) + number
            part.asked += rate
            part.shed += odd.get("503+", 0)
            part.failed += odd.get(failure, 0)
            part.answered += rate - (0 if failure.isdigit() else odd.get(failure, 0))
            part.in_flight = max(part.in_flight, 7)
            part.latency.extend(took)
            tally.latency.setdefault(operation, Histogram()).extend(took)
            tally.service.extend([min(us, 4_000) for us in took])
            tally.lag.extend([90 + n for n in range(rate)])
    tally.connections = 4
    return tally


def made_storm(*, seconds=SECONDS, rate=RATE, check=CHECK, storm_id="storm-1", objectives=OBJECTIVES, mix=None,
               shape="constant rate", busiest=0.3, seed=1, players=7, problems=(), **tally):
    """As the journal has it."""
    schedule = constant(rate, seconds, spacing="even", seed=seed)
    plan = StormPlan(base_url="http://x", schedule=type(schedule)(phases=schedule.phases, spacing="even", seed=seed,
                                                                  named=shape),
                     callers=(Caller(headers=(), token=""),), mix=mix or Mix(duplicates=0.0),
                     seats=tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(players)))
    states = b"\x01" * (rate * seconds)
    return StormRecord(id=storm_id, check=check, plan=plan, objectives=tuple(objectives),
                       result=StormResult(tally=made_tally(seconds=seconds, rate=rate, **tally), begun=states,
                                          ended=states, workers=1, busiest=busiest, problems=problems))
