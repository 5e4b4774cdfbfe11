"""What list, explain, plan, init and the fault switches print: 80 columns, no colour, JSON, one line for a mistake."""

import json
import os
import re
import subprocess
import sys

import pytest

from harness.cli.explain import explain_control
from harness.cli.listing import list_controls
from harness.cli.main import main
from harness.cli.running import content
from harness.model.control import Block, Catalogue, Control, How, Role
from harness.model.errors import UsageError


def control(name, **options):
    return Control(**{"id": name, "title": f"title of {name} " + "goes on " * 20, "block": "b", "how": (How.HOOK,),
                      "roles": (Role.PLATFORM,), "phase": 3, "remedy": "mend it " * 30, **options})


@pytest.fixture
def catalogue():
    controls = [control("AA-01"), control("AA-02", must=False, source="R1"), control("BB-01", how=(How.ATTESTED,)),
                control("CC-01", block="c", title="short")]
    return Catalogue(blocks=(Block(id="b", question="Is it " + "very " * 30 + "long?"), Block(id="c", question="C?")),
                     controls={c.id: c for c in controls}, digest="d")


def wide(text):
    """Lines that are too wide; the name of a check is never broken, so that it can be copied."""
    return [line for line in text.splitlines() if len(line) > 80 and not re.fullmatch(r"  \S+::\S+", line)]


# -- list ---------------------------------------------------------------------------------------------
def test_a_list_fits_80_columns_by_block_with_its_states(catalogue):
    text = list_controls(catalogue, {"AA-01": ("a/test_a.py::test_x",)}, as_json=False)
    assert not wide(text)
    rows = {line.split()[0]: line for line in text.splitlines() if re.match(r"  [A-Z]{2}-", line)}
    assert list(rows) == ["AA-01", "AA-02", "BB-01", "CC-01"]
    assert [" built " in rows["AA-01"], "not built" in rows["AA-02"], "attested" in rows["BB-01"]] == [True] * 3
    assert rows["AA-01"].endswith("…")
    assert rows["CC-01"].endswith("short")
    assert text.endswith("1 of 4 controls are built in this release.")


def test_a_list_as_json_is_one_document_with_everything(catalogue):
    rows = json.loads(list_controls(catalogue, {"AA-01": ("x", "y")}, as_json=True))
    assert rows[0] == {"id": "AA-01", "title": catalogue.controls["AA-01"].title, "block": "b", "phase": 3,
                       "must": True, "how": ["H"], "roles": ["platform"], "state": "built", "checks": ["x", "y"]}
    assert [r["state"] for r in rows] == ["built", "not built", "attested", "not built"]


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1", "COLUMNS": "200"}, {"NO_COLOR": "1", "COLUMNS": "20"}])
def test_text_is_without_colour_and_the_same_wherever_it_goes(here, say, monkeypatch, variables):
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    plain = [say(*command) for command in (["list"], ["explain", "IDEM-03"])]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert [say(*command) for command in (["list"], ["explain", "IDEM-03"])] == plain
    for code, out, err in plain:
        assert (code, err, "\x1b" in out) == (0, "", False)
        assert not wide(out)


def test_a_users_suites_are_listed_beside_ours(here, say):
    (here / "mine").mkdir()
    (here / "mine" / "test_m.py").write_text('@pytest.mark.certifies("SEC-10")\ndef test_m(lab):\n    """Mine."""\n')

    def states(*arguments):
        code, out, err = say("list", "--json", *arguments)
        assert (code, err) == (0, "")
        return {r["id"]: r["state"] for r in json.loads(out)}

    assert states()["SEC-10"] == "not built"
    assert states("--suites", "mine")["SEC-10"] == "built"
    (here / "certify.toml").write_text('suites = ["mine"]\n')
    assert states()["SEC-10"] == "built"
    assert "test_m.py::test_m" in say("explain", "SEC-10")[1]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_of_any_encoding_is_written_to(here, encoding):
    done = subprocess.run([sys.executable, "-m", "harness.cli.main", "list"], capture_output=True, check=True,
                          env={**os.environ, "PYTHONIOENCODING": encoding})
    text = done.stdout.decode(encoding)
    assert ("…" in text) is (encoding == "utf-8")
    assert "controls are built" in text


# -- explain ------------------------------------------------------------------------------------------
def test_an_explanation_fits_80_columns_and_says_everything(catalogue):
    checks = {"a/test_a.py::test_" + "long_" * 8: "Summary " * 20}
    text = explain_control(catalogue, "AA-02", checks, [("a-fault", "Title " * 30)], as_json=False)
    assert not wide(text)
    for piece in ("AA-02  should, gates at T-3", "Launch question:", "observed through a hook", "Remedy:", "mend it",
                  *checks, "a-fault: Title", "Research rows: R1", "certify --target sandbox --only AA-02"):
        assert piece in text
    assert "No check" in explain_control(catalogue, "BB-01", {}, [], as_json=False)


def test_an_explanation_as_json(catalogue):
    data = json.loads(explain_control(catalogue, "AA-01", {"x": "y"}, [("f", "t")], as_json=True))
    assert (data["checks"], data["proofs"], data["how"], data["must"]) == ({"x": "y"}, {"f": "t"}, ["H"], True)


def test_shipped_controls_are_explained_in_80_columns(here, say):
    catalogue, _ = content()
    for name in list(catalogue.controls)[::16]:
        code, out, err = say("explain", name)
        assert (code, err, wide(out)) == (0, "", [])


def test_a_control_is_found_in_either_case_with_its_checks_and_proofs(here, say):
    lower, upper = say("explain", "idem-03"), say("explain", "IDEM-03")
    assert lower == upper
    assert "test_replay.py" in lower[1]
    assert "fault switches" in lower[1]


@pytest.mark.parametrize(("asked", "suggested"), [("IDEM-3", "IDEM-03"), ("MONY-01", "MONEY-01"), ("idem03", "IDEM-03"),
                                                  ("", "certify list"), ("zzz", "certify list"),
                                                  ("\x1b[31m\n", "certify list"), ("../../etc", "certify list")])
def test_an_unknown_control_is_one_line_with_what_was_meant(here, say, asked, suggested):
    code, out, err = say("explain", asked)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("certify: usage: no control ")
    assert suggested in line
    assert "\x1b" not in line


def test_the_error_names_the_closest_controls(catalogue):
    with pytest.raises(UsageError, match="no control 'AA-03'") as error:
        explain_control(catalogue, "AA-03", {}, [], as_json=True)
    assert {"AA-01", "AA-02"} <= set(re.findall(r"[A-Z]{2}-\d\d", error.value.remedy))


# -- plan ---------------------------------------------------------------------------------------------
def test_a_plan_counts_what_runs_and_what_does_not(here, say):
    _, out, _ = say("plan")
    runs, skips = (len(re.findall(rf"^  {mark} ", out, re.MULTILINE)) for mark in ("run ", "skip"))
    assert f"{runs} controls would be decided by" in out
    assert f"; {skips} would not." in out
    data = json.loads(say("plan", "--json")[1])
    assert len(data["controls"]) == runs + skips
    assert runs == sum(c["reason"] is None for c in data["controls"].values())


# -- init ---------------------------------------------------------------------------------------------
def test_init_never_touches_what_is_there(here, say):
    (here / "file.toml").write_text("mine")
    (here / "folder").mkdir()
    (here / "link.toml").symlink_to(here / "nowhere.toml")
    for name in ("file.toml", "folder", "link.toml"):
        code, out, err = say("init", name)
        assert (code, out) == (2, "")
        assert f"{name} exists already" in err
        assert "certify init other.toml" in err
    assert (here / "file.toml").read_text() == "mine"
    assert not (here / "nowhere.toml").exists()


@pytest.mark.parametrize("path", ["no/such/folder/x.toml", "file.toml/x.toml", "x" * 300])
def test_init_says_what_cannot_be_written(here, say, path):
    (here / "file.toml").write_text("")
    code, _, err = say("init", path)
    assert code == 2
    assert "cannot write" in err
    assert len(err.splitlines()) == 1


def test_init_writes_another_file_where_asked(here, say):
    code, out, _ = say("init", "other.toml")
    assert code == 0
    assert "Wrote other.toml" in out
    assert "[target.staging]" in (here / "other.toml").read_text(encoding="utf-8")


# -- fault switches -----------------------------------------------------------------------------------
def test_fault_switches_are_a_line_each_and_the_same_in_json(here, say):
    code, text, err = say("sandbox", "--list-faults")
    rows = json.loads(say("sandbox", "--list-faults", "--json")[1])
    assert (code, err) == (0, "")
    lines, known = text.splitlines(), set(content()[0].controls)
    assert len(lines) == len(rows) + 1
    assert lines[-1].startswith(f"{len(rows)} fault switches.")
    for row, line in zip(rows, lines, strict=False):
        assert line.startswith(row["name"])
        assert row["title"] in line
        assert set(row["proves"]) <= known
    assert set(rows[0]) == {"name", "title", "proves", "also"}


# -- the command line itself --------------------------------------------------------------------------
def test_help_names_every_command_and_exit_code(here, say):
    code, out, _ = say("--help")
    assert code == 0
    out = " ".join(out.split())
    for word in ("run", "init", "doctor", "plan", "list", "explain", "judge", "replay", "sandbox", "selftest",
                 "0 certified", "1 not certified", "2 usage", "3 incomplete", "130 interrupted"):
        assert word in out


def test_the_version_is_printed_alone(here, say):
    code, out, err = say("--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"certify \S+\n", out)


@pytest.mark.parametrize(("raised", "code", "says"), [
    (KeyboardInterrupt, 130, "interrupted"), (BrokenPipeError, 0, ""),
    (RuntimeError("odd\x1b[31m\nthing"), 5, "report"),
    (UsageError("wrong", remedy="right"), 2, "usage: wrong. right"), (MemoryError, 5, "certify itself failed")])
def test_whatever_is_raised_ends_as_one_line_and_a_documented_code(here, say, monkeypatch, raised, code, says):
    def fails(*_, **__):
        raise raised

    monkeypatch.setattr("harness.cli.commands.list_command", fails)
    got, out, err = say("list")
    assert (got, out) == (code, "")
    assert says in err
    assert len(err.splitlines()) == (1 if says else 0)
    assert "\x1b" not in err


def test_commas_and_repeats_select_the_same(here, say):
    def plan(*arguments):
        return json.loads(say("plan", "--json", *arguments)[1])["selection"]

    assert plan("--only", "IDEM-03, MONEY-01,") == plan("--only", "IDEM-03", "--only", "MONEY-01")
    assert main(["plan", "--only", ","]) == 0, "an empty selection is none"
