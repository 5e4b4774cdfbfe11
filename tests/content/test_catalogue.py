"""The catalogue holds every control of the design, and every mistake in it is named."""

import re
from pathlib import Path

import pytest

from harness.content.catalogue import load_catalogue
from harness.content.folders import shipped
from harness.content.suites import find_checks
from harness.model.errors import UsageError
from harness.sandbox import faults

DESIGN = Path(__file__).parents[2].parent / "shared" / "design" / "controls.md"
ROW = """
[[block]]
id = "b"
question = "?"
[[control]]
id = "X-01"
title = "t"
block = "b"
how = ["B"]
roles = ["platform"]
phase = 7
remedy = "r"
"""


@pytest.fixture
def catalogue():
    return load_catalogue(shipped("suites") / "checklist.toml")


def test_every_control_of_the_design_is_there(catalogue):
    if not DESIGN.exists():
        pytest.skip("the design documents are not beside this checkout")
    ids = re.findall(r"^\| ([A-Z]+-\d\d) \|", DESIGN.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(ids) > 100
    assert list(catalogue.controls) == ids


def test_controls_have_remedies_and_blocks_have_controls(catalogue):
    assert all(len(c.remedy) > 30 for c in catalogue.controls.values())
    assert {c.block for c in catalogue.controls.values()} == {b.id for b in catalogue.blocks}


def test_every_check_certifies_a_known_control_and_every_built_control_has_a_fault(catalogue):
    checks = find_checks([shipped("suites")])
    built = {control for check in checks for control in check.controls}
    assert built <= set(catalogue.controls)
    assert len(built) == 55
    proven = {control for fault in faults.catalogue().values() for control in fault.proves}
    assert built <= proven, f"unproven: {sorted(built - proven)}"
    assert proven <= set(catalogue.controls)


_OF_BALANCES = re.compile(r"\b(unmoved|moved|within_funds|exact_or_refused|settled_balances)\(")


def test_a_defect_at_somebody_else_s_balance_may_be_seen_by_whoever_watches_one():
    """The list of such controls is written out, so that an unrelated red one still counts; it must not lag behind."""
    watching = set()
    for check in find_checks([shipped("suites")]):
        source = Path(check.path).read_text(encoding="utf-8").split(f"def {check.id.rpartition('::')[2]}(")[1]
        if _OF_BALANCES.search(source.partition("\n@pytest")[0]):
            watching |= set(check.controls)
    assert len(watching) > 20
    for name in ("settle-without-authorize-pays", "rollback-unknown-refunds-latest"):
        fault = faults.catalogue()[name]
        assert watching <= {*fault.proves, *fault.also}, sorted(watching - {*fault.proves, *fault.also})
        assert "CONT-01" not in fault.also


@pytest.mark.parametrize(("change", "says"), [
    (("phase = 7", "phase = 5"), "phase must be"), (('how = ["B"]', 'how = ["X"]'), "'X'"),
    (('block = "b"', 'block = "c"'), "unknown block"), (("remedy", "remedi"), "unknown key"),
    (('remedy = "r"', ""), "remedy is missing"), (('title = "t"', "title = 3"), "title must be str"),
    (('roles = ["platform"]', 'roles = ["casino"]'), "casino"), (("[[control]]", "[[control"), "not TOML")])
def test_a_mistake_is_named(tmp_path, change, says):
    path = tmp_path / "checklist.toml"
    path.write_text(ROW)
    assert list(load_catalogue(path).controls) == ["X-01"]
    path.write_text(ROW.replace(*change))
    with pytest.raises(UsageError, match=re.escape(says)) as error:
        load_catalogue(path)
    assert "checklist.toml" in error.value.line()


def test_an_id_is_given_once(tmp_path):
    path = tmp_path / "checklist.toml"
    path.write_text(ROW + ROW[ROW.index("[[control]]"):])
    with pytest.raises(UsageError, match="listed twice"):
        load_catalogue(path)
