"""Judges of what errors give away: stack traces, paths, SQL, secrets; and markup that stays inert (SEC-08)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus

from harness.judges.answers import BUSY, saw, unheard
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Reason, broken, held, unknown

_SHOWN = 4
_SCANNED = 64 * 1024

# Tight on purpose: each form is something that a sentence for people does not contain.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a stack trace", re.compile(
        r"Traceback \(most recent call last\)|\bFile \\?\"[^\"\n]{1,200}\\?\", line \d+"
        r"|\bat [\w$.<>]{1,120}\([\w$]{1,80}\.(?:java|kt|scala|groovy):\d+\)"
        r"|\bat [^\n(]{0,120}\(?(?:file://)?/[^\s:()]{1,200}\.[cm]?[jt]s:\d+:\d+\)?"
        r"|\b(?:goroutine \d+ \[|panic: runtime error)|\b[\w./-]{1,120}\.go:\d+\b"
        r"|\bin [^\n]{1,200}\.cs:line \d+|\bException in thread \"|\.rb:\d+:in [`']"
        r"|\b(?:java\.(?:lang|sql|util|io)|javax?\.\w+|org\.(?:springframework|hibernate)|System|Microsoft)"
        r"\.[\w.]{1,120}(?:Exception|Error)\b"
        r"|\b(?:sqlalchemy|psycopg2?|asyncpg|sqlite3|django|aiohttp|starlette|jsonschema)\.[\w.]{0,80}"
        r"(?:Error|Exception)\b")),
    ("a file path", re.compile(
        r"(?<![\w/.:-])/(?:usr|var|home|opt|srv|app|etc|root|tmp|mnt|workspace|Users)/[\w.@+-]{1,80}[\w./@+-]{0,200}"
        r"|\b[A-Z]:\\{1,2}[\w .-]{1,60}\\{1,2}[\w .\\-]{1,200}")),
    ("SQL", re.compile(
        r"\bSELECT\b[^\n]{1,300}\bFROM\b|\bINSERT INTO\b[^\n]{1,300}\bVALUES\b|\bDELETE FROM\b"
        r"|\bUPDATE\b[^\n]{1,200}\bSET\b[^\n]{1,80}=|\bORA-\d{5}\b|\bSQLSTATE\b|\bSQLITE_[A-Z]{3,}"
        r"|\bsyntax error at or near\b|near \"[^\"\n]{1,80}\": syntax error"
        r"|\b(?:UNIQUE|FOREIGN KEY|NOT NULL|CHECK) constraint failed\b"
        r"|violates (?:unique|foreign key|check|not-null) constraint|\bYou have an error in your SQL syntax\b"
        r"|\brelation \\?\"[^\"\n]{1,80}\\?\" does not exist\b|\bno such (?:table|column): ")),
    ("a secret", re.compile(
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\bwhsec_[\w-]{8,}"
        r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqp)://[^\s\"'@]{1,80}@"
        r"|\bsk_live_\w{8,}|\bredacted-[0-9a-f]{12}\b")),
)


def gives_nothing_away(*, least: int = 1, says: str = "") -> Draft:
    """No error answer of the whole run holds a stack trace, file path, SQL or secret that the call did not send."""
    return Draft(judge="gives_nothing_away", params={"least": least},
                 says=says or "no error answer holds a stack trace, file path, SQL or secret")


@judge("gives_nothing_away")
def _gives_nothing_away(history: History, claim: Claim) -> Finding:
    scanned = 0
    found: dict[str, tuple[Exchange, str]] = {}
    for exchange in history.where(channel="api"):
        if not exchange.answered or (exchange.status or 0) < 400:
            continue
        scanned += 1
        for what, text in given_away(exchange):
            found.setdefault(what, (exchange, text))
    if found:
        named = "; ".join(f"{what} in {e.operation or e.url} {e.status}: {text[:80]!r}"
                          for what, (e, text) in found.items())
        what, (exchange, text) = next(iter(found.items()))
        return broken(f"error answers give away {named}"[:600], expected=f"errors without {what}", seen=text[:160],
                      exchanges=[e.id for e, _ in list(found.values())[:_SHOWN]], scanned=scanned)
    if scanned < max(1, claim.params.get("least", 1)):
        return unknown(f"{scanned} error answers were seen", Reason.NO_SAMPLES)
    return held(f"{scanned} error answers give nothing away", scanned=scanned)


def given_away(exchange: Exchange) -> list[tuple[str, str]]:
    """(what, text) of every form found that is no echo of the request."""
    body = exchange.response_body[:_SCANNED]
    told = body + "\n" + "\n".join(v for n, v in exchange.response_headers if n.lower() != "location")
    if "\\" in body:
        # The same text as a JSON reader sees it: escaped quotes and line ends hide nothing.
        told += "\n" + body.replace('\\"', '"').replace("\\n", "\n").replace("\\/", "/")
    found = []
    for what, form in _FORMS:
        match = next((m[0] for m in form.finditer(told) if what == "a secret" or not _echoed(exchange, m[0])), None)
        if match is not None:
            found.append((what, match))
    return found


def _echoed(exchange: Exchange, text: str) -> bool:
    """True when the call itself sent that text: a platform that repeats a path or an id gives nothing away."""
    asked = "\n".join((exchange.url, unquote_plus(exchange.url), exchange.request_body,
                       *(v for n, v in exchange.request_headers if n.lower() != "authorization")))
    return text in asked or text.replace("\\", "") in asked.replace("\\", "")


def inert(probes: Sequence[Exchange], payloads: Sequence[str], says: str = "") -> Draft:
    """Odd text in an id, a query or a route is refused or finds nothing, and never comes back as live markup."""
    return Draft(judge="inert", over=tuple(p.id for p in probes), params={"payloads": list(payloads)},
                 says=says or "markup and SQL in ids, queries and routes stay inert")


@judge("inert")
def _inert(history: History, claim: Claim) -> Finding:
    probes = [p for p in history.over(claim) if p.answered and p.status not in BUSY]
    for probe in probes:
        status = probe.status or 0
        where = f"{probe.operation or probe.method} ({probe.label or 'odd text'})"
        if status >= 500:
            return broken(f"{claim.says}; {where} answered {saw(probe)}", expected="a refusal (4xx)", seen=saw(probe),
                          exchanges=[probe.id])
        if 200 <= status < 300 and _found_something(probe):
            return broken(f"{claim.says}; {where} found something", expected="a refusal or an empty list",
                          seen=saw(probe), exchanges=[probe.id])
        kind = (probe.header("Content-Type") or "").partition(";")[0].strip().lower()
        live = kind in ("", "text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml")
        echo = next((p for p in claim.params["payloads"] if "<" in p and p in probe.response_body), None)
        if live and echo:
            return broken(f"{claim.says}; {where} came back as {kind or 'untyped'} markup",
                          expected="application/json, or the markup escaped",
                          seen=f"{echo[:80]} in {kind or 'no content type'}", exchanges=[probe.id])
    cut = [p for p in history.over(claim) if p.failure == "protocol"]  # a line that is cut shows no markup
    if silent := unheard([p for p in history.over(claim) if p not in cut], len(claim.over) - len(cut)):
        return silent
    return held(f"{len(probes)} probes stayed inert", exchanges=[p.id for p in probes[:_SHOWN]], probes=len(probes))


def _found_something(probe: Exchange) -> bool:
    rows = probe.field("items")
    return bool(rows) if isinstance(rows, list) else probe.response_body.strip() not in ("", "{}", "[]", "null")
