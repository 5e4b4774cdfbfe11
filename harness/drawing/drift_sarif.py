"""The report on drift as SARIF 2.1.0, which code hosts show beside the lines of the contract."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from harness.drawing import drift_words as words
from harness.drift.changes import Change, Place, Verdict
from harness.drift.judged import Judged
from harness.drift.waivers import fingerprint

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_VERSION_RULE = "version-policy"
_MOST_EXAMPLE = 12


def drift_sarif(judged: Judged) -> dict[str, Any]:
    """One run with one result for each change, and one for the version number where it fails.

    What fails is an error, what breaks and is allowed a warning, the rest a note; a waived one is suppressed.
    """
    found = judged.comparison
    failing = {id(change) for change in judged.failing}
    changes = words.in_order(found.changes)
    rules = list(dict.fromkeys([change.rule for change in changes]))
    version_fails = judged.version is not None and not judged.version.ok
    if version_fails:
        rules.append(_VERSION_RULE)
    results = [_result(judged, change, rules.index(change.rule), fails=id(change) in failing) for change in changes]
    if version_fails:
        results.append({"ruleId": _VERSION_RULE, "ruleIndex": len(rules) - 1, "level": "error",
                        "message": {"text": words.smallest(judged)},
                        "locations": [_location(Place(file=_new_file(judged), pointer="/info/version"))]})
    driver = {"name": "certify drift", "rules": [
        _rule(rule) for rule in rules]}
    run: dict[str, Any] = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [
        {"level": "note", "message": {"text": note}} for note in found.notes]}]
    run["properties"] = {"ok": judged.ok, "format": found.format, "old": judged.old, "new": judged.new,
                         "minimumVersion": judged.version.minimum if judged.version else ""}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: str) -> dict[str, Any]:
    """A rule with all the texts that code hosts ask for."""
    named = rule.replace("-", " ")
    return {"id": rule, "name": "".join(word[:1].upper() + word[1:] for word in rule.split("-")),
            "shortDescription": {"text": named},
            "fullDescription": {"text": f"The contract changed: {named}. Each result tells whom it breaks, and why."},
            "help": {"text": "What fails needs a new major version, another change or a waiver: see docs/drift.md."}}


def _new_file(judged: Judged) -> str:
    """The file of the new version as the changes name it; else as it was asked for."""
    return next((c.new.file for c in judged.comparison.changes if c.new is not None), judged.new)


def _result(judged: Judged, change: Change, rule: int, *, fails: bool) -> dict[str, Any]:
    old, new = words.versions(judged)
    text = [f"{change.where}: {words.sentence(change.says)}", words.direction(change)]
    text.append(words.elsewhere(change))
    if change.policy:
        text.append(f"Policy: {words.sentence(change.policy)}")
    if change.witness is not None:
        text += [words.example(change.witness, old, new),
                 "\n".join(words.document(change.witness, 110, _MOST_EXAMPLE))]
    places = [place for place in (change.new, change.old) if place is not None] or [
        Place(file=_new_file(judged), pointer="")]
    result: dict[str, Any] = {
        "ruleId": change.rule, "ruleIndex": rule,
        "level": "error" if fails else "warning" if change.verdict in (Verdict.BREAKING, Verdict.UNSURE) else "note",
        "message": {"text": " ".join(piece for piece in text if piece)},
        "locations": [_location(place) for place in places[:1]],
        "partialFingerprints": {"certifyDrift/v1": fingerprint(change)},
        "properties": {"verdict": change.verdict.value, "fails": fails}}
    if len(places) > 1:
        result["relatedLocations"] = [{"id": 1, **_location(places[1]), "message": {"text": f"in {old}"}}]
    if change.witness is not None:
        result["properties"]["witness"] = json.loads(json.dumps(change.witness.document, default=str))
    if change.waived:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": change.waived}]
    return result


def _location(place: Place) -> dict[str, Any]:
    """A commit's file is named by its path alone, for that is what the code host shows."""
    file = place.file if "://" in place.file else place.file.rpartition(":")[2]
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(file.replace("\\", "/"), safe="/:@%?&=#")
                                                     if "://" in file else quote(file.replace("\\", "/"))}}
    physical["region"] = {"startLine": max(1, place.line or 1)}  # code hosts refuse a place without a line
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": f"#{place.pointer}"}]}
