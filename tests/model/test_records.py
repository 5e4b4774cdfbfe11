"""Plan, scorecard, profile, errors: values that survive the disk, and codes that the documentation names."""

import dataclasses
import itertools
import json
import re
from pathlib import Path

import pytest

from harness.model import errors
from harness.model.control import LAUNCH_LEVELS, Block, Control, How, Level, Role
from harness.model.operations import match, operations, resolve
from harness.model.outcome import Finding, Outcome, Owner, Reason, broken, held, unknown, worst
from harness.model.plan import Check, Plan, PlannedControl
from harness.model.profile import ContractProfile
from harness.model.scorecard import Answer, BlockRow, ControlRow, RunFacts, Scorecard, Verdict, exit_codes, plain

DOCUMENTED = Path(__file__).parents[2] / "docs" / "exit-codes.md"


@pytest.fixture
def plan():
    check = Check(id="a/test_a.py::test_x", path="/secret/place/test_a.py", controls=("X-01",), isolation="exclusive",
                  needs=("jackpots",), summary="x")
    return Plan(target="t", base_url="http://x", level=Level.CONTRACT, seed=7, selection=("X",), checks=(check,),
                controls={"X-01": PlannedControl(control="X-01", checks=(check.id,)),
                          "X-02": PlannedControl(control="X-02", counted=False, reason=Reason.NOT_BUILT, why="later")},
                contract="1.7", contract_digest="c", catalogue_digest="k", profile=ContractProfile().to_dict())


def test_a_plan_survives_the_disk(plan):
    again = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert again.digest == plan.digest
    assert again.controls == plan.controls
    assert dataclasses.replace(again.checks[0], path=plan.checks[0].path, summary="x") == plan.checks[0]
    assert "/secret/place" not in json.dumps(plan.to_dict()), "the digest is the same on every machine"


CHANGES = {"target": "u", "base_url": "http://y", "level": Level.LAUNCH, "seed": 8, "selection": (), "budget": "full",
           "checks": (), "controls": {}, "contract": "1.6", "contract_digest": "d",
           "catalogue_digest": "l", "profile": {}}


def test_the_digest_covers_every_field(plan):
    assert set(CHANGES) == {f.name for f in dataclasses.fields(Plan)}
    digests = {dataclasses.replace(plan, **{name: value}).digest for name, value in CHANGES.items()}
    assert len(digests | {plan.digest}) == len(CHANGES) + 1


def test_a_plan_is_partial_when_something_was_selected(plan):
    assert plan.partial
    assert not dataclasses.replace(plan, selection=()).partial


@pytest.mark.parametrize("damage", [{"level": "gold"}, {"controls": {"X-01": {}}}, {"checks": [{}]}, {"seed": None}])
def test_a_damaged_plan_is_no_plan(plan, damage):
    data = {**plan.to_dict(), **damage}
    if damage == {"seed": None}:
        del data["seed"]
    with pytest.raises((KeyError, ValueError)):
        Plan.from_dict(data)


# -- findings -----------------------------------------------------------------------------------------
def test_the_worst_finding_decides_and_an_empty_set_decides_nothing():
    good, bad = held("ok", exchanges=["e1"], orders=52), broken("no", expected="a", seen="b", exchanges=iter(["e2"]))
    vague = unknown("?", Reason.NO_ANSWER)
    error = Finding(outcome=Outcome.ERROR, reason=Reason.HARNESS_BUG, message="!", owner=Owner.HARNESS)
    assert worst([good, vague, error, bad]) is bad
    assert worst([good, vague, error]) is error
    assert worst([good, vague]) is vague
    assert worst(iter([good])) is good
    assert worst([]) is None
    assert (good.measured, bad.exchanges, bad.owner) == ({"orders": 52}, ("e2",), Owner.SUBJECT)


# -- scorecard ----------------------------------------------------------------------------------------
def row(name, outcome, *, counted=True, claims=(), reason=Reason.NOT_SELECTED, message="left out"):
    control = Control(id=name, title=name, block="b", how=(How.BLACK_BOX,), roles=(Role.PLATFORM,), phase=7)
    return ControlRow(control=control, counted=counted, claims=claims,
                      finding=Finding(outcome=outcome, reason=reason, message=message))


@pytest.fixture
def card():
    rows = (row("X-01", Outcome.PASS), row("X-02", Outcome.FAIL), row("X-03", Outcome.INCONCLUSIVE, counted=False),
            row("X-04", Outcome.FAIL, counted=False, claims=("judged",)), row("X-05", Outcome.FAIL, counted=False),
            row("X-06", Outcome.ERROR))
    run = RunFacts(run_id="r", target="t", base_url="u", seed=1, plan_digest="p", catalogue_digest="k", contract="1.7",
                   version="0", started_at="", seconds=1.0, asked=Level.BUILT)
    blocks = (BlockRow(block=Block(id="b", question="?"), answer=Answer.NO, why="w", decided=1, needed=2),)
    return Scorecard(run=run, verdict=Verdict.NOT_CERTIFIED, exit_code=1, headline="h", blocks=blocks, rows=rows,
                     levels=())


def test_rows_by_what_they_mean_for_the_verdict(card):
    assert [r.control.id for r in card.with_outcome(Outcome.FAIL, Outcome.ERROR)] == ["X-02", "X-06"]
    assert [r.control.id for r in card.advice()] == ["X-04"]
    left = card.left_out()
    assert left["left out"] == ("X-03", "X-05")
    assert [ids for why, ids in left.items() if "SHOULD" in why] == [("X-04",)]


def test_a_scorecard_becomes_plain_json(card):
    data = json.loads(json.dumps(plain(dataclasses.replace(card, rows=card.rows[:2]))))
    assert (data["verdict"], data["run"]["asked"]) == ("not certified", "built")
    assert data["rows"][0]["control"]["how"] == ["B"]
    assert data["rows"][0]["finding"]["outcome"] == "pass"
    assert plain({1: (Outcome.PASS, [Reason.HELD])}) == {"1": ["pass", ["held"]]}


# -- errors and exit codes ----------------------------------------------------------------------------
def every(kind=errors.CertifyError):
    """The kind and all of its kinds, as the tree draws them."""
    known = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return [kind, *(one for child in known for one in every(child))]


def test_exit_codes_are_those_of_the_documentation():
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", DOCUMENTED.read_text(), re.MULTILINE)}
    assert set(exit_codes()) == documented
    assert {kind.exit_code for kind in every()} <= documented
    assert {kind.__name__ for kind in every()} == set(re.findall(r"(?m)^\W*([A-Z]\w+)(?:  +\w|$)", errors.__doc__))


@pytest.mark.parametrize("kind", every(), ids=lambda kind: kind.__name__)
def test_an_error_is_one_line_with_its_remedy(kind):
    error = kind("it\nbroke\t twice", remedy="mend\r\nit")
    assert error.line() == "it broke twice. mend it"
    assert kind("it broke").line() == "it broke"
    assert isinstance(error, errors.CertifyError)


def test_a_stopped_check_has_a_reason_that_scoring_knows():
    known = {reason.value for reason in Reason}
    assert {kind.reason for kind in every(errors.CheckStopped)} <= known
    assert errors.Prerequisite("x", exchanges=("e1",)).exchanges == ("e1",)


# -- profile, levels ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("values", "says"), [
    ({"mismatch": 409}, "unknown key 'mismatch'"), ({"mismatch_status": "409"}, "must be int, not '409'"),
    ({"mismatch_status": True}, "must be int"), ({"mismatch_status": 400}, "must be one of 409, 422, not 400"),
    ({"money_form": "float"}, "minor_units, decimal_string"), ({"signature_header": None}, "must be str")])
def test_a_choice_that_is_none_is_named_with_those_there_are(values, says):
    with pytest.raises(errors.UsageError, match=re.escape(says)) as error:
        ContractProfile.of(values, where="here")
    assert error.value.line().startswith("here: ")


def test_every_choice_has_its_default_first_and_can_be_made():
    default = ContractProfile()
    for name, allowed in ContractProfile.CHOICES.items():
        assert getattr(default, name) == allowed[0]
        for value in allowed:
            assert ContractProfile.of({name: value}).to_dict() == {**default.to_dict(), name: value}


def test_a_higher_level_needs_all_that_a_lower_one_needs():
    for lower, higher in itertools.pairwise(LAUNCH_LEVELS):
        assert set(lower.phases) < set(higher.phases)
    assert Level.BUILT not in LAUNCH_LEVELS


# -- operations ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("document", [
    {}, {"paths": None}, {"paths": []}, {"paths": {"/x": None}}, {"paths": {"/x": {"get": []}}}])
def test_a_document_without_operations_has_none(document):
    assert operations(document) == {}


@pytest.mark.parametrize("odd", [None, 3, "x", {}, [3], [None], [[]], [{"in": "header"}], [{"$ref": "#/nowhere"}],
                                 [{"$ref": "#/paths/~1x"}], [{"$ref": 3}]], ids=repr)
def test_a_malformed_operation_is_an_operation_all_the_same(odd):
    document = {"paths": {"/x/{id}": {"parameters": odd, "post": {"parameters": odd, "security": odd}},
                          "/y": {"get": {"security": [{"oauth2": odd}]}}}}
    found = operations(document)
    assert list(found) == ["POST /x/{id}", "GET /y"]
    for operation in found.values():
        operation.header_parameters()
        assert operation.write is (operation.method == "POST")


def test_references_that_go_in_circles_end():
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}, "c": {"$ref": "#/d~1e"}, "d/e": {"x": 1}}
    assert resolve(document, {"$ref": "#/a"}) == {}
    assert resolve(document, {"$ref": "#/c"}) == {"x": 1}


def test_a_literal_path_wins_over_a_template():
    known = operations({"paths": {"/bets/{id}": {"get": {"operationId": "one"}},
                                  "/bets/open": {"get": {"operationId": "open"}}}})
    assert match(known, "GET", "/bets/open").id == "open"
    assert match(known, "GET", "/bets/b.1").id == "one"
    assert match(known, "GET", "/bets/a/b") is None
    assert match(known, "POST", "/bets/b1") is None
