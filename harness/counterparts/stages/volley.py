"""The stage of a volley: more bets at once than a platform may have under way at a wallet that does not answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from harness.counterparts.acting import Bet
from harness.counterparts.lab import Lab
from harness.counterparts.stages.faults import Faults
from harness.counterparts.stages.wallet import STEADY_CALLS, claim, patience, recovered, seated, steady
from harness.judges.crowd import late
from harness.judges.line_used import line_used
from harness.model.exchange import Exchange
from harness.model.played import Crowded
from harness.model.scenario import Scenario, Volley

_ASSUMED_LIMIT = 64


def play(lab: Lab, scenario: Scenario) -> Crowded:
    """Play it; what came of it, for those who want to look."""
    assert isinstance(scenario.workload, Volley)
    return _Stage(lab, scenario, scenario.workload).play()


class _Stage:
    def __init__(self, lab: Lab, scenario: Scenario, workload: Volley) -> None:
        self._lab, self._scenario, self._workload = lab, scenario, workload
        self._faults = Faults(lab, lab.wallet, scenario)
        declared = lab.target.wallet.get("max_in_flight")
        self._limit = int(declared) if declared else None
        self._before: list[Exchange] = []
        self._told: list[Exchange] = []

    def play(self) -> Crowded:
        crowded = self._crowd()
        if late(crowded):
            crowded = replace(crowded, again=self._crowd())
        self._lab.baseline(line_used(self._before, self._lab.wallet.calls()))
        self._faults.claim()
        claim(self._lab, self._scenario, crowded)
        self._faults.tell(self._told, channel="wallet")
        return crowded

    def _crowd(self) -> Crowded:
        """A crowd while all is well, and one while the wallet does not answer; all is well before and afterwards."""
        size = (self._limit or _ASSUMED_LIMIT) + self._workload.beyond
        bets = seated(self._lab, 2 * size + 2 * STEADY_CALLS)
        before = steady(self._lab, bets[:STEADY_CALLS])
        session = bets[0].session_id
        self._faults.calm()
        calm, calm_reads = self._volley(bets[2 * STEADY_CALLS:2 * STEADY_CALLS + size], session)
        with self._faults.acting(self._scenario.faults):
            calls, reads = self._volley(bets[2 * STEADY_CALLS + size:], session)
        after = recovered(self._lab, bets[STEADY_CALLS:2 * STEADY_CALLS], patience(self._lab, self._scenario))
        self._before += before
        self._told += [*before, *calls, *(e for _, e in after)]
        return Crowded(
            calls=[(bet.player.player_id, call) for bet, call in zip(bets[2 * STEADY_CALLS + size:], calls,
                                                                     strict=True)],
            calm=calm, reads=reads, calm_reads=calm_reads, limit=self._limit, slo_ms=self._lab.target.slo_ms,
            noise_ms=self._faults.noise_ms)

    def _volley(self, bets: list[Bet], session: str) -> tuple[list[Exchange], list[Exchange]]:
        """All bets in the same instant, and sessions read steadily for a while."""
        over, reads = threading.Event(), []
        pause = 1 / self._workload.reads_per_second

        def read() -> None:
            for _ in range(round(self._workload.seconds / pause)):
                reads.append(self._lab.call_once("getSession", path={"session_id": session}))
                if over.wait(pause):
                    return

        with ThreadPoolExecutor(1) as pool:
            reader = pool.submit(read)
            try:
                calls = self._lab.together([partial(self._lab.authorize_once, bet) for bet in bets])
                reader.result()
            finally:
                over.set()
        return calls, reads
