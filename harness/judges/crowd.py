"""Judges of a crowd of calls: how many reach a wallet that does not answer, what is said to the rest, who suffers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from harness.judges.answers import BUSY, saw
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Crowded

_WORSE = 3.0
_WORSE_MS = 50.0
"""So much later may a read be while the wallet is out, at the median: more is harm, less is the machine."""
_LATE_SHARE = 0.05
_RATE_LIMITED = 429


def bulkhead_holds(crowded: Crowded) -> Draft:
    """While the wallet does not answer, calls under way there stay under the declared limit (TIME-05).

    We notice late that a call was given up, by as much as a witness takes: until then its place may be given on.
    """
    return Draft(judge="bulkhead_holds", over=tuple(call.id for _, call in crowded.calls),
                 params={"limit": crowded.limit, "about": [player for player, _ in crowded.calls],
                         "noise_ms": crowded.noise_ms},
                 says="calls under way at a silent wallet stay under the declared limit")


@judge("bulkhead_holds")
def _bulkhead_holds(history: History, claim: Claim) -> Finding:
    calls, limit = history.over(claim), claim.params["limit"]
    if limit is None:
        return unknown("how many wallet calls may be under way is not declared: add max_in_flight to "
                       "[target.NAME.wallet]", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    if not calls or len(calls) < len(claim.over):
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    start, end = min(e.started_ns for e in calls), max(e.ended_ns for e in calls)
    at_wallet = [e for e in history.where(channel="wallet") if start <= e.started_ns <= end
                 and any(map(e.mentions, claim.params["about"]))]
    if not at_wallet:
        return unknown("the wallet saw nothing of the crowd", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    asked, under_way = _most_at_once(calls), _most_at_once(at_wallet, round(claim.params.get("noise_ms", 0.0) * 1e6))
    told = {"calls_at_once": asked, "at_wallet_at_once": under_way, "limit": limit}
    if under_way > limit:
        return broken(f"{under_way} calls were under way at a wallet that did not answer", expected=f"at most {limit}",
                      seen=str(under_way), exchanges=[e.id for e in at_wallet[:3]], **told)
    if asked <= limit:
        return unknown(f"only {asked} calls were under way at once, {limit} are allowed: the crowd was too thin",
                       Reason.NO_SAMPLES, owner=Owner.HARNESS)
    return held(f"{asked} calls at once, at most {under_way} of them at the wallet; {limit} are allowed",
                exchanges=[at_wallet[0].id], **told)


def _most_at_once(exchanges: Sequence[Exchange], late_ns: int = 0) -> int:
    """The most that were under way in the same instant, where each end may have been noticed `late_ns` late."""
    steps = sorted([(e.started_ns, 1) for e in exchanges]
                   + [(max(e.started_ns + 1, e.ended_ns - late_ns), -1) for e in exchanges])
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def others_unharmed(crowded: Crowded) -> Draft:
    """While the wallet does not answer, what does not need it is answered as before (TIME-05).

    A read that is turned away, and told when to come back, may have met a rate limit: it is no starving one, and where
    there are many of them nothing is known.
    """
    return Draft(judge="others_unharmed", over=tuple(e.id for e in (*crowded.calm_reads, *crowded.reads)),
                 params={"calm": len(crowded.calm_reads), "slo_ms": crowded.slo_ms, "noise_ms": crowded.noise_ms},
                 says="while the wallet does not answer, calls that do not need it are answered as before")


@judge("others_unharmed")
def _others_unharmed(history: History, claim: Claim) -> Finding:
    every = history.over(claim)
    calm, reads = every[:claim.params["calm"]], every[claim.params["calm"]:]
    if len(every) < len(claim.over) or not calm or not reads:
        return unknown("the journal lacks a read", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if ill := next((e for e in calm if e.status != 200), None):
        return unknown(f"a read was answered {saw(ill)} while all was well", Reason.NO_STEADY_STATE,
                       exchanges=[ill.id], owner=Owner.SUBJECT)
    away = [e for e in reads if e.status == _RATE_LIMITED or (e.status in BUSY and e.retry_after() is not None)]
    if harmed := [e for e in reads if e.status != 200 and e not in away]:
        return broken(f"{len(harmed)} of {len(reads)} reads that need no wallet failed while it was out",
                      expected="200", seen=saw(harmed[0]), exchanges=[harmed[0].id])
    if len(away) > _LATE_SHARE * len(reads):
        return unknown(f"{len(away)} of {len(reads)} reads were turned away ({saw(away[0])})", Reason.NO_SAMPLES,
                       exchanges=[away[0].id], owner=Owner.SUBJECT)
    reads = tuple(e for e in reads if e not in away)
    usual, now = median(e.seconds for e in calm), median(e.seconds for e in reads)
    limit = (claim.params["slo_ms"] + claim.params["noise_ms"]) / 1000 + max(e.seconds for e in calm)
    late = [e for e in reads if e.seconds > limit]
    told = {"reads": len(reads), "median_ms": round(now * 1000, 1), "median_before_ms": round(usual * 1000, 1)}
    if len(late) > _LATE_SHARE * len(reads):
        return broken(f"{len(late)} of {len(reads)} reads that need no wallet were late while it was out",
                      expected=f"within {limit * 1000:.0f} ms", exchanges=[late[0].id],
                      seen=f"{late[0].seconds * 1000:.0f} ms", **told)
    if now > max(_WORSE * usual, usual + _WORSE_MS / 1000):
        return broken("reads that need no wallet became slow while it was out", exchanges=[reads[0].id],
                      expected=f"about {usual * 1000:.0f} ms", seen=f"{now * 1000:.0f} ms at the median", **told)
    return held(f"{len(reads)} reads, {now * 1000:.0f} ms at the median, {usual * 1000:.0f} ms before",
                exchanges=[reads[0].id], **told)


def busy_said_at_once(crowded: Crowded) -> Draft:
    """Who cannot be served is told so at once: 429 or 503 with Retry-After, no held connection (TIME-06)."""
    slowest = max((e.seconds for e in crowded.calm), default=0.0)
    return Draft(judge="busy_said_at_once", over=tuple(call.id for _, call in crowded.calls),
                 params={"limit_ms": crowded.slo_ms + crowded.noise_ms + 1000 * slowest, "slo_ms": crowded.slo_ms},
                 says="who cannot be served is told so at once, and when to come back")


@judge("busy_said_at_once")
def _busy_said_at_once(history: History, claim: Claim) -> Finding:
    calls = history.over(claim)
    if not calls or len(calls) < len(claim.over):
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    limit = claim.params["limit_ms"] / 1000
    slowest = max(calls, key=lambda e: e.seconds)
    if slowest.seconds > limit:
        held_on = [e for e in calls if e.seconds > limit]
        return broken(f"{len(held_on)} of {len(calls)} calls at once were held instead of told", exchanges=[slowest.id],
                      expected=f"an answer within {claim.params['slo_ms']} ms (and what the crowd itself takes: "
                               f"{limit * 1000:.0f} ms)", seen=f"{saw(slowest)} after {slowest.seconds * 1000:.0f} ms")
    if silent := next((e for e in calls if not e.answered), None):
        return broken("a call in a crowd got no answer", expected="429 or 503 with Retry-After", seen=saw(silent),
                      exchanges=[silent.id])
    busy = [e for e in calls if e.status in BUSY]
    if vague := next((e for e in busy if e.retry_after() is None), None):
        return broken("a busy platform does not say when to come back", expected="Retry-After", seen="none",
                      exchanges=[vague.id])
    if not busy:
        return unknown(f"none of {len(calls)} calls at once was told that the platform is busy", Reason.NO_SAMPLES,
                       owner=Owner.SUBJECT)
    return held(f"{len(busy)} of {len(calls)} calls at once were told to come back, the slowest answer after "
                f"{slowest.seconds * 1000:.0f} ms", exchanges=[busy[0].id], busy=len(busy), calls=len(calls))
