"""How consumer tests write pacts: matchers as loose as the consumers need, one promise an interaction.

`pact` is imported where it is needed only: it loads a native library.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["PACT_DO_NOT_TRACK"] = "true"

PLATFORM, PLATFORM_EVENTS = "platform", "platform-events"
TIME = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
JSON_TYPE = r"^application/json(\s*;.*)?$"
CURRENCY = r"^[A-Z]{3}$"
FAMILY_1 = r"^1(\.[0-9]+)+$"
"""Schema versions that a consumer of major 1 can read."""
_NOW = "2026-11-21T12:00:00.000Z"
_ERROR_TRACE = "7d3f0c"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One interaction of a pact: `declare(pact)` says what is asked for, `use(consumer)` asks for it.

    `use` gets the consumer's client, or for a message the (content) of it, and asserts what the consumer made of it.
    """

    description: str
    declare: Callable[[Any], Any]
    use: Callable[[Any], object]
    message: bool = False


def typed(example: Any) -> Any:
    """Anything of the example's type."""
    from pact import match

    return match.like(example)


def like(example: str, pattern: str) -> Any:
    """A text of that pattern; the pattern alone would take a number whose digits fit."""
    from pact import match
    from pact.match.matcher import AndMatcher

    class Both(AndMatcher[str]):
        def to_integration_json(self) -> dict[str, Any]:
            return {**super().to_integration_json(), "value": example}  # the library's own form loses it

    return Both(match.like(example), match.regex(example, regex=pattern))


def header(example: str, pattern: str) -> Any:
    """A header's value of that pattern."""
    from pact import match

    return match.regex(example, regex=pattern)


def one_of(*words: str) -> Any:
    """One of these words."""
    return like(words[0], f"^({'|'.join(words)})$")


def an_id(example: str) -> Any:
    """Any identifier: no consumer may know their form."""
    return typed(example)


def a_time() -> Any:
    """An RFC 3339 time."""
    return like(_NOW, TIME)


def now() -> Any:
    """An RFC 3339 time that is now whenever it is sent."""
    from pact import generate
    from pact.match.matcher import GenericMatcher

    moment = generate.datetime("yyyy-MM-dd'T'HH:mm:ss'Z'", disable_conversion=True)
    return GenericMatcher("regex", _NOW, generator=moment, regex=TIME)


def money(amount: int = 1_000, currency: str = "EUR") -> dict[str, Any]:
    """A sum in minor units."""
    from pact import match

    return {"amount": match.int(amount), "currency": like(currency, CURRENCY)}


def an_integer(example: int) -> Any:
    """An integer."""
    from pact import match

    return match.int(example)


def any_number_of(example: Any) -> Any:
    """A list of such things, which may be empty."""
    from pact.match.matcher import GenericMatcher

    return GenericMatcher("type", [example], min=0)


def of_state(example: str, expression: str = "") -> Any:
    """A value that the provider's state names: `${name}`, by default the example's own kind (`bet_id-1`: bet_id)."""
    from pact import generate, match

    wanted = expression or "${" + example.rpartition("-")[0] + "}"
    return match.like(example, generator=generate.provider_state(wanted))


def fresh(example: str) -> Any:
    """A value that the consumer chooses, anew each time."""
    from pact import generate, match

    return match.like(example, generator=generate.uuid())


def path_of_state(example: str, expression: str) -> Any:
    """A path with a value that the provider's state names."""
    from pact import generate
    from pact.match.matcher import GenericMatcher

    pattern = "^" + "[^/]+".join(part.partition("}")[2] if i else part for i, part in enumerate(expression.split("${")))
    return GenericMatcher("regex", example, generator=generate.provider_state(expression), regex=pattern + "$")


def refusal(*codes: str) -> dict[str, Any]:
    """An answer that refuses, with one of these codes."""
    return {"code": one_of(*codes), "message": typed("Refused."), "retryable": typed(False),
            "trace_id": typed(_ERROR_TRACE)}


def call(description: str, method: str, path: Any, *, given: Sequence[tuple[str, Mapping[str, Any]]], status: int,
         use: Callable[[Any], object], answer: Mapping[str, Any], body: Mapping[str, Any] | None = None,
         key: Any = None, query: Mapping[str, Any] | None = None, statuses: Sequence[int] = (),
         controls: Sequence[str] = ("CONT-02",), needs: Sequence[str] = (), when: Mapping[str, Any] | None = None,
         since: str = "") -> Promise:
    """A call and its answer. `path`, `body`, `answer` are made when the pact is: pass callables for matchers.

    `statuses`: more statuses that are as good. `needs`, `when`: capabilities and choices of the platform's profile
    without which it is not asked; `since`: the version of the contract that came with it.
    """
    def declare(pact: Any) -> None:
        asked = pact.upon_receiving(description)
        for state, parameters in given:
            asked.given(state, dict(parameters))
        asked.set_comment("certify", _notes(controls, needs, when, since))
        asked.with_request(method, made(path))
        asked.with_header("Accept", "application/json")
        asked.with_header("Authorization", header("Bearer token", r"^Bearer .+$"))
        asked.with_header("X-Trace-Id", fresh("7d3f0c"))
        for name, example in (("X-Brand-Id", "brand-a1"), ("X-Region", "eu-west"), ("X-Provider-Id", "provider-a")):
            asked.with_header(name, typed(example))
        for name, value in (query or {}).items():
            asked.with_query_parameter(name, value)
        if method != "GET":
            asked.with_header("X-Idempotency-Key", fresh("key-1") if key is None else made(key))
            asked.with_body(made(body), "application/json")
        asked.will_respond_with(status).with_header("Content-Type", header("application/json", JSON_TYPE))
        if statuses:
            rule = {"match": "statusCode", "status": [status, *statuses]}
            asked.with_matching_rules({"status": {"matchers": [rule]}}, part="Response")
        asked.with_body(made(answer), "application/json")

    return Promise(description=description, declare=declare, use=use)


def event(kind: str, data: Callable[[], Mapping[str, Any]], use: Callable[[Any], object], *,
          controls: Sequence[str] = ("EVT-01", "EVT-03"), needs: Sequence[str] = (), more: Any = dict,
          since: str = "") -> Promise:
    """An event that the consumer reads, whichever way it came; `more`: other members of its envelope."""
    description = f"the event {kind}"

    def declare(pact: Any) -> None:
        asked = pact.upon_receiving(description, "Async")
        asked.set_comment("certify", {"event": kind} | _notes(controls, needs, None, since))
        asked.with_body({
            "event_id": an_id("ev-1"), "type": kind, "schema_version": like("1.7", FAMILY_1), "occurred_at": a_time(),
            "tenant_id": an_id("tenant-a"), "trace_id": typed("7d3f0c"),
            "data": dict(data()), **made(more)}, "application/json")
        asked.with_metadata({"contentType": "application/json"})

    return Promise(description=description, declare=declare, use=use, message=True)


def made(value: Any) -> Any:
    """What a callable makes; anything else is itself."""
    return value() if callable(value) else value


def interaction(consumer: str, provider: str, promise: Promise, client: Callable[[str], Any]) -> dict[str, Any]:
    """What one promise writes into the pact, once the consumer was seen to live by it.

    Raises whatever the consumer's own assertions, or the mock server's mismatches, raise.
    """
    from pact import Pact

    with tempfile.TemporaryDirectory() as folder:
        pact = Pact(consumer, provider).with_specification("V4")
        promise.declare(pact)
        if promise.message:
            pact.verify(lambda content, _: promise.use(client("")(json.loads(content))), "Async")
        else:
            with pact.serve("127.0.0.1") as server:
                promise.use(client(str(server.url)))
        pact.write_file(folder, overwrite=True)
        [written] = [json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).glob("*.json")]
    [only] = written["interactions"]
    return dict(only)


def whole(consumer: str, provider: str, interactions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A pact file's content; without the library's own version, which says nothing about the contract."""
    return {"consumer": {"name": consumer}, "provider": {"name": provider},
            "interactions": sorted(interactions, key=lambda i: str(i["description"])),
            "metadata": {"pactSpecification": {"version": "4.0"}}}


def _notes(controls: Sequence[str], needs: Sequence[str], when: Mapping[str, Any] | None, since: str
           ) -> dict[str, Any]:
    notes: dict[str, Any] = {"controls": list(controls)}
    if needs:
        notes["needs"] = list(needs)
    if when:
        notes["when"] = dict(when)
    if since:
        notes["since"] = since
    return notes
