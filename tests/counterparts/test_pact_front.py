"""What stands between Pact's verifier and the target: requests are made ours and recorded, states never fail there."""

import http.client
import json
import threading
from urllib.parse import urlsplit

import pytest

from harness.counterparts.pact_desk import PactDesk
from harness.counterparts.pacts.forwarding import Forwarder
from harness.counterparts.pacts.front import Front
from harness.counterparts.pacts.setting import Setting, Unset, hook_at, values_of
from harness.counterparts.pacts.states import STATES
from harness.counterparts.pacts.verifying import verify_pacts
from harness.drivers.hook_command import state_command
from harness.model.errors import Prerequisite
from harness.model.operations import match
from harness.model.outcome import Owner
from harness.model.pact import Pact, State, Stock, interactions
from harness.model.pact_record import Became, PactRecord, Verdict
from harness.model.pact_settings import PactSettings

HEADERS = {"Authorization": "Bearer example", "X-Idempotency-Key": "key-1", "X-Trace-Id": "t-1", "X-Brand-Id": "theirs",
           "Host": "127.0.0.1", "User-Agent": "pact_verifier/1.4", "Accept": "application/json"}


def interaction(*, status=200, generators=None, response=None, states=(), path="/v1/bets/rollback", certify=None):
    one = {"description": "d", "request": {"method": "POST", "path": path, "generators": generators or {}},
           "response": {"status": status, **(response or {})}, "comments": {"certify": certify or {}},
           "providerStates": [{"name": s} for s in states]}
    (found,) = interactions(Pact(consumer="c", provider="p", source="c.json", document={"interactions": [one]}))
    return found


def sent(lab, one, headers=HEADERS, path="/v1/bets/rollback"):
    request = Forwarder(lab, lab.provider).request(one, match(lab.known, "POST", path), "POST", path,
                                                   tuple(headers.items()), b"{}")
    return {name.lower(): value for name, value in request.headers}, request


# -- requests ------------------------------------------------------------------------------------------
def test_who_calls_and_which_call_it_is_are_ours_and_nothing_else_changes(lab):
    headers, request = sent(lab, interaction(), {**HEADERS, "X-Own": "stays"})
    assert headers["authorization"] == "Bearer token-0123456789"
    assert headers["x-idempotency-key"].startswith("key-ep")
    assert headers["x-trace-id"] != "t-1"
    assert (headers["x-brand-id"], headers["x-region"], headers["x-provider-id"]) == ("brand-a1", "eu-west", "provider")
    assert (headers["accept"], headers["x-own"]) == ("application/json", "stays")
    assert not {"host", "user-agent", "content-length"} & set(headers)
    assert (request.operation, request.body, request.label, request.check) == ("rollbackBet", b"{}", "pact", lab.check)


def test_what_the_pact_makes_itself_is_left_alone(lab):
    made = {"header": {"X-Idempotency-Key": {"type": "Uuid"}, "$.X-Trace-Id[0]": {"type": "Uuid"},
                       "authorization": {"type": "ProviderState"}}}
    headers, _ = sent(lab, interaction(generators=made))
    assert (headers["x-idempotency-key"], headers["x-trace-id"], headers["authorization"]) == ("key-1", "t-1",
                                                                                            "Bearer example")


@pytest.mark.parametrize(("status", "kept"), [
    (401, {"authorization": "Bearer example", "x-brand-id": "theirs"}),
    (400, {"x-idempotency-key": "key-1", "x-trace-id": "t-1", "x-brand-id": "theirs",
           "authorization": "Bearer token-0123456789"}), (403, {"x-brand-id": "theirs"})])
def test_what_a_refusal_is_about_is_left_alone(lab, status, kept):
    headers, _ = sent(lab, interaction(status=status))
    assert {name: headers[name] for name in kept} == kept
    bare, _ = sent(lab, interaction(status=status), {"Accept": "*/*"})
    assert "x-idempotency-key" not in bare
    assert ("authorization" in bare) is (status != 401)


def test_a_trace_that_the_consumer_wants_back_is_kept(lab):
    literal = interaction(response={"headers": {"x-trace-id": ["t-1"]}})
    assert sent(lab, literal)[0]["x-trace-id"] == "t-1"
    matched = interaction(response={"headers": {"X-Trace-Id": "t-1"}, "matchingRules": {
        "header": {"X-Trace-Id": {"matchers": [{"match": "type"}]}}}})
    assert sent(lab, matched)[0]["x-trace-id"] != "t-1"


def test_the_profiles_name_of_the_key_is_used(lab, target, workshop_of, changed):
    other = changed(target, profile=changed(target.profile, idempotency_header="Idempotency-Key"))
    headers, _ = sent(type(lab)(workshop_of(other), "c", ("X-01",)), interaction())
    assert "x-idempotency-key" not in headers
    assert headers["idempotency-key"].startswith("key-")


def test_a_foreign_apis_own_key_is_fresh_and_its_headers_are_its_own(lab, target, workshop_of, changed):
    foreign = type(lab)(workshop_of(changed(target, foreign=True)), "c", ("X-01",))
    headers, _ = sent(foreign, interaction(path="/orders"), {"Idempotency-Key": "example", "X-Brand-Id": "theirs"},
                      "/orders")
    assert headers["idempotency-key"].startswith("key-")
    assert (headers["x-brand-id"], "x-trace-id" in headers) == ("theirs", False)


def test_what_is_published_is_signed_by_us(lab, target, workshop_of, changed, client):
    signing = changed(target, credentials={**target.credentials, "provider": client("provider", signing_secret="s")})
    path = "/v1/inbox/events"
    headers, _ = sent(type(lab)(workshop_of(signing), "c", ("X-01",)), interaction(path=path),
                      {**HEADERS, "x-signature": "example"}, path)
    assert len(headers["x-signature"]) == 64
    assert headers["x-timestamp"].isdigit()


# -- the front -----------------------------------------------------------------------------------------
@pytest.fixture
def front(lab):
    """front(setting=None) -> a running front."""
    made = []

    def make(setting=None, **options):
        made.append(Front(lab, lab.provider, lab.known, setting or Setting(lab), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def ask(url, body=b"", method="POST", suffix="", headers=None):
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        line.request(method, parts.path + suffix, body, headers or {})
        answer = line.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        line.close()


def test_a_call_goes_through_the_recording_client_and_its_answer_comes_back_whole(lab, subject, lines, front):
    subject.answers["POST /v1/bets/rollback"] = (409, {"code": "X"}, {"X-Trace-Id": "theirs"})
    running = front()
    leg = running.leg("0", interaction())
    status, headers, body = ask(running.url("0"), b'{"bet_id":"b"}', suffix="/v1/bets/rollback?a=%2F&b")
    assert (status, headers["X-Trace-Id"], json.loads(body)) == (409, "theirs", {"code": "X"})
    assert [(e.operation, e.label, e.url.partition("/v1")[2]) for e in leg.exchanges] == [
        ("rollbackBet", "pact", "/bets/rollback?a=%2F&b")]
    assert lines.of("exchange")[-1]["request_body"] == '{"bet_id":"b"}'


def test_a_body_in_chunks_arrives_whole(subject, front):
    running = front()
    running.leg("0", interaction())
    parts = urlsplit(running.url("0"))
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    line.request("POST", parts.path + "/v1/bets/rollback", iter([b'{"bet_id"', b':"b"}']), encode_chunked=True,
                 headers={"Transfer-Encoding": "chunked"})
    assert line.getresponse().status == 200
    line.close()
    assert subject.sent("POST /v1/bets/rollback")[0].body == b'{"bet_id":"b"}'


def test_nobody_else_gets_in(subject, front):
    running = front()
    running.leg("0", interaction())
    other = running.url("0").replace(running.url("0").split("/")[3], "0" * 32)
    assert [ask(url, suffix="/v1/x")[0] for url in (other, running.url("1"), running.url("0").rpartition("/to")[0])] \
        == [404] * 3
    assert not [r for r in subject.requests if r.path == "/v1/x"]


def test_a_state_that_fails_answers_at_once_is_not_tried_again_and_its_request_is_not_sent(lab, subject, front):
    subject.answers["POST /sandbox/players"] = (500, {"code": "NO"}, {})
    running = front()
    legs = [running.leg(str(n), interaction(states=["an authorized bet"])) for n in range(2)]
    told = json.dumps({"state": "an authorized bet", "params": {}, "action": "setup"}).encode()
    for n in range(2):
        assert ask(running.state_url(str(n)), told)[::2] == (200, b"{}")
        assert ask(running.url(str(n)), suffix="/v1/bets/rollback")[0] == 502
    assert len(subject.sent("POST /sandbox/players")) == 1
    assert not subject.sent("POST /v1/bets/rollback")
    assert [(leg.unset.owner, "createSandboxPlayer answered 500" in leg.unset.why) for leg in legs] == [
        (Owner.SUBJECT, True)] * 2


def test_a_state_that_takes_too_long_is_given_up(lab, front):
    gate = threading.Event()
    running = front(Setting(lab, lambda _: gate.wait(30) and {}), state_seconds=0.1)
    leg = running.leg("0", interaction(states=["mine"]))
    assert ask(running.state_url("0"), b'{"state": "mine", "params": {}, "action": "setup"}')[::2] == (200, b"{}")
    gate.set()
    assert (leg.unset.owner, leg.unset.why) == (Owner.ENVIRONMENT, "state 'mine' took longer than 0.1 s")


def test_a_state_gives_its_values_and_none_needs_none(lab, subject, front):
    running = front()
    running.leg("0", interaction())
    status, _, values = ask(running.state_url("0"), b'{"state": "an unknown bet", "params": {}, "action": "setup"}')
    assert (status, list(json.loads(values))) == (200, ["bet_id"])
    for told in (b'{"state": "", "action": "setup"}', b"", b"[]", b'{"state": "an unknown bet", "action": "teardown"}'):
        assert ask(running.state_url("0"), told)[::2] == (200, b"{}")


def test_no_answer_and_no_token_are_told_apart(lab, subject, front):
    running = front()
    lost, poor = running.leg("0", interaction()), running.leg("1", interaction())
    subject.answers["POST /v1/bets/rollback"] = b""
    assert ask(running.url("0"), suffix="/v1/bets/rollback")[0] == 504
    assert lost.exchanges[0].failure
    subject.answers["POST /v1/oauth/token"] = (401, {}, {})
    lab.provider.forget_tokens()
    assert ask(running.url("1"), suffix="/v1/bets/rollback")[0] == 502
    assert "no access token" in poor.unset.why


# -- states --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("params", "says"), [
    ({"amount": -1}, "minor units"), ({"amount": "5"}, "minor units"), ({"amount": True}, "minor units"),
    ({"currency": 7}, "must be a text"), ({"bets": 21}, "at most 20")], ids=repr)
def test_parameters_that_are_none_are_the_pacts_fault(lab, subject, params, says):
    subject.answers["POST /sandbox/players"] = (201, {}, {})
    subject.answers["POST /v1/sessions"] = (201, {"session_id": "s"}, {})
    with pytest.raises(Unset, match=says) as unset:
        Setting(lab).up(State(name="a round of several bets", params=params))
    assert unset.value.owner is Owner.PROFILE


def test_a_state_that_nobody_knows_says_what_to_declare(lab):
    setting = Setting(lab)
    assert "states = \"URL\"" in setting.unknown(State(name="the moon is full"))
    with pytest.raises(Unset) as unset:
        setting.up(State(name="the moon is full"))
    assert unset.value.owner is Owner.PROFILE
    assert not any(setting.unknown(State(name=name)) for name in STATES)


def test_foreign_states_go_to_the_hook_up_and_down(lab):
    told = []
    setting = Setting(lab, lambda said: told.append(said) or {"order": "o-1"})
    state = State(name="an order", params={"n": 1})
    assert setting.up(state) == {"order": "o-1"}
    setting.down(state)
    setting.down(State(name="an unknown bet"))
    assert told == [{"state": "an order", "params": {"n": 1}, "action": action} for action in ("setup", "teardown")]
    assert (setting.alone(state), setting.alone(State(name="an unknown bet"))) == (True, False)


def test_a_hook_that_cannot_take_a_state_down_is_told_loudly(lab, lines):
    def hook(said):
        raise Prerequisite("it hangs")

    Setting(lab, hook).down(State(name="an order"))
    assert lines.of("note") == [{"text": "not undone: provider state 'an order': it hangs"}]


def test_a_hook_at_a_url_takes_what_pacts_verifiers_send(lab, subject):
    from functools import partial

    hook = hook_at(f"{subject.url}/states", partial(lab.send, by=lab.provider), lab.check)
    subject.answers["POST /states"] = (200, {"order": "o-1"}, {})
    assert hook({"state": "s", "params": {}, "action": "setup"}) == {"order": "o-1"}
    assert json.loads(subject.sent("POST /states")[0].body) == {"state": "s", "params": {}, "action": "setup"}
    for answer, says in (((500, {}, {}), "answered 500"), ((200, [1], {}), "JSON object"), (b"", "answered protocol")):
        subject.answers["POST /states"] = answer
        with pytest.raises(Prerequisite, match=says):
            hook({"state": "s", "params": {}, "action": "setup"})
    assert values_of(b" ") == {}


def test_a_hook_that_is_a_command_gets_the_same_on_its_input(lines, tmp_path):
    script = tmp_path / "state.py"
    script.write_text("import json, sys\ntold = json.load(sys.stdin)\n"
                      "if told['state'] == 'bad': sys.exit('no such thing')\n"
                      "if told['state'] == 'odd': print('[1]'); sys.exit()\n"
                      "if told['state'] == 'slow': import time; time.sleep(60)\n"
                      "print(json.dumps({'id': told['params']['n']}))\n")
    import sys

    hook = state_command(f"{sys.executable} {script}", lines, limit_seconds=5.0)
    assert hook({"state": "s", "params": {"n": 7}, "action": "setup"}) == {"id": 7}
    with pytest.raises(Prerequisite, match="no such thing"):
        hook({"state": "bad", "params": {}, "action": "setup"})
    with pytest.raises(Prerequisite, match="no JSON object"):
        hook({"state": "odd", "params": {}, "action": "setup"})
    with pytest.raises(Prerequisite, match="no end within 0 s"):
        state_command(f"{sys.executable} {script}", lines, limit_seconds=0.2)({"state": "slow", "params": {"n": 1},
                                                                             "action": "setup"})
    assert [line["code"] for line in lines.of("hook")] == [0, 1, 0, None]


# -- the whole, with a verifier of our own ---------------------------------------------------------------
def record_of(lines):
    (line,) = lines.of("pacts")
    return PactRecord.from_line(json.loads(json.dumps(line)))


def driven(lab, workshop_of, target, verify, *ones, **desk):
    documents = {"interactions": [dict(one.document, description=f"d{n}") for n, one in enumerate(ones)]}
    stock = Stock(pacts=(Pact(consumer="c", provider="p", source="c.json", document=documents),), sources=("c.json",))
    mine = type(lab)(workshop_of(target, pacts=PactDesk(stock=stock, verify=verify, **desk)), lab.check, lab.controls)
    verify_pacts(mine)


def verifier(*, oks):
    """Asks each job's URL as Pact's would, and says what `oks` says of each try."""
    tries = {}

    def verify(jobs, *, at_once=4):
        found = {}
        for job in jobs:
            one = job.document["interactions"][0]
            for state in one["providerStates"]:
                ask(job.state_url, json.dumps({"state": state["name"], "params": {}, "action": "setup"}).encode())
            ask(job.url, b"{}", suffix=one["request"]["path"])
            name = one["description"]
            said = oks[name][tries.setdefault(name, 0)]
            tries[name] += 1
            found[job.key] = Verdict(key=job.key, ok=said is True, error=said if isinstance(said, str) else "")
        return found

    return verify


def test_each_interaction_gets_its_result_and_a_mismatch_is_tried_again(lab, workshop_of, target, lines):
    driven(lab, workshop_of, target, verifier(oks={"d0": [True], "d1": [False, False], "d2": [False, True],
                                                   "d3": ["no idea"], "d4": [True]}),
           *[interaction() for _ in range(4)], interaction(states=["the moon is full"]),
           interaction(certify={"when": {"unknown_rollback": "not_found"}}))
    record = record_of(lines)
    assert [r.became for r in record.results] == [Became.VERIFIED, Became.MISMATCHED, Became.DIFFERED,
                                                  Became.NOT_VERIFIED, Became.NOT_SET_UP]
    assert [len(r.exchanges) for r in record.results] == [1, 2, 2, 1, 0]
    assert [(left.description, "unknown_rollback" in left.why) for left in record.left_out] == [("d5", True)]
    assert (record.results[2].blame, record.results[4].blame) == ("subject", "target profile")


def test_what_the_target_itself_consumes_is_not_asked_of_it(lab, workshop_of, target, changed, lines):
    mine = changed(target, pact=PactSettings(providers=("somebody else",)))
    driven(lab, workshop_of, mine, verifier(oks={}), interaction())
    assert record_of(lines).results == ()


def test_what_says_nothing_or_something_odd_is_no_pass(lab, workshop_of, target, lines):
    driven(lab, workshop_of, target, verifier(oks={}))
    driven(lab, workshop_of, target, verifier(oks={}), interaction(certify={"when": {"unknown_rolback": "accepted"}}))
    first, second = (PactRecord.from_line(json.loads(json.dumps(line))) for line in lines.of("pacts"))
    assert [(r.became, r.blame, r.why) for r in (*first.results, *second.results)] == [
        (Became.NOT_VERIFIED, "target profile", "c.json has no interactions"),
        (Became.NOT_VERIFIED, "target profile",
         "its certify.when names 'unknown_rolback', which is no choice of the contract profile")]
    assert second.left_out == ()


def test_what_broke_off_is_recorded_as_not_verified(lab, workshop_of, target, lines):
    def verify(jobs, *, at_once=4):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        driven(lab, workshop_of, target, verify, interaction())
    assert [r.became for r in record_of(lines).results] == [Became.NOT_VERIFIED]


def test_one_at_a_time_where_a_hook_sets_states(lab, workshop_of, target, lines):
    seen = []

    def verify(jobs, *, at_once):
        seen.append(at_once)
        return {job.key: Verdict(key=job.key, ok=True) for job in jobs}

    driven(lab, workshop_of, target, verify, interaction(states=["mine"]), state_command=dict)
    driven(lab, workshop_of, target, verify, interaction(states=["an unknown bet"]))
    assert seen == [1, 4]
