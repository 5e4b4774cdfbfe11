"""The stage of a burst: players sit down, a storm of rounds is blown at the target, and their balances are read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from harness.counterparts.acting import Player
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.stages.wallet import claim
from harness.counterparts.watching.watcher import watched
from harness.model.errors import NoHook
from harness.model.played import Stormed
from harness.model.scenario import Burst, Scenario
from harness.model.storm import Caller, Seat, StormPlan

_FUNDS = 100_000_000
"""Minor units: no storm empties a purse, whatever the draw."""
_CURRENCY = "EUR"
_AT_ONCE = 8
_FULL_SECONDS = 120.0
"""The launch checklist's burst takes two to five minutes (T-3); smaller budgets take the scenario's own time."""


def play(lab: Lab, scenario: Scenario) -> Stormed:
    """Play it; what came of it, for those who want to look.

    Raises:
        NoHook: the target promises no load, is not at an http address, or the burst asks for more than its cap.
    """
    workload, promise = scenario.workload, lab.target.load
    assert isinstance(workload, Burst)
    if promise is None:
        raise NoHook("the target profile says nothing of the load that the platform bears",
                     remedy=f"Declare rounds_per_second and slo in [target.{lab.target.name}.load]")
    if not lab.target.base_url.startswith("http://"):
        raise NoHook("this release blows storms at plain http addresses only",
                     remedy=f"Give the sandbox one, or declare load = false in [target.{lab.target.name}.capabilities]")
    seconds = max(workload.seconds, _FULL_SECONDS) if lab.budget == "full" else workload.seconds
    schedule = replace(workload, seconds=seconds).schedule(promise.rounds_per_second, lab.random.getrandbits(32))
    if schedule.peak > promise.cap:
        raise NoHook(f"{scenario.name}: a peak of {schedule.peak:g} rounds/s is above the cap of {promise.cap:g}",
                     remedy=f"Raise most_rounds_per_second in [target.{lab.target.name}.load], or ask for less")
    parties = [party for party in (lab.provider, lab.second_tenant()) if party is not None]
    players = lab.side_by_side([partial(_seated, lab, parties[n % len(parties)]) for n in range(workload.players)],
                               at_once=_AT_ONCE)
    plan = StormPlan(
        base_url=lab.target.base_url, schedule=schedule, mix=workload.mix, currency=_CURRENCY,
        money_form=lab.profile.money_form, key_header=lab.profile.idempotency_header, prefix=lab.fresh("storm"),
        callers=tuple(_caller(party, lab.check) for party in parties), timeout_seconds=lab.target.timeout_seconds,
        seats=tuple(Seat(player_id=player.player_id, session_id=session, caller=n % len(parties))
                    for n, (player, session) in enumerate(players)))
    with watched(lab, plan, scenario, parties, [player for player, _ in players]) as watch:
        storm = lab.storm(plan, promise.slo, watch)
    readings = lab.side_by_side([partial(lab.balances, player, label="after the storm") for player, _ in players],
                                at_once=_AT_ONCE)
    stormed = Stormed(storm=storm, readings=readings)
    claim(lab, scenario, stormed)
    return stormed


def _seated(lab: Lab, party: Party) -> tuple[Player, str]:
    player = lab.player({_CURRENCY: _FUNDS}, by=party)
    return player, lab.session(player, _CURRENCY, by=party)


def _caller(party: Party, check: str) -> Caller:
    who = party.credential
    return Caller(token=party.token(check=check), headers=(
        ("X-Brand-Id", who.brand_id), ("X-Region", who.region), ("X-Provider-Id", who.provider_id)))
