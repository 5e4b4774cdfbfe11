"""Operations keep their identity when only the spelling of their address changes, and lose it when the address does."""

import pytest

from tests.drift.openapi.comparing import compared, operation, told

GET = {"get": {"responses": {"200": {"description": "ok"}}}}


def paths(*names, **beside):
    return {"paths": dict.fromkeys(names, GET), **beside}


def servers(*urls, **variables):
    return {"servers": [{"url": url, **({"variables": variables} if variables else {})} for url in urls]}


@pytest.mark.parametrize(("old", "new"), [
    (paths("/a/{x}"), paths("/a/{y}")),
    (paths("/a/{x}.{format}"), paths("/a/{id}.{kind}")),
    (paths("/bets", **servers("https://h.example/v1")), paths("/v1/bets", **servers("https://h.example"))),
    (paths("/v1/bets", **servers("https://h.example/")), paths("/bets", **servers("https://H.example:443/v1/"))),
    (paths("/bets", **servers("/v1")), paths("/v1/bets")),
    (paths("/a", **servers("https://a.example", "https://b.example")),
     paths("/a", **servers("https://b.example", "https://a.example"))),
    (paths("/a", **servers("https://{env}.example/v1", env={"default": "eu", "enum": ["eu", "us"]})),
     paths("/a", **servers("https://us.example/v1", "https://eu.example/v1"))),
    (paths("/a/{x}", "/a/{y}"), paths("/a/{y}", "/a/{x}")),
    (paths("/a", **servers("https://h.example/v1")),
     {"paths": {"/a": {"servers": [{"url": "https://h.example/v1"}], **GET}}})])
def test_these_are_the_same_operations(old, new):
    assert told(old, new) == []


@pytest.mark.parametrize(("old", "new", "expected"), [
    (paths("/a", "/b"), paths("/a"), ["operation-removed breaking in"]),
    (paths("/a"), paths("/a", "/b"), ["operation-added additive in"]),
    (paths("/a"), paths("/a/"), ["operation-removed breaking in", "operation-added additive in"]),
    (paths("/bets"), paths("/wagers"), ["operation-removed breaking in", "operation-added additive in"]),
    (paths("/a/{x}"), paths("/a/mine"), ["operation-removed breaking in", "operation-added additive in"]),
    (paths("/a", **servers("https://h.example/v1")), paths("/a", **servers("https://h.example/v2")),
     ["server-removed breaking in", "server-added additive in"]),
    (paths("/a", "/b", **servers("https://h.example")), paths("/a", "/b", **servers("https://other.example")),
     ["server-removed breaking in", "server-added additive in"]),
    (paths("/a", **servers("https://a.example")), paths("/a", **servers("https://a.example", "https://b.example")),
     ["server-added additive in"]),
    (paths("/a"), paths("/a", **servers("https://a.example")), []),
    (paths("/a", **servers("http://a.example")), paths("/a", **servers("https://a.example")),
     ["server-removed breaking in", "server-added additive in"]),
    (operation(method="get"), operation(method="put"),
     ["operation-removed breaking in", "operation-added additive in"])])
def test_these_are_not(old, new, expected):
    assert told(old, new) == expected


def test_a_removed_operation_says_where_its_id_is_now():
    found = compared(operation({"operationId": "bet"}, path="/bets"), operation({"operationId": "bet"}, path="/wagers"))
    assert found.changes[0].says == "POST /bets is gone; bet is now POST /wagers."
    assert (found.changes[0].old.pointer, found.changes[0].new.pointer) == ("/paths/~1bets/post", "/paths")


def test_two_paths_of_one_shape_are_noted():
    found = compared(paths("/a/{x}", "/a/{y}"), paths("/a/{x}", "/a/{y}"))
    assert found.changes == ()
    assert len(found.notes) == 2
    assert "two paths of one shape for GET: /a/{x} and /a/{y}" in found.notes[0]


def test_what_differs_in_words_only_is_told_as_such():
    found = compared(operation({"summary": "One"}), operation({"summary": "Another"})).changes
    assert [(one.rule, one.verdict.value, one.old.pointer) for one in found] == [
        ("wording-changed", "editorial", "/paths/~1bets/post/summary")]


def test_another_version_number_alone_is_no_change():
    assert compared({**operation(), "info": {"version": "1.0.0"}}, {**operation(), "info": {"version": "1.0.1"}}
                    ).changes == ()


@pytest.mark.parametrize(("old", "new", "expected"), [
    ({"operationId": "a"}, {"operationId": "b"}, ["operation-id-changed breaking neither"]),
    ({"operationId": "a"}, {}, ["operation-id-removed breaking neither"]),
    ({}, {"operationId": "a"}, ["operation-id-added editorial neither"])])
def test_generated_clients_go_by_the_operation_id(old, new, expected):
    assert told(operation(old), operation(new)) == expected
    assert told(operation(old), operation(new), policies=frozenset()) == [
        one.replace("breaking", "editorial") for one in expected]
