"""Small random schemas over the whole keyword space, and documents near them; the same for the same seed."""

import copy

NAMES = ("a", "b", "ab", "zz")
SCALARS = (None, True, False, 0, 1, 2, 3, 5, -1, 1.5, 10, "", "a", "b", "ab", "zz", "2024-02-29", "a@example.org")
PATTERNS = ("^a", "b$", "^[ab]+$", "^.$", "a|zz", "^a{2,3}$")
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")


def document(draw, depth=3):
    """One JSON document."""
    kind = draw.randrange(8) if depth else 0
    if kind < 4:
        return draw.choice(SCALARS)
    if kind < 6:
        return [document(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {draw.choice(NAMES): document(draw, depth - 1) for _ in range(draw.randrange(4))}


def schema(draw, depth=3):
    """One schema with `$defs` that may lead back to themselves."""
    made = {}
    while not isinstance(made, dict) or len(made) < 2:
        made = draw.choice([part, member])(draw, depth)
    made["$defs"] = {name: draw.choice([part, member])(draw, depth - 1) for name in ("x", "y")}
    return made


def member(draw, depth):
    """An object as APIs have it, mostly: members, some required, some of a named kind."""
    made = {"type": "object", "properties": {name: draw.choice([part, reference])(draw, depth - 1)
                                             for name in draw.sample(NAMES, draw.randrange(1, 4))}}
    if draw.random() < 0.6:
        made["required"] = [draw.choice(list(made["properties"]))]
    if draw.random() < 0.4:
        made["additionalProperties"] = draw.choice([False, reference(draw, 0), {"type": "string"}])
    if draw.random() < 0.3:
        made[draw.choice(["allOf", "anyOf", "oneOf"])] = [draw.choice([part, reference, member])(draw, depth - 1)
                                                          for _ in range(draw.randrange(1, 3))] if depth > 0 else [True]
    return made


def reference(draw, _depth):
    """One of the named kinds, or a list of them."""
    one = {"$ref": "#/$defs/" + draw.choice("xy")}
    return draw.choice([one, one, {"type": "array", "items": one}, {"anyOf": [one, {"type": "null"}]}])


def part(draw, depth):
    """A schema inside one."""
    roll = draw.random()
    if depth <= 0 or roll < 0.04:
        return draw.choice([True, False, {}, {"type": "string"}, {"type": "integer"}, {"const": draw.choice(SCALARS)}])
    if roll < 0.16:
        return {"$ref": "#/$defs/" + draw.choice("xy")}
    made = {}
    if draw.random() < 0.7:
        made["type"] = draw.choice(TYPES) if draw.random() < 0.8 else sorted(set(draw.choices(TYPES, k=2)))
    for _ in range(draw.randrange(1, 4)):
        word = draw.choice(list(_MAKE))
        if str(made.get("type")) in _FOR and draw.random() < 0.75:
            word = draw.choice(_FOR[made["type"]])
        made[word] = _MAKE[word](draw, depth - 1)
    if "if" in made:
        made[draw.choice(["then", "else"])] = part(draw, depth - 1)
    if "contains" in made and draw.random() < 0.5:
        made[draw.choice(["minContains", "maxContains"])] = draw.randrange(3)
    return made


def edited(draw, node):
    """The schema with one or two small edits somewhere."""
    made = copy.deepcopy(node)
    for _ in range(draw.randrange(1, 3)):
        here = draw.choice(_dicts(made))
        words = [word for word in here if word in _MAKE]
        if words and draw.random() < 0.6:
            word = draw.choice(words)
            if draw.random() < 0.4:
                del here[word]
            else:
                here[word] = _MAKE[word](draw, 1)
        elif "$ref" not in here:
            word = draw.choice(list(_MAKE))
            here.setdefault(word, _MAKE[word](draw, 1))
    return made


def _dicts(node):
    found = [node]
    for word, value in node.items():
        if word in ("properties", "patternProperties", "dependentSchemas", "$defs"):
            found += [one for inner in value.values() if isinstance(inner, dict) for one in _dicts(inner)]
        elif word in ("allOf", "anyOf", "oneOf", "prefixItems"):
            found += [one for inner in value if isinstance(inner, dict) for one in _dicts(inner)]
        elif word in _INNER and isinstance(value, dict):
            found += _dicts(value)
    return found


def _map(draw, depth, keys):
    return {draw.choice(keys): part(draw, depth) for _ in range(draw.randrange(1, 3))}


def _list(draw, depth):
    return [part(draw, depth) for _ in range(draw.randrange(1, 4))]


def _values(draw, _depth):
    return list({repr(one): one for one in draw.choices(SCALARS, k=draw.randrange(1, 5))}.values())


_INNER = ("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else",
          "unevaluatedItems", "unevaluatedProperties")
_MAKE = {
    "enum": _values, "const": lambda draw, _: draw.choice(SCALARS),
    "multipleOf": lambda draw, _: draw.choice([1, 2, 3, 0.5]), "minimum": lambda draw, _: draw.randrange(-1, 4),
    "maximum": lambda draw, _: draw.randrange(0, 6), "exclusiveMinimum": lambda draw, _: draw.choice([-1, 0, 1.5]),
    "exclusiveMaximum": lambda draw, _: draw.choice([2, 3, 5]), "minLength": lambda draw, _: draw.randrange(3),
    "maxLength": lambda draw, _: draw.randrange(4), "pattern": lambda draw, _: draw.choice(PATTERNS),
    "format": lambda draw, _: draw.choice(["date", "email", "strange"]),
    "minItems": lambda draw, _: draw.randrange(3), "maxItems": lambda draw, _: draw.randrange(4),
    "uniqueItems": lambda draw, _: draw.random() < 0.7, "minProperties": lambda draw, _: draw.randrange(3),
    "maxProperties": lambda draw, _: draw.randrange(4),
    "required": lambda draw, _: sorted(set(draw.choices(NAMES, k=draw.randrange(3)))),
    "dependentRequired": lambda draw, _: {draw.choice(NAMES): [draw.choice(NAMES)]},
    "items": lambda draw, depth: part(draw, depth), "prefixItems": _list,
    "contains": lambda draw, depth: part(draw, depth),
    "properties": lambda draw, depth: _map(draw, depth, NAMES),
    "patternProperties": lambda draw, depth: _map(draw, depth, PATTERNS),
    "additionalProperties": lambda draw, depth: draw.choice([False, False, True, part(draw, depth)]),
    "propertyNames": lambda draw, depth: draw.choice([{"pattern": "^a"}, {"maxLength": 1}, part(draw, depth)]),
    "dependentSchemas": lambda draw, depth: _map(draw, depth, NAMES), "allOf": _list, "anyOf": _list, "oneOf": _list,
    "not": lambda draw, depth: part(draw, depth), "if": lambda draw, depth: part(draw, depth),
    "unevaluatedProperties": lambda draw, depth: draw.random() < 0.2 and part(draw, depth),
    "unevaluatedItems": lambda draw, depth: draw.random() < 0.2 and part(draw, depth)}
_OBJECT = ("properties", "properties", "required", "additionalProperties", "patternProperties", "minProperties",
           "maxProperties", "dependentRequired", "dependentSchemas", "propertyNames", "unevaluatedProperties")
_FOR = {"object": _OBJECT, "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
        "string": ("minLength", "maxLength", "pattern", "format", "enum"),
        "integer": ("minimum", "maximum", "multipleOf", "enum"),
        "number": ("minimum", "exclusiveMaximum", "multipleOf")}
