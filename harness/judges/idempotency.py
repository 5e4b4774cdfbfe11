"""Judges of idempotency: the declared header, copies of one request, and refusals that stay refusals."""

from __future__ import annotations

from typing import Any

from harness.judges.answers import BUSY, difference, saw, turned_away
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.operations import operations
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown


def declares_key(header: str) -> Draft:
    """Every write of the contract document declares the idempotency key header as required."""
    return Draft(judge="declares_key", params={"header": header},
                 says=f"every write operation of the contract declares {header} as required")


@judge("declares_key")
def _declares_key(history: History, claim: Claim) -> Finding:
    header = str(claim.params["header"])
    writes = [op for op in operations(history.contract).values() if op.write]
    if not writes:
        return unknown("the contract has no write operation", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    without = [op for op in writes if not op.header_parameters().get(header.lower(), {}).get("required")]
    if without:
        names = ", ".join(f"{op.method} {op.path}" for op in without[:3])
        return broken(f"{len(without)} of {len(writes)} write operations do not require {header}: {names}",
                      expected=f"required header {header} on {names}", seen="not declared as required")
    return held(f"all {len(writes)} write operations require {header}", writes=len(writes))


def lifetime_covers_horizon() -> Draft:
    """By the profile's own word keys are remembered for as long as any partner repeats a call."""
    return Draft(judge="lifetime_covers_horizon",
                 says="the declared lifetime of keys covers the longest retry horizon")


@judge("lifetime_covers_horizon")
def _lifetime_covers_horizon(history: History, claim: Claim) -> Finding:
    lifetime, horizon = history.profile.key_lifetime_hours, history.profile.retry_horizon_hours
    if lifetime < horizon:
        return broken(f"{claim.says}; a partner may repeat a call {horizon - lifetime} h after its key was forgotten",
                      expected=f"key_lifetime_hours >= {horizon} (retry_horizon_hours)",
                      seen=f"key_lifetime_hours = {lifetime}")
    return held(f"keys live {lifetime} h, calls are repeated for {horizon} h at most")


def copies_agree(copies: list[Exchange], identifier: str) -> Draft:
    """N copies of one request: at least one succeeded, all successes carry the same result, the rest wait.

    An answer that is no success must say that it may be retried (409 IN_PROGRESS, 429, 503) or, where the
    contract profile says so, that the operation is a duplicate.
    """
    return Draft(judge="copies_agree", over=tuple(e.id for e in copies), params={"identifier": identifier},
                 says=f"{len(copies)} parallel copies of one {copies[0].operation} have one result")


@judge("copies_agree")
def _copies_agree(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    won = [e for e in exchanges if e.answered and 200 <= (e.status or 0) < 300]
    if not won:
        return unknown("no copy succeeded", Reason.NO_SAMPLES, exchanges=claim.over[:2], owner=Owner.SUBJECT)
    but = {"balance"} if history.profile.replay_balance == "recomputed" else set[str]()
    for other in won[1:]:
        gap = difference(won[0].json(), other.json(), but)
        if gap or other.status != won[0].status:
            name, before, after = gap or ("status", won[0].status, other.status)
            return broken(f"{claim.says}; {name} differs", expected=f"{name}={before!r}", seen=f"{name}={after!r}",
                          exchanges=[won[0].id, other.id])
    for other in exchanges:
        if other.answered and other not in won and not _may_wait(other):
            return broken(f"{claim.says}; one copy was told a final no", expected="the result, or retryable: true",
                          seen=saw(other), exchanges=[won[0].id, other.id])
    return held(f"{len(won)} of {len(exchanges)} copies answered with the same result", copies=len(exchanges))


def _may_wait(exchange: Exchange) -> bool:
    return exchange.status in BUSY or (exchange.status in (409, 425) and exchange.field("retryable") is True)


def no_second_effect(first: Exchange, second: Exchange, *identifiers: str, says: str = "") -> Draft:
    """A new key with a known business id: the first result again, or a duplicate refusal, as the profile says."""
    return Draft(judge="no_second_effect", over=(first.id, second.id), params={"identifiers": list(identifiers)},
                 says=says or f"a new key with a known business id makes no second {first.operation}")


@judge("no_second_effect")
def _no_second_effect(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 2 or not all(e.answered for e in exchanges):
        return unknown("no answer", Reason.NO_ANSWER, exchanges=claim.over)
    first, second = exchanges
    status = second.status or 0
    if status in BUSY:
        return turned_away(second)
    if 200 <= status < 300:
        for name in claim.params["identifiers"]:
            if first.field(name) != second.field(name):
                return broken(f"{claim.says}; it answered another {name}", expected=f"{name}={first.field(name)!r}",
                              seen=f"{name}={second.field(name)!r}", exchanges=claim.over)
        if history.profile.duplicate_answer == "own_code":
            return broken(f"{claim.says}; asked under a new key, it answered {saw(second)} as the first time, and not "
                          "with a refusal", expected='409 DUPLICATE (by the contract profile: duplicate_answer = '
                          '"own_code")', seen=saw(second), exchanges=claim.over)
        return held("the first result was answered again", exchanges=claim.over)
    if 400 <= status < 500 and history.profile.duplicate_answer == "own_code":
        return held(f"refused with {saw(second)}, as the profile declares", exchanges=claim.over)
    return broken(f"{claim.says}; asked under a new key, it answered {saw(second)}", seen=saw(second), expected=
                  f"{saw(first)}, as the first time (by the contract profile: duplicate_answer = "
                  f'"{history.profile.duplicate_answer}")', exchanges=claim.over)


def distinct(first: Exchange, second: Exchange, member: str, says: str) -> Draft:
    """Both succeeded, and the member of their answers differs: two operations, not one replayed."""
    return Draft(judge="distinct", over=(first.id, second.id), params={"member": member}, says=says)


@judge("distinct")
def _distinct(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if len(exchanges) < 2 or not all(e.answered for e in exchanges):
        return unknown("no answer", Reason.NO_ANSWER, exchanges=claim.over)
    values: list[Any] = [e.field(claim.params["member"]) for e in exchanges]
    refused = next((e for e in exchanges if not 200 <= (e.status or 0) < 300), None)
    if refused is not None and refused.status not in BUSY:
        return broken(claim.says, expected="both succeed", seen=saw(refused), exchanges=claim.over)
    if refused is not None:
        return turned_away(refused)
    if not all(isinstance(value, str) for value in values):
        return unknown(f"the answers name no {claim.params['member']}", Reason.NO_SAMPLES, exchanges=claim.over,
                       owner=Owner.SUBJECT)
    if values[0] == values[1]:
        return broken(claim.says, expected=f"two different {claim.params['member']}", seen=repr(values[0]),
                      exchanges=claim.over)
    return held(claim.says, exchanges=claim.over)
