"""Events that reach the platform's inbox in disorder: each is taken once, whatever happens on the way."""

from harness import Published, Scenario, each_taken_once, poison_refused

OUT_OF_ORDER = Scenario(
    name="events out of order",
    says="Four events of a key in each of their twenty-four orders: each is taken once.",
    workload=Published(events=4, streams=24, disorder="orders"),
    expects=(("HOOK-08", each_taken_once),),
)

DUPLICATES = Scenario(
    name="events delivered several times",
    says="Each event is published three times in the same instant: it is taken once.",
    workload=Published(events=4, streams=4, disorder="duplicates"),
    expects=(("HOOK-11", each_taken_once),),
)

GAP = Scenario(
    name="a gap in a stream",
    says="The second event of each stream comes after all others: nothing waits for it, and it is taken, too.",
    workload=Published(events=5, streams=4, disorder="gap"),
    expects=(("HOOK-11", each_taken_once),),
)

POISON = Scenario(
    name="poison in a stream",
    says="Between good events come spoiled ones: they are refused, and all others flow.",
    workload=Published(events=4, streams=2, disorder="poison"),
    expects=(("HOOK-11", poison_refused), ("HOOK-11", each_taken_once)),
)

RAIN = Scenario(
    name="rain of events into the inbox",
    says="A hundred and twenty events at once, each fifth twice, in any order: none lost, none doubled.",
    workload=Published(events=4, streams=30, disorder="rain"),
    expects=(("HOOK-11", each_taken_once),),
)

HALVES = Scenario(
    name="half-written events",
    says="Half of each event comes before the line is cut, then all of it: only the whole one counts.",
    workload=Published(events=3, streams=2, disorder="halves"),
    expects=(("HOOK-11", each_taken_once),),
)

ANSWERS_LOST = Scenario(
    name="answers of the inbox lost",
    says="The inbox's answers are lost, and the events published again: each is taken once.",
    workload=Published(events=3, streams=2, disorder="lost"),
    expects=(("HOOK-11", each_taken_once),),
)

CLOCK_SKEW = Scenario(
    name="clocks apart",
    says="The platform's clock is two minutes ahead, then behind: events within the window are taken, each once.",
    workload=Published(events=3, streams=4, disorder="skew"),
    expects=(("HOOK-11", each_taken_once),),
)
