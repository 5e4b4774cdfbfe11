"""A generated OpenAPI document of a megabyte and 500 operations, and its next versions."""

import copy

OPERATIONS = 500
SCHEMAS = 256


def generated(operations=OPERATIONS, schemas=SCHEMAS):
    """A document of many operations over shared schemas, some of them recursive."""
    parts = {f"Part{n}": _schema(n, schemas) for n in range(schemas)}
    parts["Error"] = {"type": "object", "required": ["code"], "properties": {
        "code": {"type": "string", "enum": [f"E{n}" for n in range(40)]}, "message": {"type": "string"}}}
    paths = {f"/things{n}/{{id}}": _item(n, schemas) for n in range(operations // 2)}
    return {"openapi": "3.0.3", "info": {"title": "Generated", "version": "1.0.0"},
            "servers": [{"url": "https://api.example/v1"}], "security": [{"key": []}], "paths": paths,
            "components": {"schemas": parts, "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}}


def _schema(n, schemas):
    properties = {f"member{k}": {"type": "string", "maxLength": 10 + k, "description": f"Member {k} of part {n}."}
                  for k in range(10)}
    properties["amount"] = {"type": "integer", "format": "int64", "minimum": 0}
    properties["state"] = {"type": "string", "enum": ["open", "held", "settled"], "nullable": n % 2 == 0}
    properties["next"] = {"$ref": f"#/components/schemas/Part{n - n % 8 + (n + 1) % 8}"}  # eight make a circle
    properties["others"] = {"type": "array", "maxItems": 100, "items": {"$ref": f"#/components/schemas/Part{n}"}}
    return {"type": "object", "required": ["member0", "amount"], "properties": properties}


def _item(n, schemas):
    def body(schema):
        return {"content": {"application/json": {"schema": schema}}}

    errors = {code: {"description": "error", **body({"$ref": "#/components/schemas/Error"})}
              for code in ("400", "404", "default")}
    first, second = (f"#/components/schemas/Part{(n * step) % schemas}" for step in (1, 7))
    listed = {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref": second}},
                                               "cursor": {"type": "string", "maxLength": 64}}}
    return {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": f"get{n}", "description": f"Reads thing {n}. " * 12, "parameters": [
                {"name": f"q{k}", "in": "query", "schema": {"type": "integer", "minimum": k}} for k in range(4)],
                "responses": {"200": {"description": "ok", **body(listed)}, **errors}},
            "post": {"operationId": f"post{n}", "description": f"Changes thing {n}. " * 12,
                     "requestBody": {"required": True, **body({"$ref": first})},
                     "responses": {"201": {"description": "made", **body({"$ref": first})}, **errors}}}


def edited(document, every):
    """The next version: each `every`-th schema has a bound moved and a member more, each 50th operation a parameter."""
    made = copy.deepcopy(document)
    for n, schema in enumerate(made["components"]["schemas"].values()):
        if n % every == 0:
            schema.setdefault("properties", {})["added"] = {"type": "string"}
            schema["properties"].get("member1", {})["maxLength"] = 40
    for item in list(made["paths"].values())[::50]:
        item["get"]["parameters"].append({"name": "fresh", "in": "query", "schema": {"type": "string"}})
    return made
