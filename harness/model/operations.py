"""The operations of an OpenAPI document, as values that suites name by operationId."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path template; `document` is its OpenAPI object, refs unresolved."""

    id: str
    method: str
    path: str
    document: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    """Resolved parameter objects, those of the path item included."""
    scopes: frozenset[str] = frozenset()

    @property
    def sandbox_only(self) -> bool:
        """True for the administration that never exists in production."""
        return self.path.startswith("/sandbox") or bool(self.document.get("x-sandbox-only"))

    @property
    def write(self) -> bool:
        """True for a creating or changing call of the API proper (token and administration excluded)."""
        return (self.method in {"POST", "PUT", "PATCH", "DELETE"} and not self.sandbox_only
                and not self.path.endswith("/token"))

    def header_parameters(self) -> dict[str, Mapping[str, Any]]:
        """Declared request headers by lower-case name."""
        return {str(p.get("name")).lower(): p for p in self.parameters if p.get("in") == "header"}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches request paths of this operation."""
        pieces = re.split(r"\{[^}]*\}", self.path)
        return re.compile("[^/]+".join(map(re.escape, pieces)))


def operations(contract: Mapping[str, Any]) -> dict[str, Operation]:
    """Operations by operationId (`METHOD path` where none is given), in the document's order.

    Never raises: what is malformed in the document is left out here and is for the judge of the document.
    """
    found: dict[str, Operation] = {}
    for path, item in _mapping(contract.get("paths")).items():
        shared = _list(_mapping(item).get("parameters"))
        for method in METHODS:
            document = _mapping(item).get(method)
            if not isinstance(document, Mapping):
                continue
            name = str(document.get("operationId") or f"{method.upper()} {path}")
            parameters = tuple(p for p in (resolve(contract, p) for p in [*shared, *_list(document.get("parameters"))])
                               if isinstance(p, Mapping))
            found[name] = Operation(id=name, method=method.upper(), path=str(path), document=document,
                                    parameters=parameters, scopes=_scopes(contract, document))
    return found


def resolve(contract: Mapping[str, Any], node: Any) -> Any:
    """Follow local `$ref`s of `node` (bounded); anything unresolvable comes back as an empty mapping."""
    for _ in range(32):
        if not (isinstance(node, Mapping) and isinstance(node.get("$ref"), str)):
            return node
        target: Any = contract
        for piece in node["$ref"].removeprefix("#/").split("/"):
            piece = piece.replace("~1", "/").replace("~0", "~")
            target = target.get(piece) if isinstance(target, Mapping) else None
        node = target if target is not None else {}
    return {}


def match(known: Mapping[str, Operation], method: str, path: str) -> Operation | None:
    """The operation of a concrete request path; literal segments win over templates."""
    fitting = [op for op in known.values() if op.method == method and op.pattern.fullmatch(path)]
    return min(fitting, key=lambda op: op.path.count("{"), default=None)


def _scopes(contract: Mapping[str, Any], document: Mapping[str, Any]) -> frozenset[str]:
    requirements = _list(document.get("security", contract.get("security")))
    return frozenset(str(s) for r in requirements for scopes in _mapping(r).values() for s in _list(scopes))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def driven_operations(contract: Mapping[str, Any]) -> dict[str, Operation]:
    """What checks drive: the unified API's operations, or those of a foreign API's own document."""
    return operations(contract["openapi" if contract.get("foreign") else "unified"])


_IDEMPOTENCY = re.compile(r"(x-)?idempotency-?key", re.IGNORECASE)
_TRACE = re.compile(r"traceparent|x-(trace|request|correlation)-?id", re.IGNORECASE)


def idempotency_header(operation: Operation) -> str:
    """Name of the idempotency header that an operation declares; "" for none."""
    names = (str(p.get("name")) for p in operation.parameters if p.get("in") == "header")
    return next((name for name in names if _IDEMPOTENCY.fullmatch(name)), "")


def key_is_required(operation: Operation) -> bool:
    """Does the document say that the idempotency header must be there?"""
    name = idempotency_header(operation)
    return any(p.get("name") == name and p.get("required") is True for p in operation.parameters)


def asks_for_credentials(contract: Mapping[str, Any], operation: Operation) -> bool:
    """Does every way into the operation need credentials? `{}` among the requirements makes them optional."""
    required = operation.document.get("security", contract.get("security"))
    return isinstance(required, list) and bool(required) and all(isinstance(r, Mapping) and r for r in required)


def takes_json(contract: Mapping[str, Any], operation: Operation) -> bool:
    """Does the operation have a body of a JSON media type?"""
    body = _mapping(resolve(contract, operation.document.get("requestBody")))
    return any("json" in str(media).lower() for media in _mapping(body.get("content")))


def speaks_of_the_call(header: str) -> bool:
    """Is it a header that names the call (trace, idempotency key) rather than carries data of it?"""
    return bool(_IDEMPOTENCY.fullmatch(header) or _TRACE.fullmatch(header))


def trace_header(contract: Mapping[str, Any], operation: Operation) -> str:
    """Name of the trace header that an operation takes and gives back; "" for none."""
    given_back = {str(name).lower() for answer in _mapping(operation.document.get("responses")).values()
                  for name in _mapping(_mapping(resolve(contract, answer)).get("headers"))}
    names = (str(p.get("name")) for p in operation.parameters if p.get("in") == "header")
    return next((n for n in names if _TRACE.fullmatch(n) and n.lower() in given_back), "")


def capabilities_of(contract: Mapping[str, Any]) -> dict[str, bool]:
    """What of a foreign API can be tried: idempotency headers, credentials, JSON bodies, trace headers."""
    known = operations(contract).values()
    return {"idempotency_header": any(map(idempotency_header, known)),
            "required_idempotency_header": any(map(key_is_required, known)),
            "credentials": any(asks_for_credentials(contract, o) for o in known),
            "json_bodies": any(takes_json(contract, o) for o in known),
            "trace_header": any(trace_header(contract, o) for o in known)}
