"""Does the contract allow this request? Decided from what was sent, independent of the engine that made it up.

Three-valued on purpose: what HTTP, a gateway or a tolerant reader may read in two ways is not called invalid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from harness.judges.schemas import Schemas
from harness.model.exchange import Exchange
from harness.model.operations import Operation, resolve, speaks_of_the_call

_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_UNSURE: Any = object()


class RequestRules:
    """The contract's rules for requests, each schema compiled when first needed.

    `decided_elsewhere`: lower-case names of headers that have controls of their own.
    """

    def __init__(self, contract: Mapping[str, Any], decided_elsewhere: frozenset[str]) -> None:
        self._contract = contract
        self._elsewhere = decided_elsewhere
        self._strict = Schemas(contract, answers=False)
        self._loose = Schemas(_open(contract), answers=False)

    def broken(self, operation: Operation, exchange: Exchange) -> str:
        """Which rule the request breaks, in words; "" where it breaks none, or where that is open."""
        return next(iter(self._broken(operation, exchange)), "")

    def _broken(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        path, _, query = exchange.url.partition("?")
        sent = {"path": _path_values(operation, path), "query": _query_values(query),
                "header": _header_values(exchange)}
        for parameter in operation.parameters:
            where, name = str(parameter.get("in")), str(parameter.get("name"))
            if where not in sent or (where == "header" and (name.lower() in self._elsewhere or
                                                            speaks_of_the_call(name))):
                continue
            values = sent[where].get(name.lower() if where == "header" else name, [])
            if wrong := self._parameter(operation, parameter, values):
                yield f"{where} parameter {name}: {wrong}"
        if wrong := self._body(operation, exchange):
            yield wrong

    def _parameter(self, operation: Operation, parameter: Mapping[str, Any], values: list[str]) -> str:
        if not values:
            return "missing, and required" if parameter.get("required") is True and parameter["in"] == "query" else ""
        schema = resolve(self._contract, parameter.get("schema"))
        if not isinstance(schema, Mapping) or len(values) != 1:
            return ""
        value = _read(values[0], schema)
        if value is _UNSURE:
            return ""
        key = (operation.id, str(parameter["in"]), str(parameter["name"]))
        return self._wrong(key, parameter.get("schema"), value)

    def _body(self, operation: Operation, exchange: Exchange) -> str:
        body = resolve(self._contract, operation.document.get("requestBody"))
        content = body.get("content") if isinstance(body, Mapping) else None
        stated = (exchange.sent_header("Content-Type") or "").partition(";")[0].strip().lower()
        if not isinstance(content, Mapping):
            return ""
        if not exchange.request_body:
            return "the body is missing, and required" if body.get("required") is True else ""
        media = next((name for name in content if name.partition(";")[0].strip().lower() == stated), None)
        if media is None or "json" not in stated:
            return ""
        try:
            value = json.loads(exchange.request_body, parse_constant=_no_constant, object_pairs_hook=_no_pairs_twice)
        except _Twice:
            return ""  # SEC-09 decides it
        except (ValueError, RecursionError):
            return "the body is not JSON"
        schema = resolve(self._contract, content[media])
        return self._wrong((operation.id, "body", media), schema.get("schema") if isinstance(schema, Mapping) else None,
                           value)

    def _wrong(self, key: tuple[str, str, str], schema: Any, value: Any) -> str:
        """What breaks the schema; a member too many does not: a tolerant reader may ignore it."""
        if self._strict.problem(key, schema, value) is None:
            return ""
        wrong = self._loose.problem(key, _open(schema), value)
        if wrong is None or "oneOf" in wrong[0] or "surrogate" in wrong[1] or "JSON forbids" in wrong[1]:
            return ""
        return wrong[1]


class _Twice(ValueError):
    pass


def _no_pairs_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _open(node: Any) -> Any:
    """Schemas that let members through that they do not name."""
    if isinstance(node, Mapping):
        return {k: _open(v) for k, v in node.items()
                if not (k in ("additionalProperties", "unevaluatedProperties") and v is False)}
    return [_open(v) for v in node] if isinstance(node, list) else node


def _path_values(operation: Operation, path: str) -> dict[str, list[str]]:
    """Values of the path's parameters; none where the path can be split in two ways."""
    names = re.findall(r"\{([^}]*)\}", operation.path)
    pieces = re.split(r"\{[^}]*\}", operation.path)
    found = re.search("([^/]+)".join(map(re.escape, pieces)) + "$", path)
    values = [_decoded(v) for v in found.groups()] if found else []
    usable = [v for v in values if v and v not in (".", "..") and not set(v) & set("/\\\0")]
    return {n: [v] for n, v in zip(names, usable, strict=True)} if len(usable) == len(names) else {}


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeError:
        return ""


def _query_values(query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape"):
        found.setdefault(name, []).append(value)
    return found


def _header_values(exchange: Exchange) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in exchange.request_headers:
        found.setdefault(name.lower(), []).append(value.strip(" \t"))
    return {name: values for name, values in found.items() if all(v and v.isascii() for v in values)}


def _read(text: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as its schema reads it; _UNSURE where that is a matter of style."""
    kind = schema.get("type")
    if not text or not text.isprintable() or text.startswith("redacted-"):
        return _UNSURE
    if kind == "string":
        return text
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) and len(text) < 400 else _unless_number(text)
    if kind == "number":
        return float(text) if _NUMBER.fullmatch(text) else text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, _UNSURE if text.lower() in _BOOLEAN else text)
    return _UNSURE


_BOOLEAN = ("true", "false", "0", "1", "yes", "no", "on", "off", "t", "f", "y", "n")


def _unless_number(text: str) -> Any:
    """`1.0`, `+1`, ` 1` and `007` may be taken for integers; a word may not."""
    return _UNSURE if re.fullmatch(r"\s*[+-]?[\d.,_eE]+\s*", text) else text
