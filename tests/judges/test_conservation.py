"""Conservation over synthetic runs: what was acknowledged counts once, what is unclear only widens."""

import pytest

from harness.judges.conservation import conserved
from harness.model.arrivals import constant
from harness.model.history import PlayerRecord
from harness.model.storm import Caller, Seat, StormPlan
from harness.model.storm_record import StormRecord, StormResult
from harness.model.tally import Tally


@pytest.fixture
def run(make):
    """A run of one player: calls as (operation, status, sent, got or None for no answer); the end's balance."""

    def of(end, *calls, start=10_000, looked_at=2_000_000):
        exchanges = [make.exchange(method="POST", operation="createSession", status=201, sent={"player_id": "p"},
                                   body={"session_id": "s"})]
        for operation, status, sent, got in calls:
            exchanges.append(make.exchange(method="POST", operation=operation, sent=sent, status=status, body=got,
                                           failure="" if got is not None else "timeout"))
        closing = make.exchange(body={"balances": [{"amount": end, "currency": "EUR"}]}, label="closing",
                                started=looked_at)
        player = PlayerRecord(player_id="p", check="c", tenant_id="t", brand_id="b", region="r", start={"EUR": start},
                              closed_by=closing.id)
        return make.outcome(conserved(), *exchanges, closing, players=(player,))

    return of


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


def authorize(status=200, got=None, stake=1000):
    return ("authorizeBet", status, {"session_id": "s", "bet_id": "b", "amount": eur(stake)},
            {"status": "authorized"} if got is None else got)


def test_what_moved_after_the_last_look_accuses_nobody(run):
    assert run(9_000, authorize(), SETTLE) == "fail"
    assert run(9_000, authorize(), SETTLE, looked_at=0) == "inconclusive"


SETTLE = ("settleBet", 200, {"bet_id": "b", "win": eur(2500)}, {"status": "credited"})
ROLLBACK = ("rollbackBet", 200, {"bet_id": "b"}, {"status": "rolled_back"})
LOST = ("authorizeBet", 200, {"session_id": "s", "bet_id": "b", "amount": eur(1000)}, None)


@pytest.mark.parametrize(("calls", "ends"), [
    ((), {10_000}), ((authorize(),), {9_000}), ((authorize(), authorize()), {9_000}),
    ((authorize(), SETTLE, SETTLE), {11_500}), ((authorize(), ROLLBACK), {10_000}), ((LOST,), {10_000, 9_000}),
    ((LOST, authorize()), {9_000}), ((authorize(422, {"code": "INSUFFICIENT_FUNDS"}),), {10_000}),
    ((authorize(202, {"status": "unknown"}),), {10_000, 9_000}),
    ((("rollbackBet", 200, {"bet_id": "z"}, {"status": "tombstoned"}),), {10_000}),
    ((("createPayment", 202, {"payment_id": "x", "player_id": "p", "direction": "withdrawal", "amount": eur(500)},
       {"operation_id": "o"}),), {10_000, 9_500})])
def test_the_permitted_ends(run, calls, ends):
    for end in (8_000, 8_500, 9_000, 9_500, 10_000, 10_500, 11_500, 12_500):
        assert run(end, *calls) == ("pass" if end in ends else "fail")


ISSUED = ("issueBonus", 201, {"bonus_id": "n", "player_id": "p", "amount": eur(500)}, {"status": "issued"})
MET = ("reportWagerProgress", 200, {"bonus_id": "n", "bet_id": "b"}, {"status": "completed"})


@pytest.mark.parametrize("calls", [(ISSUED,), (ISSUED, MET), (ISSUED, ISSUED, MET, MET)])
def test_a_bonus_is_credited_once_whenever(run, calls):
    assert [run(end, *calls) for end in (10_000, 10_500, 11_000)] == ["pass", "pass", "fail"]


def test_a_payment_counts_as_its_operation_ended(run):
    payment = ("createPayment", 202, {"payment_id": "x", "player_id": "p", "direction": "deposit", "amount": eur(500)},
               {"operation_id": "o"})
    ended = ("getOperationStatus", 200, {}, {"operation_id": "o", "status": "succeeded"})
    assert run(10_500, payment, ended) == "pass"
    assert run(10_000, payment, ended) == "fail"


def test_nothing_followed_is_inconclusive(make):
    assert make.outcome(conserved()) == "inconclusive"
    player = PlayerRecord(player_id="p", check="c", tenant_id="t", brand_id="b", region="r", start={"EUR": 5})
    assert make.outcome(conserved(), players=(player,)) == "inconclusive"


def test_hostile_answers_never_raise(run, hostile):
    for operation in ("authorizeBet", "settleBet", "rollbackBet", "consumeBonus", "payJackpot", "createPayment",
                      "fundSandboxPlayer", "reportWagerProgress", "getOperationStatus", "createSession", "issueBonus"):
        assert run(10_000, (operation, 200, hostile, hostile)) in ("pass", "fail", "inconclusive")


@pytest.mark.parametrize(("off", "complete", "outcome"), [
    (0, True, "pass"), (1, True, "fail"), (-1, True, "fail"), (1, False, "inconclusive")])
def test_what_a_storm_moved_is_followed_too(make, off, complete, outcome):
    plan = StormPlan(base_url="http://x", schedule=constant(10, 1, spacing="even"),
                     callers=(Caller(headers=(), token=""),),
                     seats=(Seat(player_id="p", session_id="s"),))
    storm = StormRecord(id="storm-1", check="c", plan=plan, result=StormResult(
        tally=Tally(), begun=b"\x01" * 10, ended=b"\x01" * 10, workers=1, complete=complete))
    moved = sum(-r.stake + (r.stake if r.rolled_back else r.win) for r in map(plan.round, range(10)))
    closing = make.exchange(body={"balances": [eur(10_000 + moved + off)]}, label="closing", started=2_000_000)
    player = PlayerRecord(player_id="p", check="c", tenant_id="t", brand_id="b", region="r", start={"EUR": 10_000},
                          closed_by=closing.id)
    assert make.outcome(conserved(), closing, players=(player,), storms=(storm,)) == outcome
