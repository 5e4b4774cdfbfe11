"""Documents that are not what OpenAPI asks for are compared as far as they go; none of them ends the comparison."""

import pytest

from harness.drift.document import Unreadable
from tests.drift.openapi.comparing import compared

HEAD = "openapi: 3.0.3\ninfo: {version: '1'}\n"


@pytest.mark.parametrize("odd", ["7", "null", "[1]", "{a: 1}", "text"])
@pytest.mark.parametrize("shape", [
    "paths: {/x: {get: {parameters: ODD, responses: ODD, security: ODD, servers: ODD, requestBody: ODD}}}",
    "paths: {/x: {get: {callbacks: ODD, tags: ODD, operationId: ODD, deprecated: ODD}}}",
    "paths: {/x: {get: {parameters: [ODD, {name: ODD, in: ODD, schema: ODD, content: ODD}], security: [ODD]}}}",
    "paths: {/x: {get: {responses: {'200': ODD, 2XX: {content: ODD, headers: ODD, links: ODD}}}}}",
    "paths: {/x: {get: {requestBody: {content: {multipart/form-data: {schema: {}, encoding: ODD}, '': ODD}}}}}",
    "paths: {/x: {get: {security: [{a: ODD}]}}}\ncomponents: {securitySchemes: {a: ODD}}",
    "paths: {/x: {get: {callbacks: {a: ODD, b: {c: ODD}}}}}\nwebhooks: {a: ODD}",
    "servers: [ODD, {url: ODD, variables: ODD}, {url: '/{a}', variables: {a: ODD}}]\npaths: {/x: {get: {}}}",
    "paths: ODD", "paths: {/x: ODD}", "components: ODD\ninfo2: ODD"])
def test_odd_values_end_no_comparison(shape, odd):
    plain = HEAD + shape.replace("ODD", "{}")
    given = HEAD + shape.replace("ODD", odd)
    for old, new in ((plain, given), (given, plain), (given, given)):
        compared(old, new)


@pytest.mark.parametrize("text", ["swagger: '2.0'\npaths: {}", "asyncapi: 3.0.0", "a: 1", "openapi: 2\n"])
def test_what_is_not_openapi_3_is_refused_with_a_remedy(text):
    with pytest.raises(Unreadable, match=r"old\.yaml, line 1: not an OpenAPI 3 document; it must say"):
        compared(text, text)
