"""Responses: statuses with their ranges, headers, bodies, links."""

from __future__ import annotations

from harness.drift.changes import Change, Effect, Side
from harness.drift.openapi.comparing import Comparing
from harness.drift.openapi.content import content_changes
from harness.drift.openapi.model import Operation, Part
from harness.drift.openapi.parameters import headers_of, sent_changes

_DEFAULT = "DEFAULT"


def response_changes(comparing: Comparing, old: Operation, new: Operation) -> list[Change]:
    """What changed in the responses of an operation."""
    before, after = _by_status(old), _by_status(new)
    pairs, removed, added = _matched(before, after)
    found: list[Change] = []
    for status, other in pairs:
        found += _response(comparing, before[status], after[other], old.sides.response,
                           f"{old.title} response {_said(status)}")
    found += [_removed(comparing, old, new, status, before[status]) for status in removed]
    return found + [_added(comparing, old, status, after[status], old.part.part("responses")) for status in added]


def _by_status(operation: Operation) -> dict[str, Part]:
    return {name.upper(): part for name, part in operation.part.part("responses").items()}


def _matched(before: dict[str, Part], after: dict[str, Part]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Which answers answer the same: pairs to compare, statuses gone, statuses new.

    A status that is not there itself is told by its range, then by `default`; the other way round a range or `default`
    lives on in the statuses that were taken out of it.
    """
    pairs = [(status, status) for status in before if status in after]
    removed, added = [], []
    carved: set[str] = set()
    for status in after:
        if status in before:
            continue
        told = next((general for general in _generals(status) if general in before), None)
        replaced = [one for one in before if one not in after and status in _generals(one)]
        pairs += [(one, status) for one in replaced]
        if told is not None:
            pairs.append((told, status))
            carved.add(told)
        elif not replaced or (status == _DEFAULT and not any(_is_error(one) for one in replaced)):
            added.append(status)
    for status in before:
        if status in after:
            continue
        told = next((general for general in _generals(status) if general in after), None)
        if told is None and status not in carved:
            removed.append(status)
        elif told is not None and (status, told) not in pairs:
            pairs.append((status, told))
    return pairs, removed, added


def _generals(status: str) -> tuple[str, ...]:
    """What tells of the status where it is not there itself."""
    if status == _DEFAULT:
        return ()
    return (_DEFAULT,) if status.endswith("XX") else (f"{status[:1]}XX", _DEFAULT)


def _is_error(status: str) -> bool:
    return status[:1] in ("4", "5") or status == _DEFAULT


def _removed(comparing: Comparing, old: Operation, new: Operation, status: str, part: Part) -> Change:
    side, error = old.sides.response, _is_error(status)
    if side is Side.IN:
        effect, policy = Effect.NARROWS, ""
    else:
        effect, policy = Effect.INCOMPARABLE if not error else Effect.NARROWS, "removals"
    return comparing.change(
        f"response-{'error' if error else 'success'}-status-removed", f"The response {_said(status)} is gone.",
        where=old.title, effect=effect, side=side, old=part, new=new.part.part("responses"), policy=policy)


def _added(comparing: Comparing, old: Operation, status: str, part: Part, before: Part) -> Change:
    side, error = old.sides.response, _is_error(status)
    policy = "" if side is Side.IN else "error-statuses" if error else "success-statuses"
    return comparing.change(
        f"response-{'error' if error else 'success'}-status-added", f"The response {_said(status)} is new.",
        where=old.title, effect=Effect.WIDENS, side=side, old=before, new=part, policy=policy)


def _response(comparing: Comparing, old: Part, new: Part, side: Side, where: str) -> list[Change]:
    found = sent_changes(comparing, headers_of(old), headers_of(new), side=side, where=where, old=old, new=new)
    found += content_changes(comparing, old.part("content"), new.part("content"), side=side, where=f"{where} body")
    return found + _link_changes(comparing, old, new, side, where)


def _link_changes(comparing: Comparing, old: Part, new: Part, side: Side, where: str) -> list[Change]:
    before, after = dict(old.part("links").every()), dict(new.part("links").every())
    found: list[Change] = []
    for name, one in before.items():
        if name not in after:
            found.append(comparing.change("link-removed", f"The link {name!r} is gone.", where=where,
                                          effect=Effect.NARROWS, side=side, old=one, new=new, policy="links"))
        elif _link(one) != _link(after[name]):
            found.append(comparing.change("link-changed", f"The link {name!r} leads elsewhere.", where=where, side=side,
                                          effect=Effect.NONE, old=one, new=after[name], policy="links"))
    return found + [comparing.change("link-added", f"The link {name!r} is new.", where=where, effect=Effect.WIDENS,
                                     side=side, old=old, new=one, policy="tolerant-readers")
                    for name, one in after.items() if name not in before]


def _link(link: Part) -> list[object]:
    return [link.get(key) for key in ("operationId", "operationRef", "parameters", "requestBody", "server")]


def _said(status: str) -> str:
    return status.lower() if status == _DEFAULT else status
