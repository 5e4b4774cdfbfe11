"""Messages of pacts: who sends them, what they are about, and real ones made of examples."""

import json

import pytest

from harness.content.pacts import shipped_pacts
from harness.model.pact import Pact, interactions
from harness.model.pact_message import directions, event_type, example, filled, reads_metadata


def pact(consumer, provider, *listed, **document):
    found = Pact(consumer=consumer, provider=provider, source="x", document={
        "consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": list(listed), **document})
    return interactions(found)


def message(content=None, **members):
    return {"type": "Asynchronous/Messages", "description": "m",
            "contents": {"content": content, "contentType": "application/json", "encoded": False}, **members}


HTTP = {"type": "Synchronous/HTTP", "description": "h", "request": {}, "response": {}}


def test_the_shipped_messages_go_both_ways():
    found = directions([one for p in shipped_pacts("1.7") for one in interactions(p)])
    assert {one.pact.consumer for one in found.sent} == {"rgs", "live-studio", "jackpot-provider"}
    assert [(one.pact.consumer, event_type(one)) for one in found.taken] == [("platform", "rg.reality_check")]


def test_a_target_is_known_by_its_http_pacts_or_by_its_names():
    every = [*pact("rgs", "casino", HTTP), *pact("rgs", "casino-events", message()),
             *pact("casino", "rgs-events", message())]
    assert [one.pact.provider for one in directions(every).taken] == ["rgs-events"]
    assert [one.pact.provider for one in directions(every[1:], ["casino", "casino-events"]).taken] == ["rgs-events"]
    assert not directions(every[1:]).taken


def test_who_consumes_its_own_messages_sends_them():
    every = pact("casino", "casino", message())
    assert directions(every, ["casino"]).sent == every


@pytest.mark.parametrize(("one", "kind"), [
    (message({"type": "bet.settled"}), "bet.settled"),
    (message({"type": "other"}, comments={"certify": {"event": "bet.settled"}}), "bet.settled"),
    (message({"event_type": "bet.settled"}), "bet.settled"),
    (message({"bet_id": "b"}, description="a bet.settled webhook"), "bet.settled"),
    (message({"type": 3}, description="something"), ""), (message([]), ""), (message("text"), "")])
def test_the_type_of_an_event(one, kind):
    assert event_type(pact("a", "b", one)[0]) == kind


def test_messages_of_version_3():
    [one] = interactions(Pact(consumer="a", provider="b", source="x", document={
        "messages": [{"description": "m", "contents": {"type": "bet.settled"}, "metaData": {"contentType": "x"}}]}))
    assert (example(one), event_type(one), reads_metadata(one)) == ({"type": "bet.settled"}, "bet.settled", False)


def test_encoded_contents_are_no_example():
    assert example(pact("a", "b", {**message(), "contents": {"content": "e30=", "encoded": "base64"}})[0]) is None


def test_metadata_beside_the_type_is_noticed():
    assert reads_metadata(pact("a", "b", message({}, metadata={"contentType": "x", "X-Event-Id": "e"}))[0])
    assert not reads_metadata(pact("a", "b", message({}, metadata={"Content-Type": "x"}))[0])


def test_generators_fill_the_example_and_leave_it_as_it_is():
    content = {"data": {"player_id": "p", "n": 3, "ids": ["a", "b"]}, "event_id": "e", "at": "t", "text": "x"}
    generators = {"$.data.player_id": {"type": "ProviderState", "expression": "${player_id}"},
                  "$.data.n": {"type": "ProviderState", "expression": "n"},
                  "$.data.ids[1]": {"type": "Uuid"}, "$['event_id']": {"type": "Uuid"},
                  "$.at": {"type": "DateTime", "format": "x"}, "$.nowhere.x": {"type": "Uuid"}, "$": {"type": "Uuid"},
                  "$.data.ids[9]": {"type": "Uuid"}, "$.text": {"type": "ProviderState", "expression": "a-${n}-b"},
                  "$.other": {"type": "RandomInt"}}
    [one] = pact("a", "b", message(content, generators={"body": generators}))
    made = filled(one, {"player_id": "p-7", "n": 9}, fresh=lambda: "fresh", now=lambda: "now")
    assert made == {"data": {"player_id": "p-7", "n": 9, "ids": ["a", "fresh"]}, "event_id": "fresh", "at": "now",
                    "text": "a-9-b"}
    assert content["event_id"] == "e"


def test_a_value_that_no_state_gave_leaves_the_example():
    generators = {"$.a": {"type": "ProviderState", "expression": "${gone}"}}
    [one] = pact("a", "b", message({"a": "x"}, generators={"body": generators}))
    assert filled(one, {}, fresh=str, now=str) == {"a": "x"}


@pytest.mark.parametrize("odd", [None, 3, [], "x", {"body": 3}, {"body": {"$.a": 3}}, {"body": {"$.a": {"type": []}}}])
def test_odd_generators_are_passed_over(odd):
    [one] = pact("a", "b", message({"a": "x"}, generators=odd))
    assert filled(one, {}, fresh=str, now=str) == {"a": "x"}


def test_hostile_examples_and_paths_end_quickly():
    deep = json.loads('{"a":' * 600 + "1" + "}" * 600)
    generators = {"$" + "['" * 100_000: {"type": "Uuid"}, "$" + ".a" * 400: {"type": "Uuid"}}
    [one] = pact("a", "b", message(deep, generators={"body": generators}))
    assert "fresh" in json.dumps(filled(one, {}, fresh=lambda: "fresh", now=str))
