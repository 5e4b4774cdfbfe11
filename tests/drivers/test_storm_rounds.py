"""Rounds of a storm: the same in every process, told apart by what became of them, duplicated and ended as planned."""

import json

import pytest

from harness.drivers.locust_engine.answers import cut
from harness.drivers.locust_engine.rounds import Amends, Rounds
from harness.model.arrivals import constant
from harness.model.packing import packed, unpacked
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became


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


def test_some_rounds_pay_into_the_jackpot_of_the_first_caller(plan):
    made = plan(jackpot_id="jp-1", mix=Mix(rollbacks=0.2, duplicates=0, hot_jackpot=0.5))
    rounds = [made.round(n) for n in range(20_000)]
    paying = [r for r in rounds if r.contribution]
    assert len(paying) / 20_000 == pytest.approx(0.5 * 0.8 * 0.5, abs=0.01)
    assert all(not r.rolled_back and not made.seats[r.seat].caller and r.contribution < r.stake for r in paying)
    assert not any(plan(mix=made.mix).round(n).contribution for n in range(100)), "without a jackpot nobody pays in"


def test_a_contribution_follows_its_authorize_and_is_noted_apart(plan):
    made = plan(jackpot_id="jp-1", mix=Mix(rollbacks=0, duplicates=0, hot_jackpot=1))
    work = Rounds(made)
    (first,) = work.opens(0)
    (_, paid), (_, ending) = work.answered(first, answer(200), "")
    line, _, body = split(paid)
    assert line == "POST /api/v1/jackpots/contributions HTTP/1.1"
    assert body == {"contribution_id": body["bet_id"], "jackpot_id": "jp-1", "bet_id": split(first)[2]["bet_id"],
                    "amount": {"amount": made.round(0).contribution, "currency": "EUR"}}
    assert len({split(call)[1]["X-Idempotency-Key"] for call in (first, paid, ending)}) == 3
    assert (paid.hot, ending.hot) == (True, False)
    assert list(work.answered(paid, answer(500), "")) == []
    assert (work.begun[0], work.fed[0], work.ended[0]) == (Became.DONE, Became.UNKNOWN, Became.UNSENT)


def test_calls_of_the_hot_player_are_hot(plan):
    work = Rounds(plan(mix=Mix(duplicates=0, hot_player=0.5)))
    (calls,) = zip(*(work.opens(n) for n in range(60)), strict=True)
    assert {call.hot for call in calls} == {True, False}
    assert all(call.hot == (split(call)[2]["session_id"] == "ses-0") for call in calls)


ERROR = b'{"code":"INTERNAL","message":"no","retryable":true,"trace_id":"t-1"}'


def test_an_error_in_a_200_is_no_success_and_a_failure_of_its_own_kind(plan):
    work = Rounds(plan(mix=Mix(duplicates=0)))
    (first,) = work.opens(0)
    assert list(work.answered(first, answer(200, ERROR), "")) == []
    assert (work.begun[0], first.outcome) == (Became.UNKNOWN, "error_in_200")


@pytest.mark.parametrize(("first_answers", "again"), [
    ([answer(200), answer(200)], []), ([None], ["authorizeBet"]), ([answer(500)], ["authorizeBet"]),
    ([answer(429, extra=b"Retry-After: 1\r\n")], []), ([answer(404)], []), ([answer(200)], ["settleBet"]),
    ([answer(200), None], ["settleBet"]), ([answer(200), answer(503, extra=b"Retry-After: 1\r\n")], ["settleBet"]),
    ([answer(200), answer(404)], [])])
def test_what_a_storm_leaves_open_is_asked_for_again_under_its_key(plan, first_answers, again):
    work = Rounds(plan(mix=Mix(rollbacks=0, duplicates=0)), workers=2)
    calls = list(work.opens(7))
    for place, given in enumerate(first_answers):
        calls += [call for _, call in work.answered(calls[place], given, "timeout" if given is None else "")]
    amends = Amends(work)
    asked = [call for n in range(len(amends.left)) for call in amends.opens(n)]
    assert [call.operation for call in asked] == again
    keys = {split(call)[1]["X-Idempotency-Key"] for call in calls}
    assert all(split(call)[1]["X-Idempotency-Key"] in keys for call in asked)


def test_what_is_asked_for_again_may_be_done_after_all(plan):
    work = Rounds(plan(mix=Mix(rollbacks=0, duplicates=0)))
    (first,) = work.opens(0)
    work.answered(first, None, "timeout")
    (again,) = Amends(work).opens(0)
    assert list(Amends(work).answered(again, answer(409, b'{"retryable":false}'), "")) == []
    assert work.begun[0] == Became.UNKNOWN, "known already, or under way: nobody can tell"
    ((_, ending),) = Amends(work).answered(again, answer(200), "")
    work.answered(ending, answer(200), "")
    assert (work.begun[0], work.ended[0]) == (Became.DONE, Became.DONE)
    assert Amends(work).left == []


def test_new_tokens_are_those_of_all_calls_from_then_on(plan):
    work = Rounds(plan(mix=Mix(duplicates=0)))
    (before,) = work.opens(0)
    work.renew(["fresh-token", "fresh-other"])
    (after,) = work.opens(1)
    ((_, ending),) = work.answered(before, answer(200), "")
    assert [split(call)[1]["Authorization"] for call in (before, after, ending)] == [
        "Bearer canary-token", "Bearer fresh-other", "Bearer fresh-token"]
    with pytest.raises(ValueError, match="shorter"):
        work.renew(["only-one"])


@pytest.mark.parametrize(("url", "host"), [
    ("http://[::1]:8080/api", "[::1]:8080"), ("https://api.example", "api.example"),
    ("http://who:secret@api.example:81", "api.example:81")])
def test_the_host_is_named_as_http_wants_it(plan, url, host):
    (call,) = Rounds(plan(base_url=url, mix=Mix(duplicates=0))).opens(0)
    assert split(call)[1]["Host"] == host
