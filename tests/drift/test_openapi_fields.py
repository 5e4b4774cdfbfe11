"""No fixed field of OpenAPI's objects is passed over: each has a row that says what its edits mean, or why nothing."""

import copy
import json
from pathlib import Path

import openapi_spec_validator
import pytest

from tests.drift.made_pairs import Pair, answered, changes_of, rows

_SCHEMAS = Path(openapi_spec_validator.__file__).parent / "resources/schemas"
TABLE = rows("openapi_fields.yaml")
EDITS = ("added", "removed", "changed")
_SPELLED = {  # the meta-schemas split some objects, and 3.1's calls the `server` of a link `body`
    "ParameterLocation": "Parameter", "OauthFlows": "OAuthFlows", "Xml": "XML", **{
        f"{kind}SecurityScheme": "SecurityScheme" for kind in ("APIKey", "HTTP", "OAuth2", "OpenIdConnect")}, **dict.fromkeys(("ImplicitOAuthFlow", "PasswordOAuthFlow", "ClientCredentialsFlow", "AuthorizationCodeOAuthFlow"), "OAuthFlow")}
_ELSEWHERE = {"Schema": "its keywords are enumerated by themselves", "Examples": "those of its users"}


def _fields(node):
    """Names of the fixed fields of a definition, however it is put together."""
    if not isinstance(node, dict):
        return set()
    inner = [one for word in ("allOf", "oneOf", "anyOf") for one in node.get(word, ())]
    inner += [node[word] for word in ("then", "else") if word in node]
    inner += [one for word in ("dependentSchemas", "$defs") for one in node.get(word, {}).values()]
    return set(node.get("properties", {})).union(*(_fields(one) for one in inner))


def _meta(version):
    """(object, field) of every fixed field."""
    schema = json.loads((_SCHEMAS / version / "schema.json").read_text(encoding="utf-8"))
    found = {("Root", field) for field in schema["properties"]}
    for name, one in (schema.get("definitions") or schema["$defs"]).items():
        joined = "".join(word[:1].upper() + word[1:] for word in name.split("-"))
        kind = _SPELLED.get(joined, joined)
        flow = joined == "OauthFlows"
        for field in _fields(one):
            single = flow and field in ("authorizationUrl", "tokenUrl", "refreshUrl", "scopes")
            found.add(("OAuthFlow" if single else kind, "server" if (kind, field) == ("Link", "body") else field))
    return {(kind, field) for kind, field in found if kind not in _ELSEWHERE}


META = {version: _meta(version) for version in ("v3.0", "v3.1")}


def _cases():
    for kind, about in TABLE["objects"].items():
        for field, said in about["fields"].items():
            if isinstance(said, str) and said.startswith("a shelf"):
                yield kind, field, about["at"], "--N", {**TABLE["host"].get(field, {})}, {
                    **TABLE["host"].get(field, {}), "x-more": {"a": {}}}
            elif isinstance(said, str):
                yield kind, field, about["at"], "NNN", "1.0.0", "1.0.1"
            else:
                *place, answers, one, other = said
                yield kind, field, place[0] if place else about["at"], answers, one, other


CASES = [(f"{kind}.{field}-{edit}", at, field, answer, values)
         for kind, field, at, answers, one, other in _cases()
         for edit, answer, values in zip(EDITS, answers, ((None, one), (one, None), (one, other)), strict=True)
         if answer != "-"]


def _with(at, field, value):
    """The host document with the field of one object set, or without it."""
    made = json.loads(json.dumps(TABLE["host"]))
    node = made
    for step in at:
        if isinstance(node, dict):
            node = node.setdefault(str(step), {})
        else:
            node = node[step]
    if value is None:
        node.pop(field, None)
    else:
        node[field] = copy.deepcopy(value)
    return json.loads(json.dumps(made))


@pytest.mark.parametrize("version", META)
def test_every_fixed_field_has_a_row_or_a_reason(version):
    known = {(kind, field) for kind, about in TABLE["objects"].items() for field in about["fields"]}
    assert META[version] - known == set()
    assert len(META[version]) > 100


def test_every_row_is_about_a_field_that_there_is():
    every = set().union(*META.values())
    assert {(kind, field) for kind, about in TABLE["objects"].items() for field in about["fields"]} - every == set()
    assert all(len(said) > 8 for about in TABLE["objects"].values() for said in about["fields"].values()
               if isinstance(said, str))


@pytest.mark.parametrize(("name", "at", "field", "answer", "values"), CASES, ids=[one[0] for one in CASES])
def test_every_edit_of_every_field_is_told_as_its_row_says(name, at, field, answer, values):
    old, new = (_with(at, field, value) for value in values)
    found = changes_of(Pair(name, answer, old, new))
    assert answered(Pair(name, answer, old, new), found), [(one.rule, one.verdict.value, one.side.value)
                                                           for one in found]
    assert found or old == new or field in ("version", "openapi"), "nothing at all was told"
