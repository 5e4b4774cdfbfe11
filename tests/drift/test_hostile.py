"""Documents made to hurt: each is compared rightly or refused in one line, in bounded time and memory."""

import json
import time
import tracemalloc
from datetime import date

import pytest

from harness.drift.changes import Verdict
from harness.drift.compare import Options, compare
from harness.drift.document import Unreadable, read_document

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
SECONDS = 20
"""Of this process's own work: what hangs would take far longer, and what is asked for takes about one."""


def api(schema, named=None):
    content = {"content": {"application/json": {"schema": schema}}}
    return {"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"}, "components": {"schemas": named or {}},
            "paths": {"/x": {"post": {"requestBody": content, "responses": {"200": {"description": "", **content}}}}}}


def judged(old, new):
    """The verdict and the rules; slow only where something hangs."""
    began = time.process_time()
    before, after = (read_document(json.dumps(one).encode(), file="api.json") for one in (old, new))
    found = compare(before, after, options=Options(today=date(2026, 11, 21)))
    assert time.process_time() - began < SECONDS
    return found.verdict, {one.rule for one in found.changes}


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def chain(link, end, length=500):
    """Named schemas in a row: each is `link` of the reference to the next, the last one `end`."""
    return api(ref("L0"), {f"L{n}": link(ref(f"L{n + 1}")) for n in range(length)} | {f"L{length}": end})


LINKS = {"member": lambda to: {"type": "object", "properties": {"next": to}},
         "item": lambda to: {"type": "array", "items": to}, "not": lambda to: {"not": to},
         "allOf": lambda to: {"allOf": [to, {"title": "more"}]},
         "anyOf": lambda to: {"anyOf": [to, {"type": "object", "required": ["x"]}]},
         "oneOf": lambda to: {"oneOf": [to, {"type": "object", "required": ["x"]}]}}


@pytest.mark.parametrize("length", [10, 39, 40, 41, 119, 120, 121, 500])
@pytest.mark.parametrize("link", LINKS)
def test_a_difference_at_the_end_of_a_chain_is_found_however_long_it_is(link, length):
    verdict, rules = judged(chain(LINKS[link], TEXT, length), chain(LINKS[link], WHOLE, length))
    assert verdict is Verdict.BREAKING
    assert any("type" in rule for rule in rules), rules


def test_a_chain_of_bare_references_is_followed_or_refused_in_one_line():
    assert judged(chain(dict, TEXT, 90), chain(dict, WHOLE, 90))[0] is Verdict.BREAKING
    with pytest.raises(Unreadable, match="leads from reference to reference"):
        judged(chain(dict, TEXT), chain(dict, WHOLE))


def doubling(made, end, levels=30):
    """A schema that unfolds to two to the power of `levels`."""
    return api(ref(f"B{levels}"), {"B0": end} | {f"B{n}": made(ref(f"B{n - 1}")) for n in range(1, levels + 1)})


@pytest.mark.parametrize("made", [
    lambda to: {"type": "object", "properties": {"a": to, "b": to}}, lambda to: {"allOf": [to, to]},
    lambda to: {"oneOf": [to, {"type": "object", "properties": {"x": to}}]}], ids=["members", "allOf", "oneOf"])
def test_schemas_that_unfold_to_billions_are_compared(made):
    assert judged(doubling(made, TEXT), doubling(made, WHOLE))[0] is Verdict.BREAKING
    assert judged(doubling(made, TEXT), doubling(made, TEXT))[0] is None


MANY = 100_000
SLOW = "(x+x+)+y"


@pytest.mark.parametrize(("old", "new", "verdicts"), [
    ({"enum": [f"v{n}" for n in range(MANY)]}, {"enum": [f"v{n}" for n in range(1, MANY + 1)]}, "breaking"),
    ({"enum": list(range(30_000))}, {"enum": list(reversed(range(30_000)))}, "editorial"),
    ({**TEXT, "pattern": "^(a+)+$"}, {**TEXT, "pattern": "^(a|aa)+b$"}, "breaking unsure"),
    ({**TEXT, "pattern": "(((a{1,100}){1,100}){1,100}){1,100}"}, {**TEXT, "pattern": SLOW}, "breaking unsure"),
    ({**TEXT, "pattern": "a" * MANY}, {**TEXT, "pattern": "a" * (MANY - 1) + "b"}, "breaking unsure"),
    ({"type": "object", "properties": {"x" * 5_000: TEXT}, "patternProperties": {SLOW: TEXT}},
     {"type": "object", "properties": {"x" * 5_000: WHOLE}, "patternProperties": {SLOW: WHOLE}}, "breaking"),
    ({"type": "object", "required": [f"p{n}" for n in range(20_000)]},
     {"type": "object", "required": [f"p{n}" for n in range(1, 20_001)]}, "breaking"),
    ({"type": "object", "properties": {f"p{n}": TEXT for n in range(10_000)}},
     {"type": "object", "properties": {f"p{n}": TEXT for n in range(1, 10_001)}}, "breaking"),
    ({"oneOf": [{"const": n} for n in range(5_000)]}, {"oneOf": [{"const": n} for n in range(1, 5_001)]}, "breaking"),
    ({**WHOLE, "minimum": 10**900, "multipleOf": 10**300}, {**WHOLE, "minimum": 10**901}, "breaking unsure"),
    ({"type": "array", "minItems": 10**9}, {"type": "array", "minItems": 10**9 + 1}, "breaking")],
    ids=["enum", "enum in another order", "pattern", "repeats", "long pattern", "names", "required", "members",
         "choices", "numbers", "sizes"])
def test_huge_and_slow_words_end(old, new, verdicts):
    verdict, _ = judged(api(old), api(new))
    assert verdict.value in verdicts.split()


def test_references_to_the_network_and_circles_of_nothing_are_refused_in_one_line():
    for schema, says in (({"$ref": "https://example.org/a.json"}, "leads to the network"),
                         ({"$ref": "#/components/schemas/A"}, "leads from reference to reference")):
        with pytest.raises(Unreadable, match=says) as refused:
            judged(api(schema, {"A": ref("B"), "B": ref("A")}), api(schema))
        assert "\n" not in str(refused.value)


def test_what_a_large_document_holds_in_memory_is_bounded_by_its_size():
    parts = {f"P{n}": {"type": "object", "properties": {f"m{k}": {**TEXT, "maxLength": k} for k in range(20)} | {
        "next": ref(f"P{(n + 1) % 80}")}} for n in range(80)}
    old = json.dumps(api(ref("P0"), parts)).encode()
    new = old.replace(b'"maxLength": 7', b'"maxLength": 6')
    tracemalloc.start()
    try:
        found = compare(*(read_document(one, file="api.json") for one in (old, new)),
                        options=Options(today=date(2026, 11, 21)))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(one.rule == "request-property-max-length-decreased" for one in found.changes) == 80
    assert most < 150 * len(old)
