"""Operations, webhooks and callbacks: which are gone or new, and all that changed in those that stayed."""

from __future__ import annotations

from collections.abc import Iterable

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.comparing import Comparing
from harness.drift.openapi.content import content_changes
from harness.drift.openapi.matching import match
from harness.drift.openapi.model import Operation, Part, operations_of
from harness.drift.openapi.parameters import parameter_changes
from harness.drift.openapi.responses import response_changes
from harness.drift.openapi.security import Security
from harness.drift.openapi.servers import server_changes

_DEEPEST_CALLBACKS = 4
"""Callbacks of callbacks of callbacks; references can make them endless."""


def operation_changes(comparing: Comparing) -> list[Change]:
    """All that changed in what the consumer can call."""
    found = match(comparing.old.operations, comparing.new.operations)
    security = Security(comparing)
    changes = [_removed(comparing, one, found.added) for one in found.removed]
    changes += [comparing.change("operation-added", f"{one.title} is new.", where=one.title, effect=Effect.WIDENS,
                                 side=Side.IN, old=comparing.old.root.raw("paths"), new=one.part)
                for one in found.added]
    changes += server_changes(comparing, found.both)
    for old, new in found.both:
        changes += inside(comparing, old, new, security, depth=0)
    return changes


def webhook_changes(comparing: Comparing) -> list[Change]:
    """All that changed in what the provider calls by itself."""
    return _called_back(comparing, comparing.old.webhooks, comparing.new.webhooks, "webhook", Security(comparing),
                        comparing.old.root.raw("webhooks"), comparing.new.root.raw("webhooks"), 0)


def inside(comparing: Comparing, old: Operation, new: Operation, security: Security, *, depth: int) -> list[Change]:
    """What changed in an operation that both versions have."""
    if comparing.wholly_unchanged(old, new):
        return []
    found = _operation_id(comparing, old, new)
    found += security.changes(old, new)
    found += parameter_changes(comparing, old, new)
    found += _body_changes(comparing, old, new)
    found += response_changes(comparing, old, new)
    return found + _callback_changes(comparing, old, new, security, depth)


def _removed(comparing: Comparing, one: Operation, added: Iterable[Operation]) -> Change:
    name = one.part.text("operationId")
    now = next((other.title for other in added if name and other.part.text("operationId") == name), "")
    return comparing.change("operation-removed", f"{one.title} is gone{f'; {name} is now {now}' * bool(now)}.",
                            where=one.title, effect=Effect.NARROWS, side=Side.IN, old=one.part,
                            new=comparing.new.root.raw("paths"))


def _operation_id(comparing: Comparing, old: Operation, new: Operation) -> list[Change]:
    before, after = old.part.text("operationId"), new.part.text("operationId")
    if before == after:
        return []
    what = "changed" if before and after else "removed" if before else "added"
    says = {"changed": f"The operationId {before} became {after}.", "removed": f"The operationId {before} is gone.",
            "added": f"It has the operationId {after} now."}[what]
    return [comparing.change(f"operation-id-{what}", says, where=old.title, effect=Effect.NONE, side=Side.NEITHER,
                             old=old.part.raw("operationId"), new=new.part.raw("operationId"),
                             policy="operation-ids" if before else "")]


def _body_changes(comparing: Comparing, old: Operation, new: Operation) -> list[Change]:
    before, after = old.part.part("requestBody"), new.part.part("requestBody")
    side, where = old.sides.request, f"{old.title} request body"
    must_before, must_after = before.flag("required"), after.flag("required")
    if not before and not after:
        return []
    if not before:
        effect = Effect.NARROWS if must_after else Effect.WIDENS
        policy = "tolerant-readers" if side is Side.OUT and not must_after else ""
        return [comparing.change(f"request-body-added-{'required' if must_after else 'optional'}",
                                 f"There is a body now{', which must be sent' * must_after}.", where=where, side=side,
                                 effect=effect, old=old.part, new=after, policy=policy)]
    if not after:
        effect = Effect.WIDENS if side is Side.IN or must_before else Effect.NARROWS
        return [comparing.change("request-body-removed", "There is no body any more.", where=where, effect=effect,
                                 side=side, old=before, new=new.part, policy="removals")]
    found: list[Change] = []
    if must_before != must_after:
        now = "required" if must_after else "optional"
        found.append(comparing.change(f"request-body-became-{now}", f"The body became {now}.", where=where, side=side,
                                      effect=Effect.NARROWS if must_after else Effect.WIDENS, old=before, new=after))
    return found + content_changes(comparing, before.part("content"), after.part("content"), side=side, where=where)


def _callback_changes(comparing: Comparing, old: Operation, new: Operation, security: Security,
                      depth: int) -> list[Change]:
    if depth >= _DEEPEST_CALLBACKS:
        return []
    before, after = old.part.part("callbacks"), new.part.part("callbacks")
    found: list[Change] = []
    for name in dict.fromkeys((*before.names(), *after.names())):
        one, other = before.part(name), after.part(name)
        pairs = _expressions(one, other)
        for expression, now in pairs.items():
            if now is not None and now != expression:
                found.append(comparing.change(
                    "callback-url-changed", f"The callback {name!r} goes to {now}, no longer to {expression}.",
                    where=old.title, effect=Effect.INCOMPARABLE, side=old.sides.swapped().request,
                    old=one.part(expression), new=other.part(now)))
        ours = [operation for expression in pairs for operation in _of(comparing.old.root, name, one, expression, old)]
        spelled = {now: expression for expression, now in pairs.items() if now is not None}
        theirs = [operation for now in dict(other.items())
                  for operation in _of(comparing.new.root, name, other, now, old, spelled.get(now, now))]
        found += _called_back(comparing, ours, theirs, "callback", security, one or before or old.part,
                              other or after or new.part, depth + 1)
    return found


def _expressions(old: Part, new: Part) -> dict[str, str | None]:
    """The new expression of each old one; the last that is left on both sides is the one that changed."""
    before, after = dict(old.items()), dict(new.items())
    gone, fresh = [one for one in before if one not in after], [one for one in after if one not in before]
    single = len(gone) == len(fresh) == 1
    return {one: one if one in after else fresh[0] if single else None for one in before}


def _of(root: Part, name: str, callback: Part, expression: str, caller: Operation,
        spelled: str = "") -> list[Operation]:
    """Operations of a callback; those that answer to one expression have one spelling in both versions."""
    title = f"{caller.title} callback {name} {spelled or expression}"
    return list(operations_of(root, title, callback.part(expression), caller.sides.swapped()))


def _called_back(comparing: Comparing, old: Iterable[Operation], new: Iterable[Operation], kind: str,
                 security: Security, before: Part, after: Part, depth: int) -> list[Change]:
    """Webhooks and callbacks: matched by their name alone, for the consumer says where they go."""
    ours, theirs = ({(one.path, one.method): one for one in side} for side in (old, new))
    found: list[Change] = []
    for key, one in ours.items():
        side = one.sides.request
        if key in theirs:
            found += inside(comparing, one, theirs[key], security, depth=depth)
        else:
            found.append(comparing.change(f"{kind}-removed", f"{one.title} is called no more.", where=one.title,
                                          effect=Effect.INCOMPARABLE, side=side, old=one.part, new=after))
    for key, one in theirs.items():
        if key not in ours:
            found.append(comparing.change(f"{kind}-added", f"{one.title} is called too.", where=one.title,
                                          effect=Effect.WIDENS, side=one.sides.request, old=before, new=one.part,
                                          policy="subscriptions"))
    return found
