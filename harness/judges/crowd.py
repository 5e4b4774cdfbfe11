"""Judges of a crowd of calls: how many reach a wallet that does not answer, what is said to the rest, who suffers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from harness.judges.answers import BUSY, saw
from harness.judges.registry import judge
from harness.judges.takes import of_takes
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown
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


def late(crowded: Crowded) -> bool:
    """Was anything of it late by the clock alone? Then it deserves a second look: machines stumble now and then."""
    return bool(_held_on([call for _, call in crowded.calls], _answer_limit_ms(crowded))
                or _slowed(crowded.calm_reads, crowded.reads, _read_noise_ms(crowded)))


def others_unharmed(crowded: Crowded) -> Draft:
    """While the wallet does not answer, what does not need it is answered as before (TIME-05).

    A read that is turned away, and told when to come back, may have met a rate limit: it is no starving one, and where
    there are many of them nothing is known. Reads that are only late must be so in a second crowd as well.
    """
    crowds = [c for c in (crowded, crowded.again) if c]
    return Draft(judge="others_unharmed", over=tuple(e.id for c in crowds for e in (*c.calm_reads, *c.reads)),
                 params={"crowds": [{"calm": len(c.calm_reads), "reads": len(c.reads),
                                     "noise_ms": _read_noise_ms(c)} for c in crowds]},
                 says="while the wallet does not answer, calls that do not need it are answered as before")


def _read_noise_ms(crowded: Crowded) -> float:
    return crowded.slo_ms + crowded.noise_ms


@judge("others_unharmed")
def _others_unharmed(history: History, claim: Claim) -> Finding:
    every = list(history.over(claim))
    if len(every) < len(claim.over) or not every:
        return unknown("the journal lacks a read", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    found: list[tuple[Finding, Finding | None]] = []
    for crowd in claim.params["crowds"]:
        end = crowd["calm"] + crowd["reads"]
        calm, reads, every = every[:crowd["calm"]], every[crowd["calm"]:end], every[end:]
        said = _read(calm, reads)
        found.append((said, _slowed(calm, reads, crowd["noise_ms"]) if said.outcome is Outcome.PASS else None))
    return of_takes(found)


def _read(calm: Sequence[Exchange], every_read: Sequence[Exchange]) -> Finding:
    """What the answers say, whatever the clock says."""
    if not calm or not every_read:
        return unknown("the journal lacks a read", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if ill := next((e for e in calm if e.status != 200), None):
        return unknown(f"a read was answered {saw(ill)} while all was well", Reason.NO_STEADY_STATE,
                       exchanges=[ill.id], owner=Owner.SUBJECT)
    reads = _served(every_read)
    if harmed := [e for e in reads if e.status != 200]:
        return broken(f"{len(harmed)} of {len(every_read)} reads that need no wallet failed while it was out",
                      expected="200", seen=saw(harmed[0]), exchanges=[harmed[0].id])
    if (away := len(every_read) - len(reads)) > _LATE_SHARE * len(every_read):
        turned = next(e for e in every_read if e not in reads)
        return unknown(f"{away} of {len(every_read)} reads were turned away ({saw(turned)})", Reason.NO_SAMPLES,
                       exchanges=[turned.id], owner=Owner.SUBJECT)
    return held(f"{len(reads)} reads, {_median_ms(reads):.0f} ms at the median, {_median_ms(calm):.0f} ms before",
                exchanges=[reads[0].id], **_told(calm, reads))


def _served(reads: Sequence[Exchange]) -> list[Exchange]:
    """Without those that were turned away, and told when to come back."""
    return [e for e in reads if e.status != _RATE_LIMITED and not (e.status in BUSY and e.retry_after() is not None)]


def _slowed(calm: Sequence[Exchange], every_read: Sequence[Exchange], noise_ms: float) -> Finding | None:
    """The breach where too many reads were late, or most were slow; None where all is as before, or none was served."""
    if not calm or not (reads := _served(every_read)):
        return None
    limit_ms = noise_ms + 1000 * max(e.seconds for e in calm)
    behind = [e for e in reads if 1000 * e.seconds > limit_ms]
    if len(behind) > _LATE_SHARE * len(reads):
        return broken(f"{len(behind)} of {len(reads)} reads that need no wallet were late while it was out",
                      expected=f"within {limit_ms:.0f} ms", exchanges=[behind[0].id],
                      seen=f"{behind[0].seconds * 1000:.0f} ms", **_told(calm, reads))
    usual, now = _median_ms(calm), _median_ms(reads)
    if now > max(_WORSE * usual, usual + _WORSE_MS):
        return broken("reads that need no wallet became slow while it was out", exchanges=[reads[0].id],
                      expected=f"about {usual:.0f} ms", seen=f"{now:.0f} ms at the median", **_told(calm, reads))
    return None


def _told(calm: Sequence[Exchange], reads: Sequence[Exchange]) -> dict[str, float]:
    return {"reads": len(reads), "median_ms": round(_median_ms(reads), 1),
            "median_before_ms": round(_median_ms(calm), 1)}


def _median_ms(exchanges: Sequence[Exchange]) -> float:
    return 1000 * median(e.seconds for e in exchanges)


def busy_said_at_once(crowded: Crowded) -> Draft:
    """Who cannot be served is told so at once: 429 or 503 with Retry-After, no held connection (TIME-06).

    What was only late must be so in a second crowd as well.
    """
    crowds = [c for c in (crowded, crowded.again) if c]
    return Draft(judge="busy_said_at_once", over=tuple(call.id for c in crowds for _, call in c.calls),
                 params={"crowds": [{"calls": len(c.calls), "limit_ms": _answer_limit_ms(c)} for c in crowds],
                         "slo_ms": crowded.slo_ms},
                 says="who cannot be served is told so at once, and when to come back")


def _answer_limit_ms(crowded: Crowded) -> float:
    """The objective, and what a crowd takes by itself."""
    return crowded.slo_ms + crowded.noise_ms + 1000 * max((e.seconds for e in crowded.calm), default=0.0)


@judge("busy_said_at_once")
def _busy_said_at_once(history: History, claim: Claim) -> Finding:
    every = list(history.over(claim))
    if not every or len(every) < len(claim.over):
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    found: list[tuple[Finding, Finding | None]] = []
    for crowd in claim.params["crowds"]:
        calls, every = every[:crowd["calls"]], every[crowd["calls"]:]
        found.append((_said(calls), _held_too_long(calls, crowd["limit_ms"], claim.params["slo_ms"])))
    return of_takes(found)


def _held_on(calls: Sequence[Exchange], limit_ms: float) -> list[Exchange]:
    return [e for e in calls if 1000 * e.seconds > limit_ms]


def _held_too_long(calls: Sequence[Exchange], limit_ms: float, slo_ms: int) -> Finding | None:
    if not (held_on := _held_on(calls, limit_ms)):
        return None
    slowest = max(held_on, key=lambda e: e.seconds)
    return broken(f"{len(held_on)} of {len(calls)} calls at once were held instead of told", exchanges=[slowest.id],
                  expected=f"an answer within {slo_ms} ms (and what the crowd itself takes: {limit_ms:.0f} ms)",
                  seen=f"{saw(slowest)} after {slowest.seconds * 1000:.0f} ms")


def _said(calls: Sequence[Exchange]) -> Finding:
    """What was answered, whenever."""
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
    slowest = max(e.seconds for e in calls)
    return held(f"{len(busy)} of {len(calls)} calls at once were told to come back, the slowest answer after "
                f"{slowest * 1000:.0f} ms", exchanges=[busy[0].id], busy=len(busy), calls=len(calls))
