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

CONTRACT = packs.openapi("1.7")
KNOWN = operations(CONTRACT)
SCHEMAS = packs.event_schemas("1.7")
EVERY = [one for pact in shipped_pacts("1.7") for one in interactions(pact)]
CALLS = [one for one in EVERY if one.kind is Kind.HTTP]
MESSAGES = list(directions(EVERY).sent)
named = {"ids": lambda one: one.name}


def operation(one: Interaction) -> Any:
    found = match(KNOWN, one.request["method"], one.request["path"])
    assert found, f"{one.name} asks for no operation of the contract"
    return found


def schema_of(content: Any) -> Any:
    return resolve(CONTRACT, resolve(CONTRACT, content))["content"]["application/json"]["schema"]


def answer_schema(one: Interaction) -> Any:
    return schema_of(operation(one).document["responses"][str(one.expected_status)])


def wrong(schema: Any, value: Any) -> list[str]:
    whole = {**schema, "components": CONTRACT["components"]}
    return [error.message for error in jsonschema_rs.validator_for(whole, validate_formats=True).iter_errors(value)]


def optional(schema: Any, value: Any, at: str = "$") -> Iterator[str]:
    """Members of the example that the schema lets a right implementation leave out."""
    schema = resolve(CONTRACT, schema)
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name not in schema.get("required", ()):
                yield f"{at}.{name}"
            yield from optional(schema.get("properties", {}).get(name, {}), one, f"{at}.{name}")
    elif isinstance(value, list):
        for one in value:
            yield from optional(schema.get("items", {}), one, f"{at}[*]")


@pytest.mark.parametrize("one", CALLS, **named)
def test_requests_are_what_the_contract_takes(one) -> None:
    headers = {name.lower() for name in one.request["headers"]}
    required = {name for name, p in operation(one).header_parameters().items() if p.get("required")}
    assert required <= headers
    if "body" in one.request:
        assert not wrong(schema_of(operation(one).document["requestBody"]), one.request["body"]["content"])


@pytest.mark.parametrize("one", CALLS, **named)
def test_answers_are_what_the_contract_gives_and_need_no_optional_member(one) -> None:
    body = one.document["response"]["body"]["content"]
    assert [problem for problem in wrong(answer_schema(one), body) if "is a required property" not in problem] == []
    assert list(optional(answer_schema(one), body)) == []


@pytest.mark.parametrize("one", MESSAGES, **named)
def test_messages_need_no_optional_member(one) -> None:
    schema = SCHEMAS[event_type(one)]
    assert list(optional(schema, example(one))) == []


def produced(event: Any) -> Produced:
    return Produced(contents=json.dumps(event).encode())


def variants(kind: str) -> list[Any]:
    """Events that the contract allows: its example, one with more in it, one of another implementation's ways."""
    typical: Any = SCHEMAS[kind]["examples"][0]
    more = {**typical, "added": {"later": [1]}, "data": {**typical["data"], "added": None}}
    names = {name: "Ä/1 #" * 9 if isinstance(value, str) else value for name, value in typical["data"].items()}
    other = {**typical, "event_id": "x", "occurred_at": "2031-01-01T00:00:00+00:00", "schema_version": "1.12",
             "brand_id": None, "region": None, "idempotency_key": None, "sequence": 2**40, "data": names}
    assert not wrong(SCHEMAS[kind], more)
    assert not wrong(SCHEMAS[kind], other)
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
