"""What a storm keeps of its answers: each new shape, one a second, never too many, and no credentials."""

import json
import random

import pytest

from harness.drivers.locust_engine.answers import cut
from harness.drivers.locust_engine.calls import NS, Call
from harness.drivers.locust_engine.kept import Kept
from harness.engine.redaction import Redactor
from harness.engine.samples import of_storm
from harness.model.arrivals import constant
from harness.model.storm import Caller, Seat, StormPlan

PLAN = StormPlan(base_url="https://who:secret@api.example:81/api", schedule=constant(1, 1), prefix="storm-1",
                 callers=(Caller(headers=(), token="t"),), seats=(Seat(player_id="p", session_id="s"),))


def offer(kept, body, *, status=200, at=0.0, operation="authorizeBet", head=b"X-Trace-Id: 7\r\n", request=b"{}"):
    call = Call(operation, b"POST /api/v1/bets/authorize HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer canary-token\r\n"
                           b"X-Trace-Id: 7\r\n\r\n" + request)
    call.due = call.sent = int((1_000 + at) * NS)
    call.ended = call.sent + 5_000_000
    raw = b"HTTP/1.1 %d OK\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status, head, len(body), body)
    kept.offer(call, cut(raw))


def right(n):
    return json.dumps({"bet_id": f"b-{n:x}", "hold_id": f"{n * 7919:08x}", "status": "authorized"}).encode()


def bodies(kept):
    return [line["body"] for line in kept.lines()]


@pytest.mark.parametrize("wrong", [
    b'{"bet_id":"b-1","status":"authorized"}', b'{"bet_id":"b-1","holdId":"1","status":"authorized"}',
    b'{"bet_id":"b-1","hold_id":17,"status":"authorized"}', b'{"bet_id":"b-1","hold_id":null,"status":"authorized"}',
    b'{"bet_id":"b-1","hold_id":"1","status":"authorised!"}', b"<html>"])
def test_what_is_wrong_a_few_times_among_thousands_is_kept(wrong):
    kept = Kept()
    for n in range(8_000):
        offer(kept, wrong if n % 999 == 998 else right(n), at=n / 1_000)
    assert bodies(kept).count(wrong.decode()) == 1
    assert 8 <= len(kept.lines()) <= 12, "and one a second of those that are all alike"


def test_a_header_that_is_missing_is_another_shape():
    kept = Kept()
    for n in range(400):
        offer(kept, right(n), head=b"" if n == 300 else b"X-Trace-Id: 7\r\n")
    assert len(kept.lines()) == 2


def test_each_operation_and_status_is_a_kind_of_its_own():
    kept = Kept()
    for operation in ("authorizeBet", "settleBet"):
        for status in (200, 409, 409):
            offer(kept, b"{}", operation=operation, status=status)
    assert len(kept.lines()) == 4


def test_names_of_all_letters_do_not_fill_it_and_marks_still_tell():
    kept, source = Kept(), random.Random(4)
    for n in range(5_000):
        name = "".join(source.choices("ghijklmnopqrstuvwxyz", k=20))
        lost = n in (4_000, 4_004, 4_001, 4_002, 4_003)
        offer(kept, json.dumps({"bet_id": name} if lost else {"bet_id": name, "hold_id": name}).encode())
    assert 41 <= len(kept.lines()) <= 60
    assert sum("hold_id" not in body for body in bodies(kept)) == 1


def test_it_is_bounded():
    kept = Kept()
    for n in range(2_000):
        offer(kept, b"x" * (150_000 if n % 2 else 1_000_000), at=n * 2)
    for n in range(1_000):
        offer(kept, b"{}", operation=f"op{n}")
    lines = kept.lines()
    assert sum(len(line["body"]) for line in lines) < 3_000_000
    assert max(len(line["body"]) for line in lines) == 150_000
    assert len({line["operation"] for line in lines}) <= 60


def test_kept_calls_become_exchanges_without_credentials():
    kept = Kept()
    offer(kept, '{"player": "Zoë", "access_token": "canary-secret-1"}'.encode(), at=2.0, request='{"a":"ü"}'.encode())
    lines = json.loads(json.dumps(kept.lines()))
    assert "canary-token" not in json.dumps(lines)
    (one,) = of_storm((*lines, {}, {"request": 3}, {**lines[0], "head": "HTTP"}, {**lines[0], "body": "\u20ac"}), PLAN,
                      "c", Redactor(), began_ns=50)
    assert (one.id, one.check, one.channel, one.operation) == ("storm-1~1", "c", "api", "authorizeBet")
    assert (one.method, one.url) == ("POST", "https://api.example:81/api/v1/bets/authorize")
    assert (one.status, one.header("x-trace-id"), one.sent_header("X-Trace-Id")) == (200, "7", "7")
    assert (one.request_body, one.field("player")) == ('{"a":"ü"}', "Zoë")
    assert "canary" not in json.dumps(one.to_line())
    assert (one.started_ns, one.ended_ns) == (50, 5_000_050)


def test_chunked_answers_are_kept_whole():
    kept = Kept()
    call = Call("settleBet", b"POST /x HTTP/1.1\r\n\r\n")
    kept.offer(call, cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
    assert bodies(kept) == ["{}"]
