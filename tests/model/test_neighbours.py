"""What a journal keeps of who else was busy: there and back, bounded by what was there before, absent in old ones."""

import dataclasses
import json

import pytest

from harness.model.neighbours import Moment, Neighbours
from harness.model.storm_record import StormRecord
from tests.storm_made import made_storm

SEEN = Neighbours(cores=2, moments=(Moment(at=0.5, seconds=0.5, others=0.9, idle=0.0),
                                    Moment(at=2.0, seconds=1.5, others=0.1, idle=0.7)))


def test_it_goes_through_a_journal_and_older_ones_lack_it():
    record = dataclasses.replace(made_storm(), neighbours=SEEN)
    line = json.loads(json.dumps(record.to_line()))
    assert StormRecord.from_line(line).neighbours == SEEN
    del line["neighbours"]
    assert StormRecord.from_line(line).neighbours is None
    assert "neighbours" not in StormRecord.from_line(line).to_line()


def test_strangers_took_at_most_what_they_took_before():
    assert [one.others for one in SEEN.between()] == [0.9, 0.1]
    assert [one.others for one in dataclasses.replace(SEEN, before=0.3).between()] == [0.3, 0.1]
    assert [one.at for one in SEEN.between(0.5)] == [2.0]


def test_the_share_is_weighed_by_time_and_unknown_where_nothing_was_seen():
    assert SEEN.taken() == pytest.approx((0.9 * 0.5 + 0.1 * 1.5) / 2)
    assert SEEN.taken(1.0) == 0.9
    assert SEEN.taken(0.1) is None


@pytest.mark.parametrize(("name", "value"), [("moments", [[1, 2]]), ("moments", None), ("cores", None),
                                             ("before", "much"), ("moments", [[1, 2, 3, "x"]])])
def test_a_damaged_line_is_named_and_nothing_else(name, value):
    with pytest.raises((TypeError, ValueError)):
        Neighbours.from_line({**SEEN.to_line(), name: value})
