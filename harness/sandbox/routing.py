"""How a room declares its operations: one `Operation` per method and path, in a module-level list `routes`.

    routes = [
        Operation("GET", "/v1/bonuses/{bonus_id}", "getBonus", "bonuses:read", get_bonus, READ),
        Operation("POST", "/v1/bonuses", "issueBonus", "bonuses:write", issue_bonus, WRITE),
    ]

Styles decide what the pipeline does around the handler (see `middleware` and `idempotency`):

READ   `def handler(tx: Tx, ctx: Context) -> Answer`     partner headers and token checked; one reading transaction.
WRITE  `def handler(tx: Tx, ctx: Context) -> Answer`     as READ, and: the idempotency key is claimed, the handler
       runs and its answer is stored in ONE transaction. Raise ApiError to refuse: every effect is rolled back and
       the refusal itself is stored under the key. This is the style for everything that needs no wallet call.
SAGA   `async def handler(ctx: Context) -> Answer`       as WRITE, but the handler drives its transactions itself
       (bets and other operations with a wallet call in the middle; see `idempotency.claim` and `bets`).
OPEN   `async def handler(ctx: Context) -> Answer`       no partner headers, no key; the token is checked only when
       `scope` is not None (sandbox administration, token call, health, documents). Bodies are parsed strictly
       when the media type is JSON; otherwise only ctx.raw is set.

`scope` is the OAuth scope of the operation. `operation_id` must be the contract's operationId: the body and the
parameters are validated against the contract document under that id before the handler runs. `loose_numbers`
lets JSON fractions through (inbox events carry foreign data). A module may also export:
    install(platform: Platform) -> None                     registers hooks and observers, before serving
    background(platform: Platform) -> list[Coroutine]       tasks that run as long as the platform
app.ROOMS lists the modules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

READ = "read"
WRITE = "write"
SAGA = "saga"
OPEN = "open"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method and path template with its handler."""

    method: str
    path: str
    operation_id: str
    scope: str | None
    handler: Callable[..., Any]
    style: str
    loose_numbers: bool = False

    @property
    def changes(self) -> bool:
        """True for the styles that need an idempotency key."""
        return self.style in (WRITE, SAGA)


class Router:
    """Exact paths by dictionary, templates by one compiled pattern each."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._exact: dict[str, dict[str, Operation]] = {}
        self._templates: list[tuple[re.Pattern[str], dict[str, Operation]]] = []
        by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            methods = by_path.setdefault(operation.path, {})
            if operation.method in methods:
                raise ValueError(f"{operation.method} {operation.path} is declared twice")
            methods[operation.method] = operation
        for path, methods in by_path.items():
            if "{" in path:
                self._templates.append((_pattern(path), methods))
            else:
                self._exact[path] = methods

    def find(self, path: str) -> tuple[dict[str, Operation], dict[str, str]] | None:
        """The operations of a path by method, with the path parameters; None for an unknown path."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, {}
        for pattern, candidates in self._templates:
            match = pattern.fullmatch(path)
            if match is not None:
                return candidates, match.groupdict()
        return None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
