"""The text: within its width, one axis for all rows, readable in ASCII."""

import pytest

from harness.drawing.timeline_text import legend, timeline_text
from harness.model.timeline import Became, Mark, Stretch


def rows(lines):
    """By label the columns of a row."""
    found = {}
    for line in lines:
        if line[:9].strip() and line[9:11] == "  " and not line.startswith("  " * 5):
            found.setdefault(line[:9].strip(), line[11:])
    return found


def test_rows_stand_over_one_axis_of_time(timeline):
    drawn = rows(timeline_text(timeline()))
    assert drawn["answers"][:52].replace(" ", "") == "·r?x·"
    assert drawn["answers"].index("?") == drawn["late"].index("!") == int(1.5 / 3 * 52)
    assert drawn["failed"].index("1") == drawn["answers"].index("r")
    assert drawn["witness"][:52].replace(" ", "") == "▁▇x▁"
    assert drawn["faults"].index("▒") == int(0.5 / 3 * 52)
    assert drawn["faults"][:52].count("▒") + len(" latency 300 ") == int(2.5 / 3 * 52) - int(0.5 / 3 * 52) + 1
    assert "▒ latency 300 ▒" in drawn["faults"]
    assert drawn["seconds"].startswith("0")
    assert drawn["latency"].endswith("max 402 ms")
    assert drawn["late"].endswith("SLO 400 ms")
    assert drawn["answers"].endswith("3 not taken")


def test_what_it_says_around(timeline):
    text = "\n".join(timeline_text(timeline()))
    for piece in ("one\n", "scenarios/x.py::ONE", "The wallet is slow.", "TIME-01 fail, TIME-03 pass",
                  "5 calls: 2 taken", "1 refused cleanly"):
        assert piece in text


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("width", [40, 56, 80, 140])
def test_it_keeps_its_width(timeline, long, empty, hostile, width, brief):
    least = 9 + 2 + 20 + 2 + 15  # below that rows are no rows
    for one in (timeline(), long, empty, hostile, timeline(name="n" * 200, says="s " * 200)):
        lines = [line for line in timeline_text(one, width=width, brief=brief) if "::" not in line]
        assert max(map(len, lines)) <= max(width, least)


def test_ascii_is_ascii(timeline, long):
    for one in (timeline(name="n" * 200), long):
        assert "\n".join([*timeline_text(one, ascii_only=True), *legend(ascii_only=True)]).isascii()
    drawn = rows(timeline_text(timeline(), ascii_only=True))
    assert "#" in drawn["faults"]
    assert drawn["answers"][:52].replace(" ", "") == ".r?x."
    assert max(map(len, legend())) <= 80


def test_a_scenario_without_anything_is_drawn(empty):
    drawn = rows(timeline_text(empty))
    assert drawn["faults"].startswith("none")
    assert drawn["seconds"] == "0"
    assert not {"late", "witness", "failed"} & set(drawn)
    assert timeline_text(empty)[-1].strip() == "no calls were recorded"


def test_a_long_one_shows_its_worst(long):
    drawn = rows(timeline_text(long))
    assert drawn["answers"].count("x") == 1
    assert drawn["late"].count("!") == 1
    assert drawn["attempts"][:52] == "█" * 52, "hundreds a column are bars"
    assert drawn["attempts"].endswith("20,000")


def test_control_characters_never_reach_a_terminal(hostile):
    assert all(line.isprintable() for line in timeline_text(hostile))
    assert all(line.isprintable() for line in timeline_text(hostile, brief=True))


def test_faults_at_once_have_rows_of_their_own(timeline):
    faults = tuple(Stretch(label=f"f{n}", start=0.0, end=3.0) for n in range(6))
    text = timeline_text(timeline(faults=faults))
    assert sum("▒" in line for line in text) == 4
    assert any("and 2 more faults" in line for line in text)


@pytest.mark.parametrize(("start", "end", "shown"), [
    (0.0, 0.2, "▒▒▒▒ a fault of some length"), (2.9, 3.0, " " * 24 + " a fault of some length ▒▒"),
    (0.3, 2.8, "▒ a fault of some length ▒")])
def test_how_long_a_fault_lasts_is_seen_whatever_its_name(timeline, start, end, shown):
    (drawn,) = [line for line in timeline_text(timeline(
        faults=(Stretch(label="a fault of some length", start=start, end=end),))) if "faults" in line]
    assert shown in drawn


def test_marks_beyond_the_ends_stand_at_the_ends(timeline):
    calls = tuple(Mark(at=at, ms=1.0, became=Became.TAKEN) for at in (-9.0, 99.0))
    drawn = rows(timeline_text(timeline(calls=calls)))
    assert (drawn["answers"][0], drawn["answers"][51]) == ("·", "·")
