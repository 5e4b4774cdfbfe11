"""Judges of the error model: one shape, listed codes, the right status, honest `retryable` (CONT-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.judges.answers import BUSY, saw, turned_away, unanswered
from harness.judges.conformance import Routes, api_answers
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown
from harness.model.profile import ContractProfile

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class CodeRule:
    """What the contract promises of one error code: its HTTP statuses and whether a retry can help."""

    statuses: frozenset[int]
    retryable: bool


def _rule(status: int, retryable: bool = False) -> CodeRule:
    return CodeRule(frozenset({status}), retryable)


UNIFIED_CODES: Mapping[str, CodeRule] = {
    "MALFORMED_REQUEST": _rule(400), "VALIDATION_FAILED": _rule(400), "MISSING_HEADER": _rule(400),
    "IDEMPOTENCY_KEY_REQUIRED": _rule(400), "AUTH_FAILED": _rule(401), "FORBIDDEN": _rule(403),
    "REGION_MISMATCH": _rule(403), "RG_BLOCK": _rule(403), "NOT_FOUND": _rule(404),
    "METHOD_NOT_ALLOWED": _rule(405), "VERSION_UNSUPPORTED": _rule(406), "DUPLICATE": _rule(409),
    "IDEMPOTENCY_MISMATCH": _rule(409), "INVALID_STATE": _rule(409), "SESSION_EXPIRED": _rule(409),
    "IN_PROGRESS": _rule(409, True), "PAYLOAD_TOO_LARGE": _rule(413), "UNSUPPORTED_MEDIA_TYPE": _rule(415),
    "INSUFFICIENT_FUNDS": _rule(422), "LIMIT_EXCEEDED": _rule(422), "CURRENCY_MISMATCH": _rule(422),
    "CURRENCY_UNSUPPORTED": _rule(422), "AMOUNT_INVALID": _rule(422), "RATE_LIMITED": _rule(429, True),
    "FEATURE_DISABLED": _rule(503, True), "UPSTREAM_UNAVAILABLE": _rule(503, True), "INTERNAL": _rule(500, True),
}
"""The unified API's list, for contracts that carry no `x-error-codes` of their own."""


def code_rules(contract: Mapping[str, Any], profile: ContractProfile) -> dict[str, CodeRule]:
    """The error codes of a contract (`x-error-codes`, else the unified API's), the profile's choice laid over."""
    rules = dict(_listed(contract.get("x-error-codes")) or UNIFIED_CODES)
    if "IDEMPOTENCY_MISMATCH" in rules:
        rules["IDEMPOTENCY_MISMATCH"] = _rule(profile.mismatch_status)
    return rules


def _listed(listed: Any) -> dict[str, CodeRule]:
    """Codes as a mapping code -> {status, retryable}, or as a list of {code, status, retryable}."""
    if isinstance(listed, list):
        listed = {str(row["code"]): row for row in listed if isinstance(row, Mapping) and "code" in row}
    rules = {}
    for code, row in listed.items() if isinstance(listed, Mapping) else ():
        status = row.get("status") if isinstance(row, Mapping) else None
        statuses = status if isinstance(status, list) else [status]
        known = frozenset(s for s in statuses if isinstance(s, int) and not isinstance(s, bool))
        if known:
            rules[str(code)] = CodeRule(known, row.get("retryable") is True)
    return rules


def one_error_model(*, least: int = 1, says: str = "") -> Draft:
    """Every 4xx and 5xx of the whole run carries the one error model, a listed code and its status."""
    return Draft(judge="one_error_model", params={"least": least},
                 says=says or "every error has code, message, retryable and trace_id; code and status fit; "
                              "retryable is true only where a retry can help")


@judge("one_error_model")
def _one_error_model(history: History, claim: Claim) -> Finding:
    rules = code_rules(history.contract, history.profile)
    answers = violations = 0
    codes: set[str] = set()
    first: dict[tuple[str, str], tuple[Exchange, str, str]] = {}
    for exchange, operation in api_answers(history, history.once(Routes)):
        if exchange.method == "HEAD" or ((exchange.status or 0) < 400 and not _disguised(exchange, rules)):
            continue
        answers += 1
        wrong = error_violation(exchange, rules)
        code = exchange.field("code")
        if wrong is None:
            codes.add(str(code))
            continue
        violations += 1
        first.setdefault((operation.id if operation else "", wrong[1]), (exchange, *wrong))
    if answers < max(1, claim.params.get("least", 1)):
        return unknown(f"{answers} error answers were seen", Reason.NO_SAMPLES)
    if first:
        worst = list(first.values())
        named = "; ".join(f"{e.method} {e.operation or e.url} {e.status}: {seen}" for e, _, seen in worst[:_SHOWN])
        return broken(f"{violations} of {answers} error answers break the error model: {named}"[:600],
                      expected=worst[0][1], seen=f"{worst[0][0].status}: {worst[0][2]}",
                      exchanges=[e.id for e, _, _ in worst[:_SHOWN]], answers=answers, violations=violations)
    return held(f"{answers} error answers with {len(codes)} codes follow the error model", answers=answers,
                codes=sorted(codes))


def _disguised(exchange: Exchange, rules: Mapping[str, CodeRule]) -> bool:
    """True for an error that comes with a status of success."""
    if '"code"' not in exchange.response_body:
        return False
    body = exchange.json()
    return (isinstance(body, dict) and isinstance(body.get("code"), str) and "message" in body
            and (body["code"] in rules or "retryable" in body))


def refused_as_listed(exchange: Exchange, code: str, *, says: str = "") -> Draft:
    """The call is refused with `code`, its status and `retryable` as the contract lists them for it.

    Where the contract's list has no such code, any refusal of the list is right.
    """
    return Draft(judge="refused_as_listed", over=(exchange.id,), params={"code": code},
                 says=says or f"{exchange.operation} is refused as {code}")


@judge("refused_as_listed")
def _refused_as_listed(history: History, claim: Claim) -> Finding:
    exchanges = history.over(claim)
    if silent := unanswered(exchanges, claim):
        return silent
    (exchange,) = exchanges
    rules, code = code_rules(history.contract, history.profile), claim.params["code"]
    if exchange.status in BUSY:
        return turned_away(exchange)
    if not 400 <= (exchange.status or 0) < 500 or (code in rules and exchange.field("code") != code):
        return broken(f"{claim.says}; it answered {saw(exchange)}", expected=code if code in rules else "a refusal",
                      seen=saw(exchange), exchanges=[exchange.id])
    if wrong := error_violation(exchange, rules):
        return broken(f"{claim.says}; {wrong[1]}", expected=wrong[0], seen=wrong[1], exchanges=[exchange.id])
    return held(saw(exchange), exchanges=[exchange.id])


def error_violation(exchange: Exchange, rules: Mapping[str, CodeRule]) -> tuple[str, str] | None:
    """(expected, seen) of the first thing that is wrong with an error answer, or None."""
    body = exchange.json()
    if not isinstance(body, dict):
        return "a JSON object {code, message, retryable, trace_id}", "no JSON object"
    for member, kind in (("code", str), ("message", str), ("retryable", bool), ("trace_id", str)):
        if not isinstance(body.get(member), kind) or body[member] == "":
            shown = f"{member}={body[member]!r}"[:80] if member in body else f"no {member}"
            return f"{member} as a {'truth value' if kind is bool else 'non-empty string'}", shown
    code, status = body["code"], exchange.status or 0
    rule = rules.get(code)
    if rule is None:
        return f"a code of the contract's list ({', '.join(list(rules)[:6])}, …)", f"code {code[:60]!r} is not listed"
    if status not in rule.statuses:
        return f"{code} with status {' or '.join(map(str, sorted(rule.statuses)))}", f"{code} with status {status}"
    if body["retryable"] and not rule.retryable:
        return f"{code} with retryable false: repeating it cannot help", f"{code} with retryable true"
    if not body["retryable"] and rule.retryable and status in (409, 429, 503):
        return f"{code} with retryable true: repeating it later can help", f"{code} with retryable false"
    return None
