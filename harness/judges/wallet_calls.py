"""Judges of what the wallet saw of the platform: how long it waits, how often and how it tries again.

An operation is one call of the provider about a player of its own; its attempts are the wallet calls that name that
player while the provider waited. What comes later (asking what became of it, reconciling) is no retry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judges.answers import COME_AGAIN
from harness.judges.registry import judge
from harness.judges.spacing import spacing
from harness.judges.takes import of_takes
from harness.judges.wallet_words import Kinds, compensates, keys_told, names_it, said, same_content, same_key
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown

MOST_RETRIES = 2
_LATE_SHARE = 0.05
"""Of the calls, that may be later than the SLO: it speaks of the 95th percentile."""
_FAR_LATE = 2.0
"""Times the limit: so late no stall of a machine makes it, and one attempt is enough."""
_FEWEST_ATTEMPTS = 4
"""Of which a single one that is barely late tells nothing: it may have been a stall."""
_WE_LET_GO, _GAVE_UP = "hang", "hung_up"


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts of one operation at the wallet, in order."""

    call: Exchange
    seen: tuple[Exchange, ...]

    @property
    def gaps(self) -> list[float]:
        """Seconds from the end of each attempt to the start of the next."""
        return [(after.started_ns - before.ended_ns) / 1e9
                for before, after in zip(self.seen, self.seen[1:], strict=False)]


def _draft(name: str, says: str, operations: Sequence[tuple[str, Exchange]], **params: Any) -> Draft:
    return Draft(judge=name, says=says, over=tuple(call.id for _, call in operations),
                 params={"about": [about for about, _ in operations], **params})


def _attempts(history: History, claim: Claim) -> list[Attempts]:
    """Of each operation of the claim; money-moving attempts only."""
    at_wallet = [e for e in history.where(channel="wallet") if e.method not in ("GET", "HEAD")]
    calls: Mapping[str, Exchange] = {e.id: e for e in history.over(claim)}
    found = []
    for about, name in zip(claim.params["about"], claim.over, strict=True):
        if (call := calls.get(name)) is not None:
            seen = [e for e in at_wallet if call.started_ns <= e.started_ns <= call.ended_ns
                    and e.mentions(about)]
            found.append(Attempts(call, tuple(sorted(seen, key=lambda e: e.started_ns))))
    return found


def _unseen(found: Sequence[Attempts]) -> Finding | None:
    """Inconclusive where the wallet saw nothing of any operation."""
    if any(a.seen for a in found):
        return None
    return unknown(f"the wallet saw nothing of {len(found)} operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)


def some_are_late(operations: Sequence[tuple[str, Exchange]], at_wallet: Iterable[Exchange], limit_ms: int,
                  slack_ms: float) -> bool:
    """Were answers or given-up attempts late by the clock as a stall makes them? Then it deserves another take.

    A platform that is slow answers most calls late, and one without a timeout gives up far too late; that needs no
    second look.
    """
    limit, about = (limit_ms + slack_ms) / 1000, {name for name, _ in operations}
    calls = [call for _, call in operations]
    silent = [e for e in at_wallet if e.failure in (_GAVE_UP, _WE_LET_GO) and any(map(e.mentions, about))]
    belated = sum(e.seconds > limit for e in calls)
    return (_LATE_SHARE * len(calls) < belated <= len(calls) / 2
            or limit < max((e.seconds for e in silent), default=0.0) <= _FAR_LATE * limit)


def gives_up_in_time(operations: Sequence[tuple[str, Exchange]], limit_ms: int, slack_ms: float = 0.0, *,
                     again: Sequence[tuple[str, Exchange]] = ()) -> Draft:
    """A wallet that keeps silent is given up within `limit_ms` of each attempt (TIME-02).

    `slack_ms`: by how much measuring may be late here, itself measured on a witness connection. A twentieth of the
    attempts may be a little late, as with the answers: one stall of a machine is no missing timeout. `again`: the
    operations of a second take; what is late must be so in both.
    """
    return _draft("gives_up_in_time", f"a silent wallet is given up within {limit_ms} ms", [*operations, *again],
                  limit_ms=limit_ms, slack_ms=slack_ms, first=len(operations))


@judge("gives_up_in_time")
def _gives_up_in_time(history: History, claim: Claim) -> Finding:
    return of_takes([_given_up(take, claim.params) for take in _takes(_attempts(history, claim), claim)])


def _takes(found: list[Attempts], claim: Claim) -> list[list[Attempts]]:
    """Those of the first take, and of the second where there was one; old journals know of one."""
    first = claim.params.get("first", len(found))
    return [found[:first], *([found[first:]] if found[first:] else [])]


def _given_up(found: Sequence[Attempts], params: Mapping[str, Any]) -> tuple[Finding, Finding | None]:
    """What is known of one take, and the breach by the clock."""
    if nothing := _unseen(found):
        return nothing, None
    limit = (params["limit_ms"] + params["slack_ms"]) / 1000
    # Where our own silence ended first, nobody knows how long the platform would have waited, but for what it did.
    silent = [e for a in found for e in a.seen
              if e.failure == _GAVE_UP or (e.failure == _WE_LET_GO and e.seconds > limit)]
    if not silent:
        met = any(e.failure == _WE_LET_GO for a in found for e in a.seen)
        return unknown("the silence ended before an attempt was given up" if met else "no attempt met a silent wallet",
                       Reason.NO_SAMPLES, owner=Owner.HARNESS if met else Owner.ENVIRONMENT), None
    late = sorted((e for e in silent if e.seconds > limit), key=lambda e: -e.seconds)
    longest = max(e.seconds for e in silent)
    told = {"attempts": len(silent), "late": len(late), "longest_ms": round(longest * 1000)}
    kept = held(f"{len(silent)} silent attempts were given up, the last after {longest * 1000:.0f} ms",
                exchanges=[silent[0].id], **told)
    if longest > _FAR_LATE * limit or (len(late) > _LATE_SHARE * len(silent)
                                       and (len(late) > 1 or len(silent) < _FEWEST_ATTEMPTS)):
        return kept, broken(
            f"{len(late)} of {len(silent)} silent attempts were held for longer than {params['limit_ms']} ms",
            expected=f"given up within {params['limit_ms']} ms", seen=f"held for {late[0].seconds * 1000:.0f} ms",
            exchanges=[e.id for e in late[:3]], **told)
    if len(late) > _LATE_SHARE * len(silent):
        return unknown(f"one of {len(silent)} silent attempts was a little late, which may have been a stall",
                       Reason.NO_SAMPLES, owner=Owner.ENVIRONMENT, exchanges=[late[0].id],
                       expected=f"given up within {params['limit_ms']} ms",
                       seen=f"held for {longest * 1000:.0f} ms"), None
    return kept, None


def answers_in_time(operations: Sequence[tuple[str, Exchange]], slo_ms: int, slack_ms: float = 0.0, *,
                    again: Sequence[tuple[str, Exchange]] = ()) -> Draft:
    """Whatever befalls the wallet, the provider has an answer within the SLO: done, a clear refusal, or 202 (TIME-01).

    `slack_ms`: by how much measuring may be late here, itself measured on a witness connection. `again`: the operations
    of a second take; what is late must be so in both.
    """
    return _draft("answers_in_time", f"the provider has an answer within {slo_ms} ms", [*operations, *again],
                  slo_ms=slo_ms, slack_ms=slack_ms, first=len(operations))


@judge("answers_in_time")
def _answers_in_time(history: History, claim: Claim) -> Finding:
    found = _attempts(history, claim)
    if len(found) < len(claim.over) or not found:
        return unknown("the journal lacks a call", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    return of_takes([_answered([a.call for a in take], claim.params) for take in _takes(found, claim)])


def _answered(calls: Sequence[Exchange], params: Mapping[str, Any]) -> tuple[Finding, Finding | None]:
    """What the answers of one take say, and the breach by the clock."""
    limit = (params["slo_ms"] + params["slack_ms"]) / 1000
    if silent := [e for e in calls if not e.answered]:
        return broken(f"{len(silent)} of {len(calls)} calls had no answer", exchanges=[silent[0].id],
                      expected=f"an answer within {params['slo_ms']} ms",
                      seen=f"{silent[0].failure} after {silent[0].seconds * 1000:.0f} ms"), None
    late = sorted((e for e in calls if e.seconds > limit), key=lambda e: -e.seconds)
    spent = sorted(e.seconds * 1000 for e in calls)
    told = {"calls": len(calls), "slowest_ms": round(spent[-1]), "median_ms": round(spent[len(spent) // 2])}
    belated = None
    if len(late) > _LATE_SHARE * len(calls):
        belated = broken(f"{len(late)} of {len(calls)} calls were answered later than {params['slo_ms']} ms",
                         expected=f"an answer within {params['slo_ms']} ms", exchanges=[late[0].id],
                         seen=f"{late[0].status} after {late[0].seconds * 1000:.0f} ms", **told)
    unclear = next((e for e in calls if (e.status or 0) >= 500 and not (e.status == 503 and e.retry_after() is not None)
                    and not isinstance(e.field("code"), str)), None)
    if unclear is not None:
        return broken(f"a call was answered {unclear.status} without a word", exchanges=[unclear.id],
                      expected="200, a refusal of the error model, or 202", seen=str(unclear.status), **told), belated
    return held(f"{len(calls)} calls answered, the slowest after {spent[-1]:.0f} ms", exchanges=[calls[0].id],
                **told), belated


def retries_sparingly(operations: Sequence[tuple[str, Exchange]], most: int = MOST_RETRIES) -> Draft:
    """At most `most` retries of an operation, each with the key of the first, none after a clean refusal (TIME-03)."""
    return _draft("retries_sparingly", f"at most {most} retries of an operation, under the same key", operations,
                  most=most)


@judge("retries_sparingly")
def _retries_sparingly(history: History, claim: Claim) -> Finding:
    found = _attempts(history, claim)
    if nothing := _unseen(found):
        return nothing
    most, at_wallet = claim.params["most"], tuple(history.where(channel="wallet"))
    kinds = Kinds(at_wallet)
    tried = [series for attempts in found for same in kinds.apart(attempts.seen) for series in _series(same)]
    looks = [look for series in tried if (look := _looked_at(series, at_wallet, kinds, most))]
    if wrong := next((look for look in looks if look.outcome is Outcome.FAIL), None):
        return wrong
    if looks:
        return looks[0]
    count = sum(len(a.seen) for a in found)
    again = sum(len(series) - 1 for series in tried)
    return held(f"{count} attempts of {len(found)} operations, {again} of them retries", attempts=count, retries=again,
                exchanges=[e.id for a in found for e in a.seen][:2])


def _series(same: Sequence[Exchange]) -> list[list[Exchange]]:
    """Calls of one kind: those that may be tries of one call, and those that follow on them (a cancel at one URL)."""
    tries: list[Exchange] = []
    following: list[Exchange] = []
    for e in same:
        (following if any(compensates(earlier, e) for earlier in tries) else tries).append(e)
    return [series for series in (tries, following) if series]


def _looked_at(series: Sequence[Exchange], at_wallet: Iterable[Exchange], kinds: Kinds, most: int) -> Finding | None:
    """What is wrong with the tries, or cannot be told of them; None where all is well.

    A try of the same call says the same, its names and times left out. What says something else may be another step of
    a protocol that nobody here knows.
    """
    first, rest = series[0], series[1:]
    refused = next((n for n, e in enumerate(series[:-1]) if 400 <= (e.status or 0) < 500
                    and e.status not in COME_AGAIN), None)
    if refused is not None and any(same_content(series[refused], e) for e in series[refused + 1:]):
        return broken("an attempt that the wallet had refused was made again", expected="no retry of a refusal",
                      seen=f"{len(series)} attempts, {series[refused].status} to the {refused + 1}.",
                      exchanges=[e.id for e in series[refused:refused + 2]])
    moving = [e for e in rest if said(first).moves and said(e).moves and not _asked_after(at_wallet, first, e, kinds)]
    if other := next((e for e in moving if same_key(first, e) is False), None):
        return broken("an attempt was made again under another key", expected=keys_told(first), seen=keys_told(other),
                      exchanges=[first.id, other.id])
    alike = max(([e for e in series if same_content(one, e)] for one in series), key=len)
    if len(alike) > 1 + most and said(first).moves:
        return broken(f"one operation was tried {len(alike)} times", expected=f"at most {1 + most} attempts",
                      seen=f"{len(alike)} attempts", exchanges=[e.id for e in alike[:4]])
    if refused is not None or len(series) > 1 + most or any(same_key(first, e) is None for e in moving):
        return unknown(f"{len(series)} calls of one kind about one operation: nothing in them tells whether they are "
                       "tries of one call under one key", Reason.NO_SAMPLES, owner=Owner.PROFILE,
                       exchanges=[e.id for e in series[:4]])
    return None


def _asked_after(seen: Iterable[Exchange], first: Exchange, later: Exchange, kinds: Kinds) -> bool:
    """Was the first transaction cancelled, or asked after, before the later one? Then that one is no blind retry."""
    return any(first.started_ns < e.started_ns < later.started_ns and names_it(e, first)
               and (kinds.of(e) != kinds.of(first) or compensates(first, e)) for e in seen)


def backs_off(operations: Sequence[tuple[str, Exchange]], noise_ms: float = 0.0) -> Draft:
    """Retries are spaced with growing gaps and jitter (TIME-04). `noise_ms`: the spread that measuring alone makes."""
    return _draft("backs_off", "retries are spaced, further apart each time, and not in step", operations,
                  noise_ms=noise_ms)


@judge("backs_off")
def _backs_off(history: History, claim: Claim) -> Finding:
    found = _attempts(history, claim)
    if nothing := _unseen(found):
        return nothing
    kinds = Kinds(tuple(history.where(channel="wallet")))
    retried = [tries for a in found for same in kinds.apart(a.seen) for series in _series(same)
               if len((tries := Attempts(a.call, tuple(series))).seen) > 1]
    if not retried:
        return held("nothing was tried again, so nothing needs spacing", attempts=sum(len(a.seen) for a in found))
    return spacing([a.gaps for a in retried], noise_seconds=claim.params["noise_ms"] / 1000,
                   exchanges=[e.id for e in retried[0].seen[:3]])
