"""Made-up requests made sendable: what exists is named, what was broken on purpose stays broken."""

import hashlib
import hmac
import json

import pytest

from harness.counterparts.dressing import Dresser
from harness.counterparts.lab import Lab
from harness.engine.ports import FuzzCase
from tests.counterparts.conftest import KNOWN, credential


class Known:
    """Supplies with one of everything."""

    def __init__(self, learnt=()):
        self.learnt = learnt

    def value(self, operation, member):
        known = {"bet_id": "bet-known", "session_id": "ses-known", "player_id": "pl-known"}
        return known.get(member) if operation else None

    def new(self, operation, member):
        return "bet-new" if (operation, member) == ("authorizeBet", "bet_id") else None

    def seen(self, value):
        return value in self.learnt

    def amount(self):
        return {"amount": 77, "currency": "EUR"}


@pytest.fixture
def dressed(workshop_of, target, changed):
    """dressed(operation, body, …) -> the request that would be sent."""
    who = {**target.credentials, "provider": credential("provider", signing_secret="canary-signing")}
    lab = Lab(workshop_of(changed(target, credentials=who)), "a/test_a.py::test_x", ("X-01",))

    def dress(operation, body=None, *, path=None, headers=(), spoiled=(), phase="fuzzing", supplied=True, raw=None,
              learnt=()):
        known = KNOWN[operation]
        case = FuzzCase(operation=operation, method=known.method, url=lab.target.base_url + (path or known.path),
                        headers=headers, phase=phase, spoiled=frozenset(spoiled),
                        body=raw if raw is not None else None if body is None else json.dumps(body).encode())
        return Dresser(lab, KNOWN).request(case, Known(learnt), lab.provider, supplied=supplied)

    return dress


def header(request, name):
    return next((v for n, v in request.headers if n.lower() == name.lower()), None)


def test_identifiers_and_sums_that_exist_take_the_place_of_made_up_ones(dressed):
    sent = json.loads(dressed("settleBet", {"bet_id": "0", "win": {"amount": 10**12, "currency": "XXX"}, "n": 5}).body)
    assert sent == {"bet_id": "bet-known", "win": {"amount": 77, "currency": "EUR"}, "n": 5}


def test_without_supplies_only_what_the_call_makes_gets_a_name_of_its_own(dressed):
    sent = json.loads(dressed("authorizeBet", {"bet_id": "0", "session_id": "0"}, supplied=False).body)
    assert sent == {"bet_id": "bet-new", "session_id": "0"}
    assert json.loads(dressed("settleBet", {"bet_id": "0"}, supplied=False).body) == {"bet_id": "0"}


def test_what_was_spoiled_stays_spoiled(dressed):
    body = {"bet_id": "not\u2028plain", "session_id": "plain", "win": {"amount": "5", "currency": "EUR"}}
    sent = json.loads(dressed("settleBet", body, spoiled=("body",)).body)
    assert sent == {**body, "session_id": "ses-known"}


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"[1]", b'"x"', b"", b"7"])
def test_a_body_that_is_no_object_is_sent_as_it_is(dressed, raw):
    assert dressed("settleBet", raw=raw, spoiled=("body",)).body == raw


def test_the_path_names_what_exists_unless_it_was_spoiled(dressed):
    assert dressed("getBet", path="/v1/bets/%00%0A?x=1").url.endswith("/v1/bets/bet-known?x=1")
    assert dressed("getBet", path="/v1/bets/%00%0A", spoiled=("path",)).url.endswith("/v1/bets/%00%0A")
    assert dressed("getBet", path="/v1/bets/0", supplied=False).url.endswith("/v1/bets/0")


def test_a_link_keeps_what_it_carried_over(dressed):
    assert dressed("getBet", path="/v1/bets/mine", phase="stateful", learnt=("mine",)).url.endswith("/v1/bets/mine")
    assert dressed("getBet", path="/v1/bets/other", phase="stateful", learnt=("mine",)).url.endswith("/bet-known")


def test_headers_of_the_caller_are_its_own_and_an_odd_one_stays_odd(dressed):
    made_up = (("X-Brand-Id", "0"), ("X-Region", "zz"), ("X-Idempotency-Key", "0" * 200), ("Host", "elsewhere"),
               ("X-Trace-Id", "t" * 300), ("Authorization", "Bearer stolen"), ("X-Odd", "1"))
    sent = dressed("getBet", headers=made_up)
    assert (header(sent, "X-Brand-Id"), header(sent, "X-Region"), header(sent, "X-Odd")) == ("brand-a1", "eu-west", "1")
    assert header(sent, "Host") is None
    assert header(sent, "Authorization") == "Bearer token-0123456789"
    for name, length in (("X-Idempotency-Key", 200), ("X-Trace-Id", 300)):
        assert len(header(sent, name)) == length, "as long as it was made up"
    again = dressed("getBet", headers=made_up)
    assert header(sent, "X-Idempotency-Key") != header(again, "X-Idempotency-Key"), "a key of its own each time"
    spoiled = dressed("getBet", headers=(("X-Brand-Id", "\u00e9 "),), spoiled=("header",))
    assert header(spoiled, "X-Brand-Id") == "\u00e9 "


def test_a_long_key_is_as_long_as_it_was_made_up_and_never_a_later_one(dressed):
    def key(made_up):
        return header(dressed("authorizeBet", {}, headers=(("X-Idempotency-Key", made_up),)), "X-Idempotency-Key")

    assert len(key("8" * 100)) == 100
    keys = [key("8" * len(key("8")) + digit) for digit in "0123456789"] + [key("8") for _ in range(400)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("phase", "added"), [("fuzzing", True), ("stateful", True), ("coverage", False),
                                             ("examples", False)])
def test_who_calls_is_told_where_the_engine_was_not_asked_for_it(dressed, phase, added):
    sent = dressed("getBet", phase=phase, headers=(("X-Region", "zz"),))
    assert header(sent, "X-Region") == "eu-west"
    assert (header(sent, "X-Brand-Id"), header(sent, "X-Provider-Id")) == (
        ("brand-a1", "provider") if added else (None, None)), "a header left out on purpose stays out"


def test_an_event_is_signed_over_what_is_sent(dressed):
    sent = dressed("publishEvent", {"event_id": "0"}, headers=(("X-Signature", "0"), ("X-Timestamp", "0")))
    stamp = header(sent, "X-Timestamp")
    wanted = hmac.new(b"canary-signing", stamp.encode() + b"." + sent.body, hashlib.sha256).hexdigest()
    assert header(sent, "X-Signature") == wanted


def test_a_made_up_webhook_address_becomes_one_of_ours(dressed):
    sent = json.loads(dressed("createWebhookEndpoint", {"url": "http://10.0.0.1/", "event_types": ["x"]}).body)
    assert sent["url"].startswith("http://127.0.0.1:")
    odd = dressed("createWebhookEndpoint", {"url": 5, "event_types": ["http"]}, spoiled=("body",))
    assert json.loads(odd.body)["url"] == 5
