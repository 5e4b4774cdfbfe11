"""Security: who could call before must be able to call after, whatever the schemes are named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.comparing import Comparing
from harness.drift.openapi.model import CALLED, Operation, Part

Alternative = Mapping[str, frozenset[str]]
"""Schemes that are needed together, each with its scopes; none: anybody may call."""
_FLOW_URLS = ("authorizationUrl", "tokenUrl", "deviceAuthorizationUrl", "refreshUrl")
"""Where clients get their tokens."""


class Security:
    """Security schemes of both versions, brought to one set of names, and what changed in those that are used."""

    def __init__(self, comparing: Comparing) -> None:
        self._comparing = comparing
        self._old = _schemes(comparing.old.root)
        self._new = _schemes(comparing.new.root)
        self._old_names, self._names = self._renamed()
        self._told: set[str] = set()

    def _renamed(self) -> tuple[dict[str, str], dict[str, str]]:
        """One old name for each old and each new scheme: one that only got another name is the one that it was."""
        kept = {name for name, scheme in self._new.items()
                if name in self._old and _identity(self._old[name]) == _identity(scheme)}
        steady = {_identity(scheme): name for name, scheme in reversed(self._old.items())
                  if name in kept or name not in self._new}
        old, new = ({name: steady[_identity(scheme)] for name, scheme in schemes.items() if _identity(scheme) in steady
                     and (name in kept or name not in others)}
                    for schemes, others in ((self._old, self._new), (self._new, self._old)))
        return old, new

    def changes(self, old: Operation, new: Operation) -> list[Change]:
        """What changed in who may call the operation; a scheme that changed is told once."""
        before, after = _alternatives(old.security, self._old_names), _alternatives(new.security, self._names)
        found = self._scheme_changes(before, after)
        lost = [one for one in before if not any(_suffices(one, other) for other in after)]
        gained = [one for one in after if not any(_suffices(one, other) for other in before)]
        if old.sides != CALLED:  # the provider calls: what it brings no longer, the consumer misses
            if any(not any(_suffices(one, other) for one in after) for other in before):
                found.append(self._tell("security-dropped", "It is called with", Effect.WIDENS, old, new))
            elif before != after and (lost or gained):
                found.append(self._tell("security-added", "It is called with", Effect.NARROWS, old, new))
        elif lost:
            found.append(self._tell(_narrowing(lost, after), "It takes", Effect.NARROWS, old, new))
        elif gained:
            found.append(self._tell("security-relaxed", "It takes", Effect.WIDENS, old, new))
        return found

    def _tell(self, rule: str, begins: str, effect: Effect, old: Operation, new: Operation) -> Change:
        before, after = _alternatives(old.security, self._old_names), _alternatives(new.security, self._names)
        return self._comparing.change(rule, f"{begins} {_all_said(after)} now, {_all_said(before)} before.",
                                      where=old.title, effect=effect, side=old.sides.request, old=_stands(old),
                                      new=_stands(new))

    def _scheme_changes(self, before: list[Alternative], after: list[Alternative]) -> list[Change]:
        found: list[Change] = []
        still = {name for one in after for name in one}
        for name in dict.fromkeys(name for one in before for name in one):
            if name in self._told or name not in still or name not in self._old:
                continue
            self._told.add(name)
            new = self._new.get(name)
            if new is not None and self._names.get(name) != name and name not in self._names.values():
                found += self._inside(name, self._old[name], new)
        return found

    def _inside(self, name: str, old: Part, new: Part) -> list[Change]:
        found: list[Change] = []

        def tell(rule: str, says: str, effect: Effect, one: Part = old, other: Part = new) -> None:
            found.append(self._comparing.change(f"security-scheme-{rule}", f"The security scheme {name!r} {says}.",
                                                where=f"security scheme {name}", effect=effect, side=Side.IN, old=one,
                                                new=other))
        if old.get("type") != new.get("type"):
            tell("type-changed", f"is of type {new.get('type')}, no longer {old.get('type')}", Effect.INCOMPARABLE)
            return found
        for key in ("in", "name", "scheme", "openIdConnectUrl"):
            if _spelled(old, key) != _spelled(new, key) and (key != "name" or not _same_but_for_case(old, new)):
                tell(f"{_kebab(key)}-changed", f"has the {key} {new.get(key)!r}, no longer {old.get(key)!r}",
                     Effect.INCOMPARABLE)
        before, after = dict(old.part("flows").items()), dict(new.part("flows").items())
        for flow, one in before.items():
            if flow not in after:
                tell("flow-removed", f"has the flow {flow!r} no longer", Effect.NARROWS, one)
                continue
            for key in _FLOW_URLS:
                if one.get(key) != after[flow].get(key):
                    fresh = key == "refreshUrl" and not one.get(key)  # nobody needs it who did without
                    tell("flow-url-changed", f"has the {key} {after[flow].get(key)!r} in the flow {flow!r}, no longer "
                         f"{one.get(key)!r}", Effect.WIDENS if fresh else Effect.INCOMPARABLE, one, after[flow])
        for flow in after.keys() - before.keys():
            tell("flow-added", f"has the flow {flow!r} too", Effect.WIDENS, other=after[flow])
        return found


def _schemes(root: Part) -> dict[str, Part]:
    return dict(root.part("components").part("securitySchemes").every())


def _identity(scheme: Part) -> str:
    """What a client must know of a scheme; scopes are told by those who ask for them."""
    flows = {name: {key: flow.get(key) for key in _FLOW_URLS} for name, flow in scheme.part("flows").items()}
    told = [scheme.get("type"), *(_spelled(scheme, key) for key in ("in", "name", "scheme", "openIdConnectUrl")), flows]
    return json.dumps(told, sort_keys=True)


def _same_but_for_case(old: Part, new: Part) -> bool:
    """Whether the scheme moved into or out of a header, where case does not count, and kept its name."""
    return old.text("in") != new.text("in") and old.text("name").lower() == new.text("name").lower()


def _spelled(scheme: Part, key: str) -> Any:
    """The member as it takes effect: names of headers and HTTP schemes are the same in any case."""
    value = scheme.get(key)
    wanted = {"apiKey": ("in", "name"), "http": ("scheme",), "openIdConnect": ("openIdConnectUrl",)}
    if key not in wanted.get(scheme.text("type"), ()):
        return None
    blind = key == "scheme" or (key == "name" and scheme.get("in") == "header")
    return value.lower() if blind and isinstance(value, str) else value


def _alternatives(security: Part, names: Mapping[str, str]) -> list[Alternative]:
    given = [one.value for one in security.list() if isinstance(one.value, dict)]
    found: list[Alternative] = []
    for one in given:
        asked: dict[str, frozenset[str]] = {}
        for name, scopes in one.items():
            known = names.get(name, name)
            asked[known] = asked.get(known, frozenset()) | set(map(str, scopes if isinstance(scopes, list) else ()))
        found.append(asked)
    return found or [{}]


def _suffices(sent: Alternative, wanted: Alternative) -> bool:
    """Whether who brings `sent` has all that is wanted."""
    return all(name in sent and scopes <= sent[name] for name, scopes in wanted.items())


def _narrowing(lost: list[Alternative], after: list[Alternative]) -> str:
    """The rule for callers who can call no more."""
    if any(not one for one in lost):
        return "security-added"
    if any(set(one) == set(other) for one in lost for other in after):
        return "security-scope-added"
    return "security-alternative-removed"


def _stands(operation: Operation) -> Part:
    return operation.security if operation.security else operation.part


def _all_said(alternatives: list[Alternative]) -> str:
    return " or ".join(dict.fromkeys(_said(one) for one in alternatives))


def _said(alternative: Alternative) -> str:
    if not alternative:
        return "no credentials"
    return " with ".join(name + (f" ({', '.join(sorted(scopes))})" if scopes else "")
                         for name, scopes in alternative.items())


def _kebab(key: str) -> str:
    return "url" if key == "openIdConnectUrl" else key
