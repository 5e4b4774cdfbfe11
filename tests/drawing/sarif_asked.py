"""What SARIF 2.1.0 and the code hosts that read it ask of a log, as JSON Schema: the part that is used here."""

_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_SHORT = {"type": "object", "required": ["text"], "properties": {
    "text": {"type": "string", "minLength": 1, "maxLength": 1024}}}
_LOCATION = {"type": "object", "required": ["physicalLocation"], "properties": {
    "id": {"type": "integer", "minimum": -1}, "message": _TEXT,
    "physicalLocation": {"type": "object", "required": ["artifactLocation", "region"], "properties": {
        "artifactLocation": {"type": "object", "required": ["uri"], "properties": {
            "uri": {"type": "string", "format": "uri-reference", "pattern": r"^[^\\\s]+$"}}},
        "region": {"type": "object", "required": ["startLine"], "properties": {
            "startLine": {"type": "integer", "minimum": 1}}}}},
    "logicalLocations": {"type": "array", "uniqueItems": True, "items": {"type": "object", "properties": {
        "fullyQualifiedName": {"type": "string"}}}}}, "additionalProperties": False}
_RESULT = {"type": "object", "required": ["ruleId", "ruleIndex", "level", "message", "locations"], "properties": {
    "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0},
    "level": {"enum": ["none", "note", "warning", "error"]}, "message": _TEXT,
    "locations": {"type": "array", "minItems": 1, "maxItems": 1000, "items": _LOCATION},
    "relatedLocations": {"type": "array", "uniqueItems": True, "items": _LOCATION},
    "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    "suppressions": {"type": "array", "uniqueItems": True, "items": {
        "type": "object", "required": ["kind"], "properties": {
            "kind": {"enum": ["inSource", "external"]}, "status": {"enum": ["accepted", "underReview", "rejected"]},
            "justification": {"type": "string"}}, "additionalProperties": False}},
    "properties": {"type": "object"}}, "additionalProperties": False}
_RULE = {"type": "object", "required": ["id", "shortDescription", "fullDescription", "help"], "properties": {
    "id": {"type": "string", "minLength": 1, "maxLength": 255}, "name": {"type": "string", "maxLength": 255},
    "shortDescription": _SHORT, "fullDescription": _SHORT, "help": _TEXT}, "additionalProperties": False}
_RUN = {"type": "object", "required": ["tool", "results"], "properties": {
    "tool": {"type": "object", "required": ["driver"], "properties": {
        "driver": {"type": "object", "required": ["name", "rules"], "properties": {
            "name": {"type": "string", "minLength": 1},
            "rules": {"type": "array", "maxItems": 25_000, "uniqueItems": True, "items": _RULE}}}}},
    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    "results": {"type": "array", "maxItems": 25_000, "items": _RESULT},
    "invocations": {"type": "array", "items": {
        "type": "object", "required": ["executionSuccessful"], "properties": {
            "executionSuccessful": {"type": "boolean"}, "toolExecutionNotifications": {"type": "array", "items": {
                "type": "object", "required": ["message"], "properties": {"message": _TEXT}}}}}},
    "properties": {"type": "object"}}, "additionalProperties": False}
LOG = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["version", "runs"],
       "properties": {"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
                      "runs": {"type": "array", "minItems": 1, "maxItems": 20, "items": _RUN}},
       "additionalProperties": False}
