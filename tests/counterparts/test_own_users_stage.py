"""The stage of a user's own locustfile: who sits down, what the process is given, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.counterparts.lab import Lab
from harness.counterparts.stages.own_users import play
from harness.counterparts.workshop import Workshop
from harness.engine.redaction import Redactor
from harness.judges.load import objectives_kept
from harness.model.errors import NoHook
from harness.model.locust_plan import LocustRecord, LocustResult
from harness.model.neighbours import Moment, Neighbours
from harness.model.profile import ContractProfile, Credential, LoadPromise, Target
from harness.model.scenario import Locustfile, Scenario
from harness.model.tally import Tally
from tests.support import Lines

CHECK = "scenarios/own.py::OWN"
TARGET = Target(name="x", base_url="http://x:1", sandbox=True, hosts=("x:1",), profile=ContractProfile(),
                credentials={"provider": Credential(client_id="c", secret="canary-secret")},
                load=LoadPromise(rounds_per_second=10, slo=("p95 < 1s",)))


def scenario(**changes):
    workload = Locustfile(**{"path": "mine/locustfile.py", "users": 5, "spawn_rate": 2, "seconds": 3, "players": 4,
                             **changes})
    return Scenario(name="own", says="Ours.", workload=workload, expects=(("LOAD-01", objectives_kept),))


@pytest.fixture
def lab(monkeypatch):
    """A lab whose players sit down without a platform; `.plans` are what would have been run."""
    plans, lines = [], Lines()

    def swarm(plan):
        plans.append(plan)
        return LocustResult(tally=Tally(), users=plan.users, marked={"GET /of/canary-token": 1})

    redactor = Redactor()
    redactor.learn("canary-token")
    shop = Workshop(target=TARGET, contract={}, known={}, sender=None, recorder=lines, redactor=redactor, seed=1,
                    epoch="e", worker="w1", swarm=swarm, folders={CHECK: Path("/somewhere/scenarios")})
    made = Lab(shop, CHECK, ("LOAD-01",))
    made.plans, made.lines = plans, lines
    party = SimpleNamespace(credential=TARGET.credentials["provider"], token=lambda **_: "canary-token")
    monkeypatch.setattr(Lab, "provider", party)
    monkeypatch.setattr(Lab, "player", lambda self, *_, **__: SimpleNamespace(player_id=self.fresh("player")))
    monkeypatch.setattr(Lab, "session", lambda _, player, *__, **___: f"session-of-{player.player_id}")
    return made


def test_the_process_gets_all_it_needs_and_the_journal_no_token(lab):
    looped = play(lab, scenario())
    (plan,) = lab.plans
    assert plan.path == "/somewhere/scenarios/mine/locustfile.py"
    assert (plan.users, plan.spawn_rate, plan.seconds) == (5, 2, 3)
    assert (plan.base_url, plan.hosts) == ("http://x:1", ("x:1",))
    assert plan.most_per_second == 80  # four times ten rounds, of two calls each
    assert [seat.session_id for seat in plan.seats] == [f"session-of-{seat.player_id}" for seat in plan.seats]
    assert len(plan.seats) == 4
    assert plan.callers[0].token == "canary-token"
    (line,) = lab.lines.of("locust")
    assert "canary" not in str(line)
    assert list(line["marked"].values()) == [1]
    record = LocustRecord.from_line(line)
    assert (record.id, record.check, record.objectives) == (looped.load, CHECK, ("p95 < 1s",))
    (claim,) = lab.lines.of("claim")
    assert (claim["judge"], claim["params"]) == ("closed_loop_objectives_kept", {"load": looped.load})


def test_who_else_was_busy_beside_it_is_recorded(lab):
    seen = Neighbours(cores=2, moments=(Moment(at=0.5, seconds=0.5, others=0.9, idle=0.0),))
    asked = []
    lab._workshop.neighbours = lambda base_url: asked.append(base_url) or SimpleNamespace(told=lambda: seen)
    play(lab, scenario())
    (line,) = lab.lines.of("locust")
    assert (LocustRecord.from_line(line).neighbours, asked) == (seen, ["http://x:1"])


def test_more_users_than_requests_that_may_begin_at_once_are_refused(lab):
    with pytest.raises(NoHook, match="81 users may make more than 80 requests at once"):
        play(lab, scenario(users=81))
    assert lab.plans == []


def test_a_target_that_promises_nothing_is_not_loaded(lab):
    lab._workshop.target = replace(TARGET, load=None)
    with pytest.raises(NoHook, match="says nothing of the load"):
        play(lab, scenario())


@pytest.mark.parametrize("wrong", [{"users": 0}, {"spawn_rate": 0}, {"seconds": -1}, {"players": 0}])
def test_a_load_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="above zero"):
        scenario(**wrong)
