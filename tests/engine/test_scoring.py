"""Scoring: nothing observed is never green, a breach outranks an unknown, removing evidence opens nothing."""

import dataclasses
import itertools

import pytest

from harness.engine.planning import make_plan
from harness.engine.scoring import score
from harness.model.claim import Claim
from harness.model.control import Level
from harness.model.exchange import Exchange
from harness.model.history import CheckRecord, History
from harness.model.outcome import Outcome, Reason
from harness.model.scorecard import Answer, Verdict

ANSWER = Exchange(id="e1", check="", actor="provider", method="GET", url="http://x/", status=200)


@pytest.fixture
def plan(catalogue, checks, target):
    return make_plan(catalogue=catalogue, checks=checks, target=target, contract={}, level=Level.BUILT, seed=1)


def claim(check, control, statuses=(200,), over="e1", positive_control=False):
    return Claim(id=f"{check}#1", check=check, control=control, judge="answered", says="it answers", over=(over,),
                 params={"statuses": list(statuses), "code": ""}, positive_control=positive_control)


def healthy(plan):
    claims = tuple(claim(c.id, c.controls[0]) for c in plan.checks)
    records = tuple(CheckRecord(check=c.id, controls=c.controls, ended="finished") for c in plan.checks)
    return History(exchanges=(ANSWER,), claims=claims, checks=records)


def card_of(catalogue, plan, history, facts):
    return score(catalogue=catalogue, plan=plan, history=history, run=facts)


def test_all_held_is_certified_and_says_what_no_level_has_yet(catalogue, plan, facts):
    card = card_of(catalogue, plan, healthy(plan), facts)
    assert (card.verdict, card.exit_code) == (Verdict.CERTIFIED, 0)
    answers = {row.block.id: row.answer for row in card.blocks}
    assert answers == {"idempotency": Answer.YES, "security": Answer.UNKNOWN, "observability": Answer.UNKNOWN,
                       "rollback": Answer.UNKNOWN}
    contract, resilience, launch = card.levels
    assert contract.reached
    assert resilience.reached
    assert set(launch.missing) == {"OBS-09", "ROLL-03"}


def test_one_breach_refuses_whatever_else_passed(catalogue, plan, facts):
    history = healthy(plan)
    claims = (claim(plan.checks[0].id, "IDEM-01", statuses=(404,)), *history.claims)
    card = card_of(catalogue, plan, dataclasses.replace(history, claims=claims), facts)
    assert (card.verdict, card.exit_code) == (Verdict.NOT_CERTIFIED, 1)
    assert [r.control.id for r in card.with_outcome(Outcome.FAIL)] == ["IDEM-01"]
    assert card.blocks[0].answer is Answer.NO
    assert "e1" in card.evidence


@pytest.mark.parametrize(("record", "outcome", "code"), [
    ({"ended": "stopped", "reason": "no_hook", "message": "no hook"}, Outcome.INCONCLUSIVE, 3),
    ({"ended": "stopped", "reason": "tool_unavailable", "message": "proxy gone"}, Outcome.INCONCLUSIVE, 3),
    ({"ended": "skipped", "message": "why"}, Outcome.INCONCLUSIVE, 3),
    ({"ended": ""}, Outcome.INCONCLUSIVE, 3),
    ({"ended": "asserted", "message": "broken"}, Outcome.FAIL, 1),
    ({"ended": "crashed", "message": "KeyError"}, Outcome.ERROR, 5)])
def test_how_a_check_ended_is_part_of_its_outcome(catalogue, plan, facts, outcome_of, record, outcome, code):
    history = healthy(plan)
    changed = dataclasses.replace(history.checks[0], **record)
    card = card_of(catalogue, plan, dataclasses.replace(history, checks=(changed, *history.checks[1:])), facts)
    assert outcome_of(card, "IDEM-01") is outcome
    assert card.exit_code == code


@pytest.mark.parametrize(("statuses", "outcome"), [((200,), Outcome.INCONCLUSIVE), ((404,), Outcome.FAIL)])
def test_a_broken_positive_control_voids_passes_and_keeps_breaches(catalogue, plan, facts, statuses, outcome):
    history = healthy(plan)
    first = plan.checks[0].id
    claims = (claim(first, "IDEM-01", statuses=(201,), positive_control=True),
              claim(first, "IDEM-01", statuses=statuses), *history.claims[1:])
    card = card_of(catalogue, plan, dataclasses.replace(history, claims=claims), facts)
    row = next(r for r in card.rows if r.control.id == "IDEM-01")
    assert row.outcome is outcome


def test_a_judge_that_is_unknown_or_raises_is_our_own_error(catalogue, plan, facts):
    history = healthy(plan)
    broken = dataclasses.replace(history.claims[0], params={})
    absent = dataclasses.replace(history.claims[0], judge="no-such-judge")
    for wrong in (broken, absent):
        card = card_of(catalogue, plan, dataclasses.replace(history, claims=(wrong, *history.claims[1:])), facts)
        assert card.exit_code == 5


def test_no_answer_is_inconclusive(catalogue, plan, facts):
    silent = dataclasses.replace(ANSWER, status=None, failure="timeout")
    card = card_of(catalogue, plan, dataclasses.replace(healthy(plan), exchanges=(silent,)), facts)
    assert card.exit_code == 3
    assert {r.finding.reason for r in card.with_outcome(Outcome.INCONCLUSIVE)} == {Reason.NO_ANSWER}


def test_cleanup_that_failed_is_loud(catalogue, plan, facts):
    card = card_of(catalogue, plan, healthy(plan), dataclasses.replace(facts, notes=("not undone: endpoint",)))
    assert card.exit_code == 4


def test_removing_evidence_never_opens_a_closed_gate(catalogue, plan, facts):
    """Every subset of claims, check records and exchanges scores no better than what it was taken from."""
    whole = healthy(plan)
    for kept in itertools.product([True, False], repeat=len(whole.claims)):
        some = tuple(c for c, keep in zip(whole.claims, kept, strict=True) if keep)
        card = card_of(catalogue, plan, dataclasses.replace(whole, claims=some), facts)
        assert (card.exit_code == 0) == all(kept)
    for left_out in whole.checks:
        fewer = tuple(r for r in whole.checks if r is not left_out)
        assert card_of(catalogue, plan, dataclasses.replace(whole, checks=fewer), facts).exit_code == 3
    assert card_of(catalogue, plan, dataclasses.replace(whole, exchanges=()), facts).exit_code == 3
    assert card_of(catalogue, plan, History(), facts).exit_code == 3
