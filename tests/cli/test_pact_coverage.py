"""`certify pact coverage`: pacts beside a run's journal or a HAR file; exit codes, text and JSON."""

import json
import shutil

import pytest

from harness.contracts import packs
from harness.model.exchange import Exchange

SHIPPED = packs.pack_path("1.7") / "pacts"
USED = (("POST", "/v1/sessions", 201), ("POST", "/v1/bets/authorize", 200), ("POST", "/v1/bets/authorize", 422))
BONUS = ("POST", "/v1/bonuses", 201)


@pytest.fixture
def har(here):
    def write(*calls, name="traffic.har"):
        entries = [{"request": {"method": m, "url": f"https://platform.test{p}?a=1"}, "response": {"status": s}}
                   for m, p, s in calls]
        (here / name).write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), encoding="utf-8")
        return name
    return write


@pytest.fixture
def run(here):
    def write(*calls, actor="provider"):
        folder = here / "run"
        folder.mkdir()
        lines = [{"k": "exchange", "t": n, **Exchange(id=f"e{n}", check="c", actor=actor, method=m, status=s,
                                                     url=f"http://platform.test{p}").to_line()}
                 for n, (m, p, s) in enumerate(calls)]
        (folder / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        (folder / "contract.json").write_text(json.dumps({"openapi": packs.openapi("1.7")}), encoding="utf-8")
        return "run"
    return write


def test_covered_traffic_is_green(say, har):
    code, out, _ = say("pact", "coverage", SHIPPED, "--traffic", har(*USED))
    assert code == 0
    assert "2 operations covered, 0 not. Every operation that is used is in a pact." in out
    assert "in a pact, never seen" in out
    assert "POST /v1/bets/settle  2xx" in out


def test_an_operation_in_no_pact_is_red_and_named(say, har):
    code, out, _ = say("pact", "coverage", SHIPPED, "--traffic", har(*USED, BONUS))
    assert code == 1
    assert "NOT IN A PACT\n  POST /v1/bonuses  2xx  1x  entry 4" in out


def test_the_journal_of_a_run_is_traffic(say, run):
    code, out, _ = say("pact", "coverage", SHIPPED / "rgs-platform.json", "--traffic", run(*USED, BONUS), "--json")
    said = json.loads(out)
    assert (code, said["exit_code"], said["schema"]) == (1, 1, "certify.pact-coverage/1")
    assert [used["operation"] for used in said["uncovered"]] == ["issueBonus"]
    assert said["covered"] == ["createSession", "authorizeBet"]


def test_only_the_named_party_or_host_counts(say, run, har):
    assert say("pact", "coverage", SHIPPED, "--traffic", run(BONUS, actor="other"), "--actor", "provider")[0] == 3
    assert say("pact", "coverage", SHIPPED, "--traffic", har(BONUS), "--host", "elsewhere.test")[0] == 3
    assert say("pact", "coverage", SHIPPED, "--traffic", har(BONUS), "--host", "platform.test")[0] == 1


def test_nothing_to_compare_is_not_green(say, har):
    code, out, _ = say("pact", "coverage", SHIPPED, "--traffic", har(("GET", "/favicon.ico", 200)))
    assert code == 3
    assert "Nothing to compare" in out


def test_pacts_with_messages_only_are_not_green(say, here, har):
    shutil.copy(SHIPPED / "rgs-platform-events.json", here / "events.json")
    assert say("pact", "coverage", "events.json", "--traffic", har(*USED))[0] == 1


@pytest.mark.parametrize(("text", "why"), [
    ("{", "not JSON"), ("[]", "no HAR"), ('{"log": {"entries": {}}}', "no HAR"), ("[" * 100_000, "not JSON")])
def test_what_is_no_har_is_one_line(say, here, text, why):
    (here / "x.har").write_text(text, encoding="utf-8")
    code, _, err = say("pact", "coverage", SHIPPED, "--traffic", "x.har")
    assert code == 2
    assert why in err
    assert "Traceback" not in err


def test_hostile_entries_are_passed_over(say, here):
    entries = [None, 3, {}, {"request": [], "response": None}, {"request": {"url": 3}}, {
        "request": {"url": "http://[", "method": []}, "response": {"status": 200}}, {
        "request": {"url": "http://x/v1/bets/1"}, "response": {"status": True}}]
    (here / "x.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    assert say("pact", "coverage", SHIPPED, "--traffic", "x.har")[0] == 3


def test_missing_files_are_one_line(say, har):
    assert say("pact", "coverage", "nowhere", "--traffic", har(*USED))[0] == 2
    assert say("pact", "coverage", SHIPPED, "--traffic", "nowhere.har")[0] == 2
    assert say("pact", "coverage", SHIPPED, "--traffic", har(*USED), "--contract", "target:/x")[0] == 2
