"""Accepted changes: each names one change by its fingerprint, says why, and runs out on a day."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from harness.drift.changes import Change, Comparison
from harness.model.errors import UsageError

_KEYS = ("change", "reason", "expires", "owner")
_MOST = 10_000
_DIGITS = 12
_LIKE = 'Like change = "0123456789ab", reason = "agreed with X", expires = 2027-01-31'


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One accepted change; it counts up to and on the day `expires`."""

    fingerprint: str
    reason: str
    expires: date
    owner: str = ""


def fingerprint(change: Change) -> str:
    """Twelve hex digits that stay when lines or files move, and differ where rule, place or facts do."""
    facts = [change.rule, change.where, change.says, change.old.pointer if change.old else None,
             change.new.pointer if change.new else None]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_DIGITS]


def read_waivers(text: bytes, *, file: str) -> tuple[Waiver, ...]:
    """The waivers of a TOML (`[[waiver]]`) or YAML (`waiver:`, a list) file, by the ending of its name.

    Raises:
        UsageError: not readable, unknown or missing keys, no date, two for one change; names file and line or key.
    """
    table = _yaml(text, file) if file.lower().endswith((".yaml", ".yml", ".json")) else _toml(text, file)
    if unknown := [str(key) for key in table if key != "waiver"]:
        raise UsageError(f"{file}: unknown key {unknown[0][:60]!r}", remedy="Write [[waiver]] for each (YAML: waiver:)")
    entries = table.get("waiver", [])
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise UsageError(f"{file}: waiver must be a list of at most {_MOST}", remedy=_LIKE)
    found = [_waiver(entry, f"{file}: waiver {number}") for number, entry in enumerate(entries, 1)]
    seen: set[str] = set()
    for number, waiver in enumerate(found, 1):
        if waiver.fingerprint in seen:
            raise UsageError(f"{file}: waiver {number}: {waiver.fingerprint} is waived twice",
                             remedy="Keep one of them")
        seen.add(waiver.fingerprint)
    return tuple(found)


def waived(comparison: Comparison, waivers: Iterable[Waiver], *, today: date) -> Comparison:
    """The same comparison, its waived changes marked; what is expired or matches nothing is told in its notes."""
    by_print = {waiver.fingerprint: waiver for waiver in waivers}
    left = dict(by_print)
    changes, notes = [], []
    for change in comparison.changes:
        mark = fingerprint(change)
        waiver = by_print.get(mark)
        left.pop(mark, None)
        if waiver is None:
            changes.append(change)
        elif waiver.expires < today:
            notes.append(f"The waiver of {mark} ({waiver.reason}) ran out on {waiver.expires}: it counts no more.")
            changes.append(change)
        else:
            by = f", {waiver.owner}" if waiver.owner else ""
            changes.append(replace(change, waived=f"{waiver.reason} (until {waiver.expires}{by})"))
    notes += [f"The waiver of {mark} ({waiver.reason}) matches no change: take it out."
              for mark, waiver in left.items()]
    return replace(comparison, changes=tuple(changes), notes=(*comparison.notes, *dict.fromkeys(notes)))


def _waiver(entry: Any, where: str) -> Waiver:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} must be a table", remedy=_LIKE)
    for key in entry:
        if key not in _KEYS:
            raise UsageError(f"{where}: unknown key {str(key)[:60]!r}", remedy=f"Known: {', '.join(_KEYS)}")
    for key in ("change", "reason", "expires"):
        if key not in entry:
            raise UsageError(f"{where}: {key} is missing", remedy=_LIKE)
    for key in ("change", "reason", "owner"):
        if not isinstance(entry.get(key, "-"), str) or not entry.get(key, "-").strip():
            raise UsageError(f"{where}: {key} must be a text", remedy=_LIKE)
    mark = entry["change"].strip().lower()
    if len(mark) != _DIGITS or not set(mark) <= set("0123456789abcdef"):
        raise UsageError(f"{where}: change {mark[:60]!r} is no fingerprint of {_DIGITS} hex digits",
                         remedy="Copy it from the report of `certify drift`")
    return Waiver(fingerprint=mark, reason=" ".join(entry["reason"].split()), expires=_day(entry["expires"], where),
                  owner=" ".join(entry.get("owner", "").split()))


def _day(value: Any, where: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise UsageError(f"{where}: expires {str(value)[:60]!r} is no date", remedy="Like 2027-01-31") from None


def _toml(text: bytes, file: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 (byte {error.start})", remedy="Save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{file}: not TOML: {error}"[:300], remedy=_LIKE) from error


def _yaml(text: bytes, file: str) -> Mapping[str, Any]:
    import yaml  # late: heavy

    try:
        plain = text.decode("utf-8-sig")
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(plain, Loader=yaml.SafeLoader)):
            raise UsageError(f"{file}: aliases have no place in a file of waivers", remedy="Write each one out")
        found = yaml.safe_load(plain)
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 (byte {error.start})", remedy="Save it as UTF-8") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{file}{line}: not YAML: {getattr(error, 'problem', None) or 'a bad value'}",
                         remedy="Write waiver: and a list of change, reason, expires") from error
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"{file}: not a table with `waiver`", remedy="Write waiver: and a list below it")
    return found or {}
