"""A run around its checks: folders that cannot be used, stored runs judged again, reports, events for listeners."""

import json
import re

import pytest

from harness.cli import reporting, running
from harness.cli.commands import _unstarted
from harness.cli.running import RunOptions, content, judge_run, plan_for, rejudge, run
from harness.content.folders import Folders
from harness.counterparts.preflight import Probe
from harness.engine.events import CheckEnded, CheckStarted
from harness.engine.journal import Journal
from harness.model.errors import EnvironmentFault, UsageError

CONTROL = "OBS-01"


@pytest.fixture
def stored(tmp_path):
    """stored(outcome of each check, notes=()) writes the directory of a run of one control; returns it."""
    def write(ended="finished", notes=(), claims=True):
        folder = tmp_path / "run"
        folder.mkdir()
        _, plan, contract = plan_for(_unstarted(), RunOptions(only=(CONTROL,), seed=7))
        running._write_inputs(folder, plan, contract)
        journal = Journal(folder / "journal.jsonl")
        journal.append("run", {"run_id": "r-1", "started_at": "2026-11-21T00:00:00+00:00", "version": "9"})
        journal.append("exchange", {"id": "e1", "check": "c", "actor": "provider", "method": "GET", "url": "http://x/",
                                    "status": 200})
        for check in plan.checks:
            for control in check.controls if claims else ():
                journal.append("claim", {"id": f"{check.id}#{control}", "check": check.id, "control": control,
                                         "judge": "answered", "says": "it answers", "over": ["e1"],
                                         "params": {"statuses": [200], "code": ""}, "positive_control": False})
            journal.append("check", {"check": check.id, "controls": list(check.controls), "ended": ended,
                                     "message": "the message", "seconds": 1.5})
        for note in notes:
            journal.append("note", {"text": note})
        journal.close()
        return folder

    return write


def test_a_stored_run_is_judged_from_its_journal_alone(stored):
    card = rejudge(stored(notes=["a note", "a note"]))
    assert (card.exit_code, card.run.run_id, card.run.seed, card.run.version) == (0, "r-1", 7, "9")
    assert card.run.notes == ("a note",)
    assert card.run.exchanges == 1
    assert card.run.timings["judge"] > 0


@pytest.mark.parametrize(("ended", "claims", "code"), [
    ("finished", True, 0), ("finished", False, 3), ("", True, 3), ("skipped", True, 3), ("stopped", True, 3),
    ("asserted", True, 1), ("crashed", True, 5)])
def test_how_checks_ended_decides_the_exit_code(stored, ended, claims, code):
    assert rejudge(stored(ended, claims=claims)).exit_code == code


def test_clean_up_that_failed_is_exit_4(stored):
    assert rejudge(stored(notes=["not undone: webhook endpoint e"])).exit_code == 4


def test_judging_writes_the_reports_anew_and_json_writes_nothing(stored, say):
    folder = stored()
    before = {p.name for p in folder.iterdir()}
    code, out, err = say("judge", folder, "--json")
    assert (code, err, {p.name for p in folder.iterdir()}) == (0, "", before)
    assert json.loads(out)["exit_code"] == 0
    code, out, err = say("judge", folder)
    assert (code, err) == (0, "")
    assert {p.name for p in folder.iterdir()} - before == {"result.json", "report.html", "report.xml", "report.md"}
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines() if "Reports:" not in line) <= 80


@pytest.mark.parametrize(("change", "says"), [
    ({"profile": {"from_a_newer_release": 1}}, "unknown key 'from_a_newer_release'"),
    ({"profile": {"mismatch_status": 400}}, "409, 422"), ({"level": "gold"}, "not a plan"),
    ({"checks": [3]}, "not a plan")])
def test_a_plan_that_this_release_does_not_know_is_one_line(stored, say, change, says):
    folder = stored()
    path = folder / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    code, out, err = say("judge", folder)
    assert (code, out) == (2, "")
    assert says in err
    assert "plan.json" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("missing", ["plan.json", "journal.jsonl", "contract.json"])
def test_a_folder_that_is_no_run_is_named(stored, say, missing):
    folder = stored()
    (folder / missing).unlink()
    code, _, err = say("judge", folder)
    assert code == 2
    assert missing in err


# -- replay -------------------------------------------------------------------------------------------
def test_replay_of_a_case_that_is_not_in_the_run_names_the_run(stored, here, say):
    code, _, err = say("replay", "MONEY-01", "--run", stored())
    assert code == 2
    assert "no case 'MONEY-01' in that run" in err
    code, _, err = say("replay", CONTROL)
    assert code == 2
    assert "no run in certify-runs/" in err


# -- folders ------------------------------------------------------------------------------------------
def prepared():
    return plan_for(_unstarted(), RunOptions(only=(CONTROL,), seed=7))


@pytest.mark.parametrize("out", ["file", "file/below", "run", "folders"])
def test_a_folder_that_cannot_be_used_is_the_environments_fault_before_anything_is_sent(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "journal.jsonl").write_text("mine")
    (tmp_path / "folders" / "plan.json").mkdir(parents=True)
    with pytest.raises(EnvironmentFault) as error:
        run(_unstarted(), RunOptions(out=tmp_path / out), lambda _: None, prepared())
    assert str(tmp_path / out) in error.value.line()
    assert "--out" in error.value.remedy
    assert (tmp_path / "file").read_text() == (tmp_path / "run" / "journal.jsonl").read_text() == "mine"


def test_two_runs_of_one_second_have_folders_of_their_own(here):
    made = {running._directory(None, "x")[0] for _ in range(5)}
    assert len(made) == 5
    assert all(re.fullmatch(r"certify-runs/x-\d{8}T\d{6}-[0-9a-f]{4}", str(m)) and m.is_dir() for m in made)


def test_a_run_that_preflight_ends_leaves_its_reason_in_the_journal(here, monkeypatch):
    monkeypatch.setattr("harness.counterparts.preflight.probes",
                        lambda _: iter([Probe(name="reachable", ok=False, seen="nobody there", remedy="start it")]))
    heard = []
    with pytest.raises(EnvironmentFault, match="reachable: nobody there") as error:
        run(_unstarted(), RunOptions(out=here / "run"), heard.append, prepared())
    assert "journal.jsonl" in error.value.remedy
    assert heard == []
    notes = [json.loads(line) for line in (here / "run" / "journal.jsonl").read_text().splitlines()]
    assert [n["text"] for n in notes if n["k"] == "note"] == [
        "target sandbox: reachable: nobody there. start it"]


# -- plans --------------------------------------------------------------------------------------------
def test_a_seed_is_drawn_where_none_is_given_and_kept_where_one_is():
    seeds = {plan_for(_unstarted(), RunOptions(only=(CONTROL,)))[1].seed for _ in range(4)}
    assert len(seeds) > 1
    assert prepared()[1].seed == 7


def test_the_users_suites_are_part_of_the_content(tmp_path):
    (tmp_path / "test_m.py").write_text('@pytest.mark.certifies("TIME-01")\ndef test_m(lab): ...\n')
    assert len(content(Folders((tmp_path,)))[1]) == len(content()[1]) + 1


# -- reports ------------------------------------------------------------------------------------------
def test_reports_named_beside_the_standing_ones_are_written_once(stored):
    folder = stored()
    card = judge_run(folder, *prepared()[:2])
    written = reporting.write_reports(card, folder, ["html", "terminal"])
    assert [p.name for p in written] == ["result.json", "report.html", "report.xml", "report.md", "report.txt"]


def test_a_report_that_cannot_be_written_keeps_the_journal(stored):
    folder = stored()
    (folder / "report.html").mkdir()
    with pytest.raises(EnvironmentFault, match=r"cannot write .*report\.html") as error:
        reporting.write_reports(judge_run(folder, *prepared()[:2]), folder)
    assert "certify judge" in error.value.remedy


def test_an_unknown_report_is_refused_before_the_run():
    reporting.check_names(["html"])
    with pytest.raises(UsageError, match="no such report"):
        reporting.check_names(["html", "pdf"])


# -- events -------------------------------------------------------------------------------------------
def test_worker_events_become_what_listeners_hear_and_others_are_ignored():
    heard = []
    relay = running._relay(heard.append)
    relay("check_started", {"check": "a"})
    relay("something_new", {"check": "a"})
    relay("check_ended", {"check": "a", "ended": "finished", "seconds": 1.0, "provisional": "pass"})
    relay("check_ended", {"check": "b", "ended": "crashed", "seconds": 0.0, "message": "m"})
    assert heard == [CheckStarted(check="a"),
                     CheckEnded(check="a", ended="finished", provisional="pass", message="", seconds=1.0),
                     CheckEnded(check="b", ended="crashed", provisional="", message="m", seconds=0.0)]
