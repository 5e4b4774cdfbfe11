"""`certify storm`: figures, the series, and two runs side by side, from stored runs."""

import csv
import io
import json

import pytest

from tests.storm_made import made_storm


@pytest.fixture
def stored(here, say):
    """stored(name, *storms) -> a run's directory, written by hand."""
    code, plan, err = say("plan", "--only", "LOAD", "--json")
    assert code == 0, err

    def make(name, *storms):
        run = here / name
        run.mkdir()
        (run / "plan.json").write_text(plan)
        (run / "contract.json").write_text("{}")
        lines = [{"k": "run", "t": 1, "run_id": name, "started_at": "2026-11-22T07:00:00+00:00"},
                 *({"k": "storm", "t": 2, **storm.to_line()} for storm in storms)]
        (run / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return run

    return make


def test_figures_are_told_in_eighty_columns(stored, say):
    code, out, err = say("storm", stored("run", made_storm(stall=3, shed=9, failed=4)))
    assert (code, err) == (0, "")
    assert not [line for line in out.splitlines() if len(line) > 80]
    for piece in ("BURST: constant rate of 12 s", "authorizeBet", "settleBet", "9 politely refused, 4 failed (500: 4)",
                  "naive, from sending", "objectives: p95 < 400ms"):
        assert piece in out


def test_json_is_one_document_with_the_series(stored, say):
    told = json.loads(say("storm", stored("run", made_storm(stall=3)), "--json")[1])
    assert told["run"]["run_id"] == "run"
    (storm,) = told["storms"]
    assert (storm["planned"], len(storm["series"])) == (600, 12)
    assert storm["series"][3]["p99_ms"] > 900
    assert "record" not in storm


def test_csv_is_the_series(stored, say):
    rows = list(csv.DictReader(io.StringIO(say("storm", stored("run", made_storm(shed=9, failed=4)), "--csv")[1])))
    assert list(rows[0]) == ["second", "asked", "answered", "shed", "failed", "in_flight", "p50_ms", "p95_ms", "p99_ms"]
    assert [int(row["second"]) for row in rows] == list(range(12))
    assert (rows[5]["asked"], rows[5]["shed"], rows[5]["failed"]) == ("100", "9", "4")
    assert 2 < float(rows[5]["p50_ms"]) < 6


def test_one_storm_of_several_is_named(stored, say):
    run = stored("run", made_storm(), made_storm(check="scenarios/burst.py::KNEE", storm_id="storm-2"))
    assert {line.split(":")[0] for line in say("storm", run)[1].split("\n\n")} == {"BURST", "KNEE"}
    for name in ("knee", "scenarios/burst.py::KNEE", "storm-2"):
        assert say("storm", run, name)[1].startswith("KNEE")
    assert say("storm", run, "KNEE", "--csv")[0] == 0
    code, out, err = say("storm", run, "--csv")
    assert (code, out) == (2, "")
    assert "KNEE (storm-2)" in err


def test_two_runs_stand_side_by_side(stored, say):
    earlier, now = stored("earlier", made_storm()), stored("now", made_storm(factor=1.5, seed=2))
    code, out, err = say("storm", now, "--against", earlier)
    assert (code, err) == (0, "")
    assert not [line for line in out.splitlines() if len(line) > 80]
    rows = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    assert "+49.5%" in rows["p50"]
    assert rows["p50"].endswith("higher")
    assert rows["p99.9"].endswith("cannot tell")
    assert rows["failed"].endswith("cannot tell")
    assert "earlier: earlier," in out
    told = json.loads(say("storm", earlier, "--against", now, "--json")[1])
    (storm,) = told["storms"]
    first = storm["rows"][0]
    assert (first["name"], first["told"], told["earlier"]["run_id"]) == ("p50", "lower", "now")
    assert first["now"]["low"] <= first["now"]["value"] <= first["now"]["high"] < first["earlier"]["low"]


def test_storms_of_different_plans_are_compared_only_anyway(stored, say):
    earlier, now = stored("earlier", made_storm(rate=40)), stored("now", made_storm())
    code, out, err = say("storm", now, "--against", earlier)
    assert (code, out) == (2, "")
    assert "different plans: rounds/s 40 and 50" in err
    assert "--anyway" in err
    code, out, _ = say("storm", now, "--against", earlier, "--anyway")
    assert code == 0
    assert "DIFFERENT PLANS: rounds/s 40 and 50" in out


def test_what_only_one_run_has_is_said(stored, say):
    other = made_storm(check="scenarios/burst.py::KNEE", storm_id="storm-2")
    earlier, now = stored("earlier", made_storm(), other), stored("now", made_storm())
    assert "only earlier: scenarios/burst.py::KNEE" in say("storm", now, "--against", earlier)[1]
    alone = stored("alone", other)
    code, _, err = say("storm", now, "--against", alone)
    assert (code, "no storm in common" in err) == (2, True)


@pytest.mark.parametrize(("arguments", "says"), [
    (["nowhere"], "Name a run directory"), (["calm"], "no storm in it. Blow one"),
    (["run", "KNEE"], "There are: BURST"),
    (["run", "--csv", "--json"], "Leave out"), (["run", "--anyway"], "--against"), ([], "Missing argument"),
    (["run", "--against", "calm"], "calm: no storm in it"), (["torn"], "no storm in it"), (["damaged"], "damaged"),
    (["odd"], "record 2 (storm) lacks")])
def test_what_cannot_be_shown_is_one_line_with_the_remedy(stored, say, arguments, says):
    stored("run", made_storm())
    stored("calm")
    for name, cut in (("torn", 300), ("damaged", 300), ("odd", 0)):
        journal = stored(name, made_storm()) / "journal.jsonl"
        text = journal.read_text()
        journal.write_text(text[:-cut] + ('\n{"k":"note","t":3,"text":"x"}\n' if name == "damaged" else "") if cut
                           else text.replace('"tally"', '"taily"'))
    code, out, err = say("storm", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_a_control_is_explained_with_the_storms_it_was_judged_on(stored, say):
    storm = made_storm(stall=3)
    claim = {"k": "claim", "t": 3, "id": "c#1", "check": storm.check, "control": "LOAD-01", "judge": "objectives_kept",
             "says": "kept", "over": [], "params": {"storm": storm.id}, "positive_control": False}
    run = stored("run", storm)
    with (run / "journal.jsonl").open("a") as lines:
        for line in (claim, {"k": "check", "t": 4, "check": storm.check, "controls": ["LOAD-01"], "ended": "finished"}):
            lines.write(json.dumps(line) + "\n")
    out = say("explain", "LOAD-01", "--run", run)[1]
    assert "fail: p95 < 400ms was missed" in out
    assert "naive, from sending" in out
    assert out.rstrip().endswith("LOAD-01 fail")
    assert json.loads(say("explain", "LOAD-01", "--run", run, "--json")[1])["run"]["storms"][0]["id"] == storm.id
    assert "naive" not in say("explain", "LOAD-02", "--run", run)[1]


def test_help_tells_what_it_does(say):
    out = say("storm", "--help")[1]
    for piece in ("--against", "--anyway", "--csv", "--json", "stored run"):
        assert piece in out
