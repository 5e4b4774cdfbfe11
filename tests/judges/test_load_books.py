"""The books after a storm, on synthetic ones: what balances hide is found, what is unclear accuses nobody."""

import dataclasses
import random

import pytest

from harness.judges.load_books import Kind, differences, events_after_burst, ledger_after_burst
from harness.judges.registry import decide
from harness.model.arrivals import constant
from harness.model.claim import Claim
from harness.model.history import History
from harness.model.outcome import Outcome, Owner
from harness.model.played import Stormed
from harness.model.profile import ContractProfile
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became, StormRecord, StormResult
from harness.model.storm_watch import Booked, Canary, StormWatch, Unread
from harness.model.tally import Tally

COUNT = 400
PLAN = StormPlan(base_url="http://x", schedule=constant(100, 4, spacing="even"), mix=Mix(rollbacks=0.2, duplicates=0),
                 callers=(Caller(headers=(), token=""),), prefix="storm-1",
                 seats=tuple(Seat(player_id=f"p-{n}", session_id=f"s-{n}") for n in range(7)))
COPIES = dataclasses.replace(PLAN, mix=Mix(rollbacks=0.2, duplicates=1.0))
STORMED = Stormed(storm="storm-1", readings=())
DONE, UNSENT, REFUSED, SHED, UNKNOWN = Became.DONE, Became.UNSENT, Became.REFUSED, Became.SHED, Became.UNKNOWN
CANARIES = tuple(Canary(at=at, low=0.0, high=0.1, exchange=f"e{at}") for at in (-1.0, 1.0, 5.0, 6.0))


class Books:
    """What happened in a storm, and what an honest platform has of it; a test may spoil it."""

    def __init__(self, plan=PLAN, states=None, happened=None):
        """`states(n)`: (begun, ended) as answered; `happened(n)`: what was really done, where that is unclear."""
        self.plan = plan
        pairs = [states(n) if states else (DONE, DONE) for n in range(COUNT)]
        self.begun, self.ended = bytearray(b for b, _ in pairs), bytearray(e for _, e in pairs)
        self.told = [bytearray(COUNT) for _ in range(3)]
        self.sums, self.entries, self.changes = [0] * COUNT, bytearray(COUNT), {}
        for n in range(COUNT):
            began, ended = happened(n) if happened else (self.begun[n] == DONE, self.ended[n] == DONE)
            one = plan.round(n)
            if began:
                self.told[0][n], self.sums[n], self.entries[n] = 1, -one.stake, 1
            if began and ended:
                self.told[2 if one.rolled_back else 1][n] = 1
                self.sums[n] += one.stake if one.rolled_back else one.win
                self.entries[n] += 1

    def record(self, **changes):
        booked = changes.pop("booked", Booked(entries=bytes(self.entries), sums=tuple(self.sums), seats=(0,) * 7))
        watch = StormWatch(**{"ended_at": 4.0, "seen_until": 30.0, "patience": 20.0, "settle_promise": 10.0,
                              "canaries": CANARIES, "told": tuple(map(bytes, self.told)), "booked": booked,
                              "events": sum(map(sum, self.told)), **changes})
        result = StormResult(tally=Tally(), begun=bytes(self.begun), ended=bytes(self.ended), workers=1)
        return StormRecord(id="storm-1", check="c", plan=self.plan, result=result, watch=watch)


def judged(draft, record, profile=ContractProfile()):  # noqa: B008 - frozen
    claim = Claim(id="c-1", check="c", control="MONEY-11", judge=draft.judge, says=draft.says, over=draft.over,
                  params=dict(draft.params))
    return decide(History(storms=(record,) if record else (), profile=profile), claim)


def ledger(record, **options):
    return judged(ledger_after_burst(STORMED), record, **options)


def events(record, **options):
    return judged(events_after_burst(STORMED), record, **options)


def first(wanted):
    """The first round of which this is true."""
    return next(n for n in range(COUNT) if wanted(PLAN.round(n)))


WON = first(lambda one: one.win and not one.rolled_back)
LOST = first(lambda one: not one.win and not one.rolled_back)
BACK = first(lambda one: one.rolled_back)


def test_honest_books_fit_and_are_told_with_figures():
    record = Books().record()
    assert ledger(record).outcome is Outcome.PASS
    assert ledger(record).measured["entries"] == 2 * COUNT
    assert (events(record).outcome, events(record).measured["events"]) == (Outcome.PASS, 2 * COUNT)


def test_errors_that_make_up_for_each_other_are_found():
    books = Books()
    one, other = [n for n in range(COUNT) if PLAN.round(n).seat == PLAN.round(WON).seat and PLAN.round(n).win
                  and not PLAN.round(n).rolled_back][:2]
    books.sums[one] += PLAN.round(other).win
    books.sums[other] -= PLAN.round(other).win
    found = ledger(books.record(looked_at={one: ("e1", "e2"), other: ("e3",)}))
    assert (found.outcome, found.measured["rounds"], found.exchanges) == (Outcome.FAIL, 2, ("e1", "e2", "e3"))
    assert f"bet storm-1-{one} of player p-{PLAN.round(one).seat}" in found.message
    assert events(books.record()).outcome is Outcome.PASS


@pytest.mark.parametrize(("number", "off"), [(WON, 1), (WON, -1), (LOST, 1), (BACK, -1), (BACK, 5)])
def test_one_cent_of_one_round_is_noticed(number, off):
    books = Books()
    books.sums[number] += off
    assert ledger(books.record()).outcome is Outcome.FAIL


@pytest.mark.parametrize(("place", "number"), [(0, WON), (1, WON), (1, LOST), (2, BACK)])
def test_an_event_that_is_missing_or_doubled_is_a_breach(place, number):
    for times, kind in ((0, Kind.MISSING), (2, Kind.DOUBLED)):
        books = Books()
        books.told[place][number] = times
        record = books.record()
        assert [d.kind for d in differences(PLAN, record.result, record.watch)] == [kind]
        assert (events(record).outcome, ledger(record).outcome) == (Outcome.FAIL, Outcome.PASS)


def test_a_rollback_that_is_announced_as_a_settle_is_a_breach():
    books = Books()
    books.told[1][BACK] = 1
    assert events(books.record()).outcome is Outcome.FAIL


@pytest.mark.parametrize("state", [REFUSED, SHED])
def test_what_was_refused_is_nowhere(state):
    states = lambda n: (state, UNSENT) if n in (WON, BACK) else (DONE, DONE)  # noqa: E731
    assert (ledger(Books(states=states).record()).outcome, events(Books(states=states).record()).outcome) == (
        Outcome.PASS, Outcome.PASS)
    booked = Books(states=states)
    booked.sums[WON] = -PLAN.round(WON).stake
    assert ledger(booked.record()).outcome is Outcome.FAIL
    told = Books(states=states)
    told.told[0][WON] = 1
    assert events(told.record()).outcome is Outcome.FAIL


def test_a_refused_settle_leaves_a_hold_that_need_not_be_booked():
    states = lambda n: (DONE, REFUSED) if n == WON else (DONE, DONE)  # noqa: E731
    books = Books(states=states)
    assert ledger(books.record()).outcome is Outcome.PASS
    books.sums[WON] = 0
    assert ledger(books.record()).outcome is Outcome.PASS
    books.sums[WON] = PLAN.round(WON).win - PLAN.round(WON).stake
    assert ledger(books.record()).outcome is Outcome.FAIL


@pytest.mark.parametrize("seed", range(4))
def test_what_nobody_answered_may_have_happened_or_not_if_all_books_say_the_same(seed):
    source = random.Random(seed)
    begun = [source.choice((DONE,) * 60 + (UNKNOWN,)) for _ in range(COUNT)]
    ended = [source.choice((DONE,) * 60 + (UNKNOWN,)) if b == DONE else UNSENT for b in begun]
    really = [(b == DONE or source.random() < 0.5, e == DONE or (e == UNKNOWN and source.random() < 0.5))
              for b, e in zip(begun, ended, strict=True)]
    books = Books(states=lambda n: (begun[n], ended[n]), happened=lambda n: really[n])
    assert (ledger(books.record()).outcome, events(books.record()).outcome) == (Outcome.PASS, Outcome.PASS)


def test_an_unclear_settle_that_the_ledger_has_must_be_announced_and_one_it_has_not_must_not():
    states = lambda n: (DONE, UNKNOWN) if n == WON else (DONE, DONE)  # noqa: E731
    silent = Books(states=states, happened=lambda _: (True, True))
    silent.told[1][WON] = 0
    assert events(silent.record()).outcome is Outcome.FAIL
    false = Books(states=states, happened=lambda n: (True, n != WON))
    false.told[1][WON] = 1
    assert events(false.record()).outcome is Outcome.FAIL
    half = Books(states=states)
    half.sums[WON] += 1
    assert ledger(half.record()).outcome is Outcome.FAIL


def test_of_two_copies_one_may_have_been_done_though_the_other_was_refused():
    states = lambda n: (REFUSED, UNSENT) if n == WON else (DONE, DONE)  # noqa: E731
    books = Books(plan=COPIES, states=states, happened=lambda n: (True, n != WON))
    assert (ledger(books.record()).outcome, events(books.record()).outcome) == (Outcome.PASS, Outcome.PASS)
    own = Books(states=states, happened=lambda n: (True, n != WON))
    assert ledger(own.record()).outcome is Outcome.FAIL
    assert ledger(own.record(), profile=ContractProfile(duplicate_answer="own_code")).outcome is Outcome.PASS


def test_more_unclear_than_clear_tells_nothing():
    books = Books(states=lambda n: (UNKNOWN, UNSENT) if n % 4 else (DONE, DONE))
    assert {ledger(books.record()).outcome, events(books.record()).outcome} == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize(("changes", "outcome", "owner"), [
    ({}, Outcome.FAIL, Owner.SUBJECT), ({"seen_until": 13.0}, Outcome.INCONCLUSIVE, Owner.ENVIRONMENT),
    ({"settle_promise": None}, Outcome.FAIL, Owner.SUBJECT),
    ({"settle_promise": None, "seen_until": 20.0}, Outcome.INCONCLUSIVE, Owner.PROFILE),
    ({"settle_promise": None, "canaries": CANARIES[:2]}, Outcome.INCONCLUSIVE, Owner.PROFILE),
    ({"settle_promise": None, "canaries": (*CANARIES, Canary(at=8.0, low=20.0, high=None, exchange="x"))},
     Outcome.INCONCLUSIVE, Owner.PROFILE)])
def test_an_event_is_missing_once_it_had_the_time_that_was_promised(changes, outcome, owner):
    books = Books()
    books.told[1][WON] = 0
    found = events(books.record(**changes))
    assert (found.outcome, found.owner) == (outcome, owner)


def test_what_could_not_be_read_is_unclear_by_whose_fault_it_is_and_the_rest_is_judged():
    feed = Books().record(unread={"feed": Unread(says="403", owner=Owner.SUBJECT.value, exchange="e9")},
                          told=(b"", b"", b""))
    assert (events(feed).outcome, events(feed).owner, events(feed).exchanges) == (
        Outcome.INCONCLUSIVE, Owner.SUBJECT, ("e9",))
    assert ledger(feed).outcome is Outcome.PASS
    book = Books().record(unread={"ledger": Unread(says="timeout", owner=Owner.ENVIRONMENT.value)}, booked=None)
    assert (ledger(book).outcome, ledger(book).owner) == (Outcome.INCONCLUSIVE, Owner.ENVIRONMENT)
    assert events(book).outcome is Outcome.PASS


def test_entries_that_name_no_bet_are_judged_by_their_sum():
    books = Books()
    sums = [sum(books.sums[n] for n in range(COUNT) if PLAN.round(n).seat == seat) for seat in range(7)]
    booked = Booked(entries=bytes(COUNT), sums=(0,) * COUNT, nameless=tuple(range(7)), seats=tuple(sums))
    found = ledger(books.record(booked=booked))
    assert (found.outcome, found.measured["nameless"]) == (Outcome.PASS, 7)
    off = dataclasses.replace(booked, seats=(sums[0] + 1, *sums[1:]))
    assert ledger(books.record(booked=off)).outcome is Outcome.FAIL


def test_without_a_storm_or_with_a_lost_worker_nothing_is_told():
    record = Books().record()
    for draft in (ledger_after_burst(STORMED), events_after_burst(STORMED)):
        assert judged(draft, None).owner is Owner.HARNESS
        assert judged(draft, dataclasses.replace(record, watch=None)).owner is Owner.HARNESS
        lost = dataclasses.replace(record, result=dataclasses.replace(record.result, lost=(1,)))
        assert judged(draft, lost).outcome is Outcome.INCONCLUSIVE
        refused = dataclasses.replace(record, result=dataclasses.replace(
            record.result, begun=bytes([SHED]) * COUNT, ended=bytes(COUNT)))
        assert (judged(draft, refused).outcome, judged(draft, refused).owner) == (Outcome.INCONCLUSIVE, Owner.SUBJECT)
    nothing = Books().record(booked=Booked(entries=bytes(COUNT), sums=(0,) * COUNT, seats=(0,) * 7))
    assert ledger(nothing).outcome is Outcome.FAIL
