"""AsyncAPI 2 and 3: sides, matching by identity, traits, formats, bindings, and everything that has no row."""

import copy
from pathlib import Path

import pytest
import yaml

from harness.drift.asyncapi import compare_asyncapi
from harness.drift.changes import Side, Verdict
from harness.drift.document import Document, read_document
from harness.model.errors import UsageError

CONTRACTS = Path(__file__).parents[2] / "harness" / "contracts"


def payload(**properties):
    return {"type": "object", "properties": {"id": {"type": "string"}, **properties}, "required": ["id"]}


def second(**subscribe):
    """A 2.x document: clients subscribe to bets (the provider sends), and publish limits (it receives)."""
    return {"asyncapi": "2.6.0", "info": {"title": "t", "version": "1.0.0"},
            "servers": {"main": {"url": "broker.example", "protocol": "kafka"}},
            "channels": {"bets/{id}": {
                "parameters": {"id": {"schema": {"type": "string"}}},
                "subscribe": {"operationId": "bets", "message": {"name": "bet", "payload": payload()}, **subscribe}},
                "limits": {"publish": {"operationId": "limits", "message": {"name": "limit", "payload": payload()}}}}}


def third():
    """The same in 3.0."""
    return {"asyncapi": "3.0.0", "info": {"title": "t", "version": "1.0.0"},
            "servers": {"main": {"host": "broker.example", "protocol": "kafka"}},
            "channels": {
                "bets": {"address": "bets/{id}", "parameters": {"id": {}},
                         "messages": {"bet": {"name": "bet", "payload": payload()}}},
                "limits": {"address": "limits", "messages": {"limit": {"name": "limit", "payload": payload()}}}},
            "operations": {"bets": {"action": "send", "channel": {"$ref": "#/channels/bets"}},
                           "limits": {"action": "receive", "channel": {"$ref": "#/channels/limits"}}}}


def document(value):
    return Document(file="events.yaml", value=value, lines={})


def changed(made, edit):
    """(old, new) of a document and an edit of a copy."""
    later = copy.deepcopy(made)
    edit(later)
    return made, later


def compare(old, new):
    return compare_asyncapi(document(old), document(new)).changes


def verdict(old, new):
    return compare_asyncapi(document(old), document(new)).verdict


def at(value, path):
    for token in path.split("."):
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def put(path, key, new):
    """An edit that sets a key, or takes it away with `...`."""
    def edit(value):
        holder = at(value, path) if path else value
        if new is ...:
            del holder[key]
        else:
            holder[key] = new
    return edit


BETS2, LIMITS2 = "channels.bets/{id}.subscribe.message.payload", "channels.limits.publish.message.payload"
BETS3, LIMITS3 = "channels.bets.messages.bet.payload", "channels.limits.messages.limit.payload"


@pytest.mark.parametrize(("made", "bets", "limits"), [(second, BETS2, LIMITS2), (third, BETS3, LIMITS3)])
def test_the_side_of_a_payload_follows_from_the_action(made, bets, limits):
    """What the provider sends may not lose a required member; what it receives may not gain one."""
    longer = {"type": "string", "maxLength": 5}
    for path, narrowing, widening in ((bets, Verdict.ADDITIVE, Verdict.BREAKING),
                                      (limits, Verdict.BREAKING, Verdict.ADDITIVE)):
        narrow = put(f"{path}.properties", "id", longer)
        old, new = changed(made(), narrow)
        assert verdict(old, new) is narrowing
        assert verdict(new, old) is widening


def test_a_break_comes_with_side_place_and_witness():
    old, new = changed(third(), put(BETS3, "required", []))
    (found,) = [one for one in compare(old, new) if one.verdict is Verdict.BREAKING]
    assert found.side is Side.OUT
    assert found.new.pointer.startswith("/channels/bets/messages/bet/payload")
    assert found.witness.valid_in == "new"
    assert "id" not in found.witness.document


@pytest.mark.parametrize(("edit", "rule", "expected"), [
    (put("channels", "new", {"address": "new", "messages": {}}), "channel-added", "additive"),
    (put("servers", "other", {"host": "o.example", "protocol": "amqp"}), "server-added", "additive"),
    (put("channels.bets.messages", "more", {"payload": payload()}), "message-added", "additive"),
    (put("servers", "main", ...), "server-removed", "breaking"),
    (put("servers.main", "protocol", "amqp"), "protocol-changed", "breaking"),
    (put("servers.main", "host", "else.example"), "server-address-changed", "breaking"),
    (put("servers.main", "protocolVersion", "3.1"), "server-protocol-version-changed", "unsure"),
    (put("servers.main", "security", [{"type": "plain"}]), "security-added", "breaking"),
    (put("channels.bets", "address", "wagers/{id}"), "channel-address-changed", "breaking"),
    (put("channels.bets", "address", "bets/{bet}"), "channel-parameter-renamed", "editorial"),
    (put("channels.bets.parameters", "region", {"enum": ["eu"]}), "channel-parameter-added", "breaking"),
    (put("channels.bets.parameters", "id", {"enum": ["a"]}), "channel-parameter-narrowed", "breaking"),
    (put("channels.bets", "messages", {}), "message-removed", "breaking"),
    (put("channels.bets.messages.bet", "name", "wager"), "message-renamed", "breaking"),
    (put("channels.bets.messages.bet", "contentType", "application/xml"), "content-type-changed", "breaking"),
    (put("", "defaultContentType", "application/cbor"), "content-type-changed", "breaking"),
    (put("operations", "bets", {"action": "receive", "channel": {"$ref": "#/channels/bets"}}), "action-changed",
     "breaking"),
    (put("operations", "limits", ...), "operation-removed", "breaking"),
    (put("operations.bets", "reply", {"channel": {"$ref": "#/channels/limits"}}), "reply-added", "additive"),
    (put("operations.bets", "security", [{"type": "plain"}]), "security-added", "breaking"),
    (put("channels.bets", "servers", [{"$ref": "#/servers/main"}]), "reworded", "editorial"),
    (put("channels.bets.messages.bet", "correlationId", {"location": "$message.header#/c"}), "correlation-id-added",
     "additive"),
    (put("channels.bets.messages.bet", "title", "A bet"), "message-words-changed", "editorial"),
    (put("channels.bets", "x-owner", "us"), "channel-words-changed", "editorial"),
    (put("channels.bets", "somethingNew", 1), "channel-something-new-changed", "unsure"),
])
def test_each_change_has_a_rule(edit, rule, expected):
    old, new = changed(third(), edit)
    found = {one.rule.removeprefix("asyncapi-"): one.verdict.value for one in compare(old, new)}
    assert found.get(rule) == expected


@pytest.mark.parametrize(("place", "binding", "old", "new", "expected"), [
    ("channels.bets", {"kafka": {"topic": "old-topic"}}, "old-topic", "new", Verdict.BREAKING),
    ("channels.bets", {"kafka": {"partitions": 3}}, 3, 6, Verdict.BREAKING),
    ("channels.bets", {"kafka": {"replicas": 3}}, 3, 6, Verdict.UNSURE),
    ("channels.bets.messages.bet", {"kafka": {"key": {"type": "string"}}}, "string", "integer", Verdict.BREAKING),
    ("operations.bets", {"kafka": {"groupId": "old-group"}}, "old-group", "new", Verdict.UNSURE),
    ("servers.main", {"mqtt": {"clientId": "old-id"}}, "old-id", "new", Verdict.UNSURE),
    ("channels.bets", {"kafka": {"bindingVersion": "0.4.0"}}, "0.4.0", "0.5.0", None),
])
def test_bindings(place, binding, old, new, expected):
    before = third()
    at(before, place)["bindings"] = binding
    text = yaml.safe_dump(binding).replace(str(old), str(new))
    _, after = changed(before, put(place, "bindings", yaml.safe_load(text)))
    found = {one.verdict for one in compare(before, after) if "binding" in one.rule or "kafka" in one.rule}
    assert found == ({expected} if expected else set())


def test_messages_are_matched_by_name_and_not_by_position():
    one, two = {"name": "won", "payload": payload()}, {"name": "lost", "payload": payload(why={"type": "string"})}
    assert compare(second(message={"oneOf": [one, two]}), second(message={"oneOf": [two, one]}))[0].rule \
        == "asyncapi-reworded"
    assert verdict(second(message={"oneOf": [one, two]}), second(message={"oneOf": [two]})) is Verdict.BREAKING


def test_a_key_that_no_reader_sees_may_change():
    nameless = {"payload": payload()}
    old, new = third(), third()
    old["channels"]["bets"]["messages"], new["channels"]["bets"]["messages"] = {"a": nameless}, {"b": nameless}
    assert verdict(old, new) is Verdict.EDITORIAL


@pytest.mark.parametrize(("made", "message", "wins"), [
    (second, "channels.bets/{id}.subscribe.message", "trait"), (third, "channels.bets.messages.bet", "message")])
def test_traits_are_merged_first(made, message, wins):
    """2.x lays traits over the message, 3.x the message over its traits."""
    plain = made()
    at(plain, message)["contentType"] = "application/json" if wins == "message" else "text/plain"
    traited = made()
    at(traited, message).update(contentType="application/json", traits=[{"contentType": "text/plain"}])
    assert verdict(plain, traited) is Verdict.EDITORIAL
    moved = made()
    headers = {"type": "object", "properties": {"tenant": {"type": "string"}}}
    at(moved, message)["headers"] = headers
    from_trait = made()
    at(from_trait, message)["traits"] = [{"headers": headers}]
    assert verdict(moved, from_trait) is Verdict.EDITORIAL


def test_headers_are_compared_like_payloads():
    old = third()
    at(old, "channels.bets.messages.bet")["headers"] = payload()
    _, new = changed(old, put("channels.bets.messages.bet.headers", "required", []))
    (found,) = [one for one in compare(old, new) if one.verdict is Verdict.BREAKING]
    assert found.where.endswith("headers")


def test_both_versions_of_the_format_read_alike():
    found = compare(second(), third())
    assert {one.verdict for one in found} <= {Verdict.EDITORIAL, Verdict.ADDITIVE}


def test_payloads_in_avro():
    def avro(*fields):
        return {"schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": {
            "type": "record", "name": "Bet", "fields": list(fields)}}
    old = third()
    identity, more = {"name": "id", "type": "string"}, {"name": "n", "type": "int"}
    at(old, "channels.bets.messages.bet")["payload"] = avro(identity)
    _, new = changed(old, put("channels.bets.messages.bet", "payload", avro(identity, more)))
    assert verdict(old, new) is Verdict.ADDITIVE
    assert verdict(new, old) is Verdict.BREAKING
    (found,) = [one for one in compare(new, old) if one.verdict is Verdict.BREAKING]
    assert found.old.pointer == "/channels/bets/messages/bet/payload/schema/fields/1"
    _, other = changed(old, put("channels.bets.messages.bet", "payload", payload()))
    assert "asyncapi-payload-format-changed" in {one.rule for one in compare(old, other)}


def test_payloads_in_protobuf():
    head = 'syntax = "proto3"; message Bet {{ {} id = 1; }}'
    old = third()
    at(old, "channels.bets.messages.bet")["payload"] = {
        "schemaFormat": "application/vnd.google.protobuf;version=3", "schema": head.format("string")}
    _, new = changed(old, put("channels.bets.messages.bet.payload", "schema", head.format("int32")))
    assert verdict(old, new) is Verdict.BREAKING


def test_a_format_that_is_not_compared_is_a_doubt():
    old = third()
    at(old, "channels.bets.messages.bet")["payload"] = {"schemaFormat": "application/raml+yaml;version=1.0",
                                                        "schema": "type: object"}
    _, new = changed(old, put("channels.bets.messages.bet.payload", "schema", "type: string"))
    assert verdict(old, new) is Verdict.UNSURE
    assert compare(old, old) == ()


def test_messages_that_no_operation_uses_must_hold_both_ways():
    old = third()
    del old["operations"]["bets"]
    _, new = changed(old, put(f"{BETS3}.properties", "id", {"type": "string", "maxLength": 5}))
    assert verdict(old, new) is verdict(new, old) is Verdict.BREAKING


def test_messages_beside_those_of_an_operation_are_seen_too():
    old = third()
    old["channels"]["bets"]["messages"]["void"] = {"name": "void", "payload": payload()}
    old["operations"]["bets"]["messages"] = [{"$ref": "#/channels/bets/messages/bet"}]
    assert verdict(*changed(old, put("channels.bets.messages", "void", ...))) is Verdict.BREAKING
    used = changed(old, put("operations.bets", "messages", ...))
    assert {one.verdict for one in compare(*used)} == {Verdict.ADDITIVE}
    assert verdict(*changed(old, put("channels.bets.messages.void.payload", "required", []))) is Verdict.BREAKING


def test_replies_go_the_other_way():
    old = third()
    old["channels"]["answers"] = {"address": "answers", "messages": {"answer": {"payload": payload()}}}
    old["operations"]["limits"]["reply"] = {"channel": {"$ref": "#/channels/answers"}}
    _, new = changed(old, put("channels.answers.messages.answer.payload", "required", []))
    assert verdict(old, new) is Verdict.BREAKING
    assert verdict(new, old) is Verdict.ADDITIVE


def test_security_by_name_is_what_the_scheme_says():
    old = second()
    old["components"] = {"securitySchemes": {"in": {"type": "oauth2"}, "key": {"type": "apiKey", "in": "user"}}}
    old["servers"]["main"]["security"] = [{"in": ["read"]}]
    more = changed(old, put("servers.main", "security", [{"in": ["read"]}, {"key": []}]))
    assert verdict(*more) is Verdict.ADDITIVE
    assert verdict(*reversed(more)) is Verdict.BREAKING
    assert verdict(*changed(old, put("servers.main", "security", [{"in": ["read", "write"]}]))) is Verdict.BREAKING


def test_the_project_s_own_releases_are_additive():
    def released(version):
        folder = CONTRACTS / version
        return read_document((folder / "asyncapi.yaml").read_bytes(), file="asyncapi.yaml",
                             others=lambda path: (folder / path).read_bytes())
    found = compare_asyncapi(released("v1_6"), released("v1_7"))
    assert (found.old_version, found.new_version) == ("1.6.0", "1.7.0")
    assert found.verdict is Verdict.ADDITIVE
    assert "asyncapi-message-added" in {one.rule for one in found.changes}


@pytest.mark.parametrize("value", [
    {"asyncapi": "1.2.0"}, {}, {"asyncapi": "3.0.0", "channels": 7}, {"asyncapi": "2.0.0", "channels": {"a": None}},
    {"asyncapi": "3.0.0", "operations": {"a": {"action": "send"}}},
    {"asyncapi": "3.0.0", "operations": {"a": {"action": "send", "channel": {"$ref": "#/channels/none"}}}},
    {"asyncapi": "2.0.0", "channels": {"a": {"$ref": "#/channels/a"}}},
    {"asyncapi": "3.0.0", "operations": {"a": {"action": "emit", "channel": {"address": "x"}}}},
    {"asyncapi": "2.0.0", "servers": ["a"]}, {"asyncapi": "3.0.0", "channels": {"a": "b"}},
])
def test_what_is_no_asyncapi_document_gets_one_line(value):
    with pytest.raises(UsageError) as error:
        compare(third(), value)
    assert len(error.value.line()) < 500


def test_a_channel_is_on_all_servers_until_it_says_on_which():
    made = third()
    made["servers"]["other"] = {"host": "other.example", "protocol": "kafka"}
    fewer = changed(made, put("channels.bets", "servers", [{"$ref": "#/servers/main"}]))
    assert verdict(*fewer) is Verdict.BREAKING
    assert verdict(*reversed(fewer)) is Verdict.ADDITIVE


def test_a_server_of_another_name_is_the_same_server_to_its_channels():
    made = changed(third(), put("channels.bets", "servers", [{"$ref": "#/servers/main"}]))[1]
    later = copy.deepcopy(made)
    later["servers"] = {"broker": later["servers"]["main"]}
    later["channels"]["bets"]["servers"] = [{"$ref": "#/servers/broker"}]
    assert verdict(made, later) is Verdict.EDITORIAL
