"""What is watched beside a storm and after it: begun before it, told when all is as it was or patience is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

from harness.counterparts.acting import Player
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.watching.canaries import Canaries
from harness.counterparts.watching.feed import Follower
from harness.counterparts.watching.gauges import Gauges
from harness.counterparts.watching.ledger import LedgerAfter
from harness.counterparts.watching.rounds_told import RoundsTold
from harness.engine.ports import Request, StormBlower
from harness.judges.answers import saw, whose
from harness.judges.events import items
from harness.judges.load_books import Difference, Kind, differences, events_after_burst, ledger_after_burst
from harness.judges.load_queues import lag_back_after, queue_back_after, queues_calm
from harness.model.errors import CertifyError, CheckStopped, Prerequisite
from harness.model.exchange import Exchange
from harness.model.outcome import Owner
from harness.model.scenario import Scenario
from harness.model.storm import StormPlan
from harness.model.storm_record import StormResult
from harness.model.storm_watch import StormWatch, Unread

_NEED_IT = (queues_calm, ledger_after_burst, events_after_burst)
_BASE_SECONDS, _BASE_SEEN = 3.0, 4
_AFTER_SEEN = 4
_MARGIN_SECONDS = 2.0
"""Beyond the promise: what is not there then was not there in time."""
_STEP = 0.25
_LOOKED_AT = 3
"""Rounds that look wrong are read again, recorded; more of them would only repeat it."""
_ENDING_SECONDS = 0.5
"""So long at most; who is in the middle of a call then ends with it."""


@contextmanager
def watched(lab: Lab, plan: StormPlan, scenario: Scenario, parties: Sequence[Party], players: Sequence[Player]
            ) -> Iterator[Watcher | None]:
    """A watcher beside a storm whose expectations need one, its base taken; None for others. It ends with the block.

    `parties` are the plan's callers, `players` sit on its seats, both in the plan's order.
    """
    if not any(getattr(expectation, "func", expectation) in _NEED_IT for _, expectation in scenario.expects):
        yield None
        return
    watcher = Watcher(lab, plan, parties, players)
    try:
        watcher.begin()
        yield watcher
    finally:
        watcher.end()


class Watcher:
    """Beside one storm (`engine.ports.StormWatching`)."""

    def __init__(self, lab: Lab, plan: StormPlan, parties: Sequence[Party], players: Sequence[Player]) -> None:
        self._lab, self._plan, self._parties = lab, plan, parties
        self._promise = lab.target.load
        self._quiet = lab.unrecorded()
        count = sum(1 for _ in plan.schedule.times())
        self._rounds = RoundsTold(plan.prefix, count)
        self._ledger = LedgerAfter(lab, plan, players, self._rounds, count, self._quiet.send)
        self._canaries = Canaries(lab, parties, plan.currency)
        self._gauges = self._new_gauges()
        self._since: list[str | None] = []
        self._followers: list[Follower] = []
        self._unread: dict[str, Unread] = {}
        self._looked_at: dict[int, tuple[str, ...]] = {}
        self._long_queue = ""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._opened = self._began = self._ended = time.monotonic()

    # -- before ---------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Follow every feed from now on, and see how things are while all is calm."""
        try:
            self._since = [self._now_at(feed) for feed in range(len(self._parties))]
        except CheckStopped as problem:
            self._unread["feed"] = Unread(says=problem.message, owner=Owner.SUBJECT.value,
                                          exchange=next(iter(problem.exchanges), ""))
            self._since = []
        self._followers = self._new_followers()
        self._start(*(follower.follow for follower in self._followers))
        if self._followers:
            self._start(self._canaries.sing)
        if self._gauges:
            self._start(self._gauges.watch)
        self._wait(_BASE_SECONDS, lambda: False)
        if self._followers:
            self._wait(self._lab.target.webhook_wait_seconds, self._has_base)

    def _has_base(self) -> bool:
        return sum(c.high is not None for c in self._told_by_canaries()) >= _BASE_SEEN

    def _now_at(self, feed: int) -> str | None:
        """What time the platform says it is, by an event of ours in the feed; an `occurred_at`.

        Raises:
            Prerequisite: no bet is taken, or none is announced.
        """
        party = self._parties[feed]
        bet, answer = self._canaries.one(feed)
        self._lab.must(answer, 200)
        page = self._lab.until(lambda: self._lab.call("listEvents", by=party, query={"limit": 200, "bet_id": bet}),
                               lambda page: bool(items(page)))
        found = [event.get("occurred_at") for event in items(page) or () if isinstance(event, dict)]
        if not found:
            raise Prerequisite(f"it shows no event of a bet within {self._lab.target.webhook_wait_seconds:g} s "
                               f"({saw(page)})", exchanges=(page.id,))
        return min((at for at in found if isinstance(at, str)), default=None)

    def _new_followers(self) -> list[Follower]:
        return [self._follower(*one) for one in zip(self._parties, self._since, strict=False)]

    def _follower(self, party: Party, since: str | None) -> Follower:
        def request(limit: int, cursor: str | None) -> Request:
            return party.prepared("listEvents", check=self._lab.check,
                                  query={"limit": limit, "cursor": cursor, "occurred_at_from": since})

        def hear(event: Any, ended_at: float, came: float) -> None:
            self._rounds.take(event)
            self._canaries.hear(event, ended_at, came)

        return Follower(request, self._quiet.send, hear)

    def _new_gauges(self) -> Gauges | None:
        if self._promise is None or not self._promise.metrics:
            return None
        return Gauges(self._promise.queues, partial(self._quiet.send, self._metrics()))

    def _metrics(self) -> Request:
        assert self._promise is not None
        return Request(method="GET", url=self._promise.metrics, headers=(("Accept", "text/plain"),),
                       check=self._lab.check, actor=self._parties[0].actor, label="after the storm")

    def _start(self, *runs: Callable[[threading.Event], None]) -> None:
        for run in runs:
            thread = threading.Thread(target=run, args=(self._stop,), name="watching", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _wait(self, seconds: float, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not enough():
            time.sleep(_STEP)

    # -- beside ---------------------------------------------------------------------------------------
    def beside(self, blow: StormBlower) -> StormBlower:
        """The same, with a note of when the storm began and ended."""
        def noted(plan: StormPlan, *, tokens: Callable[[], Sequence[str]] | None = None) -> StormResult:
            self._began = time.monotonic()
            try:
                return blow(plan, tokens=tokens)
            finally:
                self._ended = time.monotonic()

        return noted

    # -- after ----------------------------------------------------------------------------------------
    def told(self, result: StormResult) -> StormWatch:
        """What was seen, once all is as it was or patience is over."""
        deadline = self._ended + self._allowed + _MARGIN_SECONDS
        self._wait(deadline - time.monotonic(), lambda: self._calm(result))
        self._ledger.read()
        while (seats := self._seats_off(result)) and time.monotonic() < deadline:
            time.sleep(_STEP)
            self._ledger.read(seats)
        with suppress(CertifyError):  # evidence; without it the storm is worth its record all the same
            if any(d.kind is Kind.MISSING for d in self._differences(result)):
                self._walk_again()
            self._look_again(result)
        self._note_unread()
        return self._so_far()

    def end(self) -> None:
        """Stop watching; waits for calls under way, but not for long."""
        self._stop.set()
        deadline = time.monotonic() + _ENDING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def _allowed(self) -> float:
        promised = self._promise.settles_within_seconds if self._promise else None
        return self._lab.target.webhook_wait_seconds if promised is None else promised

    def _so_far(self) -> StormWatch:
        promise = self._promise
        counts = self._rounds.counts()
        seen_until = max(self._opened, min((follower.ended_at for follower in self._followers), default=0.0))
        return StormWatch(
            ended_at=round(self._ended - self._began, 3), seen_until=round(seen_until - self._began, 3),
            lag_promise=promise.event_lag_seconds if promise else None, patience=self._lab.target.webhook_wait_seconds,
            settle_promise=promise.settles_within_seconds if promise else None, told=counts,
            canaries=self._told_by_canaries(), not_taken=self._canaries.not_taken, booked=self._ledger.told(),
            queues=self._gauges.told(self._began, self._long_queue) if self._gauges else (), unread=dict(self._unread),
            looked_at=dict(self._looked_at), events=sum(sum(one) for one in counts))

    def _told_by_canaries(self) -> Any:
        return self._canaries.told(self._began, [follower.ended_at for follower in self._followers])

    def _differences(self, result: StormResult) -> list[Difference]:
        return list(differences(self._plan, result, self._so_far(),
                                refusals_unclear=self._lab.profile.duplicate_answer == "own_code"))

    def _calm(self, result: StormResult) -> bool:
        """Is the lag back at its base, and every queue, and is all announced that was acknowledged?"""
        watch = self._so_far()
        if self._queue_long(watch) or any(not any(at >= watch.ended_at for at, _ in queue.samples)
                                          for queue in watch.queues):
            return False
        if not self._followers or all(follower.problem for follower in self._followers):
            return True
        after = [c for c in watch.canaries if c.at >= watch.ended_at and c.high is not None]
        return len(after) >= _AFTER_SEEN and lag_back_after(watch)[1] < inf \
            and not any(d.kind is Kind.MISSING for d in self._differences(result))

    @staticmethod
    def _queue_long(watch: StormWatch) -> bool:
        return any(queue_back_after(queue, watch.ended_at)[1] == inf for queue in watch.queues)

    def _seats_off(self, result: StormResult) -> list[int]:
        """Seats whose ledger does not fit yet; none where it cannot be read."""
        return sorted({self._plan.round(d.number).seat for d in self._differences(result) if d.kind is Kind.LEDGER})

    def _walk_again(self) -> None:
        """Read every feed once more from its first page: an event that took a place read already is found so."""
        for follower, anew in zip(self._followers, self._new_followers(), strict=True):
            if not follower.problem:
                anew.read_on(self._stop)

    def _look_again(self, result: StormResult) -> None:
        """Read some of the rounds that look wrong once more, and record it: the evidence."""
        numbers = dict.fromkeys(d.number for d in self._differences(result))
        for number in list(numbers)[:_LOOKED_AT]:
            seat = self._plan.seats[self._plan.round(number).seat]
            bet, party = f"{self._plan.prefix}-{number}", self._parties[seat.caller]
            page = self._lab.call("listEvents", by=party, query={"limit": 200, "bet_id": bet})
            for event in items(page) or ():
                self._rounds.take(event)
            looked: list[Exchange] = [self._lab.call("getBet", by=party, path={"bet_id": bet}), page]
            looked.append(self._ledger.page_about(number))
            self._looked_at[number] = tuple(e.id for e in looked)
        if self._queue_long(self._so_far()):
            self._long_queue = self._lab.send(self._metrics(), by=self._parties[0]).exchange.id

    def _note_unread(self) -> None:
        if self._ledger.unread:
            self._unread["ledger"] = self._ledger.unread
            with suppress(CertifyError):
                self._unread["ledger"] = replace(self._ledger.unread, exchange=self._ledger.page_again().id)
        if self._gauges and self._gauges.unread:
            self._unread["queues"] = self._gauges.unread
        for follower, party in zip(self._followers, self._parties, strict=False):
            failing = follower.failing if follower.ended_at < self._ended else None
            if not follower.problem and failing is None:
                continue
            unread = Unread(says=saw(failing), owner=whose(failing).value) if failing else \
                Unread(says=follower.problem, owner=Owner.SUBJECT.value)
            self._unread["feed"] = unread
            with suppress(CertifyError):
                page = self._lab.call("listEvents", by=party, query={"limit": 1})
                self._unread["feed"] = replace(unread, exchange=page.id)
