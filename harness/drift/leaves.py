"""What can be settled at one place without following references: by the algebra, or value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.drift.budgets import Budget
from harness.drift.facts import ONLY, GaveUpError, Parts, types
from harness.drift.limits import tractable
from harness.drift.merging import every, text
from harness.drift.spelling import only, spelled, unspelled

_SIMPLE = frozenset({
    "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "format", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties",
    "required", "dependentRequired"})
_LARGEST = 60_000
_PER_QUESTION, _PER_LETTER = 2, 0.005
"""Steps for one question to the algebra."""


class Leaves:
    """Questions about single places of two bundles, answered once; GaveUpError is raised when the budget is spent."""

    def __init__(self, of_writer: Mapping[str, Any], of_reader: Mapping[str, Any], budget: Budget) -> None:
        self._of_writer, self._of_reader, self._budget = of_writer, of_reader, budget
        self._checks: dict[tuple[Any, ...], Any] = {}
        self._kept: list[Any] = []
        self._known: dict[str, Any] = {}

    def covered(self, schemas: tuple[Any, ...], reader: Any) -> bool | None:
        """What the algebra says of schemas without references; None where it does not know."""
        writer = {"allOf": list(schemas)} if schemas else {}
        if _refers(writer) or _refers(reader):
            return None
        return self._algebra(writer, reader)

    def simple(self, parts: Parts, reader: Mapping[str, Any]) -> bool:
        """Whether the words of the reader that hold no schemas are sure to be satisfied."""
        asked = {word: value for word, value in reader.items() if word in _SIMPLE and word != "type"
                 and not spelled(parts, word, value)}
        if not asked:
            return True
        given = [{word: value for word, value in part.items() if word in _SIMPLE} | _closed(part) for part in parts]
        given.append({"type": sorted(types(parts))})
        return self._algebra({"allOf": given}, asked) is True

    def nothing(self, parts: Parts) -> bool:
        """Whether it is sure that no value is possible."""
        if not types(parts) or (types(parts) == {"string"} and unspelled(parts)):
            return True
        given = [{word: value for word, value in part.items() if word in _SIMPLE} | _inside(part) for part in parts]
        return self._algebra({"allOf": given}, False) is True if given else False

    def only(self, pattern: str, names: Sequence[str]) -> bool:
        """Whether it is sure that a pattern fits none but these names."""
        if self._budget.over:
            raise GaveUpError
        self._budget.spend(_PER_QUESTION)
        return only(pattern, names)

    def possible(self, parts: Parts, value: Any) -> bool:
        """Whether a case may allow a value; True where in doubt."""
        key = ("writer", *(id(part) for part in parts))
        if key not in self._checks:
            self._kept.append(parts)
            given = [{word: one for word, one in part.items() if word != ONLY} for part in parts]
            self._checks[key] = _validator({"allOf": given, "$defs": dict(self._of_writer)})
        return _ask(self._checks[key], value, otherwise=True)

    def accepts(self, reader: Any, value: Any) -> bool:
        """Whether a place of the reader accepts a value; False where in doubt."""
        if not isinstance(reader, dict):
            return bool(reader)
        key = ("reader", id(reader))
        if key not in self._checks:
            self._kept.append(reader)
            self._checks[key] = _validator({**reader, "$defs": dict(self._of_reader)})
        return _ask(self._checks[key], value, otherwise=False)

    def _algebra(self, writer: Any, reader: Any) -> bool | None:
        import jsonschema_rs

        if self._budget.over:
            raise GaveUpError
        key = text([writer, reader])
        if key not in self._known:
            self._budget.spend(_PER_QUESTION + len(key) * _PER_LETTER)
            self._known[key] = None
            if len(key) <= _LARGEST and tractable(writer) and tractable(reader):
                try:
                    said = str(_canonical(jsonschema_rs, reader).covers(_canonical(jsonschema_rs, writer)))
                    self._known[key] = {"yes": True, "no": False}.get(said)
                except (ValueError, OverflowError):
                    pass
        found: bool | None = self._known[key]
        return found


def _validator(schema: Any) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    except (ValueError, OverflowError):
        return None


def _ask(check: Any, value: Any, *, otherwise: bool) -> bool:
    try:
        return bool(check.is_valid(value)) if check else otherwise
    except (ValueError, OverflowError):
        return otherwise


def _canonical(library: Any, schema: Any) -> Any:
    return library.canonicalize(schema, draft=library.Draft202012, validate_formats=True)


def _closed(part: Mapping[str, Any]) -> dict[str, Any]:
    """The names besides which there are none, for counting members."""
    if part.get("additionalProperties") is False and not part.get("patternProperties"):
        return {"properties": dict.fromkeys(part.get("properties", {}), True), "additionalProperties": False}
    return {}


def _inside(part: Mapping[str, Any]) -> dict[str, Any]:
    """The words that hold schemas, every schema with a reference in it taken to allow all."""
    def plain(one: Any) -> Any:
        return True if _refers(one) else one

    made: dict[str, Any] = {}
    for word in ("properties", "patternProperties"):
        if word in part:
            made[word] = {name: plain(one) for name, one in part[word].items()}
    if "prefixItems" in part:
        made["prefixItems"] = [plain(one) for one in part["prefixItems"]]
    made.update({word: plain(part[word]) for word in ("items", "additionalProperties") if word in part})
    if "not" in part and not _refers(part["not"]):
        made["not"] = part["not"]
    return made


def _refers(node: Any) -> bool:
    return any(isinstance(one.get("$ref"), str) for one in every(node))
