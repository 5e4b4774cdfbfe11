"""What an OpenAPI document says that can be tried."""

import pytest

from harness.model.operations import capabilities_of


@pytest.mark.parametrize(("call", "document", "offers"), [
    ({}, {}, set()),
    ({"parameters": [{"name": "Idempotency-Key", "in": "header"}]}, {}, {"idempotency_header"}),
    ({"parameters": [{"name": "Idempotency-Key", "in": "header", "required": True}]}, {},
     {"idempotency_header", "required_idempotency_header"}),
    ({"requestBody": {"content": {"application/json": {}}}}, {}, {"json_bodies"}),
    ({"requestBody": {"content": {"text/plain": {"example": "json"}}}}, {}, set()),
    ({"requestBody": {"$ref": "#/components/requestBodies/a"}},
     {"components": {"requestBodies": {"a": {"content": {"application/problem+json": {}}}}}}, {"json_bodies"}),
    ({}, {"components": {"securitySchemes": {"a": {"type": "http"}}}}, set()),
    ({"security": [{"a": []}]}, {"components": {"securitySchemes": {"a": {"type": "http"}}}}, {"credentials"})])
def test_what_of_a_foreign_api_can_be_tried(call, document, offers):
    found = capabilities_of({"paths": {"/a": {"post": {"operationId": "a", "responses": {}, **call}}}, **document})
    assert {name for name, there in found.items() if there} == offers
