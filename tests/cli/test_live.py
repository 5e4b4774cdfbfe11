"""The live view: a line per failure off a terminal, a bar on one, nothing when quiet; hostile names stay inert."""

import io
import re
import sys

import pytest

from harness.cli.commands import _unstarted
from harness.cli.live import LiveView
from harness.cli.running import RunOptions, plan_for
from harness.engine.events import CheckEnded, CheckStarted, RunFinished, RunStarted

NASTY = "a/test_a.py::test_[bold]\x1b[31mred\x07\u202e\udcff"


def started():
    plan = plan_for(_unstarted(), RunOptions(only=("OBS-01",), seed=7))[1]
    return RunStarted(plan=plan, run_id="r", directory="certify-runs/r")


def ended(name="a::test_x", how="finished", provisional="", message="", seconds=1.25):
    return CheckEnded(check=name, ended=how, provisional=provisional, message=message, seconds=seconds)


def test_off_a_terminal_only_what_needs_a_look_is_a_line(capsys):
    with LiveView(quiet=False) as view:
        view(started())
        for event in (CheckStarted(check="a::test_x"), ended(), ended(provisional="pass"),
                      ended("b", provisional="fail"), ended("c", "asserted"), ended("d", "crashed"),
                      ended("e", "stopped", message="no player"), ended("f", "skipped", message="not today")):
            view(event)
    out, err = capsys.readouterr()
    head, *lines = err.splitlines()
    assert out == ""
    assert re.fullmatch(r"certify: sandbox at http://127\.0\.0\.1, \d+ checks, seed 7, plan [0-9a-f]{12}", head)
    assert lines == ["  red   b (1.2 s)", "  red   c (1.2 s)", "  red   d (1.2 s)", "  ?     e: no player",
                     "  ?     f: not today"]
    assert str(view.directory) == "certify-runs/r"


def test_quiet_is_silent_and_still_knows_the_folder(capsys):
    with LiveView(quiet=True) as view:
        for event in (started(), CheckStarted(check="x"), ended("x", "crashed")):
            view(event)
        view(RunFinished(scorecard=None))
    assert capsys.readouterr() == ("", "")
    assert view.directory is not None


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """terminal() makes stderr one, for the rest of the test."""
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def begin():
        one = Terminal()
        monkeypatch.setattr(sys, "stderr", one)
        return one

    return begin


def test_on_a_terminal_a_bar_counts_each_check_once_and_is_gone_at_the_end(terminal):
    stderr = terminal()
    with LiveView(quiet=False) as view:
        view(started())
        for n in (1, 2):
            view(CheckStarted(check=f"a::test_x[{n}]"))
        for n in (1, 2):
            view(ended(f"a::test_x[{n}]", provisional="fail"))
        task = view._bar.tasks[0]
        assert task.completed == 1
        assert "2 red" in task.description
    assert view._bar is None
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stderr.getvalue())
    assert "red   a::test_x[1] (1.2 s)" in plain


def test_a_bar_is_taken_down_when_the_run_fails(terminal):
    terminal()
    with pytest.raises(RuntimeError), LiveView(quiet=False) as view:
        view(started())
        bar = view._bar
        raise RuntimeError
    assert not bar.live.is_started


@pytest.mark.parametrize("tty", [False, True])
def test_hostile_names_and_messages_are_inert(terminal, capsys, tty):
    stream = terminal() if tty else None
    with LiveView(quiet=False) as view:
        view(started())
        view(CheckStarted(check=NASTY))
        view(ended(NASTY, "stopped", message=NASTY + "[/red]\n\rnext"))
    text = stream.getvalue() if tty else capsys.readouterr().err
    assert "\x1b[31mred" not in text
    assert not set("\x07\u202e\udcff") & set(text)
    assert "next" in text
    assert "[bold]" in text, "markup of the target is text"


def test_an_end_without_a_beginning_is_taken(capsys):
    with LiveView(quiet=False) as view:
        view(started())
        view(ended("never begun", "crashed"))
    assert "never begun" in capsys.readouterr().err
