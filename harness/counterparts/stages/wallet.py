"""The stage of scenarios about the wallet line: new bets at a steady rate, while faults come and go on the line.

Steady state first, then the workload with its faults, then the faults are taken away and calls must be as before.
Nothing is judged here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from harness.counterparts.acting import Bet
from harness.counterparts.lab import Lab
from harness.counterparts.stages.faults import Faults, meant_for
from harness.judges.aftermath import TAKEN
from harness.judges.answers import answered
from harness.judges.line_used import line_used
from harness.judges.undone import never_undone
from harness.judges.wallet_calls import some_are_late
from harness.model.exchange import Exchange
from harness.model.played import Ended, Played
from harness.model.scenario import Bets, Scenario

STEADY_CALLS = 3
_AT_ONCE = 64
_PAUSE = 0.1
_LONG_SECONDS, _QUICK_SHARE = 20, 0.2
"""A quick budget has no minute to spend on one scenario."""


def play(lab: Lab, scenario: Scenario) -> Played:
    """Play it; what came of it, for those who want to look."""
    assert isinstance(scenario.workload, Bets)
    played = _Stage(lab, scenario, scenario.workload).play()
    if some_are_late(played.operations, lab.wallet.calls(), played.slo_ms, played.noise_ms):
        leave_well(lab, played)
        played = replace(played, again=_Stage(lab, scenario, scenario.workload).play())
    claim(lab, scenario, played)
    leave_well(lab, played.again or played)
    return played


class _Stage:
    def __init__(self, lab: Lab, scenario: Scenario, workload: Bets) -> None:
        share = _QUICK_SHARE if lab.budget == "quick" and workload.seconds > _LONG_SECONDS else 1.0
        self._lab, self._scenario = lab, shortened(scenario, share)
        self._workload = replace(workload, seconds=workload.seconds * share)
        self._faults = Faults(lab, lab.wallet, self._scenario)
        self._within = patience(lab, scenario)

    def play(self) -> Played:
        count = max(1, round(self._workload.per_second * self._workload.seconds))
        bets = seated(self._lab, count + 2 * STEADY_CALLS)
        before = steady(self._lab, bets[:STEADY_CALLS])
        self._faults.calm()
        operations = self._storm(bets[2 * STEADY_CALLS:])
        after = recovered(self._lab, bets[STEADY_CALLS:2 * STEADY_CALLS], self._within)
        self._lab.baseline(line_used(before, self._lab.wallet.calls()))
        self._faults.claim()
        ended = endings(self._lab, bets[2 * STEADY_CALLS:], [call for _, call in operations], self._within)
        played = Played(operations=operations, before=before, after=after, faults=tuple(self._faults.spans),
                        witnessed=self._faults.witnesses, ended=ended, slo_ms=self._lab.target.slo_ms,
                        recovers_within=self._within, recovery_declared=self._lab.target.recovers_seconds is not None,
                        noise_ms=self._faults.noise_ms, spread_ms=self._faults.spread_ms)
        self._faults.tell([*before, *(e for _, e in (*operations, *after))], channel="wallet")
        return played

    def _storm(self, bets: list[Bet]) -> list[tuple[str, Exchange]]:
        """The workload, each bet at its time whatever became of those before, while the faults come and go."""
        faults = [meant_for(fault, bets) for fault in self._scenario.faults]
        with self._faults.acting(faults) as began, ThreadPoolExecutor(_AT_ONCE) as pool:
            calls: list[tuple[Bet, Future[Exchange]]] = []
            for number, bet in enumerate(bets):
                _until(began + number / self._workload.per_second)
                calls.append((bet, pool.submit(self._lab.authorize_once, bet)))
            return [(bet.player.player_id, call.result()) for bet, call in calls]


def shortened(scenario: Scenario, share: float) -> Scenario:
    """The same with faults that come and go in this share of their time."""
    return scenario if share == 1 else replace(scenario, faults=tuple(
        replace(f, at=f.at * share, seconds=None if f.seconds is None else f.seconds * share)
        for f in scenario.faults))


def patience(lab: Lab, scenario: Scenario) -> float:
    """How long to wait for calls to be as before: the platform's own word, or what the scenario allows."""
    return lab.target.recovers_seconds or scenario.recovers_within


def seated(lab: Lab, count: int) -> list[Bet]:
    """Bets of players of their own, with sessions; made while all is well."""
    def seat() -> Bet:
        player = lab.player()
        return lab.bet(lab.session(player), player)

    return lab.side_by_side([seat] * count)


def steady(lab: Lab, bets: list[Bet]) -> list[Exchange]:
    """Steady state: bets are taken while all is well; a positive control."""
    calls = [lab.authorize_once(bet) for bet in bets]
    for call in calls:
        lab.baseline(answered(call, 200, says="a bet is taken while all is well"))
    return calls


def recovered(lab: Lab, bets: list[Bet], within: float) -> list[tuple[str, Exchange]]:
    """Bets once the platform takes bets again, or its last answers when `within` seconds are over."""
    deadline = time.monotonic() + within
    return [(bet.player.player_id, _again(partial(lab.authorize_once, bet), deadline)) for bet in bets]


def endings(lab: Lab, bets: list[Bet], calls: list[Exchange], within: float) -> list[Ended]:
    """What the observer reads of each bet once it has an end, or when `within` seconds are over."""
    deadline = time.monotonic() + within

    def look(bet: Bet, call: Exchange) -> Ended:
        while (read := _heard(partial(lab.read_bet, bet))).field("status") in ("unknown", "pending") \
                and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        while read.field("status") not in (TAKEN, "settled") and time.monotonic() < deadline \
                and never_undone(lab.wallet.calls(), bet.player.player_id, call):
            time.sleep(_PAUSE)
        return Ended(player=bet.player.player_id, call=call, bet=read,
                     balances=_heard(partial(lab.balances, bet.player)),
                     stake=bet.amount, start=bet.player.start[bet.currency], currency=bet.currency)

    return lab.side_by_side([partial(look, bet, call) for bet, call in zip(bets, calls, strict=True)])


def _heard(read: Callable[[], Exchange]) -> Exchange:
    """A reading; read once more where no answer came: it changes nothing, and an idle connection may just have gone."""
    reading = read()
    return reading if reading.answered else read()


def claim(lab: Lab, scenario: Scenario, played: object) -> None:
    """Claim each expectation of the scenario."""
    for control, expectation in scenario.expects:
        lab.claim(expectation(played), control=control)


def leave_well(lab: Lab, played: Played) -> None:
    """A platform of our own that did not recover is started anew, so that it spoils no other scenario."""
    if lab.target.builtin and any(call.status != 200 for _, call in played.after):
        lab.restart()


def _again(call: Callable[[], Exchange], deadline: float) -> Exchange:
    """Calls until one is carried out."""
    while True:
        answer = call()
        if answer.status == 200 or time.monotonic() > deadline:
            return answer
        time.sleep(_PAUSE)


def _until(moment: float) -> None:
    if (left := moment - time.monotonic()) > 0:
        time.sleep(left)
