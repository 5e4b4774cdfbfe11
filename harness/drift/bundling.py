"""One schema and all that it refers to, freed from its document and from words that decide nothing."""

from __future__ import annotations

import json
from typing import Any

from harness.drift.bundles import Bundle, Cuts, Read, Unfollowed
from harness.drift.keywords import EMPTY, FORMATS, RANGES, SILENT_FORMATS, WORDS, well_formed
from harness.drift.names import INNER, OPEN, OUTER, reference
from harness.drift.shelves import Shelf
from harness.drift.subschemas import BEARING, DEEPEST, at_pointer, of_word, steps

LARGEST = 20_000
"""How many schemas one bundle may hold."""
_CHOOSING = frozenset({"anyOf", "oneOf", "if", "dependentSchemas"})
_REFERRING = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_TOO_LARGE = "the schema is too deep or too large"
_SPELLED = json.JSONEncoder(sort_keys=True, default=str).encode


class Bundler:
    """Frees schemas of one root document; what they refer to is worked out once and kept.

    `closed`: objects that declare members and say nothing about others allow no others (the writer-closed reading).
    `cuts`: these parts are not read, but what is given for each, which refers to nothing. `shelf`: what others read.
    """

    def __init__(self, root: Any, *, closed: bool = False, cuts: Cuts | None = None,
                 shelf: Shelf | None = None) -> None:
        self._cuts: Cuts = cuts or {}
        self._cut_so = {one: _SPELLED(instead) for one, instead in self._cuts.items()}
        self._shelf = Shelf() if shelf is None else shelf
        self._root, self._mode = root, OUTER if closed else OPEN
        self._known: dict[str, Read] = {}
        self._read_once: dict[int, tuple[Any, Read]] = {}
        """By identity, with the schema, so that the identity stays its own."""
        self._names: dict[str, str] | None = None
        self._dynamic: dict[str, list[str]] = {}
        self._deps: set[str] = set()
        self._formats: set[str] = set()
        self._shared = False
        self._count = 0

    def bundle(self, schema: Any, *, most: int = LARGEST) -> Bundle:
        """One schema of the document, with all that it refers to, at most so many named schemas.

        Raises:
            Unfollowed: a reference that leads nowhere or out of the document, or more than is reasonable.
        """
        top = self.read(schema)
        defs: dict[str, Read] = {}
        todo = sorted(top.deps)
        while todo:
            name = todo.pop()
            if name not in defs:
                if len(defs) >= most:
                    raise Unfollowed("the schema refers to too many others")
                defs[name] = self.definition(name)
                todo.extend(sorted(defs[name].deps))
        every = [top, *defs.values()]
        names = sorted(defs)
        formats = frozenset[str]().union(*(one.formats for one in every))
        return Bundle(schema=top.made, defs={name: defs[name].made for name in names}, formats=formats,
                      shared=any(one.shared for one in every),
                      key=(*sorted(formats), top.text, *names, *(defs[name].text for name in names)))

    def read(self, schema: Any) -> Read:
        """One schema alone, with the names of what it refers to; raises as `bundle` does."""
        if id(schema) not in self._read_once:
            self._count = 0
            self._read_once[id(schema)] = schema, self._shelved(schema, "", self._mode, self._mode)
        return self._read_once[id(schema)][1]

    def definition(self, name: str) -> Read:
        """What a name stands for, worked out once; raises as `bundle` does."""
        if name not in self._known:
            mode = next((one for one in (OUTER, INNER) if name.startswith(one)), OPEN)
            pointer = name.removeprefix(mode).removeprefix("#")
            self._known[name] = self._shelved(self._at(pointer), self._resource(pointer), mode, name)
        return self._known[name]

    def _shelved(self, schema: Any, base: str, mode: str, name: str) -> Read:
        before = self._count
        found = self._shelf.read(self._root, name, schema, self._cut_so, lambda: self._read(schema, base, mode))
        self._count = before + found.count
        if self._count > LARGEST:
            raise Unfollowed(_TOO_LARGE)
        return found

    def _read(self, schema: Any, base: str, mode: str) -> Read:
        self._deps, self._formats, self._shared = set(), set(), False
        before = self._count
        made = self._free(schema, base, mode, 0)
        return Read(made, frozenset(self._deps), frozenset(self._formats), self._shared, _SPELLED(made),
                    self._count - before)

    def _at(self, pointer: str) -> Any:
        try:
            return at_pointer(self._root, pointer)
        except (LookupError, ValueError):
            raise Unfollowed(f"the reference #{pointer} leads nowhere") from None

    def _free(self, node: Any, base: str, mode: str, depth: int, *, choice: bool = False) -> Any:
        self._count += 1
        if id(node) in self._cuts:
            return self._cuts[id(node)]
        if depth > DEEPEST or self._count > LARGEST:
            raise Unfollowed(_TOO_LARGE)
        if not isinstance(node, dict):
            if isinstance(node, bool):
                return node
            raise Unfollowed(f"{json.dumps(node, default=str)[:60]} is no schema")
        if isinstance(node.get("$id"), str) and depth:
            base = self._named(node["$id"].rstrip("#"))
        kept = self._kept(node)
        target = self._target(node, base)
        if target is not None:
            kept["$ref"] = target
        if mode == OUTER and not self._is_alias(kept):
            added = self._closing(kept, base, declares="properties" in node)
            self._shared = self._shared or bool(added and choice)
            kept = {**kept, **added}
        made = {}
        for word, value in kept.items():
            made[word] = self._below(word, value, base, mode, depth, kept, choice=choice)
        return made

    def _is_alias(self, kept: dict[str, Any]) -> bool:
        return list(kept) == ["$ref"] or (list(kept) == ["allOf"] and len(kept["allOf"]) == 1)

    def _below(self, word: str, value: Any, base: str, mode: str, depth: int, kept: dict[str, Any], *,
               choice: bool) -> Any:
        """What becomes of one word's value; a composition's branches are closed inside, not by themselves."""
        if word == "$ref":
            own = mode if mode != OUTER or self._is_alias(kept) else INNER
            self._deps.add(own + "#" + value)
            self._shared = self._shared or (choice and mode != OPEN)
            return reference(own + "#" + value)
        if word not in BEARING:
            return value
        if mode == OPEN or word in ("not", "if", "contains", "propertyNames"):
            below = OPEN
        elif word in ("allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"):
            below = mode if mode == OUTER and self._is_alias(kept) else INNER
        else:
            below = OUTER
        inside = choice or word in ("oneOf", "if")
        return of_word(word, value, lambda one: self._free(one, base, below, depth + 1, choice=inside))

    def _kept(self, node: dict[str, Any]) -> dict[str, Any]:
        kept = {word: value for word, value in node.items() if word in WORDS and word not in ("$ref", "format")}
        for word, value in kept.items():
            if not well_formed(word, value):
                raise Unfollowed(f"the value of {word} is not of the kind that the standard asks for")
        if "required" in kept:
            kept["required"] = sorted({str(one) for one in kept["required"]})
        for word in [word for word, value in kept.items() if word in EMPTY and _same(value, EMPTY[word])]:
            del kept[word]
        if "if" not in kept:
            kept.pop("then", None)
            kept.pop("else", None)
        name = node.get("format")
        if name is not None and not isinstance(name, str):
            raise Unfollowed("the value of format is no string")
        if name in FORMATS:
            kept["format"] = name
        elif name is not None and name in RANGES:
            low, high = RANGES[name]
            kept["minimum"] = max(low, kept.get("minimum", low))
            kept["maximum"] = min(high, kept.get("maximum", high))
        elif name and name not in SILENT_FORMATS:
            self._formats.add(name)
        return dict(sorted(kept.items()))

    def _closing(self, kept: dict[str, Any], base: str, *, declares: bool) -> dict[str, Any]:
        """The words that close one object, own and composed members counted; {} where there is nothing to close.

        An object without any member that still `declares` them, itself or in a part of it, is one whose members the
        other side alone writes. A member that is required and nowhere declared is sent all the same.
        """
        if "additionalProperties" in kept or "unevaluatedProperties" in kept:
            return {}
        members: set[str] = set()
        patterns: set[str] = set()
        plain, says, parts_declare = self._members(kept, base, members, patterns, set(), 0)
        if not (members or patterns or declares or parts_declare):
            return {}
        ghosts = dict.fromkeys(sorted(set(kept.get("required", ())) - members), True)
        if not plain:
            ghostly = {"properties": {**ghosts, **kept.get("properties", {})}} if ghosts else {}
            return {"unevaluatedProperties": False, **ghostly}
        if says:
            return {}
        members.update(ghosts)
        own, own_patterns = kept.get("properties", {}), kept.get("patternProperties", {})
        made: dict[str, Any] = {"additionalProperties": False}
        if members - set(own):
            made["properties"] = {**dict.fromkeys(sorted(members), True), **own}
        if patterns - set(own_patterns):
            made["patternProperties"] = {**dict.fromkeys(sorted(patterns), True), **own_patterns}
        return made

    def _members(self, node: Any, base: str, members: set[str], patterns: set[str], seen: set[str],
                 depth: int) -> tuple[bool, bool, bool]:
        """Collect the declared members of an object; whether only allOf and references compose it, whether one of
        its parts speaks about other members, and whether one declares members.
        """
        if not isinstance(node, dict) or depth > DEEPEST:
            return True, False, False
        members.update(_keys(node.get("properties")))
        patterns.update(_keys(node.get("patternProperties")))
        plain = _CHOOSING.isdisjoint(node)
        says = "additionalProperties" in node or "unevaluatedProperties" in node
        declares = "properties" in node
        parts = [one for word in ("allOf", "anyOf", "oneOf") for one in node.get(word) or ()]
        parts += [node[word] for word in ("if", "then", "else") if word in node]
        parts += list((node.get("dependentSchemas") or {}).values())
        target = node.get("$ref") if depth == 0 else self._target(node, base)
        bases = [base] * len(parts)
        if isinstance(target, str) and target not in seen:
            seen.add(target)
            parts.append(self._at(target))
            bases.append(self._resource(target))
        for part, of in zip(parts, bases, strict=True):
            also = self._members(part, of, members, patterns, seen, depth + 1)
            plain, says, declares = plain and also[0], says or also[1], declares or also[2]
        return plain, says, declares

    def _target(self, node: dict[str, Any], base: str) -> str | None:
        """The pointer that a schema refers to; None where it refers to nothing."""
        if _REFERRING.isdisjoint(node):
            return None
        ref = next((node[word] for word in ("$ref", "$dynamicRef", "$recursiveRef") if isinstance(node.get(word), str)),
                   None)
        if ref is None:
            return None
        if "$recursiveRef" in node and isinstance(self._root, dict) and self._root.get("$recursiveAnchor") is True:
            raise Unfollowed("a $recursiveRef whose target depends on who asks")
        where, _, fragment = ref.partition("#")
        start = base if not where else self._named(where)
        if not fragment:
            return start
        if fragment.startswith("/"):
            return start + "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps(fragment))
        if "$dynamicRef" in node and len(self._dynamic.get(fragment, ())) > 1:
            raise Unfollowed("a $dynamicRef whose target depends on who asks")
        return self._named("#" + fragment)

    def _named(self, name: str) -> str:
        if self._names is None:
            self._names = {}
            self._index(self._root, "", 0)
        found = self._names.get(name) or self._names.get(name.rstrip("#"))
        if found is None and name not in self._names:
            close = [at for own, at in self._names.items() if not own.startswith("#") and own.endswith("/" + name)]
            if len(close) != 1:
                raise Unfollowed(f"the reference {name} leads out of the document")
            return close[0]
        return found or ""

    def _index(self, node: Any, pointer: str, depth: int) -> None:
        assert self._names is not None
        if depth > 2 * DEEPEST or not isinstance(node, dict | list):
            return
        if isinstance(node, dict):
            if isinstance(node.get("$id"), str):
                self._names.setdefault(node["$id"].rstrip("#"), pointer)
            for word in ("$anchor", "$dynamicAnchor"):
                if isinstance(node.get(word), str):
                    self._names.setdefault("#" + node[word], pointer)
            if isinstance(node.get("$dynamicAnchor"), str):
                self._dynamic.setdefault(node["$dynamicAnchor"], []).append(pointer)
        for key, one in node.items() if isinstance(node, dict) else enumerate(node):
            self._index(one, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", depth + 1)

    def _resource(self, pointer: str) -> str:
        """The pointer of the innermost schema with an `$id` of its own around a place; "" for the document."""
        node, base, walked = self._root, "", ""
        for step in steps(pointer):
            node = node[int(step)] if isinstance(node, list) else node[step]
            walked += "/" + step.replace("~", "~0").replace("/", "~1")
            if isinstance(node, dict) and isinstance(node.get("$id"), str):
                base = walked
        return base


def _same(value: Any, other: Any) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _keys(value: Any) -> set[str]:
    return set(value) if isinstance(value, dict) else set()
