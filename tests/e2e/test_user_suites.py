"""A user's own suites: found by folder, run apart from the user's pytest world, and each way to end has its outcome."""

import json

import pytest

HEAD = "import os\nimport pytest\nfrom harness import Lab, answered\n\n"
CHECKS = {
    "TIME-01": ("raise RuntimeError('broken suite')", "error", "broken suite"),
    "TIME-02": ("lab.player()", "inconclusive", "made no claim"),
    "TIME-03": ("assert lab.player() is None, 'a player came'", "fail", "a player came"),
    "TIME-04": ("pytest.skip('not today')", "inconclusive", "not today"),
    "TIME-05": ("pytest.fail('no good at all')", "fail", "no good at all"),
    "TIME-06": ("lab.must(lab.call('getBet', path={'bet_id': 'nobody'}), 200)", "inconclusive", "404"),
    "TIME-08": ("lab.claim(answered(lab.call('getSandboxInfo', token=None), 200))", "pass", ""),
    "TIME-10": ("lab.claim(answered(lab.call('getSandboxInfo', token=None), 418))", "fail", "418"),
    "TIME-11": ("lab.claim(answered(lab.call('getSandboxInfo', token=None), 200), control='IDEM-03')", "error",
                "IDEM-03"),
    "TIME-13": ("lab.call('noSuchOperation')", "error", "noSuchOperation"),
}


def write(folder, name, control, body):
    (folder / f"test_{name}.py").write_text(
        f'{HEAD}@pytest.mark.certifies("{control}")\ndef test_{name}(lab: Lab) -> None:\n    """x"""\n    {body}\n')


@pytest.fixture
def suites(tmp_path):
    """A folder of suites in a working directory with a hostile pytest configuration of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\npython_files = nothing.py\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit('the user conftest was imported')\n")
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\naddopts = -x\n")
    folder = tmp_path / "ours"
    folder.mkdir()
    return folder


def test_each_way_to_end_has_its_outcome(certify, suites):
    for control, (body, _, _) in CHECKS.items():
        write(suites, control.lower().replace("-", "_"), control, body)
    done = certify("--suites", suites, "--only", "TIME", "--no-chaos", "--json", "--workers", "2",
                   environment={"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "nothing.at.all"})
    assert "Traceback" not in done.stderr
    rows = {r["control"]["id"]: r["finding"] for r in json.loads(done.stdout)["rows"]}
    assert {c: rows[c]["outcome"] for c in CHECKS} == {c: outcome for c, (_, outcome, _) in CHECKS.items()}
    assert not [c for c, (_, _, says) in CHECKS.items() if says not in rows[c]["message"] + rows[c]["seen"]]
    assert done.returncode == 5


def test_a_check_that_kills_its_process_is_unclear_and_its_neighbours_still_count(certify, suites):
    write(suites, "a_last_one", "TIME-01", "os._exit(3)")
    write(suites, "b_good_one", "TIME-08", CHECKS["TIME-08"][0])
    done = certify("--suites", suites, "--only", "TIME", "--no-chaos", "--json", "--workers", "2")
    rows = {r["control"]["id"]: r["finding"] for r in json.loads(done.stdout)["rows"]}
    assert (rows["TIME-01"]["outcome"], rows["TIME-01"]["owner"]) == ("inconclusive", "harness")
    assert rows["TIME-08"]["outcome"] == "pass"
    assert done.returncode == 3


def test_a_suite_that_cannot_be_imported_is_told_with_its_reason(certify, suites):
    (suites / "test_broken.py").write_text(f'{HEAD}import no_such_module\n\n\n@pytest.mark.certifies("TIME-01")\n'
                                           'def test_it(lab: Lab) -> None:\n    """x"""\n')
    done = certify("--suites", suites, "--only", "TIME-01", "--no-chaos")
    assert done.returncode == 5
    assert "no_such_module" in done.stdout


@pytest.mark.parametrize(("text", "says"), [
    ("def test_x(lab: (\n", "test_x.py:1"),
    ('import pytest\n@pytest.mark.certifies("NOPE-1")\ndef test_x(lab):\n    """x"""\n', "NOPE-1"),
    ('import pytest\nC = "IDEM-03"\n@pytest.mark.certifies(C)\ndef test_x(lab):\n    """x"""\n', "literal")])
def test_a_suite_that_cannot_be_planned_is_one_line(certify, suites, text, says):
    (suites / "test_x.py").write_text(text)
    done = certify("plan", "--suites", suites)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert says in line


def test_modules_of_the_working_directory_shadow_none_of_ours(certify):
    for name in ("yaml", "httpx", "uvicorn", "harness"):
        (certify.folder / f"{name}.py").write_text("raise SystemExit('the wrong module was imported')\n")
    done = certify("--only", "IDEM-01,IDEM-03", safe_path=True)
    assert done.returncode == 0, done.stdout + done.stderr
