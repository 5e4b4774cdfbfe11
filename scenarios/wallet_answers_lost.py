"""The line breaks before the wallet did it, or after: its answers are lost, halved, or drip."""

from harness import Band, Bets, Fault, Scenario, Trouble, answered_in_time, few_retries, one_end_each, taken_again_soon

RESET_BEFORE = Scenario(
    name="reset before commit",
    says="The connection is reset before the wallet did anything.",
    workload=Bets(per_second=10, seconds=3),
    faults=(Fault(what=Trouble(kind="reset_before", each=1), band=Band(answered=False), every=2),),
    expects=(("TIME-13", one_end_each), ("TIME-03", few_retries), ("TIME-01", answered_in_time),
             ("TIME-07", taken_again_soon)),
)

ANSWER_LOST = Scenario(
    name="answer lost after commit",
    says="The wallet commits, and the connection is reset before its answer: one effect, one end.",
    workload=Bets(per_second=10, seconds=3),
    faults=(Fault(what=Trouble(kind="reset_after", each=1), band=Band(answered=False), every=2),),
    expects=(("TIME-13", one_end_each), ("TIME-08", one_end_each), ("TIME-03", few_retries),
             ("TIME-01", answered_in_time),
             ("TIME-07", taken_again_soon)),
)

ANSWER_HALVED = Scenario(
    name="half an answer",
    says="The wallet commits, and half of its answer comes: no yes, no no, to be asked for.",
    workload=Bets(per_second=10, seconds=3),
    faults=(Fault(what=Trouble(kind="half", each=1), band=Band(answered=False), every=2),),
    expects=(("TIME-13", one_end_each), ("TIME-08", one_end_each), ("TIME-03", few_retries),
             ("TIME-01", answered_in_time),
             ("TIME-07", taken_again_soon)),
)

ANSWER_DRIPS = Scenario(
    name="an answer that drips",
    says="The wallet commits, and its answer comes byte by byte: given up in time, one effect, one end.",
    workload=Bets(per_second=10, seconds=3),
    faults=(Fault(what=Trouble(kind="drip", seconds=0.05, each=3), band=Band(at_least_ms=1_000), every=2),),
    expects=(("TIME-13", one_end_each), ("TIME-08", one_end_each), ("TIME-03", few_retries),
             ("TIME-01", answered_in_time),
             ("TIME-07", taken_again_soon)),
)

GARBAGE = Scenario(
    name="garbage for an answer",
    says="The wallet commits, and 200 comes with what is no JSON: nobody may take that for a yes.",
    workload=Bets(per_second=10, seconds=3),
    faults=(Fault(what=Trouble(kind="garbage", each=1), band=Band(), every=2),),
    expects=(("TIME-13", one_end_each), ("TIME-08", one_end_each), ("TIME-03", few_retries),
             ("TIME-07", taken_again_soon)),
)
