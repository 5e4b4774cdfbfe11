"""The report on drift for machines: one JSON document, its form named and stable."""

from __future__ import annotations

from typing import Any

from harness.drawing import drift_words as words
from harness.drift.changes import Change, Place
from harness.drift.judged import Judged
from harness.drift.waivers import fingerprint

FORM = "certify.drift/1"


def drift_json(judged: Judged) -> dict[str, Any]:
    """`{"form", "ok", "verdict", "format", "old", "new", "version", "counts", "changes", "notes"}`.

    `verdict` is the worst of what is not waived ("none": nothing changed), whatever the gate allows.
    """
    found = judged.comparison
    failing = {id(change) for change in judged.failing}
    kinds = [words.kind(change) for change in found.changes]
    return {
        "form": FORM, "ok": judged.ok, "verdict": found.verdict.value if found.verdict else "none",
        "format": found.format,
        "old": {"source": judged.old, "version": found.old_version},
        "new": {"source": judged.new, "version": found.new_version},
        "version": None if judged.version is None else {
            "ok": judged.version.ok, "minimum": judged.version.minimum, "says": judged.version.says},
        "counts": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        "changes": [_change(change, fails=id(change) in failing) for change in words.in_order(found.changes)],
        "notes": list(found.notes)}


def _change(change: Change, *, fails: bool) -> dict[str, Any]:
    return {"fingerprint": fingerprint(change), "rule": change.rule, "where": change.where,
            "also": list(change.also), "says": change.says,
            "verdict": change.verdict.value, "kind": words.kind(change), "fails": fails,
            "effect": change.effect.value, "side": change.side.value, "direction": words.direction(change),
            "policy": change.policy, "waived": change.waived, "old": _place(change.old), "new": _place(change.new),
            "witness": None if change.witness is None else {"document": change.witness.document,
                                                            "valid_in": change.witness.valid_in}}


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "pointer": place.pointer, "line": place.line}
