"""The commands in this process: their answers on the terminal, for machines and for mistakes."""

import json

import pytest


def test_list_names_every_control_once_and_its_state(here, say):
    code, out, _ = say("list", "--json")
    rows = json.loads(out)
    ids = [row["id"] for row in rows]
    assert code == 0
    assert len(ids) == len(set(ids)) == 112
    code, text, _ = say("list")
    assert all(one in text for one in ids)
    assert max(map(len, text.splitlines())) <= 90


def test_explain_tells_requirement_checks_faults_and_how_to_run_it(here, say):
    code, out, _ = say("explain", "MONEY-10")
    assert code == 0
    for piece in ("MONEY-10", "MUST", "Remedy", "test_a_rollback_restores_exactly_the_stake", "rollback-pays-twice",
                  "certify --target sandbox --only MONEY-10"):
        assert piece in out
    code, _, err = say("explain", "MONEY-1O")
    assert code == 2
    assert "Did you mean MONEY-1" in err


@pytest.mark.parametrize("control", ["TIME-01", "SEC-12", "CONT-13"])
def test_explain_knows_what_is_not_built_attested_or_of_the_other_role(here, say, control):
    code, out, _ = say("explain", control)
    assert code == 0
    assert control in out


def test_plan_is_the_same_twice_and_names_what_is_skipped_and_why(here, say):
    first, again = say("plan", "--json"), say("plan", "--json")
    assert first == again
    plan = json.loads(first[1])
    assert plan["digest"]
    code, out, _ = say("plan", "--only", "IDEM-0*")
    assert code == 0
    assert "run   IDEM-03" in out
    assert "skip  MONEY-01" in out


def test_init_writes_a_profile_that_loads_and_never_overwrites(here, say, monkeypatch):
    code, out, _ = say("init")
    assert code == 0
    assert "certify doctor" in out
    written = (here / "certify.toml").read_text()
    code, _, err = say("init")
    assert code == 2
    assert "exists already" in err
    assert (here / "certify.toml").read_text() == written
    for party in ("PROVIDER", "OTHER", "OBSERVER", "ADMIN"):
        monkeypatch.setenv(f"CERTIFY_{party}_SECRET", "x")
    code, out, err = say("plan", "--target", "staging")
    assert (code, err) == (0, "")
    assert "Target staging" in out


def test_fault_switches_are_listed_with_what_they_prove(here, say):
    code, out, _ = say("sandbox", "--list-faults", "--json")
    faults = {one["name"]: one for one in json.loads(out)}
    assert code == 0
    assert len(faults) >= 40
    assert "MONEY-10" in faults["rollback-pays-twice"]["proves"]
    code, text, _ = say("sandbox", "--list-faults")
    assert all(name in text for name in faults)


@pytest.mark.parametrize("arguments", [["--nonsense"], ["nonsense"], ["--workers", "0"], ["--seed", "x"], ["judge"],
                                       ["--phase", "x"], ["replay"], ["sandbox", "--port", "99999999"]])
def test_a_bad_command_line_is_one_line_and_exit_2(here, say, arguments):
    code, out, err = say(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("certify: usage: ")
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(("name", "content", "says"), [
    ("plan.json", "{", "not JSON"), ("plan.json", "[]", "not a plan"),
    ("journal.jsonl", '{"k": "exchange"}\n', "lacks"), ("contract.json", "[", "not JSON")])
def test_judging_a_damaged_run_names_the_file(here, say, name, content, says):
    code, out, err = say("--target", "sandbox", "--only", "IDEM-01", "--out", here / "run")
    assert code == 0, out + err
    (here / "run" / name).write_text(content)
    code, _, err = say("judge", here / "run")
    assert code == 2
    assert says in err
    assert name in err
    assert len(err.strip().splitlines()) == 1


def test_a_torn_last_line_is_a_crash_not_a_damage(here, say):
    code, _, _ = say("--target", "sandbox", "--only", "IDEM-01", "--out", here / "run")
    assert code == 0
    with (here / "run" / "journal.jsonl").open("a") as journal:
        journal.write('{"k": "exchange", "id": "w1-9')
    code, out, _ = say("judge", here / "run")
    assert code == 0
    assert "IDEM-01" in out


def test_a_run_never_overwrites_another(here, say):
    say("--target", "sandbox", "--only", "IDEM-01", "--out", here / "run")
    code, _, err = say("--target", "sandbox", "--only", "IDEM-01", "--out", here / "run")
    assert code == 4
    assert "holds a run already" in err


def test_replay_drives_just_that_case_with_the_seed_of_its_run(here, say):
    say("--target", "sandbox", "--only", "IDEM-01,IDEM-04", "--seed", "77")
    code, out, err = say("replay", "IDEM-04")
    assert code == 0, err
    assert "seed 77" in out + err
    assert "IDEM-04" in out


def test_replay_of_a_check_drives_that_check_alone(here, say):
    say("--target", "sandbox", "--only", "IDEM-04", "--out", here / "run")
    checks = [check["id"] for check in json.loads((here / "run" / "plan.json").read_text())["checks"]]
    code, _, err = say("replay", checks[0], "--run", here / "run", "--json")
    assert code == 0, err
    replayed = json.loads((next(p for p in (here / "certify-runs").iterdir()) / "plan.json").read_text())
    assert [check["id"] for check in replayed["checks"]] == checks[:1]


def test_doctor_on_the_built_in_sandbox_is_all_well(here, say):
    code, out, _ = say("doctor", "--json")
    probes = {one["name"]: one for one in json.loads(out)["probes"]}
    assert code == 0
    for name in ("reachable", "clock", "sandbox", "contract", "credentials provider", "credentials admin",
                 "hook restart"):
        assert probes[name]["ok"] is True, probes[name]
