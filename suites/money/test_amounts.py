"""MONEY-03, MONEY-04: exact minor units in every currency; odd, negative and absurd amounts never book wrongly."""

import json
from functools import partial

import pytest

from harness import Bet, Lab, answered, exact_or_refused, moved, refused, unmoved

BEYOND_DOUBLE = 2**53 + 1
ODD_NUMBERS = {"1e2": 100, "100.0": 100, "0.1": None, "-0": 0, "NaN": None, "Infinity": None, '"100"': 100,
               '"+5"': None, '"5,00"': None, '"１０"': None, "true": None, "null": None,
               "[100]": None, "1e400": None, f"{BEYOND_DOUBLE}.0": BEYOND_DOUBLE}
ODD_STRINGS = {"1e2": 10_000, "+5.00": None, "5,00": None, "-0.00": 0, "NaN": None, "Infinity": None, " 5.00": None,
               "0.001": None, "１０.００": None, "": None, "0x10": None, "1_000.00": None}


def _raw(bet: Bet, wire_amount: str) -> bytes:
    """An authorize body with the amount written exactly so."""
    body = {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
            "amount": {"amount": "@", "currency": bet.currency}}
    return json.dumps(body).replace('"@"', wire_amount).encode()


@pytest.mark.certifies("MONEY-03")
@pytest.mark.parametrize(("currency", "stake", "win"), [("JPY", 101, 3_007), ("KWD", 1_001, 12_345),
                                                        ("EUR", 1_999, 33), ("EUR", BEYOND_DOUBLE, BEYOND_DOUBLE + 2)])
def test_amounts_are_exact_in_every_scale(lab: Lab, currency: str, stake: int, win: int) -> None:
    """0, 2 and 3 decimals, and amounts that a binary double cannot hold."""
    player = lab.player({currency: 3 * stake if stake >= BEYOND_DOUBLE else 1_000 * stake})
    bet = lab.bet(lab.session(player, currency), player, amount=stake, currency=currency)
    before = lab.balances(player)
    lab.must(lab.authorize(bet), 200)
    lab.claim(moved(before, middle := lab.balances(player), -stake, currency))
    lab.must(lab.settle(bet, win), 200)
    lab.claim(moved(middle, lab.balances(player), win, currency))


@pytest.mark.certifies("MONEY-03")
def test_a_tenth_many_times_does_not_drift(lab: Lab) -> None:
    """0.10 forty times in, 0.30 ten times out: exactly -1.00."""
    player = lab.player({"EUR": 10_000})
    session = lab.session(player)
    before = lab.balances(player)
    bets = [lab.bet(session, player, amount=10) for _ in range(40)]
    for answer in lab.side_by_side([partial(lab.authorize, bet) for bet in bets]):
        lab.must(answer, 200)
    for answer in lab.side_by_side([partial(lab.settle, bet, 30) for bet in bets[:10]]):
        lab.must(answer, 200)
    lab.claim(moved(before, lab.balances(player), -100))


@pytest.mark.certifies("MONEY-03")
def test_odd_wire_forms_are_refused_or_exact(lab: Lab) -> None:
    """1e2, -0, NaN, strings, full-width digits: refused, or booked as exactly that amount."""
    odd = ODD_NUMBERS if lab.profile.money_form == "minor_units" else \
        {json.dumps(text): exact for text, exact in ODD_STRINGS.items()} | {"100": None, "1.5": None}

    def probe(item: tuple[str, int | None]) -> None:
        wire, exact = item
        player = lab.player({"EUR": 2 * BEYOND_DOUBLE})
        bet = lab.bet(lab.session(player), player)
        before = lab.balances(player)
        answer = lab.authorize(bet, raw=_raw(bet, wire))
        lab.claim(exact_or_refused(before, answer, lab.balances(player), exact, "EUR",
                                   f"amount {wire} is refused or exact"))

    lab.side_by_side([partial(probe, item) for item in odd.items()], at_once=4)


@pytest.mark.certifies("MONEY-03")
def test_no_more_digits_than_the_currency_has(lab: Lab) -> None:
    """A yen has no hundredths: half a yen is never booked."""
    player = lab.player({"JPY": 50_000})
    bet = lab.bet(lab.session(player, "JPY"), player, currency="JPY")
    before = lab.balances(player)
    wire = "100.5" if lab.profile.money_form == "minor_units" else '"100.5"'
    answer = lab.authorize(bet, raw=_raw(bet, wire))
    lab.claim(exact_or_refused(before, answer, lab.balances(player), None, "JPY", "half a yen is refused"))


@pytest.mark.certifies("MONEY-04")
def test_negative_and_absurd_amounts_are_refused(lab: Lab) -> None:
    """-1.00, 10^19 and 10^30 minor units as stake, -1.00 as win."""
    player = lab.player()
    session = lab.session(player)
    held = lab.bet(session, player, amount=1_000)
    lab.must(lab.authorize(held), 200)
    before = lab.balances(player)
    for amount in (-100, 10**19, 10**30):
        bet = lab.bet(session, player, amount=amount)
        lab.claim(refused(lab.authorize(bet), says=f"a stake of {amount} minor units is refused"))
    lab.claim(refused(lab.settle(held, -100), says="a negative win is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.settle(held, 0), 200))


@pytest.mark.certifies("MONEY-04")
def test_a_zero_stake_is_handled_as_declared(lab: Lab) -> None:
    """Accepted or refused by the contract profile; never an effect."""
    player = lab.player()
    session = lab.session(player)
    before = lab.balances(player)
    answer = lab.authorize(lab.bet(session, player, amount=0))
    declared = "accepted" if lab.profile.zero_stake == "accepted" else "refused"
    judge = answered(answer, 200, says="a zero stake is accepted, as declared") if declared == "accepted" else \
        refused(answer, says="a zero stake is refused, as declared")
    lab.claim(judge)
    lab.claim(unmoved(before, lab.balances(player), "a zero stake moves nothing"))
