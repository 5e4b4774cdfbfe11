"""The stage of scenarios about webhooks sent: bets are announced to a receiver of ours that fares badly.

A second receiver takes the same events and is always well: what befalls one must not touch the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from harness.counterparts.acting import Bet
from harness.counterparts.hook_line import HookLine
from harness.counterparts.lab import Lab
from harness.counterparts.stages.faults import Faults, meant_for
from harness.counterparts.stages.wallet import claim, seated
from harness.judges.webhook_announced import all_announced
from harness.model.exchange import Exchange
from harness.model.played import Delivered
from harness.model.scenario import Announced, Scenario, Trouble

_EVENT = "bet.authorized"
_LOOK_SECONDS = 0.1
_AFTER_GONE_SECONDS = 1.0
"""What a receiver that is gone is not sent any more may stay open for ever; so long we look whether it is."""
_MAX_PAGES = 10
_RETRY_SECONDS = 5.0
"""For the next try, once a silent receiver was given up."""


def play(lab: Lab, scenario: Scenario) -> Delivered:
    """Play it; what came of it, for those who want to look."""
    assert isinstance(scenario.workload, Announced)
    with lab.hook_line(_EVENT) as (ill, endpoint), lab.hook_line(_EVENT) as (well, _):
        return _Stage(lab, scenario, scenario.workload, ill, endpoint, well).play()


def every_page(lab: Lab, operation: str, **query: str) -> list[Exchange]:
    """The pages of one list, within bounds; the last one says whether that was all."""
    pages: list[Exchange] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        pages.append(lab.call(operation, query={**query, "limit": 200, "cursor": cursor}))
        cursor = pages[-1].field("next_cursor")
        if not pages[-1].field("has_more") or not isinstance(cursor, str):
            break
    return pages


class _Stage:
    def __init__(self, lab: Lab, scenario: Scenario, workload: Announced, ill: HookLine, endpoint: str,
                 well: HookLine) -> None:
        self._lab, self._scenario, self._workload = lab, scenario, workload
        self._ill, self._endpoint, self._well = ill, endpoint, well
        self._faults = Faults(lab, ill, scenario)
        silent = any(isinstance(f.what, Trouble) and f.what.kind == "hang" for f in scenario.faults)
        self._patience = max(scenario.recovers_within, lab.target.webhook_wait_seconds,
                             lab.target.webhook_try_seconds + _RETRY_SECONDS if silent else 0.0)

    def play(self) -> Delivered:
        first, last, *bets = seated(self._lab, self._workload.bets + 2)
        self._announced_while_well(first)
        self._faults.calm()
        with self._faults.acting([meant_for(fault, bets) for fault in self._scenario.faults]) as began:
            calls = []
            for number, bet in enumerate(bets):
                time.sleep(max(0.0, began + number / self._workload.per_second - time.monotonic()))
                calls.append((bet.player.player_id, self._lab.must(self._lab.authorize(bet), 200)))
            listed = self._ended([player for player, _ in calls])
        redrives = self._redriven(listed, last) if self._workload.redrive else []
        self._faults.claim()
        self._lab.watched(self._well.calls())
        delivered = Delivered(
            calls=calls, path=self._ill.path, neighbour=self._well.path, endpoint=self._endpoint, redrives=redrives,
            listed=listed, faults=tuple(self._faults.spans), noise_ms=self._faults.spread_ms,
            try_seconds=self._lab.target.webhooks.get("try_seconds"))
        claim(self._lab, self._scenario, delivered)
        self._faults.tell([call for _, call in calls], channel="receiver")
        return delivered

    def _announced_while_well(self, bet: Bet) -> None:
        """Steady state: an event reaches both receivers."""
        call = self._lab.must(self._lab.authorize(bet), 200)
        for line in (self._ill, self._well):
            line.wait(1, bet.player.player_id, seconds=self._patience)
            self._lab.baseline(all_announced([(bet.player.player_id, call)], line.path))

    def _ended(self, players: list[str]) -> list[Exchange]:
        """The platform's own lists, once each event was taken at both receivers or given up, or time was over."""
        deadline = time.monotonic() + self._patience
        while True:
            open_ = [p for p in players if not _taken(self._ill, p)]
            late = [p for p in players if not _taken(self._well, p)]
            listed = self._listed() if open_ else []
            given_up = self._dead(listed)
            if open_ and not late and any(e.status == 410 for e in self._ill.calls()):
                deadline = min(deadline, time.monotonic() + _AFTER_GONE_SECONDS)
            if (len(open_) <= len(given_up) and not late) or time.monotonic() > deadline:
                return listed or self._listed()
            self._ill.wait(len(self._ill.calls()) + 1, seconds=_LOOK_SECONDS)

    def _listed(self) -> list[Exchange]:
        """Every page of the endpoint's deliveries, and of the dead letters: those of older runs among them."""
        return [*every_page(self._lab, "listWebhookDeliveries", endpoint_id=self._endpoint),
                *every_page(self._lab, "listDeadLetters")]

    def _dead(self, pages: Iterable[Exchange]) -> list[str]:
        """Ids of the endpoint's deliveries that were given up, by these pages."""
        items = (page.field("items") for page in pages)
        found = (item for page in items if isinstance(page, list) for item in page if isinstance(item, dict))
        return list(dict.fromkeys(str(item.get("delivery_id")) for item in found
                                  if item.get("status") == "dead" and item.get("endpoint_id") == self._endpoint))

    def _redriven(self, listed: list[Exchange], last: Bet) -> list[tuple[str, Exchange]]:
        """Each dead letter is redriven, and once it has come once more; a later event tells that nothing else comes."""
        dead = self._dead(listed)
        done: list[tuple[str, Exchange]] = []
        for again in (False, True):
            before = len(self._ill.calls())
            for delivery in dead:
                done.append((delivery, self._lab.call("redriveDeadLetter", path={"delivery_id": delivery},
                                                      label="again" if again else "")))
            taken = sum(e.status in (200, 202, 204) for _, e in done[-len(dead):]) if dead else 0
            if not again:
                self._ill.wait(before + taken, seconds=self._patience)
        self._lab.must(self._lab.authorize(last), 200)
        self._ill.wait(1, last.player.player_id, seconds=self._patience)
        return done


def _taken(line: HookLine, player: str) -> bool:
    return any(e.status is not None and 200 <= e.status < 300 for e in line.calls(player))
