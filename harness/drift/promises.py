"""What a contract promises of things that are to go, and whether the promise is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from harness.drift.changes import Change, Effect, Verdict, change
from harness.drift.deprecated_parts import Part, deprecated_parts, part_at
from harness.drift.deprecation_duties import required_of_consumers, undeclared_headers, wrong_form
from harness.drift.versions import Version, loosely

if TYPE_CHECKING:
    from harness.drift.document import Document

PREFIX = "deprecation-"
ANNOUNCED = f"{PREFIX}announced"
SINCE, REMOVED_IN, SUNSET = "x-deprecated-since", "x-removed-in", "x-sunset"
_KEPT = "a promise on what goes may only be kept longer"
_BROKEN_FORM = frozenset({
    f"{PREFIX}{name}" for name in ("promise-missing", "version-unreadable", "since-ahead", "removal-too-soon",
                                   "headers-undeclared", "header-form", "of-required", "notice-too-short")})
_BROKEN_WORD = frozenset({
    f"{PREFIX}{name}" for name in ("since-changed", "removal-moved-earlier", "removal-deleted", "sunset-moved-earlier",
                                   "sunset-deleted", "sunset-unreadable", "removed-early", "removed-before-sunset")})
BROKEN: frozenset[str] = _BROKEN_FORM | _BROKEN_WORD
"""The rules that fail whatever a gate allows; the others tell."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What one part says of its end, as it is written; "" where it says nothing."""

    since: str
    removed_in: str
    sunset: str


def promise_changes(old: Document, new: Document, *, today: date, notice_days: int) -> tuple[Change, ...]:
    """Every finding on what is deprecated in either version, D1 to D11 of the policy. Pure.

    What was wrong already in `old`, and is as it was, is told under its rule with `-unchanged` and does not fail.
    """
    judge = _Judge(old, new, today, notice_days)
    return (*judge.of_new(), *judge.of_old())


class _Judge:
    """One comparison of promises."""

    def __init__(self, old: Document, new: Document, today: date, notice_days: int) -> None:
        self.old, self.new, self.today, self.notice_days = old, new, today, notice_days
        self.version = loosely(_info_version(new.value))

    def of_new(self) -> Iterator[Change]:
        """What the new version says of what it deprecates."""
        sent = None
        for part in deprecated_parts(self.new.value):
            before = part_at(self.old.value, part.key)
            told = _Telling(self, part, before)
            promise = promise_of(part)
            if told.newly:
                yield told.of(ANNOUNCED, "It is deprecated now.", verdict=Verdict.ADDITIVE,
                              policy="to deprecate is a minor release by itself") if before else \
                    told.of(f"{PREFIX}born", "It comes deprecated: nobody should begin to use it.")
            yield from self._form(told, promise)
            if before is not None and before.deprecated:
                yield from self._word(told, promise_of(before), promise)
            yield from self._days(told, promise, promise_of(before) if before else None)
            if sent is None:
                sent = required_of_consumers(self.new.value)
            if part.pointer in sent or (part.node.get("required") is True and "in" in part.node):
                yield told.wrong("of-required", "Consumers must send it, so they cannot stop: make it optional first.")
            if part.is_operation and part.key[-3] == "paths":
                for status, names in undeclared_headers(self.new.value, part.node):
                    yield told.wrong("headers-undeclared", f"Its answer {status} does not declare {names}.")
                if form := wrong_form(self.new.value, part.node):
                    yield told.wrong("header-form", form)

    def _form(self, told: _Telling, promise: Promise) -> Iterator[Change]:
        missing = [name for name, said in ((SINCE, promise.since), (REMOVED_IN, promise.removed_in)) if not said]
        if missing:
            yield told.wrong("promise-missing", f"It is deprecated without {' and '.join(missing)}.")
        since, end = _version(promise.since), _version(promise.removed_in)
        for name, said, read in ((SINCE, promise.since, since), (REMOVED_IN, promise.removed_in, end)):
            if said and read is None and not (name == SINCE and _day(said)):
                yield told.wrong("version-unreadable", f"{name} {said[:60]!r} is no version.")
        if since and self.version and since.rank > self.version.rank:
            yield told.wrong("since-ahead", f"{SINCE} {promise.since} is later than this version.")
        if since and end and _epoch(end) <= _epoch(since):
            yield told.wrong("removal-too-soon", f"{REMOVED_IN} {promise.removed_in} is no later major than "
                                                 f"{SINCE} {promise.since}.")
        if end and self.version and self.version.rank >= end.rank:
            yield told.of(f"{PREFIX}overdue", f"It was to go in {promise.removed_in} and is still there.")

    def _word(self, told: _Telling, before: Promise, now: Promise) -> Iterator[Change]:
        """A promise that was given may only be kept longer."""
        if before.since and now.since != before.since and _version(now.since) != _version(before.since):
            yield told.broken("since-changed", f"{SINCE} was {before.since} and is {now.since or 'gone'}.")
        was, ends = _version(before.removed_in), _version(now.removed_in)
        if before.removed_in and not now.removed_in:
            yield told.broken("removal-deleted", f"{REMOVED_IN} {before.removed_in} is gone.")
        elif was and ends and ends.rank < was.rank:
            yield told.broken("removal-moved-earlier", f"{REMOVED_IN} was {before.removed_in} and is "
                                                       f"{now.removed_in}.")
        elif was and ends and ends.rank > was.rank:
            yield told.of(f"{PREFIX}removal-moved-later", f"{REMOVED_IN} was {before.removed_in} and is "
                                                          f"{now.removed_in}.")
        day, later = _day(before.sunset), _day(now.sunset)
        if before.sunset and not now.sunset:
            yield told.broken("sunset-deleted", f"{SUNSET} {before.sunset} is gone.")
        elif day and later and later < day:
            yield told.broken("sunset-moved-earlier", f"{SUNSET} was {day} and is {later}.")
        elif day and later and later > day:
            yield told.of(f"{PREFIX}sunset-moved-later", f"{SUNSET} was {day} and is {later}.")

    def _days(self, told: _Telling, promise: Promise, before: Promise | None) -> Iterator[Change]:
        if not promise.sunset:
            return
        ends, known_since = _day(promise.sunset), _day(promise.since) or self.today
        if ends is None:
            if before is None or before.sunset != promise.sunset:
                yield told.broken("sunset-unreadable", f"{SUNSET} {promise.sunset[:60]!r} is no date.")
            return
        fresh = told.newly or before is None or not before.sunset
        if fresh and ends < known_since + timedelta(days=self.notice_days):
            yield told.wrong("notice-too-short", f"{SUNSET} {ends} leaves {max(0, (ends - known_since).days)} days; "
                                                 f"{self.notice_days} are due.")
        elif ends < self.today and not fresh:
            yield told.of(f"{PREFIX}sunset-passed", f"{SUNSET} {ends} has passed and it is still there.")

    def of_old(self) -> Iterator[Change]:
        """What has become of what the old version deprecated."""
        for part in deprecated_parts(self.old.value):
            now = part_at(self.new.value, part.key)
            promise, place = promise_of(part), self.old.place(part.pointer)
            if now is not None:
                if not now.deprecated:
                    yield change(f"{PREFIX}withdrawn", "It is deprecated no more.", where=now.where, effect=Effect.NONE,
                                 verdict=Verdict.ADDITIVE, policy="what stays after all is an offer", old=place,
                                 new=self.new.place(now.pointer))
                continue
            if not part.is_operation and not self._holder_is_there(part):
                continue  # what it was in is gone or has another name: that is told by itself
            end, day = _version(promise.removed_in), _day(promise.sunset)
            if end and self.version and self.version.rank < end.rank:
                yield change(f"{PREFIX}removed-early", f"It is gone before {promise.removed_in}, the version in which "
                             "it was to go.", where=part.where, effect=Effect.NONE, verdict=Verdict.BREAKING,
                             policy=_KEPT, old=place)
            if day and day > self.today:
                yield change(f"{PREFIX}removed-before-sunset", f"It is gone before {day}, its {SUNSET}.",
                             where=part.where, effect=Effect.NONE, verdict=Verdict.BREAKING, policy=_KEPT, old=place)

    def _holder_is_there(self, part: Part) -> bool:
        above = part.key[:-2] if part.key[-2:-1] and part.key[-2] in ("properties", "parameters", "headers") \
            else part.key[:-1]
        return part_at(self.new.value, above) is not None


class _Telling:
    """Findings on one deprecated part of the new version."""

    def __init__(self, judge: _Judge, part: Part, before: Part | None) -> None:
        self.where = part.where
        self.new = judge.new.place(part.pointer)
        self.old = judge.old.place(before.pointer) if before else None
        self.newly = before is None or not before.deprecated
        self._as_before = before is not None and before.deprecated and _same(before.node, part.node)

    def of(self, rule: str, says: str, *, verdict: Verdict | None = None, policy: str = "") -> Change:
        return change(rule, says, where=self.where, effect=Effect.NONE, verdict=verdict, policy=policy, old=self.old,
                      new=self.new)

    def wrong(self, name: str, says: str) -> Change:
        """The promise is not given as it must be; as it was before, it is told and does not fail."""
        return self.of(f"{PREFIX}{name}" + ("-unchanged" if self._as_before else ""), says)

    def broken(self, name: str, says: str) -> Change:
        """A promise that consumers planned by."""
        return self.of(f"{PREFIX}{name}", says, verdict=Verdict.BREAKING, policy=_KEPT)


def promise_of(part: Part) -> Promise:
    """What the part says of its end."""
    return Promise(*(_said(part.node.get(name)) for name in (SINCE, REMOVED_IN, SUNSET)))


def _said(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list | bool) else str(value).strip()


def _info_version(value: Any) -> str:
    info = value.get("info") if isinstance(value, Mapping) else None
    return str(info.get("version", "")) if isinstance(info, Mapping) else ""


def _version(text: str) -> Version | None:
    return loosely(text) if text else None


def _epoch(version: Version) -> tuple[int, int]:
    """What a release may break with: the major, below 1.0.0 the minor."""
    return version.core[0], 0 if version.core[0] else version.core[1]


def _day(text: str) -> date | None:
    """An ISO date or date with time."""
    try:
        return datetime.fromisoformat(text).date() if len(text) <= 40 else None
    except ValueError:
        return None


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether all that a promise is judged by is as it was."""
    return all(before.get(key) == now.get(key) for key in (SINCE, REMOVED_IN, SUNSET, "required", "responses"))
