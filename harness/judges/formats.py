"""Judges of formats: ISO 4217 currencies, BCP 47 locales, UTC timestamps, opaque string identifiers (CONT-11)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from harness.judges.conformance import Routes, api_answers
from harness.judges.registry import judge
from harness.judges.whence import whence
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

_SHOWN = 4
_DEEPEST = 40


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


ISO_4217 = _words(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD",
    "CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP",
    "GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW",
    "KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD",
    "NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE",
    "SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED",
    "VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG",
    "ZWL",)
"""Alphabetic codes of ISO 4217, recently withdrawn ones included: history stays readable."""

_LOCALE = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4}|[A-Za-z]{5,8})"  # language
    r"(?:-[A-Za-z]{4})?"  # script
    r"(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"  # region
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"  # variants
    r"(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"  # extensions
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?", re.ASCII)
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)", re.ASCII)
_TIMES = _words("created_at updated_at expires_at occurred_at authorized_at settled_at rolled_back_at closed_at",
                "next_attempt_at previous_valid_until cool_off_until delivered_at")
_IDENTIFIERS = _words(
    "tenant_id brand_id player_id session_id round_id bet_id settlement_id hold_id rollback_id game_id event_id",
    "operation_id payment_id bonus_id consumption_id jackpot_id contribution_id trigger_id payout_id transaction_id",
    "endpoint_id delivery_id resource_id trace_id provider_id wallet_tx_id")


def well_formed(*, least: int = 1, says: str = "") -> Draft:
    """Currencies, locales, timestamps and identifiers in every answer and event of the run have their format."""
    return Draft(judge="well_formed", params={"least": least},
                 says=says or "currencies are ISO 4217, locales BCP 47, timestamps UTC, identifiers opaque strings")


@judge("well_formed")
def _well_formed(history: History, claim: Claim) -> Finding:
    times = _TIMES | _declared_times(history.contract)
    echoes = _sent(history)
    counts: Counter[str] = Counter()
    first: dict[tuple[str, str], tuple[Exchange, str, str]] = {}
    wrong = 0
    for exchange, body in _bodies(history):
        for name, value in members(body):
            kind = _kind(name, times)
            if kind is None or value is None:
                continue
            counts[kind] += 1
            expected = _expected(kind, value)
            if expected and (name, str(value)) not in echoes:
                wrong += 1
                seen_there = f"{name}={value!r}"[:120] + f" in {whence(exchange)}"
                first.setdefault((kind, name), (exchange, expected, seen_there))
    if sum(counts.values()) < max(1, claim.params.get("least", 1)):
        return unknown("no currency, locale, timestamp or identifier was seen", Reason.NO_SAMPLES)
    if first:
        seen = list(first.values())
        named = "; ".join(shown for _, _, shown in seen)
        return broken(f"{wrong} of {sum(counts.values())} values are malformed: {named}"[:600], expected=seen[0][1],
                      seen=seen[0][2], exchanges=[e.id for e, _, _ in seen[:_SHOWN]], malformed=wrong, **dict(counts))
    return held(f"{sum(counts.values())} currencies, locales, timestamps and identifiers are well formed",
                exchanges=(), **dict(counts))


def _bodies(history: History) -> Iterator[tuple[Exchange, Any]]:
    """What the subject said: bodies of its answers and of its webhooks."""
    for exchange, _ in api_answers(history, history.once(Routes)):
        yield exchange, exchange.json()
    for exchange in history.where(channel="webhook"):
        yield exchange, exchange.sent_json()


def _sent(history: History) -> frozenset[tuple[str, str]]:
    """What the harness itself sent: a platform that repeats our odd input breaks no format of its own."""
    return frozenset((name, str(value)) for exchange in history.where(channel="api")
                     if exchange.method != "GET" for name, value in members(exchange.sent_json()))


def members(node: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(name, scalar value) of every object member at any depth; very deep parts are left out."""
    if depth > _DEEPEST:
        return
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from members(value, depth + 1)
            else:
                yield name, value
    elif isinstance(node, list):
        for value in node:
            yield from members(value, depth + 1)


def _declared_times(contract: Mapping[str, Any]) -> frozenset[str]:
    """Names of the properties that the contract's schemas call date-time."""
    components = contract.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    found = set()
    for schema in schemas.values() if isinstance(schemas, Mapping) else ():
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            if isinstance(one, Mapping) and one.get("format") == "date-time":
                found.add(str(name))
    return frozenset(found)


def _kind(name: str, times: frozenset[str]) -> str | None:
    if name in times:
        return "timestamps"
    if name in _IDENTIFIERS:
        return "identifiers"
    return {"currency": "currencies", "locale": "locales"}.get(name)


def _expected(kind: str, value: Any) -> str:
    """What was expected instead of `value`; "" when it is right."""
    if isinstance(value, str) and value.startswith("redacted-"):
        return ""
    match kind:
        case "currencies":
            return "" if isinstance(value, str) and value in ISO_4217 else "an ISO 4217 currency code"
        case "locales":
            right = isinstance(value, str) and _LOCALE.fullmatch(value)
            return "" if right else "a BCP 47 language tag such as de-DE"
        case "timestamps":
            return "" if utc_time(value) is not None else "a UTC timestamp (RFC 3339, Z or +00:00)"
        case _:
            return "" if isinstance(value, str) and value else "an identifier that is a non-empty string"


def utc_time(value: Any) -> datetime | None:
    """The instant of an RFC 3339 timestamp in UTC (`Z` or `+00:00`), or None for anything else."""
    if not isinstance(value, str) or not _UTC.fullmatch(value):
        return None
    seconds, _, fraction = value.removesuffix("Z").removesuffix("+00:00").partition(".")
    try:
        whole = datetime.fromisoformat(f"{seconds}+00:00")
    except ValueError:
        return None
    return whole + timedelta(microseconds=int(f"{fraction:0<6}"[:6])) if fraction else whole
