"""The stage of events that reach the platform's inbox in disorder: overtaken, repeated, halved, spoiled, in a rain.

Whatever the disorder, each event is published whole and honestly at least once, and asked after when all is over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import Any

from harness.counterparts.lab import Lab
from harness.counterparts.publishing import Publisher
from harness.counterparts.stages.script import write_down
from harness.counterparts.stages.wallet import claim
from harness.model.exchange import Exchange
from harness.model.played import Filed
from harness.model.scenario import Published, Scenario

_COPIES = 3
_AT_ONCE = 8
_REPEATED_SHARE = 0.2
_SKEW_SECONDS = 120

Event = dict[str, Any]


def play(lab: Lab, scenario: Scenario) -> Filed:
    """Play it; what came of it, for those who want to look."""
    workload = scenario.workload
    assert isinstance(workload, Published)
    began = time.monotonic_ns()
    filed = _Stage(lab, workload).play()
    claim(lab, scenario, filed)
    write_down(lab, scenario, began, [*(e for _, sent, last in filed.events for e in (*sent, last)), *filed.poison])
    return filed


class _Stage:
    def __init__(self, lab: Lab, workload: Published) -> None:
        self._lab, self._workload = lab, workload
        self._inbox: Publisher = lab.publisher()
        self._poison: list[Exchange] = []

    def play(self) -> Filed:
        streams = self._streams()
        sent = {"orders": self._in_every_order, "duplicates": self._several_times, "gap": self._with_a_gap,
                "poison": self._between_poison, "rain": self._all_at_once, "halves": self._halved_first,
                "lost": self._answers_lost, "skew": self._under_skew}[self._workload.disorder](streams)
        answers: dict[str, list[Exchange]] = {e["event_id"]: [] for events in streams for e in events}
        for event_id, answer in sent:
            answers[event_id].append(answer)
        known = [event for events in streams for event in events]
        last = self._lab.side_by_side([partial(self._inbox.publish, event, label="asked after") for event in known])
        return Filed(events=[(event["event_id"], answers[event["event_id"]], end)
                             for event, end in zip(known, last, strict=True)], poison=self._poison)

    def _streams(self) -> list[list[Event]]:
        """The events of each key, in their order."""
        streams = []
        for _ in range(self._workload.streams):
            player = self._lab.fresh("player")
            streams.append([self._inbox.event({"player_id": player}, key=f"player:{player}", sequence=n + 1)
                            for n in range(self._workload.events)])
        return streams

    def _send(self, event: Event) -> tuple[str, Exchange]:
        return event["event_id"], self._inbox.publish(event)

    def _in_turn(self, streams: Sequence[Sequence[Event]]) -> list[tuple[str, Exchange]]:
        """Each stream in its order, the streams side by side."""
        done = self._lab.side_by_side([partial(lambda events: [self._send(e) for e in events], s) for s in streams],
                                      at_once=_AT_ONCE)
        return [one for stream in done for one in stream]

    # -- disorders ------------------------------------------------------------------------------------
    def _in_every_order(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        orders = list(permutations(range(self._workload.events)))
        return self._in_turn([[events[n] for n in orders[turn % len(orders)]] for turn, events in enumerate(streams)])

    def _several_times(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        done: list[tuple[str, Exchange]] = []
        for events in streams:
            for event in events:
                done += self._lab.together([partial(self._send, event)] * _COPIES)
        return done

    def _with_a_gap(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        """The second event of each stream comes after all others."""
        return self._in_turn([[*events[:1], *events[2:]] for events in streams]) + \
            self._in_turn([events[1:2] for events in streams])

    def _between_poison(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        done = []
        for events in streams:
            for event in events:
                done.append(self._send(event))
                self._poison += [self._inbox.publish(spoiled, label="poison") for spoiled in self._spoiled(event)]
        return done

    def _spoiled(self, event: Event) -> list[Event | bytes]:
        """What no inbox can take, signed as honestly as the rest."""
        fresh = {**event, "event_id": self._lab.fresh("event")}
        return [b"\x00 no JSON", {k: v for k, v in fresh.items() if k != "event_id"}, {**fresh, "data": "no object"}]

    def _all_at_once(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        chance = random.Random(self._lab.check)  # noqa: S311 - the same rain each time
        every = [event for events in streams for event in events]
        every += [event for event in every if chance.random() < _REPEATED_SHARE]
        chance.shuffle(every)
        return self._lab.side_by_side([partial(self._send, event) for event in every], at_once=_AT_ONCE)

    def _halved_first(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        """Half of each event comes, and the line is cut; then the whole of it."""
        for events in streams:
            for event in events:
                self._inbox.cut_off(event, halved=True)
        return self._in_turn(streams)

    def _answers_lost(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        """Each answer is lost, and the event published again."""
        lost = [(event["event_id"], self._inbox.cut_off(event, halved=False)) for events in streams for event in events]
        return lost + self._in_turn(streams)

    def _under_skew(self, streams: list[list[Event]]) -> list[tuple[str, Exchange]]:
        """Half of the streams while the platform's clock is ahead of ours, half while it is behind."""
        half, skew = len(streams) // 2, min(_SKEW_SECONDS, self._lab.profile.freshness_window_seconds // 2)
        with self._lab.clock() as clock:
            clock.to(skew)
            done = self._in_turn(streams[:half])
            clock.to(-skew)
            return done + self._in_turn(streams[half:])
