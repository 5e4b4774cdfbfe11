"""A scorecard whose every string of the target is hostile."""

import dataclasses

import pytest

from harness.content.catalogue import load_catalogue
from harness.content.folders import renderers, shipped
from harness.engine.planning import make_plan
from harness.engine.scoring import score
from harness.model.claim import Claim
from harness.model.control import Level
from harness.model.exchange import Exchange
from harness.model.history import CheckRecord, History
from harness.model.neighbours import Moment, Neighbours
from harness.model.plan import Check
from harness.model.profile import Target
from harness.model.scorecard import RunFacts
from harness.model.timeline import FaultSpan, ScenarioRecord
from tests.storm_made import made_storm

HOSTILE = "</script><script>alert(1)</script><b>&\"'|`*_[x](javascript:1)\x1b[31m\x07\x00\u202e\udcff]]>```\n# head"


@pytest.fixture
def scorecard():
    """One failed, one inconclusive, one crashed and one passed control, hostile strings in all of them."""
    catalogue = load_catalogue(shipped("suites") / "checklist.toml")
    target = Target(name=HOSTILE, base_url=f"http://x/{HOSTILE}", sandbox=True, level=Level.BUILT)
    ids = ("IDEM-03", "MONEY-01", "SEC-01", "OBS-01")
    checks = tuple(Check(id=f"a/test_{c}.py::test_x", path="/x", controls=(c,)) for c in ids)
    plan = make_plan(catalogue=catalogue, checks=checks, target=target, contract={}, level=Level.BUILT, seed=1)
    exchange = Exchange(id="e1", check="c", actor=HOSTILE, operation=HOSTILE, method="POST", url=f"http://x/{HOSTILE}",
                        request_headers=(("X-Odd", HOSTILE),), request_body=HOSTILE, status=200,
                        response_headers=(("X-Odd", HOSTILE),), response_body=HOSTILE)

    def claim(check, statuses):
        return Claim(id=f"{check.id}#1", check=check.id, control=check.controls[0], judge="answered", says=HOSTILE,
                     over=("e1",), params={"statuses": statuses, "code": ""})

    seen = tuple(Exchange(id=f"{worker}-{n}", check="c", actor="a", channel=channel, method="POST", url="http://x/",
                          status=status, started_ns=n * 10**8, ended_ns=n * 10**8 + ms * 10**6)
                 for worker, channel in (("c1", "api"), ("c1t", "witness"), ("c1l", "wallet"))
                 for n, (status, ms) in enumerate(((200, 5), (202, 450), (500, 90), (409, 4)), start=1))
    played = ScenarioRecord(
        check=checks[0].id, name=HOSTILE, says=HOSTILE, start_ns=0, end_ns=10**9, slo_ms=400, channel="wallet",
        faults=(FaultSpan(label=HOSTILE, start_ns=10**8, end_ns=5 * 10**8),),
        calls=tuple(f"c1-{n}" for n in range(1, 5)), witnesses=tuple(f"c1t-{n}" for n in range(1, 5)))
    scenarios = (played, dataclasses.replace(played, check=checks[3].id, name="nothing seen", calls=(), witnesses=()))
    storms = (made_storm(check=checks[0].id, shape=HOSTILE, stall=3, shed=9, failed=4, names=(HOSTILE, "settleBet"),
                         failure=HOSTILE.replace("\udcff", "")),
              dataclasses.replace(made_storm(check=checks[3].id, storm_id="storm-2", busiest=0.97, problems=(HOSTILE,)),
                                  neighbours=Neighbours(cores=2, moments=(
                                      Moment(at=12.0, seconds=12.0, others=0.62, idle=0.0),))))
    history = History(
        exchanges=(exchange, *seen), scenarios=scenarios, storms=storms,
        claims=(claim(checks[0], [404]), claim(checks[3], [200])),
        checks=(CheckRecord(check=checks[0].id, controls=(ids[0],), ended="finished"),
                CheckRecord(check=checks[1].id, controls=(ids[1],), ended="stopped", reason="no_hook", message=HOSTILE),
                CheckRecord(check=checks[2].id, controls=(ids[2],), ended="crashed", message=HOSTILE),
                CheckRecord(check=checks[3].id, controls=(ids[3],), ended="finished")))
    facts = RunFacts(run_id="r", target=HOSTILE, base_url=target.base_url, seed=1, plan_digest=plan.digest,
                     catalogue_digest="d", contract="1.7", version="0", started_at="2026-11-21T00:00:00+00:00",
                     seconds=1.5, asked=Level.BUILT, exchanges=1, timings={"prepare": 0.5, "drive": 1.0},
                     notes=(HOSTILE,))
    return score(catalogue=catalogue, plan=plan, history=history, run=facts)


@pytest.fixture
def render(scorecard):
    """render(name, **options) -> text of the hostile scorecard."""
    return lambda name, **options: renderers()[name].render(scorecard, **options)


@pytest.fixture
def failing_only(scorecard):
    """The same card without the crashed control: exit code 1."""
    rows = tuple(r for r in scorecard.rows if r.control.id != "SEC-01")
    return dataclasses.replace(scorecard, rows=rows)
