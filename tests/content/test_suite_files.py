"""Suites are read, never imported: literal markers become checks, every mistake is named with file and line."""

from pathlib import Path

import pytest

from harness.content.folders import Folders
from harness.content.suites import find_checks
from harness.content.targets import own_folders
from harness.model.errors import UsageError

MARKED = '@pytest.mark.certifies("X-01")\n'


@pytest.fixture
def suites(tmp_path):
    """suites(text, file="test_a.py") writes a suite file; returns the checks of the folder."""
    def find(text, file="ours/test_a.py"):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return find_checks([tmp_path / "ours"])

    return find


def test_markers_become_checks_in_file_order_without_running_anything(suites, tmp_path):
    suites(f"raise SystemExit('imported')\n{MARKED}def test_b(lab): ...\n", "ours/money/test_b.py")
    suites("import nothing_of_the_sort\n", "ours/conftest.py")
    suites("def test_x(): ...\n", "ours/not_a_suite.py")
    first, second, third = suites(
        '@pytest.mark.certifies("X-01", "X-02", isolation="exclusive", needs=("jackpots",))\n'
        '@pytest.mark.parametrize("n", [1, 2])\ndef test_first(lab, n):\n    """What it says.\n\n    More."""\n\n\n'
        f'def helper(): ...\n\n\n{MARKED}def test_a_long_name(lab): ...\n', "ours/bets/test_a.py")
    assert (first.id, first.controls) == ("bets/test_a.py::test_first", ("X-01", "X-02"))
    assert (first.isolation, first.needs, first.summary) == ("exclusive", ("jackpots",), "What it says.")
    assert first.path == str(tmp_path / "ours/bets/test_a.py")
    assert (second.id, second.isolation, second.needs) == ("bets/test_a.py::test_a_long_name", "shared", ())
    assert second.summary == "a long name"
    assert third.id == "money/test_b.py::test_b"


@pytest.mark.parametrize(("text", "says"), [
    ("def test_x(lab: (\n", "test_a.py:1: not a suite"),
    ("\n\ndef test_x(lab):\n  pass\n pass\n", "test_a.py:5: not a suite"),
    (b"\xff\xfe", "not a suite"), (b"x = 1\x00", "not a suite"), ("x = " + "(" * 500, "not a suite"),
    ("x = " + "-" * 100_000 + "1", "not a suite"),
    ("def test_x(lab): ...\n", "test_a.py:1: test_x certifies nothing"),
    ("@pytest.mark.certifies\ndef test_x(lab): ...\n", "certifies nothing"),
    ("@pytest.mark.other('X-01')\ndef test_x(lab): ...\n", "certifies nothing"),
    ("@pytest.mark.certifies()\ndef test_x(lab): ...\n", "names no control"),
    ("@pytest.mark.certifies(3)\ndef test_x(lab): ...\n", "names no control"),
    ("@pytest.mark.certifies(['X-01'])\ndef test_x(lab): ...\n", "names no control"),
    ("@pytest.mark.certifies(X)\ndef test_x(lab): ...\n", "must be literal, not X"),
    ("@pytest.mark.certifies('X' + '-01')\ndef test_x(lab): ...\n", "must be literal"),
    ("@pytest.mark.certifies(*X)\ndef test_x(lab): ...\n", "must be literal"),
    ("@pytest.mark.certifies('X-01', **X)\ndef test_x(lab): ...\n", "must be literal"),
    ("@pytest.mark.certifies('X-01', **{'isolation': 'x'})\ndef test_x(lab): ...\n", "bad marker"),
    ("@pytest.mark.certifies({[]: 1})\ndef test_x(lab): ...\n", "must be literal"),
    ("@pytest.mark.certifies('X-01', isolation='alone')\ndef test_x(lab): ...\n", "isolation=shared|exclusive"),
    ("@pytest.mark.certifies('X-01', isolation=[])\ndef test_x(lab): ...\n", "bad marker"),
    ("@pytest.mark.certifies('X-01', needs='jackpots')\ndef test_x(lab): ...\n", "bad marker"),
    ("@pytest.mark.certifies('X-01', need=())\ndef test_x(lab): ...\n", "bad marker"),
    (f"{MARKED}def test_x(lab): ...\n{MARKED}def test_x(lab): ...\n", "test_a.py::test_x exists already"),
    (f"{MARKED}async def test_x(lab): ...\n", "test_a.py:2: test_x is marked, but would never be driven"),
    (f"class TestX:\n    {MARKED}    def test_x(self, lab): ...\n", "test_a.py:3: test_x is marked"),
    (f"if True:\n    {MARKED}    def test_x(lab): ...\n", "would never be driven")])
def test_a_mistake_is_named_with_its_line(suites, text, says):
    with pytest.raises(UsageError) as error:
        suites(text)
    line = error.value.line()
    assert says in line
    assert "test_a.py:" in line
    assert "\n" not in line


def test_the_same_check_in_two_folders_is_refused(tmp_path, suites):
    suites(f"{MARKED}def test_x(lab): ...\n")
    suites(f"{MARKED}def test_x(lab): ...\n", "theirs/test_a.py")
    with pytest.raises(UsageError, match=r"theirs/test_a\.py: check .* exists already in .*ours/test_a\.py"):
        find_checks([tmp_path / "ours", tmp_path / "theirs"])


@pytest.mark.parametrize("what", ["nowhere", "file.txt"])
def test_a_folder_that_is_none_is_named(tmp_path, what):
    (tmp_path / "file.txt").write_text("")
    with pytest.raises(UsageError, match=f"{what}: no such folder of suites") as error:
        find_checks([tmp_path / what])
    assert "--suites" in error.value.remedy


def test_a_folder_named_like_a_suite_is_no_crash(suites, tmp_path):
    (tmp_path / "ours" / "test_dir.py").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"test_dir\.py:1: not a suite"):
        suites("")


def test_the_configuration_names_more_folders_relative_to_itself(tmp_path):
    config = tmp_path / "certify.toml"
    assert own_folders(config) == Folders()
    config.write_text('suites = ["./ours", "/abs/theirs"]\nscenarios = ["storms"]\n')
    assert own_folders(config) == Folders((tmp_path / "ours", Path("/abs/theirs")), (tmp_path / "storms",))
    config.write_text("[target.x]\n")
    assert own_folders(config) + Folders((tmp_path,)) == Folders((tmp_path,))


@pytest.mark.parametrize("key", ["suites", "scenarios"])
@pytest.mark.parametrize("value", ['"ours"', "[1]", "{}", "true"])
def test_folders_of_the_configuration_must_be_folders(tmp_path, key, value):
    config = tmp_path / "certify.toml"
    config.write_text(f"{key} = {value}\n")
    with pytest.raises(UsageError, match=rf"certify\.toml: {key} must be a list of folders"):
        own_folders(config)
