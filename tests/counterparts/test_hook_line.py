"""A webhook receiver of one scenario: tries come to grief as told, are verified and recorded, and time is witnessed."""

import hashlib
import hmac
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest

from harness.counterparts.hook_line import HookLine
from harness.engine.redaction import Redactor
from harness.model.profile import ContractProfile
from harness.model.scenario import Down, Trouble
from tests.support import Lines

SECRET = "canary-hook-secret"
EVENT = {"event_id": "ev-1", "data": {"player_id": "player-1"}}


@pytest.fixture
def line():
    line = HookLine(Lines(), Redactor([]), ContractProfile(), prefix="r1")
    line.signed_with(SECRET)
    yield line
    line.close()


def deliver(line, event=EVENT, *, secret=SECRET, chunked=False):
    """Status of a delivery, as a sender would make it; "" where there is none."""
    body = json.dumps(event).encode()
    stamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection(line.address, timeout=5)
    try:
        connection.request("POST", urlsplit(line.url).path, iter([body]) if chunked else body, encode_chunked=chunked,
                           headers={"X-Timestamp": stamp, "X-Signature": signature, "X-Event-Id": "ev-1",
                                    **({"Transfer-Encoding": "chunked"} if chunked else {})})
        answer = connection.getresponse()
        answer.read()
        return answer.status, dict(answer.getheaders())
    except (OSError, http.client.HTTPException):
        return "", {}
    finally:
        connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_delivery_is_taken_verified_and_recorded(line, chunked):
    assert deliver(line, chunked=chunked)[0] == 204
    (seen,) = line.wait(1, "player-1", seconds=5)
    assert (seen.channel, seen.status, seen.sent_json(), seen.url) == ("receiver", 204, EVENT, line.path)
    assert (seen.facts["signature"], seen.facts["event_id"]) == ("valid", "ev-1")
    assert SECRET not in json.dumps(line._recorder)


def test_a_foreign_signature_is_told(line):
    deliver(line, secret="another")
    assert line.wait(1, seconds=5)[0].facts["signature"] == "invalid"


@pytest.mark.parametrize(("trouble", "first", "headers"), [
    (Trouble(kind="status", status=503, retry_after=2, each=1, about=("player-1",)), 503, {"Retry-After": "2"}),
    (Trouble(kind="status", status=500, each=1, about=("player-1",)), 500, {}),
    (Trouble(kind="reset_before", each=1, about=("player-1",)), "", {}),
    (Trouble(kind="reset_after", each=1, about=("player-1",)), "", {}),
    (Trouble(kind="half", each=1, about=("player-1",)), "", {})])
def test_only_the_first_try_of_those_that_are_meant_comes_to_grief(line, trouble, first, headers):
    with line.fault(trouble):
        status, got = deliver(line)
        assert (status, {k: v for k, v in got.items() if k == "Retry-After"}) == (first, headers)
        assert deliver(line)[0] == 204
        assert deliver(line, {**EVENT, "data": {"player_id": "player-12"}})[0] == 204, "another player, a longer name"
        assert not line.clean()
    assert line.clean()
    assert [e.status for e in line.wait(3, seconds=5)] == [first or None, 204, 204]


def test_a_witness_meets_the_trouble_takes_none_of_it_away_and_is_no_delivery(line):
    calm = line.witness("before", check="c")
    with line.fault(Trouble(kind="slow", seconds=0.2)):
        slow = line.witness("during", check="c")
    with line.fault(Trouble(kind="hang")):
        silent = line.witness("during", check="c", seconds=0.2)
    with line.fault(Trouble(kind="status", status=410)):
        gone = line.witness("during", check="c")
    with line.fault(Trouble(kind="garbage")):
        garbage = line.witness("during", check="c")
    assert calm.seconds < 0.2 <= slow.seconds
    assert (calm.status, slow.status, silent.failure) == (200, 200, "timeout")
    assert (gone.status, garbage.status) == (410, 200)
    assert calm.response_body == slow.response_body != garbage.response_body
    assert line.calls() == []
    assert {e["channel"] for e in line._recorder.of("exchange")} == {"witness"}


def test_a_receiver_has_no_tcp_faults(line):
    with pytest.raises(TypeError, match="troubles only"), line.fault(Down()):
        pass
