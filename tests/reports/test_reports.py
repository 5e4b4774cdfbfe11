"""Every report shows what happened and keeps every string of the target inert."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import jsonschema_rs
import pytest

from harness.content.folders import chosen, renderers, shipped
from harness.model.errors import UsageError
from harness.model.outcome import Outcome


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def test_json_validates_against_its_published_schema(render):
    schema = json.loads((shipped("reports") / "result.schema.json").read_text())
    document = json.loads(render("json"))
    jsonschema_rs.validator_for(schema).validate(document)
    outcomes = {r["control"]["id"]: r["finding"]["outcome"] for r in document["rows"]}
    assert outcomes["IDEM-03"] == "fail"
    assert outcomes["MONEY-01"] == "inconclusive"
    assert outcomes["SEC-01"] == "error"
    assert outcomes["OBS-01"] == "pass"


def test_junit_is_valid_xml_and_unproven_is_never_a_pass(render):
    root = ET.fromstring(render("junit").encode("utf-8", "strict"))
    cases = {c.get("name").split()[0]: [child.tag for child in c] for c in root.iter("testcase")}
    assert cases["IDEM-03"] == ["failure"]
    assert cases["MONEY-01"] == ["error"]
    assert cases["SEC-01"] == ["error"]
    assert cases["OBS-01"] == []
    assert [name for name, children in cases.items() if not children] == ["OBS-01"]
    for suite in root.iter("testsuite"):
        assert int(suite.get("failures")) == len(list(suite.iter("failure")))
        assert int(suite.get("errors")) == len(list(suite.iter("error")))
        assert int(suite.get("skipped")) == len(list(suite.iter("skipped")))


def test_html_is_one_inert_page(render):
    page = render("html")
    page.encode("utf-8", "strict")
    parsed = Tags()
    parsed.feed(page)
    assert len(page) < 1_000_000
    assert not {"script", "iframe", "img", "link", "object"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert not [v for n, v in parsed.attributes if n in ("href", "src") and not v.startswith("#")]
    assert "default-src 'none'" in page
    assert not re.search("[\u202a-\u202e\ud800-\udfff\x00\x1b]", page)
    text = "".join(parsed.text)
    for shown in ("Blockers", "Chaos scenarios", "Could not tell", "What this run did not test", "IDEM-03", "curl",
                  "Remedy"):
        assert shown in text


def test_html_draws_each_scenario_and_opens_those_that_found_something(render):
    page = render("html")
    parsed = Tags()
    parsed.feed(page)
    drawn = re.findall(r'<details class="control([^"]*)" id="(scenario-\d)"( open)?>', page)
    assert drawn == [(" fail", "scenario-1", " open"), ("", "scenario-2", "")]
    plots = re.findall(r'<svg class="timeline".*?</svg>', page, re.DOTALL)
    assert len(plots) == 2
    assert [set(ET.fromstring(plot).attrib) for plot in plots] == [{"class", "viewBox", "role", "aria-labelledby"}] * 2
    text = " ".join("".join(parsed.text).split())
    for shown in ("1 taken", "1 not final (202)", "1 failed or unanswered", "1 refused cleanly",
                  "Slowest call: 450 ms (c1-2); 1 of 4 took longer than the SLO of 400 ms", "No calls were recorded",
                  "4 attempts at the wallet, 1 failed"):
        assert shown in text
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    hrefs = [value for name, value in parsed.attributes if name == "href"]
    assert {"#scenario-1", "#scenario-2", "#IDEM-03"} <= set(hrefs), "from a control to its plots, and back"


def test_html_draws_each_storm_with_its_table(render):
    page = render("html")
    parsed = Tags()
    parsed.feed(page)
    drawn = re.findall(r'<details class="control([^"]*)" id="(storm-\d)" open>', page)
    assert drawn == [(" fail", "storm-1"), ("", "storm-2")]
    plots = re.findall(r'<svg class="storm".*?</svg>', page, re.DOTALL)
    assert len(plots) == 6
    for plot in plots:
        assert set(ET.fromstring(plot).attrib) == {"class", "viewBox", "role", "aria-labelledby"}
    text = " ".join("".join(parsed.text).split())
    for shown in ("Storms", "calls a second, by their intended start", "latency by percentile",
                  "naive: from the sending", "600 (50.0/s)", "p95 < 400ms, settleBet p99 <= 1s, errors < 0.1%", "4 ×",
                  "p99, naive", "Not to be trusted: the generator", "Machine taken by others",
                  "Crowded: other processes took 62% of this machine's 2 cores", "fewer than ten calls lie beyond it"):
        assert shown in text
    ids = [value for name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert "#storm-1" in [value for name, value in parsed.attributes if name == "href"], "from a control to its storm"


def test_json_holds_the_figures_of_storms_and_no_series(render):
    (first, second) = json.loads(render("json"))["storms"]
    assert (first["planned"], first["begun"]) == (600, 600)
    assert (first["counted"]["calls"], first["counted"]["shed"]) == (1200, 9)
    assert sum(first["counted"]["failed"].values()) == 4
    assert first["latency"]["percentiles"]["p95"]["ms"] > 500 > first["naive"]["percentiles"]["p95"]["ms"]
    assert first["outcomes"] == {"IDEM-03": "fail"}
    assert "generator" in second["tired"]
    assert (first["others"], first["crowded"], second["others"]) == (None, "", 0.62)
    assert "other processes took 62%" in second["crowded"]
    assert not {"series", "record"} & set(first)


def test_a_run_without_storms_says_nothing_of_them(scorecard):
    bare = dataclasses.replace(scorecard, storms=())
    assert "<h2>Storms</h2>" not in renderers()["html"].render(bare)
    assert "Storms" not in renderers()["terminal"].render(bare)
    assert "Storms" not in renderers()["markdown"].render(bare)


def test_what_passed_and_had_better_be_known_is_told_inert(scorecard):
    passed = next(row for row in scorecard.rows if row.outcome is Outcome.PASS)
    finding = dataclasses.replace(passed.finding, measured={"told": ["fields\x1b[31m that | nobody names"]})
    told = dataclasses.replace(scorecard, rows=tuple(
        dataclasses.replace(row, finding=finding) if row is passed else row for row in scorecard.rows))
    terminal, markdown = (renderers()[name].render(told) for name in ("terminal", "markdown"))
    assert "Passed, and worth knowing" in terminal
    assert "\x1b" not in terminal
    assert f"- **{passed.control.id}**: fields &#91;31m that &#124; nobody names" in markdown
    assert "worth knowing" not in renderers()["terminal"].render(scorecard)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_terminal_and_markdown_tell_of_storms(render, ascii_only):
    text = render("terminal", ascii_only=ascii_only)
    told = text[text.index("\nStorms"):text.index("Not part of this verdict")]
    for piece in ("600 asked for (50.0/s)", "1,200, of which 1,187 ok", "9 politely refused", "p99.9", "naive",
                  "calls/s", "Not to be trusted"):
        assert piece in told
    assert ("▁" in told or "█" in told) is not ascii_only
    (row, _) = re.findall(r"^\| test&#95;x \|.*\|$", render("markdown"), re.MULTILINE)
    assert row.startswith("| test&#95;x | 50.0, 50.0 | 1,200 |")
    assert row.endswith("| 9 | 4 |")


def test_json_holds_what_scenarios_found_and_no_points(render):
    (first, second) = json.loads(render("json"))["timelines"]
    assert (first["outcomes"], first["tally"]["late"], first["slowest"]) == ({"IDEM-03": "fail"}, 1, "c1-2")
    assert (second["tally"]["calls"], "calls" in second) == (0, False)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_terminal_draws_the_scenario_that_failed(render, ascii_only):
    text = render("terminal", ascii_only=ascii_only)
    drawn = text[text.index("FAILED IDEM-03"):text.index("ERROR SEC-01")]
    for row in ("faults", "latency", "late", "answers", "attempts", "seconds"):
        assert re.search(rf"^ +{row}  ", drawn, re.MULTILINE)
    assert ("▒" in drawn) is not ascii_only
    assert "nothing seen" not in text, "what passed is in the page"


def test_markdown_draws_it_in_a_fence(render):
    (drawn,) = re.findall(r"^```text\n(.*?)\n```$", render("markdown"), re.DOTALL | re.MULTILINE)
    assert "▒" in drawn
    assert "answers" in drawn


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_terminal_is_inert_and_keeps_its_width(render, width, color):
    text = render("terminal", width=width, color=color)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b" not in plain
    assert (text == plain) != color
    assert not re.search("[\u202e\x07\x00]", text)
    assert "FAILED IDEM-03" in plain
    assert "ERROR SEC-01" in plain
    wide = [line for line in plain.splitlines() if len(line) > width and "curl" not in line]
    assert not wide


def test_markdown_cannot_be_broken_out_of(render):
    text = render("markdown")
    fence = re.compile(r"^```(?:sh|text)\n.*?\n```$", re.DOTALL | re.MULTILINE)
    prose = fence.sub("", text)  # a fence shows text as it is
    assert prose.count("```") == 0
    prose = re.sub(r"`[^`\n]*`", "", prose)  # so does a code span
    assert "<script" not in prose
    assert "](javascript" not in prose
    assert not [line for line in text.splitlines() if line.startswith("# head")]
    assert "| Question | Answer | Why |" in text
    assert text.count("<details>") == text.count("</details>") == 3


def test_an_unknown_report_is_named_with_the_known_ones():
    with pytest.raises(UsageError, match="no such report") as error:
        chosen(["pdf"], renderers())
    assert "html" in error.value.line()


def test_a_users_report_is_found_like_ours_and_a_double_is_refused(tmp_path):
    (tmp_path / "short.py").write_text("NAME='short'\nSUFFIX='.txt'\ndef render(card): return card.headline\n")
    assert "short" in renderers((tmp_path,))
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.py").write_text("NAME='html'\nSUFFIX='.x'\ndef render(card): return ''\n")
    with pytest.raises(UsageError, match="exists already"):
        renderers((other,))
    (other / "mine.py").write_text("nonsense = 1\n")
    with pytest.raises(UsageError, match="not a report"):
        renderers((other,))
