"""No fixed field of OpenAPI's objects is passed over: each has a row that says what its edits mean, or why nothing."""

import json
from pathlib import Path

import openapi_spec_validator
import pytest

from tests.drift.made_pairs import answered, changes_of, field_cases, rows

_SCHEMAS = Path(openapi_spec_validator.__file__).parent / "resources/schemas"
TABLE = rows("openapi_fields.yaml")
_SPLIT = {  # by the meta-schemas
    "SecurityScheme": ("APIKeySecurityScheme", "HTTPSecurityScheme", "OAuth2SecurityScheme",
                       "OpenIdConnectSecurityScheme"),
    "OAuthFlow": ("ImplicitOAuthFlow", "PasswordOAuthFlow", "ClientCredentialsFlow", "AuthorizationCodeOAuthFlow"),
    "Parameter": ("ParameterLocation",), "OAuthFlows": ("OauthFlows",), "XML": ("Xml",)}
_SPELLED = {part: whole for whole, parts in _SPLIT.items() for part in parts}
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
            link = (kind, field) == ("Link", "body")  # so 3.1's meta-schema calls its server
            found.add(("OAuthFlow" if single else kind, "server" if link else field))
    return {(kind, field) for kind, field in found if kind not in _ELSEWHERE}


META = {version: _meta(version) for version in ("v3.0", "v3.1")}


CASES = field_cases(TABLE)


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


@pytest.mark.parametrize("pair", CASES, ids=[one.name for one in CASES])
def test_every_edit_of_every_field_is_told_as_its_row_says(pair):
    found = changes_of(pair)
    assert answered(pair, found), [(one.rule, one.verdict.value, one.side.value) for one in found]
    assert found or pair.old == pair.new or pair.name.startswith(("Info.version", "Root.openapi")), "nothing was told"
