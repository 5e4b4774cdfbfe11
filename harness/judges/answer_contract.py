"""One answer against what the contract documents of it: status, headers, content type and body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.judges.schemas import Schemas
from harness.model.exchange import Exchange
from harness.model.operations import Operation, resolve

_VENDOR = "application/vnd.platform.api+json"
_NO_BODY = (204, 205, 304)
_IGNORED = ("content-type", "accept", "authorization")
"""OpenAPI: what a document says of these among headers shall be ignored."""
_INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_CHARSET = re.compile(r"""charset\s*=\s*"?([^\s";]+)""", re.IGNORECASE)
_PLAIN = ("utf-8", "utf8", "us-ascii", "ascii")

Wrong = tuple[str, str]
"""(expected, seen), in words."""


def documented_answers(contract: Mapping[str, Any], operation: Operation) -> dict[str, Mapping[str, Any]]:
    """Answers of an operation by status key ("200", "4XX", "default"), references followed."""
    return {str(key).upper() if str(key) != "default" else "default": document
            for key, node in _items(operation.document.get("responses"))
            if isinstance(document := resolve(contract, node), Mapping)}


class AnswerRules:
    """The contract's rules for answers, each schema compiled when first needed."""

    def __init__(self, contract: Mapping[str, Any]) -> None:
        self._contract = contract
        self._schemas = Schemas(contract)
        self._documented: dict[str, dict[str, Mapping[str, Any]]] = {}

    def broken(self, operation: Operation, exchange: Exchange) -> Wrong | None:
        """The first rule that an answer breaks, or None."""
        return self.read(operation, exchange)[0]

    def read(self, operation: Operation, exchange: Exchange) -> tuple[Wrong | None, Any, Any]:
        """The first rule that an answer breaks; its JSON body's documented schema (None: there is none); the body."""
        documented = self._of(operation)
        key = self._key(documented, exchange.status or 0)
        if key is None:
            found = f"one of the statuses {', '.join(documented)}", f"status {exchange.status} is not documented"
            return found, None, None
        if wrong := self._headers(operation, key, documented[key], exchange):
            return wrong, None, None
        try:
            return self._content(operation, key, documented[key], exchange)
        except _Unfit as unfit:
            return unfit.wrong, None, None

    def _of(self, operation: Operation) -> dict[str, Mapping[str, Any]]:
        if operation.id not in self._documented:
            self._documented[operation.id] = documented_answers(self._contract, operation)
        return self._documented[operation.id]

    @staticmethod
    def _key(documented: Mapping[str, Any], status: int) -> str | None:
        return next((k for k in (str(status), f"{status // 100}XX", "default") if k in documented), None)

    def _headers(self, operation: Operation, key: str, document: Mapping[str, Any], exchange: Exchange) -> Wrong | None:
        for name, node in _items(document.get("headers")):
            header = resolve(self._contract, node)
            if name.lower() in _IGNORED or not isinstance(header, Mapping):
                continue
            values = [value for n, value in exchange.response_headers if n.lower() == name.lower()]
            if not values and header.get("required") is True:
                return f"the header {name}", f"no header {name}"
            if wrong := self._header((f"{operation.id} header", key, name), header, name, values, exchange):
                return wrong
        return None

    def _header(self, key: tuple[str, str, str], header: Mapping[str, Any], name: str, values: list[str],
                exchange: Exchange) -> Wrong | None:
        """Is the value, however it may be read, one that the schema allows? What only echoes the request is its own."""
        given, sent = ", ".join(values).strip(), exchange.sent_header(name)
        if not values or given.startswith("redacted-") or (sent is not None and given == sent.strip()):
            return None
        schema = header.get("schema")
        readings = list(_readings(given, _types(self._contract, schema)))
        if schema is None and (media := next(iter(_items(header.get("content"))), None)) and "json" in media[0]:
            said = resolve(self._contract, media[1])
            schema = said.get("schema") if isinstance(said, Mapping) else None
            try:
                readings = [_strict(given)]
            except (ValueError, RecursionError):
                return f"the header {name} as JSON", f"header {name}: {given[:80]!r} is not JSON"
        wrongs = [self._schemas.problem(key, schema, reading) for reading in readings]
        if not wrongs or None in wrongs:
            return None
        return f"the header {name} as its schema says", f"header {name}: {given[:80]!r}"

    def _content(self, operation: Operation, key: str, document: Mapping[str, Any], exchange: Exchange
                 ) -> tuple[Wrong | None, Any, Any]:
        status, body = exchange.status or 0, exchange.response_body
        if status in _NO_BODY or operation.method == "HEAD":
            length = (exchange.header("Content-Length") or "").strip()
            if body or (status == 204 and length.isdigit() and int(length[:18]) > 0):
                raise _Unfit("an answer without a body", f"a body on {status if status in _NO_BODY else 'HEAD'}")
            return None, None, None
        content = _items(document.get("content"))
        stated = _stated(exchange)
        if len(types := dict.fromkeys(v.partition(";")[0].strip().lower()
                                      for n, v in exchange.response_headers if n.lower() == "content-type")) > 1:
            raise _Unfit("one content type (RFC 9110, 8.3)", f"content types {' and '.join(types)}"[:200])
        media = _media_type([name for name, _ in content], stated, exchange)
        if content and media is None:
            documented = " or ".join(name for name, _ in content)
            raise _Unfit(f"content type {documented}", f"content type {stated or 'missing'}")
        if media is None or "json" not in stated:
            return None, None, None
        value, said = _json(exchange), resolve(self._contract, dict(content)[media])
        schema = said.get("schema") if isinstance(said, Mapping) else None
        return self._schemas.problem((operation.id, key, media), schema, value), schema, value


class _Unfit(Exception):
    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(seen)
        self.wrong = (expected, seen)


class _Twice(ValueError):
    pass


def _json(exchange: Exchange) -> Any:
    """The body as the strictest of honest parsers reads it; _Unfit where parsers would differ, or all refuse."""
    text = exchange.response_body
    if not text.strip():
        raise _Unfit("a JSON body", "an empty body")
    if text.startswith("\ufeff"):
        raise _Unfit("a JSON body without a byte order mark (RFC 8259, 8.1)", "a body that begins with one")
    charset = _CHARSET.search(exchange.header("Content-Type") or "")
    told = charset[1].lower() if charset else ""
    if told and told not in _PLAIN and (not text.isascii() or told.startswith(("utf-16", "utf-32"))):
        raise _Unfit("JSON in UTF-8 (RFC 8259, 8.1)", f"charset {told[:40]}")
    try:
        text.encode()
        return _strict(text)
    except UnicodeEncodeError:
        raise _Unfit("a JSON body in UTF-8", "bytes that are not UTF-8") from None
    except _Twice as error:
        raise _Unfit("a JSON body with each name once in an object (RFC 8259, 4)", f"the name {error} twice") from None
    except (ValueError, RecursionError):
        raise _Unfit("a JSON body", "a body that is not JSON") from None


def _strict(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise _Twice(repr(name)[:60])
        made[name] = value
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _stated(exchange: Exchange) -> str:
    return (exchange.header("Content-Type") or "").partition(";")[0].strip().lower()


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(str(k), v) for k, v in value.items()] if isinstance(value, Mapping) else []


def _media_type(documented: list[str], stated: str, exchange: Exchange) -> str | None:
    """The documented media type that covers the stated one; the vendor type counts as JSON where it was asked for."""
    if stated == _VENDOR and _VENDOR in (exchange.sent_header("Accept") or "").lower():
        stated = stated if _VENDOR in documented else "application/json"
    bare = {name.partition(";")[0].strip().lower(): name for name in reversed(documented)}
    return next((bare[t] for t in (stated, f"{stated.partition('/')[0]}/*", "*/*") if t in bare and stated), None)


def _types(contract: Mapping[str, Any], node: Any, depth: int = 0) -> set[str]:
    """The types that a header's schema speaks of, wherever it does."""
    schema = resolve(contract, node)
    if not isinstance(schema, Mapping) or depth > 8:
        return set()
    said = schema.get("type")
    found = {str(one) for one in (said if isinstance(said, list) else [said]) if isinstance(one, str)}
    for word in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(word)
        for part in parts if isinstance(parts, list) else ():
            found |= _types(contract, part, depth + 1)
    return found


def _readings(value: str, types: set[str]) -> Iterator[Any]:
    """What the text of a header may mean, where its schema speaks of such types."""
    if "object" in types:
        return  # written in one of several styles: not decided here
    if not types - {"null"} or "string" in types:
        yield value
    if "integer" in types or "number" in types:
        yield int(value) if _INTEGER.fullmatch(value) else float(value) if _NUMBER.fullmatch(value) else value
    if "boolean" in types:
        yield {"true": True, "false": False}.get(value.lower(), value)
    if "array" in types:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        yield parts
        yield [int(part) if _INTEGER.fullmatch(part) else part for part in parts]
