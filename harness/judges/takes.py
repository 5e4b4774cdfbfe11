"""What is late by the clock alone is looked at once more: machines stumble now and then, and accuse nobody by it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.outcome import Finding, Outcome, Reason, unknown, worst


def of_takes(found: Sequence[tuple[Finding, Finding | None]]) -> Finding:
    """One verdict of the same play once or twice; of each take what its answers say, and the breach by the clock alone.

    What is late in one take and not in the other is nobody's breach: it cannot be told whose stumble that was.
    """
    said = worst(answers for answers, _ in found)
    belated = [breach for _, breach in found if breach]
    assert said is not None
    if said.outcome is Outcome.FAIL or not belated:
        return said
    if len(belated) == len(found):
        return belated[0]
    once_more = "not so when it was played once more" if said.outcome is Outcome.PASS else \
        f"the other take tells nothing: {said.message}"
    return unknown(f"{belated[0].message}, and {once_more}", Reason.FLAKY,
                   expected=belated[0].expected, seen=belated[0].seen, exchanges=belated[0].exchanges)
