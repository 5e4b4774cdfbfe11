"""What was watched beside a storm: to the journal and back, and nothing hostile taken for it."""

import dataclasses
import json

import pytest

from harness.model.arrivals import constant
from harness.model.storm import Caller, Seat, StormPlan
from harness.model.storm_record import StormRecord, StormResult
from harness.model.storm_watch import Booked, Canary, Queue, StormWatch, Unread
from harness.model.tally import Tally

WATCH = StormWatch(
    ended_at=12.5, seen_until=20.0, lag_promise=3.0, patience=20.0, not_taken=1, events=4,
    canaries=(Canary(at=-1.0, low=0.1, high=0.2, exchange="e1"),
              Canary(at=3.0, low=9.0, high=None, exchange="e2", feed=1)),
    queues=(Queue(name="owed", samples=((-1.0, 0.0), (5.0, 7.5)), exchange="e3"),), told=(b"\1\0", b"\1\2", b"\0\0"),
    booked=Booked(entries=b"\2\1", sums=(-40, 1 << 40), nameless=(3,), seats=(7, -9)),
    unread={"queues": Unread(says="no such", owner="target profile", exchange="e4")}, looked_at={1: ("e5", "e6")})


@pytest.mark.parametrize("watch", [
    WATCH, dataclasses.replace(WATCH, booked=None, settle_promise=10.0, lag_promise=None),
    StormWatch(ended_at=1.0, seen_until=0.0)])
def test_it_is_the_same_when_it_comes_back_from_the_journal(watch):
    assert StormWatch.from_line(json.loads(json.dumps(watch.to_line()))) == watch


def test_what_was_never_seen_took_longer_than_anything():
    assert [c.latest for c in WATCH.canaries] == [0.2, float("inf")]


def test_rounds_are_a_few_bytes_each_in_the_journal():
    count = 60_000
    many = dataclasses.replace(WATCH, told=(bytes([1]) * count,) * 3, booked=Booked(
        entries=bytes([2]) * count, sums=tuple((n * 7919) % 180 - 90 for n in range(count)), seats=(0,) * 40))
    assert len(json.dumps(many.to_line())) < 4 * count


@pytest.mark.parametrize(("name", "value"), [
    ("told", ["x"]), ("told", ["eJw="]), ("canaries", [[1, 2]]), ("ended_at", None), ("unread", {"feed": {"what": 1}}),
    ("looked_at", {"one": []}), ("booked", {"entries": ""}), ("queues", [["a", [[1]], ""]])])
def test_a_damaged_line_is_named_and_nothing_else(name, value):
    with pytest.raises((KeyError, TypeError, ValueError)):
        StormWatch.from_line({**WATCH.to_line(), name: value})


def test_a_record_has_it_or_comes_from_an_older_release():
    plan = StormPlan(base_url="http://x", schedule=constant(1, 2, spacing="even"),
                     callers=(Caller(headers=(), token=""),), seats=(Seat(player_id="p", session_id="s"),))
    record = StormRecord(id="storm", check="c", plan=plan, watch=WATCH,
                         result=StormResult(tally=Tally(), begun=b"\1\1", ended=b"\1\1", workers=1))
    line = json.loads(json.dumps(record.to_line()))
    assert StormRecord.from_line(line).watch == WATCH
    del line["watch"]
    assert StormRecord.from_line(line).watch is None
    assert "watch" not in StormRecord.from_line(line).to_line()
