"""`certify drift` on real contracts of every format."""

import json
from pathlib import Path

import pytest

PACKS = Path(__file__).parent.parent.parent / "harness" / "contracts"
EVENT = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "bet.settled", "type": "object",
         "properties": {"id": {"type": "string"}, "win": {"type": "integer"}}, "required": ["id", "win"]}
PROTO = 'syntax = "proto3";\npackage bets.v1;\nimport "money.proto";\nmessage Bet {{ string id = 1; {} = 2; }}\n'
AVRO = {"type": "record", "name": "Bet", "fields": [{"name": "id", "type": "string"}]}


def found(say, old, new, *options):
    code, out, err = say("drift", old, new, "--report", "json", *options)
    assert err == ""
    return code, json.loads(out)


@pytest.mark.parametrize("name", ["openapi.yaml", "asyncapi.yaml"])
def test_our_own_contract_grew_and_broke_nobody(here, say, name):
    _, told = found(say, PACKS / "v1_6" / name, PACKS / "v1_7" / name)
    assert (told["verdict"], told["version"]["minimum"]) == ("additive", "1.7.0")
    assert not any(change["fails"] for change in told["changes"])
    code, same = found(say, PACKS / "v1_7" / name, PACKS / "v1_7" / name)
    assert (code, same["verdict"], same["changes"]) == (0, "none", [])


def test_a_break_comes_with_places_lines_and_a_document(here, say):
    lines = ["openapi: 3.1.0", "info: {title: Bets, version: 1.4.0}", "paths:", "  /v1/bets:", "    post:",
             "      requestBody:", "        content:", "          application/json:", "            schema:",
             "              type: object", "              properties: {amount: {type: integer}, note: {type: string}}",
             "              required: [amount]", "      responses: {'200': {description: Done.}}"]
    (here / "old.yaml").write_text("\n".join(lines))
    (here / "new.yaml").write_text("\n".join(["# moved", *lines]).replace("[amount]", "[amount, note]"))
    code, told = found(say, "old.yaml", "new.yaml")
    broken, = (change for change in told["changes"] if change["fails"])
    assert (code, told["version"]["minimum"], broken["side"]) == (1, "2.0.0", "in")
    assert broken["new"]["line"] == 13
    assert broken["old"]["pointer"].startswith("/paths/~1v1~1bets/post/requestBody")
    assert broken["witness"]["valid_in"] == "old"
    assert "note" not in broken["witness"]["document"]


@pytest.mark.parametrize(("rest", "said"), [
    ("paths: [1]", "`paths` is no mapping"), ("info: 5", "`info` is no mapping"),
    ("components: {schemas: {}}", "nothing to compare")])
def test_what_offers_nothing_is_never_no_change(here, say, rest, said):
    (here / "odd.yaml").write_text(f"openapi: 3.1.0\n{rest}\n")
    code, out, err = say("drift", "odd.yaml", "odd.yaml")
    assert (code, out) == (2, "")
    assert said in err


def test_events_in_json_schema_by_level(here, say):
    (here / "old.json").write_text(json.dumps(EVENT))
    (here / "new.json").write_text(json.dumps({**EVENT, "required": ["id"]}))
    code, told = found(say, "old.json", "new.json")
    assert (code, told["format"], told["version"]) == (1, "jsonschema", None)
    assert any(change["witness"] == {"document": change["witness"]["document"], "valid_in": "new"}
               for change in told["changes"] if change["witness"])
    assert found(say, "old.json", "new.json", "--level", "backward")[0] == 0


def test_events_in_avro_by_level(here, say):
    (here / "old.avsc").write_text(json.dumps(AVRO))
    (here / "new.avsc").write_text(json.dumps({**AVRO, "fields": [*AVRO["fields"], {"name": "win", "type": "long"}]}))
    assert found(say, "old.avsc", "new.avsc")[0] == 1
    assert found(say, "old.avsc", "new.avsc", "--level", "forward")[0] == 0
    (here / "union.avsc").write_text('["null", "string"]')
    assert found(say, "union.avsc", "union.avsc")[1]["verdict"] == "none"


def test_events_in_protobuf_with_their_imports_by_category(here, say):
    (here / "money.proto").write_text('syntax = "proto3";\npackage bets.v1;\nmessage Money { int64 minor = 1; }\n')
    for name, member in (("old", "Money win"), ("renamed", "Money prize"), ("other", "string win")):
        (here / f"{name}.proto").write_text(PROTO.format(member))
    code, told = found(say, "old.proto", "other.proto")
    assert (code, told["changes"][0]["new"]["file"]) == (1, "other.proto")
    assert found(say, "old.proto", "renamed.proto")[0] == 1
    assert found(say, "old.proto", "renamed.proto", "--level", "wire")[0] == 0
    code, out, _ = say("drift", "old.proto", "none.proto")
    assert (code, out) == (2, "")
