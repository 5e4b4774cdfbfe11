"""A waiver accepts one change until a day, and never hides it."""

from dataclasses import replace
from datetime import date

import pytest

from harness.drift.changes import Comparison, Effect, Place, Side, Verdict, change
from harness.drift.waivers import fingerprint, read_waivers, waived
from harness.model.errors import UsageError

TODAY = date(2026, 11, 22)
BREAK = change("request-property-removed", "amount was removed.", where="POST /v1/bets request body",
               effect=Effect.NARROWS, side=Side.IN, old=Place(file="a.yaml", pointer="/x", line=3),
               new=Place(file="b.yaml", pointer="/x", line=4))
FOUND = Comparison(format="openapi", old_version="1.0.0", new_version="1.1.0", changes=(BREAK,))


def toml(mark=None, reason="agreed", expires="2027-01-31"):
    return (f'[[waiver]]\nchange = "{mark or fingerprint(BREAK)}"\nreason = "{reason}"\nexpires = {expires}\n').encode()


def test_a_waived_change_stays_visible_and_no_longer_decides():
    found = waived(FOUND, read_waivers(toml(), file="w.toml"), today=TODAY)
    assert found.changes[0].waived == "agreed (until 2027-01-31)"
    assert found.changes[0].verdict is Verdict.BREAKING
    assert found.verdict is None
    assert found.notes == ()


def test_the_fingerprint_survives_moves_and_tells_facts_apart():
    moved = replace(BREAK, old=Place(file="main:a.yaml", pointer="/x", line=99))
    assert fingerprint(moved) == fingerprint(BREAK)
    others = [replace(BREAK, says="stake was removed."), replace(BREAK, rule="other"), replace(BREAK, where="else"),
              replace(BREAK, new=Place(file="b.yaml", pointer="/y"))]
    assert len({fingerprint(c) for c in (BREAK, *others)}) == 5


def test_expired_and_unmatched_waivers_are_told_and_do_not_count():
    old = waived(FOUND, read_waivers(toml(expires="2026-11-21"), file="w.toml"), today=TODAY)
    assert old.verdict is Verdict.BREAKING
    assert "ran out on 2026-11-21" in old.notes[0]
    last_day = waived(FOUND, read_waivers(toml(expires="2026-11-22"), file="w.toml"), today=TODAY)
    assert last_day.verdict is None
    other = waived(FOUND, read_waivers(toml(mark="0" * 12), file="w.toml"), today=TODAY)
    assert other.verdict is Verdict.BREAKING
    assert "matches no change" in other.notes[0]


def test_yaml_says_the_same():
    text = f"waiver:\n- change: '{fingerprint(BREAK)}'\n  reason: agreed\n  owner: Kim\n  expires: 2027-01-31\n"
    assert waived(FOUND, read_waivers(text.encode(), file="w.yaml"), today=TODAY).changes[0].waived \
        == "agreed (until 2027-01-31, Kim)"
    assert read_waivers(b"", file="w.yml") == ()


@pytest.mark.parametrize(("file", "text", "said"), [
    ("w.toml", b"[[waiver]\n", "line 1"), ("w.toml", b"\xff", "UTF-8"), ("w.toml", b"other = 1", "'other'"),
    ("w.toml", b"waiver = 1", "must be a list"), ("w.toml", b"waiver = [1]", "waiver 1 must be a table"),
    ("w.toml", b"[[waiver]]\nreason = 'x'", "waiver 1: change is missing"),
    ("w.toml", toml(expires="'soon'"), "waiver 1: expires 'soon' is no date"),
    ("w.toml", toml(mark="xyz"), "no fingerprint"), ("w.toml", toml(reason=""), "reason must be a text"),
    ("w.toml", toml() + toml(), "waiver 2"), ("w.toml", toml() + b"colour = 1\n", "'colour'"),
    ("w.yaml", b"waiver: [", "w.yaml, line 1"), ("w.yaml", b"- 1", "not a table"),
    ("w.yaml", b"a: &a [1]\nwaiver: *a", "aliases"), ("w.yaml", b"waiver: !!python/object:x {}", "not YAML")])
def test_a_bad_file_is_one_line_with_its_place(file, text, said):
    with pytest.raises(UsageError) as refused:
        read_waivers(text, file=file)
    line = refused.value.line()
    assert line.startswith(file)
    assert said in line
    assert "\n" not in line
