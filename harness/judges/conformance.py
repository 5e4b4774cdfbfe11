"""Judges of conformance: every observed answer against the target's own OpenAPI document (CONT-02)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.operations import Operation, operations, resolve
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

_API_PATH = re.compile(r"^/v\d+(/|$)")
_VENDOR = "application/vnd.platform.api+json"
_EDGE = frozenset({408, 411, 414, 421, 431, 502, 504})
_ODD_PATH = re.compile(r"%(?:2f|5c|00|0a|0d)|/\.\.?(?:/|$)", re.IGNORECASE)
_LONGEST_URL = 4096
_MOST_HEADERS = 8192
_SHOWN = 4


class Routes:
    """Which operation of the contract an exchange belongs to, whatever prefix the target is served under."""

    def __init__(self, history: History) -> None:
        self.operations = operations(history.contract)
        self._by_method: dict[str, list[Operation]] = {}
        for operation in self.operations.values():
            self._by_method.setdefault(operation.method, []).append(operation)
        self._prefixes = sorted({p for p in (*_server_paths(history.contract), self._mounted(history)) if p},
                                key=len, reverse=True)

    def path(self, exchange: Exchange) -> str:
        """The request path without the prefix under which the target is served."""
        path = request_path(exchange.url)
        for prefix in self._prefixes:
            if path.startswith(prefix + "/") and not _API_PATH.match(path):
                return path.removeprefix(prefix)
        return path

    def find(self, exchange: Exchange) -> Operation | None:
        """The operation, or None for a path or method that the contract does not know."""
        path = request_path(exchange.url)
        known = self._by_method.get(exchange.method, ())
        for tried in (path, *(path.removeprefix(p) for p in self._prefixes if path.startswith(p + "/"))):
            fitting = [operation for operation in known if operation.pattern.fullmatch(tried)]
            if fitting:
                return min(fitting, key=lambda operation: operation.path.count("{"))
        return None

    def _mounted(self, history: History) -> str:
        """What stands before the contract's paths, learnt from the first call of a path without parameters."""
        for exchange in history.exchanges:
            operation = self.operations.get(exchange.operation)
            if exchange.channel == "api" and operation is not None and "{" not in operation.path:
                path = request_path(exchange.url)
                if path.endswith(operation.path):
                    return path.removesuffix(operation.path)
        return ""


def request_path(url: str) -> str:
    """The path of an absolute URL, as it was sent."""
    start = url.find("/", url.find("://") + 3)
    return url[start:].partition("?")[0].partition("#")[0] if start >= 0 else "/"


def _server_paths(contract: Mapping[str, Any]) -> Iterator[str]:
    servers = contract.get("servers")
    for server in servers if isinstance(servers, list) else ():
        url = server.get("url") if isinstance(server, Mapping) else None
        if isinstance(url, str) and "{" not in url:
            try:
                yield urlsplit(url).path.rstrip("/")
            except ValueError:
                continue


def api_answers(history: History, routes: Routes) -> Iterator[tuple[Exchange, Operation | None]]:
    """Whole answers of the API proper, each with its operation (None: a path that the contract does not know).

    Left out: the sandbox's administration, which no production platform has, and answers that the HTTP edge
    gives before any application sees the request.
    """
    for exchange in history.exchanges:
        if exchange.channel != "api" or not exchange.answered or edge_made(exchange):
            continue
        operation = routes.find(exchange)
        if not operation.sandbox_only if operation else _API_PATH.match(routes.path(exchange)):
            yield exchange, operation


def edge_made(exchange: Exchange) -> bool:
    """Gateways refuse, clean or redirect what is odd as HTTP, in words of their own."""
    if exchange.status in _EDGE:
        return True
    if not 300 <= (exchange.status or 0) < 500 or "json" in (exchange.header("Content-Type") or "").lower():
        return False
    sent = exchange.request_headers
    return (len(exchange.url) > _LONGEST_URL or sum(len(n) + len(v) for n, v in sent) > _MOST_HEADERS
            or _ODD_PATH.search(exchange.url) is not None
            or any(not v.isprintable() or not v.isascii() for _, v in sent))


def conforms(*, least: int = 1, says: str = "") -> Draft:
    """Every answer of the whole run that belongs to an operation of the contract conforms to the contract."""
    return Draft(judge="conforms", params={"least": least},
                 says=says or "every answer has a documented status, its headers, content type and body schema")


@dataclass(frozen=True, slots=True)
class _Problem:
    exchange: Exchange
    operation: Operation
    expected: str
    seen: str


@judge("conforms")
def _conforms(history: History, claim: Claim) -> Finding:
    routes = Routes(history)
    if not routes.operations:
        return unknown("the target's contract has no operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    schemas = Schemas(history.contract)
    answers = violations = 0
    first: dict[tuple[str, int], _Problem] = {}
    seen: set[str] = set()
    for exchange, operation in api_answers(history, routes):
        if operation is None:
            continue
        answers += 1
        seen.add(operation.id)
        wrong = violation(history.contract, schemas, operation, exchange)
        if wrong is not None:
            violations += 1
            first.setdefault((operation.id, exchange.status or 0), _Problem(exchange, operation, *wrong))
    if answers < max(1, claim.params.get("least", 1)):
        return unknown(f"{answers} answers of the contract's operations were seen", Reason.NO_SAMPLES)
    if first:
        return _broken(list(first.values()), answers, violations)
    return held(f"{answers} answers of {len(seen)} operations conform", answers=answers, operations=len(seen))


def _broken(problems: list[_Problem], answers: int, violations: int) -> Finding:
    worst = problems[0]
    others = f" (and {len(problems) - 1} more kinds)" if len(problems) > 1 else ""
    named = "; ".join(f"{p.operation.id} {p.exchange.status}: {p.seen}" for p in problems[:_SHOWN])
    return broken(f"{violations} of {answers} answers break the contract: {named}{others}",
                  expected=f"{worst.operation.method} {worst.operation.path}: {worst.expected}",
                  seen=f"{worst.exchange.status}: {worst.seen}",
                  exchanges=[p.exchange.id for p in problems[:_SHOWN]], answers=answers, violations=violations)


def violation(contract: Mapping[str, Any], schemas: Schemas, operation: Operation,
               exchange: Exchange) -> tuple[str, str] | None:
    """(expected, seen) of the first thing that is wrong with an answer, or None."""
    documented = documented_answers(contract, operation)
    status = exchange.status or 0
    key = next((k for k in (str(status), f"{status // 100}XX", "default") if k in documented), None)
    if key is None:
        return f"one of the statuses {', '.join(documented)}", f"status {status} is not documented"
    document = documented[key]
    for name, header in _items(document.get("headers")):
        if resolve(contract, header).get("required") is True and exchange.header(name) is None:
            return f"the header {name}", f"no header {name}"
    content = _items(document.get("content"))
    if not content or status in (204, 304) or operation.method == "HEAD":
        return None
    stated = (exchange.header("Content-Type") or "").partition(";")[0].strip().lower()
    media = _media_type([name for name, _ in content], stated, exchange)
    if media is None:
        return f"content type {' or '.join(name for name, _ in content)}", f"content type {stated or 'missing'}"
    if "json" not in stated:
        return None
    if not exchange.response_body.strip():
        return "a JSON body", "an empty body"
    body = exchange.json()
    if body is None and exchange.response_body.strip() != "null":
        return "a JSON body", "a body that is not JSON"
    schema = dict(content)[media]
    return schemas.problem((operation.id, key, media), resolve(contract, schema).get("schema"), body)


def documented_answers(contract: Mapping[str, Any], operation: Operation) -> dict[str, Mapping[str, Any]]:
    """Answers of an operation by status key ("200", "4XX", "default"), references followed."""
    return {str(key).upper() if str(key) != "default" else "default": document
            for key, node in _items(operation.document.get("responses"))
            if isinstance(document := resolve(contract, node), Mapping)}


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(str(k), v) for k, v in value.items()] if isinstance(value, Mapping) else []


def _media_type(documented: list[str], stated: str, exchange: Exchange) -> str | None:
    """The documented media type that covers the stated one; the vendor type counts as JSON where it was asked for."""
    if stated == _VENDOR and _VENDOR in (exchange.sent_header("Accept") or "").lower():
        stated = stated if _VENDOR in documented else "application/json"
    bare = {name.partition(";")[0].strip().lower(): name for name in reversed(documented)}
    return next((bare[t] for t in (stated, f"{stated.partition('/')[0]}/*", "*/*") if t in bare and stated), None)


class Schemas:
    """Compiled schemas of one OpenAPI document, each compiled when first needed."""

    def __init__(self, contract: Mapping[str, Any]) -> None:
        import jsonschema_rs  # late: `certify --help` needs no schemas

        self._rs = jsonschema_rs
        self._old = str(contract.get("openapi", "")).startswith("3.0")
        document = modern(dict(contract)) if self._old else dict(contract)
        self._registry = jsonschema_rs.Registry([("urn:contract", document)], draft=jsonschema_rs.Draft202012)
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
            errors = [e for e in validator.iter_errors(body) if not _is_redacted(e.instance)]
        except (ValueError, TypeError, OverflowError):
            return "a body that is valid JSON in UTF-8", "a body with characters or numbers that JSON forbids"
        return _described(errors[0]) if errors else None

    def _compile(self, schema: Any) -> Any:
        if not isinstance(schema, Mapping):
            return None
        rooted = _rooted(modern(dict(schema)) if self._old else dict(schema))
        try:
            return self._rs.Draft202012Validator(rooted, registry=self._registry, validate_formats=False)
        except (ValueError, self._rs.ValidationError, self._rs.ReferencingError):
            return None  # CONT-01 says so


def _described(error: Any) -> tuple[str, str]:
    """A violation in few words; the offending place as a JSON pointer, values cut short."""
    where = "/" + "/".join(map(str, error.instance_path)) if error.instance_path else "the body"
    rule = "/".join(map(str, error.schema_path)).rpartition("/properties/")[2]
    return f"{where} as the schema says ({rule[-80:]})", f"{where}: {str(error.message)[:160]}"


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
