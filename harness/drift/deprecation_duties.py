"""What deprecating a call or a member obliges to: headers that say so, and nobody forced to send it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.drift.deprecated_parts import METHODS, resolved

_HEADERS = ("Deprecation", "Sunset")
_STRUCTURED_DATE = re.compile(r"@-?\d{1,15}", re.ASCII)
_DATA = frozenset({"example", "examples", "default", "enum", "const"})


def undeclared_headers(document: Any, operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(status, names) of successful answers that do not declare `Deprecation` or `Sunset`; of all where none is."""
    responses = operation.get("responses")
    answers = {str(s): r for s, r in responses.items() if not str(s).startswith("x-")} \
        if isinstance(responses, dict) else {}
    good = {s: r for s, r in answers.items() if s.startswith("2")}
    for status, answer in (good or answers).items():
        declared = {name.lower() for name in _headers(document, answer)}
        if missing := [name for name in _HEADERS if name.lower() not in declared]:
            yield status, " and ".join(missing)


def wrong_form(document: Any, operation: Mapping[str, Any]) -> str:
    """What is wrong with how `Deprecation` is declared (RFC 9745: a date like @1758095283); "": nothing."""
    responses = operation.get("responses")
    for answer in (responses if isinstance(responses, dict) else {}).values():
        for name, header in _headers(document, answer).items():
            header = resolved(document, header, "")[0]
            schema = resolved(document, header.get("schema"), "")[0] if isinstance(header, dict) else None
            if name.lower() != "deprecation" or not isinstance(schema, dict):
                continue
            kinds = schema.get("type") if isinstance(schema.get("type"), list) else [schema.get("type")]
            samples = [h[key] for h in (header, schema) for key in ("example", "const") if key in h]
            samples += [v for v in schema.get("enum", ()) if isinstance(schema.get("enum"), list)]
            if "boolean" in (kinds or ()) or schema.get("format") in ("date", "date-time", "http-date") \
                    or any(not _STRUCTURED_DATE.fullmatch(str(sample)) for sample in samples):
                return "Its header Deprecation is declared as something else than a date like @1758095283 (RFC 9745)."
    return ""


def _headers(document: Any, answer: Any) -> Mapping[str, Any]:
    found = resolved(document, answer, "")[0]
    headers = found.get("headers") if isinstance(found, dict) else None
    return headers if isinstance(headers, dict) else {}


def required_of_consumers(document: Any) -> frozenset[str]:
    """Pointers of every property that a consumer must send in a body, through references; read-only ones are not."""
    found: set[str] = set()
    seen: set[str] = set()
    stack = list(_sent(document))
    while stack:
        node, pointer = resolved(document, *stack.pop())
        if pointer in seen or not isinstance(node, dict | list):
            continue
        seen.add(pointer)
        if isinstance(node, list):
            stack += [(item, f"{pointer}/{index}") for index, item in enumerate(node)]
            continue
        properties, required = node.get("properties"), node.get("required")
        if isinstance(properties, dict):
            must = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
            for name, schema in properties.items():
                spot = f"{pointer}/properties/{_escaped(name)}"
                stack.append((schema, spot))
                target = resolved(document, schema, spot)
                if name in must and not (isinstance(target[0], dict) and target[0].get("readOnly") is True):
                    found |= {spot, target[1]}
        stack += [(inner, f"{pointer}/{_escaped(name)}") for name, inner in node.items()
                  if name != "properties" and name not in _DATA and not name.startswith("x-")]
    return frozenset(found)


def _sent(document: Any) -> Iterator[tuple[Any, str]]:
    """The bodies that consumers write, where they begin."""
    paths = document.get("paths") if isinstance(document, dict) else None
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        found, pointer = resolved(document, item, f"/paths/{_escaped(path)}")
        for method, operation in (found if isinstance(found, dict) else {}).items():
            if method in METHODS and isinstance(operation, dict) and "requestBody" in operation:
                yield operation["requestBody"], f"{pointer}/{method}/requestBody"


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
