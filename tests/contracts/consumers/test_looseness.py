"""The shipped pacts refuse nothing that the contract allows, and notice what a consumer would miss."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest

from harness.content.pacts import shipped_pacts
from harness.contracts import packs
from harness.drivers.pact_verifier.verifying import verify
from harness.model.operations import match, operations, resolve
from harness.model.pact import Interaction, Kind, interactions
from harness.model.pact_message import directions, event_type, example
from harness.model.pact_record import Job, Produced

SCHEMAS = packs.event_schemas("1.7")


def shipped(version: str) -> list[Interaction]:
    return [one for pact in shipped_pacts(version) for one in interactions(pact)]


MESSAGES = list(directions(shipped("1.7")).sent)
CALLS = [pytest.param(version, one, id=f"{version} {one.name}") for version in packs.versions()
         for one in shipped(version) if one.kind is Kind.HTTP]


class Contract:
    """A released version, and what it says of an interaction."""

    def __init__(self, version: str) -> None:
        self.document = packs.openapi(version)
        self._known = operations(self.document)

    def operation(self, one: Interaction) -> Any:
        found = match(self._known, one.request["method"], one.request["path"])
        assert found, f"{one.name} asks for no operation of the contract"
        return found

    def schema_of(self, content: Any) -> Any:
        return resolve(self.document, resolve(self.document, content))["content"]["application/json"]["schema"]

    def answer_schema(self, one: Interaction) -> Any:
        return self.schema_of(self.operation(one).document["responses"][str(one.expected_status)])


def wrong(schema: Any, value: Any, document: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [error.message for error in jsonschema_rs.validator_for(whole, validate_formats=True).iter_errors(value)]


def optional(schema: Any, value: Any, document: Any, at: str = "$") -> Iterator[str]:
    """Members of the example that the schema lets a right implementation leave out."""
    schema = resolve(document, schema)
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name not in schema.get("required", ()):
                yield f"{at}.{name}"
            yield from optional(schema.get("properties", {}).get(name, {}), one, document, f"{at}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from optional(schema.get("items", {}), one, document, f"{at}[*]")


@pytest.mark.parametrize(("version", "one"), CALLS)
def test_requests_are_what_the_contract_takes(version, one) -> None:
    contract = Contract(version)
    operation = contract.operation(one)
    required = {name for name, p in operation.header_parameters().items() if p.get("required")}
    assert required <= {name.lower() for name in one.request["headers"]}
    if "body" in one.request:
        schema = contract.schema_of(operation.document["requestBody"])
        assert wrong(schema, one.request["body"]["content"], contract.document) == []


@pytest.mark.parametrize(("version", "one"), CALLS)
def test_answers_are_what_the_contract_gives_and_need_no_optional_member(version, one) -> None:
    contract = Contract(version)
    schema, body = contract.answer_schema(one), one.document["response"]["body"]["content"]
    problems = wrong(schema, body, contract.document)
    assert [problem for problem in problems if "is a required property" not in problem] == []
    assert list(optional(schema, body, contract.document)) == []


@pytest.mark.parametrize("version", packs.versions())
def test_messages_need_no_optional_member(version) -> None:
    schemas = packs.event_schemas(version)
    for one in directions(shipped(version)).sent:
        assert list(optional(schemas[event_type(one)], example(one), {})) == [], one.name


def test_an_older_version_is_asked_for_all_but_what_came_later() -> None:
    assert {one.description for one in shipped("1.7")} - {one.description for one in shipped("1.6")} == {
        "settle a bet with the state of the bonus", "pay a triggered jackpot", "the event jackpot.paid",
        "read the pool of a jackpot that was paid", "read a player's balances"}
    assert [one.description for one in shipped("target.yaml")] == [one.description for one in shipped("1.7")]


def produced(event: Any) -> Produced:
    return Produced(contents=json.dumps(event).encode())


def variants(kind: str) -> list[Any]:
    """Events that the contract allows: its example, one with more in it, one of another implementation's ways."""
    typical: Any = SCHEMAS[kind]["examples"][0]
    more = {**typical, "added": {"later": [1]}, "data": {**typical["data"], "added": None}}
    names = {name: "Ä/1 #" * 9 if isinstance(value, str) else value for name, value in typical["data"].items()}
    other = {**typical, "event_id": "x", "occurred_at": "2031-01-01T00:00:00+00:00", "schema_version": "1.12",
             "brand_id": None, "region": None, "idempotency_key": None, "sequence": 2**40, "data": names}
    assert wrong(SCHEMAS[kind], more, {"components": {}}) == []
    assert wrong(SCHEMAS[kind], other, {"components": {}}) == []
    return [typical, more, other]


def members(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, one in value.items():
        yield (*path, name)
        if isinstance(one, dict):
            yield from members(one, (*path, name))


def without(event: Any, path: tuple[str, ...]) -> Any:
    event = copy.deepcopy(event)
    inner = event
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return event


def changed(event: Any, path: tuple[str, ...]) -> Any:
    """The member has another type: what was a number is text, all else is a number."""
    event = copy.deepcopy(event)
    inner = event
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = str(inner[path[-1]]) if isinstance(inner[path[-1]], int) else 7
    return event


def test_events_that_the_contract_allows_are_never_refused() -> None:
    jobs = [Job(key=f"{number}-{at}", document=one.alone, produced=produced(event))
            for number, one in enumerate(MESSAGES) for at, event in enumerate(variants(event_type(one)))]
    verdicts = verify(jobs)
    assert len(verdicts) == 3 * len(MESSAGES)
    assert {key: (v.mismatches, v.error) for key, v in verdicts.items() if not v.ok} == {}


@pytest.mark.parametrize("spoil", [without, changed])
def test_each_member_that_a_consumer_reads_is_missed(spoil) -> None:
    jobs = {}
    for number, one in enumerate(MESSAGES):
        for path in members(example(one)):
            event = spoil(SCHEMAS[event_type(one)]["examples"][0], path)
            jobs[f"{number}-{'.'.join(path)}"] = Job(key=f"{number}-{'.'.join(path)}", document=one.alone,
                                                     produced=produced(event))
    verdicts = verify(list(jobs.values()))
    assert [key for key, verdict in verdicts.items() if not verdict.mismatches] == []
