"""Judges of rounds that went wrong on the way, on synthetic histories."""

import pytest

from harness.judges.rounds import committed_result_given, ends_as_in_order
from harness.model.exchange import Exchange
from harness.model.played import Round, RoundsPlayed
from harness.model.profile import ContractProfile


def one(make, end="settled", moved=1_500, *, last=(200,), name="a round", bet_status=200, retryable=False):
    def balances(amount):
        return make.exchange(operation="getPlayerBalances", body={"balances": [{"amount": amount, "currency": "EUR"}]})

    answers = [make.exchange(method="POST", operation="settleBet", status=status, sent={"bet_id": "b-1"},
                             body={"bet_id": "b-1", "retryable": retryable}) if status else
               make.exchange(method="POST", operation="settleBet", failure="timeout", sent={"bet_id": "b-1"})
               for status in last]
    return Round(name=name, first=(), last=answers, before=balances(10_000), after=balances(10_000 + moved),
                 bet=make.exchange(operation="getBet", status=bet_status, body={"status": end}), currency="EUR")


def judged(make, usual, played, *, disturbed=True, **history):
    cut = [make.exchange(method="POST", operation="settleBet", failure="hung_up")] if disturbed else []
    both = RoundsPlayed(rounds=[(usual, played)], disturbed=cut)
    exchanges = [e for r in (usual, played) for e in (r.before, r.after, r.bet, *r.last)]
    return make.verdict(ends_as_in_order(both), *exchanges, *cut, **history)


@pytest.mark.parametrize(("end", "moved", "last", "outcome"), [
    ("settled", 1_500, (200,), "pass"), ("settled", 4_000, (200,), "fail"), ("authorized", -1_000, (422,), "fail"),
    ("authorized", -1_000, (503,), "inconclusive"), ("authorized", -1_000, (None,), "inconclusive"),
    ("settled", 1_500, (503,), "pass"), ("refused", 0, (409,), "fail")])
def test_a_round_ends_as_it_does_in_order(make, end, moved, last, outcome):
    found = judged(make, one(make), one(make, end, moved, last=last))
    assert found.outcome.value == outcome, found.message


NOT_YET = [(None, False), (202, False), (408, False), (409, True), (425, False), (429, True), (500, False), (503, True)]


@pytest.mark.parametrize(("status", "retryable"), NOT_YET)
def test_a_call_without_an_end_breaks_nothing(make, status, retryable):
    open_ = one(make, "authorized", -1_000, last=(status,), retryable=retryable)
    found = judged(make, one(make), open_)
    assert found.outcome.value == "inconclusive", found.message
    assert found.owner.value == ("subject" if status else "environment")
    played = RoundsPlayed(rounds=[(one(make), open_)], disturbed=[])
    assert make.outcome(committed_result_given(played), *open_.last) == "inconclusive"


def test_a_settle_that_the_profile_lets_wait_has_been_taken(make):
    parking = ContractProfile(settle_without_authorize="parked")
    waits = one(make, "authorized", -1_000, last=(202,))
    assert judged(make, one(make), waits).outcome.value == "inconclusive"
    assert judged(make, one(make), waits, profile=parking).outcome.value == "fail", "it was never settled"


@pytest.mark.parametrize("status", [404, 409, 422])
def test_a_refusal_for_good_is_an_end(make, status):
    refused = one(make, "authorized", -1_000, last=(status,))
    assert judged(make, one(make), refused).outcome.value == "fail"
    played = RoundsPlayed(rounds=[(one(make), refused)], disturbed=[])
    assert make.outcome(committed_result_given(played), *refused.last) == "fail"


@pytest.mark.parametrize(("end", "status"), [("tombstoned", 200), ("refused", 200), ("rolled_back", 200), ("", 404)])
def test_what_never_was_has_many_names(make, end, status):
    usual = one(make, "rolled_back", 0)
    assert judged(make, usual, one(make, end, 0, bet_status=status)).outcome.value == "pass"
    assert judged(make, usual, one(make, end, -1_000, bet_status=status)).outcome.value == "fail"


def test_nothing_disturbed_is_no_evidence(make):
    assert judged(make, one(make), one(make), disturbed=False).outcome.value == "inconclusive"
    assert make.outcome(ends_as_in_order(RoundsPlayed(rounds=[], disturbed=[]))) == "inconclusive"


def test_a_restart_that_cuts_no_call_off_is_the_profiles(make):
    found = judged(make, one(make), one(make, name="killed"), disturbed=False)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")
    assert "must end it at once, as a crash does (kill -9" in found.message
    assert judged(make, one(make), one(make), disturbed=False).owner.value == "harness", "other trouble is made by us"
    assert judged(make, one(make), one(make, name="killed")).outcome.value == "pass"


def test_an_observer_that_sees_nothing_decides_nothing(make, hostile):
    odd = one(make)
    bent = Exchange.from_line({**odd.after.to_line(), "response_body": "x"})
    assert judged(make, one(make), Round(**{**{f: getattr(odd, f) for f in odd.__slots__}, "after": bent})
                  ).outcome.value == "inconclusive"
    assert judged(make, one(make), one(make, hostile)).outcome.value in ("fail", "inconclusive")


@pytest.mark.parametrize(("status", "bet", "outcome"), [
    (200, "b-1", "pass"), (200, "b-2", "fail"), (409, "b-1", "fail"), (503, "b-1", "inconclusive"),
    (None, "b-1", "inconclusive")])
def test_a_call_made_again_gives_the_committed_result(make, status, bet, outcome):
    answer = make.exchange(method="POST", operation="settleBet", status=status or 200, sent={"bet_id": "b-1"},
                           body={"bet_id": bet}, failure="" if status else "timeout")
    played = RoundsPlayed(rounds=[(one(make), Round(**{**{f: getattr(one(make), f) for f in Round.__slots__},
                                                       "last": [answer]}))], disturbed=[])
    assert make.outcome(committed_result_given(played), answer) == outcome
