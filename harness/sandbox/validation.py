"""Strict reading of JSON bodies, and validation of bodies and parameters against the contract document."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from harness.sandbox import faults, planted_input
from harness.sandbox.errors import ApiError, field_error

MAX_DEPTH = 32
_METHODS = ("get", "put", "post", "patch", "delete")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DECIMAL_AMOUNT = {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$"}


class _Fraction(float):
    """A JSON number that was written with a fraction or exponent."""


def parse_json(raw: bytes, *, loose_numbers: bool = False) -> Any:
    """One strict reading of a body; raises MALFORMED_REQUEST or VALIDATION_FAILED.

    Refused: anything but UTF-8, a byte order mark, duplicate names, NaN and Infinity, -0, nesting deeper than
    32, lone surrogates and NUL; numbers with fraction or exponent unless `loose_numbers`.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise ApiError("MALFORMED_REQUEST", "a byte order mark is not allowed")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiError("MALFORMED_REQUEST", "the body is not UTF-8") from None
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ApiError("MALFORMED_REQUEST", f"nested deeper than {MAX_DEPTH}")
    pairs = dict if faults.on("duplicate-keys-accepted") else _unique
    floats = float if loose_numbers or faults.on("float-amounts-accepted") else _fraction
    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_constant=_constant, parse_float=floats, parse_int=_integer
        )
    except ApiError:
        raise
    except (ValueError, RecursionError):
        raise ApiError("MALFORMED_REQUEST", "the body is not JSON") from None
    # Escapes can smuggle in what UTF-8 itself forbids, and NUL that a database would not store.
    if "\\u" in text:
        shown = json.dumps(value, ensure_ascii=False)
        if _SURROGATE.search(shown) or "\\u0000" in shown:
            raise ApiError("MALFORMED_REQUEST", "a string holds a lone surrogate or NUL")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ApiError("MALFORMED_REQUEST", "a name is repeated within an object")
    return found


def _constant(name: str) -> Any:
    raise ApiError("MALFORMED_REQUEST", f"{name} is not JSON")


def _fraction(text: str) -> Any:
    raise field_error("body", f"the number {text[:20]} has a fraction or exponent; amounts are integers")


def _integer(text: str) -> int:
    if text == "-0":
        raise field_error("body", "-0 is not an amount")
    if len(text) > 40:
        raise field_error("body", "a number is out of range")
    return int(text)


def _depth(text: str) -> int:
    depth = deepest = 0
    in_string = escaped = False
    for sign in text:
        if in_string:
            if escaped:
                escaped = False
            elif sign == "\\":
                escaped = True
            elif sign == '"':
                in_string = False
        elif sign == '"':
            in_string = True
        elif sign in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "}]":
            depth -= 1
    return deepest


class Parameter:
    """One path or query parameter of an operation."""

    __slots__ = ("name", "required", "type", "validator")

    def __init__(self, name: str, required: bool, schema: Mapping[str, Any], validator: Any) -> None:
        self.name, self.required, self.validator = name, required, validator
        self.type = schema.get("type", "string")

    def problem(self, text: str | None) -> str | None:
        """What is wrong with the parameter; None when nothing is."""
        if text is None:
            return "is required" if self.required else None
        value: Any = text
        if self.type in ("integer", "number"):
            if not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text, re.ASCII):
                return "must be an integer"
            value = int(text)
        elif self.type == "boolean":
            value = {"true": True, "false": False}.get(text, text)
        if _SURROGATE.search(text) or "\0" in text:
            return "holds characters that are not allowed"
        found = first_problem(self.validator, value)
        return None if found is None else found[1]


class _Rules:
    __slots__ = ("body", "body_required", "parameters")

    def __init__(self) -> None:
        self.body: Any = None
        self.body_required = False
        self.parameters: list[tuple[str, Parameter]] = []


class Contract:
    """The compiled request rules of one OpenAPI document, by operationId."""

    def __init__(self, document: Mapping[str, Any], money_form: str = "minor_units") -> None:
        self.document = _with_money_form(document, money_form)
        self._rules: dict[str, _Rules] = {}
        for path_item, operation in _operations(self.document):
            self._rules[operation["operationId"]] = self._compile(path_item, operation)

    @property
    def operation_ids(self) -> frozenset[str]:
        """Every operationId of the document."""
        return frozenset(self._rules)

    def check_parameters(self, operation_id: str, path: Mapping[str, str], query: Mapping[str, str]) -> None:
        """Raises VALIDATION_FAILED naming the first bad path or query parameter."""
        rules = self._rules.get(operation_id)
        if rules is not None:
            for place, parameter in rules.parameters:
                problem = parameter.problem((path if place == "path" else query).get(parameter.name))
                if problem is not None and not planted_input.lets_through(operation_id, (parameter.name, problem)):
                    raise field_error(parameter.name, problem)

    def check_body(self, operation_id: str, body: Any, present: bool) -> None:
        """Raises VALIDATION_FAILED naming the field, MALFORMED_REQUEST when a required body is missing."""
        rules = self._rules.get(operation_id)
        if rules is None or rules.body is None:
            return
        if not present:
            if rules.body_required:
                raise ApiError("MALFORMED_REQUEST", "a JSON body is required")
            return
        problem = first_problem(rules.body, body)
        if problem is not None and not planted_input.lets_through(operation_id, problem):
            raise field_error(*problem)

    def _compile(self, path_item: Mapping[str, Any], operation: Mapping[str, Any]) -> _Rules:
        rules = _Rules()
        body = self._deref(operation.get("requestBody"))
        if body:
            schema = body.get("content", {}).get("application/json", {}).get("schema")
            rules.body = None if schema is None else self._validator(schema)
            rules.body_required = bool(body.get("required"))
        for raw in (*path_item.get("parameters", ()), *operation.get("parameters", ())):
            one = self._deref(raw)
            if one["in"] in ("path", "query"):
                schema = self._deref(one.get("schema", {}))
                parameter = Parameter(one["name"], bool(one.get("required")), schema, self._validator(schema))
                rules.parameters.append((one["in"], parameter))
        return rules

    def _deref(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def _validator(self, schema: Mapping[str, Any]) -> Any:
        needed = {"components": {"schemas": self.document.get("components", {}).get("schemas", {})}}
        return jsonschema_rs.Draft202012Validator({**needed, **schema}, validate_formats=True)


def first_problem(validator: Any, value: Any) -> tuple[str, str] | None:
    """(field, problem) of the first violation, None when there is none; never quotes the value itself."""
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as problem:
        kind = type(problem.kind).__name__.rpartition("_")[2] if problem.kind is not None else ""
        steps = [str(step) for step in problem.instance_path]
        names = _named(problem)
        return ".".join([*steps, *names[:1]]) or "body", _WORDS.get(kind, "does not fit the contract")
    except (ValueError, OverflowError):
        return "body", "a number is out of range"
    return None


_WORDS = {
    "Required": "is required",
    "AdditionalProperties": "is not known here",
    "UnevaluatedProperties": "is not known here",
    "Type": "has the wrong type",
    "Pattern": "does not match the pattern",
    "Enum": "is not one of the allowed values",
    "Minimum": "is too small",
    "Maximum": "is too large",
    "MinLength": "is too short",
    "MaxLength": "is too long",
    "Format": "has the wrong format",
}


def _named(problem: Any) -> list[str]:
    kind = problem.kind
    missing = getattr(kind, "property", None)
    if isinstance(missing, str):
        return [missing]
    unexpected = getattr(kind, "unexpected", None)
    return [name[:64] for name in unexpected] if isinstance(unexpected, list) else []


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for path_item in document.get("paths", {}).values():
        for method in _METHODS:
            if method in path_item:
                yield path_item, path_item[method]


def _with_money_form(document: Mapping[str, Any], money_form: str) -> Mapping[str, Any]:
    """The document with Money.amount as a decimal string, if that is the profile's form."""
    if money_form == "minor_units":
        return document
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for name, schema in changed.get("components", {}).get("schemas", {}).items():
        properties = schema.get("properties", {})
        if name == "Money" or {"amount", "currency"} <= set(properties):
            for amount in ("amount", "held"):
                if properties.get(amount, {}).get("type") == "integer":
                    properties[amount] = dict(_DECIMAL_AMOUNT)
    return changed
