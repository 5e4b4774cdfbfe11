"""Pairs of contracts made of the fragments in `pairs`: what is told of each, against the answer argued beforehand."""

import copy
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from harness.drift.changes import Verdict
from harness.drift.compare import Options, compare
from harness.drift.document import read_document

PAIRS = Path(__file__).parent / "pairs"
_OPTIONS = Options(today=date(2026, 11, 21))
_EDITS = ("added", "removed", "changed")
_FAILS = (Verdict.BREAKING, Verdict.UNSURE)
_VERSIONS = {"3.0": ("3.0.3", "3.0.3"), "3.1": ("3.1.0", "3.1.0"), "3.0 to 3.1": ("3.0.3", "3.1.0")}
_SERVER = {"url": "https://api.example.test/v1"}
_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "sameKey": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "otherKey": {"type": "apiKey", "in": "header", "name": "X-Other"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {
        "tokenUrl": "https://auth.example.test", "scopes": {"read": "", "write": ""}}}}}
_TEXT = {"schema": {"type": "string"}}
_COMPONENTS = {
    "securitySchemes": _SCHEMES,
    "parameters": {"Q": {"name": "q", "in": "query", **_TEXT},
                   "QRequired": {"name": "q", "in": "query", "required": True, **_TEXT}},
    "headers": {"A": _TEXT},
    "requestBodies": {"Text": {"content": {"application/json": _TEXT}},
                      "Short": {"content": {"application/json": {"schema": {"type": "string", "maxLength": 3}}}}},
    "responses": {"Text": {"description": "a", "content": {"application/json": _TEXT}}}}
_OTHERS = {"/others": {"get": {"operationId": "other"}, "put": {"operationId": "another"}}}
"""What links point to."""


@dataclass(frozen=True)
class Pair:
    """Two documents and the answer: B breaks, G nothing breaks, N nothing but words, F breaks or unsure."""

    name: str
    answer: str
    old: object
    new: object


def rows(file):
    """Section -> rows of one file."""
    return yaml.safe_load((PAIRS / file).read_text(encoding="utf-8"))


def _document(inside, version="3.1.0"):
    made = {"openapi": version, "info": {"title": "Bets", "version": "1.0.0"}, **copy.deepcopy(inside)}
    made["components"] = {**copy.deepcopy(_COMPONENTS), **made.get("components", {})}
    calls = [one for kind in ("paths", "webhooks") for item in made.get(kind, {}).values() for one in item.values()
             if isinstance(one, dict)]
    calls += [one for item in made["components"].get("pathItems", {}).values() for one in item.values()]
    for call in calls:
        call.setdefault("responses", {"200": {"description": "a"}})
        call["responses"] = {str(status): one for status, one in call["responses"].items()}
    return made


def _one_call(call, *, path="/bets", method="post", **beside):
    return {"servers": [_SERVER], "paths": {path: {method: call}, **_OTHERS}, **beside}


def _schema(schema):
    return {"application/json": {"schema": schema}}


def _requested(schema):
    return _one_call({"requestBody": {"content": _schema(schema)}})


def _responded(schema):
    return _one_call({"responses": {"200": {"description": "a", "content": _schema(schema)}}})


def _parameters(listed):
    given = any(one.get("in") == "path" for one in listed)
    own = [] if given else [{"name": "id", "in": "path", "required": True, **_TEXT}]
    return _one_call({"parameters": [*own, *listed]}, path="/bets/{id}", method="get")


def _headers(headers):
    return _one_call({"responses": {"200": {"description": "a", "headers": headers}}})


def _sent(inside):
    answer = {"description": "a", **({"content": _schema(inside["r"])} if "r" in inside else {})}
    return {"requestBody": {"required": True, "content": _schema(inside["s"])}, "responses": {"200": answer},
            **({"parameters": inside["p"]} if "p" in inside else {})}


def _callback(inside):
    return _one_call({"callbacks": {"told": {"{$request.body#/url}": {"post": _sent(inside)}}}})


def _webhook(inside):
    return {"webhooks": {"told": {"post": _sent(inside)}}}


def _components(schemas):
    named = _schema({"$ref": "#/components/schemas/S"})
    return _one_call({"requestBody": {"content": named}, "responses": {"200": {"description": "a", "content": named}}},
                     components={"schemas": schemas})


def _scheme(scheme):
    return _one_call({"security": [{"one": []}]}, components={"securitySchemes": {"one": scheme}})


_MADE = {
    "parameters": _parameters, "headers": _headers, "operation": _one_call, "document": lambda inside: inside,
    "request content": lambda content: _one_call({"requestBody": {"content": content}}),
    "response content": lambda content: _one_call({"responses": {"200": {"description": "a", "content": content}}}),
    "callback": _callback, "webhook": _webhook, "components": _components, "scheme": _scheme}


def openapi_pairs():
    """Every pair of OpenAPI documents."""
    for section, listed in rows("schemas.yaml").items():
        for name, taken, given, old, new in listed:
            for side, answer, make in (("request", taken, _requested), ("response", given, _responded)):
                yield Pair(f"{name}-{side}", answer, *(_document(make(one), version) for one, version in
                                                       zip((old, new), _VERSIONS[section], strict=True)))
    sections = rows("operations.yaml")
    sections["webhook"] = sections["callback"]
    for section, listed in sections.items():
        for name, answer, old, new in listed:
            yield Pair(f"{section.replace(' ', '-')}-{name}", answer,
                       *(_document(_MADE[section](one)) for one in (old, new)))


def field_cases(table):
    """A pair for each edit of each field of a table of fields."""
    return [Pair(f"{kind}.{field}-{edit}", answer, *(_with(table["host"], at, field, value) for value in values))
            for kind, field, at, answers, one, other in _fields(table)
            for edit, answer, values in zip(_EDITS, answers, ((None, one), (one, None), (one, other)), strict=True)
            if answer != "-"]


def _fields(table):
    for kind, about in table["objects"].items():
        for field, said in about["fields"].items():
            if isinstance(said, str) and said.startswith("a shelf"):
                yield kind, field, about["at"], "--N", {**table["host"].get(field, {})}, {
                    **table["host"].get(field, {}), "x-more": {"a": {}}}
            elif isinstance(said, str):
                yield kind, field, about["at"], "NNN", "1.0.0", "1.0.1"
            else:
                *place, answers, one, other = said
                yield kind, field, place[0] if place else about["at"], answers, one, other


def _with(host, at, field, value):
    """The host document with the field of one object set, or without it."""
    made = json.loads(json.dumps(host))
    node = made
    for step in at:
        node = node.setdefault(str(step), {}) if isinstance(node, dict) else node[step]
    if value is None:
        node.pop(field, None)
    else:
        node[field] = copy.deepcopy(value)
    return json.loads(json.dumps(made))


def changes_of(pair):
    """What is told of the two documents."""
    return compare(*(read_document(json.dumps(one).encode(), file=f"{name}.json")
                     for name, one in (("old", pair.old), ("new", pair.new))), options=_OPTIONS).changes


def answered(pair, changes):
    """Whether the changes are what the pair asks for."""
    return {"B": any(one.verdict is Verdict.BREAKING for one in changes),
            "F": any(one.verdict in _FAILS for one in changes),
            "G": not any(one.verdict in _FAILS for one in changes),
            "N": all(one.verdict is Verdict.EDITORIAL for one in changes)}[pair.answer]
