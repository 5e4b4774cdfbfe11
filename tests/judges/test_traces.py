"""OBS-01, OBS-02: trace ids."""

import pytest

from harness.judges.traces import same_trace, traced

NONE = {"X-Trace-Id": None}


def test_echoes_and_made_ones_are_counted(make):
    calls = [make.exchange(), make.error(), make.exchange(path="/v9/x", status=404),
             *(make.exchange(headers=NONE, status=400, answer={"X-Trace-Id": f"made-{n}"}) for n in range(3))]
    found = make.verdict(traced(echoed=3, made=3), *calls)
    assert (found.outcome.value, dict(found.measured)) == ("pass", {"echoed": 3, "made": 3})


@pytest.mark.parametrize("answer", [NONE, {"X-Trace-Id": "another"}, {"X-Trace-Id": ""}])
def test_a_lost_or_changed_trace_id_is_found(make, answer):
    for status in (200, 401, 404, 500):
        assert make.outcome(traced(), make.exchange(), make.exchange(status=status, answer=answer)) == "fail"


def test_none_made_and_the_same_made_twice_are_found(make):
    assert make.outcome(traced(), make.exchange(headers=NONE, answer=NONE)) == "fail"
    twice = [make.exchange(headers=NONE, answer={"X-Trace-Id": "x"}) for _ in range(2)]
    assert make.outcome(traced(), *twice) == "fail"
    known = make.exchange()
    reused = make.exchange(headers=NONE, answer={"X-Trace-Id": known.sent_header("X-Trace-Id")})
    assert make.outcome(traced(), known, reused) == "fail"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 129, '{"a":1}', "ä"])
def test_a_malformed_one_is_replaced(make, bad):
    replaced = make.exchange(headers={"X-Trace-Id": bad}, status=400, answer={"X-Trace-Id": "fresh"})
    assert make.outcome(traced(), make.exchange(), replaced) == "pass"
    if bad:
        kept = make.exchange(headers={"X-Trace-Id": bad}, answer={"X-Trace-Id": bad})
        assert make.outcome(traced(), make.exchange(), kept) == "fail"


def test_too_little_seen_is_unknown(make):
    assert make.outcome(traced()) == "inconclusive"
    assert make.outcome(traced(made=1), make.exchange()) == "inconclusive"
    outside = [make.exchange(path="/sandbox/info", answer=NONE), make.exchange(failure="timeout"),
               make.exchange(path="/healthz", answer=NONE), make.exchange(status=502, answer=NONE)]
    assert make.outcome(traced(), *outside) == "inconclusive"


def page_of(make, *events):
    return make.exchange(path="/v1/events", body={"items": list(events)})


def told(trace, kind="bet.authorized", bet="b"):
    return {"event_id": "e", "type": kind, "trace_id": trace, "data": {"bet_id": bet}}


def test_events_carry_the_calls_trace_id(make):
    call = make.exchange("POST", "/v1/bets/authorize")
    mine = call.sent_header("X-Trace-Id")
    good = [page_of(make, told("x", bet="other"), told(mine)), make.webhook(told(mine), headers={"X-Trace-Id": mine})]
    draft = same_trace(call, "bet.authorized", {"bet_id": "b"}, *good)
    found = make.verdict(draft, call, *good)
    assert (found.outcome.value, found.measured["sightings"]) == ("pass", 2)


def test_another_trace_id_in_feed_body_or_header_is_found(make):
    call = make.exchange("POST", "/v1/bets/authorize")
    mine = call.sent_header("X-Trace-Id")
    for seen in (page_of(make, told("x")), make.webhook(told(None)),
                 make.webhook(told(mine), headers={"X-Trace-Id": "x"})):
        assert make.outcome(same_trace(call, "bet.authorized", {"bet_id": "b"}, seen), call, seen) == "fail"


def test_no_event_or_no_answer_is_unknown(make, hostile):
    call, silent = make.exchange("POST"), make.exchange("POST", failure="timeout")
    for first, seen in ((call, page_of(make)), (call, page_of(make, hostile)), (call, make.webhook(hostile)),
                        (silent, page_of(make, told("x")))):
        assert make.outcome(same_trace(first, "bet.authorized", {"bet_id": "b"}, seen), first, seen) == "inconclusive"
