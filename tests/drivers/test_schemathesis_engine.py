"""The contract of the Schemathesis adapter: what is used of an engine that is no documented API."""

import json
import re
from collections import Counter

import pytest

from harness.drivers.schemathesis_engine import CHECKS, fuzz
from harness.engine.ports import FuzzEffort, Sent
from harness.model.exchange import Exchange

THING = {"type": "object", "required": ["name", "size"], "additionalProperties": False, "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 8}, "size": {"type": "integer", "minimum": 0}}}
MADE = {"type": "object", "required": ["thing_id"], "properties": {"thing_id": {"type": "string"}}}
DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": "things", "version": "1"}, "paths": {
        "/things": {"post": {
            "operationId": "makeThing", "parameters": [
                {"name": "X-Key", "in": "header", "required": True, "schema": {"type": "string", "minLength": 1}}],
            "requestBody": {"required": True, "content": {"application/json": {
                "schema": THING, "example": {"name": "a", "size": 1}}}},
            "responses": {"201": {"description": "made", "content": {"application/json": {"schema": MADE}},
                                  "links": {"read": {"operationId": "readThing",
                                                     "parameters": {"thing_id": "$response.body#/thing_id"}}}},
                          "400": {"description": "no"}}}},
        "/things/{thing_id}": {"get": {
            "operationId": "readThing", "parameters": [
                {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
                {"name": "depth", "in": "query", "schema": {"type": "integer", "maximum": 9}}],
            "responses": {"200": {"description": "it", "content": {"application/json": {"schema": MADE}}},
                          "404": {"description": "none"}}}}}}
EFFORT = FuzzEffort(examples=10, steps=5, seconds=60)
PHASES = ("examples", "coverage", "fuzzing", "stateful")


class Server:
    """Answers in memory, and keeps what was asked."""

    def __init__(self, status=201, failure=""):
        self.cases = []
        self.status = status
        self.failure = failure

    def __call__(self, case):
        self.cases.append(case)
        status, body = self.answer(case)
        exchange = Exchange(id=f"e-{len(self.cases)}", check="", actor="", method=case.method, url=case.url,
                            status=None if self.failure else status, failure=self.failure, response_body=body,
                            response_headers=(("Content-Type", "application/json"), ("Set-Cookie", "a=1"),
                                              ("Set-Cookie", "b=2")))
        return Sent(exchange, body.encode())

    def answer(self, case):
        if case.operation == "makeThing":
            return self.status, json.dumps({"thing_id": f"thing-{len(self.cases)}"})
        return (200, '{"thing_id": "x"}') if "/things/thing-" in case.url else (404, "{}")


def run(server=None, *, phases=PHASES, seed=1, effort=EFFORT, document=DOCUMENT, settings=None):
    server = server or Server()
    complaints = fuzz(document, base_url="http://subject.test/api", phases=phases, seed=seed, effort=effort,
                      send=server, settings=settings)
    return server.cases, complaints


def shown(case):
    return case.operation, case.method, case.url, case.headers, case.body, case.phase, case.spoiled


def test_every_phase_and_every_operation_sends_through_us():
    cases, _ = run()
    assert {c.phase for c in cases} == set(PHASES)
    assert {c.operation for c in cases} >= {"makeThing", "readThing"}
    assert all(c.url.startswith("http://subject.test/api/things") for c in cases)
    assert all(isinstance(c.body, bytes | None) for c in cases)


def test_a_phase_that_was_not_asked_for_is_not_run():
    assert {c.phase for c in run(phases=("examples",))[0]} == {"examples"}


def test_a_seed_gives_the_same_requests_again_and_another_seed_others():
    first, again, other = (Counter(map(shown, run(seed=seed)[0])) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_valid_and_spoiled_cases_are_told_apart():
    cases = [c for c in run(phases=("coverage", "fuzzing"))[0] if c.operation == "makeThing"]
    valid = [c for c in cases if not c.spoiled]
    assert valid
    for case in valid:
        body = json.loads(case.body)
        assert set(body) == {"name", "size"}
        assert 1 <= len(body["name"]) <= 8
        assert body["size"] >= 0
        assert dict(case.headers)["X-Key"]
    places = {place for c in cases for place in c.spoiled}
    assert {"body", "header"} <= places


def test_nothing_of_the_engine_stands_in_what_is_sent():
    names = {name.lower() for c in run()[0] for name, _ in c.headers}
    assert not names & {"x-schemathesis-testcaseid", "user-agent", "content-length", "accept-encoding"}


def test_links_carry_what_one_answer_made_into_the_next_request():
    cases, _ = run(phases=("stateful",))
    assert any(c.operation == "readThing" and re.search("/things/thing-[0-9]+", c.url) for c in cases)


def test_the_engine_goes_on_after_a_failure_and_tells_what_it_saw():
    cases, complaints = run(Server(status=500), phases=("fuzzing",))
    assert complaints["not_a_server_error"] > 1
    assert sum(c.operation == "makeThing" for c in cases) >= EFFORT.examples


@pytest.mark.parametrize("failure", ["timeout", "connect", "protocol"])
def test_a_target_that_does_not_answer_ends_no_run(failure):
    cases, _ = run(Server(failure=failure), phases=("coverage", "fuzzing"))
    assert cases


def test_only_the_checks_without_a_reason_against_them_are_on():
    accepted = Server(status=422)  # a business refusal of valid data
    assert "positive_data_acceptance" not in run(accepted, phases=("fuzzing",))[1]
    assert all(CHECKS[name] for name in ("use_after_free", "ignored_auth", "positive_data_acceptance"))


def test_the_time_limit_ends_a_run():
    few, _ = run(effort=FuzzEffort(examples=2_000, steps=5, seconds=0), phases=("coverage", "fuzzing"))
    whole, _ = run(effort=FuzzEffort(examples=200, steps=5, seconds=60), phases=("coverage", "fuzzing"))
    assert len(few) < len(whole)


def test_a_document_of_openapi_3_0_is_fuzzed_too():
    cases, _ = run(document={**DOCUMENT, "openapi": "3.0.3"}, phases=("fuzzing",))
    assert {c.operation for c in cases} >= {"makeThing", "readThing"}


def test_nothing_is_written_to_the_folder_of_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(phases=("fuzzing",))
    assert list(tmp_path.iterdir()) == []


def test_the_user_s_settings_add_and_never_take_away():
    few, _ = run(phases=("fuzzing",), settings={"generation": {"max-examples": 1}})
    many, _ = run(phases=("fuzzing",), settings={"generation": {"max-examples": 60}, "max-steps": 1})
    assert len(few) == len(run(phases=("fuzzing",))[0])
    assert len(many) > 2 * len(few)
    given, _ = run(phases=("fuzzing",), settings={"parameters": {"path.thing_id": "thing-7"}})
    assert any("/things/thing-7" in c.url for c in given)
