"""Timelines: what was seen of a scenario and no other's, what became of a call, and journals that are damaged."""

import dataclasses
import json

import pytest

from harness.engine.planning import make_plan
from harness.engine.records import load_history
from harness.engine.scoring import score
from harness.engine.timelines import became, timelines
from harness.model.claim import Claim
from harness.model.control import Level
from harness.model.errors import UsageError
from harness.model.exchange import Exchange
from harness.model.history import CheckRecord, History
from harness.model.outcome import Outcome
from harness.model.plan import Check
from harness.model.profile import ContractProfile
from harness.model.scorecard import plain
from harness.model.timeline import Became, FaultSpan, ScenarioRecord

BEGAN = 5_000_000_000


def exchange(name, at=0.0, ms=10.0, status=200, channel="api", **options):
    start = BEGAN + round(at * 1e9)
    return Exchange(**{"id": name, "check": "", "actor": "provider", "channel": channel, "method": "POST",
                       "url": "http://x/", "status": status, "started_ns": start,
                       "ended_ns": start + round(ms * 1e6), **options})


def scenario(name="s.py::ONE", **options):
    return ScenarioRecord(**{"check": name, "name": "one", "says": "It happens.", "start_ns": BEGAN,
                             "end_ns": BEGAN + 3_000_000_000, "slo_ms": 400, "channel": "wallet", **options})


@pytest.mark.parametrize(("options", "what"), [
    ({}, Became.TAKEN), ({"status": 201}, Became.TAKEN), ({"status": 202}, Became.UNKNOWN),
    ({"status": 402}, Became.REFUSED), ({"status": 503}, Became.FAILED), ({"status": 500}, Became.FAILED),
    ({"status": 503, "response_headers": (("retry-after", "1"),)}, Became.REFUSED),
    ({"status": 503, "channel": "wallet", "response_headers": (("retry-after", "1"),)}, Became.FAILED),
    ({"status": None, "failure": "timeout"}, Became.FAILED), ({"status": 200, "failure": "protocol"}, Became.FAILED),
    ({"channel": "wallet", "facts": {"trouble": "garbage"}}, Became.FAILED),
    ({"channel": "wallet", "facts": {"trouble": "slow"}}, Became.TAKEN), ({"status": 0}, Became.FAILED)])
def test_what_became_of_a_call_is_what_its_caller_could_tell(options, what):
    assert became(exchange("c1-1", **options)) is what


def test_a_timeline_holds_what_its_own_worker_saw_in_its_time():
    seen = [exchange("c1l-1", 0.5), exchange("c1l-2", 0.7, status=503), exchange("c2l-1", 0.5),
            exchange("c11l-1", 0.5), exchange("c1l-0", -2.0), exchange("c1l-9", -0.5, ms=900),
            exchange("c1l-8", 3.5), exchange("c1h-1", 0.5)]
    seen = [dataclasses.replace(e, channel="webhook" if "h" in e.id else "wallet") for e in seen]
    calls = [exchange("c1-2", 1.0, 450.0, 202), exchange("c1s1-1", 0.2, 30.0)]
    witness = exchange("c1t-1", 0.1, channel="witness")
    record = scenario(calls=("c1-2", "c1s1-1", "gone"), witnesses=("c1t-1",),
                      faults=(FaultSpan(label="hang", start_ns=BEGAN + 10**9, end_ns=BEGAN + 2 * 10**9),))
    (drawn,) = timelines(History(exchanges=(*seen, *calls, witness), scenarios=(record,)),
                         {"s.py::ONE": {"TIME-01": Outcome.FAIL}})
    assert [m.id for m in drawn.attempts] == ["c1l-9", "c1l-1", "c1l-2"]
    assert [(m.id, m.at, m.ms, m.became) for m in drawn.calls] == [
        ("c1s1-1", 0.2, 30.0, Became.TAKEN), ("c1-2", 1.0, 450.0, Became.UNKNOWN)]
    assert [m.id for m in drawn.witnesses] == ["c1t-1"]
    assert (drawn.faults[0].start, drawn.faults[0].end, drawn.seconds) == (1.0, 2.0, 3.0)
    assert drawn.tally == {"calls": 2, "taken": 1, "refused": 0, "unknown": 1, "failed": 0, "late": 1,
                           "slowest_ms": 450.0, "attempts": 3, "attempts_failed": 1}
    assert (drawn.slowest, drawn.troubled) == ("c1-2", True)


def test_deliveries_are_seen_by_the_receiver_of_the_same_worker():
    record = scenario(channel="receiver", calls=("c1-1",))
    others = (exchange("c1-1"), exchange("c1l-1", channel="wallet"), exchange("c1r7-1", channel="receiver"))
    (drawn,) = timelines(History(exchanges=others, scenarios=(record,)), {})
    assert [m.id for m in drawn.attempts] == ["c1r7-1"]
    assert (drawn.seen_by, drawn.troubled) == ("deliveries at the receivers", False)


def test_a_scenario_without_exchanges_is_a_timeline_all_the_same():
    (drawn,) = timelines(History(exchanges=(exchange("c1l-1", channel="wallet"),), scenarios=(scenario(),)), {})
    assert (drawn.calls, drawn.witnesses, drawn.attempts, drawn.slowest) == ((), (), (), "")
    assert timelines(History(), {}) == ()


def test_timelines_are_ordered_by_check():
    names = ["s.py::B", "r.py::C", "s.py::A"]
    drawn = timelines(History(scenarios=tuple(map(scenario, names))), {})
    assert [t.check for t in drawn] == sorted(names)


def test_each_scenario_knows_what_it_alone_found(catalogue, checks, target, facts):
    plan = make_plan(catalogue=catalogue, checks=checks, target=target, contract={}, level=Level.BUILT, seed=1)
    first, second = plan.checks[0].id, plan.checks[1].id

    def claim(check, control, status):
        return Claim(id=f"{check}#1", check=check, control=control, judge="answered", says="it answers",
                     over=("e1",), params={"statuses": [status], "code": ""})

    history = History(
        exchanges=(exchange("e1"),), claims=(claim(first, "IDEM-01", 404), claim(second, "IDEM-02", 200)),
        checks=(CheckRecord(check=first, controls=("IDEM-01", "IDEM-11"), ended="finished"),),
        scenarios=(scenario(first), scenario(second), scenario("s.py::NONE")))
    card = score(catalogue=catalogue, plan=plan, history=history, run=facts)
    found = {t.check: dict(t.outcomes) for t in card.timelines}
    assert found[first]["IDEM-01"] is Outcome.FAIL
    assert found[first]["IDEM-11"] is Outcome.INCONCLUSIVE, "it made no claim"
    assert found[second]["IDEM-02"] is Outcome.INCONCLUSIVE, "it never ended"
    assert found["s.py::NONE"] == {}
    assert [t.check for t in card.scenarios_of("IDEM-01")] == [first]
    assert card.scenarios_of("SEC-12") == ()
    (told,) = [t for t in plain(card)["timelines"] if t["check"] == first]
    assert told["tally"]["calls"] == 0
    assert told["outcomes"]["IDEM-01"] == "fail"
    assert not {"calls", "witnesses", "attempts"} & set(told), "the journal holds them"


def test_the_scenario_of_the_deciding_finding_comes_first(timeline_card):
    ids = [(t.check, t.outcomes["IDEM-01"]) for t in timeline_card.scenarios_of("IDEM-01")]
    assert ids == [("s.py::D", Outcome.FAIL), ("s.py::B", Outcome.FAIL), ("s.py::A", Outcome.PASS),
                   ("s.py::C", Outcome.PASS)]


@pytest.fixture
def timeline_card(catalogue, facts, target):
    """One control, four scenarios: D failed first, B failed too, A and C passed."""
    names = ["s.py::D", "s.py::A", "s.py::B", "s.py::C"]
    checks = tuple(Check(id=name, path="/x", controls=("IDEM-01",)) for name in names)
    plan = make_plan(catalogue=catalogue, checks=checks, target=target, contract={}, level=Level.BUILT, seed=1)
    claims = tuple(Claim(id=name, check=name, control="IDEM-01", judge="answered", says=name, over=(f"e{name[-1]}",),
                         params={"statuses": [404 if name[-1] in "DB" else 200], "code": ""}) for name in names)
    history = History(exchanges=tuple(exchange(f"e{name[-1]}") for name in names), claims=claims,
                      checks=tuple(CheckRecord(check=n, controls=("IDEM-01",), ended="finished") for n in names),
                      scenarios=tuple(map(scenario, names)))
    return score(catalogue=catalogue, plan=plan, history=history, run=facts)


# -- the record in the journal ------------------------------------------------------------------------
LINE = {"k": "scenario", "t": 1, "check": "s.py::ONE", "name": "one", "says": "It happens.", "start_ns": 1,
        "end_ns": 2, "slo_ms": 400, "channel": "wallet", "faults": [{"label": "hang", "start_ns": 1, "end_ns": 2}],
        "calls": ["c1-1"], "witnesses": ["c1t-1"]}


@pytest.fixture
def run_with(tmp_path):
    def write(*lines):
        (tmp_path / "contract.json").write_text("{}")
        (tmp_path / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return load_history(tmp_path, ContractProfile())[0]

    return write


def test_a_scenario_is_read_from_the_journal(run_with):
    (record,) = run_with(LINE).scenarios
    assert record == ScenarioRecord.from_line(LINE)
    assert (record.calls, record.witnesses, record.faults[0].label) == (("c1-1",), ("c1t-1",), "hang")


@pytest.mark.parametrize(("damage", "says"), [
    ({"start_ns": None}, "start_ns"), ({"start_ns": "1"}, "start_ns"), ({"start_ns": True}, "start_ns"),
    ({"end_ns": float("inf")}, "end_ns"), ({"end_ns": 10**400}, "end_ns"), ({"end_ns": 0}, "after its start"),
    ({"calls": "c1-1"}, "calls"), ({"witnesses": {}}, "witnesses"), ({"faults": None}, "faults"),
    ({"faults": [{}]}, "start_ns"), ({"faults": ["x"]}, "scenario"), ({"faults": [7]}, "scenario"),
    ({"slo_ms": float("nan")}, "slo_ms"), ({"slo_ms": -1}, "slo_ms"),
    *[({name: ...}, name) for name in list(LINE)[2:]]])
def test_a_damaged_record_is_named(run_with, damage, says):
    line = {k: v for k, v in {**LINE, **damage}.items() if v is not ...}
    with pytest.raises(UsageError, match=rf"record 2 \(scenario\) lacks .*{says}|record 2 \({says}\)"):
        run_with({"k": "note", "t": 1, "text": "x"}, line)
