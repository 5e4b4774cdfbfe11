"""Judge of what a target's contract changed against what was released: only additions within a major (CONT-07)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from harness.drift.changes import Change, Comparison, Place, Side, Verdict, worst
from harness.drift.compare import Options, compare
from harness.drift.document import Document, Unreadable
from harness.drift.promises import ANNOUNCED, PREFIX
from harness.drift.versions import Version, judge_version, loosely, path_majors
from harness.drift.waivers import Waiver, fingerprint, waived
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
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.errors import UsageError
from harness.model.history import History
from harness.model.operations import resolve
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_SHOWN = 4
_FAILS = (Verdict.BREAKING, Verdict.UNSURE)
_ERROR_ANSWER = re.compile(r" response (?:[45]\d\d|[45]XX|default)\b", re.IGNORECASE)
_OWN_WORDS = re.compile(r"operation-id-|link-|server-|security-scheme-flow-|wording-")
"""What every implementation says in its own words: names for generated code, where it is to be found."""
_LESS_SAID = re.compile(
    r"response-(?:error-status-removed|.*-(?:(?:min|max|exclusive-min|exclusive-max)(?:-\w+)*-unset"
    r"|(?:pattern|format|unique-items|additional-properties|unevaluated-properties)-removed))")
_DEFAULTS = re.compile(r"request-.*-default-value-(?:added|removed)")
_ANSWER_HEADERS = frozenset({"required-header-removed", "header-removed", "header-became-optional"})
_LESS_SAID_OF_ERRORS = re.compile(r"required-header-removed|header-became-optional|.*-became-not-enum|.*-enum-removed")


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed since the baseline, as far as it concerns consumers, waivers counted."""

    comparison: Comparison
    failing: tuple[Change, ...]
    less_said: int
    """Bounds of answers that the release promises and the implementation's document does not repeat."""
    version: Version | None
    old_version: Version | None
    minimum: str
    faults: tuple[str, ...]
    """What is wrong with the version number or the path."""


def only_additions(*, absent: Iterable[str] = (), says: str = "") -> Draft:
    """The target's document only adds to the released baseline, or is a new major on a path of its own.

    `absent`: capabilities that the profile declares not to be offered.
    """
    return Draft(judge="only_additions", params={"absent": sorted(absent)},
                 says=says or "against the released baseline the contract only adds, under the right version number")


@judge("only_additions")
def _only_additions(history: History, claim: Claim) -> Finding:
    if not history.contract:
        return unknown("the target has no OpenAPI document", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    baseline = recorded_baseline(history)
    if isinstance(baseline, str):
        return unknown(baseline, Reason.NO_SAMPLES, owner=Owner.PROFILE)
    absent = frozenset(map(str, claim.params.get("absent", ())))
    try:
        old, new, renamed = _documents(history, baseline)
        drift = _drift(history, baseline, (old, new), absent)
    except (Unreadable, UsageError) as error:
        said = error.line() if isinstance(error, UsageError) else str(error)
        return unknown(f"the contract cannot be compared with {baseline.name}: {said}"[:600],
                       Reason.OBSERVER_UNAVAILABLE, owner=Owner.PROFILE)
    shared = len(_titles(old.value, absent) & _titles(new.value, absent))
    if not shared and not drift.failing:
        return unknown(f"the document shares no operation with {baseline.name}", Reason.NO_SAMPLES,
                       owner=Owner.PROFILE)
    if drift.failing or drift.faults:
        return _broken(baseline, drift, new, renamed)
    return _held(baseline, drift, shared, own=history.evolution.get("document") == baseline.name)


def _documents(history: History, baseline: Baseline) -> tuple[Document, Document, Mapping[str, str]]:
    """Old and new, and the own path of each that was renamed to compare an implementation with the release."""
    new = own_document(history)
    if not baseline.released:
        return baseline.document, new, {}
    new, renamed = canonical(new)
    return canonical(baseline.document)[0], new, renamed


def _drift(history: History, baseline: Baseline, documents: tuple[Document, Document],
           absent: frozenset[str]) -> Drift:
    old, new = documents
    today = run_day(history)
    found = compare(old, new, options=Options(today=today, notice_days=notice_days(history)), format="openapi")
    beside = out_of_scope(old.value, absent) | out_of_scope(new.value, frozenset())
    concerned = [c for c in found.changes if _concerns(c, baseline, beside)]
    told = _tells_of_headers(new.value)
    changes = tuple(c for c in concerned if not (baseline.released and _less_said(c, told)))
    comparison = waived(replace(found, changes=changes), recorded_waivers(history), today=today)
    before, after = loosely(comparison.old_version), loosely(comparison.new_version)
    majors = (path_majors(old.value), path_majors(new.value))
    moved = bool(before and after and after.core[0] > before.core[0] and before.core[0] not in majors[1])
    early = bool(before and after and before.core[0] == 0 == after.core[0] and after.core[1] > before.core[1])
    failing = tuple(c for c in comparison.changes if c.verdict in _FAILS and not c.waived)
    return Drift(comparison=comparison, failing=() if moved or early else failing, version=after, old_version=before,
                 less_said=len(concerned) - len(changes), minimum=_minimum(comparison, before),
                 faults=tuple(_version_faults(comparison, before, after, majors, released=baseline.released)))


def _concerns(change: Change, baseline: Baseline, beside: frozenset[str]) -> bool:
    """Whether it is this judge's: of an operation in scope, no promise on what goes (CONT-08), no mere words."""
    if any(change.where == title or change.where.startswith((f"{title} ", f"{title},")) for title in beside):
        return False
    if change.rule.startswith(PREFIX) and change.rule != ANNOUNCED:
        return False
    return not (baseline.released and _OWN_WORDS.match(change.rule))


def _less_said(change: Change, told: bool) -> bool:
    """Whether an implementation's document only repeats less of what it keeps to; CONT-02 judges what answers keep.

    `told`: it says at all which headers answers have.
    """
    if change.verdict not in _FAILS:
        return False
    if change.side is Side.IN:  # what is sent and not looked at harms nobody
        return _DEFAULTS.fullmatch(change.rule) is not None \
            or (change.rule == "parameter-removed" and "header" in change.says)
    if change.rule in _ANSWER_HEADERS and not told:
        return True
    of_errors = change.rule == "response-error-status-removed" or (
        _ERROR_ANSWER.search(change.where) is not None and _LESS_SAID_OF_ERRORS.fullmatch(change.rule) is not None)
    return of_errors or _LESS_SAID.fullmatch(change.rule) is not None


def _tells_of_headers(document: Any) -> bool:
    """Whether any answer of the document has headers; frameworks that write documents leave them out altogether."""
    answers = [resolve(document, one) for _, _, operation in each_operation(document)
               for one in (operation.get("responses") or {}).values() if isinstance(operation.get("responses"), dict)]
    return any(isinstance(one, Mapping) and one.get("headers") for one in answers)


def _version_faults(comparison: Comparison, old: Version | None, new: Version | None,
                    majors: tuple[tuple[int, ...], tuple[int, ...]], *, released: bool) -> Iterator[str]:
    if new is None:
        said = comparison.new_version
        yield f"info.version {said[:60]!r} is no version: write one like 1.7.0." if said else \
            "The document has no info.version: write one like 1.7.0."
        return
    if majors[1] and new.core[0] not in majors[1]:
        yield f"The paths say /v{majors[1][-1]} and info.version {_text(new)}: both must name the same major."
    if old is None:
        return
    if new.rank < old.rank:
        yield f"info.version went back from {_text(old)} to {_text(new)}."
    elif new.core[0] > old.core[0] and majors[0] and not majors[1]:
        yield f"The released paths said /v{majors[0][-1]}: a new major needs /v{new.core[0]}."
    elif new.core[:2] == old.core[:2] and not released:
        # Of the unified API's own release an implementation may offer more under the release's number.
        verdict, deprecates = _counted(comparison)
        if verdict is Verdict.ADDITIVE or (verdict not in _FAILS and deprecates):
            yield f"An addition needs at least {_minimum(comparison, old)}, not {_text(new)}."


def _counted(comparison: Comparison) -> tuple[Verdict | None, bool]:
    """(the worst change that asks for a number, whether something is deprecated now); words ask for none."""
    verdict = worst(c.verdict for c in comparison.changes)
    return (None if verdict is Verdict.EDITORIAL else verdict,
            any(c.rule == ANNOUNCED for c in comparison.changes))


def _minimum(comparison: Comparison, old: Version | None) -> str:
    if old is None:
        return ""
    verdict, deprecates = _counted(comparison)
    return judge_version(verdict, old_version=_text(old), new_version=_text(old), old_path_major=None,
                         new_path_major=None, deprecates=deprecates).minimum


def _broken(baseline: Baseline, drift: Drift, new: Document, renamed: Mapping[str, str]) -> Finding:
    failing = sorted(drift.failing, key=lambda c: (c.verdict is not Verdict.BREAKING, c.witness is None))
    said = [f"{c.where}: {c.says} [{fingerprint(c)}]" for c in failing[:_SHOWN]]
    more = f" (and {len(failing) - _SHOWN} more)" if len(failing) > _SHOWN else ""
    smallest = f" Smallest version that allows it: {drift.minimum}, on a path of its own." if failing and \
        drift.minimum else ""
    message = f"not only additions since {baseline.name}: {'; '.join(said)}{more}.{smallest}" if failing else \
        f"the version number does not fit what changed since {baseline.name}:"
    message = " ".join([message, *drift.faults])
    measured: dict[str, Any] = {"breaking": sum(c.verdict is Verdict.BREAKING for c in failing),
                                "unsure": sum(c.verdict is Verdict.UNSURE for c in failing),
                                "baseline": baseline.name, "minimum": drift.minimum}
    if not failing:
        return broken(message[:900], expected="a version number that keeps to the policy", seen=drift.faults[0],
                      **measured)
    first = failing[0]
    places = [f"{name} {_place(place, lines, back)}" for name, place, lines, back in
              (("old", first.old, baseline.document.lines, {}), ("new", first.new, new.lines, renamed)) if place]
    if first.witness is not None:
        measured["counterexample"] = first.witness.document
        other = "old" if first.witness.valid_in == "new" else "new"
        shown = json.dumps(first.witness.document, ensure_ascii=False, default=str)[:200]
        places.append(f"valid in the {first.witness.valid_in} version, refused in the {other}: {shown}")
    return broken(message[:900], expected=f"as in {baseline.name}, or more" + (f"; else {drift.minimum} under "
                  f"/v{drift.minimum.partition('.')[0]}" if drift.minimum else ""),
                  seen=f"{first.verdict.value} ({first.rule}): {'; '.join(places)}"[:600], **measured)


def _held(baseline: Baseline, drift: Drift, shared: int, *, own: bool) -> Finding:
    """`own`: the contract is the baseline itself, word for word."""
    changes = [c for c in drift.comparison.changes if c.verdict is not Verdict.EDITORIAL]
    accepted = sum(bool(c.waived) for c in changes)
    told = [f"{shared} operations compared with {baseline.name}", f"{len(changes) - accepted} additions"]
    told += ["the contract is the release itself, by the profile's word: CONT-02 judges the answers"] if own else []
    told += [f"{accepted} accepted by waivers"] if accepted else []
    told += [f"{drift.less_said} bounds of answers are not repeated in the document"] if drift.less_said else []
    told += list(drift.comparison.notes)
    return held("; ".join(told)[:600], operations=shared, additions=len(changes) - accepted, waived=accepted,
                baseline=baseline.name)


def _place(place: Place, lines: Mapping[str, int], renamed: Mapping[str, str]) -> str:
    """`file:line #/pointer`, with the document's own names of paths."""
    pointer, line = place.pointer, place.line
    if pointer.startswith("/paths/") and renamed:
        token, _, rest = pointer.removeprefix("/paths/").partition("/")
        own = renamed.get(token.replace("~1", "/").replace("~0", "~"))
        if own is not None:
            pointer = "/".join(["/paths", own.replace("~", "~0").replace("/", "~1"), *([rest] if rest else [])])
            line = lines.get(pointer)
    return f"{place.file}{f':{line}' if line else ''} #{pointer}"


def _titles(document: Any, absent: frozenset[str]) -> set[str]:
    """Operations in scope, by method and shape of the path."""
    beside = out_of_scope(document, absent)
    offered = (f"{method.upper()} {path}" for path, method, _ in each_operation(document))
    return {re.sub("{[^{}]*}", "{}", title) for title in offered if title not in beside}


def recorded_waivers(history: History) -> list[Waiver]:
    """The accepted changes that the run recorded."""
    recorded = history.evolution.get("waivers")
    return [Waiver(fingerprint=str(w["fingerprint"]), reason=str(w["reason"]), owner=str(w.get("owner", "")),
                   expires=date.fromisoformat(str(w["expires"])))
            for w in (recorded if isinstance(recorded, list) else ())]


def _text(version: Version) -> str:
    return ".".join(map(str, version.core)) + (f"-{'.'.join(version.pre)}" if version.pre else "")
