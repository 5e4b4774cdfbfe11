"""The contract is valid, complete, and its examples obey it; 1.6 to 1.7 only adds."""

import json
from datetime import date

import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from harness.contracts import packs
from harness.drift.changes import Verdict
from harness.drift.compare import Options, compare
from harness.drift.document import read_document
from harness.drift.judged import judged
from harness.drift.versions import path_major
from harness.model.operations import operations, resolve

VERSIONS = packs.versions()


@pytest.fixture(params=VERSIONS)
def document(request):
    return packs.openapi(request.param)


def validator(document, schema):
    return jsonschema_rs.validator_for({**schema, "components": document["components"]} if "$ref" not in schema else
                                       {"$ref": schema["$ref"], "components": document["components"]},
                                       validate_formats=True)


def test_the_versions_are_released_in_order():
    assert VERSIONS == ("1.6", "1.7")


def test_the_document_is_valid_openapi(document):
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.parametrize("version", VERSIONS)
def test_yaml_and_json_twins_agree(version):
    text = (packs.pack_path(version) / "openapi.yaml").read_text(encoding="utf-8")
    assert yaml.load(text, Loader=yaml.CSafeLoader) == packs.openapi(version)


def bodies(document):
    for op in operations(document).values():
        content = resolve(document, op.document.get("requestBody", {})).get("content", {})
        yield from ((op.id, "request", media) for media in content.values())
        for status, response in op.document["responses"].items():
            for media in resolve(document, response).get("content", {}).values():
                yield op.id, status, media


def test_every_body_has_examples_that_validate(document):
    checked = 0
    for name, where, media in bodies(document):
        assert media.get("examples"), (name, where)
        for example in media["examples"].values():
            errors = [e.message for e in validator(document, media["schema"]).iter_errors(example["value"])]
            assert not errors, (name, where, errors)
            checked += 1
    assert checked > 300


def test_every_operation_is_complete(document):
    for op in operations(document).values():
        assert op.document["summary"]
        assert "security" in op.document
        statuses = set(op.document["responses"])
        assert any(s.startswith("2") for s in statuses)
        assert {s for s in statuses if s[0] in "45"} >= {"405", "500"}, op.id
        for status, response in op.document["responses"].items():
            headers = resolve(document, response)["headers"]
            assert "X-Trace-Id" in headers, (op.id, status)
            assert status not in ("429", "503") or "Retry-After" in headers


def test_every_write_requires_the_idempotency_key(document):
    writes = [op for op in operations(document).values() if op.write]
    assert len(writes) >= 16
    assert all(op.header_parameters()["x-idempotency-key"]["required"] for op in writes)


def test_links_lead_to_operations(document):
    known = operations(document)
    links = [link for op in known.values() for r in op.document["responses"].values()
             for link in r.get("links", {}).values()]
    assert len(links) >= 14
    assert all(link["operationId"] in known for link in links)


@pytest.mark.parametrize("version", VERSIONS)
def test_event_schemas_accept_their_examples_and_refuse_a_missing_member(version):
    schemas = packs.event_schemas(version)
    assert len(schemas) >= 19
    for name, schema in schemas.items():
        check = jsonschema_rs.validator_for(schema, validate_formats=True)
        (example,) = schema["examples"]
        assert check.is_valid(example), name
        for member in schema["required"]:
            assert not check.is_valid({k: v for k, v in example.items() if k != member}), (name, member)


@pytest.mark.parametrize("version", VERSIONS)
def test_asyncapi_names_every_event_schema(version):
    folder = packs.pack_path(version)
    document = yaml.load((folder / "asyncapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert document["asyncapi"] == "3.0.0"
    refs = {m["payload"]["schema"]["$ref"] for m in document["components"]["messages"].values()}
    assert refs == {f"./events/{p.name}" for p in (folder / "events").iterdir()}
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            assert message["$ref"].rpartition("/")[2] in document["components"]["messages"]
    assert json.dumps(document)


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_the_project_passes_its_own_gate(name):
    """As `certify drift` of both files: additions alone, under the number that they need."""
    read = [read_document((folder / name).read_bytes(), file=name,
                          others=lambda path, folder=folder: (folder / path).read_bytes())
            for folder in map(packs.pack_path, VERSIONS)]
    found = judged(compare(*read, options=Options(today=date(2026, 11, 22))), old="1.6", new="1.7",
                   allow=Verdict.ADDITIVE, path_majors=(path_major(read[0].value), path_major(read[1].value)))
    assert found.ok, (found.failing, found.version)
    assert (found.comparison.verdict, found.comparison.new_version) == (Verdict.ADDITIVE, "1.7.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_asyncapi_is_whole_in_itself(version):
    document = packs.asyncapi(version)
    schemas = {name: message["payload"]["schema"] for name, message in document["components"]["messages"].items()}
    assert schemas == packs.event_schemas(version)
    assert "./events/" not in json.dumps(document)


def test_from_1_6_to_1_7_nothing_is_taken_away():
    old, new = packs.openapi("1.6"), packs.openapi("1.7")
    known = operations(new)
    for name, op in operations(old).items():
        later = known[name]
        assert (op.method, op.path) == (later.method, later.path)
        assert set(op.document["responses"]) <= set(later.document["responses"])
    for name, schema in old["components"]["schemas"].items():
        later = new["components"]["schemas"][name]
        assert set(schema.get("properties", {})) <= set(later.get("properties", {})), name
        assert set(later.get("required", [])) == set(schema.get("required", [])), name
    assert set(packs.event_schemas("1.6")) < set(packs.event_schemas("1.7"))
