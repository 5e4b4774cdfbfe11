"""The judge of what a platform takes by its own pacts: each message that it promised to take is taken (PACT-02)."""

from __future__ import annotations

from collections.abc import Iterable

from harness.judges.answers import BUSY, saw, whose
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_LET_IN = (401, 403)


def promises_taken(published: Iterable[tuple[str, Exchange]]) -> Draft:
    """Each publication, named by the interaction that promises it, is taken."""
    listed = list(published)
    return Draft(judge="promises_taken", over=tuple(e.id for _, e in listed), params={"names": [n for n, _ in listed]},
                 says="the platform takes every message that its own pacts name")


@judge("promises_taken")
def _promises_taken(history: History, claim: Claim) -> Finding:
    published, names = history.over(claim), list(map(str, claim.params["names"]))
    if len(published) < len(claim.over) or len(published) != len(names):
        return unknown("the journal lacks a publication of this claim", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    if not published:
        return unknown("no message pact names the platform as its consumer", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    named = list(zip(names, published, strict=True))
    refused = [(name, e) for name, e in named if e.answered and e.status not in (*_LET_IN, *BUSY)
               and not 200 <= (e.status or 0) < 300]
    if refused:
        more = f"; {len(refused) - 1} more" if refused[1:] else ""
        return broken(f"{refused[0][0]}: it was not taken: {saw(refused[0][1])}{more}", seen=saw(refused[0][1]),
                      expected="202 accepted", exchanges=[e.id for _, e in refused], refused=len(refused))
    if vague := next(((name, e) for name, e in named if not e.answered or not 200 <= (e.status or 0) < 300), None):
        return unknown(f"{vague[0]}: the publication told nothing: {saw(vague[1])}",
                       Reason.SETUP_FAILED if vague[1].status in _LET_IN else Reason.NO_ANSWER,
                       exchanges=[vague[1].id], owner=whose(vague[1]))
    return held(f"{len(published)} messages that the platform's own pacts name were taken",
                exchanges=[published[0].id], messages=len(published))
