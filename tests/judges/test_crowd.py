"""Judges of a crowd of calls, on synthetic histories."""

import json
from dataclasses import replace

import pytest

from harness.judges.crowd import bulkhead_holds, busy_said_at_once, late, others_unharmed
from harness.model.exchange import Exchange
from harness.model.played import Crowded

MS = 1_000_000


def spent(exchange, start, ms):
    return Exchange.from_line({**exchange.to_line(), "started_ns": start * MS, "ended_ns": (start + ms) * MS})


def call(make, ms=250, status=202, *, start=0, failure="", asks=True):
    made = make.exchange(method="POST", operation="authorizeBet", status=status, failure=failure,
                         answer={"Retry-After": "1"} if asks and status in (429, 503) else None)
    return spent(made, start, ms)


def at_wallet(number, start=0, ms=250):
    return Exchange(id=f"w{number}", check="", actor="platform", channel="wallet", operation="wallet", method="POST",
                    url="/wallet/debit", request_body=json.dumps({"player_id": f"player-{number}"}), failure="hang",
                    started_ns=start * MS, ended_ns=(start + ms) * MS)


def crowd(make, calls, *, reads=(), calm_reads=(), calm=(), limit=4):
    return Crowded(calls=[(f"player-{n}", c) for n, c in enumerate(calls)], calm=calm, reads=reads,
                   calm_reads=calm_reads, limit=limit, slo_ms=400, noise_ms=2.0)


@pytest.mark.parametrize(("callers", "through", "limit", "outcome"), [
    (8, 4, 4, "pass"), (8, 3, 4, "pass"), (8, 5, 4, "fail"), (4, 4, 4, "inconclusive"), (8, 0, 4, "inconclusive"),
    (8, 8, None, "inconclusive")])
def test_calls_under_way_stay_under_the_declared_limit(make, callers, through, limit, outcome):
    calls = [call(make) for _ in range(callers)]
    seen = [at_wallet(n) for n in range(through)]
    found = make.verdict(bulkhead_holds(crowd(make, calls, limit=limit)), *calls, *seen)
    assert found.outcome.value == outcome, found.message


def test_calls_one_after_the_other_are_not_under_way_at_once(make):
    calls = [call(make) for _ in range(8)]
    seen = [at_wallet(n, start=n * 20, ms=20) for n in range(8)]
    assert make.verdict(bulkhead_holds(crowd(make, calls)), *calls, *seen).measured["at_wallet_at_once"] == 1


@pytest.mark.parametrize(("early", "outcome"), [(1, "pass"), (2, "pass"), (3, "fail")])
def test_a_place_may_be_given_on_before_we_notice_that_it_is_free(make, early, outcome):
    calls = [call(make) for _ in range(8)]
    seen = [at_wallet(0, 0, 100), at_wallet(1, 0, 200), at_wallet(2, 100 - early, 100)]
    found = make.verdict(bulkhead_holds(crowd(make, calls, limit=2)), *calls, *seen)
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize(("before", "now", "status", "outcome"), [
    (5, 6, 200, "pass"), (5, 40, 200, "pass"), (5, 80, 200, "fail"), (100, 250, 200, "pass"), (5, 5, 503, "fail")])
def test_who_needs_no_wallet_is_answered_as_before(make, before, now, status, outcome):
    calm = [spent(make.exchange(), n, before) for n in range(20)]
    reads = [spent(make.exchange(status=status), n, now) for n in range(20)]
    found = make.verdict(others_unharmed(crowd(make, [], reads=reads, calm_reads=calm)), *calm, *reads)
    assert found.outcome.value == outcome, found.message


def test_a_few_late_reads_are_the_machine_and_many_are_harm(make):
    calm = [spent(make.exchange(), n, 5) for n in range(20)]
    for behind, outcome in ((1, "pass"), (4, "fail")):
        reads = [spent(make.exchange(), n, 900 if n < behind else 5) for n in range(20)]
        assert make.outcome(others_unharmed(crowd(make, [], reads=reads, calm_reads=calm)), *calm, *reads) == outcome


@pytest.mark.parametrize(("status", "asks", "away", "outcome"), [
    (429, True, 1, "pass"), (429, False, 1, "pass"), (503, True, 1, "pass"), (503, False, 1, "fail"),
    (500, True, 1, "fail"), (429, True, 8, "inconclusive"), (503, True, 20, "inconclusive")])
def test_a_read_that_met_a_rate_limit_does_not_starve(make, status, asks, away, outcome):
    calm = [spent(make.exchange(), n, 5) for n in range(20)]
    turned = make.exchange(status=status, answer={"Retry-After": "1"} if asks else None)
    reads = [spent(turned if n < away else make.exchange(), n, 5) for n in range(20)]
    found = make.verdict(others_unharmed(crowd(make, [], reads=reads, calm_reads=calm)), *calm, *reads)
    assert found.outcome.value == outcome, found.message


def test_reads_that_failed_before_tell_nothing(make):
    calm, reads = [spent(make.exchange(status=500), 0, 5)], [spent(make.exchange(), 0, 5)]
    assert make.outcome(others_unharmed(crowd(make, [], reads=reads, calm_reads=calm)), *calm, *reads) == "inconclusive"


@pytest.mark.parametrize(("busy", "outcome"), [
    ({"status": 503, "ms": 5}, "pass"), ({"status": 429, "ms": 5}, "pass"), ({"status": 503, "ms": 5_000}, "fail"),
    ({"status": 503, "ms": 5, "asks": False}, "fail"), ({"status": 200, "ms": 5}, "inconclusive"),
    ({"status": None, "ms": 300, "failure": "timeout"}, "fail")])
def test_busy_is_said_at_once(make, busy, outcome):
    calm = [call(make, 60, 200) for _ in range(4)]
    calls = [call(make) for _ in range(4)] + [call(make, **busy) for _ in range(4)]
    found = make.verdict(busy_said_at_once(crowd(make, calls, calm=calm)), *calls)
    assert found.outcome.value == outcome, found.message


def test_what_a_crowd_takes_in_calm_is_not_blamed(make):
    """On a slow machine a crowd takes its time by itself; that was measured before the wallet went silent."""
    calls = [call(make, 900, 503) for _ in range(4)]
    for slowest, outcome in ((100, "fail"), (600, "pass")):
        calm = [call(make, slowest, 200)]
        assert make.outcome(busy_said_at_once(crowd(make, calls, calm=calm)), *calls) == outcome


@pytest.mark.parametrize(("first", "again", "outcome"), [
    ([900, 5], None, "fail"), ([900, 5], [900, 5], "fail"), ([900, 5], [5, 5], "inconclusive"),
    ([5, 5], [900, 5], "inconclusive"), ([5, 5], [5, 5], "pass")])
def test_a_call_held_in_one_crowd_of_two_is_nobodys_breach(make, first, again, outcome):
    def made(spent_ms):
        return crowd(make, [call(make, ms, 503) for ms in spent_ms], calm=[call(make, 60, 200)])

    crowded = replace(made(first), again=again and made(again))
    calls = [c for one in (crowded, crowded.again) if one for _, c in one.calls]
    found = make.verdict(busy_said_at_once(crowded), *calls)
    assert found.outcome.value == outcome, found.message
    assert late(crowded) is (900 in first)
    if outcome == "inconclusive":
        assert (found.owner.value, found.reason.value, found.seen) == ("environment", "flaky", "503 after 900 ms")


def test_a_second_crowd_that_is_told_nothing_useful_is_a_breach_whatever_the_clock_says(make):
    hasty, vague = [call(make, 900, 503)], [call(make, 5, 503, asks=False)]
    crowded = replace(crowd(make, hasty), again=crowd(make, vague))
    found = make.verdict(busy_said_at_once(crowded), *hasty, *vague)
    assert (found.outcome.value, found.seen) == ("fail", "none")


@pytest.mark.parametrize(("first", "again", "outcome"), [
    (80, None, "fail"), (80, 80, "fail"), (80, 5, "inconclusive"), (5, 80, "inconclusive"), (5, 5, "pass")])
def test_reads_that_are_slow_in_one_crowd_of_two_are_nobodys_breach(make, first, again, outcome):
    def made(ms):
        return crowd(make, [], calm_reads=[spent(make.exchange(), n, 5) for n in range(20)],
                     reads=[spent(make.exchange(), n, ms) for n in range(20)])

    crowded = replace(made(first), again=again and made(again))
    reads = [e for one in (crowded, crowded.again) if one for e in (*one.calm_reads, *one.reads)]
    found = make.verdict(others_unharmed(crowded), *reads)
    assert found.outcome.value == outcome, found.message
    assert late(crowded) is (first == 80)


def test_reads_that_fail_in_the_second_crowd_are_harmed(make):
    calm, slow = [spent(make.exchange(), 0, 5)], [spent(make.exchange(), 0, 80)]
    failed = [spent(make.exchange(status=500), 0, 5)]
    crowded = replace(crowd(make, [], reads=slow, calm_reads=calm),
                      again=crowd(make, [], reads=failed, calm_reads=calm))
    found = make.verdict(others_unharmed(crowded), *calm, *slow, *calm, *failed)
    assert (found.outcome.value, found.expected) == ("fail", "200")
