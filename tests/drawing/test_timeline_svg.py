"""The plot: inert, light, inside its frame, and told by shapes where there is no colour."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from harness.drawing.timeline_svg import MOST_ATTEMPTS, MOST_CALLS, MOST_WITNESSES, left_out, timeline_svg
from harness.model.timeline import Stretch


def parsed(timeline):
    return ET.fromstring(timeline_svg(timeline, "s-1").encode("utf-8", "strict"))


def path(root, *names):
    """The `d` of the path with exactly these classes."""
    (found,) = [p.get("d") for p in root.iter("path") if set(p.get("class").split()) == set(names)]
    return found


def words(root):
    return [text.text for text in root.iter("text")]


def test_each_kind_of_call_has_a_shape_of_its_own(timeline):
    root = parsed(timeline())
    shapes = {kind: re.sub(r"^M[\d.]+ [\d.]+", "", path(root, "call", kind).split("M")[1])
              for kind in ("taken", "refused", "unknown", "failed")}
    assert len({re.sub(r"^[\d.]+ [\d.]+", "", shape) for shape in shapes.values()}) == 4
    assert path(root, "call", "taken").count("M") == 2
    assert path(root, "attempt", "taken").count("M") == 2
    assert path(root, "attempt", "failed").count("M") == 1


def test_time_and_latency_are_where_they_belong(timeline):
    root = parsed(timeline(slo_ms=100))
    (x, y), = re.findall(r"M([\d.]+) ([\d.]+)", path(root, "call", "unknown"))
    assert float(x) == 74 + 800 / 2, "1.5 of 3 seconds"
    slo = float(re.findall(r"M74 ([\d.]+)", path(root, "slo"))[0])
    assert float(y) < slo, "402 ms stand above 100 ms"
    assert {"1 ms", "10 ms", "100 ms", "1 s", "SLO 100 ms", "0", "3", "latency 300", "503"} <= set(words(root))
    assert "seconds since the scenario began" in words(root)
    assert "attempts at the wallet" in words(root)


def test_the_witness_line_breaks_where_there_was_no_answer(timeline):
    root = parsed(timeline())
    assert re.sub(r"[^ML]", "", path(root, "wline")) == "MLM"
    assert path(root, "wlost").count("l5") == 1


def test_it_says_in_words_what_it_shows(timeline):
    root = parsed(timeline())
    title, description = root.find("title"), root.find("desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "one"
    for piece in ("The wallet is slow.", "latency 300 from 0.5 to 2.5 s", "2 taken", "402 ms", "SLO 400 ms",
                  "1 failed"):
        assert piece in description.text


def test_a_scenario_without_anything_is_a_plot_with_axes(empty):
    root = parsed(empty)
    assert [p for p in root.iter("path") if p.get("class") == "slo"] == []
    assert "no calls were recorded" in root.find("desc").text
    assert "0" in words(root)


def test_every_string_is_inert(hostile):
    text = timeline_svg(hostile, 's"><script>')
    root = ET.fromstring(text.encode("utf-8", "strict"))
    assert {e.tag for e in root.iter()} <= {"svg", "title", "desc", "path", "rect", "text"}
    assert "<script" not in text
    assert not re.search("[\x00-\x1f\u202e\udcff]", text)
    assert any("<script>alert(1)</script>" in word for word in words(root)), "shown as what it is"


def test_a_long_one_is_thinned_and_says_so(long, timeline):
    text = timeline_svg(long, "s-1")
    root = ET.fromstring(text)
    assert len(text) < 40_000
    assert path(root, "call", "taken").count("M") <= MOST_CALLS
    assert path(root, "call", "failed").count("M") == 1, "no failure gets lost"
    assert re.findall(r"M567.8 ", path(root, "call", "taken")), "nor the slowest"
    assert path(root, "wdot").count("M") <= MOST_WITNESSES
    assert path(root, "attempt", "taken").count("M") <= MOST_ATTEMPTS
    assert left_out(long) == ("Drawn are 300 of 20,000 calls, 299 of 20,000 witnesses, 251 of 20,000 attempts at the "
                              "wallet: of each shape the slowest of each stretch.")
    assert left_out(timeline()) == ""


def test_labels_keep_out_of_each_others_way(timeline):
    names = [f"a fault with a long name {n} " + "x" * 40 * (n % 2) for n in range(10)]
    faults = tuple(Stretch(label=name, start=0.3 * n, end=0.3 * n + 0.2) for n, name in enumerate(names))
    root = parsed(timeline(faults=faults))
    labels = [t for t in root.iter("text") if (t.text or "").startswith("a fault")]
    places = [(float(t.get("y")), float(t.get("x")), float(t.get("x")) + 6.4 * len(t.text)) for t in labels]
    assert all(begin >= 74 and end <= 74 + 800 + 1 for _, begin, end in places)
    for row in {y for y, _, _ in places}:
        ends = sorted((begin, end) for y, begin, end in places if y == row)
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(ends))
    assert f"and {10 - len(labels)} more faults" in words(root)


@pytest.mark.parametrize("at", [-5.0, 99.0])
def test_nothing_leaves_the_frame(timeline, at):
    marks = tuple(type(m)(at=at, ms=m.ms * 1e6, became=m.became, id=m.id) for m in timeline().calls)
    root = parsed(timeline(calls=marks, attempts=marks, faults=(Stretch(label="x", start=at, end=at + 1),)))
    _, _, width, height = map(float, root.get("viewBox").split())
    for p in root.iter("path"):
        for x, y in re.findall(r"M([-\d.]+) ([-\d.]+)", p.get("d")):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height
