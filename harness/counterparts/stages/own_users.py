"""The stage of a user's own locustfile: players sit down, and its users do with them what the file says."""

from __future__ import annotations

from functools import partial

from harness.counterparts.lab import Lab
from harness.counterparts.stages.burst import AT_ONCE, CURRENCY, caller, seated
from harness.counterparts.stages.wallet import claim
from harness.model.errors import NoHook
from harness.model.locust_plan import LocustPlan
from harness.model.played import Looped
from harness.model.scenario import Locustfile, Scenario
from harness.model.storm import Seat

_CALLS_A_ROUND = 2
"""An authorize and what ends it: the cap of rounds is one of so many requests."""


def play(lab: Lab, scenario: Scenario) -> Looped:
    """Play it; what came of it, for those who want to look.

    Raises:
        NoHook: the target promises no load, or there are more users than requests that may be made in a second.
        EnvironmentFault: the locustfile cannot be used.
    """
    workload, promise = scenario.workload, lab.target.load
    assert isinstance(workload, Locustfile)
    if promise is None:
        raise NoHook("the target profile says nothing of the load that the platform bears",
                     remedy=f"Declare rounds_per_second and slo in [target.{lab.target.name}.load]")
    most = promise.cap * _CALLS_A_ROUND
    if workload.users > most:
        raise NoHook(f"{scenario.name}: {workload.users} users may make more than {most:g} requests at once, the cap",
                     remedy=f"Raise most_rounds_per_second in [target.{lab.target.name}.load], or ask for fewer users")
    parties = [party for party in (lab.provider, lab.second_tenant()) if party is not None]
    players = lab.side_by_side([partial(seated, lab, parties[n % len(parties)]) for n in range(workload.players)],
                               at_once=AT_ONCE)
    plan = LocustPlan(
        path=str(lab.beside(workload.path)), users=workload.users, spawn_rate=workload.spawn_rate,
        seconds=workload.seconds, base_url=lab.target.base_url, hosts=lab.target.hosts, most_per_second=most,
        callers=tuple(caller(party, lab.check) for party in parties), currency=CURRENCY,
        money_form=lab.profile.money_form, key_header=lab.profile.idempotency_header, prefix=lab.fresh("locust"),
        timeout_seconds=lab.target.timeout_seconds,
        seats=tuple(Seat(player_id=player.player_id, session_id=session, caller=n % len(parties))
                    for n, (player, session) in enumerate(players)))
    looped = Looped(load=lab.swarm(plan, promise.slo))
    claim(lab, scenario, looped)
    return looped
