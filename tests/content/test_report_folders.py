"""Renderers are found by folder, ours and a user's alike; a file that is none is named."""

import pytest

from harness.content import folders
from harness.content.folders import chosen, renderers, shipped
from harness.model.errors import UsageError

GOOD = "NAME = 'short'\nSUFFIX = '.txt'\n\n\ndef render(card, **_):\n    return card\n"


def test_what_ships_is_found_in_a_checkout_and_in_an_installed_package(tmp_path, monkeypatch):
    assert (shipped("suites") / "checklist.toml").is_file()
    (tmp_path / "_shipped" / "suites").mkdir(parents=True)
    monkeypatch.setattr(folders, "_PACKAGE", tmp_path)
    assert shipped("suites") == tmp_path / "_shipped" / "suites"
    assert shipped("reports") == tmp_path.parent / "reports"


def test_a_users_report_renders_beside_ours(tmp_path):
    (tmp_path / "short.py").write_text(GOOD)
    known = renderers((tmp_path,))
    assert {"json", "html", "junit", "markdown", "terminal", "short"} <= set(known)
    (mine,) = chosen(["short"], known)
    assert (mine.name, mine.suffix, mine.render("x")) == ("short", ".txt", "x")


@pytest.mark.parametrize("text", [
    "", "NAME = 'x'", "NAME = 'x'\nSUFFIX = ''\n", "def render(:", "import no_such_module",
    GOOD + "x = undefined\n", GOOD + "1 / 0\n", GOOD + "raise ValueError('no')\n"])
def test_a_file_that_is_no_report_is_named(tmp_path, text):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UsageError, match=r"mine\.py: not a report \(\w+Error") as error:
        renderers((tmp_path,))
    assert "NAME, SUFFIX and render" in error.value.remedy


def test_two_reports_of_one_name_are_refused(tmp_path):
    (tmp_path / "mine.py").write_text(GOOD.replace("short", "html"))
    with pytest.raises(UsageError, match="'html' exists already"):
        renderers((tmp_path,))


def test_chosen_keeps_the_order_asked_for_and_names_an_unknown_one():
    known = renderers()
    assert [r.name for r in chosen(["junit", "json"], known)] == ["junit", "json"]
    assert chosen([], known) == []
    with pytest.raises(UsageError, match="--report pdf: no such report") as error:
        chosen(["json", "pdf"], known)
    assert "html, json, junit" in error.value.remedy
