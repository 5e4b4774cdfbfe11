"""Scenarios are found without being imported: their controls and their sentence stand there literally."""

import pytest

from harness.content.folders import shipped
from harness.content.suites import find_scenarios
from harness.model.errors import UsageError

GOOD = '''from harness import Scenario, one_end_each
WALLET_DOWN = Scenario(
    name="down", says="The wallet is gone.",
    workload=Bets(per_second=8, seconds=3), faults=(),
    expects=(("TIME-13", one_end_each), ("TIME-01", one_end_each), ("TIME-13", print)))
SOMETHING_ELSE = 5
'''


@pytest.fixture
def scenarios(tmp_path):
    def write(text, name="wallet.py"):
        path = tmp_path / "scenarios" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path.parent

    return write


def test_a_scenario_is_a_check_on_a_line_of_its_own(scenarios):
    (check,) = find_scenarios([scenarios(GOOD)])
    assert (check.id, check.controls) == ("scenarios/wallet.py::WALLET_DOWN", ("TIME-13", "TIME-01"))
    assert (check.isolation, check.needs, check.long) == ("line", ("wallet",), True)
    assert check.summary == "The wallet is gone."


@pytest.mark.parametrize(("workload", "isolation", "needs"), [
    ("Bets(per_second=3, seconds=63)", "aside", ("wallet",)), ("Volley(beyond=8)", "line", ("wallet",)),
    ("Announced(bets=4)", "line", ("webhooks",)), ("Published(disorder='rain')", "line", ("inbox",)),
    ("harness.Rounds(rounds=2, trouble='orders')", "line", ()), ("Burst(seconds=60)", "exclusive", ("load",))])
def test_its_workload_says_what_it_needs_and_where_it_is_played(scenarios, workload, isolation, needs):
    (check,) = find_scenarios([scenarios(GOOD.replace("Bets(per_second=8, seconds=3)", workload))])
    assert (check.isolation, check.needs, check.scenario) == (isolation, needs, True)


def test_what_ships_is_found_and_each_has_a_sentence():
    found = find_scenarios([shipped("scenarios")])
    assert len(found) >= 10
    assert all(c.summary.endswith(".") and len(c.summary) > 20 for c in found)


@pytest.mark.parametrize(("text", "words"), [
    ("A = Scenario(says='x')", "not a scenario"), ("A = Scenario(expects=CONTROLS)", "not a scenario"),
    ("A = Scenario(expects=((WHICH, f),))", "must be literal"),
    ("A = Scenario(workload=Bets(), expects=((5, f),))", "names no control"),
    ("A = Scenario(workload=Bets(), expects=())", "names no control"),
    ("A = Scenario(workload=BETS, expects=(('TIME-01', f),))", "workload of a scenario must be written out"),
    ("A = Scenario(expects=(('TIME-01', f),))", "workload of a scenario"),
    ("A = Scenario(workload=Bets(seconds=N), expects=(('TIME-01', f),))", "must be literal"),
    ("A, B = Scenario(expects=()), 1", None),
    ("def", "not a suite")])
def test_a_wrong_scenario_names_file_and_line(scenarios, text, words):
    folder = scenarios(text)
    if words is None:
        assert find_scenarios([folder]) == ()
        return
    with pytest.raises(UsageError, match=words) as raised:
        find_scenarios([folder])
    assert "wallet.py:1" in raised.value.line()


def test_a_name_is_given_once(scenarios):
    folder = scenarios(GOOD + GOOD)
    with pytest.raises(UsageError, match="exists already"):
        find_scenarios([folder])


LOCUSTFILE = "Locustfile(path='../mine/locustfile.py', users=2, spawn_rate=1, seconds=60)"


def test_a_locustfile_is_played_alone_and_lies_beside_its_scenario(scenarios):
    folder = scenarios(GOOD.replace("Bets(per_second=8, seconds=3)", LOCUSTFILE))
    (folder.parent / "mine").mkdir()
    (folder.parent / "mine" / "locustfile.py").write_text("from locust import HttpUser")
    (check,) = find_scenarios([folder])
    assert (check.isolation, check.needs) == ("exclusive", ("load",))
    (folder.parent / "mine" / "locustfile.py").write_text("def")
    with pytest.raises(UsageError, match=r"locustfile\.py:1: not a locustfile"):
        find_scenarios([folder])


def test_a_locustfile_that_is_not_there_is_told_before_anything_is_driven(scenarios):
    with pytest.raises(UsageError, match=r"wallet\.py:2: .*mine/locustfile\.py: no such locustfile"):
        find_scenarios([scenarios(GOOD.replace("Bets(per_second=8, seconds=3)", LOCUSTFILE))])
