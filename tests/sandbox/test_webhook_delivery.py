"""What a webhook receiver can rely on: order within a key, patience with it, bounded waiting, keys that change."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from harness.sandbox.clock import parse_iso
from harness.sandbox.context import Platform
from harness.sandbox.supervisor import SandboxOptions, start_sandbox
from harness.sandbox.webhooks.sender import Sender
from harness.sandbox.webhooks.signing import sign, signature_header, verify
from tests.sandbox import test_webhooks
from tests.sandbox.conftest import Partner
from tests.sandbox.contract_shape import conforming, refused, registered_event
from tests.sandbox.test_webhooks import FAST, Receiver, a_bet, delivery, signed

_subscribed: list[tuple[Any, str]] = []


def subscribe(partner: Any, receiver: Any, *types: str) -> dict[str, Any]:
    """Registers an endpoint that is deleted again before its receiver's port is free for another."""
    endpoint = test_webhooks.subscribe(partner, receiver, *types)
    _subscribed.append((partner, endpoint["endpoint_id"]))
    return endpoint


def unsubscribe() -> None:
    while _subscribed:
        partner, endpoint = _subscribed.pop()
        assert partner.send("DELETE", f"/v1/webhooks/endpoints/{endpoint}").status_code in (204, 404)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    one = Receiver()
    yield one
    unsubscribe()
    one.close()


class Mute:
    """A receiver that takes deliveries and never answers them."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/hooks"
        self.called = threading.Event()
        self._links: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._links.append(self._listener.accept()[0])
                self.called.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for one in (self._listener, *self._links):
            one.close()


@pytest.fixture
def mute() -> Iterator[Mute]:
    """A receiver that hangs."""
    one = Mute()
    yield one
    unsubscribe()
    one.close()


@pytest.fixture(scope="module")
def hasty() -> Iterator[Any]:
    """A partner of a sandbox whose back-off takes a hundredth of the time."""
    with start_sandbox(SandboxOptions(changes=FAST)) as running:
        one = Partner(running)
        yield one
        one.http.close()


def bodies(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in receiver.wait(count)]


def deliveries(partner: Any, **query: Any) -> Any:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return partner.send("GET", f"/v1/webhooks/deliveries?{text}")


def seconds_until_next_attempt(partner: Any, endpoint: str) -> float:
    due = parse_iso(delivery(partner, endpoint)["next_attempt_at"])
    return (due - parse_iso(partner.admin("GET", "/sandbox/clock")["now"])) / 1000


def test_an_endpoint_is_told_what_it_asked_for_and_what_came_after_it(partner: Any, receiver: Receiver) -> None:
    session = partner.session(partner.player())
    partner.bet(session, 1)
    subscribe(partner, receiver, "bet.authorized", "bet.rolled_back")
    bet = partner.bet(session, 1)
    partner.rollback(bet)
    got = [registered_event(one) for one in bodies(receiver, 2)]
    assert [(one["type"], one["data"]["bet_id"]) for one in got] == [("bet.authorized", bet), ("bet.rolled_back", bet)]
    assert [(headers["x-event-type"], headers["x-trace-id"]) for _, headers, _ in receiver.got] == [
        (one["type"], one["trace_id"]) for one in got]


def test_a_delivery_is_the_feeds_event(partner: Any, receiver: Receiver) -> None:
    subscribe(partner, receiver, "*")
    bet = a_bet(partner)
    assert partner.eventually(lambda: any(bet in str(body) for _, _, body in receiver.got))
    (authorized,) = partner.get(f"/v1/events?bet_id={bet}&type=bet.authorized")["items"]
    assert partner.eventually(lambda: authorized in [json.loads(body) for _, _, body in receiver.got])


def test_events_of_one_key_wait_for_each_other_and_others_overtake(partner: Any, receiver: Receiver) -> None:
    subscribe(partner, receiver, "bet.authorized", "bet.settled")
    session = partner.session(partner.player())
    receiver.script = [(500, {"Retry-After": "600"})]
    failing = partner.bet(session, 10)
    receiver.wait(1)
    partner.settle(failing, 5)
    quick = [partner.bet(session, 10)]
    receiver.wait(2)
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": 601})
    try:
        quick.append(partner.bet(session, 10))  # wakes the sender, which sleeps by the wall clock
        got = [(one["type"], one["data"]["bet_id"]) for one in bodies(receiver, 5)]
    finally:
        partner.admin("POST", "/sandbox/clock", {"advance_seconds": -601})
    assert got[:2] == [("bet.authorized", failing), ("bet.authorized", quick[0])]
    assert [kind for kind, bet in got if bet == failing] == ["bet.authorized", "bet.authorized", "bet.settled"]
    assert {bet for _, bet in got} == {failing, *quick}


def test_a_receiver_that_hangs_holds_up_nobody_else(partner: Any, receiver: Receiver, mute: Mute) -> None:
    endpoint = subscribe(partner, mute, "bet.authorized")
    subscribe(partner, receiver, "bet.authorized")
    first, second = a_bet(partner), a_bet(partner)
    assert mute.called.wait(5)
    assert {one["data"]["bet_id"] for one in bodies(receiver, 2)} == {first, second}
    seen = conforming("listWebhookDeliveries", deliveries(partner, endpoint_id=endpoint["endpoint_id"]), 200)["items"]
    assert len(seen) == 2
    assert {one["status"] for one in seen} <= {"pending", "retrying"}


def test_what_was_due_or_on_its_way_at_a_kill_is_sent_after_it(start: Any, receiver: Receiver, mute: Mute) -> None:
    partner = start(changes=FAST)
    subscribe(partner, mute, "bet.authorized")
    subscribe(partner, receiver, "bet.authorized")
    session = partner.session(partner.player())
    bets = {partner.bet(session, 1) for _ in range(12)}
    assert mute.called.wait(5)
    partner.running.kill_platform()
    mute.called.clear()
    assert partner.eventually(lambda: partner.running.restarts > 0)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    assert mute.called.wait(5), "a delivery that nobody answered comes again"
    assert partner.eventually(lambda: {one["data"]["bet_id"] for one in bodies(receiver, 0)} == bets)
    names = {(one["data"]["bet_id"], one["event_id"]) for one in bodies(receiver, 12)}
    assert len(names) == len(bets), "at least once, always under the same event id"


def test_everything_but_success_and_gone_is_tried_again_later_and_later(hasty: Any, receiver: Receiver) -> None:
    refusals = [301, 400, 401, 404, 429, 500, 503]
    receiver.script = [(status, {"Location": receiver.url}) for status in refusals] + [(204, {})]
    endpoint = subscribe(hasty, receiver, "bet.authorized")["endpoint_id"]
    a_bet(hasty)
    times = [at for at, _, _ in receiver.wait(8)]
    assert hasty.eventually(lambda: delivery(hasty, endpoint)["status"] == "delivered")
    last = delivery(hasty, endpoint)
    assert (last["attempts"], last["last_status"], last["next_attempt_at"]) == (8, 204, None)
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert all(pause >= 0.8 * 0.01 * 0.5 * 2**n for n, pause in enumerate(pauses)), pauses


@pytest.mark.parametrize("said", ["9" * 30, "9" * 400])
def test_an_absurd_retry_after_is_bounded(hasty: Any, receiver: Receiver, said: str) -> None:
    receiver.script = [(503, {"Retry-After": said})]
    endpoint = subscribe(hasty, receiver, "bet.authorized")["endpoint_id"]
    a_bet(hasty)
    receiver.wait(1)
    assert hasty.eventually(lambda: delivery(hasty, endpoint)["attempts"] == 1)
    assert delivery(hasty, endpoint)["last_status"] == 503
    assert 60 < seconds_until_next_attempt(hasty, endpoint) <= 3_600


@pytest.mark.parametrize("said", ["-1", "soon", "1e9", "0", ""])
def test_a_retry_after_that_names_no_time_changes_nothing(hasty: Any, receiver: Receiver, said: str) -> None:
    receiver.script = [(503, {"Retry-After": said})]
    endpoint = subscribe(hasty, receiver, "bet.authorized")["endpoint_id"]
    a_bet(hasty)
    receiver.wait(2)
    assert hasty.eventually(lambda: delivery(hasty, endpoint)["status"] == "delivered")


def test_a_long_retry_after_is_waited_for_on_the_platforms_clock(hasty: Any, receiver: Receiver) -> None:
    receiver.script = [(503, {"Retry-After": "600"})]
    endpoint = subscribe(hasty, receiver, "bet.authorized")["endpoint_id"]
    first = a_bet(hasty)
    receiver.wait(1)
    assert hasty.eventually(lambda: delivery(hasty, endpoint)["status"] == "retrying")
    assert 570 < seconds_until_next_attempt(hasty, endpoint) <= 600
    hasty.admin("POST", "/sandbox/clock", {"advance_seconds": 601})
    try:
        second = a_bet(hasty)
        assert {one["data"]["bet_id"] for one in bodies(receiver, 3)[1:]} == {first, second}
    finally:
        hasty.admin("POST", "/sandbox/clock", {"advance_seconds": -601})


def test_what_ends_while_the_sender_reads_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row was read as it was before: due at once, whatever the receiver asked for since."""
    row = {"endpoint_id": "we-1", "key": "player:1", "next_attempt_at": 0, "from_position": 1}
    answers = [[row], {"newest": 1}, [row]]

    async def read(_: Any) -> Any:
        if len(answers) == 1:
            sender._busy.clear()  # the delivery ends now
        return answers.pop(0)

    platform: Any = SimpleNamespace(store=SimpleNamespace(read=read), clock=SimpleNamespace(now_ms=lambda: 1_000))
    sender = Sender(platform)
    sent: list[Any] = []

    def deliver(*delivery: Any) -> Any:
        sent.append(delivery)
        return asyncio.sleep(0)

    monkeypatch.setattr(sender, "_deliver", deliver)
    sender._busy.add(("we-1", "player:1"))
    asyncio.run(sender._round())
    assert sent == []


def test_back_off_doubles_to_a_ceiling_and_is_spread() -> None:
    platform = SimpleNamespace(settings=SimpleNamespace(webhook_time_scale=1.0))
    sender = Sender(cast(Platform, platform))
    for attempts, middle in [(1, 0.5), (2, 1.0), (3, 2.0), (7, 32.0), (8, 60.0), (20, 60.0)]:
        pauses = [sender._pause(attempts) for _ in range(200)]
        assert all(0.8 * middle <= pause <= 1.2 * middle for pause in pauses)
        assert max(pauses) - min(pauses) > 0.2 * middle, "retries of many deliveries come apart"


def test_a_signature_covers_timestamp_and_bytes() -> None:
    body = b'{"event_id":"ev-1"}'
    header = signature_header(["new", "old"], "1700000000", body)
    # Computed apart from this code base: printf '1700000000.{"event_id":"ev-1"}' | openssl dgst -sha256 -hmac new
    assert sign("new", "1700000000", body) == "f4dfc625cbd56db07b07b81f51028f48b709f5a54a876e5ccda74166563172c7"
    assert verify("new", "1700000000", header, body)
    assert verify("old", "1700000000", header, body)
    assert not verify("new", "1700000001", header, body)
    assert not verify("new", "1700000000", header, body + b" ")
    assert not verify("other", "1700000000", header, body)
    assert not verify("new", "1700000000", "", body)
    assert not verify("new", "1700000000", "héx", body)


def test_the_old_secret_stops_signing_when_the_overlap_ends(hasty: Any, receiver: Receiver) -> None:
    endpoint = subscribe(hasty, receiver, "bet.authorized")
    path = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}/rotate-secret"
    rotated = conforming("rotateWebhookSecret", hasty.send("POST", path, {"overlap_seconds": 600}), 200)
    moved = 0
    try:
        for advance, old_signs in ((0, True), (601, False)):
            hasty.admin("POST", "/sandbox/clock", {"advance_seconds": advance})
            moved += advance
            a_bet(hasty)
            _, headers, body = receiver.wait(1 if old_signs else 2)[-1]
            assert signed(rotated["secret"], headers, body)
            assert signed(endpoint["secret"], headers, body) is old_signs
    finally:
        hasty.admin("POST", "/sandbox/clock", {"advance_seconds": -moved})


def test_a_deleted_endpoint_is_told_nothing_more(hasty: Any, receiver: Receiver) -> None:
    receiver.script = [(500, {"Retry-After": "600"})]
    endpoint = subscribe(hasty, receiver, "bet.authorized")["endpoint_id"]
    a_bet(hasty)
    receiver.wait(1)
    assert hasty.eventually(lambda: delivery(hasty, endpoint)["status"] == "retrying")
    path = f"/v1/webhooks/endpoints/{endpoint}"
    assert hasty.send("DELETE", path).status_code == 204
    refused(hasty.send("GET", path), 404, "NOT_FOUND")
    refused(hasty.send("DELETE", path), 404, "NOT_FOUND")
    assert deliveries(hasty, endpoint_id=endpoint).json()["items"] == []
    hasty.admin("POST", "/sandbox/clock", {"advance_seconds": 601})
    try:
        subscribe(hasty, receiver, "bet.rolled_back")
        hasty.rollback(a_bet(hasty))
        assert [one["type"] for one in bodies(receiver, 2)] == ["bet.authorized", "bet.rolled_back"]
    finally:
        hasty.admin("POST", "/sandbox/clock", {"advance_seconds": -601})


def test_endpoints_are_answered_as_the_contract_says(partner: Any, receiver: Receiver) -> None:
    body = {"url": receiver.url, "event_types": ["bet.settled"], "description": "ours"}
    answer = partner.send("POST", "/v1/webhooks/endpoints", body)
    made = conforming("createWebhookEndpoint", answer, 201)
    path = f"/v1/webhooks/endpoints/{made['endpoint_id']}"
    assert answer.headers["Location"] == path
    read = conforming("getWebhookEndpoint", partner.send("GET", path), 200)
    assert read == {name: value for name, value in made.items() if name != "secret"}
    assert {name: read[name] for name in body} == body
    assert read in conforming("listWebhookEndpoints", partner.send("GET", "/v1/webhooks/endpoints"), 200)["items"]


def test_deliveries_come_in_pages_and_by_filter(partner: Any, receiver: Receiver) -> None:
    endpoint = subscribe(partner, receiver, "bet.authorized")["endpoint_id"]
    session = partner.session(partner.player())
    bets = [partner.bet(session, 1) for _ in range(5)]
    assert partner.eventually(
        lambda: len(deliveries(partner, endpoint_id=endpoint, status="delivered").json()["items"]) == 5)
    found: list[str] = []
    cursor: dict[str, str] = {}
    for size in (2, 2, 1):
        page = conforming("listWebhookDeliveries", deliveries(partner, endpoint_id=endpoint, limit=2, **cursor), 200)
        assert (len(page["items"]), page["has_more"]) == (size, size == 2)
        found += [one["event_id"] for one in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    announced = [partner.get(f"/v1/events?type=bet.authorized&bet_id={bet}")["items"][0]["event_id"] for bet in bets]
    assert found == announced
    (one,) = deliveries(partner, endpoint_id=endpoint, event_id=found[3]).json()["items"]
    assert (one["event_id"], one["event_type"], one["last_status"]) == (found[3], "bet.authorized", 200)
    assert deliveries(partner, endpoint_id=endpoint, status="dead").json()["items"] == []
    refused(deliveries(partner, status="lost"), 400, "VALIDATION_FAILED")


def test_only_its_owner_drives_a_dead_letter_again(hasty: Any, receiver: Receiver) -> None:
    receiver.script = [(500, {})] * 8
    endpoint = subscribe(hasty, receiver, "bet.authorized")["endpoint_id"]

    def letters() -> list[dict[str, Any]]:
        page = conforming("listDeadLetters", hasty.send("GET", "/v1/webhooks/dead-letters"), 200)
        return [one for one in page["items"] if one["endpoint_id"] == endpoint]

    a_bet(hasty)
    assert hasty.eventually(lambda: bool(letters()))
    name = letters()[0]["delivery_id"]
    path = f"/v1/webhooks/dead-letters/{name}/redrive"
    other = Partner(hasty.running, "provider-b", "brand-b1")
    try:
        refused(other.send("POST", path), 404, "NOT_FOUND")
        assert other.get("/v1/webhooks/dead-letters")["items"] == []
    finally:
        other.http.close()
    first = conforming("redriveDeadLetter", hasty.send("POST", path, key=name), 202)
    assert first == {"delivery_id": name, "status": "pending"}
    receiver.wait(9)
    assert hasty.send("POST", path, key=name).json() == first, "the repeat of the call drives nothing again"
    assert hasty.eventually(lambda: delivery(hasty, endpoint)["status"] == "delivered")
    assert letters() == []
    assert [headers["x-delivery-attempt"] for _, headers, _ in receiver.got] == [*map(str, range(1, 9)), "1"]
    trail = hasty.admin("GET", "/sandbox/audit")["items"]
    assert [one["action"] for one in trail if one["detail"].get("delivery_id") == name] == ["dead_letter.redriven"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_dead_letter_without_a_live_endpoint_is_not_driven(hasty: Any, receiver: Receiver, gone: bool) -> None:
    receiver.script = [(410, {})] if gone else [(500, {})] * 8
    path = f"/v1/webhooks/endpoints/{subscribe(hasty, receiver, 'bet.authorized')['endpoint_id']}"
    a_bet(hasty)
    receiver.wait(1)
    assert hasty.eventually(lambda: delivery(hasty, path.rpartition("/")[2])["status"] == "dead")
    name = delivery(hasty, path.rpartition("/")[2])["delivery_id"]
    if not gone:
        assert hasty.send("DELETE", path).status_code == 204
    refused(hasty.send("POST", f"/v1/webhooks/dead-letters/{name}/redrive"), 409, "INVALID_STATE")
    assert delivery(hasty, path.rpartition("/")[2])["status"] == "dead"


def test_nothing_is_owed_to_an_endpoint_that_is_gone(start: Any, receiver: Receiver) -> None:
    partner = start(changes=FAST)
    receiver.script = [(503, {"Retry-After": "600"}), (410, {}), (410, {})]
    endpoint = subscribe(partner, receiver, "bet.authorized", "bet.settled")["endpoint_id"]
    bet = a_bet(partner)
    receiver.wait(1)
    partner.settle(bet, 5)
    assert partner.eventually(lambda: len(deliveries(partner, endpoint_id=endpoint).json()["items"]) == 2)
    assert "webhook_deliveries_owed 2.0" in partner.http.get("/metrics").text
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": 601})
    a_bet(partner)  # wakes the sender, which sleeps by the wall clock
    assert partner.eventually(lambda: partner.get(f"/v1/webhooks/endpoints/{endpoint}")["status"] == "disabled")
    assert partner.eventually(lambda: "webhook_deliveries_owed 0.0" in partner.http.get("/metrics").text)
    assert "bet.settled" not in [json.loads(body)["type"] for _, _, body in receiver.got]
