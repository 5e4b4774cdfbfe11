"""Made-up requests as values: twisted number by number, and made smaller step by step."""

import json

import pytest

from harness.counterparts.fuzz_cases import Smaller, parsed, plainly, twists
from harness.engine.ports import FuzzCase


def case(body=None, *, url="http://x.test/v1/bets", headers=(("Content-Type", "application/json"),), raw=None):
    return FuzzCase(operation="o", method="POST", url=url, headers=headers, phase="fuzzing", spoiled=frozenset(),
                    body=raw if raw is not None else None if body is None else json.dumps(body).encode())


def test_each_number_of_the_body_is_twisted_by_itself_and_the_case_is_spoiled():
    before = {"bet_id": "b", "win": {"amount": 1_007, "currency": "EUR"}, "freespins": 3}
    odd = list(twists(case(before)))
    assert [json.loads(o.body) for o in odd] == [
        {**before, "win": {"amount": "7", "currency": "EUR"}}, {**before, "win": {"amount": 7.5, "currency": "EUR"}},
        {**before, "freespins": "3"}, {**before, "freespins": 3.5}]
    assert {o.spoiled for o in odd} == {frozenset(("body",))}


@pytest.mark.parametrize("raw", [None, b"", b"[1, 2]", b"7", b'{"a": "x"}', b'{"a": true}', b"\xff", b"{", b"null"])
def test_a_body_without_numbers_has_no_twists(raw):
    assert list(twists(case(raw=raw))) == []


def test_whole_numbers_are_written_as_such_and_all_else_stays():
    before = case(raw=b'{"win":{"amount":224.0,"currency":"EUR"},"share":0.5,"text":"7.0","big":1e3}')
    assert plainly(before).body == b'{"win":{"amount":224,"currency":"EUR"},"share":0.5,"text":"7.0","big":1000}'
    for raw in (None, b"\xff", b"{", b"[1.0]", b'{"a": 1,  "b": 0.5}'):
        assert plainly(case(raw=raw)) == case(raw=raw)


def smallest(before, shows):
    """What the search ends with when `shows` says whether a case still shows the defect."""
    best = before
    for smaller in Smaller(before):
        if shows(smaller.case):
            best = smaller.case
            smaller.keep()
    return best


def test_all_is_left_out_that_the_defect_does_not_need():
    before = case({"win": {"amount": 5, "currency": "EUR"}, "reason": "long", "note": {"a": 1}},
                  url="http://x.test/v1/bets?limit=5&cursor=a",
                  headers=(("X-Odd", "1"), ("Content-Type", "application/json"), ("X-Trace-Id", "t")))
    best = smallest(before, lambda c: "limit=5" in c.url and b"amount" in c.body and ("X-Odd", "1") in c.headers)
    assert best.url == "http://x.test/v1/bets?limit=5"
    assert best.headers == (("X-Odd", "1"), ("Content-Type", "application/json"))
    assert json.loads(best.body) == {"win": {"amount": 5}}


def test_a_defect_that_needs_everything_keeps_everything():
    before = case({"a": {"b": 1}}, url="http://x.test/?q=1", headers=(("X-A", "1"),))
    assert smallest(before, lambda _: False) == before


@pytest.mark.parametrize("raw", [None, b"", b"[[1]]", b"\xff\xfe", b'{"a"'])
def test_what_is_no_object_is_not_taken_apart(raw):
    before = case(raw=raw)
    assert smallest(before, lambda _: True).body == raw


def test_a_body_too_deep_to_read_is_none():
    assert parsed(b"[" * 100_000) is None
    assert parsed(b'{"a": 1}') == {"a": 1}
    assert parsed(None) is None
