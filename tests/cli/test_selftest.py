"""certify selftest: what it refuses, and that a matrix is not good where nothing was looked for."""

import json
import subprocess

import pytest

from harness.cli.selftest import _CALM, Trial, _driven_for, _trial, selftest_command
from harness.model.plan import Check


@pytest.mark.parametrize(("arguments", "says"), [
    (["--fault", "no-such"], "no such fault"), (["--only", "ZZ-1"], "no such control"),
    (["--only", "SEC-10"], "no check of this release"),
    (["--fault", "key-optional", "--only", "SEC-09"], "none of the checks asked for"), (["--jobs", "0"], "--jobs")])
def test_what_would_look_for_nothing_is_refused(here, say, arguments, says):
    code, out, err = say("selftest", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def trial(must=("A-1",), may=(), red=("A-1",), unclear=(), problem=""):
    return Trial(fault="x", must=must, may=may, red=red, unclear=unclear, problem=problem)


def test_a_trial_is_good_when_the_defect_is_found_and_nothing_else_is_red():
    assert trial().good
    assert trial(may=("B-1",), red=("A-1", "B-1")).good
    assert trial(may=("*",), red=("A-1", "B-1")).good
    assert trial(red=()).missed == ("A-1",)
    assert trial(red=("A-1", "B-1")).unrelated == ("B-1",)
    assert not any(t.good for t in (trial(red=()), trial(red=("A-1", "B-1")), trial(problem="exit 5")))


def test_what_explores_is_driven_only_for_what_it_must_find():
    checks = [Check(id=f"{control}-{isolation}", path="", controls=(control,), isolation=isolation)
              for control, isolation in (("IDEM-01", "shared"), ("CONT-03", "shared"), ("MONEY-06", "exclusive"),
                                         ("IDEM-01", "line"), ("TIME-01", "line"), ("TIME-11", "aside"))]
    built = {control for check in checks for control in check.controls}

    def driven(*must, may=()):
        return _driven_for("x", must, may, built, checks)

    assert _driven_for("", (), (), built, checks) == (), "everything"
    assert driven("IDEM-01", may=("TIME-01",)) == (_CALM, "IDEM-01")
    assert driven("CONT-03") == (_CALM, "CONT-03", "IDEM-01")
    assert driven("CONT-03", "MONEY-06") == (_CALM, "CONT-03", "IDEM-01", "MONEY-06")
    assert driven("TIME-01", may=("MONEY-06", "TIME-11")) == ("IDEM-01", "MONEY-06", "TIME-01")
    storm = Check(id="scenarios/burst.py::B", path="", controls=("LOAD-01",), isolation="exclusive")
    assert _driven_for("x", ("IDEM-01",), (), {*built, "LOAD-01"}, [*checks, storm], under_load=True) == \
        ("IDEM-01", "LOAD-01"), "proven by a control of calm, and shown by a storm only"
    assert driven("TIME-11") == ("IDEM-01", "TIME-01", "TIME-11"), "a minute is spent on those alone that need it"


@pytest.mark.parametrize(("healthy", "planted", "code"), [
    ({"red": ()}, {}, 0), ({"red": ("A-1",)}, {}, 1), ({"red": (), "unclear": ("A-1",)}, {}, 1),
    ({"red": ()}, {"red": ()}, 1), ({"red": ()}, {"red": (), "unclear": ("A-1",)}, 1)])
def test_the_matrix_is_good_only_with_a_green_baseline_and_every_defect_found(monkeypatch, capsys, healthy, planted,
                                                                              code):
    def run(fault, must, may, only, seed):
        found = {"red": must, **(planted if fault else healthy)}
        return Trial(fault=fault, must=must, may=may, unclear=found.get("unclear", ()), red=found["red"])

    monkeypatch.setattr("harness.cli.selftest._trial", run)
    assert selftest_command(only=(), faults=("key-optional",), seed=1, jobs=1, as_json=False) == code
    assert "healthy sandbox" in capsys.readouterr().out


def test_what_went_wrong_is_told_again_at_the_end(monkeypatch, capsys):
    def run(fault, must, may, only, seed):
        return Trial(fault=fault, must=must, may=(), red=("B-1",) if fault else (), unclear=(),
                     said={"B-1": "fail: a cent is gone (seen: 9)", "IDEM-02": "pass: all refused"})

    monkeypatch.setattr("harness.cli.selftest._trial", run)
    selftest_command(only=(), faults=("key-optional",), seed=1, jobs=1, as_json=False)
    end = capsys.readouterr().out.split("BAD key-optional")[-1]
    assert "missed IDEM-02: pass: all refused" in end
    assert "unrelated B-1: fail: a cent is gone (seen: 9)" in end
    assert "certify --target sandbox --fault key-optional" in end


@pytest.mark.parametrize(("found", "good", "tries"), [("+", True, 1), ("-++", True, 3), ("-+-", False, 3),
                                                      ("--", False, 2), ("u", False, 1)])
def test_a_race_that_hid_from_one_seed_must_show_with_the_next_two(monkeypatch, capsys, found, good, tries):
    left = list(found)
    seeds = []

    def run(fault, must, may, only, seed):
        if not fault:
            return Trial(fault="", must=(), may=(), red=(), unclear=())
        seeds.append(seed)
        return Trial(fault=fault, must=must, may=(), unclear=(),
                     red={"+": must, "-": (), "u": ("Z-9",)}[left.pop(0)])

    monkeypatch.setattr("harness.cli.selftest._trial", run)
    assert selftest_command(only=(), faults=("overdraft-race",), seed=7, jobs=1, as_json=False) == (0 if good else 1)
    assert seeds == [7, 8, 9][:tries]
    assert ("found with 2 of 3 seeds" in capsys.readouterr().out) == (good and tries == 3)


@pytest.mark.parametrize(("runs", "code"), [
    ([("", "A-1 unfit"), ("", ""), ("+", "")], 0), ([("", "A-1 unfit"), ("", "A-1 unfit"), ("+", "")], 1),
    ([("", "A-1"), ("+", "")], 1), ([("", ""), ("", "IDEM-02")], 1),
    ([("", ""), ("", "IDEM-02 unfit"), ("+", "")], 0), ([("", ""), ("", "Z-9 unfit")], 1),
    ([("", ""), ("Z-9", "IDEM-02 unfit")], 1)])
def test_what_this_machine_was_not_fit_to_tell_is_tried_once_more_and_nothing_else_is(monkeypatch, capsys, runs, code):
    left = list(runs)

    def run(fault, must, may, only, seed):
        red, told = left.pop(0)
        unclear, _, unfit = told.partition(" ")
        return Trial(fault=fault, must=must, may=(), unclear=(unclear,) if unclear else (),
                     unfit=(unclear,) if unfit else (),
                     red=must if red == "+" else (red,) if red else ())

    monkeypatch.setattr("harness.cli.selftest._trial", run)
    assert selftest_command(only=(), faults=("key-optional",), seed=7, jobs=1, as_json=False) == code
    assert left == []
    assert ("second try" in capsys.readouterr().out) == any(len(runs) == 3 for _ in runs)


def test_a_defect_that_no_chance_decides_gets_no_second_seed(monkeypatch):
    seeds = []

    def run(fault, must, may, only, seed):
        seeds.append(seed)
        return Trial(fault=fault, must=must, may=(), red=(), unclear=())

    monkeypatch.setattr("harness.cli.selftest._trial", run)
    assert selftest_command(only=(), faults=("key-optional",), seed=7, jobs=1, as_json=False) == 1
    assert seeds == [7, 7], "the healthy run and the one trial"


def test_an_error_of_ours_finds_no_defect(monkeypatch):
    """A control whose check fell over saw nothing: it is neither red nor forgiven."""
    def row(control, outcome):
        return {"control": {"id": control},
                "finding": {"outcome": outcome, "reason": "harness_bug", "message": "fell over", "seen": ""}}

    card = {"run": {"seed": 3}, "rows": [row("A-1", "error"), row("B-1", "pass")]}
    done = subprocess.CompletedProcess([], 5, stdout=json.dumps(card), stderr="")
    monkeypatch.setattr("harness.cli.selftest._runs.run", lambda *_, **__: done)
    found = _trial("x", ("A-1",), ("*",), (), None)
    assert (found.red, found.missed, found.seed) == ((), ("A-1",), 3)
    assert "certify's own error in A-1" in found.problem
    assert not found.good
