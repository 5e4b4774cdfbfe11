"""Contracts are read with the line of every part, or refused in one line that says where and what to do."""

import json

import pytest

from harness.drift.document import FILES, MAX_BYTES, Unreadable, read_document


def read(text, file="api.yaml", **given):
    return read_document(text.encode() if isinstance(text, str) else text, file=file, **given)


def refused(text, *, file="api.yaml", **given):
    with pytest.raises(Unreadable) as caught:
        read(text, file, **given)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(file)
    return said


def test_yaml_is_read_as_version_1_2():
    value = read("on: yes\nno: off\nnull_: ~\nsize: 10\nshare: 0.5\nbig: 1e3\nhex: 0xFF\noct: 0o17\nold: 017\n"
                 "time: 12:30:45\nday: 2026-11-22\n200: ok\nquoted: '1'\nempty:\nnan: .nan\nhuge: 1e999\n").value
    assert value == {"on": "yes", "no": "off", "null_": None, "size": 10, "share": 0.5, "big": 1000.0, "hex": 255,
                     "oct": 15, "old": 17, "time": "12:30:45", "day": "2026-11-22", "200": "ok", "quoted": "1",
                     "empty": None, "nan": ".nan", "huge": "1e999"}


def test_versions_stay_text():
    text = "openapi: 3.1\ninfo: {version: 1.10}\nx: {x-deprecated-since: 1.10, version: 1.0}\n"
    assert read(text).value == {"openapi": "3.1", "info": {"version": "1.10"},
                                "x": {"x-deprecated-since": "1.10", "version": 1.0}}
    assert read('{"info": {"version": 1.10}, "n": 1.10}').value == {"info": {"version": "1.10"}, "n": 1.1}


def test_every_part_has_its_line():
    document = read("a:\n  b: 1\n  c/d:\n    - x\n    - {y: z}\n")
    assert {p: document.place(p).line for p in ("", "/a", "/a/b", "/a/c~1d", "/a/c~1d/1/y")} == {
        "": 1, "/a": 1, "/a/b": 2, "/a/c~1d": 3, "/a/c~1d/1/y": 5}
    assert document.place("/a/b/nothing/here").line == 2
    assert document.place("/a/b").file == "api.yaml"


def test_json_has_lines_too():
    document = read('{\n "a": {\n  "b": [1,\n   "\\ud83d\\ude00", true, null, -1.5e2, {}, []]}}', file="api.json")
    assert document.value == {"a": {"b": [1, "😀", True, None, -150.0, {}, []]}}
    assert [document.place(p).line for p in ("/a", "/a/b", "/a/b/0", "/a/b/1")] == [2, 3, 3, 4]


def test_yaml_in_flow_style_is_no_broken_json():
    assert read("{a: [1, two], 'b': {}}").value == {"a": [1, "two"], "b": {}}


def test_anchors_and_merges():
    value = read("one: &o {x: 1, y: 2}\ntwo: *o\nthree:\n  <<: *o\n  y: 3\nfour: {<<: [*o, {z: 9, x: 8}]}\n").value
    assert value == {"one": {"x": 1, "y": 2}, "two": {"x": 1, "y": 2}, "three": {"x": 1, "y": 3},
                     "four": {"x": 1, "y": 2, "z": 9}}


@pytest.mark.parametrize(("text", "line", "says"), [
    ("a: [1\nb: 2\n", 2, "not YAML"), ("a: 1\nb: 2\na: 3\n", 3, "'a' is there twice"), ("- 1\n", 1, "no mapping"),
    ("", None, "no mapping"), ("a: 1\n---\nb: 1\n", 2, "second document"), ("a: !!python/name:os.system x\n", 1, "tag"),
    ("a: 1\n[x]: 2\n", 2, "no text"), ("a: *b\n", 1, "no anchor"), ("a: &x\n  b: *x\n", 2, "inside of its own"),
    ("a:\n  $ref: '#/nowhere'\n", 2, "leads to nothing"),
    ("a:\n\n  $ref: https://example.com/a.yaml#/x\n", 3, "network"),
    ("a: {$ref: other.yaml#/x}", 1, "other files are not read"), ("a: {$ref: '#gone'}", 1, "leads to nothing"),
    ("a: {$ref: '#/a'}", 1, "nowhere else"), ("a: {$ref: '#/b'}\nb: {$ref: '#/a'}", None, "nowhere else"),
    ("a: " + "[" * 300 + "]" * 300, 1, "deeper than 200"), (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
    ("a: \x00", None, "not YAML"), (f"{FILES}: 1", 1, "reserved")])
def test_what_cannot_be_read_is_refused_in_one_line(text, line, says):
    said = refused(text)
    assert says in said
    assert line is None or f", line {line}: " in said
    assert "; " in said


@pytest.mark.parametrize(("text", "line", "says"), [
    ('{"a": 1,}', 1, "key in double quotes"), ('{"a" 1}', 1, "colon"), ('{"a": 1\n "b": 2}', 2, "comma"),
    ('{"a":\n}', 2, "value is missing"), ('{"a": 1}\n]', 2, "after the end"), ('{"a": "x', 1, "Unterminated"),
    ('{"a": 1,\n"a": 2}', 2, "twice"), ('{"a": ' + "[" * 300 + "]" * 300 + "}", 1, "deeper"), ('{"a": 1', 1, "comma")])
def test_json_is_refused_with_its_line(text, line, says):
    said = refused(text, file="api.json")
    assert f", line {line}: " in said
    assert says in said


def test_laughs_in_billions_are_refused_before_they_are_built():
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "aliases multiply" in refused(text)


def test_aliases_do_not_hide_depth():
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 300))
    assert "deeper than 200" in refused(text)


def test_too_large_is_refused():
    assert "more than 20 MB" in refused(b"a: " + b"x" * MAX_BYTES)


def test_references_may_be_cyclic():
    text = "components:\n  schemas:\n    Node: {properties: {next: {$ref: '#/components/schemas/Node'}}}\n"
    assert read(text).value["components"]["schemas"]["Node"]["properties"]["next"]["$ref"].endswith("/Node")


def test_references_in_data_are_data():
    read("a: {example: {$ref: nowhere.yaml}, default: {$ref: '#/x'}, enum: [{$ref: '#/y'}], x-more: {$ref: q}}")
    assert "leads to nothing" in refused("a: {properties: {default: {$ref: '#/x'}}}")
    assert "leads to nothing" in refused("a: {responses: {default: {$ref: '#/x'}}}")


def test_pointers_are_unescaped_and_lead_through_references():
    text = ("paths: {/a/b: {get: {x: 1}}}\na: {$ref: '#/paths/~1a~1b/get'}\nb: {$ref: '#/paths/%7E1a~1b'}\n"
            "c: {$ref: '#/b/get/x'}\nd: [{$ref: '#/d/1'}, {y: 1}]\n")
    assert read(text).value["c"] == {"$ref": "#/paths/~1a~1b/get/x"}


def test_anchors_and_ids_of_schemas_become_pointers():
    text = ("$id: https://example.com/root\n$defs:\n  a: {$anchor: here, type: string}\n"
            "  b: {$id: inner, $defs: {c: {$ref: '#/$defs/d'}, d: {}}}\n"
            "properties: {x: {$ref: '#here'}, y: {$ref: inner}, z: {$ref: 'https://example.com/root#/$defs/a'}}\n")
    value = read(text).value
    assert value["properties"] == {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/b"}, "z": {"$ref": "#/$defs/a"}}
    assert value["$defs"]["b"]["$defs"]["c"] == {"$ref": "#/$defs/b/$defs/d"}


def test_other_files_are_brought_in_with_their_own_places():
    files = {"parts/common.yaml": b"A:\n  items: {$ref: '#/B'}\nB: {$ref: ../api.yaml#/Own}\nC: {$ref: 'deep.yaml'}\n",
             "parts/deep.yaml": b"type: string\nprops:\n  x: {$ref: './common.yaml#/A'}\n"}
    document = read("Own: {type: integer}\nx: {$ref: 'parts/common.yaml#/A'}\ny: {$ref: 'parts/common.yaml#/C'}\n",
                    others=files.__getitem__)
    value = document.value
    assert value["x"] == {"$ref": f"#/{FILES}/parts~1common.yaml/A"}
    common, deep = value[FILES]["parts/common.yaml"], value[FILES]["parts/deep.yaml"]
    assert common["A"]["items"] == {"$ref": f"#/{FILES}/parts~1common.yaml/B"}
    assert common["B"] == {"$ref": "#/Own"}
    assert common["C"] == {"$ref": f"#/{FILES}/parts~1deep.yaml"}
    assert deep["props"]["x"] == {"$ref": f"#/{FILES}/parts~1common.yaml/A"}
    place = document.place(f"/{FILES}/parts~1common.yaml/B")
    assert (place.file, place.pointer, place.line) == ("parts/common.yaml", "/B", 3)


def test_another_file_that_cannot_be_read_is_told_of_with_its_name():
    assert "'gone.yaml', which cannot be read" in refused("a: {$ref: gone.yaml}", others={}.__getitem__)
    with pytest.raises(Unreadable, match=r"^bad\.yaml, line 1: not YAML"):
        read("a: {$ref: bad.yaml}", others={"bad.yaml": b"a: ]"}.__getitem__)
    with pytest.raises(Unreadable, match=r"^two\.yaml, line 2: .*leads to nothing"):
        read("a: {$ref: two.yaml}", others={"two.yaml": b"b: 1\nc: {$ref: '#/z'}"}.__getitem__)


def test_json_reads_alike_however_it_is_spaced_and_escaped():
    text = ('{"a":{"b":"c" , "d"\n:\n"e"},\n "f" :"\\u00e9",\t"g/h": [ "i",\n{"j":-1.5e1}, {} ],\n'
            '"k": "l\\n" ,"m":null,"n":{"o":true}}')
    found = read(text, "api.json")
    assert found.value == json.loads(text)
    assert {pointer: found.lines[pointer] for pointer in ("/a/b", "/a/d", "/f", "/g~1h/1/j", "/k", "/m", "/n/o")} == {
        "/a/b": 1, "/a/d": 1, "/f": 4, "/g~1h/1/j": 5, "/k": 6, "/m": 6, "/n/o": 6}


@pytest.mark.parametrize("wrong", ['{,"a": 1}', '{"a": 1 "b": 2}', '{"a": 1,}', '{"a": 1,, "b": 2}', '{"a": }',
                                   '{"a": "b\tc"}', '{"a" "b"}', '["a": 1]'])
def test_json_that_is_none_is_refused_in_every_member(wrong):
    with pytest.raises(Unreadable):
        read('{"x": [' + wrong + "]}", "api.json")
