"""Bodies and answers: media types, statuses, headers, links, forms; each from the side that writes it."""

import pytest

from tests.drift.openapi.comparing import body, compared, operation, told

ONE, OTHER = {"type": "object"}, {"type": "string"}


def sending(content=None, **given):
    return operation({"requestBody": {**(content or body(ONE)), **given}})


def answering(responses):
    return operation({"responses": responses})


def answer(content=None, **given):
    return answering({"200": {"description": "ok", **(content or {}), **given}})


@pytest.mark.parametrize(("old", "new", "expected"), [
    (operation(), sending(required=True), ["request-body-added-required breaking in"]),
    (operation(), sending(), ["request-body-added-optional additive in"]),
    (sending(), operation(), ["request-body-removed breaking in"]),
    (sending(), sending(required=True), ["request-body-became-required breaking in"]),
    (sending(required=True), sending(required=False), ["request-body-became-optional additive in"]),
    (sending(), sending(body(OTHER)), ["schema-differs breaking in"]),
    (sending(body(ONE)), sending(body(ONE, "application/xml")),
     ["media-type-removed breaking in", "media-type-added additive in"]),
    (sending(body(ONE, "application/vnd.a+json")), sending(body(ONE)), ["media-type-generalized additive in"]),
    (sending(body(ONE)), sending(body(ONE, "application/vnd.a+json")),
     ["media-type-removed breaking in", "media-type-added additive in"]),
    (sending({"content": {"application/json": {}}}), sending(), ["media-type-schema-added breaking in"]),
    (sending(), sending({"content": {"application/json": {}}}), ["media-type-schema-removed additive in"]),
    (answer(body(ONE)), answer(body(OTHER)), ["schema-differs breaking out"]),
    (answer(body(ONE)), answer(), ["media-type-removed breaking out"]),
    (answer(), answer(body(ONE)), ["media-type-added additive out"]),
    (answer(body(ONE)), answer(body(ONE, "application/problem+json")), ["media-type-specialized additive out"]),
    (answer(body(ONE, "application/problem+json")), answer(body(ONE)),
     ["media-type-removed breaking out", "media-type-added additive out"]),
    (answer(body(ONE)), answer({"content": {"application/json": {}}}), ["media-type-schema-removed breaking out"]),
    (answer({"content": {"application/json": {}}}), answer(body(ONE)), ["media-type-schema-added additive out"])])
def test_bodies(old, new, expected):
    assert told(old, new) == expected


def test_no_schema_is_a_schema_that_takes_everything():
    nothing = {"content": {"application/json": {}}}
    for everything in (body({}), body(True)):
        assert told(sending(nothing), sending(everything)) == told(answer(everything), answer(nothing)) == []


@pytest.mark.parametrize(("old", "new"), [
    ("application/json", "Application/JSON; charset=UTF-8"), ("text/plain;a=1;b=2", "text/plain; b=2; A=1")])
def test_spellings_of_one_media_type(old, new):
    assert told(sending(body(ONE, old)), sending(body(ONE, new))) == []
    assert told(answer(body(ONE, old)), answer(body(ONE, new))) == []


def shared(**responses):
    return answering({status.lstrip("s"): value for status, value in responses.items()})


OK, BAD = {"description": "ok", **body(ONE)}, {"description": "bad", **body(OTHER)}


@pytest.mark.parametrize(("old", "new", "expected"), [
    (shared(s200=OK, s201=OK), shared(s200=OK), ["response-success-status-removed breaking out"]),
    (shared(s200=OK), shared(s200=OK, s202=OK), ["response-success-status-added breaking out"]),
    (shared(s200=OK, s404=BAD), shared(s200=OK), ["response-error-status-removed breaking out"]),
    (shared(s200=OK), shared(s200=OK, s404=BAD), ["response-error-status-added additive out"]),
    (shared(s200=OK), shared(s200=OK, default=BAD), ["response-error-status-added additive out"]),
    (shared(s200=OK), shared(s2XX=BAD), ["schema-differs breaking out"]),
    (shared(default=OK), shared(default=OK, s404=BAD), ["schema-differs breaking out"]),
    (shared(s200=OK), shared(s201=OK),
     ["response-success-status-removed breaking out", "response-success-status-added breaking out"])])
def test_statuses(old, new, expected):
    assert told(old, new) == expected


@pytest.mark.parametrize(("old", "new"), [
    (shared(s200=OK), shared(s2XX=OK)), (shared(s2XX=OK), shared(s200=OK)), (shared(s2xx=OK), shared(s2XX=OK)),
    (shared(s404=BAD), shared(s4XX=BAD)), (shared(s404=BAD, s409=BAD), shared(s4XX=BAD)),
    (shared(s200=OK, default=BAD), shared(s200=OK, s4XX=BAD, s5XX=BAD)),
    (shared(s200=OK, s404=BAD, default=BAD), shared(s200=OK, default=BAD)),
    (shared(default=OK), shared(s200=OK, default=OK))])
def test_ranges_and_default_tell_of_what_they_hold(old, new):
    assert told(old, new) == []


def headed(**headers):
    return answer(headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(("old", "new", "expected"), [
    (headed(X_Id={"required": True}), headed(), ["required-header-removed breaking out"]),
    (headed(X_Id={}), headed(), ["header-removed breaking out"]),
    (headed(), headed(X_Id={"required": True}), ["sent-header-added additive out"]),
    (headed(X_Id={"required": True}), headed(X_Id={}), ["header-became-optional breaking out"]),
    (headed(X_Id={}), headed(X_Id={"required": True}), ["header-became-required additive out"]),
    (headed(X_Id={"schema": ONE}), headed(X_Id={"schema": OTHER}), ["schema-differs breaking out"]),
    (headed(X_Id={"schema": ONE}), headed(x_id={"schema": ONE}), []),
    (headed(Content_Type={"schema": ONE}), headed(), [])])
def test_headers(old, new, expected):
    assert told(old, new) == expected


def linked(**links):
    return answer(links=links)


@pytest.mark.parametrize(("old", "new", "expected"), [
    (linked(next={"operationId": "a"}), linked(), ["link-removed breaking out"]),
    (linked(next={"operationId": "a"}), linked(next={"operationId": "b"}), ["link-changed breaking out"]),
    (linked(next={"operationId": "a"}), linked(next={"operationId": "a", "description": "x"}), []),
    (linked(), linked(next={"operationId": "a"}), ["link-added additive out"])])
def test_links(old, new, expected):
    assert told(old, new) == expected


FORM = {"type": "object", "properties": {"photo": {"type": "string", "format": "binary"}, "tags": {
    "type": "array", "items": {"type": "string"}}}}


def form(kind="multipart/form-data", **encoding):
    return sending(body(FORM, kind, encoding=encoding))


@pytest.mark.parametrize(("old", "new", "expected"), [
    (form(photo={"contentType": "image/png, image/jpeg"}), form(photo={"contentType": "image/png"}),
     ["encoding-content-type-changed breaking in"]),
    (form(photo={"contentType": "image/png"}), form(photo={"contentType": "image/*"}),
     ["encoding-content-type-changed additive in"]),
    (form(photo={"contentType": "image/png"}), form(photo={"contentType": "text/csv"}),
     ["encoding-content-type-changed breaking in"]),
    (form(photo={"contentType": "application/octet-stream"}), form(), []),
    (form(), form(photo={"headers": {"X-Part": {"required": True}}}), ["required-header-added breaking in"]),
    (form("application/x-www-form-urlencoded"), form("application/x-www-form-urlencoded", tags={"explode": False}),
     ["encoding-explode-changed breaking in"]),
    (form("application/x-www-form-urlencoded"), form("application/x-www-form-urlencoded", tags={"style": "form"}), []),
    (form("application/json", photo={"contentType": "image/png"}), form("application/json"), []),
    (form(gone={"contentType": "image/png"}), form(), [])])
def test_forms(old, new, expected):
    assert told(old, new) == expected


def test_the_same_schema_is_judged_from_both_sides():
    def both(schema):
        made = operation({"requestBody": body({"$ref": "#/components/schemas/Bet"}),
                          "responses": {"200": {"description": "ok", **body({"$ref": "#/components/schemas/Bet"})}}})
        made["components"] = {"schemas": {"Bet": schema}}
        return made
    assert told(both(ONE), both(OTHER)) == ["schema-differs breaking in", "schema-differs breaking out"]
    assert told(both({"const": 1}), both({"const": True})) == ["schema-differs breaking in",
                                                                "schema-differs breaking out"]


def test_what_binds_only_one_side_is_seen_from_that_side_alone():
    old = operation({"requestBody": body({"properties": {"id": {"type": "string", "readOnly": True}}}),
                     "responses": {"200": {"description": "ok", **body({"properties": {"pin": {"writeOnly": True}}})}}})
    new = operation({"requestBody": body({"properties": {}}),
                     "responses": {"200": {"description": "ok", **body({"properties": {}})}}})
    assert told(old, new) == []


def test_one_meaning_in_two_versions_of_openapi():
    old = sending(body({"type": "string", "nullable": True}))
    new = sending(body({"type": ["null", "string"]}))
    assert [one.rule for one in compared({**old, "openapi": "3.0.3"}, {**new, "openapi": "3.1.0"}).changes] == [
        "wording-changed"]
