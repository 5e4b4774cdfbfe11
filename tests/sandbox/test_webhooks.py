"""The webhook sender: signed, retried with back-off, given up to the dead letters, driven again, after a crash too."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

FAST = {"webhook_time_scale": 0.01}


class Receiver:
    """A partner's webhook receiver; `script` holds the answers to come (status, headers), then 200 for ever."""

    def __init__(self) -> None:
        self.got: list[tuple[float, dict[str, str], bytes]] = []
        self.script: list[tuple[int, dict[str, str]]] = []
        self.news = threading.Condition()
        self.endpoints: list[tuple[Any, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with outer.news:
                    outer.got.append((time.monotonic(), {k.lower(): v for k, v in self.headers.items()}, body))
                    status, headers = outer.script.pop(0) if outer.script else (200, {})
                    outer.news.notify_all()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def wait(self, count: int, seconds: float = 10.0) -> list[tuple[float, dict[str, str], bytes]]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.got) >= count, seconds), f"{len(self.got)} of {count} came"
            return list(self.got)

    def close(self) -> None:
        """Ends what was registered here first: the port will be somebody else's."""
        for partner, endpoint in self.endpoints:
            partner.send("DELETE", f"/v1/webhooks/endpoints/{endpoint}")
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    one = Receiver()
    yield one
    one.close()


def subscribe(partner: Any, receiver: Receiver, *types: str) -> dict[str, Any]:
    answer = partner.send("POST", "/v1/webhooks/endpoints", {"url": receiver.url, "event_types": list(types) or ["*"]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    getattr(receiver, "endpoints", []).append((partner, found["endpoint_id"]))
    return found


def a_bet(partner: Any) -> str:
    return str(partner.bet(partner.session(partner.player())))


def signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    wanted = hmac.new(secret.encode(), headers["x-timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return wanted in [one.strip() for one in headers["x-signature"].split(",")]


def delivery(partner: Any, endpoint: str) -> dict[str, Any]:
    """The endpoint's one delivery; it exists a moment after its event."""
    items = partner.get(f"/v1/webhooks/deliveries?endpoint_id={endpoint}")["items"]
    assert len(items) <= 1
    return items[0] if items else {"status": "not yet"}


def test_a_delivery_is_signed_over_its_bytes_and_names_its_event(partner, receiver):
    endpoint = subscribe(partner, receiver, "bet.authorized")
    bet = a_bet(partner)
    ((_, headers, body),) = receiver.wait(1)
    event = json.loads(body)
    assert signed(endpoint["secret"], headers, body)
    assert not signed("another secret", headers, body)
    assert abs(int(headers["x-timestamp"]) - time.time()) < 30
    assert (headers["x-event-id"], event["type"], event["data"]["bet_id"]) == (event["event_id"], "bet.authorized", bet)
    assert partner.eventually(lambda: delivery(partner, endpoint["endpoint_id"])["status"] == "delivered")


def test_the_secret_is_shown_once(partner, receiver):
    endpoint = subscribe(partner, receiver)
    read = partner.send("GET", f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}")
    assert read.status_code == 200
    assert endpoint["secret"] not in read.text
    assert endpoint["secret"] not in partner.send("GET", "/v1/webhooks/endpoints").text


def test_retries_are_the_same_event_with_growing_pauses(start, receiver):
    partner = start(changes={"webhook_time_scale": 0.2})
    receiver.script = [(500, {}), (503, {}), (302, {"Location": "http://127.0.0.1:1/"})]
    endpoint = subscribe(partner, receiver, "bet.authorized")
    a_bet(partner)
    got = receiver.wait(4)
    assert len({body for _, _, body in got}) == 1
    assert len({headers["x-event-id"] for _, headers, _ in got}) == 1
    assert [headers["x-delivery-attempt"] for _, headers, _ in got] == ["1", "2", "3", "4"]
    pauses = [later[0] - sooner[0] for sooner, later in itertools.pairwise(got)]
    assert all(pause >= 0.8 * 0.1 * 2**n for n, pause in enumerate(pauses)), pauses
    assert partner.eventually(lambda: delivery(partner, endpoint["endpoint_id"])["status"] == "delivered")


def test_retry_after_is_kept(start, receiver):
    partner = start(changes=FAST)
    receiver.script = [(503, {"Retry-After": "1"})]
    subscribe(partner, receiver, "bet.authorized")
    a_bet(partner)
    (first, _, _), (second, _, _) = receiver.wait(2)
    assert second - first >= 0.95


def test_a_delivery_that_never_succeeds_is_a_dead_letter_and_can_be_driven_again(start, receiver):
    partner = start(changes=FAST)
    receiver.script = [(500, {})] * 8
    endpoint = subscribe(partner, receiver, "bet.authorized")
    a_bet(partner)
    assert partner.eventually(lambda: delivery(partner, endpoint["endpoint_id"])["status"] == "dead")
    (letter,) = partner.get("/v1/webhooks/dead-letters")["items"]
    assert (letter["attempts"], letter["last_status"]) == (8, 500)
    driven = partner.send("POST", f"/v1/webhooks/dead-letters/{letter['delivery_id']}/redrive")
    assert driven.status_code == 202
    again = receiver.wait(9)[8]
    assert again[1]["x-event-id"] == letter["event_id"]
    assert signed(endpoint["secret"], again[1], again[2])
    assert partner.eventually(lambda: delivery(partner, endpoint["endpoint_id"])["status"] == "delivered")
    assert partner.get("/v1/webhooks/dead-letters")["items"] == []
    assert partner.send("POST", f"/v1/webhooks/dead-letters/{letter['delivery_id']}/redrive").status_code == 404


def test_gone_disables_the_endpoint(start, receiver):
    partner = start(changes=FAST)
    receiver.script = [(410, {})]
    endpoint = subscribe(partner, receiver, "bet.authorized")
    a_bet(partner)
    path = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}"
    assert partner.eventually(lambda: partner.get(path)["status"] == "disabled")
    a_bet(partner)
    live = subscribe(partner, receiver, "bet.settled")
    bet = a_bet(partner)
    assert partner.settle(bet, 5).status_code == 200
    assert json.loads(receiver.wait(2)[1][2])["type"] == "bet.settled", "nothing more came to the endpoint that is gone"
    assert len(partner.get("/v1/webhooks/dead-letters")["items"]) == 1
    assert live["endpoint_id"] != endpoint["endpoint_id"]


def test_a_receiver_that_is_down_gets_everything_once_it_is_back(start, receiver):
    partner = start(changes=FAST)
    dead = Receiver()
    endpoint = subscribe(partner, dead, "bet.authorized")
    dead.endpoints.clear()
    dead.close()
    bets = [a_bet(partner) for _ in range(3)]

    def gave_up() -> bool:
        items = partner.get(f"/v1/webhooks/deliveries?endpoint_id={endpoint['endpoint_id']}&status=dead")["items"]
        return len(items) == len(bets)

    assert partner.eventually(gave_up)
    assert all(one["last_status"] is None for one in partner.get("/v1/webhooks/dead-letters")["items"])


def test_what_was_due_at_a_crash_is_sent_after_it(start, receiver):
    partner = start(changes={"webhook_time_scale": 0.5})
    receiver.script = [(500, {})]
    subscribe(partner, receiver, "bet.authorized")
    bet = a_bet(partner)
    receiver.wait(1)
    partner.running.kill_platform()
    partner.running.wait_ready()
    bodies = [json.loads(body) for _, _, body in receiver.wait(2)]
    assert [one["data"]["bet_id"] for one in bodies] == [bet, bet]
    assert bodies[0]["event_id"] == bodies[1]["event_id"]


def test_both_secrets_sign_while_an_old_one_is_still_valid(partner, receiver):
    endpoint = subscribe(partner, receiver, "bet.authorized")
    rotate = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}/rotate-secret"
    first = partner.send("POST", rotate, {"overlap_seconds": 600}).json()["secret"]
    a_bet(partner)
    _, headers, body = receiver.wait(1)[0]
    assert signed(endpoint["secret"], headers, body)
    assert signed(first, headers, body)
    second = partner.send("POST", rotate, {"overlap_seconds": 0}).json()["secret"]
    a_bet(partner)
    _, headers, body = receiver.wait(2)[1]
    assert signed(second, headers, body)
    assert not signed(endpoint["secret"], headers, body)
    trail = partner.admin("GET", "/sandbox/audit")
    assert [one["action"] for one in trail["items"]].count("webhook_secret.rotated") == 2
    assert trail["intact"]
    assert first not in json.dumps(trail)


@pytest.mark.parametrize("url", [
    "http://10.0.0.1/x", "http://169.254.169.254/latest", "http://192.168.1.1/", "http://[fd00::1]/",
    "http://[::ffff:10.0.0.1]/", "http://0x0a000001/", "ftp://example.com/", "http:///nohost", "http://x:99999/"])
def test_urls_into_private_networks_are_refused(partner, url):
    answer = partner.send("POST", "/v1/webhooks/endpoints", {"url": url, "event_types": ["*"]})
    assert answer.status_code == 400
    assert answer.json()["code"] == "VALIDATION_FAILED"


def test_another_tenant_sees_and_touches_nothing(sandbox, partner, receiver):
    from tests.sandbox.conftest import Partner

    endpoint = subscribe(partner, receiver)
    other = Partner(sandbox, "provider-b", "brand-b1")
    path = f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}"
    assert other.send("GET", path).status_code == 404
    assert other.send("DELETE", path).status_code == 404
    assert other.send("POST", f"{path}/rotate-secret", {}).status_code == 404
    assert endpoint["endpoint_id"] not in other.send("GET", "/v1/webhooks/endpoints").text
    other.http.close()
    assert partner.send("DELETE", path).status_code == 204
    assert partner.send("GET", path).status_code == 404
