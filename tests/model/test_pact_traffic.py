"""Pacts beside traffic: operations, classes of answers, and what is left out."""

from harness.contracts import packs
from harness.model.pact import Pact, interactions
from harness.model.pact_traffic import Call, calls_in, compare

CONTRACT = packs.openapi("1.7")


def call(line, status=200, source="e1"):
    method, path = line.split()
    return Call(method=method, path=path, status=status, source=source)


AUTHORIZE, READ = call("POST /v1/bets/authorize"), call("GET /v1/bets/b-1")


def test_what_is_used_and_promised_is_covered():
    found = compare([AUTHORIZE, call("GET /v1/bets/other")], [READ, AUTHORIZE, AUTHORIZE], CONTRACT)
    assert (found.covered, found.uncovered, found.unseen, found.answers) == (("authorizeBet", "getBet"), (), (), ())
    assert (found.calls, found.interactions) == (3, 2)


def test_what_is_used_and_not_promised_is_named_with_its_first_calls():
    found = compare([AUTHORIZE], [AUTHORIZE, *(call("POST /v1/bets/settle", source=f"e{n}") for n in range(5))],
                    CONTRACT)
    [used] = found.uncovered
    assert (used.operation, used.call, used.answer, used.count) == ("settleBet", "POST /v1/bets/settle", "2xx", 5)
    assert used.sources == ("e0", "e1", "e2")


def test_another_class_of_answers_is_told_apart():
    found = compare([AUTHORIZE], [AUTHORIZE, call("POST /v1/bets/authorize", 422)], CONTRACT)
    assert not found.uncovered
    assert [(used.operation, used.answer) for used in found.answers] == [("authorizeBet", "4xx")]


def test_what_is_promised_and_never_seen_is_told():
    found = compare([AUTHORIZE, call("POST /v1/bets/authorize", 422), READ], [AUTHORIZE], CONTRACT)
    assert [(used.operation, used.answer) for used in found.unseen] == [("authorizeBet", "4xx"), ("getBet", "2xx")]


def test_tokens_administration_and_trouble_need_no_pact():
    found = compare([AUTHORIZE], [AUTHORIZE, call("POST /v1/oauth/token"), call("POST /sandbox/players"),
                                  call("GET /v1/bets/b-1", 503), call("GET /v1/bets/b-1", 429)], CONTRACT)
    assert (found.calls, found.uncovered, found.strange) == (1, (), ())


def test_a_prefix_before_the_version_belongs_to_the_host():
    assert compare([AUTHORIZE], [call("POST /platform/v1/bets/authorize")], CONTRACT).covered == ("authorizeBet",)


def test_calls_of_no_operation_are_named_and_count_for_nothing():
    found = compare([AUTHORIZE], [call("GET /favicon.ico"), call("GET /favicon.ico")], CONTRACT)
    assert (found.calls, found.strange) == (0, ("GET /favicon.ico",))


def test_messages_are_no_calls():
    document = {"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": [
        {"type": "Asynchronous/Messages", "description": "m", "contents": {}},
        {"type": "Synchronous/HTTP", "description": "h", "request": {"method": "get", "path": "/v1/bets/1"},
         "response": {"status": 404}}]}
    [only] = calls_in(interactions(Pact(consumer="a", provider="b", source="x", document=document)))
    assert (only.method, only.path, only.status, only.source) == ("GET", "/v1/bets/1", 404, "a → b: h")
