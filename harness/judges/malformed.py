"""SEC-09: malformed input is refused, at once and without falling over; its effect is judged by the observer."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judges.answers import BUSY, saw, turned_away
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_UNKNOWN_FRAMING = (501, 505)
"""RFC 9112 6.1 and RFC 9110 15.6: the two server errors that say "this framing is none of mine"."""
_MOST_NAMED = 4


def withstood(probes: Sequence[Exchange], witness: Exchange, *, may_cut: bool = False,
              may_accept: bool = False) -> Draft:
    """Every probe is refused with 4xx.

    With `may_cut` (broken frames, sizes) the line may also just be closed; with `may_accept` (odd, yet readable by
    the standards) the call may be carried out. `witness` is an honest call made afterwards: where it is answered, a
    probe without an answer was left hanging.
    """
    return Draft(judge="withstood", over=(witness.id, *(p.id for p in probes)),
                 params={"may_cut": may_cut, "may_accept": may_accept},
                 says="odd input is carried out as written or refused, never 5xx" if may_accept
                 else "malformed input is refused with 4xx, never 5xx, never carried out")


@judge("withstood")
def _withstood(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < len(claim.over) or len(exchanges) < 2:
        return unknown("no malformed input was sent", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    witness, *probes = exchanges
    if not witness.answered or (witness.status or 0) >= 500:
        return unknown(f"an honest call afterwards got {saw(witness)}", Reason.NO_ANSWER, exchanges=[witness.id],
                       owner=Owner.SUBJECT)
    away = [p for p in probes if p.status in BUSY]
    probes = [p for p in probes if p not in away]
    may_cut, may_accept = bool(claim.params["may_cut"]), bool(claim.params["may_accept"])
    wrong = [p for p in probes if _wrong(p, may_cut=may_cut, may_accept=may_accept)]
    if wrong:
        named = "; ".join(f"{p.operation} with {p.label}: {saw(p)}" for p in wrong[:_MOST_NAMED])
        return broken(f"{len(wrong)} of {len(probes)}: {claim.says}; {named}", seen=saw(wrong[0]),
                      expected=("2xx or " if may_accept else "") + "4xx" + (" or a closed line" if may_cut else ""),
                      exchanges=[p.id for p in wrong[:_MOST_NAMED]])
    if away:
        return turned_away(away[0])
    return held(f"{len(probes)} requests were withstood", exchanges=[p.id for p in probes[:_MOST_NAMED]],
                probes=len(probes))


def _wrong(probe: Exchange, *, may_cut: bool, may_accept: bool) -> bool:
    if not probe.answered:
        return probe.failure == "timeout" or not may_cut
    status = probe.status or 0
    refused = 400 <= status < 500 or (may_cut and status in _UNKNOWN_FRAMING)
    return not refused and not (may_accept and 200 <= status < 300)
