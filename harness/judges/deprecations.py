"""Judges of what is on its way out: the document's promises, and what answers of deprecated calls say (CONT-08)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from harness.drift.changes import Change
from harness.drift.deprecated_parts import deprecated_parts
from harness.drift.document import Document, Unreadable
from harness.drift.promises import PREFIX, SINCE, SUNSET, promise_changes
from harness.judges.baselines import (
    Baseline,
    canonical,
    each_operation,
    notice_days,
    out_of_scope,
    own_document,
    recorded_baseline,
    run_day,
)
from harness.judges.conformance import Routes, api_answers
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.operations import Operation
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_FORM = frozenset(f"{PREFIX}{name}" for name in ("promise-missing", "version-unreadable", "since-ahead",
                                                 "removal-too-soon", "header-form", "sunset-unreadable"))
"""What a promise must say, whatever was released before."""
_WORD = frozenset(f"{PREFIX}{name}" for name in (
    "since-changed", "removal-moved-earlier", "removal-deleted", "sunset-moved-earlier", "sunset-deleted",
    "removed-early", "removed-before-sunset", "notice-too-short"))
"""What a promise that was given before must keep."""
_STRUCTURED_DATE = re.compile(r"@(-?\d{1,15})(?:\s*;.*)?", re.ASCII)
_HTTP_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
_SHOWN = 4
_DAY = timedelta(days=1)


def deprecations_promised(*, absent: Iterable[str] = (), says: str = "") -> Draft:
    """What the document deprecates names since when and when it goes, and no promise of the baseline is taken back.

    `absent`: capabilities that the profile declares not to be offered.
    """
    return Draft(judge="deprecations_promised", params={"absent": sorted(absent)},
                 says=says or "what is deprecated names its since and its end, and is kept as long as was promised")


@judge("deprecations_promised")
def _deprecations_promised(history: History, claim: Claim) -> Finding:
    if not history.contract:
        return unknown("the target has no OpenAPI document", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    absent = frozenset(map(str, claim.params.get("absent", ())))
    try:
        document = own_document(history)
    except Unreadable as error:
        return unknown(f"the contract cannot be read as a whole: {error}"[:400], Reason.OBSERVER_UNAVAILABLE,
                       owner=Owner.PROFILE)
    beside = out_of_scope(document.value, absent)
    offered = {f"{method.upper()} {path}" for path, method, _ in each_operation(document.value)} - beside
    if not offered:
        return unknown("the OpenAPI document has no operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    baseline = recorded_baseline(history)
    wrong = [c for c in (*_form(document, history), *_word(document, baseline, history, absent))
             if not any(c.where == title or c.where.startswith(f"{title} ") for title in beside)]
    going = [p for p in deprecated_parts(document.value) if not any(p.where.startswith(title) for title in beside)]
    if wrong:
        shown = "; ".join(f"{c.where}: {c.says}" for c in wrong[:_SHOWN])
        place = wrong[0].new or wrong[0].old
        return broken(f"promises on what goes: {shown}"[:800],
                      expected="x-deprecated-since and x-removed-in, and a promise that is only kept longer",
                      seen=f"{wrong[0].rule}: {f'{place.file} #{place.pointer}' if place else wrong[0].where}"[:400],
                      problems=len(wrong), deprecated=len(going))
    without = f"; without a baseline: {baseline}" if isinstance(baseline, str) else ""
    return held(f"{len(going)} deprecated parts in {len(offered)} operations, each with its since and its end{without}"
                if going else f"nothing is deprecated in {len(offered)} operations{without}",
                deprecated=len(going), operations=len(offered))


def _form(document: Document, history: History) -> Iterator[Change]:
    """As if nothing had been released: what each promise must say by itself."""
    nothing = Document(file="nothing", value={"openapi": "3.1.0", "paths": {}}, lines={})
    yield from (c for c in promise_changes(nothing, document, today=run_day(history), notice_days=0)
                if c.rule in _FORM)


def _word(document: Document, baseline: Baseline | str, history: History, absent: frozenset[str]) -> Iterator[Change]:
    if isinstance(baseline, str):
        return
    old, new = (canonical(d)[0] if baseline.released else d for d in (baseline.document, document))
    beside = out_of_scope(old.value, absent)
    for one in promise_changes(old, new, today=run_day(history), notice_days=notice_days(history)):
        if one.rule in _WORD and not any(one.where.startswith(title) for title in beside):
            yield one


def deprecations_announced(*, unreachable: Iterable[str] = (), says: str = "") -> Draft:
    """Every successful answer of a deprecated call of the whole run carries Deprecation and Sunset, in right form.

    `unreachable`: operations that cannot be called, by the profile's word.
    """
    return Draft(judge="deprecations_announced", params={"unreachable": sorted(unreachable)},
                 says=says or "answers of deprecated calls carry Deprecation (RFC 9745) and Sunset (RFC 8594)")


@dataclass(frozen=True, slots=True)
class _Wrong:
    exchange: Exchange
    operation: Operation
    expected: str
    seen: str


@judge("deprecations_announced")
def _deprecations_announced(history: History, claim: Claim) -> Finding:
    routes = history.once(Routes)
    offered = [o for o in routes.operations.values() if not o.sandbox_only]
    if not offered:
        return unknown("the target's contract has no operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    going = {o.id for o in offered if o.document.get("deprecated") is True}
    if not going:
        return held(f"no call is deprecated: {len(offered)} operations", operations=len(offered), deprecated=0)
    answers: dict[str, int] = {}
    wrong: dict[str, _Wrong] = {}
    for exchange, operation in api_answers(history, routes):
        if operation is None or operation.id not in going or not 200 <= (exchange.status or 0) < 300:
            continue
        answers[operation.id] = answers.get(operation.id, 0) + 1
        found = announced_wrongly(exchange, operation, notice_days(history))
        if found is not None:
            wrong.setdefault(operation.id, _Wrong(exchange, operation, *found))
    if wrong:
        first = next(iter(wrong.values()))
        named = "; ".join(f"{name}: {w.seen}" for name, w in list(wrong.items())[:_SHOWN])
        return broken(f"deprecated calls are not announced as such: {named}"[:700],
                      expected=f"{first.operation.method} {first.operation.path}: {first.expected}", seen=first.seen,
                      exchanges=[w.exchange.id for w in wrong.values()][:_SHOWN], answers=sum(answers.values()))
    unseen = sorted(going - answers.keys() - set(map(str, claim.params.get("unreachable", ()))))
    if unseen or not answers:
        return unknown(f"no successful answer of deprecated calls was seen: {', '.join(unseen) or 'none can be called'}"
                       "; call them in a suite of your own, or name them in `unreachable` of the profile",
                       Reason.NO_SAMPLES, owner=Owner.PROFILE)
    return held(f"{sum(answers.values())} answers of {len(answers)} deprecated calls announce it",
                answers=sum(answers.values()), deprecated=len(going))


def announced_wrongly(exchange: Exchange, operation: Operation, notice_days: int) -> tuple[str, str] | None:
    """(expected, seen) of what is wrong with the headers of one answer of a deprecated call; None: nothing."""
    said, ends = exchange.header("Deprecation"), exchange.header("Sunset")
    if said is None or ends is None:
        missing = " and ".join(n for n, v in (("Deprecation", said), ("Sunset", ends)) if v is None)
        return "the headers Deprecation and Sunset", f"no header {missing}"
    since, sunset = structured_date(said), http_date(ends)
    if since is None:
        return "Deprecation as a date like @1758095283 (RFC 9745)", f"Deprecation: {said[:80]}"
    if sunset is None:
        return "Sunset as a date like Wed, 30 Jun 2027 00:00:00 GMT (RFC 8594)", f"Sunset: {ends[:80]}"
    if sunset < since:
        return "a Sunset that is not before Deprecation", f"deprecated {since:%Y-%m-%d}, sunset {sunset:%Y-%m-%d}"
    if sunset - since < timedelta(days=notice_days):
        return f"at least {notice_days} days from Deprecation to Sunset", f"{(sunset - since).days} days"
    for word, name, live in ((SUNSET, "Sunset", sunset), (SINCE, "Deprecation", since)):
        documented = _day(operation.document.get(word))
        if documented is not None and abs(live.date() - documented) > _DAY:
            return f"{name} as documented: {documented}", f"{name} {live:%Y-%m-%d}"
    return None


def structured_date(text: str) -> datetime | None:
    """A date of a structured field (RFC 9651), parameters passed over; None where it is none."""
    found = _STRUCTURED_DATE.fullmatch(text.strip())
    try:
        return datetime.fromtimestamp(int(found[1]), UTC) if found else None
    except (ValueError, OverflowError, OSError):
        return None


def http_date(text: str) -> datetime | None:
    """An IMF-fixdate (RFC 9110, 5.6.7), the only form that may be sent; None where it is none."""
    try:
        return parsedate_to_datetime(text.strip()).astimezone(UTC) if _HTTP_DATE.fullmatch(text.strip()) else None
    except (ValueError, TypeError, OverflowError):
        return None


def _day(said: Any) -> date | None:
    """The day that the document names; None for a version, or what is no date."""
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) and len(said) >= len("2027-06-30") else None
    except ValueError:
        return None
    return None if found is None else (found.astimezone(UTC) if found.tzinfo else found).date()
