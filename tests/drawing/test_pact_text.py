"""A verification of pacts in lines: every interaction, what it lacks, and nothing that moves a terminal."""

import pytest

from harness.drawing.pact_text import pact_text
from harness.model.pact_record import Became, InteractionResult, LeftOut, Mismatch, PactRecord


def result(became, description="settle a bet", **changes):
    return InteractionResult(**{"consumer": "rgs", "provider": "platform", "source": "rgs.json", "kind": "http",
                                "description": description, "became": became, "method": "POST", "path": "/v1/x",
                                **changes})


MISMATCH = Mismatch(kind="body", path="$.win", expected="1", actual="2", says="Expected 2 to be 1\x1b[31m")
RECORD = PactRecord(id="p", check="c", sources=(), problems=("the broker is gone",), results=(
    result(Became.VERIFIED, states=("a bet",)), result(Became.MISMATCHED, mismatches=(MISMATCH,) * 7, exchanges=("e1",),
                                                       states=("a bet",), controls=("MONEY-01",)),
    result(Became.NOT_SET_UP, why="no moon", pending=True, description="d" * 200, consumer="crm"),
    result(Became.NOT_PRODUCED, method="", path="in webhooks")),
    left_out=(LeftOut(consumer="j", description="d", why="it offers no jackpots"),))


@pytest.mark.parametrize(("ascii_only", "marks"), [(False, "✓✗?"), (True, ("ok", "NO", "? "))])
def test_each_interaction_has_its_line_and_what_it_lacks(ascii_only, marks):
    lines = pact_text(RECORD, ascii_only=ascii_only)
    text = "\n".join(lines)
    for mark in marks:
        assert f"  {mark}" in text
    for piece in ("settle a bet: POST /v1/x (MONEY-01)", "body $.win: Expected 2 to be 1?[31m", "given a bet",
                  "and 2 more differences", "exchanges e1", "[pending]", "no moon", "not read: the broker is gone",
                  "does not apply: j: d (it offers no jackpots)", "settle a bet: in webhooks"):
        assert piece in text
    assert max(map(len, lines)) <= 80
    assert text.count("given a bet") == 1
    assert "\x1b" not in text
    assert text.isascii() is ascii_only
