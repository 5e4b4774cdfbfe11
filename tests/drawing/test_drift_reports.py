"""Reports on drift: complete, the same facts in each form, and safe wherever they are shown."""

import json
import re
from dataclasses import replace

import jsonschema_rs
import pytest

from harness.drawing.drift_json import drift_json
from harness.drawing.drift_markdown import drift_markdown
from harness.drawing.drift_sarif import drift_sarif
from harness.drawing.drift_text import drift_text
from harness.drift.changes import Witness
from harness.drift.waivers import fingerprint
from tests.drawing.sarif_asked import LOG
from tests.drift.made_up import ADDED, BREAK, PROMISE, REMOVED, UNSURE, WORDS, report

ALL = (WORDS, ADDED, UNSURE, BREAK, REMOVED, PROMISE)
NASTY = "\x1b[31m<script>@team #12 [x](http://e.test) `a`\n# big\u202e | *b*"


def flat(text):
    return " ".join(text.split())


def test_text_tells_each_break_with_places_direction_and_example():
    text = drift_text(report(*ALL))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    said = flat(text)
    assert said.startswith("openapi: BREAKING (2 breaking, 1 broken promise, 1 unsure, 1 additive, 1 editorial)")
    for part in ("old.yaml:12 #/paths/~1v1~1bets/post/requestBody", "new.yaml:14 #/paths",
                 "consumers that send what was right before are refused", f"[{fingerprint(BREAK)}]",
                 'Valid in 1.6.0, refused in 1.7.0: {"currency": "EUR"}', "new not there",
                 "Policy: a removal breaks whoever calls it", "could not be decided",
                 "A breaking change needs at least 2.0.0, not 1.7.0.", "GET /v1/limits: It is new."):
        assert part in said, part
    assert text.index("BREAKING  POST") < text.index("UNSURE  GET") < text.index("additive (1)")


def test_a_change_of_a_shared_schema_names_where_else_it_holds():
    shared = replace(BREAK, also=tuple(f"GET /v1/p{n}" for n in range(5)))
    for text in (drift_text(report(shared)), drift_markdown(report(shared)).replace("\\", "")):
        assert "The same in GET /v1/p0, GET /v1/p1, GET /v1/p2 and 2 more places." in flat(text)
    assert drift_json(report(shared))["changes"][0]["also"] == list(shared.also)
    assert drift_json(report(BREAK))["changes"][0]["also"] == []
    assert "(and 5 more)" in drift_text(report(replace(ADDED, also=shared.also)))


def test_colour_is_only_colour():
    report_ = report(*ALL)
    painted = drift_text(report_, colour=True)
    assert "\x1b[31;1mBREAKING\x1b[0m" in painted
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == drift_text(report_)


def test_text_of_nothing_and_of_too_much():
    assert drift_text(report()).startswith("openapi: NO CHANGE (no change)")
    many = drift_text(report(*[replace(WORDS, says=f"Word {n}.") for n in range(50)]))
    assert "... and 45 more" in many
    assert "... and 30 more" in drift_text(report(*[replace(ADDED, says=f"Call {n}.") for n in range(50)]))


@pytest.mark.parametrize("draw", [drift_text, drift_markdown])
def test_what_others_wrote_stays_text(draw):
    nasty = replace(BREAK, says=NASTY, where=NASTY, witness=Witness(document={"a": NASTY}, valid_in="old"))
    text = draw(report(nasty, notes=(NASTY,)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not any(line.startswith("# big") for line in text.splitlines())


def test_markdown_breaks_out_of_nothing_and_calls_nobody():
    text = drift_markdown(report(replace(BREAK, says=NASTY), replace(ADDED, where=NASTY), notes=(NASTY,)))
    assert "<script>" not in text
    assert "@team" not in text
    assert "#12" not in text
    assert "](http" not in text
    assert "http://" not in text
    assert "### ❌ Contract drift: breaking" in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_markdown_tells_the_break_and_folds_the_rest():
    text = drift_markdown(report(*ALL))
    assert "2\\.0\\.0" in text
    assert '    {"currency": "EUR"}' in text
    assert fingerprint(BREAK) in text
    assert drift_markdown(report(ADDED)).startswith("### ✅ Contract drift: passes")


def test_a_comment_is_never_too_long():
    huge = [replace(BREAK, says=f"{n} " + "x" * 5_000, witness=Witness(document=["y" * 900] * 60, valid_in="old"))
            for n in range(80)]
    text = drift_markdown(report(*huge))
    assert len(text) < 65_000
    assert "--report json" in text


def test_json_has_all_of_it():
    found = json.loads(json.dumps(drift_json(report(*ALL, replace(BREAK, waived="agreed (until 2027-01-31)")))))
    assert (found["form"], found["ok"], found["verdict"]) == ("certify.drift/1", False, "breaking")
    assert found["version"]["minimum"] == "2.0.0"
    first = found["changes"][0]
    assert (first["rule"], first["fails"], first["side"]) == ("request-property-became-required", True, "in")
    assert first["old"] == {"file": "old.yaml", "pointer": BREAK.old.pointer, "line": 12}
    assert first["witness"] == {"document": {"currency": "EUR"}, "valid_in": "old"}
    assert [c["fails"] for c in found["changes"] if c["waived"]] == [False]
    assert drift_json(report())["verdict"] == "none"


def test_sarif_has_the_shape_of_its_schema():
    waived = replace(REMOVED, waived="agreed (until 2027-01-31)")
    log = json.loads(json.dumps(drift_sarif(report(*ALL, waived))))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    run, = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        for spot in result["locations"] + result.get("relatedLocations", []):
            physical = spot["physicalLocation"]
            assert " " not in physical["artifactLocation"]["uri"]
            assert physical.get("region", {"startLine": 1})["startLine"] >= 1
    broken = run["results"][0]
    assert (broken["level"], broken["locations"][0]["physicalLocation"]["region"]) == ("error", {"startLine": 14})
    assert broken["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 12}
    assert [r["suppressions"][0]["kind"] for r in run["results"] if "suppressions" in r] == ["external"]
    assert run["results"][-1]["ruleId"] == "version-policy"
    assert "2.0.0" in run["results"][-1]["message"]["text"]


def test_sarif_is_what_code_hosts_ask_for():
    odd = replace(BREAK, new=replace(BREAK.new, file="c:\\api\\my api.yaml", line=None), old=None, says=NASTY)
    nowhere = replace(WORDS, old=None, new=None)
    waived = replace(REMOVED, waived="agreed (until 2027-01-31)")
    check = jsonschema_rs.Draft202012Validator(LOG, validate_formats=True)
    for made in (report(*ALL, waived), report(odd), report(nowhere, notes=("a note",)), report(new="1.7")):
        log = json.loads(json.dumps(drift_sarif(made)))
        assert [f"{one.instance_path}: {one.message}" for one in check.iter_errors(log)] == []
    assert not check.is_valid({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}}]})


def test_sarif_names_a_commits_file_by_its_path():
    change = replace(BREAK, new=replace(BREAK.new, file="main:api/my api.yaml"))
    result = drift_sarif(report(change))["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "api/my%20api.yaml"
