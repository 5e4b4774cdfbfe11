"""Plots and text of a storm: inert, inside their frame, and where the figures say."""

import dataclasses
import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from harness.drawing.percentile_svg import Curve, curves_svg, of_histogram, percentiles_svg
from harness.drawing.plot import told_ms
from harness.drawing.storm_svg import MOST_COLUMNS, latency_svg, rate_svg
from harness.drawing.storm_text import storm_text
from harness.engine.storm_figures import figures
from harness.model.histogram import Histogram
from harness.model.neighbours import Moment, Neighbours
from harness.model.outcome import Outcome
from harness.model.tally import Slice
from tests.drawing.conftest import HOSTILE
from tests.storm_made import made_storm, made_tally

LEFT, ACROSS, TOP, PANEL = 74, 432, 30, 200
PLOTS = pytest.mark.parametrize("plot", [rate_svg, latency_svg, percentiles_svg])


def of(**changes):
    return figures(made_storm(**changes), {"LOAD-01": Outcome.FAIL})


def nothing():
    record = made_storm()
    return figures(dataclasses.replace(record, objectives=(), result=dataclasses.replace(
        record.result, tally=made_tally(seconds=0), begun=b"", ended=b"")), {})


def parsed(svg):
    return ET.fromstring(svg.encode("utf-8", "strict"))


def path(root, kind):
    """The first path of that class, which is the drawing; the legend's sample comes later."""
    return next(p.get("d") for p in root.iter("path") if p.get("class") == kind)


def words(root):
    return [text.text for text in root.iter("text")]


def points(drawn):
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", drawn)]


@PLOTS
def test_it_says_in_words_what_it_shows(plot):
    root = parsed(plot(of(), "s-1"))
    title, description = root.find("title"), root.find("desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}" == "s-1-t s-1-d"
    assert title.text in words(root)
    assert re.search(r"\d", description.text)


@PLOTS
@pytest.mark.parametrize("make", [nothing, of, lambda: of(stall=3, shed=20, failed=5), lambda: of(seconds=1),
                                  lambda: of(rate=1, seconds=700)])
def test_nothing_leaves_the_frame(plot, make):
    root = parsed(plot(make(), "s-1"))
    _, _, width, height = map(float, root.get("viewBox").split())
    for p in root.iter("path"):
        for x, y in points(p.get("d")):
            assert 0 <= x <= width
            assert 0 <= y <= height
    for text in root.iter("text"):
        assert float(text.get("y")) < height


@PLOTS
def test_every_string_is_inert(plot):
    storm = dataclasses.replace(of(), check=HOSTILE, shape=HOSTILE, objectives=())
    svg = plot(storm, 's"><script>')
    assert {e.tag for e in parsed(svg).iter()} <= {"svg", "title", "desc", "path", "text"}
    assert "<script" not in svg


def test_what_became_of_calls_is_stacked_and_the_rare_is_seen():
    root = parsed(rate_svg(of(shed=20, failed=1), "s-1"))
    done, shed, failed = (path(root, kind) for kind in ("done", "shed", "failed"))
    assert done.count("M") == 12
    assert (shed.count("M"), failed.count("M")) == (1, 1)
    (x, base), = points(failed)
    assert pytest.approx(x, abs=0.1) == LEFT + ACROSS * 5 / 12
    top = float(re.search(r"V([\d.]+)", failed)[1])
    assert base - top >= 2.0, "one failure of a hundred calls is not too thin to be seen"
    assert base == float(re.search(r"V([\d.]+)", shed)[1]), "on top of what was refused"
    assert {"calls asked for", "rounds planned", "politely refused", "failed", "answered"} <= set(words(root))
    assert "20 politely refused, 1 failed; 600 rounds planned, 600 begun" in root.find("desc").text


def test_latency_has_its_bands_and_the_limits_of_the_objectives():
    root = parsed(latency_svg(of(stall=3), "s-1"))
    heights = [points(path(root, kind))[3][1] for kind in ("p50", "p95", "p99")]
    assert heights == sorted(heights, reverse=True)
    assert points(path(root, "p50"))[3][1] < points(path(root, "p50"))[2][1] - 50, "the stall is seen"
    limits = [p.get("d") for p in root.iter("path") if p.get("class") == "limit"]
    assert len(limits) == 2 + 1, "each duration, and the legend's sample; errors are no duration"
    assert {"p95 < 400ms", "settleBet p99 <= 1s"} <= set(words(root))
    assert not {"errors < 0.1%"} & set(words(root))
    assert "Highest p99: 1 s at second 3." in root.find("desc").text
    labels = sorted(float(t.get("y")) for t in root.iter("text") if t.get("class") == "limits")
    assert labels[1] - labels[0] >= 14


def test_the_line_breaks_where_nothing_was_answered():
    storm = of()
    storm.record.result.tally.seconds[5] = Slice()
    root = parsed(latency_svg(storm, "s-1"))
    lines = [p.get("d") for p in root.iter("path") if p.get("class") == "p50"]
    assert [line.count("L") for line in lines] == [4, 5, 0], "two stretches and the legend's sample"


def test_long_storms_are_put_together():
    svg = rate_svg(of(rate=2, seconds=1_000), "s-1")
    assert path(parsed(svg), "done").count("M") == MOST_COLUMNS
    assert len(svg) < 30_000


def test_the_percentile_axis_is_logarithmic_and_naive_hides_the_stall():
    root = parsed(percentiles_svg(of(stall=3), "s-1"))
    marks = {t.text: float(t.get("x")) for t in root.iter("text") if t.get("text-anchor") == "middle"}
    assert marks["99.9"] - marks["99"] == pytest.approx(marks["99"] - marks["90"], abs=0.2)
    true, naive, lag = (points(path(root, kind)) for kind in ("true", "naive", "lag"))
    assert true[-1][1] < naive[-1][1] - 40 < lag[-1][1]
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in itertools.pairwise(true)), "it never falls"
    assert "few" in [p.get("class") for p in root.iter("path")]
    assert "from the intended start: p50 4" in root.find("desc").text


def test_a_curve_ends_at_the_slowest():
    histogram = Histogram()
    histogram.extend([1_000] * 99 + [777_777])
    curve = of_histogram("true", "x", histogram)
    assert curve.points[-1] == (0.995, 777.777)
    assert curve.points[1] == (0.99, pytest.approx(1.0, rel=0.004)), "nothing is made up between"
    assert curve.points[2] == (0.99, pytest.approx(777.777, rel=0.004))
    assert of_histogram("true", "x", Histogram()).points == []


def test_a_plot_for_a_file_has_its_own_inks():
    svg = curves_svg([Curve(kind="true", words="x", points=((0.0, 1.0), (0.99, 10.0)))], name="a", title="t",
                     described="d", alone=True)
    assert parsed(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme:dark" in svg
    assert "<script" not in svg
    assert "<style" not in percentiles_svg(of(), "s-1")


@pytest.mark.parametrize(("ms", "says"), [(0.05, "0.05 ms"), (4.26, "4.26 ms"), (99.7, "100 ms"), (402.4, "402 ms"),
                                          (1_817, "1.82 s"), (0, "0 ms"), (2.5e6, "2,500 s")])
def test_durations_have_their_unit(ms, says):
    assert told_ms(ms) == says


# -- text ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("width", [56, 60, 80, 140])
@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_text_keeps_its_width_and_its_letters(width, brief, ascii_only):
    storm = dataclasses.replace(of(stall=3, shed=20, failed=5, busiest=0.97), check=HOSTILE, shape=HOSTILE)
    text = "\n".join(storm_text(storm, width=width, brief=brief, ascii_only=ascii_only))
    assert not [line for line in text.splitlines() if len(line) > width]
    assert not re.search("[\x00-\x09\x1b\u202e\udcff]", text)
    assert not ascii_only or text.isascii()
    for piece in ("600 asked", "failed", "Not to be trusted", "LOAD-01 fail", "* fewer than ten"):
        assert piece in text
    assert ("settleBet" in text) is not brief or width < 80


def test_text_has_the_figures_and_the_rows():
    text = "\n".join(storm_text(of(stall=3, shed=20, failed=5)))
    assert "calls: 1,200, of which 1,175 ok, 20 politely refused, 5 failed (500: 5)" in text
    rows = {line.split()[0]: line for line in text.splitlines() if line.startswith("   ")}
    assert rows["p99"].endswith("max 1 s")
    assert rows["shed"].endswith("max 20/s")
    assert rows["failed"].endswith("max 5/s")
    assert re.search(r"^  all +1,200 ", text, re.MULTILINE)
    assert re.search(r"^  naive, from sending +1,200 +4.0", text, re.MULTILINE)
    assert "objectives: p95 < 400ms, settleBet p99 <= 1s, errors < 0.1%" in text


def test_text_of_a_storm_without_anything_is_short():
    text = "\n".join(storm_text(nothing()))
    assert "0 begun" in text
    assert "no call was made" in text
    assert "objectives: none" in text
    assert "calls/s" not in text


@pytest.mark.parametrize("brief", [False, True])
def test_who_else_took_the_machine_is_told_where_the_generator_is(brief):
    taken = Neighbours(cores=2, moments=(Moment(at=12.0, seconds=12.0, others=0.62, idle=0.0),))
    crowded = " ".join(storm_text(figures(dataclasses.replace(made_storm(), neighbours=taken), {}), brief=brief))
    crowded = " ".join(crowded.split())
    assert "Crowded: other processes took 62% of this machine's 2 cores" in crowded
    assert ("(others took 62% of this machine)" in crowded) is not brief
    assert "others" not in " ".join(storm_text(of(), brief=brief))
