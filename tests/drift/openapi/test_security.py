"""Who could call before must be able to call after; names of schemes mean nothing, what they ask for does."""

import pytest

from tests.drift.openapi.comparing import compared, operation, told

KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
BEARER = {"type": "http", "scheme": "bearer"}


def oauth(token="https://a.example/token", **flow):
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token, "scopes": {}, **flow}}}


def secured(*alternatives, anywhere=None, **schemes):
    inside = {"security": list(alternatives)} if alternatives or anywhere is None else {}
    known = {"key": KEY, "bearer": BEARER, "oauth": oauth(), **schemes}
    made = operation(inside, components={"securitySchemes": known})
    return made if anywhere is None else {**made, "security": anywhere}


@pytest.mark.parametrize(("old", "new", "expected"), [
    (secured(), secured({"key": []}), ["security-added breaking in"]),
    (secured({"key": []}), secured(), ["security-relaxed additive in"]),
    (secured({}, {"key": []}), secured({"key": []}), ["security-added breaking in"]),
    (secured({"key": []}), secured({"key": []}, {}), ["security-relaxed additive in"]),
    (secured({"key": []}, {"bearer": []}), secured({"key": []}), ["security-alternative-removed breaking in"]),
    (secured({"key": []}), secured({"key": []}, {"bearer": []}), ["security-relaxed additive in"]),
    (secured({"key": []}), secured({"key": [], "bearer": []}), ["security-alternative-removed breaking in"]),
    (secured({"key": [], "bearer": []}), secured({"key": []}), ["security-relaxed additive in"]),
    (secured({"oauth": ["a"]}), secured({"oauth": ["a", "b"]}), ["security-scope-added breaking in"]),
    (secured({"oauth": ["a", "b"]}), secured({"oauth": ["b"]}), ["security-relaxed additive in"]),
    (secured(anywhere=[{"key": []}]), secured(anywhere=[{"bearer": []}]),
     ["security-alternative-removed breaking in"]),
    (secured({"key": []}), secured({"key": []}, key={**KEY, "name": "X-Other"}),
     ["security-scheme-name-changed breaking in"]),
    (secured({"key": []}), secured({"key": []}, key={**KEY, "in": "query"}),
     ["security-scheme-in-changed breaking in"]),
    (secured({"key": []}), secured({"key": []}, key=BEARER), ["security-scheme-type-changed breaking in"]),
    (secured({"bearer": []}), secured({"bearer": []}, bearer={**BEARER, "scheme": "basic"}),
     ["security-scheme-scheme-changed breaking in"]),
    (secured({"oauth": []}), secured({"oauth": []}, oauth=oauth("https://b.example/token")),
     ["security-scheme-flow-url-changed breaking in"]),
    (secured({"oauth": []}), secured({"oauth": []}, oauth={"type": "oauth2", "flows": {}}),
     ["security-scheme-flow-removed breaking in"])])
def test_who_may_call(old, new, expected):
    assert told(old, new) == expected


@pytest.mark.parametrize(("old", "new"), [
    (secured(anywhere=[{"key": []}]), secured({"key": []})),
    (secured({"key": []}, {"bearer": []}), secured({"bearer": []}, {"key": []})),
    (secured({"key": []}), secured({"other": []}, other=KEY)),
    (secured({"key": []}), secured({"key": []}, key={**KEY, "name": "x-key", "description": "A key"})),
    (secured({"bearer": []}), secured({"bearer": []}, bearer={**BEARER, "scheme": "Bearer", "bearerFormat": "JWT"})),
    (secured({"key": []}), secured({"key": []}, bearer=KEY)),
    (secured({"oauth": ["a"]}), secured({"oauth": ["a"]}, oauth=oauth(scopes={"a": "A", "b": "B"}))),
    (secured(), secured({}))])
def test_these_callers_notice_nothing(old, new):
    assert told(old, new) == []


def test_a_renamed_scheme_is_followed_to_its_definition():
    old, new = secured({"key": []}), secured({"other": []}, other=KEY)
    del new["components"]["securitySchemes"]["key"]
    assert told(old, new) == []


def test_a_scheme_that_changed_is_told_once_for_all_operations():
    def many(name):
        one = {"security": [{"key": []}], "responses": {}}
        return {"paths": {f"/p{n}": {"get": one} for n in range(5)},
                "components": {"securitySchemes": {"key": {**KEY, "name": name}}}}
    found = compared(many("A"), many("B")).changes
    assert [one.rule for one in found] == ["security-scheme-name-changed"]
    assert found[0].old.pointer == "/components/securitySchemes/key"
