"""Judge of what follows an outage, on synthetic histories."""

import json

import pytest

from harness.judges.catching_up import catches_up
from harness.model.exchange import Exchange
from harness.model.played import Span

SECOND = 1_000_000_000
OUTAGE = Span(start_ns=10 * SECOND, end_ns=70 * SECOND)


def asked(name, at, url="/wallet/debit", body=None):
    return Exchange(id=f"w{name}-{at}-{url}", check="", actor="platform", channel="wallet", operation="wallet",
                    method="POST" if body else "GET", url=url, status=200, started_ns=int(at * SECOND),
                    request_body=json.dumps(body) if body else "", ended_ns=int((at + 0.01) * SECOND))


def judged(make, *at_wallet, count=6):
    during = [(f"player-{n}", make.exchange(method="POST", started=(20 + n) * SECOND)) for n in range(count)]
    later = [("player-100", make.exchange(method="POST", started=71 * SECOND))]
    before = [spanning(make.exchange(method="POST"), n, n + 0.9) for n in range(3)]
    draft = catches_up(during, OUTAGE, later, 10.0, before)
    return make.verdict(draft, *(call for _, call in (*during, *later)), *before, *at_wallet)


def spanning(exchange, start, end):
    return Exchange.from_line({**exchange.to_line(), "started_ns": int(start * SECOND), "ended_ns": int(end * SECOND)})


def stake(n, tx=None, **more):
    return {"player_id": f"player-{n}", "transaction_id": f"tx-{n}" if tx is None else tx, "amount": 1000, **more}


NEW = asked("new", 71, body={"player_id": "player-100"})


@pytest.mark.parametrize(("each", "outcome"), [(1, "pass"), (2, "pass"), (3, "fail"), (12, "fail")])
def test_each_operation_is_asked_after_a_few_times(make, each, outcome):
    seen = [asked("new", 71, body={"player_id": "player-100"})]
    for n in range(6):
        seen.append(asked(f"p{n}", 20 + n, body={"player_id": f"player-{n}", "tx_id": f"tx-{n}"}))
        seen += [asked(f"q{n}", 70.1 + k / 10, url=f"/wallet/transactions/tx-{n}") for k in range(each)]
    found = judged(make, *seen)
    assert found.outcome.value == outcome, found.message


def test_one_operation_that_is_asked_after_again_and_again_is_enough(make):
    seen = [asked("new", 71, body={"player_id": "player-100"})]
    seen += [asked("q", 70.1 + k / 10, body={"player_id": "player-1", "tx_id": "tx-1"}) for k in range(5)]
    seen += [asked(f"p{n}", 70.2, body={"player_id": f"player-{n}"}) for n in range(2, 6)]
    assert judged(make, *seen).outcome.value == "fail"


def test_a_wallet_that_saw_nothing_and_an_idle_outage_decide_nothing(make):
    assert judged(make).outcome.value == "inconclusive"
    assert judged(make, asked("new", 71, body={"player_id": "player-100"}), count=0).outcome.value == "inconclusive"


@pytest.mark.parametrize(("url", "key"), [("/players/player-5/balance", ""), ("/balance", "idempotency_key"),
                                          ("/balance", "request_id"), ("/balance", "session")])
def test_readings_of_a_balance_are_no_catching_up(make, url, key):
    made_good = [asked(f"q{n}", 70 + k / 10, step, body=stake(n)) for n in range(6)
                 for k, step in ((1, "/status"), (2, "/cancel"))]
    read = [asked(f"r{n}", 75 + n / 10, url, {"player_id": "player-5", key: f"k-{n}"} if key else None)
            for n in range(3)]
    assert judged(make, NEW, *made_good, *read).outcome.value == "pass"


def test_so_many_calls_about_a_player_are_not_told_from_readings(make):
    calls = [asked(f"r{n}", 75 + n / 10, "/wallet", body={"player_id": "player-5", "request_id": n}) for n in range(5)]
    assert judged(make, NEW, *calls[:4]).outcome.value == "pass"
    found = judged(make, NEW, *calls)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")


@pytest.mark.parametrize("bodies", [
    [stake(n, tx=998 + n) for n in range(6)], [stake(n, transaction_id_type="uuid", kind="debit") for n in range(6)],
    [stake(n, bet_id=1000, step=n) for n in range(6)]])
def test_numbers_and_words_of_the_protocol_name_no_operation(make, bodies):
    for each, outcome in ((1, "pass"), (2, "pass"), (3, "fail")):
        seen = [asked(f"q{n}", 70.1 + k / 10, body=body) for n, body in enumerate(bodies) for k in range(each)]
        assert judged(make, NEW, *seen).outcome.value == outcome


@pytest.mark.parametrize(("steps", "each", "outcome"), [(1, 3, "fail"), (2, 3, "pass"), (2, 4, "fail")])
def test_what_an_operation_takes_in_calm_it_may_take_afterwards(make, steps, each, outcome):
    calm = [asked(f"c{k}", 1.1 + k / 10, body={"transaction_id": "tx-c", "amount": 1000}) for k in range(steps)]
    calm += [asked("balance", 1.5, "/balance", body={"player_id": "calm"}), asked("read", 1.6, "/players/calm/balance")]
    seen = [asked(f"q{n}", 70.1 + k / 10, body=stake(n)) for n in range(6) for k in range(each)]
    assert judged(make, NEW, *calm, *seen).outcome.value == outcome


def test_only_operations_of_the_outage_are_counted(make):
    later = [asked(f"n{k}", 71 + k / 10, body={"player_id": "player-100", "amount": 5}) for k in range(5)]
    assert judged(make, *later).outcome.value == "pass"


@pytest.mark.parametrize(("operations", "each", "outcome"), [(3, 4, "pass"), (3, 5, "fail"), (5, 4, "fail")])
def test_few_operations_have_no_average(make, operations, each, outcome):
    seen = [asked(f"q{n}", 70.1 + k / 10, body=stake(n)) for n in range(operations) for k in range(each)]
    assert judged(make, NEW, *seen).outcome.value == outcome
