"""Message pacts at a subject of a few lines: what it sends is verified, what it says that it takes is published."""

import json
import urllib.request

import pytest

from harness.counterparts.lab import Lab
from harness.counterparts.pact_desk import PactDesk
from harness.counterparts.pacts.messages import message_pacts, publish_promised, verify_messages
from harness.model.errors import NoHook, Prerequisite
from harness.model.pact import Pact, Stock, interactions
from harness.model.pact_record import Became, Mismatch, PactRecord, Verdict

WRONG = Mismatch(kind="body", path="$.data.win", expected="1", actual="2", says="not that")


def message(kind="bet.settled", consumer="rgs", provider="platform-events", certify=None, **more):
    content = {"type": kind, "event_id": "ev-1", "data": {"bet_id": "b"}}
    return {"type": "Asynchronous/Messages", "description": f"the event {kind}",
            "contents": {"content": content, "contentType": "application/json", "encoded": False},
            "comments": {"certify": certify or {}}, **more}


def pact(*listed, consumer="rgs", provider="platform-events"):
    return Pact(consumer=consumer, provider=provider, source="x.json", document={
        "consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": list(listed)})


HTTP = pact({"type": "Synchronous/HTTP", "description": "h", "request": {}, "response": {}}, provider="platform")


def event(kind, data, name="ev-1"):
    return {"event_id": name, "type": kind, "data": data}


class Platform:
    """Plays a life of bets, and tells what it is asked to."""

    def __init__(self, subject):
        self.told, self.hooks, self.url = [], [], ""
        self.ids = {}
        sent = lambda request: json.loads(request.body)  # noqa: E731
        subject.answers |= {
            "POST /sandbox/players": (201, {}, {}),
            "POST /v1/sessions": (201, {"session_id": "s-9", "created_at": "2026-11-22T10:00:00Z"}, {}),
            "POST /v1/bets/authorize": lambda r: (200, self.ids.setdefault("bets", []).append(sent(r)["bet_id"]), {}),
            "POST /v1/sessions/s-9/close": lambda _: (200, self.deliver(), {}),
            "POST /v1/webhooks/endpoints": lambda r: (201, self.register(sent(r)["url"]), {}),
            "GET /v1/events": lambda _: (200, {"items": self.items(self.told), "has_more": False}, {}),
            "POST /v1/inbox/events": (202, {"status": "accepted"}, {})}

    def register(self, url):
        self.url = url
        return {"endpoint_id": "e-1", "url": url, "secret": "hook-secret-123", "status": "enabled"}

    def items(self, told):
        return [one(self.ids["bets"][0]) if callable(one) else one for one in told]

    def deliver(self):
        for body in self.items(self.hooks):
            request = urllib.request.Request(self.url, json.dumps(body).encode(), method="POST",
                                             headers={"Content-Type": "application/json; charset=utf-8"})
            urllib.request.urlopen(request, timeout=5).close()
        return {}


@pytest.fixture
def platform(subject):
    return Platform(subject)


@pytest.fixture
def jobs():
    return []


@pytest.fixture
def lab_of(workshop_of, target, changed, client, jobs):
    """lab_of(pacts, webhooks=False, wrong=False) -> a lab whose verifier says so of every job."""
    def make(*pacts, webhooks=False, wrong=False, **options):
        def verify(several, *, at_once=4):
            jobs.extend(several)
            found = (WRONG,) if wrong else ()
            return {job.key: Verdict(key=job.key, ok=not wrong, mismatches=found) for job in several}

        party = client("provider", signing_secret="canary-signing-1")
        subject = changed(target, capabilities={"webhooks": webhooks}, **options,
                          credentials={**target.credentials, "provider": party})
        shop = workshop_of(subject, pacts=PactDesk(stock=Stock(pacts=tuple(pacts), sources=("x",)), verify=verify))
        return Lab(shop, "a/test_a.py::test_x", ("PACT-02",))
    return make


def results(lab, lines, *pacts):
    verify_messages(lab, [one for p in pacts for one in interactions(p)])
    [line] = [line for kind, line in lines if kind == "pacts"]
    return PactRecord.from_line(line)


def settled(bet):
    return event("bet.settled", {"bet_id": bet})


def test_an_event_of_the_feed_is_verified_as_it_was_told(lab_of, platform, jobs, lines):
    platform.told = [event("bet.settled", {"bet_id": "somebody else's"}, "ev-0"), settled,
                     event("bet.rolled_back", {"bet_id": "b"}), None, 3, {"type": [], "data": 3}]
    wanted = pact(message())
    [only] = results(lab_of(wanted), lines, wanted).results
    assert (only.became, only.path) == (Became.VERIFIED, "in the events feed")
    assert only.description == "the event bet.settled"
    [job] = jobs
    assert json.loads(job.produced.contents) == settled(platform.ids["bets"][0])
    assert only.exchanges == job.produced.exchanges


def test_a_webhook_is_verified_too_as_it_came(lab_of, platform, jobs, lines):
    platform.told = platform.hooks = [settled]
    wanted = pact(message())
    record = results(lab_of(wanted, webhooks=True), lines, wanted)
    assert [(r.became, r.path) for r in record.results] == [(Became.VERIFIED, "in the events feed"),
                                                            (Became.VERIFIED, "in a webhook")]
    assert jobs[1].produced.content_type == "application/json"
    assert "Content-Type" in jobs[1].produced.metadata


def test_what_its_consumer_cannot_read_is_told_with_the_mismatch(lab_of, platform, lines):
    platform.told = [settled]
    wanted = pact(message())
    [only] = results(lab_of(wanted, wrong=True), lines, wanted).results
    assert (only.became, only.mismatches) == (Became.MISMATCHED, (WRONG,))
    assert only.exchanges


def test_a_type_that_was_not_seen_is_told_by_its_name(lab_of, platform, jobs, lines):
    wanted = pact(message(), message("planet.aligned"))
    record = results(lab_of(wanted), lines, wanted)
    assert [r.became for r in record.results] == [Became.NOT_PRODUCED] * 2
    assert record.results[1].why == "no event of type planet.aligned was seen in the events feed"
    assert jobs == []


def test_a_type_that_cannot_be_caused_says_why(lab_of, platform, subject, lines):
    subject.answers["POST /v1/sessions"] = (500, {"code": "INTERNAL"}, {})
    wanted = pact(message())
    [only] = results(lab_of(wanted), lines, wanted).results
    assert only.became is Became.NOT_PRODUCED
    assert "createSession answered 500 INTERNAL" in only.why


def test_a_message_that_names_no_event_is_the_consumers_fault(lab_of, platform, lines):
    wanted = pact({**message(), "contents": {"content": {"x": 1}, "encoded": False}, "description": "hello"})
    [only] = results(lab_of(wanted), lines, wanted).results
    assert (only.became, only.blame) == (Became.NOT_PRODUCED, "target profile")


def test_what_does_not_apply_is_left_out(lab_of, platform, lines):
    wanted = pact(message(certify={"needs": ["webhooks"]}))
    record = results(lab_of(wanted), lines, wanted)
    assert (record.results, record.left_out[0].why) == ((), "the target does not offer webhooks")


def test_readers_of_metadata_are_asked_about_webhooks_only(lab_of, platform, lines):
    platform.told = platform.hooks = [settled]
    wanted = pact(message(metadata={"X-Event-Id": "ev-1"}))
    [only] = results(lab_of(wanted, webhooks=True), lines, wanted).results
    assert only.path == "in a webhook"


def test_without_message_pacts_nothing_is_certified(lab_of, platform):
    with pytest.raises(NoHook, match="no message pacts"):
        message_pacts(lab_of(HTTP))


STATE = {"providerStates": [{"name": "a player with a balance", "params": {}}],
         "generators": {"body": {"$.data.player_id": {"type": "ProviderState", "expression": "${player_id}"},
                                 "$.event_id": {"type": "Uuid"}}}}


def promised(**more):
    made = message("rg.reality_check", **more)
    made["contents"]["content"]["data"] = {"player_id": "p"}
    return pact(made, consumer="platform", provider="rgs-events")


def test_what_the_platforms_own_pact_names_is_published(lab_of, platform, subject):
    lab = lab_of(HTTP, promised(**STATE))
    [(name, answer)] = publish_promised(lab, message_pacts(lab).taken)
    assert (name, answer.status) == ("platform → rgs-events: the event rg.reality_check", 202)
    [sent] = subject.sent("POST /v1/inbox/events")
    [player] = subject.sent("POST /sandbox/players")
    told = json.loads(sent.body)
    assert told["data"] == {"player_id": json.loads(player.body)["player_id"]}
    assert told["type"] == "rg.reality_check"
    assert told["event_id"] not in ("ev-1", "")
    assert told["tenant_id"] == "tenant-a"


def test_a_state_that_cannot_be_set_up_publishes_nothing(lab_of, platform, subject):
    lab = lab_of(HTTP, promised(providerStates=[{"name": "a blue moon"}]))
    with pytest.raises(Prerequisite, match="a blue moon"):
        publish_promised(lab, message_pacts(lab).taken)
    assert subject.sent("POST /v1/inbox/events") == []


def test_no_promise_is_no_publication(lab_of, platform, subject):
    lab = lab_of(HTTP, pact(message()))
    assert publish_promised(lab, message_pacts(lab).taken) == []
    assert subject.requests == []
