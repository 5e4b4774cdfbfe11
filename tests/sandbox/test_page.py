"""The documents that the platform serves: its contract as shipped, and a page for people made from it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
import yaml

from harness.contracts import packs
from harness.sandbox.page import _operation
from tests.sandbox.contract_shape import DOCUMENT, OPERATIONS, refused

PACK = packs.pack_path("1.7")
DOCUMENTS = ("/docs", "/openapi.json", "/openapi.yaml", "/asyncapi.yaml")
LEFT_OPEN = {"meta", "p"}
"""What HTML lets a page leave unclosed, as far as the page uses it."""


class Reader(HTMLParser):
    """What a browser would make of the page: blocks per operation, the examples, and everything it refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.blocks: list[str] = []
        self.examples: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset")]
        if tag not in LEFT_OPEN:
            self.open.append(tag)
        if tag == "details":
            self.blocks.append("")
        if tag == "pre":
            self.examples.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in LEFT_OPEN:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "details" in self.open:
            self.blocks[-1] += data
        if "pre" in self.open:
            self.examples[-1] += data


@pytest.fixture(scope="module")
def page(partner: Any) -> Reader:
    """The API page, parsed."""
    answer = partner.http.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Reader(answer.text)


def test_the_page_is_whole_and_needs_nothing_else(page: Reader) -> None:
    assert page.open == []
    assert not page.tags & {"script", "img", "iframe", "link", "object", "form"}
    assert sorted(page.links) == ["/asyncapi.yaml", "/metrics", "/openapi.yaml"]


def test_what_the_page_links_to_is_there(partner: Any, page: Reader) -> None:
    assert {partner.http.get(link).status_code for link in page.links} == {200}


def test_every_operation_has_one_block_with_scope_and_answers(page: Reader) -> None:
    assert len(page.blocks) == len(OPERATIONS)
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            (block,) = [one for one in page.blocks if f"{operation['operationId']} · scope" in one]
            assert block.startswith(f"{method.upper()} {path} {operation['summary']}")
            scopes = [scope for one in operation["security"] for scope in one.get("oauth2", [])]
            assert f"scope {', '.join(scopes) or 'none'}" in block
            assert f"answers {', '.join(operation['responses'])}" in block
            assert ("· deprecated" in block) is operation.get("deprecated", False)


def test_the_examples_can_be_copied(page: Reader) -> None:
    shown = [json.loads(one) for one in page.examples]
    wanted = [example["value"] for operation in OPERATIONS.values()
              for media in operation.get("requestBody", {}).get("content", {}).values()
              for example in media.get("examples", {}).values()]
    assert wanted
    assert sorted(map(repr, shown)) == sorted(map(repr, wanted))


def test_markup_in_a_contract_is_shown_and_not_run() -> None:
    marked = "</pre><b onclick=x()>"
    operation = {"summary": marked, "description": marked, "operationId": "x", "responses": {"200": {}},
                 "requestBody": {"content": {"application/json": {"examples": {"one": {"value": marked}}}}}}
    block = _operation("GET", "/{" + marked + "}", operation)
    assert Reader(block).examples == [json.dumps(marked)]
    assert marked not in block


def test_the_contract_is_served_as_shipped_in_both_forms(partner: Any) -> None:
    as_json, as_yaml = partner.http.get("/openapi.json"), partner.http.get("/openapi.yaml")
    assert as_json.headers["Content-Type"] == "application/json"
    assert as_yaml.headers["Content-Type"] == "application/yaml"
    assert as_json.content == (PACK / "openapi.json").read_bytes()
    assert yaml.safe_load(as_yaml.text) == as_json.json()
    assert partner.http.get("/asyncapi.yaml").content == (PACK / "asyncapi.yaml").read_bytes()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_for_everybody_to_read_and_nobody_to_write(partner: Any, path: str) -> None:
    answer = partner.http.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Trace-Id"]
    written = partner.http.post(path, json={})
    refused(written, 405, "METHOD_NOT_ALLOWED")
    assert written.headers["Allow"] == "GET"


def test_the_published_examples_fit_the_published_schemas(partner: Any) -> None:
    document = partner.http.get("/openapi.json").json()
    for operation in (one for item in document["paths"].values() for one in item.values()):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            check = jsonschema_rs.Draft202012Validator({"components": document["components"], **media["schema"]})
            for example in media.get("examples", {}).values():
                check.validate(example["value"])


def test_a_planted_defect_of_the_document_goes_with_its_switch(partner: Any) -> None:
    def published() -> bytes:
        return bytes(partner.http.get("/openapi.json").content)

    before = published()
    partner.faults("document-key-optional", "document-without-examples", "document-money-as-number")
    try:
        spoiled = json.loads(published())
    finally:
        partner.faults()
    assert spoiled["components"]["schemas"]["Money"]["properties"]["amount"] == {"type": "number"}
    assert not re.findall(r'"examples"', json.dumps([one.get("requestBody") for item in spoiled["paths"].values()
                                                     for one in item.values()]))
    assert published() == before
