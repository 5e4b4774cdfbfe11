"""A webhook receiver that fares badly: slow, silent, failing, busy, gone, cut off; another one beside it is well."""

from harness import (
    Announced,
    Band,
    Fault,
    Scenario,
    Trouble,
    dead_letters_visible,
    each_announced_once,
    other_receiver_unharmed,
    redriven_once,
    rest_flows,
    stops_when_gone,
    tried_again,
    tries_end,
    waits_as_asked,
    webhooks_back_off,
)

SLOW = Scenario(
    name="receiver slow",
    says="Each delivery is taken after half a second: nothing is lost, and another receiver waits for nothing.",
    workload=Announced(bets=8),
    faults=(Fault(what=Trouble(kind="slow", seconds=0.5), band=Band(at_least_ms=490, at_most_ms=2_000)),),
    expects=(("HOOK-11", each_announced_once), ("HOOK-11", other_receiver_unharmed)),
)

SILENT = Scenario(
    name="receiver silent",
    says="The first try of each event is never answered: it is given up in the declared time, and made again.",
    workload=Announced(bets=4),
    faults=(Fault(what=Trouble(kind="hang", each=1), band=Band(answered=False)),),
    expects=(("TIME-10", tries_end), ("TIME-10", tried_again), ("HOOK-11", each_announced_once),
             ("HOOK-11", other_receiver_unharmed)),
    recovers_within=15,
)

FAILING = Scenario(
    name="receiver fails again and again",
    says="The first five tries of each event are answered 500: they are spaced, further apart each time, with jitter.",
    # Of 24 events the honest jitter fell below the bound once in a hundred runs; more at a time blur what is in step.
    workload=Announced(bets=40, per_second=10),
    faults=(Fault(what=Trouble(kind="status", status=500, each=5), band=Band()),),
    expects=(("TIME-10", webhooks_back_off), ("TIME-10", tried_again), ("HOOK-11", each_announced_once),
             ("HOOK-11", other_receiver_unharmed)),
)

BUSY = Scenario(
    name="receiver busy",
    says="The first try of each event is answered 503 with Retry-After: 2; the next one comes then, not before.",
    workload=Announced(bets=6),
    faults=(Fault(what=Trouble(kind="status", status=503, retry_after=2, each=1), band=Band()),),
    expects=(("TIME-10", waits_as_asked), ("TIME-10", tried_again), ("HOOK-11", each_announced_once)),
)

GONE = Scenario(
    name="receiver gone",
    says="Every delivery is answered 410: it is left alone, its events stay visible, another receiver gets its own.",
    workload=Announced(bets=4),
    faults=(Fault(what=Trouble(kind="status", status=410), band=Band()),),
    expects=(("TIME-10", stops_when_gone), ("HOOK-11", other_receiver_unharmed)),
)

RESETS = Scenario(
    name="receiver resets",
    says="The connection of each first try is reset before anything was taken: the event comes again.",
    workload=Announced(bets=6),
    faults=(Fault(what=Trouble(kind="reset_before", each=1), band=Band(answered=False)),),
    expects=(("TIME-10", tried_again), ("HOOK-11", each_announced_once), ("HOOK-11", other_receiver_unharmed)),
)

ANSWER_LOST = Scenario(
    name="receiver's answer lost",
    says="Each first try is taken, and its answer is lost: the event comes again under the same id.",
    workload=Announced(bets=6),
    faults=(Fault(what=Trouble(kind="reset_after", each=1), band=Band(answered=False)),),
    expects=(("TIME-10", tried_again), ("HOOK-11", each_announced_once), ("HOOK-11", other_receiver_unharmed)),
)

ANSWER_HALVED = Scenario(
    name="receiver's answer halved",
    says="Half of the answer to each first try comes: no yes; the event comes again under the same id.",
    workload=Announced(bets=6),
    faults=(Fault(what=Trouble(kind="half", each=1), band=Band(answered=False)),),
    expects=(("TIME-10", tried_again), ("HOOK-11", each_announced_once)),
)

DEAD = Scenario(
    name="receiver dead for long",
    says="Every delivery is answered 500 until the platform gives up; redriven, each event comes once more.",
    workload=Announced(bets=4, redrive=True),
    faults=(Fault(what=Trouble(kind="status", status=500), band=Band()),),
    expects=(("TIME-10", dead_letters_visible), ("ROLL-04", dead_letters_visible), ("ROLL-04", redriven_once),
             ("HOOK-11", other_receiver_unharmed)),
    recovers_within=20,
)

POISON = Scenario(
    name="poison event",
    says="One event of twelve is never taken: it ends as a dead letter, and all others flow past it.",
    workload=Announced(bets=12),
    faults=(Fault(what=Trouble(kind="status", status=500, each=1_000), band=Band(), every=12),),
    expects=(("HOOK-11", other_receiver_unharmed), ("HOOK-11", rest_flows), ("TIME-10", dead_letters_visible)),
    recovers_within=20,
)

RAIN = Scenario(
    name="rain of events",
    says="Eighty events in two seconds, each fifth refused at first: none is lost, none comes under two ids.",
    workload=Announced(bets=80, per_second=40),
    faults=(Fault(what=Trouble(kind="status", status=500, each=1), band=Band(), every=5),),
    expects=(("HOOK-11", each_announced_once), ("HOOK-11", other_receiver_unharmed), ("IDEM-13", each_announced_once)),
)
