"""Rounds of a storm: the same in every process, told apart by what became of them, duplicated and ended as planned."""

import json

import pytest

from harness.drivers.locust_engine.answers import cut
from harness.drivers.locust_engine.rounds import Rounds
from harness.model.arrivals import constant
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became, packed, unpacked


@pytest.fixture
def plan():
    def make(**changes):
        who = Caller(headers=(("X-Brand-Id", "brand-a1"), ("X-Region", "eu-west")), token="canary-token")
        other = Caller(headers=(("X-Brand-Id", "brand-b1"),), token="canary-other")
        seats = tuple(Seat(player_id=f"player-{n}", session_id=f"ses-{n}", caller=n % 2) for n in range(10))
        return StormPlan(**{"base_url": "http://127.0.0.1:9/api/", "schedule": constant(100, 10, seed=3),
                            "callers": (who, other), "seats": seats, **changes})

    return make


def answer(status, body=b"{}", extra=b""):
    return cut(b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, extra, len(body), body))


def split(call):
    head, _, body = call.data.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), json.loads(body)


def test_an_authorize_is_a_whole_request_of_the_seats_caller(plan):
    (call,) = Rounds(plan(mix=Mix(duplicates=0))).opens(3)
    first, headers, body = split(call)
    assert first == "POST /api/v1/bets/authorize HTTP/1.1"
    assert headers["Host"] == "127.0.0.1:9"
    assert headers["Authorization"] == "Bearer canary-other"
    assert headers["X-Brand-Id"] == "brand-b1"
    assert body["session_id"] == "ses-3"
    assert body["amount"] == {"amount": plan().round(3).stake, "currency": "EUR"}
    assert call.data.endswith(b"\r\n\r\n" + call.data[-int(headers["Content-Length"]):])


def test_money_is_written_as_the_profile_has_it(plan):
    _, _, body = split(*Rounds(plan(money_form="decimal_string", mix=Mix(duplicates=0))).opens(0))
    assert body["amount"] == {"amount": f"{plan().round(0).stake / 100:.2f}", "currency": "EUR"}


def test_the_shares_of_the_mix_are_kept(plan):
    rounds = [plan(mix=Mix(rollbacks=0.2, duplicates=0.1, hot_player=0.3)).round(n) for n in range(20_000)]
    assert sum(r.rolled_back for r in rounds) / 20_000 == pytest.approx(0.2, abs=0.01)
    assert sum(r.duplicated for r in rounds) / 20_000 == pytest.approx(0.1, abs=0.01)
    assert sum(r.seat == 0 for r in rounds) / 20_000 == pytest.approx(0.3 + 0.7 / 10, abs=0.015)
    assert {r.win == 0 for r in rounds} == {True, False}
    assert all(10 <= r.stake <= 100 for r in rounds)


@pytest.mark.parametrize(("rolled_back", "operation", "path"), [
    (0.0, "settleBet", "settle"), (1.0, "rollbackBet", "rollback")])
def test_what_was_authorized_is_ended_after_the_pause(plan, rolled_back, operation, path):
    work = Rounds(plan(mix=Mix(rollbacks=rolled_back, duplicates=0), pause_seconds=0.7))
    (first,) = work.opens(4)
    ((pause, ending),) = work.answered(first, answer(200), "")
    line, headers, body = split(ending)
    assert (pause, ending.operation, line) == (0.7, operation, f"POST /api/v1/bets/{path} HTTP/1.1")
    assert body["bet_id"] == split(first)[2]["bet_id"]
    assert headers["X-Idempotency-Key"] != split(first)[1]["X-Idempotency-Key"]
    assert list(work.answered(ending, answer(200), "")) == []
    assert (work.begun[4], work.ended[4]) == (Became.DONE, Became.DONE)


def test_copies_share_their_key_and_the_round_is_ended_once(plan):
    work = Rounds(plan(mix=Mix(rollbacks=0, duplicates=1)))
    first, copy = work.opens(0)
    assert split(first)[1]["X-Idempotency-Key"] == split(copy)[1]["X-Idempotency-Key"]
    assert split(first)[1]["X-Trace-Id"] != split(copy)[1]["X-Trace-Id"]
    busy = answer(409, b'{"code":"IN_PROGRESS","retryable":true}')
    assert list(work.answered(first, busy, "")) == []
    assert work.begun[0] == Became.UNKNOWN
    assert [call.operation for _, call in work.answered(copy, answer(200), "")] == ["settleBet"] * 2
    assert list(work.answered(first, answer(200), "")) == []
    assert list(work.answered(copy, None, "timeout")) == []
    assert work.begun[0] == Became.DONE


@pytest.mark.parametrize(("status", "extra", "body", "became"), [
    (201, b"", b"{}", Became.DONE), (200, b"", b'{"status":"forfeited"}', Became.UNKNOWN),
    (202, b"", b"{}", Became.LATER), (404, b"", b"{}", Became.REFUSED),
    (409, b"", b'{"retryable":false}', Became.REFUSED), (409, b"", b'{"retryable":true}', Became.UNKNOWN),
    (409, b"", b"no json", Became.REFUSED), (429, b"Retry-After: 1\r\n", b"{}", Became.SHED),
    (503, b"", b"{}", Became.UNKNOWN), (500, b"", b"{}", Became.UNKNOWN), (302, b"", b"{}", Became.UNKNOWN)])
def test_only_what_is_certain_is_noted_as_such(plan, status, extra, body, became):
    work = Rounds(plan(mix=Mix(duplicates=0)))
    (first,) = work.opens(0)
    following = list(work.answered(first, answer(status, body, extra), ""))
    assert work.begun[0] == became
    assert bool(following) == (became is Became.DONE)


def test_workers_keep_their_own_rounds_and_states_travel_packed(plan):
    work = Rounds(plan(mix=Mix(duplicates=0)), workers=3)
    for number in (2, 5, 8):
        (first,) = work.opens(number)
        work.answered(first, answer(200), "")
    assert bytes(work.begun) == b"\x01\x01\x01"
    assert unpacked(packed(work.begun)) == bytes(work.begun)
    for damage in ("%%", packed(b"\x01" * 99)[:-8], "AAAA"):
        with pytest.raises(ValueError, match=r".+"):
            unpacked(damage)


def test_a_plan_survives_the_pipe_and_shows_no_token_to_others(plan):
    made = plan()
    again = StormPlan.from_line(json.loads(json.dumps(made.to_line())))
    assert again == made
    assert "canary" not in json.dumps(made.without_tokens.to_line()) + repr(made)
    with pytest.raises(ValueError, match="rollbacks is a share"):
        Mix(rollbacks=2)
