"""Whole rounds that go wrong on the way, and are made good by an honest provider."""

from harness import Rounds, Scenario, committed_result_given, ends_as_in_order

OVERTAKEN = Scenario(
    name="calls overtake each other",
    says="Settle before authorize, rollback first, copies among them: every order ends as the right one does.",
    workload=Rounds(rounds=16, trouble="orders"),
    expects=(("HOOK-08", ends_as_in_order),),
)

REPLIES_LOST = Scenario(
    name="replies lost",
    says="Each reply is lost after the commit, and the call made again: the committed result, one effect.",
    workload=Rounds(rounds=6, trouble="lost reply"),
    expects=(("IDEM-08", committed_result_given), ("IDEM-08", ends_as_in_order)),
)

WEBHOOK_FIRST = Scenario(
    name="webhook before the response",
    says="The reply is lost, and the webhook acted upon at once: the round ends as if the reply had come first.",
    workload=Rounds(rounds=6, trouble="early webhook"),
    expects=(("HOOK-08", ends_as_in_order),),
)

KILLED = Scenario(
    name="platform killed mid-settlement",
    says="The platform is killed while settlements are under way, and started again: each win is paid once.",
    workload=Rounds(rounds=12, trouble="killed"),
    expects=(("IDEM-11", ends_as_in_order), ("TIME-08", ends_as_in_order)),
)
