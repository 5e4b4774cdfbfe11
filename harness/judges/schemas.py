"""Compiled schemas of one OpenAPI document, as whoever writes what they describe must keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.model.operations import resolve

_DEEPEST = 32
_NEVER: dict[str, Any] = {"not": {}, "$comment": "writeOnly"}


class Schemas:
    """Schemas are compiled when first needed. `answers`: of what the provider writes, else of what is sent to it.

    What only the other side writes is not asked for (`readOnly` in requests, `writeOnly` in answers), and nothing that
    is `writeOnly` may stand in an answer.
    """

    def __init__(self, contract: Mapping[str, Any], *, answers: bool = True) -> None:
        import jsonschema_rs  # late: `certify --help` needs no schemas

        self._rs = jsonschema_rs
        self._old = str(contract.get("openapi", "")).startswith("3.0")
        self._contract, self._answers = contract, answers
        self._word = "writeOnly" if answers else "readOnly"
        self._sided = _says(contract, self._word)
        self._registry = jsonschema_rs.Registry([("urn:contract", self._read(dict(contract)))],
                                                draft=jsonschema_rs.Draft202012)
        self._compiled: dict[tuple[str, str, str], Any] = {}

    def problem(self, key: tuple[str, str, str], schema: Any, body: Any) -> tuple[str, str] | None:
        """(expected, seen) of the first violation of `schema`, or None; an unusable schema judges nothing."""
        if key not in self._compiled:
            self._compiled[key] = self._compile(schema)
        validator = self._compiled[key]
        if validator is None:
            return None
        try:
            if validator.is_valid(body):
                return None
            errors = [e for e in validator.iter_errors(body) if not _is_redacted(e.instance)
                      or tuple(e.schema_path)[-1:] == ("not",)]
        except (ValueError, TypeError, OverflowError):
            return "a body that is valid JSON in UTF-8", "a body with characters or numbers that JSON forbids"
        return self._described(errors[0]) if errors else None

    def _compile(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return None
        try:
            return self._rs.Draft202012Validator(_rooted(self._read(dict(schema))), registry=self._registry,
                                                 validate_formats=False)
        except (ValueError, self._rs.ValidationError, self._rs.ReferencingError):
            return None  # CONT-01 says so

    def _read(self, node: Any) -> Any:
        read = modern(node) if self._old else node
        return self._one_sided(read) if self._sided else read

    def _one_sided(self, node: Any, left_out: frozenset[str] = frozenset()) -> Any:
        """The schemas in `node` for one side; `left_out`: members that a schema around this one leaves to the other."""
        if isinstance(node, list):
            return [self._one_sided(one) for one in node]
        if not isinstance(node, Mapping):
            return node
        others = left_out | self._of_the_other_side(node)
        made = {key: [self._one_sided(part, others) for part in value] if key == "allOf" and isinstance(value, list)
                else self._one_sided(value) for key, value in node.items()}
        if others and isinstance(made.get("required"), list):
            made["required"] = [name for name in made["required"] if not (isinstance(name, str) and name in others)]
        properties: Any = made.get("properties")
        if self._answers and isinstance(properties, Mapping):
            made["properties"] = {name: _NEVER if name in others else one for name, one in properties.items()}
        return made

    def _of_the_other_side(self, node: Mapping[str, Any], depth: int = 0) -> frozenset[str]:
        """Names of members that only the other side writes."""
        found: set[str] = set()
        properties, parts = node.get("properties"), node.get("allOf")
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            said = resolve(self._contract, one)
            if any(isinstance(schema, Mapping) and schema.get(self._word) is True for schema in (one, said)):
                found.add(str(name))
        for part in parts if isinstance(parts, list) and depth < _DEEPEST else ():
            if isinstance(said := resolve(self._contract, part), Mapping):
                found |= self._of_the_other_side(said, depth + 1)
        return frozenset(found)

    def _described(self, error: Any) -> tuple[str, str]:
        """A violation in few words; the offending place as a JSON pointer, values cut short."""
        where = "/" + "/".join(map(str, error.instance_path)) if error.instance_path else "the body"
        rule = "/".join(map(str, error.schema_path)).rpartition("/properties/")[2]
        if rule.endswith("/not") and str(error.message).startswith("{} is not allowed for"):
            return f"no {where}: it is writeOnly", f"{where}: is in an answer, and writeOnly"
        return f"{where} as the schema says ({rule[-80:]})", f"{where}: {str(error.message)[:160]}"


def _says(node: Any, word: str) -> bool:
    if isinstance(node, Mapping):
        return node.get(word) is True or any(_says(one, word) for one in node.values())
    return isinstance(node, list) and any(_says(one, word) for one in node)


def _is_redacted(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("redacted-")


def _rooted(schema: Any) -> Any:
    """The schema with its local references bound to the whole document."""
    if isinstance(schema, dict):
        return {k: f"urn:contract{v}" if k == "$ref" and isinstance(v, str) and v.startswith("#") else _rooted(v)
                for k, v in schema.items()}
    return [_rooted(v) for v in schema] if isinstance(schema, list) else schema


def modern(node: Any) -> Any:
    """OpenAPI 3.0 schemas as JSON Schema 2020-12: `nullable` and boolean exclusive bounds translated."""
    if isinstance(node, list):
        return [modern(one) for one in node]
    if not isinstance(node, dict):
        return node
    result = {k: modern(v) for k, v in node.items()}
    if result.pop("nullable", None) is True:
        if isinstance(result.get("type"), str):
            result["type"] = [result["type"], "null"]
            if isinstance(result.get("enum"), list) and None not in result["enum"]:
                result["enum"] = [*result["enum"], None]
        else:
            result = {"anyOf": [result, {"type": "null"}]}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = result.get(exclusive)
        if isinstance(flag, bool):
            del result[exclusive]
            if flag and bound in result:
                result[exclusive] = result.pop(bound)
    return result
