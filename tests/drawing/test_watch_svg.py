"""Event lag beside a storm, drawn: a bar a round of ours, the promise as a line, what was never seen in its own ink."""

from xml.etree import ElementTree

import pytest

from harness.drawing.watch_svg import lag_svg
from harness.model.storm_watch import Canary, StormWatch


def watch(*canaries, **changes):
    return StormWatch(**{"ended_at": 10.0, "seen_until": 12.0, "lag_promise": 5.0,
                         "canaries": tuple(Canary(at=at, low=low, high=high, exchange="w-1")
                                           for at, low, high in canaries), **changes})


def drawn(made):
    return ElementTree.fromstring(made)


def kinds(made):
    return [one.get("class") for one in drawn(made).iter() if one.tag.endswith("path")]


@pytest.mark.parametrize("canaries", [[(0.0, 0.0, 0.0)], [(-2.0, 0.1, 0.3), (3.0, 0.2, 0.9), (11.0, 0.1, 0.2)],
                                      [(5.0, 900.0, 4_000.0)]])
def test_every_round_has_its_bar(canaries):
    made = lag_svg(watch(*canaries), "lag")
    assert kinds(made).count("done") == len(canaries) + 1, "one is in the legend"
    assert kinds(made).count("limit") == 1
    assert "promised: 5 s" in made


def test_what_was_never_seen_is_told_and_drawn_to_the_top():
    made = lag_svg(watch((1.0, 0.1, 0.2), (2.0, 3.0, None)), "lag")
    assert kinds(made).count("failed") == 2, "its bar, and its entry in the legend"
    assert "1 were never seen" in made


def test_without_a_promise_there_is_no_line_and_without_rounds_no_plot():
    assert "limit" not in kinds(lag_svg(watch((1.0, 0.1, 0.2), lag_promise=None), "lag"))
    assert lag_svg(watch(), "lag") == ""


def test_words_are_inert():
    assert "<script" not in lag_svg(watch((1.0, 0.1, 0.2)), "<script>")
