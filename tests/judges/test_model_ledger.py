"""MONEY-06's judge on synthetic plays: what agrees with the model passes, what leaves it is told, shortest first."""

import dataclasses
import json

import pytest

from harness.judges.model_ledger import Disagreement, Ledger, LeftOpen, agrees_with_model, played_enough
from harness.model.profile import ContractProfile

EUR = {"currency": "EUR"}
TENANTS = {"provider": "t1", "other": "t2"}


class Platform:
    """A platform in memory, right unless told otherwise: exchanges as the journal would hold them."""

    def __init__(self, make):
        self.make = make
        self.exchanges = []
        self.steps = []
        self.keys = 0

    def _keep(self, exchange):
        self.exchanges.append(exchange)
        return exchange

    def call(self, operation, path, sent, status=200, body=None, *, key="", by="provider", code=""):
        self.keys += not key
        headers = {"X-Idempotency-Key": key or f"k{self.keys}"}
        options = {"path": path, "sent": sent, "headers": headers, "operation": operation, "method": "POST"}
        made = self.make.error(code, status, **options) if code else self.make.exchange(
            status=status, body=body if body is not None else {}, **options)
        return self._keep(dataclasses.replace(made, actor=by))

    def step(self, *calls, looks=()):
        self.steps.append({"calls": [c.id for c in calls], "looks": [look.id for look in looks]})
        return self

    # -- calls
    def player(self, amount=1000):
        sent = {"player_id": "p1", "balances": [{"amount": amount, **EUR}]}
        return self.call("createSandboxPlayer", "/sandbox/players", sent, 201)

    def session(self, name="s1", currency="EUR"):
        return self.call("createSession", "/v1/sessions", {"player_id": "p1", "currency": currency}, 201,
                         {"session_id": name})

    def close(self, name="s1"):
        return self.call("closeSession", f"/v1/sessions/{name}/close", {})

    def authorize(self, bet="b1", stake=100, session="s1", currency="EUR", **options):
        sent = {"session_id": session, "bet_id": bet, "round_id": "r",
                "amount": {"amount": stake, "currency": currency}}
        return self.call("authorizeBet", "/v1/bets/authorize", sent, **options)

    def settle(self, bet="b1", win=250, currency="EUR", **options):
        return self.call("settleBet", "/v1/bets/settle", {
            "bet_id": bet, "round_id": "r", "win": {"amount": win, "currency": currency}}, **options)

    def rollback(self, bet="b1", **options):
        return self.call("rollbackBet", "/v1/bets/rollback", {"bet_id": bet}, **options)

    def bonus(self, amount=500, required=50):
        sent = {"bonus_id": "n", "player_id": "p1", "freespins": 0, "amount": {"amount": amount, **EUR},
                "wager_requirement": {"amount": required, **EUR}}
        return self.call("issueBonus", "/v1/bonuses", sent, 201)

    def jackpot(self, seed=0):
        return self.call("createSandboxJackpot", "/sandbox/jackpots", {
            "jackpot_id": "j", "currency": "EUR", "seed": seed}, 201)

    def contribute(self, amount, bet="b1", **options):
        return self.call("contributeToJackpot", "/v1/jackpots/contributions", {
            "contribution_id": "c", "jackpot_id": "j", "bet_id": bet, "amount": {"amount": amount, **EUR}}, **options)

    def trigger(self, **options):
        return self.call("triggerJackpot", "/v1/jackpots/triggers", {
            "jackpot_id": "j", "trigger_id": "t", "player_id": "p1", "round_id": "r"}, **options)

    def payout(self, **options):
        return self.call("payJackpot", "/v1/jackpots/payouts", {
            "payout_id": "o", "trigger_id": "t", "player_id": "p1"}, **options)

    def wager(self, bet="b1"):
        return self.call("reportWagerProgress", "/v1/wager/progress", {"bonus_id": "n", "bet_id": bet})

    # -- looks
    def balance(self, amount):
        return self._keep(self.make.exchange(path="/v1/players/p1/balances", operation="getPlayerBalances", body={
            "balances": [{"amount": amount, **EUR}]}))

    def pool(self, amount):
        return self._keep(self.make.exchange(path="/v1/jackpots/j", operation="getJackpot", body={
            "pool": {"amount": amount, **EUR}}))

    def bet(self, status, bet="b1"):
        return self._keep(self.make.exchange(path=f"/v1/bets/{bet}", operation="getBet", body={"status": status}))

    def seated(self):
        return self.step(self.player()).step(self.session())

    def placed(self):
        return self.seated().step(self.authorize(), looks=[self.balance(900), self.bet("authorized")])

    def finding(self, again=(), **profile):
        draft = agrees_with_model(self.steps, tenants=TENANTS, again=again, base_url="http://platform.test")
        return self.make.verdict(draft, *self.exchanges, profile=ContractProfile(**profile))


@pytest.fixture
def platform(make):
    return Platform(make)


def test_a_right_platform_agrees_from_bet_to_settle(platform):
    platform.placed().step(platform.settle(), looks=[platform.balance(1150), platform.bet("settled")])
    finding = platform.finding()
    assert (finding.outcome.value, finding.measured["steps"]) == ("pass", 4)


WRONG = {
    "a cent too little": lambda p: p.placed().step(p.settle(), looks=[p.balance(1149)]),
    "paid twice under a new key": lambda p: p.placed().step(p.settle(), looks=[p.balance(1150)]).step(
        p.settle(), looks=[p.balance(1400)]),
    "rolled back after it was settled, unasked": lambda p: p.placed().step(p.settle()).step(p.rollback(status=200)),
    "a refund that pays again": lambda p: p.placed().step(p.rollback(), looks=[p.balance(1000)]).step(
        p.rollback(), looks=[p.balance(1100)]),
    "more than there is": lambda p: p.seated().step(p.authorize(stake=1001)),
    "a bet after its tombstone": lambda p: p.seated().step(p.rollback(status=200)).step(p.authorize()),
    "another currency": lambda p: p.seated().step(p.authorize(currency="JPY")),
    "a closed session": lambda p: p.seated().step(p.close()).step(p.authorize()),
    "the same key for another amount": lambda p: p.seated().step(p.authorize(key="k")).step(
        p.authorize(key="k", stake=50)),
    "funds that are there, refused": lambda p: p.seated().step(
        p.authorize(status=422, code="INSUFFICIENT_FUNDS"), looks=[p.balance(1000)]),
    "a settle of a bet that never was": lambda p: p.seated().step(p.settle("b9")),
    "a refused bet that is debited": lambda p: p.seated().step(
        p.authorize(status=422, code="LIMIT_EXCEEDED"), looks=[p.balance(900)]),
    "the wrong state": lambda p: p.placed().step(p.settle(), looks=[p.balance(1150), p.bet("authorized")]),
    "both of a race": lambda p: p.placed().step(p.settle(), p.rollback(), looks=[p.balance(1250)]),
    "a server error": lambda p: p.placed().step(p.settle(status=500)),
}


@pytest.mark.parametrize("what", list(WRONG))
def test_what_leaves_the_model_is_red_with_a_story_and_a_script(platform, what):
    WRONG[what](platform)
    finding = platform.finding()
    assert finding.outcome.value == "fail", finding.message
    assert finding.measured["story"][0].startswith("1. player 1 starts with 10.00 EUR")
    assert finding.measured["story"][-1].startswith(f"{finding.measured['steps'] + 1}. ")
    assert finding.measured["script"].startswith("#!/bin/sh")
    assert finding.expected


LEGAL = {
    "a limit refuses": lambda p: p.seated().step(
        p.authorize(status=422, code="LIMIT_EXCEEDED"), looks=[p.balance(1000)]),
    "a race won by the settle": lambda p: p.placed().step(
        p.settle(), p.rollback(status=409, code="INVALID_STATE"), looks=[p.balance(1150), p.bet("settled")]),
    "a race won by the rollback": lambda p: p.placed().step(
        p.settle(status=409, code="INVALID_STATE"), p.rollback(), looks=[p.balance(1000), p.bet("rolled_back")]),
    "a busy answer": lambda p: p.placed().step(p.settle(), p.settle(status=409, code="IN_PROGRESS"),
                                               looks=[p.balance(1150)]),
    "two bets, money for one": lambda p: p.seated().step(
        p.authorize("b1", 600), p.authorize("b2", 600, status=422, code="INSUFFICIENT_FUNDS"),
        looks=[p.balance(400), p.bet("authorized", "b1")]),
    "a tombstone called rolled back": lambda p: p.seated().step(p.rollback(), looks=[p.bet("rolled_back")]),
    "the first result again": lambda p: p.seated().step(p.authorize(key="k")).step(
        p.authorize(key="k"), looks=[p.balance(900)]),
}


@pytest.mark.parametrize("what", list(LEGAL))
def test_what_the_contract_permits_agrees(platform, what):
    LEGAL[what](platform)
    assert platform.finding().outcome.value == "pass", platform.finding().message


@pytest.mark.parametrize(("play", "choice", "other"), [
    (lambda p: p.placed().step(p.settle()).step(p.rollback(), looks=[p.balance(1000)]),
     {"rollback_after_settle": "reverses"}, {"rollback_after_settle": "refused"}),
    (lambda p: p.seated().step(p.authorize(key="k")).step(p.authorize(key="k", status=409, code="DUPLICATE")),
     {"duplicate_answer": "own_code"}, {"duplicate_answer": "replay"})])
def test_a_choice_is_legal_where_it_is_declared_and_red_where_another_is(platform, play, choice, other):
    play(platform)
    assert platform.finding(**choice).outcome.value == "pass", platform.finding(**choice).message
    assert platform.finding(**other).outcome.value == "fail"


def test_a_parked_settle_waits_for_its_bet_where_that_is_declared(platform):
    platform.seated().step(platform.settle(status=202)).step(platform.authorize(), looks=[platform.balance(1150)])
    parked = {"settle_without_authorize": "parked"}
    assert platform.finding(**parked).measured["steps"] == 4
    assert platform.finding().measured["left_open"] == 1, "elsewhere 202 says that the outcome is not known yet"
    platform.step(platform.settle(win=99), looks=[platform.balance(1249)])
    assert platform.finding(**parked).outcome.value == "fail"


def test_an_answer_that_left_it_open_ends_the_play_without_a_verdict(platform, make):
    platform.placed()
    lost = platform._keep(dataclasses.replace(platform.settle(), status=None, failure="timeout"))
    platform.exchanges = [e for e in platform.exchanges if e.id != lost.id] + [lost]
    platform.step(lost, looks=[platform.balance(77)])
    finding = platform.finding()
    assert (finding.outcome.value, finding.measured["left_open"]) == ("pass", 1)


def test_a_play_that_was_open_from_the_start_is_not_green(platform):
    platform.step(platform._keep(dataclasses.replace(platform.player(), status=None, failure="connect")))
    assert platform.finding().outcome.value in ("inconclusive", "pass")


def test_a_server_error_that_does_not_come_again_is_flaky(platform):
    platform.placed().step(platform.settle(status=500))
    wrong = platform.steps
    platform.steps = []
    platform.placed().step(platform.settle(), looks=[platform.balance(1150)])
    again, platform.steps = platform.steps, wrong
    finding = platform.finding([again, again, again])
    assert (finding.outcome.value, finding.reason.value) == ("inconclusive", "flaky")
    assert platform.finding([again, wrong, again]).outcome.value == "fail"


def test_money_that_went_wrong_once_is_red_even_when_it_does_not_come_again(platform):
    """A race may show once in a hundred; the ledger is wrong all the same."""
    platform.placed().step(platform.settle(), looks=[platform.balance(1149)])
    wrong = platform.steps
    platform.steps = []
    platform.placed().step(platform.settle(), looks=[platform.balance(1150)])
    again, platform.steps = platform.steps, wrong
    finding = platform.finding([again] * 3)
    assert finding.outcome.value == "fail"
    assert finding.measured["again"] == "0 of 3"
    assert "seen again 0 of 3 times" in finding.measured["story"][-1]


def test_a_journal_that_lacks_an_exchange_is_ours(platform):
    platform.placed()
    platform.exchanges.pop()
    assert platform.finding().owner.value == "harness"


def test_plays_that_carried_nothing_out_are_not_green(platform, make):
    platform.placed()
    claim = agrees_with_model(platform.steps, tenants=TENANTS)
    history = {"claims": (_claim(claim),)}
    assert make.outcome(played_enough(("authorizeBet",)), *platform.exchanges, **history) == "pass"
    assert make.outcome(played_enough(), *platform.exchanges, **history) == "inconclusive"
    assert make.outcome(played_enough()) == "inconclusive"


def _claim(draft):
    from harness.model.claim import Claim

    return Claim(id="c#0", check="c", control="X-01", judge=draft.judge, says=draft.says, over=draft.over,
                 params=json.loads(json.dumps(dict(draft.params))))


def test_any_answer_is_survived(platform, hostile):
    ledger = Ledger(profile=ContractProfile(), tenants=TENANTS)
    for call in (platform.player(), platform.session(), platform.authorize(), platform.settle(), platform.rollback()):
        odd = dataclasses.replace(call, response_body=json.dumps(hostile), request_body=json.dumps(hostile))
        assert isinstance(ledger.after([odd]), Ledger | Disagreement | LeftOpen)
    for look in (platform.balance(1), platform.bet("settled")):
        odd = dataclasses.replace(look, response_body=json.dumps(hostile))
        assert isinstance(ledger.seeing(odd), Ledger | Disagreement | LeftOpen)
