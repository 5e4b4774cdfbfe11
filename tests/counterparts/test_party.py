"""A party: the headers of a partner, fresh keys, tokens asked for once, and no secret in the record."""

import base64
import json
import threading

import pytest

from harness.contracts import packs
from harness.model.errors import NoHook, Prerequisite
from harness.model.operations import operations


@pytest.fixture
def party(workshop):
    return workshop.party("provider")


def test_a_write_carries_who_key_trace_and_token(party, subject):
    party.call("authorizeBet", {"bet_id": "b", "name": "Zoë"}, check="c", label="l")
    (sent,) = subject.sent("POST /v1/bets/authorize")
    for name, value in {"X-Brand-Id": "brand-a1", "X-Region": "eu-west", "X-Provider-Id": "provider",
                        "Authorization": "Bearer token-0123456789", "Content-Type": "application/json"}.items():
        assert sent.headers[name] == value
    assert sent.headers["X-Idempotency-Key"]
    assert len(sent.headers["X-Trace-Id"]) == 32
    assert sent.body == '{"bet_id":"b","name":"Zoë"}'.encode()


def test_a_read_and_the_administration_carry_no_key_and_the_latter_no_brand(party, workshop, subject):
    party.call("getBet", path={"bet_id": "a/b c?"}, query={"limit": 2, "cursor": None, "type": ["a", "b"]})
    (read,) = [r for r in subject.requests if r.method == "GET"]
    assert read.headers["X-Idempotency-Key"] is None
    assert (read.path, read.query) == ("/v1/bets/a%2Fb%20c%3F", "limit=2&type=a&type=b")
    workshop.party("admin").call("createSandboxPlayer", {})
    (admin,) = subject.sent("POST /sandbox/players")
    assert (admin.headers["X-Idempotency-Key"], admin.headers["X-Brand-Id"]) == (None, None)


def test_keys_and_traces_are_fresh_for_each_call_and_the_same_when_said(party, subject):
    for _ in range(3):
        party.call("rollbackBet", {})
    party.call("rollbackBet", {}, key="mine")
    party.call("rollbackBet", {}, key=None)
    sent = subject.sent("POST /v1/bets/rollback")
    keys = [r.headers["X-Idempotency-Key"] for r in sent]
    assert len(set(keys[:3])) == 3
    assert keys[3:] == ["mine", None]
    assert len({r.headers["X-Trace-Id"] for r in sent}) == 5


def test_headers_are_overridden_in_any_case_and_left_out(party, subject):
    party.call("rollbackBet", raw=b"\xff{", token=None,
               headers={"x-trace-id": None, "X-REGION": "uk", "Content-Type": "text/plain", "X-Empty": ""})
    (sent,) = subject.sent("POST /v1/bets/rollback")
    assert sent.headers["X-Trace-Id"] is None
    assert sent.headers["Authorization"] is None
    assert sent.headers.get_all("X-Region") == ["uk"]
    assert sent.headers.get_all("Content-Type") == ["text/plain"]
    assert sent.headers["X-Empty"] == ""
    assert sent.body == b"\xff{"
    assert subject.sent("POST /v1/oauth/token") == []


def test_the_profile_names_the_key_header(workshop_of, target, changed, subject):
    profile = changed(target.profile, idempotency_header="Idempotency-Key")
    workshop_of(changed(target, profile=profile)).party("provider").call("rollbackBet", {}, key="k")
    (sent,) = subject.sent("POST /v1/bets/rollback")
    assert (sent.headers["Idempotency-Key"], sent.headers["X-Idempotency-Key"]) == ("k", None)


def test_an_operation_that_is_none_is_a_bug_of_the_suite(party):
    with pytest.raises(KeyError, match="authoriseBet"):
        party.call("authoriseBet")
    assert party.operation("authorizeBet").path == "/v1/bets/authorize"


def test_an_operation_of_a_later_release_is_the_profiles_to_offer(workshop):
    workshop.known = operations(packs.openapi("1.6"))
    with pytest.raises(NoHook, match="has no getPlayerBalances") as caught:
        workshop.party("provider").call("getPlayerBalances")
    assert 'contract = "1.7"' in caught.value.remedy


def test_the_same_request_again_is_the_same_but_for_its_trace(party, subject):
    first = party.call("authorizeBet", {"bet_id": "Zoë"}, key="k")
    party.again(first, label="again")
    party.again(first, headers={"X-Region": "uk", "X-Brand-Id": None})
    one, two, three = subject.sent("POST /v1/bets/authorize")
    assert one.body == two.body == three.body
    same = ("X-Idempotency-Key", "X-Region", "X-Brand-Id", "Authorization", "Content-Type")
    assert [one.headers[n] for n in same] == [two.headers[n] for n in same]
    assert one.headers["X-Trace-Id"] != two.headers["X-Trace-Id"]
    assert (three.headers["X-Region"], three.headers["X-Brand-Id"]) == ("uk", None)


# -- tokens -------------------------------------------------------------------------------------------
def test_a_token_is_asked_for_once_by_basic_authentication_even_by_many_at_once(party, subject):
    threads = [threading.Thread(target=party.call, args=("getBet",), kwargs={"path": {"bet_id": "b"}})
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (asked,) = subject.sent("POST /v1/oauth/token")
    assert asked.body == b"grant_type=client_credentials"
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"provider:canary-provider-1"


def test_each_scope_has_its_token_until_tokens_are_forgotten(party, subject):
    assert party.token("bets:write") == party.token("bets:write") == party.token()
    assert [r.body for r in subject.sent("POST /v1/oauth/token")] == [
        b"grant_type=client_credentials&scope=bets%3Awrite", b"grant_type=client_credentials"]
    party.forget_tokens()
    party.token()
    assert len(subject.sent("POST /v1/oauth/token")) == 3


@pytest.mark.parametrize(("lifetime", "again"), [
    (600, False), (5, False), (0, True), (-100, True), (None, False), ("600", False), ([], False), (True, False),
    (10 ** 400, False), (float("inf"), False), (float("nan"), False)], ids=lambda v: repr(v)[:12])
def test_a_token_is_kept_as_long_as_it_says_and_an_absurd_word_is_none(party, subject, lifetime, again):
    body = json.dumps({"access_token": "token-0123456789", "expires_in": lifetime}).encode()
    subject.answers["POST /v1/oauth/token"] = (200, body, {})
    party.token()
    party.token()
    assert len(subject.sent("POST /v1/oauth/token")) == 1 + again


def test_a_refused_token_stops_the_check_with_its_evidence_and_is_asked_for_again(party, subject, lines):
    good = subject.answers["POST /v1/oauth/token"]
    subject.answers["POST /v1/oauth/token"] = (401, {"code": "AUTH_FAILED"}, {})
    with pytest.raises(Prerequisite, match=r"provider \(provider\).*answered 401") as error:
        party.call("rollbackBet", {}, check="c")
    assert error.value.exchanges == tuple(line["id"] for line in lines.of("exchange"))
    subject.answers["POST /v1/oauth/token"] = good
    assert party.call("rollbackBet", {}).status == 200


# -- secrets ------------------------------------------------------------------------------------------
def test_no_secret_reaches_the_record(party, subject, lines):
    echo = "token-0123456789 whsec-canary-99 canary-provider-1"
    subject.default = (200, {"note": echo}, {"X-Echo": echo})
    subject.answers["POST /v1/webhooks/endpoints"] = (201, {"secret": "whsec-canary-99", "endpoint_id": "e1"}, {})
    exchange, secret = party.call_keeping("secret", "createWebhookEndpoint", {"url": "http://x"})
    assert secret == "whsec-canary-99"
    party.call("getBet", path={"bet_id": "whsec-canary-99"})
    assert exchange.field("endpoint_id") == "e1"
    text = json.dumps(list(lines))
    for hidden in ("canary", "token-0123456789", base64.b64encode(b"provider:canary-provider-1").decode()):
        assert hidden not in text
    assert text.count("redacted-") >= 5


@pytest.mark.parametrize("body", [{}, [], {"secret": None}, {"secret": 5}, {"secret": "\ud800-and-more"},
                                  {"secret": "two\nlines"}], ids=repr)
def test_a_secret_that_is_none_is_empty(party, subject, body):
    subject.answers["POST /v1/webhooks/endpoints"] = (201, body, {})
    exchange, secret = party.call_keeping("secret", "createWebhookEndpoint", {})
    assert (exchange.status, secret) == (201, "")
