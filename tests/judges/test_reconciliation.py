"""ROLL-05: four books of the same bets; who stands apart, where it begins, and when nothing can be told."""

import pytest

from harness.judges.reconciliation import Evidence, Transcript, agrees, reconciled
from harness.model.profile import ContractProfile

PLAYER = "p-1"
KIND = {"authorizeBet": "bet.authorized", "settleBet": "bet.settled", "rollbackBet": "bet.rolled_back"}
START = {"EUR": 10_000, "USD": 500}


class World:
    """A platform's four books of one player, written by hand; every method adds to some of them."""

    def __init__(self, make, wire=lambda amount: amount):
        self.make, self.wire = make, wire
        self.answers, self.rows, self.events, self.moved = [], [], [], dict.fromkeys(START, 0)
        self.bets = {}

    def money(self, amount, currency):
        return {"amount": self.wire(amount), "currency": currency}

    def answer(self, operation, bet, amount=0, currency="EUR", status=200, body=None, **options):
        sent = {"bet_id": bet}
        name = {"authorizeBet": "amount", "settleBet": "win"}.get(operation)
        if name:
            sent[name] = self.money(amount, currency)
        self.bets.setdefault(bet, (PLAYER, currency))
        self.answers.append(self.make.exchange("POST", "/v1/bets", status, {} if body is None else body,
                                               operation=operation, sent=sent, **options))

    def entry(self, bet, amount, currency="EUR", kind="bet"):
        self.rows.append({"transaction_id": f"t-{len(self.rows)}", "kind": kind, **self.money(amount, currency),
                          "bet_id": bet})

    def event(self, operation, bet, amount=0, currency="EUR", **data):
        name = {"authorizeBet": "amount", "settleBet": "win"}.get(operation)
        told = {"bet_id": bet, **({name: self.money(amount, currency), "player_id": PLAYER} if name else {}), **data}
        self.events.append({"event_id": f"ev-{len(self.events)}", "type": KIND[operation], "data": told})

    def step(self, operation, bet, amount, currency="EUR"):
        """In all four books; `amount` is what it moves."""
        self.answer(operation, bet, abs(amount), currency)
        self.event(operation, bet, abs(amount), currency)
        if amount:
            self.entry(bet, amount, currency)
        self.moved[currency] += amount

    def draft(self, **changed):
        def balances(moved):
            return self.make.exchange(body={"balances": [self.money(START[c] + moved.get(c, 0), c) for c in START]})

        def page(rows, path="/v1/players/p-1/transactions"):
            return self.make.exchange("GET", path, 200, {"items": rows})

        old = {"transaction_id": "t-old", "kind": "deposit", **self.money(10_000, "EUR"), "bet_id": None}
        self.evidence = Evidence(**{"ledger": {PLAYER: ([page([old])], [page([old, *self.rows])])},
                                    "balances": {PLAYER: (balances({}), balances(self.moved))},
                                    "feed": [page(self.events, "/v1/events"), page(self.events[:2], "/v1/events")],
                                    **changed})
        self.transcript = Transcript(answers=self.answers, bets=self.bets)
        return reconciled(self.transcript, self.evidence)

    def judged(self, *, profile=None, **changed):
        draft = self.draft(**changed)
        return self.make.verdict(draft, *self.answers, *self.evidence.exchanges(), profile=profile or ContractProfile())


@pytest.fixture
def world(make):
    """Two rounds in two currencies and a rollback, right in all books; repeats and a refusal among the answers."""
    one = World(make)
    one.step("authorizeBet", "b-1", -1_000)
    one.step("settleBet", "b-1", 2_500)
    one.answer("settleBet", "b-1", 2_500)
    one.step("authorizeBet", "b-2", -300, "USD")
    one.step("settleBet", "b-2", 0, "USD")
    one.step("authorizeBet", "b-3", -700)
    one.step("rollbackBet", "b-3", 700)
    one.answer("authorizeBet", "b-4", 900_000, status=422, body={"code": "INSUFFICIENT_FUNDS", "retryable": False})
    return one


def test_four_books_that_agree_hold(world):
    found = world.judged()
    assert (found.outcome.value, found.measured) == ("pass", {"operations": 6, "accounts": 2})
    assert agrees(world.transcript, world.evidence, ContractProfile())


def test_decimal_money_is_read_to_the_minor_unit(make):
    one = World(make, wire=lambda amount: f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}")
    one.step("authorizeBet", "b-1", -1_005)
    one.step("settleBet", "b-1", 7)
    profile = ContractProfile(money_form="decimal_string")
    assert one.judged(profile=profile).outcome.value == "pass"
    one.moved["EUR"] += 1
    assert one.judged(profile=profile).outcome.value == "fail"


@pytest.mark.parametrize("say", ["answered amounts win", "sent amounts stand in"])
def test_what_was_acknowledged_is_what_the_answer_says(make, say):
    one = World(make)
    told = {"amount": {"amount": 900, "currency": "EUR"}} if say.startswith("answered") else {}
    one.answer("authorizeBet", "b-1", 1_000, body=told)
    one.event("authorizeBet", "b-1", 1_000)
    one.entry("b-1", -1_000)
    one.moved["EUR"] = -1_000
    assert one.judged().outcome.value == ("fail" if told else "pass")


def test_the_largest_win_is_in_all_books_or_in_none(world):
    largest = 999_999_999_999_990_000
    world.step("authorizeBet", "b-5", -100)
    world.answer("settleBet", "b-5", largest, status=422, body={"code": "AMOUNT_INVALID", "retryable": False})
    world.step("rollbackBet", "b-5", 100)
    assert world.judged().outcome.value == "pass", "a win that is refused and undone is no breach"
    world.step("authorizeBet", "b-6", -100)
    world.step("settleBet", "b-6", largest)
    assert world.judged().outcome.value == "pass"
    world.rows.pop()
    found = world.judged()
    assert found.outcome.value == "fail"
    assert "the ledger stands apart" in found.message
    assert f"the settle of bet b-6 (+{largest}): no such ledger entry" in found.message


def test_an_event_of_another_amount_stands_apart(world):
    world.events[1]["data"]["win"]["amount"] = 2_499
    found = world.judged()
    assert found.outcome.value == "fail"
    assert "player p-1, EUR: the events stand apart" in found.message
    assert "begins with the settle of bet b-1 (+2500): told by events as +2499" in found.message
    assert found.measured == {"API answers": 1_500, "ledger": 1_500, "balances": 1_500, "events": 1_499}
    assert world.answers[1].id in found.exchanges
    assert not agrees(world.transcript, world.evidence, ContractProfile())


def test_a_lost_and_a_doubled_event_stand_apart(world):
    lost = world.events.pop(1)
    found = world.judged()
    assert "the settle of bet b-1 (+2500): it has no event" in found.message
    world.events += [lost, {**lost, "event_id": "ev-again"}]
    assert "told by events as +2500, +2500" in world.judged().message
    world.events[-1] = lost
    assert world.judged().outcome.value == "pass", "the same event id counts once"


def test_an_event_that_nobody_acknowledged_stands_apart(world):
    world.event("authorizeBet", "b-4", 900_000)
    found = world.judged()
    assert "an event tells -900000, no answer acknowledged it" in found.message


def test_the_lost_event_of_a_rollback_or_a_loss_is_missed_too(world):
    for kind, bet in (("bet.rolled_back", "b-3"), ("bet.settled", "b-2")):
        events = list(world.events)
        world.events = [e for e in events if (e["type"], e["data"]["bet_id"]) != (kind, bet)]
        found = world.judged()
        assert found.outcome.value == "fail"
        assert f"bet {bet}" in found.message
        world.events = events


def test_a_balance_that_moved_without_its_entry(world):
    world.rows = [row for row in world.rows if row["amount"] != 2_500]
    found = world.judged()
    assert "the ledger stands apart" in found.message
    assert "the settle of bet b-1 (+2500): no such ledger entry among those of the bet (-1000)" in found.message


def test_without_bet_ids_the_ledger_is_compared_in_sum(world):
    for row in world.rows:
        row["bet_id"] = None
    assert world.judged().outcome.value == "pass"
    world.rows.pop()
    assert "the ledger stands apart" in world.judged().message


def test_entries_under_another_bet_are_found_though_the_sum_is_right(world):
    world.rows[1]["bet_id"] = "b-3"
    found = world.judged()
    assert found.outcome.value == "fail"
    assert "ledger" in found.message


def test_an_acknowledged_win_that_was_never_booked(world):
    world.rows = [row for row in world.rows if row["amount"] != 2_500]
    world.moved["EUR"] -= 2_500
    assert "the ledger and balances stand apart" in world.judged().message


def test_a_hold_that_a_rollback_released_needs_no_entries(world):
    world.rows = [row for row in world.rows if row["bet_id"] != "b-3"]
    assert world.judged().outcome.value == "pass"


def test_a_tombstone_moves_nothing(world):
    world.answer("rollbackBet", "b-9", body={"status": "tombstoned"})
    assert world.judged().outcome.value == "pass"


def test_the_right_currency_and_player_are_asked_for(world):
    world.events[2]["data"]["amount"]["currency"] = "EUR"
    assert world.judged().outcome.value == "fail"
    world.events[2]["data"]["amount"]["currency"] = "USD"
    world.events[2]["data"]["player_id"] = "p-2"
    assert world.judged().outcome.value == "fail"


@pytest.mark.parametrize("answer", [
    {"failure": "timeout"}, {"status": 202}, {"status": 500}, {"status": 429},
    {"status": 409, "body": {"code": "IN_PROGRESS", "retryable": True}}])
def test_what_nobody_told_the_end_of_is_left_out_and_never_green(world, answer):
    world.answer("settleBet", "b-3", 1, **answer)
    found = world.judged()
    assert (found.outcome.value, found.reason.value) == ("inconclusive", "no_answer")
    world.answer("settleBet", "b-3", 1, status=409, body={"code": "INVALID_STATE", "retryable": False})
    assert world.judged().outcome.value == "pass"


def test_a_lost_reply_counts_by_its_retry(world):
    world.answer("authorizeBet", "b-5", 100, failure="timeout")
    world.step("authorizeBet", "b-5", -100)
    assert world.judged().outcome.value == "pass"


@pytest.mark.parametrize("book", ["ledger", "balances", "feed"])
@pytest.mark.parametrize("status", [404, 500, 200])
def test_a_book_that_cannot_be_read_is_never_green(world, make, book, status):
    dark = make.exchange("GET", "/v1/events", status, {"x": 1})
    changed = {"ledger": {PLAYER: ([dark], [dark])}, "balances": {PLAYER: (dark, dark)}, "feed": [dark]}[book]
    found = world.judged(**{book: changed})
    assert (found.outcome.value, found.reason.value) == ("inconclusive", "observer_unavailable")
    assert found.owner.value == "subject"
    del world.answers[1:3]  # the settle was never acknowledged: what can be read tells of it
    assert world.judged(**{book: changed}).outcome.value == "fail"


@pytest.mark.parametrize("changed", [{"ledger": {}}, {"ledger": {PLAYER: ([], [])}}, {"balances": {}}, {"feed": []}])
def test_a_book_that_was_not_read_is_never_green(world, changed):
    found = world.judged(**changed)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "harness")


def test_nothing_acknowledged_tells_nothing(make, world):
    one = World(make)
    assert one.judged().outcome.value == "inconclusive"
    one.answer("authorizeBet", "b-1", 100, status=422)
    assert one.judged().outcome.value == "inconclusive"
    draft = world.draft()
    assert make.outcome(draft, *world.answers) == "inconclusive"


def test_hostile_books_never_raise(world, make, hostile):
    odd = make.exchange("GET", "/v1/events", 200, {"items": [hostile, {"type": "bet.settled", "data": hostile},
                                                             {"type": hostile, "data": {"bet_id": "b-1"}},
                                                             {"type": "bet.settled", "data": {"bet_id": hostile}}]})
    world.answer("settleBet", "b-1", 5, body=hostile)
    world.judged(feed=[odd], ledger={PLAYER: ([odd], [odd])}, balances={PLAYER: (odd, odd)})
