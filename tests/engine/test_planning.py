"""The plan says for every control whether it is driven, and why not."""

import dataclasses

import pytest

from harness.engine.planning import make_plan
from harness.model.control import Level
from harness.model.errors import UsageError
from harness.model.outcome import Reason
from harness.model.plan import Check, Plan


def plan(catalogue, checks, target, **options):
    values = {"level": Level.BUILT, "seed": 1, **options}
    return make_plan(catalogue=catalogue, checks=checks, target=target, contract={"openapi": "3.1.0"}, **values)


def reasons(made):
    return {name: c.reason for name, c in made.controls.items()}


def test_each_control_has_its_reason(catalogue, checks, target):
    made = plan(catalogue, checks, target)
    assert reasons(made) == {
        "IDEM-01": None, "IDEM-02": None, "IDEM-11": None, "MONEY-01": None, "IDEM-14": Reason.OTHER_ROLE,
        "SEC-12": Reason.NOT_BUILT, "OBS-09": Reason.NOT_ATTESTED, "ROLL-03": Reason.NOT_BUILT}
    assert [c.counted for c in made.controls.values()] == [True, True, True, False, True, False, False, False]


def test_what_is_not_built_counts_when_a_launch_level_is_asked(catalogue, checks, target):
    assert plan(catalogue, checks, target, level=Level.LAUNCH).controls["ROLL-03"].counted
    assert plan(catalogue, checks, target, level=Level.LAUNCH).controls["OBS-09"].counted
    assert not plan(catalogue, checks, target, level=Level.CONTRACT).controls["ROLL-03"].counted
    assert not plan(catalogue, checks, target, level=Level.CONTRACT).controls["IDEM-11"].counted


def test_a_declared_absence_is_not_applicable_at_plan_time(catalogue, checks, target):
    without = dataclasses.replace(target, capabilities={"keys": False})
    made = plan(catalogue, checks, without)
    assert made.controls["IDEM-02"].reason is Reason.DECLARED_ABSENT
    assert "keys" in made.controls["IDEM-02"].why


@pytest.mark.parametrize(("only", "phases", "driven"), [
    (("IDEM-01",), (), {"IDEM-01"}), (("IDEM",), (), {"IDEM-01", "IDEM-02", "IDEM-11"}),
    (("MONEY-*",), (), {"MONEY-01"}), ((), (3,), {"IDEM-11"}), (("IDEM",), (7,), {"IDEM-01", "IDEM-02"})])
def test_a_selection_drives_only_what_it_names(catalogue, checks, target, only, phases, driven):
    made = plan(catalogue, checks, target, only=only, phases=phases)
    assert {n for n, r in reasons(made).items() if r is None} == driven
    assert made.partial


@pytest.mark.parametrize(("only", "driven", "played"), [
    (("a/test_a.py::test_one",), {"IDEM-01"}, {"test_one"}), (("a/test_a.py",), {"IDEM-01", "IDEM-02"},
                                                              {"test_one", "test_two"}),
    (("b/*",), {"IDEM-02", "IDEM-11"}, {"test_three"}), (("./x/b/test_b.py",), {"IDEM-02", "IDEM-11"}, {"test_three"}),
    (("x/a/test_a.py::test_two",), {"IDEM-02"}, {"test_two"}),
    (("IDEM-02", "a/test_a.py::test_one"), {"IDEM-01", "IDEM-02"}, {"test_one", "test_two", "test_three"})])
def test_checks_can_be_selected_by_name(catalogue, checks, target, only, driven, played):
    checks = (*checks[:2], Check(id="b/test_b.py::test_three", path="/x/b/test_b.py", controls=("IDEM-02", "IDEM-11")))
    made = plan(catalogue, checks, target, only=only)
    assert {n for n, r in reasons(made).items() if r is None} == driven
    assert {c.id.partition("::")[2] for c in made.checks} == played
    assert made.partial


@pytest.mark.parametrize(("options", "says"), [
    ({"only": ("IDEM-99",)}, "no such control"), ({"only": ("a/test_a.py::test_on",)}, "no such check"),
    ({"only": ("SEC-12",)}, "nothing to run"),
    ({"only": ("MONEY",), "phases": (0,)}, "nothing to run")])
def test_a_selection_of_nothing_is_a_usage_error(catalogue, checks, target, options, says):
    with pytest.raises(UsageError, match=says):
        plan(catalogue, checks, target, **options)


def test_an_unknown_control_in_a_suite_must_not_count_as_coverage(catalogue, target):
    wrong = Check(id="a/test_a.py::test_x", path="/x", controls=("IDEM-0l",))
    with pytest.raises(UsageError, match="unknown control IDEM-0l"):
        plan(catalogue, [wrong], target)


def test_the_digest_covers_what_decides_and_survives_the_disk(catalogue, checks, target):
    made = plan(catalogue, checks, target)
    assert Plan.from_dict(made.to_dict()).digest == made.digest
    assert plan(catalogue, checks, target, seed=2).digest != made.digest
    assert plan(catalogue, checks, target, only=("IDEM",)).digest != made.digest
