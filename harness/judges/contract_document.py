"""Judges of the OpenAPI document itself: valid, complete, and pointed at where it is not (CONT-01)."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from harness.judges.answer_contract import documented_answers
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.operations import Operation, operations, resolve
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown

Problem = tuple[str, str]
"""(JSON pointer of the offending place, what is wrong there)."""

_SHOWN = 5
_DEEPEST = 64
_TEMPLATE = re.compile(r"\{([^}/]*)\}")
_DATA = frozenset({"example", "default", "const", "enum", "value"})
_INFRASTRUCTURE = re.compile(r"^/(healthz?|livez|readyz|metrics|docs|(openapi|asyncapi)(\.\w+)?)(/|$)")
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas",
                    "responses", "parameters", "headers", "requestBodies", "securitySchemes", "links", "callbacks",
                    "pathItems", "paths", "webhooks", "content", "mapping"})


def valid_document(says: str = "") -> Draft:
    """The target's OpenAPI document is valid: structure, schemas, references, ids and path parameters."""
    return Draft(judge="valid_document", says=says or "the OpenAPI document is valid and every reference resolves")


@judge("valid_document")
def _valid_document(history: History, _claim: Claim) -> Finding:
    contract = history.contract
    version = str(contract.get("openapi", ""))
    if not contract:
        return unknown("the target has no OpenAPI document", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    if not version.startswith(("3.0.", "3.1.")):
        return unknown(f"OpenAPI {version[:20] or 'without a version'} is not one that can be checked (3.0, 3.1)",
                       Reason.OBSERVER_UNAVAILABLE, owner=Owner.PROFILE)
    references = list(_references(contract))
    elsewhere = [where for where, target in references if not target.startswith("#")]
    known = all_operations(contract)
    problems = [*_structure(contract, version), *_schemas(contract, version), *_unresolved(contract, references),
                *_identity(known), *_path_parameters(known)]
    if problems:
        return _broken(problems, "the OpenAPI document is not valid", operations=len(known))
    if elsewhere:
        return unknown(f"{len(elsewhere)} references lead out of the document: bundle it ({elsewhere[0]})",
                       Reason.OBSERVER_UNAVAILABLE, owner=Owner.PROFILE)
    if not known:
        return unknown("the OpenAPI document has no operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    return held(f"the document is valid: {len(known)} operations, {len(references)} references",
                operations=len(known), references=len(references))


def documented_operations(says: str = "") -> Draft:
    """Every operation has examples of request and success, an error answer, and security."""
    return Draft(judge="documented_operations",
                 says=says or "every operation has examples (request and success), error answers and security")


@judge("documented_operations")
def _documented_operations(history: History, _claim: Claim) -> Finding:
    contract = history.contract
    known = [op for op in all_operations(contract) if not _INFRASTRUCTURE.match(op.path)]
    if not known:
        return unknown("the OpenAPI document has no operations", Reason.NO_SAMPLES, owner=Owner.PROFILE)
    problems = [problem for op in known for problem in (*_examples(contract, op), *_errors(contract, op),
                                                        *_security(contract, op))]
    if problems:
        return _broken(problems, "operations lack examples, error answers or security", operations=len(known))
    return held(f"all {len(known)} operations have examples, error answers and security", operations=len(known))


def _broken(problems: list[Problem], what: str, **measured: Any) -> Finding:
    shown = "; ".join(f"{where}: {wrong}" for where, wrong in problems[:_SHOWN])
    more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
    return broken(f"{what}: {shown}{more}"[:900], expected=what.replace("is not", "is").replace("lack", "have"),
                  seen=f"{len(problems)} problems, first at {problems[0][0]}: {problems[0][1]}"[:400],
                  problems=len(problems), **measured)


def pointer(*steps: str | int) -> str:
    """A JSON pointer as a URI fragment, readable: `#/paths/~1v1~1bets/post`."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def all_operations(contract: Mapping[str, Any]) -> list[Operation]:
    """Every operation, also those that share an operationId (a mapping by id would hide them)."""
    found: list[Operation] = []
    paths = contract.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        with contextlib.suppress(TypeError, AttributeError):  # unreadable: the structure check names the place
            found += operations({**contract, "paths": {path: resolve(contract, item)}}).values()
    return found


@cache
def _meta_schema(version: str) -> Any:
    import jsonschema_rs  # late: `certify --help` needs no schemas

    text = (Path(__file__).parent / "openapi" / f"{version[:3]}.json").read_text(encoding="utf-8")
    kind = jsonschema_rs.Draft202012Validator if version.startswith("3.1") else jsonschema_rs.Draft4Validator
    return kind(json.loads(text), validate_formats=False)


def _structure(contract: Mapping[str, Any], version: str) -> Iterator[Problem]:
    for error in _meta_schema(version[:3]).iter_errors(dict(contract)):
        yield pointer(*error.instance_path), str(error.message)[:160]


def _schemas(contract: Mapping[str, Any], version: str) -> Iterator[Problem]:
    """Schema objects against JSON Schema 2020-12 (3.1 only: the 3.0 meta-schema contains them)."""
    if not version.startswith("3.1."):
        return
    import jsonschema_rs

    for where, schema in _schema_objects(contract):
        try:
            jsonschema_rs.meta.validate(schema)
        except jsonschema_rs.ValidationError as error:
            yield pointer(*where, *error.instance_path), str(error.message)[:160]
        except (ValueError, TypeError) as error:
            yield pointer(*where), f"not a schema: {error}"[:160]


def _schema_objects(node: Any, where: tuple[str | int, ...] = (), *, names: bool = False) -> Iterator[Any]:
    """(place, schema) of every outermost schema object of the document."""
    if len(where) > _DEEPEST:
        return
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from _schema_objects(one, (*where, number))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            place = (*where, str(key))
            if where == ("components",) and key == "schemas" and isinstance(value, Mapping):
                yield from (((*place, str(name)), schema) for name, schema in value.items())
            elif key == "schema" and not names:
                yield place, value
            elif names or (key not in _DATA and key != "examples" and not str(key).startswith("x-")):
                yield from _schema_objects(value, place, names=not names and key in _NAMED)


def _references(node: Any, where: tuple[str | int, ...] = (), *, names: bool = False) -> Iterator[Problem]:
    """(place, target) of every `$ref`; literal data (examples, defaults, constants, extensions) is not looked into."""
    if len(where) > _DEEPEST:
        return
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from _references(one, (*where, number))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if names:
                yield from _references(value, (*where, str(key)))
            elif key == "$ref" and isinstance(value, str):
                yield pointer(*where, "$ref"), value
            elif key == "examples" and isinstance(value, Mapping):
                for name, example in value.items():
                    if isinstance(example, Mapping) and isinstance(example.get("$ref"), str):
                        yield pointer(*where, key, str(name), "$ref"), example["$ref"]
            elif key not in _DATA and key != "examples" and not str(key).startswith("x-"):
                yield from _references(value, (*where, str(key)), names=key in _NAMED)


def _unresolved(contract: Mapping[str, Any], references: list[Problem]) -> Iterator[Problem]:
    for where, target in references:
        if target.startswith("#") and not _exists(contract, target):
            yield where, f"{target[:120]} does not exist"


def _exists(contract: Mapping[str, Any], target: str) -> bool:
    if target == "#" or not target.startswith("#/"):
        return target == "#" or any(_anchors(contract, target[1:]))
    node: Any = contract
    for piece in target[2:].split("/"):
        step = unquote(piece).replace("~1", "/").replace("~0", "~")
        if isinstance(node, Mapping) and step in node:
            node = node[step]
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            return False
    return True


def _anchors(node: Any, name: str, depth: int = 0) -> Iterator[bool]:
    if depth < _DEEPEST and isinstance(node, Mapping | list):
        if isinstance(node, Mapping) and node.get("$anchor") == name:
            yield True
        for one in node.values() if isinstance(node, Mapping) else node:
            yield from _anchors(one, name, depth + 1)


def _place(op: Operation, *more: str) -> str:
    return pointer("paths", op.path, op.method.lower(), *more)


def _identity(known: list[Operation]) -> Iterator[Problem]:
    """operationIds are unique, and no two paths differ by the names of their parameters only."""
    ids: dict[str, Operation] = {}
    shapes: dict[str, str] = {}
    for op in known:
        first = ids.setdefault(op.id, op)
        if first is not op:
            yield _place(op, "operationId"), f"operationId {op.id} is {first.method} {first.path} already"
        shape = _TEMPLATE.sub("{}", op.path)
        if shapes.setdefault(shape, op.path) != op.path:
            yield pointer("paths", op.path), f"the same path as {shapes[shape]}"


def _path_parameters(known: list[Operation]) -> Iterator[Problem]:
    for op in known:
        declared = {str(p.get("name")): p for p in op.parameters if isinstance(p, Mapping) and p.get("in") == "path"}
        for name in _TEMPLATE.findall(op.path):
            if declared.get(name, {}).get("required") is not True:
                yield _place(op, "parameters"), f"path parameter {name} is not declared as required"


def _examples(contract: Mapping[str, Any], op: Operation) -> Iterator[Problem]:
    content = _content(resolve(contract, op.document.get("requestBody")))
    if content and not any(_has_example(contract, media) for media in content.values()):
        yield _place(op, "requestBody"), "no example of the request"
    answers = documented_answers(contract, op)
    success = {key: _content(answer) for key, answer in answers.items() if key.startswith("2")}
    if not success and "default" not in answers:
        yield _place(op, "responses"), "no success answer"
    with_body = {key: content for key, content in success.items() if content}
    if with_body and not any(_has_example(contract, m) for content in with_body.values() for m in content.values()):
        yield _place(op, "responses", next(iter(with_body))), "no example of the success answer"


def _content(node: Any) -> Mapping[str, Any]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _has_example(contract: Mapping[str, Any], media: Any) -> bool:
    media = resolve(contract, media)
    if not isinstance(media, Mapping):
        return False
    return "example" in media or bool(media.get("examples")) or _schema_has_example(contract, media.get("schema"))


def _schema_has_example(contract: Mapping[str, Any], node: Any, depth: int = 0) -> bool:
    """An example of the schema itself, or of each required member, or of one of the schemas that it is made of."""
    schema = resolve(contract, node)
    if not isinstance(schema, Mapping) or depth > 8:
        return False
    if "example" in schema or schema.get("examples") or "const" in schema:
        return True
    if parts := [p for word in ("allOf", "oneOf", "anyOf") if isinstance(schema.get(word), list) for p in schema[word]]:
        return any(_schema_has_example(contract, part, depth + 1) for part in parts)
    if "items" in schema:
        return _schema_has_example(contract, schema["items"], depth + 1)
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list) or not required:
        return False
    return all(_schema_has_example(contract, properties.get(name), depth + 1) for name in required)


def _errors(contract: Mapping[str, Any], op: Operation) -> Iterator[Problem]:
    if op.sandbox_only:
        return
    answers = documented_answers(contract, op)
    refusals = [key for key in answers if key.startswith("4") or key == "default"]
    if not refusals:
        yield _place(op, "responses"), "no error answer (4xx)"
    elif not any(_content(answers[key]) for key in refusals):
        yield _place(op, "responses", refusals[0]), "the error answer has no body"


def _security(contract: Mapping[str, Any], op: Operation) -> Iterator[Problem]:
    """Each operation asks for credentials; the token call itself and declared-public administration need none."""
    requirements = op.document.get("security", contract.get("security"))
    components = contract.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    names = schemes if isinstance(schemes, Mapping) else {}
    listed = [r for r in requirements if isinstance(r, Mapping)] if isinstance(requirements, list) else []
    for name in {name for requirement in listed for name in requirement}:
        if name not in names:
            yield _place(op, "security"), f"security scheme {name} is not defined"
    if op.sandbox_only or op.path.endswith("/token"):
        return
    if not listed or not all(listed):
        yield _place(op, "security"), "may be called without credentials"
