"""Sets of strings by patterns: checked against trying every short string, one by one."""

import itertools
import re

import pytest

from harness.drift.languages import exactly, example, nothing, of_length, within

PATTERNS = ["", "a", "^a", "a$", "^a*$", "^(aa)*$", "^[ab]+$", "^(a|b)$", "^a{2,3}$", "^[^a]*$", "ab|b", "^a?b?$",
            "^(ab)+$", "^.$", "^$|^b$", "^(?:a|ab)b*$", "^a.b", "[^b]$", "^(a+)+$"]
STRINGS = ["".join(letters) for length in range(5) for letters in itertools.product("abc", repeat=length)]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(PATTERNS, PATTERNS)))
def test_containment_agrees_with_every_short_string(one, other):
    between = [text for text in STRINGS if re.search(one, text) and not re.search(other, text)]
    assert within([one], other) is (not between)
    found = example((one,), (other,))
    assert found is False if not between else (len(found) <= len(between[0]) and re.search(one, found)
                                               and not re.search(other, found))


@pytest.mark.parametrize(("patterns", "other"), [
    ([r"^\d+$"], "^[0-9]+$"), ([r"^\w$"], "^[A-Za-z0-9_]$"), (["^[A-Z]{3}$"], of_length(3, 3)),
    (["^a*$", of_length(2, 4)], "^aa"), (["^[^a]*$", "a"], "^nobody$"), ([r"\s"], r"[^\S]"), (["^x$"], exactly("x")),
    ([r"^[0-9a-f]{8}-[0-9a-f]{4}$"], "^[0-9a-f-]{13}$"), (["."], ".")])
def test_what_holds(patterns, other):
    assert within(patterns, other) is True


def test_what_is_refused_counts():
    assert nothing(["^emai(l|k)$"], [exactly("email"), exactly("emaik")]) is True
    assert nothing(["^emai(l|k)$"], [exactly("email")]) is False
    assert within((), "^[^a]*$", refused=["a"]) is True


@pytest.mark.parametrize("odd", [r"a(?=b)", r"(a)\1", "(?i)a", "[", "a" * 3000, "^(a{1,300}){1,300}$", r"\bword\b",
                                 r"^(?!x)", "^a{1000}$", r"\p{L}"])
def test_what_is_not_read_is_unsure(odd):
    assert within([odd], "b") is None


def test_hostile_patterns_end():
    many = "^(" + "|".join(f"a{{{n}}}" for n in range(1, 60)) + ")*$"
    assert within([many], "^(a|aa|aaa)*b?$") in (True, None)
    assert within(["(.*.*.*.*.*.*.*)*x(.{30})y"], "z") in (False, None)


def test_a_line_end_is_no_end():
    assert within(["^a$"], exactly("a")) is True
    assert example(("^.*$",), (exactly("a"),)) == ""
