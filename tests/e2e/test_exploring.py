"""Fuzzing and random play end to end: a finding tells its story, and its script finds it again on the target."""

import json
import re
import subprocess

import pytest


@pytest.fixture
def found(certify, config_text):
    """(row of the control, run directory) of a run of one control against a platform."""
    def run(url, control, *arguments):
        done = certify("--target", "x", "--json", "--only", control, *arguments, text=config_text(url))
        row = next(r for r in json.loads(done.stdout)["rows"] if r["control"]["id"] == control)
        return row, max(certify.folder.glob("certify-runs/*"), key=lambda p: p.stat().st_mtime)

    return run


def test_a_money_bug_is_told_as_a_story_and_its_script_plays_it_again(certify, external_sandbox, found, canaries):
    url = external_sandbox("--fault", "third-settle-pays")
    row, run = found(url, "MONEY-06", "--seed", "4")
    told = row["finding"]["measured"]
    assert row["finding"]["outcome"] == "fail"
    assert 4 <= told["steps"] <= 8, "shrunk to about the shortest sequence: a player, a session, a bet, its settles"
    assert [line for line in told["story"] if re.search(r"settle bet 1: win \d", line)]
    assert told["again"] == "3 of 3"
    script = run / "reproduce-MONEY-06.sh"
    clients = {"CLIENT_PROVIDER": "provider-a", "CLIENT_OBSERVER": "observer-a", "CLIENT_ADMIN": "sandbox-admin"}
    given = {name: f"{client}:{canaries[f'CERTIFY_{name[7:]}_SECRET']}" for name, client in clients.items()}
    played = subprocess.run(["sh", script], env={"PATH": "/usr/bin:/bin:/usr/local/bin", **given}, text=True,
                            capture_output=True, timeout=60)
    assert played.returncode == 0, played.stderr
    calls, _, observed = played.stdout.partition("# the observer\n")
    if observed.strip():
        balances = json.loads(observed.splitlines()[0])["balances"]
        eur = next(b["amount"] for b in balances if b["currency"] == "EUR")
        assert f"EUR {eur}" in row["finding"]["seen"], "the observer reads the same wrong balance again"
    else:
        assert "settleBet was answered 200" in row["finding"]["message"], "the wrong answer is the finding"
        assert '"credited"' in calls.splitlines()[-1], "and it comes again"
    assert not [s for s in canaries.values() if s in script.read_text()]


def test_a_fuzzing_finding_is_small_confirmed_and_repeatable(certify, external_sandbox, found):
    url = external_sandbox("--fault", "missing-round-crashes")
    row, run = found(url, "CONT-03", "--seed", "4")
    finding = row["finding"]
    assert (finding["outcome"], finding["owner"]) == ("fail", "subject")
    assert "settleBet: server error (status 500), seen again on a fresh session" in finding["message"]
    sent = json.loads(re.search(r"--data-raw '(.*?)'", finding["measured"]["curl"])[1])
    assert "round_id" not in sent
    assert len(sent) <= 2, "all that the defect does not need is left out"
    again = certify("replay", "CONT-03", "--run", run, "--target", "x", "--json")
    repeated = next(r for r in json.loads(again.stdout)["rows"] if r["control"]["id"] == "CONT-03")
    assert repeated["finding"]["message"] == finding["message"]


@pytest.mark.parametrize(("key", "control"), [("signing_secret", "publishEvent")])
def test_what_the_profile_lacks_leaves_its_operation_unreached_and_says_so(certify, config_text, external_sandbox, key,
                                                                         control):
    text = "\n".join(line for line in config_text(external_sandbox()).splitlines() if not line.startswith(key))
    done = certify("--target", "x", "--json", "--only", "CONT-03", "--budget", "quick", text=text)
    finding = next(r for r in json.loads(done.stdout)["rows"] if r["control"]["id"] == "CONT-03")["finding"]
    assert (done.returncode, finding["outcome"], finding["owner"]) == (3, "inconclusive", "target profile")
    assert control in finding["message"]
    assert key in finding["message"]
    declared = text.replace("sandbox = true", f'sandbox = true\nunreachable = ["{control}"]')
    done = certify("--target", "x", "--json", "--only", "CONT-03", "--budget", "quick", text=declared)
    assert done.returncode == 0


@pytest.mark.parametrize("budget", ["all", ""])
def test_an_unknown_budget_is_one_line(certify, budget):
    done = certify("--budget", budget)
    assert (done.returncode, done.stdout) == (2, "")
    assert "quick, standard, full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
