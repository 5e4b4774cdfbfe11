"""Judges of the platform's calls to its wallet, on synthetic histories."""

import json
import random

import pytest

from harness.judges.wallet_calls import answers_in_time, backs_off, gives_up_in_time, retries_sparingly, some_are_late
from harness.model.exchange import Exchange

MS = 1_000_000


def operation(make, number, *attempts, started=0, answer_ms=400, path="/wallet/debit"):
    """((player, the call), what the wallet saw); an attempt: (start ms, end ms, status or failure[, tx])."""
    player = f"player-{number}"
    call = make.exchange(method="POST", operation="authorizeBet", started=started * MS)
    call = Exchange.from_line({**call.to_line(), "ended_ns": (started + answer_ms) * MS})
    seen = []
    for n, (begin, end, what, *tx) in enumerate(attempts):
        body = {"tx_id": tx[0] if tx else f"tx-{number}", "player_id": player, "amount": 5}
        failure = what if isinstance(what, str) else ""
        seen.append(Exchange(id=f"w{number}-{n}", check="", actor="platform", channel="wallet", operation="wallet",
                             method="POST", url=path, request_body=json.dumps(body), failure=failure,
                             status=None if failure else what, started_ns=int((started + begin) * MS),
                             ended_ns=int((started + end) * MS)))
    return (player, call), seen


def judged(make, draft, made, **params):
    operations = [op for op, _ in made]
    exchanges = [call for (_, call), _ in made] + [e for _, seen in made for e in seen]
    return make.verdict(draft(operations, **params), *exchanges)


@pytest.mark.parametrize(("ends", "outcome"), [((250, 251), "pass"), ((250, 401), "fail"), ((5_000,), "fail")])
def test_a_silent_wallet_is_given_up_in_time(make, ends, outcome):
    made = [operation(make, n, (0, end, "hung_up")) for n, end in enumerate(ends)]
    found = judged(make, gives_up_in_time, made, limit_ms=400)
    assert found.outcome.value == outcome
    assert found.measured["attempts"] == len(ends)


def test_measuring_may_be_late_by_what_a_witness_was(make):
    made = [operation(make, 1, (0, 415, "hung_up"))]
    assert judged(make, gives_up_in_time, made, limit_ms=400, slack_ms=20).outcome.value == "pass"


@pytest.mark.parametrize(("ends", "outcome"), [
    ((300,) * 39 + (430,), "pass"), ((300,) * 9 + (430,), "inconclusive"), ((300,) * 9 + (430, 430), "fail"),
    ((300,) * 39 + (900,), "fail"), ((300,) * 2 + (430,), "fail"), ((430,), "fail")])
def test_one_stall_among_many_attempts_is_no_missing_timeout(make, ends, outcome):
    made = [operation(make, n, (0, end, "hung_up")) for n, end in enumerate(ends)]
    assert judged(make, gives_up_in_time, made, limit_ms=400).outcome.value == outcome


@pytest.mark.parametrize(("late", "late_again", "outcome"), [
    (3, None, "fail"), (3, 3, "fail"), (3, 0, "inconclusive"), (0, 3, "inconclusive"), (0, 0, "pass"),
    (1, None, "pass")])
@pytest.mark.parametrize(("draft", "limit"), [(answers_in_time, "slo_ms"), (gives_up_in_time, "limit_ms")])
def test_what_is_late_in_one_take_of_two_is_nobodys_breach(make, draft, limit, late, late_again, outcome):
    """Of forty, where two may be late."""
    def take(number, behind):
        return [operation(make, 100 * number + n, (0, 500 if n < behind else 300, "hung_up"),
                          answer_ms=520 if n < behind else 310) for n in range(40)]

    first, again = take(1, late), take(2, late_again) if late_again is not None else []
    exchanges = [e for (_, call), seen in (*first, *again) for e in (call, *seen)]
    found = make.verdict(draft([op for op, _ in first], again=[op for op, _ in again], **{limit: 400}), *exchanges)
    assert found.outcome.value == outcome, found.message
    assert found.owner.value == {"fail": "subject", "inconclusive": "environment", "pass": ""}[outcome]


def test_a_second_take_that_tells_nothing_takes_nothing_back_and_is_said_so(make):
    late, unmet = operation(make, 1, (0, 500, "hung_up")), operation(make, 2, (0, 5, 200))
    exchanges = (late[0][1], *late[1], unmet[0][1], *unmet[1])
    found = make.verdict(gives_up_in_time([late[0]], 400, again=[unmet[0]]), *exchanges)
    assert (found.outcome.value, found.seen) == ("inconclusive", "held for 500 ms")
    assert "the other take tells nothing: no attempt met a silent wallet" in found.message


def test_a_call_without_an_answer_in_the_second_take_is_a_breach(make):
    first, again = operation(make, 1, answer_ms=900), operation(make, 2, answer_ms=300)
    player, call = again[0]
    silent = Exchange.from_line({**call.to_line(), "status": None, "failure": "reset"})
    found = make.verdict(answers_in_time([first[0]], slo_ms=400, again=[(player, silent)]), first[0][1], silent)
    assert (found.outcome.value, found.seen) == ("fail", "reset after 300 ms")


@pytest.mark.parametrize(("answers_late", "attempts_late", "deserved"), [
    (0, 0, False), (2, 0, False), (3, 0, True), (20, 0, True), (21, 0, False), (0, 1, True), (0, 40, True)])
@pytest.mark.parametrize("far", [False, True])
def test_what_a_stall_makes_late_deserves_a_second_take(make, answers_late, attempts_late, deserved, far):
    if far and attempts_late:
        deserved = False
    made = [operation(make, n, (0, (900 if far else 500) if n < attempts_late else 300, "hung_up"),
                      answer_ms=500 if n < answers_late else 300) for n in range(40)]
    seen = [e for _, attempts in made for e in attempts]
    assert some_are_late([op for op, _ in made], seen, 400, 0.0) is deserved


def test_an_attempt_that_our_own_side_let_go_was_not_given_up(make):
    for ends, outcome in (((350, "hang"), "inconclusive"), ((350, "hung_up"), "pass"), ((450, "hang"), "fail")):
        found = judged(make, gives_up_in_time, [operation(make, 1, (0, *ends))], limit_ms=400)
        assert found.outcome.value == outcome, found.message
        assert outcome != "inconclusive" or found.owner.value == "harness"


@pytest.mark.parametrize("attempts", [(), ((0, 5, 200),)])
def test_nobody_who_was_kept_waiting_decides_nothing(make, attempts):
    assert judged(make, gives_up_in_time, [operation(make, 1, *attempts)], limit_ms=400).outcome.value == "inconclusive"


@pytest.mark.parametrize(("attempts", "outcome"), [
    (((0, 5, 200),), "pass"), (((0, 5, "reset"), (20, 25, 200)), "pass"),
    (((0, 5, 503), (20, 25, 503), (60, 65, 503)), "pass"),
    (((0, 5, 503), (20, 25, 503), (60, 65, 503), (120, 125, 503)), "fail"),
    (((0, 5, "reset"), (20, 25, 200, "another")), "fail"),
    (((0, 5, 402), (20, 25, 402)), "fail"), (((0, 5, 402),), "pass"), (((0, 5, 429), (20, 25, 200)), "pass"),
    (((0, 5, "reset"), (500, 505, 200), (600, 605, 200), (700, 705, 200)), "pass"), ((), "inconclusive")])
def test_retries_are_few_and_under_one_key(make, attempts, outcome):
    found = judged(make, retries_sparingly, [operation(make, 1, *attempts)])
    assert found.outcome.value == outcome, found.message


def test_attempts_of_others_and_other_steps_are_no_retries(make):
    made = [operation(make, n, (0, 5, 200), (10, 15, 200)) for n in range(4)]
    (op, steps), (_, other) = operation(make, 9, (0, 5, 200)), operation(make, 8, (20, 25, 200), path="/wallet/cancel")
    assert judged(make, retries_sparingly, [*made, (op, steps + other)]).outcome.value == "pass"


@pytest.mark.parametrize(("what", "outcome"), [("tx-1", "pass"), ("tx-2", "fail")])
def test_another_key_is_right_once_the_first_was_cancelled(make, what, outcome):
    op, seen = operation(make, 1, (0, 5, "hang"), (100, 105, 200, "another"))
    cancel = Exchange.from_line({**seen[0].to_line(), "id": "w-cancel", "url": "/wallet/cancel", "started_ns": 50 * MS,
                                 "request_body": json.dumps({"tx_id": what}), "ended_ns": 55 * MS})
    assert judged(make, retries_sparingly, [(op, [*seen, cancel])]).outcome.value == outcome


def test_a_key_in_a_header_counts_and_a_request_id_does_not(make):
    op, (first, second) = operation(make, 1, (0, 5, "reset"), (20, 25, 200))
    for name, outcome in (("Idempotency-Key", "fail"), ("X-Request-Id", "pass")):
        marked = [Exchange.from_line({**e.to_line(), "request_headers": [[name, str(n)]]})
                  for n, e in enumerate((first, second))]
        assert judged(make, retries_sparingly, [(op, marked)]).outcome.value == outcome


def tries(make, *bodies, statuses=(), urls=(), methods=()):
    """Calls about player-1 within one operation, 40 ms apart; each is answered 503 unless said otherwise."""
    op, seen = operation(make, 1, *((n * 40, n * 40 + 5, 503) for n in range(len(bodies))))
    made = []
    for n, (e, body) in enumerate(zip(seen, bodies, strict=True)):
        text = body if isinstance(body, str) else json.dumps({"player_id": "player-1", **body})
        made.append(Exchange.from_line({
            **e.to_line(), "request_body": text, "status": statuses[n] if statuses else 503,
            "url": urls[n] if urls else "/wallet", "method": methods[n] if methods else "POST"}))
    return op, made


STAKE = {"amount": 500, "currency": "EUR"}


@pytest.mark.parametrize(("first", "second", "outcome"), [
    ({"bet_id": "b1", "sent_at": 1}, {"bet_id": "b1", "sent_at": 2}, "pass"),
    ({"bet_id": "b1", "sent_at": 1}, {"bet_id": "b2", "sent_at": 2}, "fail"),
    ({"transaction_id": "t1", "request_id": "r1"}, {"transaction_id": "t1", "request_id": "r2"}, "pass"),
    ({"transaction_id": "t1", "request_id": "r1"}, {"transaction_id": "t2", "request_id": "r1"}, "fail"),
    ({"transaction": {"id": "t1", "refId": "b1"}, "ts": 1}, {"transaction": {"id": "t1", "refId": "b1"}, "ts": 2},
     "pass"),
    ({"transaction": {"id": "t1", "refId": "b1"}, "ts": 1}, {"transaction": {"id": "t2", "refId": "b1"}, "ts": 2},
     "fail"),
    ({"params": {"transactionId": "t1"}, "id": 1, "jsonrpc": "2.0"},
     {"params": {"transactionId": "t1"}, "id": 2, "jsonrpc": "2.0"}, "pass"),
    ({"tx_id": "t1", "reference": "b1"}, {"tx_id": "t1:1", "reference": "b1"}, "fail"),
    ({"tx_id": "t1", "amount": 300}, {"tx_id": "t2", "amount": 200}, "inconclusive"),
    ({"sent_at": 1}, {"sent_at": 2}, "inconclusive"), ({"id": "m1"}, {"id": "m2"}, "inconclusive"),
    ({"id": "m1", "bet_id": "b1"}, {"id": "m2", "bet_id": "b1"}, "inconclusive")])
def test_a_key_is_known_by_its_name_in_any_protocol(make, first, second, outcome):
    found = judged(make, retries_sparingly, [tries(make, {**STAKE, **first}, {**STAKE, **second})])
    assert found.outcome.value == outcome, found.message
    assert outcome != "inconclusive" or found.owner.value == "target profile"


def test_a_key_may_be_in_the_url_or_in_a_form(make):
    url, other = "/transactions/t1", "/transactions/t2"
    for urls, outcome in (((url, url), "pass"), ((url, other), "fail")):
        made = tries(make, {**STAKE, "attempt": 1}, {**STAKE, "attempt": 2}, urls=urls, methods=("PUT", "PUT"))
        assert judged(make, retries_sparingly, [made]).outcome.value == outcome
    for second, outcome in (("t1", "pass"), ("t2", "fail")):
        made = tries(make, "player_id=player-1&amount=5&transactionId=t1&ts=1",
                     f"player_id=player-1&amount=5&transactionId={second}&ts=2")
        assert judged(make, retries_sparingly, [made]).outcome.value == outcome


def step(action, tx="t1", **more):
    return {**STAKE, "action": action, "transaction_id": tx, **more}


@pytest.mark.parametrize(("bodies", "statuses", "outcome"), [
    ([step("debit")] * 3 + [step("cancel")], (503, 503, 503, 200), "pass"),
    ([step("debit")] * 4 + [step("cancel")], (503, 503, 503, 503, 200), "fail"),
    ([step("debit"), step("cancel", "c1", reference_transaction_id="t1")], (503, 200), "pass"),
    ([step("debit"), step("cancel", "c1", reference_transaction_id="t1"), step("debit", "t2")], (503, 200, 200),
     "pass"),
    ([step("debit"), step("debit", "t2")], (503, 200), "fail"),
    ([step("reserve"), step("commit"), step("cancel")], (200, 422, 200), "pass"),
    ([step("reserve"), step("commit"), step("commit")], (200, 422, 422), "fail"),
    ([step("debit"), step("debit_retry", "t2")], (503, 200), "inconclusive")])
def test_with_one_url_the_body_says_what_is_done(make, bodies, statuses, outcome):
    found = judged(make, retries_sparingly, [tries(make, *bodies, statuses=statuses)])
    assert found.outcome.value == outcome, found.message


def test_what_names_the_first_beside_its_own_key_follows_on_it(make):
    debit, cancel = {**STAKE, "transaction_id": "t1"}, {**STAKE, "transaction_id": "c1", "reference": "t1"}
    for bodies, outcome in (([debit, cancel], "pass"), ([debit, *[cancel] * 4], "fail"),
                            ([debit, {**STAKE, "transaction_id": "t2", "retry_of": "t1"}], "fail")):
        assert judged(make, retries_sparingly, [tries(make, *bodies)]).outcome.value == outcome


def test_steps_that_nothing_tells_apart_decide_nothing(make):
    bodies = [{**STAKE, "transaction_id": "t1", "step": n} for n in range(4)]
    assert judged(make, retries_sparingly, [tries(make, *bodies)]).outcome.value == "inconclusive"
    assert judged(make, retries_sparingly, [tries(make, *bodies[:3])]).outcome.value == "pass"


def test_a_balance_that_is_read_needs_no_key(make):
    bodies = [{"request_id": "r1"}, {"request_id": "r2"}, {"request_id": "r3"}, {"request_id": "r4"}]
    for count, outcome in ((2, "pass"), (4, "inconclusive")):
        found = judged(make, retries_sparingly, [tries(make, *bodies[:count], statuses=[200] * count)])
        assert found.outcome.value == outcome


def spaced(make, count, gap, second=None, seed=1):
    """Operations of one or two retries; `gap(chance)` and `second(chance)` in ms."""
    chance = random.Random(seed)
    made = []
    for n in range(count):
        start = 5 + gap(chance)
        attempts = [(0, 5, 503), (start, start + 5, 503)]
        if second:
            later = start + 5 + second(chance)
            attempts.append((later, later + 5, 503))
        made.append(operation(make, n, *attempts, started=n * 1_000))
    return made


@pytest.mark.parametrize(("gap", "second", "outcome"), [
    (lambda c: c.uniform(40, 60), lambda c: c.uniform(80, 120), "pass"),
    (lambda c: c.uniform(0, 50), lambda c: c.uniform(0, 100), "pass"),
    (lambda c: c.uniform(40, 60), None, "pass"),
    (lambda c: 50 + c.random(), lambda c: 100 + c.random(), "fail"),
    (lambda c: c.uniform(40, 60), lambda c: c.uniform(40, 60), "fail"),
    (lambda c: c.uniform(48.5, 51.5), None, "fail")])
def test_gaps_grow_and_spread(make, gap, second, outcome):
    found = judged(make, backs_off, spaced(make, 60, gap, second))
    assert found.outcome.value == outcome, found.message
    assert found.measured["samples"][0] == 60


@pytest.mark.parametrize(("gap", "outcome"), [
    (lambda c: c.uniform(30, 60), "pass"), (lambda c: 45 + c.random(), "fail"), (lambda c: c.uniform(0.5, 3), "fail")])
def test_a_cancel_is_no_retry_of_the_debit_before_it(make, gap, outcome):
    made = []
    for n, (op, seen) in enumerate(spaced(make, 32, gap)):
        at = seen[-1].ended_ns + MS
        cancel = Exchange.from_line({**seen[-1].to_line(), "id": f"w{n}-cancel", "url": "/wallet/cancel",
                                     "started_ns": at, "ended_ns": at + MS})
        made.append((op, [*seen, cancel]))
    found = judged(make, backs_off, made, noise_ms=0.3)
    assert found.outcome.value == outcome, found.message
    assert found.measured["samples"] == [32]


@pytest.mark.parametrize(("count", "gap", "noise"), [(19, lambda c: c.uniform(40, 60), 0),
                                                     (24, lambda c: c.uniform(47, 53), 0),
                                                     (40, lambda c: c.uniform(40, 60), 10)])
def test_too_few_gaps_decide_nothing(make, count, gap, noise):
    found = judged(make, backs_off, spaced(make, count, gap), noise_ms=noise)
    assert found.outcome.value == "inconclusive", found.message


def test_a_platform_that_never_tries_again_needs_no_spacing(make):
    assert judged(make, backs_off, [operation(make, 1, (0, 5, 503))]).outcome.value == "pass"


def test_where_the_wallet_saw_nothing_it_is_the_profile_s_affair(make):
    for draft, params in ((gives_up_in_time, {"limit_ms": 400}), (retries_sparingly, {}), (backs_off, {})):
        found = judged(make, draft, [operation(make, 1)], **params)
        assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")


def test_hostile_bodies_at_the_wallet_are_judged(make, hostile):
    op, seen = operation(make, 1, (0, 5, "hang"), (20, 25, "hang"))
    odd = [Exchange.from_line({**e.to_line(), "request_body": json.dumps(hostile) + " player-1"}) for e in seen]
    for draft, params in ((gives_up_in_time, {"limit_ms": 400}), (retries_sparingly, {}), (backs_off, {})):
        assert judged(make, draft, [(op, odd)], **params).outcome.value in ("pass", "inconclusive")
