"""CONT-15: accepted with Location, and ended there."""

import pytest

from harness.judges.accepted import accepted, reaches_end

PLACE = {"Location": "/v1/ops/1/status"}


@pytest.mark.parametrize(("options", "wanted"), [
    ({"status": 202, "answer": PLACE}, "pass"), ({"status": 202}, "fail"), ({"status": 200, "answer": PLACE}, "fail"),
    ({"status": 202, "answer": {"Location": " "}}, "fail"), ({"status": 422}, "fail"),
    ({"status": 503}, "inconclusive"),
    ({"failure": "timeout"}, "inconclusive")])
def test_accepted_means_202_with_location(make, options, wanted):
    call = make.exchange("POST", **options)
    assert make.outcome(accepted(call), call) == wanted


@pytest.mark.parametrize(("statuses", "wanted"), [
    (["pending", "running", "succeeded"], "pass"), (["failed"], "pass"), (["pending"], "fail"), ([None], "fail"),
    (["succeeded", "pending"], "fail"), ([], "inconclusive")])
def test_the_last_reading_must_be_final(make, statuses, wanted):
    readings = [make.exchange(body={"status": status}) for status in statuses]
    assert make.outcome(reaches_end(readings), *readings) == wanted


def test_a_place_that_does_not_answer_is_no_end(make, hostile):
    for reading, wanted in ((make.error(), "fail"), (make.exchange(status=503), "inconclusive"),
                            (make.exchange(body=hostile), "fail"), (make.exchange(body={"status": hostile}), "fail")):
        assert make.outcome(reaches_end([reading]), reading) == wanted
