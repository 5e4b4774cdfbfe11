"""Contracts: built in, from a file, or as the target publishes it; a hostile document ends in one line."""

import json
import time

import pytest

from harness.content import contract
from harness.content.contract import load_contract, read_document
from harness.contracts import packs
from harness.model.errors import EnvironmentFault, UsageError
from harness.model.operations import operations
from harness.model.profile import ContractProfile
from tests.support import Handler

SMALL = {"openapi": "3.1.0", "info": {}, "paths": {"/x": {"get": {"operationId": "getX"}}}}
HEAD = "openapi: 3.1.0\npaths: {/x: {get: {operationId: getX}}}\n"
LAUGHS = HEAD + "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))


@pytest.mark.parametrize("version", packs.versions())
def test_a_built_in_version_is_driven_as_it_is_published(version):
    loaded = load_contract(version, ContractProfile())
    assert loaded["openapi"] is loaded["unified"]
    assert loaded["openapi"] == packs.openapi(version)
    assert "bet.settled" in loaded["event_schemas"]


def test_the_profile_shapes_the_built_in_contract_and_never_the_pack():
    before = json.dumps(packs.openapi("1.7"), sort_keys=True)
    profile = ContractProfile(idempotency_header="Idempotency-Key", money_form="decimal_string",
                              signature_header="X-Hub-Signature", timestamp_header="X-Hub-Time")
    document = load_contract("1.7", profile)["openapi"]
    authorize = operations(document)["authorizeBet"]
    assert "idempotency-key" in authorize.header_parameters()
    assert "x-idempotency-key" not in authorize.header_parameters()
    signed = {"x-hub-signature", "x-hub-time", "x-signature", "x-timestamp"} & set(
        operations(document)["publishEvent"].header_parameters())
    assert signed == {"x-hub-signature", "x-hub-time"}
    money = document["components"]["schemas"]["Money"]["properties"]["amount"]
    assert money["type"] == "string"
    assert json.dumps(packs.openapi("1.7"), sort_keys=True) == before


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_document_of_the_user_is_judged_and_the_newest_contract_driven(tmp_path, suffix):
    path = tmp_path / f"api.{suffix}"
    path.write_text("\ufeff" + json.dumps(SMALL), encoding="utf-8")
    loaded = load_contract(str(path), ContractProfile())
    assert loaded["openapi"] == SMALL
    assert "authorizeBet" in operations(loaded["unified"])
    assert "getX" not in operations(loaded["unified"])


def test_yaml_becomes_what_json_knows(tmp_path):
    path = tmp_path / "api.yaml"
    path.write_text(HEAD + "x-a: {200: 1, 2020-01-01: 2026-11-21, null: ~, on: [1.5, !!binary aGk=]}\n")
    document = read_document(path)
    assert document["x-a"] == {"200": 1, "2020-01-01": "2026-11-21", "None": None, "True": [1.5, "b'hi'"]}
    json.dumps(document, sort_keys=True)


@pytest.mark.parametrize(("name", "text", "says"), [
    ("api.json", "{", "api.json:1: not JSON"), ("api.json", json.dumps(SMALL) + "\n\nx", "api.json:3: not JSON"),
    ("api.yaml", "openapi: 3.1.0\n  bad: [", "api.yaml:2: not YAML"), ("api.yaml", b"\xff\xfe\x00", "not UTF-8"),
    ("api.yaml", "a: \x00", "not YAML"), ("api.yaml", HEAD + "---\n" + HEAD, "not YAML"),
    ("api.yaml", HEAD + "x: !!python/object/apply:os.system [id]", "not YAML"),
    ("api.yaml", HEAD + "? [a]\n: b", "not YAML"), ("api.yaml", "[]", "not an OpenAPI 3"),
    ("api.yaml", "", "not an OpenAPI 3"), ("api.json", "null", "not an OpenAPI 3"),
    ("api.yaml", "swagger: '2.0'", "not an OpenAPI 3"), ("api.yaml", "openapi: 3.1.0", "no operations"),
    ("api.yaml", "openapi: 3.1.0\npaths: [1]", "no operations"),
    ("api.yaml", "openapi: 3.1.0\npaths: {/x: {get: 3}}", "no operations"),
    ("api.yaml", LAUGHS, "over 100000 values"), ("api.yaml", HEAD + "a: &a [*a]", "cyclic"),
    ("api.yaml", HEAD + "a: [&x 1" + ", *x" * 1001 + "]", "over 1000 aliases"),
    ("api.yaml", "[" * 500, "nested deeper"), ("api.json", "[" * 500 + "]" * 500, "nested deeper"),
    ("api.json", "[" * 200_000, "too deep"), ("api.yaml", HEAD + "x: " + "9" * 5000, "too deep or cyclic")],
    ids=lambda v: str(v)[:24])
def test_a_document_that_cannot_be_used_is_named_in_one_line(tmp_path, monkeypatch, name, text, says):
    monkeypatch.setattr(contract, "_MAX_VALUES", 100_000)
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    began = time.monotonic()
    with pytest.raises(UsageError) as error:
        load_contract(str(path), ContractProfile())
    assert time.monotonic() - began < 20
    line = error.value.line()
    assert says in line
    assert name in line
    assert len(line) < 600


@pytest.mark.parametrize(("reference", "says"), [
    ("9.9", "neither a built-in version nor a document"), ("", "neither"), ("api.txt", "neither"),
    ("/nonexistent/api.yaml", "No such file"), ("/tmp/.yaml/", "neither")])
def test_a_reference_to_nothing_names_what_there_is(reference, says):
    with pytest.raises(UsageError, match=says) as error:
        load_contract(reference, ContractProfile())
    assert error.value.remedy


def test_a_document_beyond_the_limit_is_not_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr(contract, "_MAX_DOCUMENT", 1 << 20)
    path = tmp_path / "api.json"
    path.write_bytes(b" " * (2 << 20))
    with pytest.raises(UsageError, match="2 MiB is more than 1 MiB"):
        read_document(path)


@pytest.fixture
def publisher(serve):
    """publisher(status, body pieces) serves a document at every path; returns the base URL."""
    def start(status, pieces):
        class Answering(Handler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Location", "/elsewhere.json")
                self.end_headers()
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                except OSError:
                    return

        return serve(Answering)

    return start


def test_the_document_that_the_target_publishes_is_judged(publisher):
    url = publisher(200, [json.dumps(SMALL).encode()])
    assert load_contract("target:/openapi.json", ContractProfile(), url)["openapi"] == SMALL


@pytest.mark.parametrize("status", [302, 401, 404, 429, 503])
def test_a_target_that_does_not_publish_it_is_the_environments_fault(publisher, status):
    url = publisher(status, [json.dumps(SMALL).encode()])
    with pytest.raises(EnvironmentFault, match=f"answered {status}") as error:
        load_contract("target:/openapi.json", ContractProfile(), url)
    assert url in error.value.line()


def test_a_published_document_that_never_ends_is_cut(publisher, monkeypatch):
    monkeypatch.setattr(contract, "_MAX_DOCUMENT", 1 << 18)
    url = publisher(200, (b" " * 65536 for _ in range(100_000)))
    with pytest.raises(EnvironmentFault, match="endless or too slow"):
        load_contract("target:/openapi.json", ContractProfile(), url)


def test_a_published_document_that_is_none_is_named_by_its_url(publisher):
    url = publisher(200, [b"<html>"])
    with pytest.raises(UsageError, match=r"openapi\.json:1: not JSON"):
        load_contract("target:/openapi.json", ContractProfile(), url)


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://["])
def test_a_target_that_is_not_there_is_the_environments_fault(base):
    with pytest.raises(EnvironmentFault) as error:
        load_contract("target:/openapi.json", ContractProfile(), base)
    assert error.value.line().startswith(f"contract {base}/openapi.json: ")
    assert "Does the target publish it?" in error.value.line()
