"""A subject that says "busy, come back" is come back to: every try recorded, waits kept, patience bounded."""

import time

import pytest

from harness.contracts import packs
from harness.counterparts import party as party_module
from harness.counterparts.party import Party
from harness.engine.ports import Sent
from harness.engine.redaction import Redactor
from harness.model.exchange import Exchange
from harness.model.operations import operations
from harness.model.profile import ContractProfile, Credential


def answer(status, **headers):
    return Exchange(id="x", check="", actor="provider", method="GET", url="http://x/", status=status,
                    response_headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))


class Scripted:
    """A sender that answers from a list and notes when it was asked."""

    def __init__(self, *answers):
        self.answers, self.times = list(answers), []

    def send(self, _):
        self.times.append(time.monotonic())
        return Sent(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def call(sender):
    party = Party("provider", Credential(client_id="a", secret="s"), base_url="http://x",
                  known=operations(packs.openapi("1.7")), profile=ContractProfile(), sender=sender,
                  redactor=Redactor(), fresh=lambda kind: f"{kind}-1")
    return party.call("getSandboxInfo", token=None)


@pytest.mark.parametrize("status", [429, 503])
def test_a_named_wait_is_kept_and_the_call_made_again(monkeypatch, status):
    monkeypatch.setattr(party_module, "_SHORTEST_WAIT", 0.2)
    sender = Scripted(answer(status, Retry_After="0"), answer(status, Retry_After="0"), answer(200))
    assert call(sender).status == 200
    assert len(sender.times) == 3
    assert sender.times[1] - sender.times[0] >= 0.2


@pytest.mark.parametrize("busy", [
    answer(429), answer(503), answer(429, Retry_After="soon"), answer(500, Retry_After="0"),
    answer(503, Retry_After="3600"), answer(429, Retry_After="9" * 400)])
def test_no_wait_named_or_one_beyond_patience_is_taken_as_the_answer(busy):
    sender = Scripted(busy)
    assert call(sender) is busy
    assert len(sender.times) == 1


def test_a_subject_that_is_always_busy_ends_our_patience(monkeypatch):
    monkeypatch.setattr(party_module, "_PATIENCE_SECONDS", 2.0)
    sender = Scripted(answer(429, Retry_After="0"))
    assert call(sender).status == 429
    assert 2 <= len(sender.times) <= 21


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"Retry_After": "7"}, 7.0), ({"retry_after": " 0 "}, 0.0), ({}, None), ({"Retry_After": "-1"}, None),
    ({"Retry_After": "1.5"}, None), ({"Retry_After": "٣"}, None),
    ({"Retry_After": "Sat, 21 Nov 2026 06:00:09 GMT", "Date": "Sat, 21 Nov 2026 06:00:02 GMT"}, 7.0),
    ({"Retry_After": "Sat, 21 Nov 2026 06:00:00 GMT", "Date": "Sat, 21 Nov 2026 06:00:02 GMT"}, 0.0),
    ({"Retry_After": "Sat, 21 Nov 2026 06:00:09 GMT"}, None),
    ({"Retry_After": "Sat, 21 Nov 2026 06:00:09 GMT", "Date": "Sat, 21 Nov 2026 06:00:02"}, None)])
def test_retry_after_in_both_of_its_forms(headers, seconds):
    assert answer(429, **headers).retry_after() == seconds


@pytest.mark.parametrize("hostile", [
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
    "Mon, 01 Jan 2024 00:00:00 -99999999999999999999", "Mon, 01 Jan 2024 00:00:00 +2400",
    "Mon, 99999999999999999999 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 99999999999999999999:00:00 GMT",
    "Mon, 01 Jan 2024 00:00:00 -0000", "²", ",", "(", "-", "\x00"])
def test_a_date_that_no_calendar_has_names_no_wait(hostile):
    good = "Sat, 21 Nov 2026 06:00:09 GMT"
    assert answer(429, Retry_After=hostile, Date=good).retry_after() is None
    assert answer(429, Retry_After=good, Date=hostile).retry_after() is None
