"""Judge of the circuit breaker, from what the wallet saw: it opens, lets few probes through, and closes again."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.overdue import overdue
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Span

_FEWEST = 10
"""Operations in the later part of the outage that a word on the breaker needs."""
_TO_OPEN = 3
"""The first of so many parts of an outage is for the breaker to notice."""
_MOST_PROBES = 0.5
"""Attempts an operation once it is open; without a breaker there is at least one each."""
_MOST_AFTER = 2.0
"""Attempts an operation while it is answered, after the outage: retries are right, a storm is not."""


def opens_and_closes(operations: Sequence[tuple[str, Exchange]], outage: Span, later: Sequence[tuple[str, Exchange]],
                     within_seconds: float, *, declared: bool = True) -> Draft:
    """While the wallet is out it is hardly asked any more; `within_seconds` after that it is again (TIME-07).

    `later`: operations after the workload, which the platform was asked until it took them.
    """
    both = [*operations, *later]
    return Draft(judge="opens_and_closes", over=tuple(call.id for _, call in both),
                 params={"about": [about for about, _ in both], "start_ns": outage.start_ns, "end_ns": outage.end_ns,
                         "within": within_seconds, "declared": declared},
                 says="the circuit breaker opens while the wallet is out, and closes again")


@judge("opens_and_closes")
def _opens_and_closes(history: History, claim: Claim) -> Finding:
    calls = history.over(claim)
    start, end, within = claim.params["start_ns"], claim.params["end_ns"], claim.params["within"]
    opened = start + (end - start) // _TO_OPEN
    whose = set(claim.params["about"])
    attempts = [e for e in history.where(channel="wallet") if e.started_ns >= start
                and e.method not in ("GET", "HEAD") and any(map(e.mentions, whose))]
    during = [c for c in calls if opened <= c.started_ns < end]
    if len(calls) < len(claim.over) or len(during) < _FEWEST:
        return unknown(f"{len(during)} operations while the breaker should be open are too few",
                       Reason.NO_SAMPLES, owner=Owner.HARNESS)
    if not any(start <= e.started_ns < end for e in attempts):
        return unknown("the wallet saw nothing while it was out", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    asked = [e for e in attempts if opened <= e.started_ns < end]
    told = {"operations": len(during), "probes": len(asked)}
    if len(asked) > _MOST_PROBES * len(during):
        return broken(f"the wallet was out, and was asked {len(asked)} times for {len(during)} operations",
                      expected="a few probes", seen=f"{len(asked)} attempts", exchanges=[e.id for e in asked[:3]],
                      **told)
    after = sorted((c for c in calls if c.started_ns >= end), key=lambda c: c.started_ns)
    first = next((c for c in after if c.status == 200), None)
    waited = ((first.ended_ns if first else max((c.ended_ns for c in after), default=end)) - end) / 1e9
    if not after:
        return unknown("nothing was asked once the wallet was back", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    if first is None or waited > within:
        late = first or after[-1]
        return overdue(f"the wallet was back for {waited:.1f} s before a bet was taken" if first else
                       f"the wallet was back for {waited:.1f} s, and nothing was taken", within,
                       declared=claim.params.get("declared", True), expected=f"bets taken within {within:.0f} s",
                       seen=f"status {late.status} after {waited:.1f} s", exchanges=[late.id], **told)
    taken = [(name, c) for name, c in zip(claim.params["about"], calls, strict=True) if c.started_ns >= first.ended_ns]
    # What was left open by the outage is made good at the same time: that is no retry of these calls.
    storm = [e for e in attempts if any(c.started_ns <= e.started_ns <= c.ended_ns and e.mentions(name)
                                        for name, c in taken)]
    if taken and len(storm) > _MOST_AFTER * len(taken):
        return broken(f"once the wallet was back it was asked {len(storm)} times for {len(taken)} operations",
                      expected="no storm", seen=f"{len(storm)} attempts", exchanges=[e.id for e in storm[:3]], **told)
    return held(f"{len(asked)} probes for {len(during)} operations while the wallet was out; closed after "
                f"{waited:.1f} s", exchanges=[first.id], closed_after_seconds=round(waited, 2), **told)
