"""The stage of a burst: players sit down, a storm of rounds is blown at the target, and their balances are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from harness.counterparts.acting import Player
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.stages.wallet import claim
from harness.counterparts.watching.watcher import watched
from harness.engine.door import Shut, found
from harness.model.control import Level
from harness.model.errors import NoHook
from harness.model.exchange import Exchange
from harness.model.played import Stormed
from harness.model.scenario import Burst, Scenario
from harness.model.storm import Caller, Seat, StormPlan

_FUNDS = 100_000_000
"""Minor units: no storm empties a purse, whatever the draw."""
CURRENCY = "EUR"
AT_ONCE = 8
_FULL_SECONDS = 120.0
"""The launch checklist's burst takes two to five minutes (T-3); smaller budgets take the scenario's own time."""
_LONG_LEVELS = (Level.RESILIENCE, Level.LAUNCH)
"""Who runs for these is told that a shorter burst was not enough."""


def play(lab: Lab, scenario: Scenario) -> Stormed:
    """Play it; what came of it, for those who want to look.

    Raises:
        NoHook: the target promises no load, has no door for a storm, or the burst asks for more than its cap.
    """
    workload, promise = scenario.workload, lab.target.load
    assert isinstance(workload, Burst)
    if promise is None:
        raise NoHook("the target profile says nothing of the load that the platform bears",
                     remedy=f"Declare rounds_per_second and slo in [target.{lab.target.name}.load]")
    try:
        found(lab.target.base_url)
    except Shut as error:
        raise NoHook(error.what, remedy=error.remedy) from error
    except OSError as error:
        raise NoHook(f"{lab.target.base_url}: {error.strerror or error}") from error
    if workload.overload and not promise.most_rounds_per_second:
        raise NoHook("how far the target may be overloaded is not known",
                     remedy=f"Declare most_rounds_per_second in [target.{lab.target.name}.load]: more than it bears")
    longer = lab.budget == "full" and not workload.overload
    seconds = max(workload.seconds, _FULL_SECONDS) if longer else workload.seconds
    schedule = replace(workload, seconds=seconds).schedule(promise.rounds_per_second, lab.random.getrandbits(32),
                                                           most=promise.most_rounds_per_second)
    if schedule.peak > promise.cap:
        raise NoHook(f"{scenario.name}: a peak of {schedule.peak:g} rounds/s is above the cap of {promise.cap:g}",
                     remedy=f"Raise most_rounds_per_second in [target.{lab.target.name}.load], or ask for less")
    second = None if workload.overload else lab.second_tenant()
    parties = [party for party in (lab.provider, second) if party is not None]
    players = lab.side_by_side([partial(seated, lab, parties[n % len(parties)]) for n in range(workload.players)],
                               at_once=AT_ONCE)
    jackpot, before = _jackpot(lab, workload)
    plan = StormPlan(
        base_url=lab.target.base_url, schedule=schedule, mix=workload.mix, currency=CURRENCY,
        money_form=lab.profile.money_form, key_header=lab.profile.idempotency_header, prefix=lab.fresh("storm"),
        jackpot_id=jackpot,
        callers=tuple(caller(party, lab.check) for party in parties), timeout_seconds=lab.target.timeout_seconds,
        seats=tuple(Seat(player_id=player.player_id, session_id=session, caller=n % len(parties))
                    for n, (player, session) in enumerate(players)))
    with watched(lab, plan, scenario, parties, [player for player, _ in players]) as watch:
        storm = lab.storm(plan, promise.slo, watch=watch,
                          tokens=lambda: [party.token(check=lab.check) for party in parties])
    readings = lab.side_by_side([partial(lab.balances, player, label="after the storm") for player, _ in players],
                                at_once=AT_ONCE)
    pools = [*before, _pool(lab, jackpot)] if jackpot else before
    stormed = Stormed(storm=storm, readings=readings, pools=pools, slo_ms=lab.target.slo_ms,
                      least_seconds=_FULL_SECONDS if lab.target.level in _LONG_LEVELS else 0.0)
    claim(lab, scenario, stormed)
    return stormed


def seated(lab: Lab, party: Party) -> tuple[Player, str]:
    """A player with a full purse, and its session."""
    player = lab.player({CURRENCY: _FUNDS}, by=party)
    return player, lab.session(player, CURRENCY, by=party)


def _jackpot(lab: Lab, workload: Burst) -> tuple[str, Sequence[Exchange]]:
    """The hot jackpot's id and a reading of its pool; "" where none is wanted or offered, or with the refusal."""
    if not workload.mix.hot_jackpot or not lab.target.capabilities.get("jackpots", True):
        return "", ()
    jackpot = lab.fresh("jackpot")
    made = lab.call("createSandboxJackpot", {"jackpot_id": jackpot, "currency": CURRENCY, "seed": 1_000,
                                             "tenant_id": lab.provider.credential.tenant_id}, by=lab.admin)
    return (jackpot, (_pool(lab, jackpot),)) if made.status in (200, 201) else ("", (made,))


def _pool(lab: Lab, jackpot: str) -> Exchange:
    return lab.call("getJackpot", path={"jackpot_id": jackpot}, by=lab.observer)


def caller(party: Party, check: str) -> Caller:
    """What a generator needs to call as that party."""
    who = party.credential
    return Caller(token=party.token(check=check), headers=(
        ("X-Brand-Id", who.brand_id), ("X-Region", who.region), ("X-Provider-Id", who.provider_id)))
