"""MONEY-01, 02, 05: every player's money adds up, never below zero, never across currencies."""

from functools import partial

import pytest

from harness import Lab, answered, conserved, moved, refused, unmoved, within_funds


@pytest.mark.certifies("MONEY-01")
def test_money_is_conserved_over_the_whole_run(lab: Lab) -> None:
    """A few rounds of our own, then the books of every player of every check of the run."""
    player = lab.player({"EUR": 50_000, "USD": 20_000})
    for currency, win in (("EUR", 0), ("EUR", 2_500), ("USD", 700)):
        bet = lab.bet(lab.session(player, currency), player, amount=900, currency=currency)
        lab.must(lab.authorize(bet), 200)
        lab.must(lab.settle(bet, win), 200)
    undone = lab.bet(lab.session(player), player, amount=1_100)
    lab.must(lab.authorize(undone), 200)
    lab.must(lab.rollback(undone), 200)
    deposit = {"payment_id": lab.fresh("pay"), "player_id": player.player_id, "direction": "deposit",
               "amount": lab.money(3_000)}
    operation = lab.must(lab.call("createPayment", deposit), 202).field("operation_id")
    read = partial(lab.call, "getOperationStatus", path={"operation_id": str(operation)})
    lab.must(lab.until(read, lambda e: e.field("status") in ("succeeded", "failed")), 200)
    lab.claim(conserved())


@pytest.mark.certifies("MONEY-02")
def test_parallel_bets_never_overdraw(lab: Lab) -> None:
    """Twelve stakes of 10.00 at once on a balance of 50.00, twice: at most five are accepted."""
    for _ in range(2):
        player = lab.player({"EUR": 5_000})
        session = lab.session(player)
        before = lab.balances(player)
        bets = [lab.bet(session, player, amount=1_000) for _ in range(12)]
        answers = lab.together([partial(lab.authorize, bet) for bet in bets])
        lab.claim(within_funds(before, lab.balances(player), answers, 1_000))


@pytest.mark.certifies("MONEY-02")
def test_a_stake_above_the_balance_is_refused(lab: Lab) -> None:
    """The whole balance may be staked, one minor unit more may not."""
    player = lab.player({"EUR": 5_000})
    session = lab.session(player)
    before = lab.balances(player)
    over = lab.authorize(lab.bet(session, player, amount=5_001))
    lab.claim(refused(over, code="INSUFFICIENT_FUNDS", says="a stake above the balance is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.claim(answered(lab.authorize(lab.bet(session, player, amount=5_000)), 200,
                       says="a stake of the whole balance is accepted"))
    lab.claim(moved(before, lab.balances(player), -5_000))


@pytest.mark.certifies("MONEY-05")
def test_a_bet_has_the_currency_of_its_session(lab: Lab) -> None:
    """USD on a EUR session is refused; neither balance moves."""
    player = lab.player({"EUR": 10_000, "USD": 10_000})
    session = lab.session(player, "EUR")
    before = lab.balances(player)
    wrong = lab.authorize(lab.bet(session, player, amount=1_000, currency="USD"))
    lab.claim(refused(wrong, says="a bet in another currency than its session is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.authorize(lab.bet(session, player, amount=1_000)), 200))


@pytest.mark.certifies("MONEY-05")
def test_a_win_has_the_currency_of_its_bet(lab: Lab) -> None:
    """A USD win for a EUR bet is refused; the right one is paid afterwards."""
    player = lab.player({"EUR": 10_000, "USD": 10_000})
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    body = {"bet_id": bet.bet_id, "round_id": bet.round_id, "win": lab.money(500, "USD")}
    lab.claim(refused(lab.call("settleBet", body), says="a win in another currency than its bet is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.settle(bet, 500), 200))


@pytest.mark.certifies("MONEY-05")
def test_balances_of_two_currencies_never_mix(lab: Lab) -> None:
    """Rounds in EUR and USD side by side: each currency changes by its own amounts only."""
    player = lab.player({"EUR": 10_000, "USD": 10_000})
    before = lab.balances(player)
    euro = lab.bet(lab.session(player, "EUR"), player, amount=1_000, currency="EUR")
    dollar = lab.bet(lab.session(player, "USD"), player, amount=300, currency="USD")
    lab.must(lab.authorize(euro), 200)
    lab.claim(moved(before, middle := lab.balances(player), -1_000, "EUR"))
    lab.must(lab.authorize(dollar), 200)
    lab.must(lab.settle(dollar, 900), 200)
    lab.claim(moved(middle, lab.balances(player), 600, "USD"))


@pytest.mark.certifies("MONEY-05")
def test_a_currency_that_the_player_has_not_is_refused(lab: Lab) -> None:
    """No session in a currency without a balance."""
    player = lab.player({"EUR": 10_000})
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "GBP", "locale": "en-GB"}
    before = lab.balances(player)
    lab.claim(refused(lab.call("createSession", body), says="a session in a currency without a balance is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
