"""Judges of the books after a storm: each operation that was answered is booked once and announced once (MONEY-11).

Balances hide errors that make up for each other: one win lost, another paid twice. So every round is looked up in the
ledger and in the events feed; what they say was read beside the storm, a few bytes a round (`model.storm_watch`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import inf

from harness.judges.load_money import ranges
from harness.judges.load_queues import lag_back_after
from harness.judges.registry import judge
from harness.model.claim import Claim, Draft
from harness.model.history import History
from harness.model.outcome import Finding, Owner, Reason, broken, held, unknown
from harness.model.played import Stormed
from harness.model.storm import RoundPlan, StormPlan
from harness.model.storm_record import Became, StormRecord, StormResult
from harness.model.storm_watch import EVENTS, StormWatch

_UNCLEAR = 0.05
"""Beyond this share of operations that nobody can tell the end of, books that fit say nothing."""
_SHOWN = 3
_CITED = 8
_OWN_CODE = "own_code"


def ledger_after_burst(stormed: Stormed) -> Draft:
    """Each round of the storm is in its player's ledger with the sum that its answers make."""
    return Draft(judge="ledger_after_burst", params={"storm": stormed.storm},
                 says="each round of the burst is in the ledger with the sum that its answers make")


def events_after_burst(stormed: Stormed) -> Draft:
    """Each acknowledged operation of the storm is announced by one event, and nothing else is."""
    return Draft(judge="events_after_burst", params={"storm": stormed.storm},
                 says="each acknowledged operation of the burst is announced once, and nothing else is")


class Kind(Enum):
    """In which way the books of a round do not fit."""

    LEDGER = "ledger"
    MISSING = "missing"
    DOUBLED = "doubled"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class Difference:
    """What does not fit about one round: what was to be there, and what is."""

    number: int
    kind: Kind
    expected: str
    seen: str


def differences(plan: StormPlan, result: StormResult, watch: StormWatch, *, refusals_unclear: bool = False
                ) -> Iterator[Difference]:
    """Round by round, what ledger and feed do not say as the answers do.

    `refusals_unclear`: a repeated call is refused by a code of its own, so a refusal does not say that nothing was
    done.
    """
    booked = watch.booked
    nameless = frozenset(booked.nameless) if booked else frozenset[int]()
    for number, (begin, end) in enumerate(zip(result.begun, result.ended, strict=True)):
        one = plan.round(number)
        unclear = refusals_unclear or one.duplicated  # of two copies, one may have been done and the other refused
        began, ended = _happened(begin, unclear=unclear), _happened(end, unclear=unclear)
        net = booked.sums[number] if booked and one.seat not in nameless and number < len(booked.sums) else None
        told = tuple(counts[number] if number < len(counts) else 0 for counts in watch.told)
        if net is not None:
            wanted = _permitted(one, began, ended)
            if net not in wanted:
                yield Difference(number, Kind.LEDGER, " or ".join(f"{sum_:+d}" for sum_ in sorted(wanted)),
                                 f"{net:+d} in {booked.entries[number] if booked else 0} entries")
        if "feed" not in watch.unread:
            yield from _announced(number, one, (began, ended), told, net)


def _happened(state: int, *, unclear: bool) -> bool | None:
    """Was that call carried out? None: nobody can tell."""
    if state == Became.DONE:
        return True
    if state in (Became.UNKNOWN, Became.LATER) or (unclear and state in (Became.REFUSED, Became.SHED)):
        return None
    return False


def _permitted(one: RoundPlan, began: bool | None, ended: bool | None) -> frozenset[int]:
    """Net sums that the ledger may have of a round; a hold need not be booked before it has an end."""
    if began is False:
        return frozenset((0,))
    held_only, over = (-one.stake, 0), (0 if one.rolled_back else one.win - one.stake)
    if began and ended:
        return frozenset((over,))
    return frozenset(held_only if ended is False else (*held_only, over))


def _announced(number: int, one: RoundPlan, happened: tuple[bool | None, bool | None], told: tuple[int, ...],
               net: int | None) -> Iterator[Difference]:
    """What the feed says of a round, beside its answers and, where nobody answered, beside its ledger entries."""
    began, ended = happened
    ends = 2 if one.rolled_back else 1
    if ended is None and began and net is not None and not one.rolled_back and one.win:
        ended = net == one.win - one.stake  # the ledger knows
    wanted = {0: began, ends: ended if began else (None if began is None else False), 3 - ends: False}
    for place, sure in sorted(wanted.items()):
        times, event = told[place], EVENTS[place]
        if times > 1:
            yield Difference(number, Kind.DOUBLED, f"one {event}", f"two {event} with ids of their own")
        elif times and sure is False:
            yield Difference(number, Kind.FALSE, f"no {event}", f"one {event}")
        elif not times and sure:
            yield Difference(number, Kind.MISSING, f"one {event}", f"no {event}")


# -- judging ---------------------------------------------------------------------------------------------
@judge("ledger_after_burst")
def _ledger_after_burst(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if unfit := _unfit(record) or _unread(record, "ledger"):
        return unfit
    assert record is not None
    assert record.watch is not None
    booked = record.watch.booked
    if booked is None:
        return unknown("the ledger was not read after the storm", Reason.OBSERVER_UNAVAILABLE, owner=Owner.HARNESS)
    wrong = [d for d in _found(history, record) if d.kind is Kind.LEDGER]
    if wrong:
        return _breach(record, wrong, "are in the ledger with another sum than their answers make")
    if off := _nameless(record):
        return off
    if unclear := _unclear(record):
        return unclear
    entries, named = sum(booked.entries), len(record.plan.seats) - len(booked.nameless)
    if not entries and not booked.nameless:
        return unknown("no ledger entry names a bet of the storm", Reason.NO_SAMPLES, owner=Owner.SUBJECT)
    left_out = f"; of {len(booked.nameless)} players only the sum, for their entries name no bet" \
        if booked.nameless else ""
    return held(f"{entries} ledger entries of {named} players are what the answers make, round by round{left_out}",
                entries=entries, players=named, nameless=len(booked.nameless))


@judge("events_after_burst")
def _events_after_burst(history: History, claim: Claim) -> Finding:
    record = history.storm(claim.params["storm"])
    if unfit := _unfit(record) or _unread(record, "feed"):
        return unfit
    assert record is not None
    assert record.watch is not None
    watch = record.watch
    found = [d for d in _found(history, record) if d.kind is not Kind.LEDGER]
    wrong, missing = [d for d in found if d.kind is not Kind.MISSING], [d for d in found if d.kind is Kind.MISSING]
    if wrong:
        return _breach(record, wrong, "are announced twice, or although nothing was done")
    if missing:
        waited = watch.seen_until - watch.ended_at
        allowed = watch.patience if watch.settle_promise is None else watch.settle_promise
        if waited >= allowed and (watch.settle_promise is not None or not _behind(watch)):
            return _breach(record, missing, f"were acknowledged and not announced within {allowed:g} s")
        return unknown(f"{len(missing)} operations are not announced {max(0.0, waited):.0f} s after the storm; declare "
                       "settles_within_seconds under [target.NAME.load]" if watch.settle_promise is None else
                       f"the feed was read for {max(0.0, waited):.0f} s after the storm only", Reason.NO_SAMPLES,
                       exchanges=_cited(record, missing),
                       owner=Owner.PROFILE if watch.settle_promise is None else Owner.ENVIRONMENT)
    if unclear := _unclear(record):
        return unclear
    return held(f"{watch.events} events announce the acknowledged operations, each once", events=watch.events)


def _behind(watch: StormWatch) -> bool:
    """Is the feed behind altogether? Then what is missing may be late only."""
    after = any(c.at > watch.ended_at and c.high is not None for c in watch.canaries)
    return not after or lag_back_after(watch)[1] == inf


def _found(history: History, record: StormRecord) -> list[Difference]:
    assert record.watch is not None
    return list(differences(record.plan, record.result, record.watch,
                            refusals_unclear=history.profile.duplicate_answer == _OWN_CODE))


def _breach(record: StormRecord, wrong: list[Difference], says: str) -> Finding:
    first, plan = wrong[0], record.plan
    shown = "; ".join(f"bet {plan.prefix}-{d.number} of player {plan.seats[plan.round(d.number).seat].player_id}: "
                      f"{d.seen}" for d in wrong[:_SHOWN])
    return broken(f"{len(wrong)} rounds of the storm {says}: {shown}", expected=first.expected, seen=first.seen,
                  exchanges=_cited(record, wrong), rounds=len(wrong),
                  bets=[f"{plan.prefix}-{d.number}" for d in wrong[:_CITED]])


def _cited(record: StormRecord, wrong: list[Difference]) -> list[str]:
    looked_at = record.watch.looked_at if record.watch else {}
    return list(dict.fromkeys(i for d in wrong for i in looked_at.get(d.number, ())))[:_CITED]


def _nameless(record: StormRecord) -> Finding | None:
    """Players whose entries do not name their bets: only the sum of them can be wrong."""
    assert record.watch is not None
    assert record.watch.booked is not None
    found, booked = ranges(record.plan, record.result.begun, record.result.ended), record.watch.booked
    holds = [0] * len(found)
    for number, (begin, end) in enumerate(zip(record.result.begun, record.result.ended, strict=True)):
        if begin not in (Became.REFUSED, Became.SHED, Became.UNSENT) and end != Became.DONE:
            one = record.plan.round(number)
            holds[one.seat] += one.stake
    for seat in booked.nameless:
        has, least, most = booked.seats[seat], found[seat].low, found[seat].high + holds[seat]
        if not least <= has <= most:
            return broken(f"the ledger entries of player {record.plan.seats[seat].player_id} do not make what the "
                          "answers make", expected=f"{least:+d}" if least == most else f"{least:+d} to {most:+d}",
                          seen=f"{has:+d} {record.plan.currency}")
    return None


def _unfit(record: StormRecord | None) -> Finding | None:
    """Why the books cannot be compared at all; None where they can."""
    if record is None or record.watch is None:
        return unknown("the journal lacks the storm, or what was watched beside it", Reason.COUNT_MISMATCH,
                       owner=Owner.HARNESS)
    result = record.result
    if result.lost or not result.complete or len(result.begun) != len(result.ended):
        return unknown("nobody knows what a lost worker had sent", Reason.COUNT_MISMATCH)
    if Became.DONE not in result.begun:
        return unknown("no operation was acknowledged", Reason.ONLY_ERROR_PATHS, owner=Owner.SUBJECT)
    return None


def _unread(record: StormRecord | None, book: str) -> Finding | None:
    unread = record.watch.unread.get(book) if record and record.watch else None
    return None if unread is None else unknown(
        f"the {book} could not be read: {unread.says}", Reason.OBSERVER_UNAVAILABLE, owner=Owner(unread.owner),
        exchanges=[unread.exchange] if unread.exchange else [])


def _unclear(record: StormRecord) -> Finding | None:
    states = record.result.begun + record.result.ended
    done, unclear = states.count(Became.DONE), states.count(Became.UNKNOWN) + states.count(Became.LATER)
    if unclear <= _UNCLEAR * (done + unclear):
        return None
    return unknown(f"{unclear} of {done + unclear} operations have no end that anybody could tell", Reason.NO_ANSWER,
                   owner=Owner.SUBJECT)
