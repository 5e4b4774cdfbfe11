"""`certify explain --run`: what a stored run found, and its scenarios over time."""

import json
import os
import subprocess
import sys

import pytest

CHECK = "scenarios/wallet_slow.py::JITTER"


@pytest.fixture
def journal():
    """Records of a run in which one scenario was played, and its claim failed."""
    calls = [{"k": "exchange", "t": n, "id": f"c1-{n}", "check": CHECK, "actor": "provider", "method": "POST",
              "url": "http://x/", "status": 200, "started_ns": n * 10**8, "ended_ns": n * 10**8 + 5 * 10**8}
             for n in range(1, 4)]
    return [
        *calls, {"k": "exchange", "t": 5, "id": "c1l-1", "check": "", "actor": "platform", "channel": "wallet",
                 "method": "POST", "url": "/", "status": 200, "started_ns": 10**8, "ended_ns": 2 * 10**8},
        {"k": "claim", "t": 6, "id": f"{CHECK}#1", "check": CHECK, "control": "TIME-03", "judge": "answered",
         "says": "it answers", "over": ["c1-1"], "params": {"statuses": [404], "code": ""}, "positive_control": False},
        {"k": "check", "t": 7, "check": CHECK, "controls": ["TIME-03"], "ended": "finished"},
        {"k": "scenario", "t": 8, "check": CHECK, "name": "wallet jitter", "says": "Now so, now \x1b[31mso.",
         "start_ns": 0, "end_ns": 10**9, "slo_ms": 400, "channel": "wallet", "calls": ["c1-1", "c1-2", "c1-3"],
         "faults": [{"label": "latency 150 140", "start_ns": 10**8, "end_ns": 9 * 10**8}], "witnesses": []}]


@pytest.fixture
def stored(here, say, journal):
    """A run's directory, written by hand."""
    code, plan, err = say("plan", "--only", "TIME-03", "--json")
    assert code == 0, err
    run = here / "run"
    run.mkdir()
    (run / "plan.json").write_text(plan)
    (run / "contract.json").write_text("{}")
    (run / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in journal))
    return run


def test_a_control_is_explained_with_what_the_run_found_and_when(stored, say):
    code, out, err = say("explain", "time-03", "--run", stored)
    assert (code, err) == (0, "")
    for piece in ("TIME-03  MUST", "In the run run:", "fail: ", "wallet jitter", "TIME-03 fail", " latency 150 140 ",
                  "SLO 400 ms", "3 calls: 3 taken", "not final (202)"):
        assert piece in out
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if len(line) > 80]
    assert "In the run" not in say("explain", "TIME-03")[1]


@pytest.mark.parametrize("name", [CHECK, "jitter", "Wallet Jitter"])
def test_a_scenario_is_found_by_each_of_its_names(stored, say, name):
    code, out, err = say("explain", name, "--run", stored)
    assert (code, err) == (0, "")
    assert out.startswith("wallet jitter\n")
    assert "Remedy" not in out


def test_json_is_one_document(stored, say):
    told = json.loads(say("explain", "TIME-03", "--run", stored, "--json")[1])["run"]
    assert told["finding"]["outcome"] == "fail"
    assert told["timelines"][0]["tally"]["late"] == 3
    assert json.loads(say("explain", "JITTER", "--run", stored, "--json")[1])["timelines"] == told["timelines"]


def test_a_control_without_scenarios_has_its_finding_alone(stored, say):
    code, out, _ = say("explain", "IDEM-03", "--run", stored)
    assert code == 0
    assert out.splitlines()[-2:] == ["In the run run:", "  inconclusive: left out by --only, --phase or --no-chaos"]


@pytest.mark.parametrize(("arguments", "says"), [
    (["JITTER"], "no control"), (["NOWHERE", "--run", "run"], "no control"), (["JITTER", "--run", "other"], "other")])
def test_what_is_not_there_is_one_line(stored, say, arguments, says):
    code, out, err = say("explain", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_a_damaged_scenario_is_named_by_judge(stored, say):
    with (stored / "journal.jsonl").open("a") as lines:
        lines.write('{"k":"scenario","t":9,"check":"x"}\n')
    code, _, err = say("judge", stored)
    assert code == 2
    assert "record 8 (scenario) lacks" in err


def test_judging_again_draws_the_same(stored, say):
    say("judge", stored)
    page = (stored / "report.html").read_text()
    assert '<svg class="timeline"' in page
    say("judge", stored)

    def plot(text):
        return text[text.index("<svg class"):text.index("<h2>What this run")]

    assert plot((stored / "report.html").read_text()) == plot(page)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_of_any_encoding_has_whole_rows(stored, encoding):
    done = subprocess.run([sys.executable, "-m", "harness.cli.main", "explain", "JITTER", "--run", str(stored)],
                          capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": encoding})
    text = done.stdout.decode(encoding)
    assert ("▒" in text) is (encoding == "utf-8")
    assert "\\u" not in text
    assert "latency 150 140" in text
