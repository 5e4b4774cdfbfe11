"""Judge of the circuit breaker on synthetic histories."""

import json

import pytest

from harness.judges.breaker import opens_and_closes
from harness.model.exchange import Exchange
from harness.model.played import Span

MS = 1_000_000
OUTAGE = Span(start_ns=1_000 * MS, end_ns=4_000 * MS)


def call(make, number, at, status):
    made = make.exchange(method="POST", operation="authorizeBet", status=status, started=at * MS)
    return (f"player-{number:03}", Exchange.from_line({**made.to_line(), "ended_ns": (at + 10) * MS}))


def attempt(number, at, again=0):
    return Exchange(id=f"w{number}-{again}", check="", actor="platform", channel="wallet", operation="wallet",
                    method="POST", url="/wallet/debit", request_body=json.dumps({"player_id": f"player-{number:03}"}),
                    status=200, started_ns=(at + again) * MS, ended_ns=(at + again + 1) * MS)


def story(make, *, probes_every=10, closes_at=4_500, attempts_after=1, until=6_000):
    """Ten operations a second; each is tried until the outage, one in `probes_every` while the breaker is open."""
    operations, seen = [], []
    for number, at in enumerate(range(0, until, 100)):
        out = 1_000 <= at < 4_000
        taken = at < 1_000 or at >= closes_at
        operations.append(call(make, number, at, 200 if taken else 503))
        asked = at < 1_500 or taken or (out and probes_every and number % probes_every == 0)
        for again in range((attempts_after if at >= closes_at else 1) if asked else 0):
            seen.append(attempt(number, at, again))
    return operations, seen


@pytest.mark.parametrize(("options", "outcome"), [
    ({}, "pass"), ({"probes_every": 4}, "pass"), ({"probes_every": 1}, "fail"), ({"closes_at": 9_000}, "fail"),
    ({"attempts_after": 2}, "pass"), ({"attempts_after": 5}, "fail"), ({"until": 2_300}, "inconclusive")])
def test_it_opens_and_closes(make, options, outcome):
    operations, seen = story(make, **options)
    found = make.verdict(opens_and_closes(operations, OUTAGE, [], 1.5), *(c for _, c in operations), *seen)
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize("options", [{"closes_at": 9_000}, {"closes_at": 5_800}])
def test_a_breaker_that_closes_late_is_wrong_where_a_time_was_promised(make, options):
    operations, seen = story(make, **options)
    for declared, outcome in ((True, "fail"), (False, "inconclusive")):
        found = make.verdict(opens_and_closes(operations, OUTAGE, [], 1.5, declared=declared),
                             *(c for _, c in operations), *seen)
        assert found.outcome.value == outcome, found.message
    assert (found.owner.value, "recovers_seconds" in found.message) == ("target profile", True)


def test_what_was_asked_after_the_workload_counts(make):
    operations, seen = story(make, until=4_000)
    later = [call(make, 900, 4_600, 200)]
    calls = [c for _, c in [*operations, *later]]
    found = make.verdict(opens_and_closes(operations, OUTAGE, later, 1.5), *calls, *seen)
    assert found.outcome.value == "pass"
    assert make.outcome(opens_and_closes(operations, OUTAGE, [], 1.5), *(c for _, c in operations),
                        *seen) == "inconclusive"


@pytest.mark.parametrize(("attempts_after", "outcome"), [(1, "pass"), (2, "pass"), (5, "fail")])
def test_making_good_what_the_outage_left_open_is_no_storm(make, attempts_after, outcome):
    operations, seen = story(make, attempts_after=attempts_after)
    unclear = [n for n, (_, call) in enumerate(operations) if call.status == 503]
    seen += [attempt(n, 4_600 + again, 2 * n + again) for n in unclear for again in range(2)]
    found = make.verdict(opens_and_closes(operations, OUTAGE, [], 1.5), *(c for _, c in operations), *seen)
    assert found.outcome.value == outcome, found.message


def test_a_late_reconciliation_of_the_calls_themselves_is_no_storm(make):
    operations, seen = story(make)
    seen += [attempt(n, 8_000 + n, again) for n in range(45, 60) for again in range(1, 6)]
    found = make.verdict(opens_and_closes(operations, OUTAGE, [], 1.5), *(c for _, c in operations), *seen)
    assert found.outcome.value == "pass", found.message


def test_where_the_wallet_saw_nothing_it_is_the_profile_s_affair(make):
    operations, _ = story(make)
    found = make.verdict(opens_and_closes(operations, OUTAGE, [], 1.5), *(c for _, c in operations))
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")
