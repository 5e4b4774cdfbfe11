"""The stage of whole rounds that go wrong on the way: overtaken, cut off, killed; and then are made good honestly.

An honest provider makes a call again that was refused or not answered: under its key first, and where that
repeats a refusal, under a new one. Each round is compared with one of the same calls that nothing disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations

from harness.counterparts.acting import Bet
from harness.counterparts.lab import Lab
from harness.counterparts.stages.killing import Killing, cut_off
from harness.counterparts.stages.script import write_down
from harness.counterparts.stages.wallet import claim
from harness.judges.answers import not_yet
from harness.judges.rounds import KILLED
from harness.model.exchange import Exchange
from harness.model.played import Round, RoundsPlayed
from harness.model.scenario import Rounds, Scenario

_STAKE, _WIN = 1_000, 2_500
_SETS = (("authorize", "settle"), ("authorize", "authorize", "settle", "settle"), ("authorize", "rollback"),
         ("authorize", "authorize", "rollback", "rollback"))
_CROWDS = (1, 1, 2, 2, 4, 4)
"""So many times the rounds of the scenario for one kill after the other: the denser the calls, the surer one is hit."""


def play(lab: Lab, scenario: Scenario) -> RoundsPlayed:
    """Play it; what came of it, for those who want to look."""
    workload = scenario.workload
    assert isinstance(workload, Rounds)
    began = time.monotonic_ns()
    stage = _Stage(lab)
    played = {"orders": stage.orders, "lost reply": stage.lost_replies, "early webhook": stage.early_webhooks,
              "killed": stage.killed}[workload.trouble](workload.rounds)
    claim(lab, scenario, played)
    write_down(lab, scenario, began, (e for _, r in played.rounds for e in (*r.first, *r.last)))
    return played


class _Stage:
    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def orders(self, most: int) -> RoundsPlayed:
        """Every different order of each set of calls, up to `most` rounds."""
        wanted = [(order, calls) for calls in _SETS for order in sorted(set(permutations(calls)))][:most]
        usual = {calls: self._in_order(tuple(dict.fromkeys(calls))) for calls in dict.fromkeys(c for _, c in wanted)}
        rounds = self._lab.side_by_side([partial(self._played, order) for order, _ in wanted], at_once=6)
        late = [e for (order, _), r in zip(wanted, rounds, strict=True) if order[0] != "authorize" for e in r.first[:1]]
        return RoundsPlayed(rounds=[(usual[calls], r) for (_, calls), r in zip(wanted, rounds, strict=True)],
                            disturbed=late)

    def lost_replies(self, rounds: int) -> RoundsPlayed:
        """The reply of each call is lost once the call was carried out; it is made again under its key."""
        usual = self._in_order(("authorize", "settle"))

        def lose() -> Round:
            bet, before = self._seat()
            lost, last = [], []
            for step, done in (("authorize", "authorized"), ("settle", "settled")):
                key = self._lab.fresh("key")
                lost.append(self._lost(bet, step, key, done))
                last.append(self._until_carried_out(bet, step, key))
            return self._ended("replies lost", bet, before, lost, last)

        played = self._lab.side_by_side([lose] * rounds, at_once=4)
        return RoundsPlayed(rounds=[(usual, r) for r in played], disturbed=[e for r in played for e in r.first])

    def early_webhooks(self, rounds: int) -> RoundsPlayed:
        """The reply is lost, the webhook comes first and is acted upon: settled at once, asked for afterwards."""
        usual = self._in_order(("authorize", "settle"))
        with self._lab.hook_line("bet.authorized") as (line, _):
            def act_on_webhook() -> Round:
                bet, before = self._seat()
                key, settle_key = self._lab.fresh("key"), self._lab.fresh("key")
                body = self._body(bet, "authorize")
                lost = self._lab.lose_reply("authorizeBet", body, key=key, party=bet.player.party, meanwhile=lambda:
                                            line.wait(1, bet.bet_id, seconds=self._lab.target.webhook_wait_seconds))
                early = self._call(bet, "settle", settle_key)
                last = [self._until_carried_out(bet, "authorize", key),
                        early if early.status == 200 else self._until_carried_out(bet, "settle", settle_key)]
                return self._ended("webhook before the response", bet, before, [lost, early], last)

            played = self._lab.side_by_side([act_on_webhook] * rounds, at_once=4)
            self._lab.watched(line.calls())
        return RoundsPlayed(rounds=[(usual, r) for r in played], disturbed=[r.first[0] for r in played])

    def killed(self, rounds: int) -> RoundsPlayed:
        """The platform is killed while settlements are under way; they are made again under their keys.

        It is tried a few times, until one surely was.
        """
        usual = self._in_order(("authorize", "settle"))
        played: list[Round] = []
        killing = Killing(self._lab)
        for crowd in _CROWDS:
            played += self._kill_amid(rounds * crowd, killing)
            if disturbed := [e for r in played for e in r.first if cut_off(e)]:
                break
        return RoundsPlayed(rounds=[(usual, r) for r in played], disturbed=disturbed)

    def _kill_amid(self, rounds: int, killing: Killing) -> list[Round]:
        seats = self._lab.side_by_side([self._seat] * rounds)
        for bet, _ in seats:
            self._lab.must(self._lab.authorize(bet), 200)
        keys = [self._lab.fresh("key") for _ in seats]
        first = killing.amid([partial(self._call, bet, "settle", key)
                              for (bet, _), key in zip(seats, keys, strict=True)],
                             partial(self._lab.read_bet, seats[0][0]))

        def make_good(n: int) -> Round:
            bet, before = seats[n]
            return self._ended(KILLED, bet, before, [first[n]], [self._until_carried_out(bet, "settle", keys[n])])

        return self._lab.side_by_side([partial(make_good, n) for n in range(rounds)])

    # -- one round ------------------------------------------------------------------------------------
    def _seat(self) -> tuple[Bet, Exchange]:
        """A bet of a player of its own, and the balances before it."""
        player = self._lab.player()
        bet = self._lab.bet(self._lab.session(player), player, amount=_STAKE)
        return bet, self._lab.balances(player)

    def _in_order(self, steps: Sequence[str]) -> Round:
        bet, before = self._seat()
        answers = [self._lab.must(self._call(bet, step, self._lab.fresh("key")), 200) for step in steps]
        return self._ended("in order", bet, before, answers, answers)

    def _played(self, order: Sequence[str]) -> Round:
        """The calls in this order, copies under one key; then those that were refused, once more."""
        bet, before = self._seat()
        keys = {step: self._lab.fresh("key") for step in order}
        first = [self._call(bet, step, keys[step]) for step in order]
        refused = [step for step, answer in zip(order, first, strict=True) if answer.status != 200]
        last = [self._until_carried_out(bet, step, keys[step]) for step in dict.fromkeys(refused)]
        return self._ended(" → ".join(order), bet, before, first, last)

    def _ended(self, name: str, bet: Bet, before: Exchange, first: Sequence[Exchange], last: Sequence[Exchange]
               ) -> Round:
        read = self._lab.until(partial(self._lab.read_bet, bet), lambda e: e.field("status") not in (
            "unknown", "pending", "parked"))
        return Round(name=name, first=first, last=last, before=before, after=self._lab.balances(bet.player), bet=read,
                     currency=bet.currency)

    def _until_carried_out(self, bet: Bet, step: str, key: str) -> Exchange:
        """The call made again under its key until it has an end; where that is a refusal, once under a new key."""
        parked = step == "settle" and self._lab.profile.settle_without_authorize == "parked"
        answer = self._lab.until(lambda: self._call(bet, step, key), lambda e: not not_yet(e, parked=parked))
        if answer.status in (200, 202) or not_yet(answer, parked=parked):
            return answer
        return self._call(bet, step, self._lab.fresh("key"))

    def _lost(self, bet: Bet, step: str, key: str, done: str) -> Exchange:
        name = {"authorize": "authorizeBet", "settle": "settleBet"}[step]
        return self._lab.lose_reply(name, self._body(bet, step), key=key, party=bet.player.party, meanwhile=lambda:
                                    self._lab.until(partial(self._lab.read_bet, bet),
                                                    lambda e: e.field("status") == done))

    def _call(self, bet: Bet, step: str, key: str) -> Exchange:
        calls: dict[str, Callable[[], Exchange]] = {
            "authorize": lambda: self._lab.authorize(bet, key=key),
            "settle": lambda: self._lab.settle(bet, _WIN, key=key),
            "rollback": lambda: self._lab.rollback(bet, key=key)}
        return calls[step]()

    def _body(self, bet: Bet, step: str) -> dict[str, object]:
        if step == "settle":
            return {"bet_id": bet.bet_id, "round_id": bet.round_id, "win": self._lab.money(_WIN, bet.currency)}
        return {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
                "amount": self._lab.money(bet.amount, bet.currency)}
