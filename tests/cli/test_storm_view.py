"""A storm in the live view: a panel that fits its terminal and goes with it, a line now and then elsewhere."""

import io
import json
import re

import pytest
from rich.console import Console

from harness.cli.live import LiveView
from harness.cli.running import _relay
from harness.cli.storm_view import StormLines, panel, sparkline, summary
from harness.engine.events import StormProgress
from tests.cli.test_live import ended, started, terminal  # noqa: F401 - a fixture

BAD = {"failed": 123_456, "shed": 98_765, "calls": 12_345_678, "asked": 2_000.0, "achieved": 1_987.6,
       "in_flight": 23_456, "lag_p99_ms": 12.3, "busiest": 0.97, "gone": 119.0}


def progress(**changes):
    return StormProgress(**{
        "storm": "storm-1", "gone": 30.2, "total": 120.0, "asked": 50.0, "achieved": 49.6, "p50_ms": 2.1, "p95_ms": 9.4,
        "p99_ms": 22.5, "last_p50_ms": 3.3, "last_p95_ms": 12.5, "last_p99_ms": 1_234.5, "calls": 3_210, "shed": 4,
        "failed": 5, "in_flight": 6, "lag_p99_ms": 1.2, "busiest": 0.31, **changes})


def drawn(event, p95s=(1.0, 2.0), *, width=80, encoding="utf-8", color=None):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=out, width=width, color_system=color, force_terminal=color is not None)
    console.print(panel(event, p95s, width=width, ascii_only=encoding == "ascii"))
    out.flush()
    return out.buffer.getvalue().decode(encoding).splitlines()


@pytest.mark.parametrize("changes", [{}, BAD, {"aborted": "settleBet p99.9 < 2s: 3.4 s, for 10 s, 1234 s into the st"}])
def test_the_panel_shows_every_figure_at_80_columns_without_colour(changes):
    lines = drawn(progress(**changes), [float(n) for n in range(48)])
    assert {len(line) for line in lines} == {80}
    assert "…" not in "".join(lines)
    text, event = "\n".join(lines), progress(**changes)
    for figure in (f"asked {event.asked:g}/s", f"achieved {event.achieved:g}/s", f"in flight {event.in_flight}",
                   f"time left {event.total - event.gone:.0f} s", "p50 3.3 ms", "p95 12.5 ms", "p99 1.23 s",
                   "p50 2.1 ms", "p95 9.4 ms", "p99 22.5 ms", f"failed {event.failed}", f"refused {event.shed}", "▁",
                   "█", f"generator late {event.lag_p99_ms:g} ms", event.aborted):
        assert figure in text
    assert "\x1b" not in text


def test_a_narrow_terminal_or_one_without_unicode_gets_what_fits():
    assert max(len(line) for line in drawn(progress(**BAD), [5.0] * 48, width=40)) == 40
    lines = drawn(progress(**BAD), [1.0, 5.0, -1.0], encoding="ascii")
    assert ".# " in "".join(lines)


def test_the_sparkline_rises_to_its_largest_value():
    assert sparkline([0.0, 50.0, 100.0]) == "▁▅█"
    assert sparkline([-1.0, 0.0], ascii_only=True) == " _"
    assert sparkline([]) == ""


def test_off_a_terminal_a_line_comes_every_few_seconds_at_most():
    said, now = [], [100.0]
    lines = StormLines(said.append, clock=lambda: now[0])
    for _ in range(40):
        lines.show(progress())
        now[0] += 0.5
    assert said == ["  storm 30/120 s: asked 50/s, achieved 49.6/s, p95 12.5 ms, p99 1.23 s, 5 failed, 4 refused, "
                    "6 in flight"] * 3
    lines.show(progress(over=True, aborted="p95 < 2s: 3 s"))
    assert said[3:] == ["  storm 3210 calls: p50 2.1 ms, p95 9.4 ms, p99 22.5 ms, 5 failed, 4 refused; stopped: "
                        "p95 < 2s: 3 s"]


def test_a_storm_without_an_answer_has_no_percentiles():
    none = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "last_p50_ms", "last_p95_ms", "last_p99_ms"), -1.0)
    assert "p50 -, p95 -, p99 -" in summary(progress(**none))
    assert "p95 -" in "\n".join(drawn(progress(**none), [-1.0, -1.0]))


def test_the_view_off_a_terminal_leaves_one_summary(capsys):
    with LiveView(quiet=False) as view:
        view(started())
        for _ in range(5):
            view(progress())
        view(progress(over=True))
        view(ended())
    assert capsys.readouterr().err.splitlines()[1:] == [summary(progress())]


def test_a_quiet_view_says_nothing_of_a_storm(capsys):
    with LiveView(quiet=True) as view:
        view(started())
        view(progress())
        view(progress(over=True))
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_panel_comes_with_the_bar_and_goes_with_the_storm(terminal):  # noqa: F811
    stderr = terminal()
    with LiveView(quiet=False) as view:
        view(started())
        view(progress())
        assert view._bar.storm is not None
        assert [type(shown).__name__ for shown in view._bar.get_renderables()] == ["Panel", "Table"]
        view(progress(over=True))
        assert [type(shown).__name__ for shown in view._bar.get_renderables()] == ["Table"]
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stderr.getvalue())
    assert "of 120 s" in plain
    assert plain.count("storm 3210 calls") == 1


def test_a_run_that_fails_in_a_storm_takes_the_panel_down(terminal):  # noqa: F811
    terminal()
    with pytest.raises(RuntimeError), LiveView(quiet=False) as view:
        view(started())
        view(progress())
        bar = view._bar
        raise RuntimeError
    assert not bar.live.is_started


def test_a_dumb_terminal_gets_lines(terminal, monkeypatch):  # noqa: F811
    stderr = terminal()
    monkeypatch.setenv("TERM", "dumb")
    with LiveView(quiet=False) as view:
        view(started())
        view(progress())
        assert view._bar.storm is None
        view(progress(over=True))
    assert summary(progress()) in stderr.getvalue()


def test_what_a_worker_tells_arrives_as_the_same_event():
    heard = []
    told = {name: getattr(progress(), name) for name in StormProgress.__slots__}
    _relay(heard.append)("storm_progress", json.loads(json.dumps(told)))
    assert heard == [progress()]
