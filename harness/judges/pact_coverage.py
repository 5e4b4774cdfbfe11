"""The judge of coverage: do the pacts ask for every operation that the provider was seen to call? (PACT-03)."""

from __future__ import annotations

from collections.abc import Iterable

from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.pact import Interaction
from harness.model.pact_traffic import Call, calls_in, calls_of, compare

_SHOWN = 6


def pacts_cover(interactions: Iterable[Interaction], *, actors: Iterable[str] = ()) -> Draft:
    """Every operation that these parties (default: all but admin and observer) call in the run is in a pact."""
    return Draft(judge="pacts_cover", says="the pacts ask for every operation that the provider uses",
                 params={"promised": [call.to_line() for call in calls_in(interactions)], "actors": list(actors)})


@judge("pacts_cover")
def _pacts_cover(history: History, claim: Claim) -> Finding:
    promised = [Call.from_line(line) for line in claim.params["promised"]]
    if not promised:
        return unknown("no pact has an HTTP interaction", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    found = compare(promised, calls_of(history.exchanges, claim.params["actors"]), history.contract)
    if not found.interactions:
        return unknown(f"the pacts ask for nothing that the contract has: {', '.join(found.strange)}"[:300],
                       Reason.NO_SAMPLES, owner=Owner.PROFILE)
    if not found.calls:
        return unknown("the provider was seen to call nothing that a pact could ask for", Reason.NO_SAMPLES,
                       owner=Owner.ENVIRONMENT)
    if found.uncovered:
        named = list(dict.fromkeys(used.call for used in found.uncovered))
        return broken(f"{len(named)} of {len(named) + len(found.covered)} operations that are used are in no pact: "
                      f"{', '.join(named[:_SHOWN])}", expected="a pact for each operation that is used",
                      seen=f"none for {', '.join(named[:_SHOWN])}",
                      exchanges=[used.sources[0] for used in found.uncovered[:_SHOWN]], covered=len(found.covered))
    return held(f"{len(found.covered)} operations in {found.calls} calls are all in a pact",
                operations=len(found.covered), calls=found.calls, unseen=[f"{u.call} {u.answer}" for u in found.unseen],
                unpromised_answers=[f"{u.call} {u.answer}" for u in found.answers])
