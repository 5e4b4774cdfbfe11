"""How busy a generator is, told over long enough a time to mean anything."""

from types import SimpleNamespace

import pytest

from harness.drivers.locust_engine import busy
from harness.drivers.locust_engine.busy import Busy


@pytest.fixture
def clock(monkeypatch):
    """`.gone` and `.spent` in seconds, to be set."""
    found = SimpleNamespace(gone=0.0, spent=0.0)
    monkeypatch.setattr(busy, "time", SimpleNamespace(monotonic=lambda: found.gone, process_time=lambda: found.spent))
    return found


def test_the_share_is_of_the_time_since_it_was_last_told(clock):
    one = Busy()
    clock.gone, clock.spent = 1.0, 0.25
    assert one.share() == 0.25
    clock.gone, clock.spent = 2.0, 1.25
    assert one.share() == 1.0


def test_the_last_report_right_after_another_accuses_nobody(clock):
    one = Busy()
    clock.gone, clock.spent = 0.5, 0.1
    assert one.share() == 0.2
    clock.gone, clock.spent = 0.501, 0.101
    assert one.share() == 0.0, "all of a millisecond went into the report itself"
    clock.gone, clock.spent = 1.0, 0.35
    assert one.share() == 0.5, "it is counted in the next time"
