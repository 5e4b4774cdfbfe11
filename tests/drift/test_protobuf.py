"""Protobuf: each rule at its smallest, what is tolerated, and what does not compile."""

import pytest

from harness.drift.changes import Verdict, worst
from harness.drift.protobuf import compare_protobuf
from harness.drift.protobuf.rules import ASKED_BY, CATEGORIES
from harness.model.errors import EnvironmentFault, UsageError

HEAD = 'syntax = "proto3";\npackage bets.v1;\n'


def file(body, head=HEAD):
    return {"bets.proto": head + body}


def broken(old, new, category="WIRE_JSON", **more):
    changes = compare_protobuf(old, new, category=category, **more)
    return {c.rule.removeprefix("protobuf-") for c in changes if c.verdict is Verdict.BREAKING}


def verdicts(old, new):
    """Category -> verdict, of the two bodies."""
    return {category: worst(c.verdict for c in compare_protobuf(file(old), file(new), category=category)).value
            for category in CATEGORIES}


def breaking_in(*names):
    return {category: "breaking" if category in names else "additive" for category in CATEGORIES}


@pytest.mark.parametrize(("old", "new", "where"), [
    ("message B { int32 a = 1; }", "message B { int32 a = 1; string b = 2; }", ()),
    ("message B { int32 a = 1; string b = 2; }", "message B { int32 a = 1; }", CATEGORIES),
    ("message B { int32 a = 1; string b = 2; }", "message B { reserved 2; reserved \"b\"; int32 a = 1; }",
     ("FILE", "PACKAGE")),
    ("message B { int32 a = 1; string b = 2; }", "message B { reserved 2; int32 a = 1; }",
     ("FILE", "PACKAGE", "WIRE_JSON")),
    ("message B { int32 a = 1; }", "message B { uint32 a = 1; }", ("FILE", "PACKAGE")),
    ("message B { int32 a = 1; }", "message B { int64 a = 1; }", ("FILE", "PACKAGE", "WIRE_JSON")),
    ("message B { int32 a = 1; }", "message B { bool a = 1; }", ("FILE", "PACKAGE", "WIRE_JSON")),
    ("message B { int32 a = 1; }", "message B { sint32 a = 1; }", CATEGORIES),
    ("message B { string a = 1; }", "message B { bytes a = 1; }", ("FILE", "PACKAGE", "WIRE_JSON")),
    ("message B { bytes a = 1; }", "message B { string a = 1; }", CATEGORIES),
    ("message B { int32 a = 1; }", "message B { int32 amount = 1; }", ("FILE", "PACKAGE", "WIRE_JSON")),
    ("message B { int32 a = 1; }", "message B { repeated int32 a = 1; }", CATEGORIES),
    ("message B { int32 a = 1; }", "message B { optional int32 a = 1; }", ("FILE", "PACKAGE")),
    ("message B { int32 a = 1; int32 b = 2; }", "message B { oneof o { int32 a = 1; int32 b = 2; } }", CATEGORIES),
    ("enum S { A = 0; W = 1; }", "enum S { A = 0; W = 1; L = 2; }", ()),
    ("enum S { A = 0; W = 1; }", "enum S { A = 0; }", CATEGORIES),
    ("enum S { A = 0; W = 1; }", "enum S { reserved 1; reserved \"W\"; A = 0; }", ("FILE", "PACKAGE")),
    ("enum S { A = 0; W = 1; }", "enum S { A = 0; WON = 1; }", ("FILE", "PACKAGE", "WIRE_JSON")),
    ("message B { reserved 2 to 9; }", "message B { reserved 2 to 4, 5 to 12; }", ()),
    ("message B { reserved 2 to 9; }", "message B { reserved 2 to 8; }", CATEGORIES),
    ("message B {} message C {}", "message B {}", ("FILE", "PACKAGE")),
    ("message B { map<string, int32> m = 1; }", "message B { map<string, string> m = 1; }", CATEGORIES),
    ("message B {} service S { rpc Do(B) returns (B); }", "message B {} service S { rpc Do(B) returns (stream B); }",
     CATEGORIES),
    ("message B {} service S { rpc Do(B) returns (B); }", "message B {} service S {}", ("FILE", "PACKAGE")),
])
def test_a_change_breaks_the_categories_it_should(old, new, where):
    said = verdicts(old, new)
    expected = breaking_in(*where)
    if old.startswith("message B { reserved") and not where:
        expected = dict.fromkeys(CATEGORIES, "editorial")
    assert said == expected


def test_words_and_order_are_editorial():
    old = file("message B { int32 a = 1; int32 b = 2; }")
    new = file("// a bet\nmessage B { int32 b = 2; int32 a = 1; }")
    (only,) = compare_protobuf(old, new)
    assert (only.rule, only.verdict) == ("protobuf-reworded", Verdict.EDITORIAL)
    assert compare_protobuf(old, old) == []


def test_an_event_that_goes_breaks_where_removals_are_asked_for():
    old, new = file("message B {} message C {}"), file("message B {}")
    assert broken(old, new) == set()
    assert broken(old, new, removals=True) == {"package-message-no-delete"}
    found = next(c for c in compare_protobuf(old, new, removals=True) if c.verdict is Verdict.BREAKING)
    assert (found.old.pointer, found.old.line, found.new) == ("bets.v1.C", 3, None)


def test_editions_and_old_syntaxes_read_alike():
    proto3 = file("message B { optional int32 a = 1; }")
    edition = file("message B { int32 a = 1; }", 'edition = "2023";\npackage bets.v1;\n')
    assert broken(proto3, edition) == set()
    assert broken(proto3, edition, "FILE") == {"file-same-syntax"}
    implicit = file("message B { int32 a = 1; }", 'edition = "2023";\npackage bets.v1;\n'
                    "option features.field_presence = IMPLICIT;\n")
    assert broken(edition, implicit, "FILE") == {"field-same-cardinality"}


def test_required_fields_and_defaults():
    head = 'syntax = "proto2";\npackage bets.v1;\n'
    old = file("message B { optional int32 a = 1; }", head)
    assert broken(old, file("message B { required int32 a = 1; }", head)) == {
        "message-same-required-fields", "field-wire-json-compatible-cardinality"}
    assert broken(old, file("message B { optional int32 a = 1 [default = 7]; }", head)) == {"field-same-default"}
    assert broken(old, file("message B { optional int32 a = 1 [default = 0]; }", head)) == set()


def test_an_enum_that_moved_and_kept_its_values_is_the_same():
    old = file("enum S { Z = 0; } message B { S s = 1; }")
    assert broken(old, file("message B { enum S { Z = 0; Y = 1; } S s = 1; }")) == set()
    assert broken(old, file("message B { enum T { Z = 0; Y = 1; } T s = 1; }")) == {"field-wire-json-compatible-type"}


def test_imports_are_followed_and_google_s_own_are_known():
    files = {"bets/money.proto": 'syntax = "proto3"; package bets; message Money { int64 minor = 1; }',
             "bets/bet.proto": 'syntax = "proto3"; package bets; import "bets/money.proto"; '
                               'import "google/protobuf/timestamp.proto"; '
                               "message Bet { Money stake = 1; google.protobuf.Timestamp at = 2; }"}
    changed = {**files, "bets/money.proto": files["bets/money.proto"].replace("int64", "string")}
    assert broken(files, changed) == {"field-wire-json-compatible-type"}


@pytest.mark.parametrize(("files", "said"), [
    ({"a.proto": "message"}, "does not compile: a.proto:"),
    ({"a.proto": 'syntax = "proto3"; import "none.proto";'}, "none.proto"),
    ({"../a.proto": ""}, "cannot be the name"), ({"/a.proto": ""}, "cannot be the name"),
    ({"-I.proto": ""}, "cannot be the name"), ({"a.txt": ""}, "cannot be the name"),
    ({"a.proto": "x" * 9_000_000}, "8 MB"),
])
def test_what_does_not_compile_gets_one_line(files, said):
    with pytest.raises(UsageError) as error:
        compare_protobuf({}, files)
    assert said in error.value.line()
    assert "\n" not in error.value.line()


def test_without_protoc_the_remedy_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EnvironmentFault) as error:
        compare_protobuf(file("// never compiled before"), file(""))
    assert error.value.line() == "comparing Protobuf needs grpcio-tools. pip install 'certify[protobuf]'"


def test_a_compiler_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr("harness.drift.protobuf.descriptors._PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr("harness.drift.protobuf.descriptors.SECONDS", 0.2)
    with pytest.raises(UsageError, match=r"more than 0\.2 s"):
        compare_protobuf(file("// compiled for ever"), file(""))


def test_an_unknown_category_is_refused():
    with pytest.raises(UsageError, match="no category"):
        compare_protobuf({}, {}, category="ALL")


def test_every_rule_is_asked_for_by_a_category():
    assert len(ASKED_BY) >= 40
    assert set().union(*ASKED_BY.values()) == set(CATEGORIES)
