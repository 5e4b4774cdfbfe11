"""What Pact's verifier tells in its results, as plain values for a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 2000
_MOST = 50


def mismatches_of(results: Iterable[Any]) -> list[dict[str, str]]:
    """The mismatches of interaction results, as members of `model.pact_record.Mismatch`; at most fifty."""
    found = []
    for result in results:
        told = _mapping(_mapping(result).get("mismatch"))
        for one in told.get("mismatches") or ():
            if isinstance(one, Mapping):
                found.append({"kind": _kind(one), "path": _path(one), "expected": _text(one.get("expected")),
                              "actual": _text(one.get("actual")), "says": _text(one.get("mismatch"))})
    return found[:_MOST]


def trouble_of(results: Iterable[Any], whole: Mapping[str, Any], raised: str) -> str:
    """In one sentence what kept the verifier from comparing."""
    for result in results:
        told = _mapping(_mapping(result).get("mismatch"))
        for member in ("message", "error"):
            if told.get(member):
                return _text(told[member])[:300]
    for error in whole.get("errors") or ():
        told = _mapping(_mapping(error).get("mismatch"))
        if told.get("message"):
            return _text(told["message"])[:300]
    return raised[:300] or "the verifier compared nothing"


def _kind(one: Mapping[str, Any]) -> str:
    """"BodyMismatch" is "body", "BodyTypeMismatch" is "content type"."""
    name = str(one.get("type", "")).removesuffix("Mismatch")
    return {"BodyType": "content type"}.get(name, name.lower()) or "other"


def _path(one: Mapping[str, Any]) -> str:
    """Where: the path in a body, or the name of a header or of metadata."""
    return _text(one.get("path") or one.get("key") or one.get("parameter") or "")


def _text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        value = bytes(value).decode("utf-8", "replace")  # some texts come as their bytes
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:_LONGEST]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
