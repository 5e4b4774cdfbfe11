"""TIME-09: limits that are met, waits that are named and kept, refusals without effect, neighbours unharmed."""

import pytest

from harness.judges.limits import (
    asks_to_wait,
    limited,
    more_than_declared,
    neighbour_unharmed,
    only_served_bets_move,
    served_after_wait,
)
from harness.model.profile import RateLimit

LIMIT = RateLimit(party="sibling", per_second=10.0, burst=20)
SECOND = 1_000_000_000


def reads(make, count, status=200, *, start=0, step=SECOND // 100, **options):
    return [make.exchange(status=status, started=start + n * step, body={}, **options) for n in range(count)]


def turned_away(make, wait="1", code="RATE_LIMITED", retryable=True, **options):
    return make.error(code, 429, retryable=retryable, answer={} if wait is None else {"Retry-After": wait}, **options)


def balances(make, amount):
    return make.exchange(body={"balances": [{"amount": amount, "currency": "EUR"}]})


# -- is there a limit? ----------------------------------------------------------------------------------
def test_a_flood_that_meets_429_is_limited(make):
    flood = [*reads(make, 30), turned_away(make)]
    assert make.outcome(limited(flood, LIMIT), *flood) == "pass"


def test_clearly_more_than_declared_without_429_is_no_limit(make):
    flood = reads(make, 100)  # a second: 30 are declared
    found = make.verdict(limited(flood, LIMIT), *flood)
    assert found.outcome.value == "fail"
    assert "100 of 100" in found.seen
    assert more_than_declared(flood, LIMIT)


@pytest.mark.parametrize("flood", [
    lambda make: reads(make, 35), lambda make: reads(make, 100, step=SECOND), lambda make: reads(make, 100, 503),
    lambda make: reads(make, 100, 401), lambda make: reads(make, 100, failure="timeout"), lambda _: []])
def test_too_few_calls_or_calls_of_another_end_tell_nothing(make, flood):
    flood = flood(make)
    found = make.verdict(limited(flood, LIMIT), *flood)
    assert found.outcome.value == "inconclusive"
    assert not more_than_declared(flood, LIMIT)


def test_whose_fault_it_is_that_nothing_was_told(make):
    few, wrong = reads(make, 5), reads(make, 5, 403)
    assert make.verdict(limited(few, LIMIT), *few).owner.value == "environment"
    assert "smaller limit" in make.verdict(limited(few, LIMIT), *few).message
    assert make.verdict(limited(wrong, LIMIT), *wrong).owner.value == "subject"


# -- does it say when to come back? ---------------------------------------------------------------------
@pytest.mark.parametrize("wait", ["1", "0", "120", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_can_be_read_holds(make, wait):
    one = make.error("RATE_LIMITED", 429, retryable=True,
                     answer={"Retry-After": wait, "Date": "Wed, 21 Oct 2026 07:27:58 GMT"})
    assert make.outcome(asks_to_wait([one]), one) == "pass"


@pytest.mark.parametrize("wait", [None, "", "soon", "-1", "1.5", "2026-10-21T07:28:00Z"])
def test_a_wait_that_cannot_be_read_is_a_breach(make, wait):
    good, bad = turned_away(make), turned_away(make, wait)
    found = make.verdict(asks_to_wait([good, bad]), good, bad)
    assert found.outcome.value == "fail"
    assert found.exchanges == (bad.id,)


def test_a_limit_without_the_error_model_is_a_breach(make):
    plain = make.exchange(status=429, raw="<html>", answer={"Retry-After": "1"})
    final = turned_away(make, retryable=False)
    for bad in (plain, final, turned_away(make, code="NOT_FOUND")):
        assert make.outcome(asks_to_wait([bad]), bad) == "fail"


def test_without_a_limited_call_nothing_was_asked(make):
    served = reads(make, 3)
    assert make.outcome(asks_to_wait(served), *served) == "inconclusive"


# -- and is the call carried out then? ------------------------------------------------------------------
def test_one_of_the_tries_must_be_carried_out(make):
    first, again, served = turned_away(make), turned_away(make), make.exchange(body={})
    assert make.outcome(served_after_wait(first, [again, served]), first, again, served) == "pass"
    assert make.outcome(served_after_wait(first, [again]), first, again) == "fail"
    assert make.outcome(served_after_wait(first, []), first) == "inconclusive"
    patient = turned_away(make, "3600")
    assert "3600 s are longer" in make.verdict(served_after_wait(patient, []), patient).message
    silent = make.exchange(failure="timeout")
    assert make.outcome(served_after_wait(first, [silent]), first, silent) == "inconclusive"


def test_a_limited_key_that_stays_refused_is_a_breach(make):
    first, mismatch = turned_away(make), make.error("IDEMPOTENCY_MISMATCH", 409)
    assert make.outcome(served_after_wait(first, [mismatch]), first, mismatch) == "fail"


# -- nothing happened meanwhile -------------------------------------------------------------------------
@pytest.mark.parametrize(("end", "statuses", "outcome"), [
    (1_000, [429, 429], "pass"), (900, [200, 429], "pass"), (900, [429, 429], "fail"), (1_000, [200, 429], "fail"),
    (1_100, [429], "fail"), (900, [429, 500], "pass"), (1_000, [429, 202], "pass"), (800, [429, 500], "fail"),
    (1_000, [200, 200], "inconclusive"), (1_000, [], "inconclusive")])
def test_only_what_was_taken_moves_the_balance(make, end, statuses, outcome):
    before, after = balances(make, 1_000), balances(make, end)
    bets = [make.exchange(status=s, body={}) for s in statuses]
    assert make.outcome(only_served_bets_move(before, after, bets, 100), before, after, *bets) == outcome


def test_unreadable_balances_tell_nothing(make, hostile):
    before, after, bet = balances(make, 1_000), make.exchange(body=hostile), turned_away(make)
    assert make.outcome(only_served_bets_move(before, after, [bet], 100), before, after, bet) == "inconclusive"


# -- neighbours -----------------------------------------------------------------------------------------
def unharmed(make, calm, meanwhile, flood):
    draft = neighbour_unharmed("other", calm, meanwhile, flood)
    return make.verdict(draft, *calm, *meanwhile, *flood)


def test_a_neighbour_that_is_served_all_the_while_is_unharmed(make):
    flood = [turned_away(make, started=n * SECOND) for n in range(3)]
    assert unharmed(make, reads(make, 2), reads(make, 8), flood).outcome.value == "pass"


@pytest.mark.parametrize("status", [429, 503])
def test_a_neighbour_that_is_turned_away_is_harmed(make, status):
    flood = [turned_away(make, started=n * SECOND) for n in range(3)]
    found = unharmed(make, reads(make, 2), [*reads(make, 8), *reads(make, 1, status)], flood)
    assert found.outcome.value == "fail"
    assert found.measured["harmed"] == 1


@pytest.mark.parametrize(("served", "errors", "silent", "outcome"), [
    (5, 10, 40, "fail"), (50, 5, 0, "fail"), (10, 0, 40, "fail"), (0, 0, 8, "fail"), (0, 8, 0, "fail"),
    (50, 2, 0, "pass"), (8, 1, 0, "inconclusive"), (8, 2, 0, "inconclusive"), (50, 0, 1, "inconclusive"),
    (30, 0, 25, "inconclusive"), (8, 0, 2, "inconclusive")])
def test_a_neighbour_that_meets_errors_or_silence_is_harmed_beyond_chance(make, served, errors, silent, outcome):
    flood = [turned_away(make, started=n * SECOND) for n in range(60)]
    meanwhile = [*reads(make, served), *reads(make, errors, 500), *reads(make, silent, failure="timeout")]
    found = unharmed(make, reads(make, 5), meanwhile, flood)
    assert found.outcome.value == outcome, found.message
    if outcome == "fail":
        assert f"of {len(meanwhile)} calls {errors} were answered 5xx and {silent} not at all" in found.message
        assert "5 of 5 were served" in found.message
    if served == 50 and outcome == "pass":
        assert "2 of 52 failed" in found.message


def test_silence_that_the_flood_met_too_may_be_the_line_s(make):
    flood = [turned_away(make, started=n * SECOND) for n in range(20)]
    meanwhile = [*reads(make, 8), *reads(make, 40, failure="timeout")]
    assert unharmed(make, reads(make, 5), meanwhile, flood).outcome.value == "fail"
    found = unharmed(make, reads(make, 5), meanwhile, [*flood, *reads(make, 20, failure="timeout")])
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "environment")


def test_what_is_no_answer_of_a_reading_is_no_service_either(make):
    flood = [turned_away(make, started=n * SECOND) for n in range(3)]
    found = unharmed(make, reads(make, 5), [*reads(make, 8), *reads(make, 4, 401)], flood)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "subject")


def test_what_was_not_calm_before_or_not_limited_tells_nothing(make):
    flood = [turned_away(make, started=n * SECOND) for n in range(3)]
    assert unharmed(make, reads(make, 1, 429), reads(make, 8), flood).reason.value == "no_steady_state"
    assert unharmed(make, [], reads(make, 8), flood).outcome.value == "inconclusive"
    assert unharmed(make, reads(make, 2), reads(make, 8), reads(make, 3)).outcome.value == "inconclusive"
    assert unharmed(make, reads(make, 2), reads(make, 8, start=9 * SECOND), flood).outcome.value == "inconclusive"
    assert unharmed(make, reads(make, 2), reads(make, 8, 500), flood).outcome.value == "inconclusive"
    lost = neighbour_unharmed("other", reads(make, 2), reads(make, 8), flood)
    assert make.outcome(lost) == "inconclusive"


def test_hostile_answers_never_raise(make, hostile):
    odd = make.exchange(status=429, body=hostile, answer={"Retry-After": "1"})
    for draft in (limited([odd], LIMIT), asks_to_wait([odd]), served_after_wait(odd, [odd]),
                  only_served_bets_move(odd, odd, [odd], 1), neighbour_unharmed("x", [odd], [odd], [odd])):
        make.outcome(draft, odd)
