"""Judge of random play: after each step the answers, the bets and the observer agree with the model ledger.

A play is a list of steps, each a list of calls (one, or two at the same time) and the observer's readings after
them. Two calls at the same time may have happened in either order, so the model keeps every world that is possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import harness.judges.ledger_bets
import harness.judges.ledger_promotions  # noqa: F401 - the rules register themselves
from harness.judges.answers import saw
from harness.judges.ledger_readings import segments, shown
from harness.judges.ledger_world import Call, Impossible, Said, World, after
from harness.judges.registry import judge
from harness.judges.storytelling import script, story
from harness.model.claim import Claim, Draft
from harness.model.exchange import Exchange
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.profile import ContractProfile

Steps = Sequence[Mapping[str, Sequence[str]]]
"""`{"calls": [exchange ids], "looks": [exchange ids]}` a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Where a play left the model: `server_error` says that no money is known to be wrong."""

    message: str
    expected: str
    seen: str
    exchange: str
    server_error: bool = False


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """An answer left open what became of its call, or a reading could not be read: no more can be told."""

    why: str
    exchange: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The model of a play so far: every world that agrees with what was seen. `tenants` is by actor."""

    profile: ContractProfile
    tenants: Mapping[str, str]
    worlds: tuple[World, ...] = (World(),)

    @property
    def late(self) -> bool:
        """The last step has effects that may show a little later."""
        return any(w.late for w in self.worlds)

    def after(self, exchanges: Sequence[Exchange]) -> Ledger | Disagreement | LeftOpen:
        """The model after these calls, all at the same time, and their answers."""
        calls = [self._call(e) for e in exchanges]
        for call, exchange in zip(calls, exchanges, strict=True):
            if call.said is Said.CRASHED:
                return Disagreement(message=f"{exchange.operation} answered {saw(exchange)}", seen=saw(exchange),
                                    expected="no server error", exchange=exchange.id, server_error=True)
            parked = self.profile.settle_without_authorize == "parked" and exchange.operation == "settleBet"
            unsure = (Said.NOTHING,) if len(calls) > 1 else (Said.NOTHING, Said.BUSY)
            if call.said in unsure or (call.said is Said.LATER and not parked):
                return LeftOpen(f"{exchange.operation} left open what became of it ({saw(exchange)})", exchange.id)
        found: list[World] = []
        wrong: tuple[str, Exchange] = ("", exchanges[0])
        for order in permutations(range(len(calls))):
            worlds: tuple[World, ...] = self.worlds
            for n in order:
                worlds, expected = _all(worlds, calls[n], self.profile)
                if expected:
                    wrong = (expected, exchanges[n])
            found += [w for w in worlds if w not in found]
        if found:
            return replace(self, worlds=tuple(found))
        expected, exchange = wrong
        return Disagreement(message=f"{exchange.operation} was answered {saw(exchange)}, which the model ledger does "
                                    "not permit", expected=expected, seen=saw(exchange), exchange=exchange.id)

    def seeing(self, reading: Exchange) -> Ledger | Disagreement | LeftOpen:
        """The model after the observer read a player, bet, bonus or jackpot."""
        if not reading.answered or reading.status in (401, 403, 429) or (reading.status or 0) >= 500:
            return LeftOpen(f"the observer could not read: {saw(reading)}", reading.id)
        told = shown(reading, self.tenants.get(reading.actor, reading.actor), self.profile.money_form)
        left = tuple(w for w in self.worlds if told.agrees(w))
        if left:
            return replace(self, worlds=left)
        expected = " or ".join(dict.fromkeys(told.wanted(w) for w in self.worlds))
        return Disagreement(message=f"the observer reads {told.seen}; the model ledger says {expected}",
                            expected=expected, seen=told.seen, exchange=reading.id)

    def _call(self, e: Exchange) -> Call:
        sent, got = e.sent_json(), e.json()
        sent = dict(sent) if isinstance(sent, dict) else {}
        if e.operation == "closeSession":
            sent["session_id"] = segments(e)[-2]
        key = e.sent_header(self.profile.idempotency_header)
        return Call(operation=e.operation, tenant=self.tenants.get(e.actor, e.actor), sent=sent,
                    key=f"{e.actor} {key}" if key else "", got=got if isinstance(got, dict) else {}, said=_said(e))


def _said(e: Exchange) -> Said:
    status = e.status or 0
    if not e.answered or status in (408, 502, 503, 504) or not 200 <= status < 600 or 300 <= status < 400:
        return Said.NOTHING
    if status >= 500:
        return Said.CRASHED
    if status == 202:
        return Said.LATER
    if status < 300:
        return Said.DONE
    return Said.BUSY if status == 409 and e.field("retryable") is True else Said.REFUSED


def _all(worlds: Iterable[World], call: Call, profile: ContractProfile) -> tuple[tuple[World, ...], str]:
    """Every world that may follow, and what was expected where one has no successor."""
    found: list[World] = []
    expected = ""
    for world in worlds:
        following = after(world, call, profile)
        if isinstance(following, Impossible):
            expected = following.expected
        else:
            found += [w for w in following if w not in found]
    return tuple(found), expected


def agrees_with_model(steps: Steps, *, tenants: Mapping[str, str], again: Sequence[Steps] = (),
                      base_url: str = "") -> Draft:
    """Every step of a play agrees with the model ledger. `again`: the same play repeated, to confirm a disagreement."""
    over = dict.fromkeys(i for s in (*steps, *(s for play in again for s in play)) for i in (*s["calls"], *s["looks"]))
    return Draft(judge="agrees_with_model", over=tuple(over), says="the play agrees with the model ledger",
                 params={"steps": [dict(s) for s in steps], "again": [[dict(s) for s in play] for play in again],
                         "tenants": dict(tenants), "base_url": base_url})


@judge("agrees_with_model")
def _agrees_with_model(history: History, claim: Claim) -> Finding:
    try:
        n, end = _played(history, claim.params["steps"], claim)
        repeats = [_played(history, play, claim)[1] for play in claim.params["again"]]
    except KeyError as error:
        return unknown(f"the journal lacks exchange {error}", Reason.COUNT_MISMATCH, owner=Owner.HARNESS)
    if isinstance(end, LeftOpen):
        if not n:
            return unknown(end.why, Reason.NO_SAMPLES, exchanges=[end.exchange], owner=Owner.SUBJECT)
        return held(f"{n} steps agree; then {end.why}", exchanges=[end.exchange], steps=n, left_open=1)
    if isinstance(end, Ledger):
        return held(f"{n} steps agree", exchanges=claim.over[:1], steps=n)
    told = claim.params["steps"][:n + 1]
    seen_again = sum(isinstance(e, Disagreement) for e in repeats)
    if end.server_error and repeats and not seen_again:
        return unknown(f"{end.message} once, and not again in {len(repeats)} tries", Reason.FLAKY, owner=Owner.SUBJECT,
                       exchanges=[end.exchange], expected=end.expected, seen=end.seen)
    calls = [[history[i] for i in step["calls"]] for step in told]
    looks = [history[i] for i in told[-1]["looks"]]
    ending = end.message + (f"; seen again {seen_again} of {len(repeats)} times" if repeats else "")
    others = [e.id for e in calls[-1] if e.id != end.exchange]
    return broken(f"after {len(calls)} steps {end.message}", expected=end.expected, seen=end.seen,
                  exchanges=[*others, end.exchange], steps=len(calls),
                  again=f"{seen_again} of {len(repeats)}", story=story(calls, history.profile, ending),
                  script=script(calls, looks, claim.params["base_url"]))


def _played(history: History, steps: Steps, claim: Claim) -> tuple[int, Ledger | Disagreement | LeftOpen]:
    """How many steps agree, and how the play ended."""
    ledger = Ledger(profile=history.profile, tenants=claim.params["tenants"])
    for n, step in enumerate(steps):
        found = ledger.after([history[i] for i in step["calls"]])
        for look in step["looks"]:
            if isinstance(found, Ledger):
                found = found.seeing(history[look])
        if not isinstance(found, Ledger):
            return n, found
        ledger = found
    return len(steps), ledger


_MUST_BE_REACHED = ("authorizeBet", "settleBet", "rollbackBet")


def played_enough(operations: Iterable[str] = _MUST_BE_REACHED) -> Draft:
    """The plays of this check carried out each of these operations: a model that saw only refusals proves nothing."""
    wanted = list(operations)
    return Draft(judge="played_enough", params={"operations": wanted},
                 says=f"the plays carried out {', '.join(wanted)}")


@judge("played_enough")
def _played_enough(history: History, claim: Claim) -> Finding:
    plays = [c for c in history.claims if c.judge == "agrees_with_model" and c.check == claim.check]
    calls = [history[i] for play in plays for step in play.params["steps"] for i in step["calls"]]
    done: dict[str, int] = {}
    for exchange in calls:
        if _said(exchange) is Said.DONE:
            done[exchange.operation] = done.get(exchange.operation, 0) + 1
    if missing := [o for o in claim.params["operations"] if not done.get(o)]:
        return unknown(f"{', '.join(missing)} never succeeded in {len(plays)} plays", Reason.ONLY_ERROR_PATHS,
                       owner=Owner.SUBJECT, exchanges=[e.id for e in calls if e.operation in missing][:3])
    unsure = sum(_said(e) in (Said.NOTHING, Said.CRASHED) for e in calls)
    if unsure * 5 > len(calls):
        return unknown(f"{unsure} of {len(calls)} answers left open what became of the call", Reason.NO_SAMPLES,
                       owner=Owner.SUBJECT)
    return held(f"{len(calls)} calls in {len(plays)} plays, {sum(done.values())} carried out", plays=len(plays),
                calls=len(calls), carried_out=sum(done.values()))
