"""Judges of single answers: status, code, sameness. Constructors and judges side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import ContractProfile

BUSY = (429, 503)
"""Statuses that turn a caller away without a word on its request."""
_SHOWN = 4
COME_AGAIN = (408, 425, 429)
"""Refusals of the moment: the same call may be taken later."""


def saw(exchange: Exchange) -> str:
    """`422 INSUFFICIENT_FUNDS` or `no answer (timeout)`: an answer in a few words."""
    if not exchange.answered:
        return f"no answer ({exchange.failure or 'none recorded'})"
    code = exchange.field("code")
    return f"{exchange.status} {code}" if isinstance(code, str) else f"{exchange.status}"


def whose(exchange: Exchange) -> Owner:
    """Whose an unusable answer is: the subject's where it gave one, else nobody can tell the line from the subject."""
    return Owner.SUBJECT if exchange.answered else Owner.ENVIRONMENT


def unanswered(exchanges: tuple[Exchange, ...], claim: Claim) -> Finding | None:
    """Inconclusive when an exchange of the claim is missing or has no answer; None when all answered."""
    if len(exchanges) < len(claim.over) or not exchanges:
        return unknown("the journal lacks an exchange of this claim", Reason.NO_SAMPLES, owner=Owner.HARNESS)
    silent = [e for e in exchanges if not e.answered]
    if silent:
        return unknown(f"{silent[0].operation or silent[0].url}: {saw(silent[0])}", Reason.NO_ANSWER,
                       exchanges=[e.id for e in silent])
    return None


def unheard(probes: Sequence[Exchange], needed: int) -> Finding | None:
    """Inconclusive when one of `needed` probes is missing, got no answer or met a busy subject; else None.

    For claims over many probes: those that were heard may break the claim, but only all of them can hold it.
    """
    silent = [e for e in probes if not e.answered or e.status in BUSY]
    lost = needed - len(probes)
    if probes and not silent and not lost:
        return None
    shown = f": {saw(silent[0])}" if silent else ""
    return unknown(f"{len(silent) + lost} of {needed} probes told nothing{shown}", Reason.NO_ANSWER,
                   exchanges=[e.id for e in silent[:_SHOWN]], owner=whose(silent[0]) if silent else Owner.HARNESS)


def turned_away(exchange: Exchange) -> Finding:
    """Inconclusive: the subject was busy for longer than our patience, which is neither consent nor refusal."""
    return unknown(f"{exchange.operation} was turned away ({saw(exchange)})", Reason.NO_SAMPLES,
                   exchanges=[exchange.id], owner=Owner.SUBJECT)


def not_yet(exchange: Exchange, *, parked: bool = False) -> bool:
    """Is the call without an end so far? `parked`: the profile takes a settle that waits for its bet, with 202."""
    status = exchange.status or 0
    return not exchange.answered or status >= 500 or status in COME_AGAIN or (status == 202 and not parked) \
        or exchange.field("retryable") is True


def answered(exchange: Exchange, *statuses: int, code: str = "", says: str = "") -> Draft:
    """The answer has one of `statuses` (none given: any 2xx) and, where given, that error `code`."""
    wanted = " or ".join(map(str, statuses)) or "2xx"
    return Draft(judge="answered", over=(exchange.id,), params={"statuses": list(statuses), "code": code},
                 says=says or f"{exchange.operation} answers {wanted}{' ' + code if code else ''}")


@judge("answered")
def _answered(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (exchange,) = exchanges
    statuses, code = claim.params["statuses"], claim.params["code"]
    right = exchange.status in statuses if statuses else 200 <= (exchange.status or 0) < 300
    if right and (not code or exchange.field("code") == code):
        return held(saw(exchange), exchanges=[exchange.id])
    if exchange.status in BUSY:
        return turned_away(exchange)
    wanted = " or ".join(map(str, statuses)) or "2xx"
    return broken(f"{claim.says}; it answered {saw(exchange)}", expected=f"{wanted} {code}".strip(),
                  seen=saw(exchange), exchanges=[exchange.id])


def refused(exchange: Exchange, *statuses: int, code: str = "", says: str = "") -> Draft:
    """The call is refused: a 4xx (one of `statuses` if given), with error `code` where the contract fixes it."""
    return Draft(judge="refused", over=(exchange.id,), params={"statuses": list(statuses), "code": code},
                 says=says or f"{exchange.operation} is refused{' with ' + code if code else ''}")


@judge("refused")
def _refused(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (exchange,) = exchanges
    statuses, code = claim.params["statuses"], claim.params["code"]
    status = exchange.status or 0
    if status in BUSY:
        return turned_away(exchange)
    right = status in statuses if statuses else 400 <= status < 500
    if right and (not code or exchange.field("code") == code):
        return held(saw(exchange), exchanges=[exchange.id])
    wanted = " or ".join(map(str, statuses)) or "4xx"
    return broken(f"{claim.says}; it answered {saw(exchange)}", expected=f"{wanted} {code}".strip(),
                  seen=saw(exchange), exchanges=[exchange.id])


def same_result(first: Exchange, *later: Exchange, but: tuple[str, ...] = (), says: str = "") -> Draft:
    """Status and JSON body of every later answer equal the first's, members named in `but` left out."""
    return Draft(judge="same_result", over=(first.id, *(e.id for e in later)), params={"but": list(but)},
                 says=says or f"a repeated {first.operation} answers the first result again")


@judge("same_result")
def _same_result(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    first, *later = exchanges
    but = set(claim.params["but"])
    away = [e for e in later if e.status in BUSY and first.status not in BUSY]
    for other in (e for e in later if e not in away):
        if other.status != first.status:
            asked = _asked_again(first, other, history.profile)
            return broken(f"{claim.says}; {asked}, it answered {saw(other)}",
                          expected=f"{saw(first)}, as the first time", seen=saw(other), exchanges=[first.id, other.id])
        differing = difference(first.json(), other.json(), but)
        if differing:
            name, before, after = differing
            return broken(f"{claim.says}; {name} changed", expected=f"{name}={before!r}",
                          seen=f"{name}={after!r}", exchanges=[first.id, other.id])
    if away:
        return turned_away(away[0])
    return held(f"{len(later)} repeats equal the first answer", exchanges=claim.over, repeats=len(later))


def _asked_again(first: Exchange, other: Exchange, profile: ContractProfile) -> str:
    """What was asked the second time, in words."""
    keys = [e.sent_header(profile.idempotency_header) for e in (first, other)]
    if not keys[0] or keys[0] != keys[1]:
        return "asked for the same again"
    own = ' (duplicate_answer = "own_code" is for a known id under a new key)' \
        if profile.duplicate_answer == "own_code" and other.field("code") == "DUPLICATE" else ""
    return f"asked for the same again under the same key{own}"


def difference(first: Any, second: Any, but: set[str]) -> tuple[str, Any, Any] | None:
    """The first top-level member that differs: (name, before, after); None when equal outside `but`."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            if name not in but and (first.get(name), name in first) != (second.get(name), name in second):
                return name, first.get(name), second.get(name)
        return None
    return None if first == second else ("body", first, second)


def equal(exchange: Exchange, member: str, value: Any, says: str = "") -> Draft:
    """The top-level member of the answer has exactly that JSON value."""
    return Draft(judge="equal", over=(exchange.id,), params={"member": member, "value": value},
                 says=says or f"{exchange.operation}: {member} is {value!r}")


@judge("equal")
def _equal(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (exchange,) = exchanges
    if exchange.status in BUSY:
        return turned_away(exchange)
    if (exchange.status or 0) >= 500:
        return unknown(f"{exchange.operation} could not be read: {saw(exchange)}", Reason.OBSERVER_UNAVAILABLE,
                       exchanges=[exchange.id], owner=Owner.SUBJECT)
    seen = exchange.field(claim.params["member"])
    wanted = claim.params["value"]
    if seen == wanted and type(seen) is type(wanted):
        return held(f"{claim.params['member']} is {wanted!r}", exchanges=[exchange.id])
    return broken(claim.says, expected=repr(wanted), seen=repr(seen), exchanges=[exchange.id])
