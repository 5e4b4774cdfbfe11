"""Security schemes of OpenAPI documents, followed."""

import base64

import pytest

from harness.counterparts.schemes import Scheme, basic, presented, scheme_of
from harness.model.operations import asks_for_credentials, operations
from harness.model.profile import Credential

WHO = Credential(client_id="me", secret="canary: of/mine")
KEY = {"type": "apiKey", "in": "query", "name": "api key"}


def operation(security=None, schemes=None, document_security=None):
    """(document, operation) of one GET; `security` None: the operation says nothing of its own."""
    call = {"operationId": "get", "responses": {}} | ({} if security is None else {"security": security})
    document = {"openapi": "3.1.0", "paths": {"/a": {"get": call}},
                "components": {"securitySchemes": schemes or {}}}
    if document_security is not None:
        document["security"] = document_security
    return document, operations(document)["get"]


@pytest.mark.parametrize(("scheme", "read"), [
    ({"type": "http", "scheme": "Bearer"}, Scheme(kind="bearer")),
    ({"type": "http", "scheme": "basic"}, Scheme(kind="basic")),
    ({"type": "http", "scheme": "digest"}, None), ({"type": "mutualTLS"}, None),
    ({"type": "apiKey", "in": "body"}, None),
    (KEY, Scheme(kind="key", place="query", name="api key")), ({"type": "openIdConnect"}, Scheme(kind="bearer")),
    ({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "token"}}},
     Scheme(kind="oauth2", token_url="http://x.test/api/token")),
    ({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token"}}},
     Scheme(kind="oauth2", token_url="http://x.test/token")),
    ({"type": "oauth2", "flows": {"implicit": {}}}, Scheme(kind="bearer")), ({"type": "oauth2"}, Scheme(kind="bearer")),
    ("text", None), (None, None), ({}, None)])
def test_schemes_as_documents_write_them(scheme, read):
    document, get = operation([{"a": []}], {"a": scheme})
    assert scheme_of(document, get, "http://x.test/api") == read


def test_the_first_scheme_that_a_machine_can_follow_is_taken():
    schemes = {"tls": {"type": "mutualTLS"}, "key": KEY}
    document, get = operation([{"tls": []}, {"key": []}], schemes)
    assert scheme_of(document, get, "http://x.test").kind == "key"


@pytest.mark.parametrize(("own", "documents", "asks"), [
    (None, None, False), (None, [{"key": []}], True), ([], [{"key": []}], False), ([{"key": []}, {}], None, False),
    ([{"key": []}], None, True), ("key", None, False), ([7], None, False)])
def test_whether_credentials_are_asked_for(own, documents, asks):
    document, get = operation(own, {"key": KEY}, documents)
    assert asks_for_credentials(document, get) is asks


@pytest.mark.parametrize(("scheme", "url", "headers"), [
    (None, "http://x.test/a", ()),
    (Scheme(kind="bearer"), "http://x.test/a", (("Authorization", "Bearer s /&"),)),
    (Scheme(kind="key", place="header", name="X-Key"), "http://x.test/a", (("X-Key", "s /&"),)),
    (Scheme(kind="key", place="cookie", name="sid"), "http://x.test/a", (("Cookie", "sid=s /&"),)),
    (Scheme(kind="key", place="query", name="api key"), "http://x.test/a?api%20key=s%20%2F%26", ())])
def test_the_secret_goes_where_the_scheme_wants_it(scheme, url, headers):
    assert presented(scheme, "s /&", "http://x.test/a") == (url, headers)


def test_a_key_joins_a_query_and_no_secret_is_no_header():
    scheme = Scheme(kind="key", place="query", name="k")
    assert presented(scheme, "s", "http://x.test/a?b=1") == ("http://x.test/a?b=1&k=s", ())
    assert presented(scheme, "", "http://x.test/a") == ("http://x.test/a", ())


def test_basic_is_the_id_and_the_secret():
    header = basic(WHO)
    assert base64.b64decode(header.removeprefix("Basic ")) == b"me:canary: of/mine"
    assert presented(Scheme(kind="basic"), header, "http://x.test/a")[1] == (("Authorization", header),)
