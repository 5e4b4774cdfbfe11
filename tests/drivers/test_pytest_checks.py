"""pytest as a sensor: each way to end is told once and truly, and no configuration of the user's reaches it."""

import pytest

HOSTILE_INI = "[pytest]\naddopts = --no-such-option\npython_files = nothing.py\npython_functions = nothing\n"


@pytest.fixture
def hostile_folder(tmp_path, monkeypatch):
    """A working directory whose pytest configuration would break any run that reads it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text(HOSTILE_INI)
    (tmp_path / "conftest.py").write_text("raise SystemExit('the conftest of the user was imported')\n")
    (tmp_path / "tox.ini").write_text("[pytest]\naddopts = -x\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no.such.plugin")
    return tmp_path


@pytest.mark.parametrize("relative", [False, True])
def test_no_configuration_above_the_folders_is_read(hostile_folder, suite, pool, relative):
    ours, theirs = suite("ours/test_a.py", one="pass"), suite("far/away/test_b.py", two="pass") / "away"
    done = pool(ours, theirs.relative_to(hostile_folder) if relative else theirs, workers=1)
    assert (done.notes, done.ended) == ([], {"one": "finished", "two": "finished"})


def test_a_conftest_of_a_folder_is_for_that_folder_alone(suite, pool):
    folders = [suite(f"{name}/test_{name}.py", **{name: f"assert which == '{name}'"}) for name in ("ours", "theirs")]
    for folder in folders:
        (folder / "conftest.py").write_text(
            f"import pytest\n@pytest.fixture\ndef which():\n    return '{folder.name}'\n")
        path = folder / f"test_{folder.name}.py"
        path.write_text(path.read_text().replace("(lab)", "(lab, which)"))
    assert pool(*folders, workers=1).ended == {"ours": "finished", "theirs": "finished"}


def messages(done):
    return {r["check"].rpartition("test_")[2]: r.get("message", "") for e, r in done.events if e == "check_ended"}


def test_a_file_that_cannot_be_imported_stops_no_other(suite, pool):
    suite("ours/sub/test_same.py", sub="pass")
    suite("ours/test_gone.py", gone="pass", tail="del test_gone\n")
    suite("ours/test_missing.py", head="pytest.importorskip('no_such_module')", missing="pass")
    done = pool(suite("ours/test_same.py", head="import no_such_module", same="pass"), workers=1)
    assert done.ended == {"same": "crashed", "sub": "finished", "missing": "skipped"}
    assert messages(done)["same"] == ("the suite cannot be imported: ModuleNotFoundError: No module named "
                                      "'no_such_module'")
    assert "no_such_module" in messages(done)["missing"]
    assert len([e for e, _ in done.events if e == "check_ended"]) == 3, "what vanished is not told: it was not run"


@pytest.mark.parametrize("breaks", ["import no_such_module", "raise SystemExit('no_such_module')",
                                    "def pytest_configure(config):\n    raise RuntimeError('no_such_module')"])
def test_a_conftest_that_breaks_is_told_for_its_folder_and_stops_no_other(suite, pool, breaks):
    theirs, ours = suite("a_theirs/test_a.py", one="pass", two="pass"), suite("b_ours/test_b.py", good="pass")
    (theirs / "conftest.py").write_text(breaks + "\n")
    done = pool(theirs, ours, workers=1)
    assert done.ended == {"one": "crashed", "two": "crashed", "good": "finished"}
    assert "no_such_module" in messages(done)["one"]


ENDS = {
    "well": ("pass", "finished", ""), "asserts": ("assert 1 == 2, 'one is two'", "asserted", "one is two"),
    "bare": ("raise AssertionError", "asserted", "assertion failed"),
    "skips": ("pytest.skip('not today')", "skipped", "not today"),
    "xfails": ("pytest.xfail('known')", "skipped", "known"), "fails": ("pytest.fail('no')", "asserted", "no"),
    "crashes": ("{}['x']", "crashed", "KeyError: 'x'"), "leaves": ("sys.exit(0)", "crashed", "SystemExit"),
    "stops": ("from harness import Prerequisite; raise Prerequisite('no player', remedy='make one', exchanges=('e1',))",
              "stopped", "no player. make one"),
    "no_hook": ("from harness import NoHook; raise NoHook('none')", "stopped", "none"),
    "tool": ("from harness.model.errors import EnvironmentFault; raise EnvironmentFault('proxy gone', remedy='look')",
             "stopped", "proxy gone. look"),
    "long": ("raise ValueError('x' * 10_000)", "crashed", "xxx"),
}


def test_each_way_to_end_is_told(suite, pool):
    done = pool(suite("ours/test_a.py", **{name: body for name, (body, _, _) in ENDS.items()}), workers=1)
    assert done.ended == {name: ended for name, (_, ended, _) in ENDS.items()}
    said = messages(done)
    assert [name for name, (_, _, says) in ENDS.items() if says not in said[name]] == []
    assert max(map(len, said.values())) <= 350
    records = {r["check"].rpartition("test_")[2]: r for e, r in done.events if e == "check_ended"}
    assert (records["stops"]["reason"], records["stops"]["exchanges"]) == ("setup_failed", ["e1"])
    assert (records["no_hook"]["reason"], records["tool"]["reason"]) == ("no_hook", "tool_unavailable")
    assert done.notes == []


def test_the_first_thing_that_went_wrong_counts(suite, pool):
    fixtures = ("@pytest.fixture\ndef breaks_before():\n    raise RuntimeError('before')\n\n"
                "@pytest.fixture\ndef breaks_after():\n    yield\n    raise RuntimeError('after')\n")
    folder = suite("ours/test_a.py", head=fixtures, a="pass", b="pass", c="assert False, 'during'")
    path = folder / "test_a.py"
    text = path.read_text().replace("test_a(lab)", "test_a(lab, breaks_before)")
    path.write_text(text.replace("_b(lab)", "_b(lab, breaks_after)").replace("_c(lab)", "_c(lab, breaks_after)"))
    done = pool(folder, workers=1)
    assert done.ended == {"a": "crashed", "b": "crashed", "c": "asserted"}
    assert [messages(done)[n] for n in "abc"] == ["RuntimeError: before", "RuntimeError: after", "during"]


def test_each_parameter_is_a_case_of_its_check(suite, pool):
    folder = suite("ours/test_a.py", one="assert n < 2")
    path = folder / "test_a.py"
    path.write_text(path.read_text().replace("@", "@pytest.mark.parametrize('n', [1, 2])\n@", 1)
                    .replace("(lab)", "(lab, n)"))
    done = pool(folder, workers=1)
    assert done.ended == {"one[1]": "finished", "one[2]": "asserted"}
    assert {r["check"] for _, r in done.events} == {"test_a.py::test_one[1]", "test_a.py::test_one[2]"}


def test_only_what_was_planned_runs_in_the_order_of_the_plan(suite, pool):
    noise = "class TestMore:\n    def test_b(self):\n        0 / 0\n\n    def test_x(self):\n        0 / 0\n"
    folder = suite("ours/test_a.py", a="pass", b="pass", c="pass", tail=noise)
    done = pool(folder, workers=1, pick=lambda checks: [checks[2], checks[1]])
    assert list(done.ended.items()) == [("c", "finished"), ("b", "finished")]
