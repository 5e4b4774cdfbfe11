"""Interactions of pacts in every version of the format, whatever else stands in the document."""

import pytest

from harness.model.pact import Kind, Pact, State, Stock, interactions


def pact(**document):
    return Pact(consumer="c", provider="p", source="c.json", document=document)


def only(**document):
    (one,) = interactions(pact(**document))
    return one


REQUEST = {"request": {"method": "get", "path": "/x"}, "response": {"status": 404}}


@pytest.mark.parametrize(("states", "read"), [
    ({"providerState": "a bet"}, (State(name="a bet"),)), ({"providerState": None}, ()),
    ({"providerStates": [{"name": "a", "params": {"n": 1}}, {"name": "b"}]},
     (State(name="a", params={"n": 1}), State(name="b"))),
    ({"providerStates": [{"name": ""}, 7, {"params": {}}]}, ()), ({"providerStates": "x"}, (State(name="x"),)),
    ({}, ())], ids=repr)
def test_states_are_read_in_every_form(states, read):
    assert only(interactions=[{"description": "d", **REQUEST, **states}]).states == read


@pytest.mark.parametrize(("one", "kind"), [
    ({}, Kind.HTTP), ({"type": "Synchronous/HTTP"}, Kind.HTTP), ({"type": "Asynchronous/Messages"}, Kind.MESSAGE),
    ({"type": "Synchronous/Messages"}, Kind.UNKNOWN), ({"type": "Synchronous/HTTP", "transport": "grpc"}, Kind.UNKNOWN),
    ({"type": "Synchronous/HTTP", "pluginConfiguration": {"csv": {}}}, Kind.UNKNOWN), ({"type": 7}, Kind.UNKNOWN)],
    ids=repr)
def test_kinds_are_told_apart(one, kind):
    assert only(interactions=[one]).kind is kind


def test_a_message_of_version_3_stays_among_the_messages():
    one = only(messages=[{"description": "m", "contents": {"a": 1}}], metadata={"pactSpecification": {"version": "3"}})
    assert one.kind is Kind.MESSAGE
    assert one.alone == {"consumer": {"name": "c"}, "provider": {"name": "p"}, "messages": [
        {"description": "m", "contents": {"a": 1}}], "metadata": {"pactSpecification": {"version": "3"}}}


def test_alone_holds_nothing_that_loads_a_plugin_or_is_not_its_own():
    whole = pact(interactions=[{"description": "a", "pending": True, **REQUEST}, {"description": "b"}],
                 metadata={"plugins": [{"name": "evil"}], "pactSpecification": {"version": "4.0"}})
    first, _ = interactions(whole)
    assert [one["description"] for one in first.alone["interactions"]] == ["a"]
    assert first.alone["metadata"] == {"pactSpecification": {"version": "4.0"}}
    assert (first.pending, "pending" in first.alone["interactions"][0]) == (True, False)


def test_what_a_pact_says_for_certify_is_read_and_nothing_else_is_believed():
    said = {"controls": ["MONEY-01"], "needs": ["jackpots"], "when": {"unknown_rollback": "accepted"}}
    one = only(interactions=[{"comments": {"certify": said}, **REQUEST}])
    assert (one.controls, one.needs, one.when) == (("MONEY-01",), ("jackpots",), {"unknown_rollback": "accepted"})
    hostile = only(interactions=[{"comments": {"certify": {"controls": 5, "needs": {}, "when": []}}}])
    assert (hostile.controls, hostile.needs, hostile.when) == ((), (), {})
    assert one.expected_status == 404


def test_a_stock_comes_back_from_json_as_it_was():
    stock = Stock(pacts=(pact(interactions=[]),), sources=("a",), problems=("b",))
    assert Stock.from_dict(stock.to_dict()) == stock
