"""A Confluent-compatible schema registry over HTTP: read-only, bounded, and never taken at its word.

Credentials come from the environment: CERTIFY_REGISTRY_TOKEN, or CERTIFY_REGISTRY_USER and CERTIFY_REGISTRY_PASSWORD.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from harness.drift.histories import History, SchemaVersion, history_of
from harness.drift.levels import Level, Version, level_named
from harness.engine.ports import Request, Sent
from harness.model.errors import EnvironmentFault, UsageError

ALL_SECONDS = 120.0
"""Longest for everything that is asked of one registry."""
_MOST_SUBJECTS, _MOST_VERSIONS, _MOST_REFERENCES, _DEEPEST = 10_000, 500, 100, 10
_PAGE = 1_000
_AT_ONCE = 8
_FORMATS = {"AVRO": "avro", "JSON": "jsonschema", "PROTOBUF": "protobuf"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_REMEDY = "Is a schema registry running there, and may these credentials read it?"


Send = Callable[[Request], Sent]
"""Sends one request, bounded in time and size, redirects not followed; what it sends is not recorded."""


def registry_histories(url: str, *, send: Send, subjects: Collection[str] = (), levels: bool = False,
                       deleted: bool = False, environment: Mapping[str, str] | None = None) -> list[History]:
    """Every version of the subjects (default: all) of the registry at `url`.

    `levels`: also what compatibility the registry asks for. `deleted`: also what was deleted softly: who stored events
    of it still reads them.

    Raises:
        UsageError: the URL is none, holds credentials, or would send them in clear; no such subject.
        EnvironmentFault: the registry does not answer, refuses, or answers what no registry would.
    """
    registry = _Registry(url, send, os.environ if environment is None else environment, deleted=deleted)
    names = sorted(set(subjects) or set(registry.subjects()))
    usual = registry.level("/config") if levels else None
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        found = list(pool.map(registry.history, names))
        if not levels:
            return found
        own = pool.map(lambda name: registry.level(f"/config/{_quoted(name)}"), names)
        return [replace(one, level=level or usual, level_of="subject" if level else "registry" if usual else "")
                for one, level in zip(found, own, strict=True)]
    finally:
        pool.shutdown(cancel_futures=True)


class _TooLarge(EnvironmentFault):
    """An answer is longer than one may be; there may be pages of it."""


class _Registry:
    def __init__(self, url: str, send: Send, environment: Mapping[str, str], *, deleted: bool) -> None:
        self.url, self._send = _checked(url), send
        self._deleted = "deleted=true" if deleted else ""
        self._headers: tuple[tuple[str, str], ...] = (
            ("Accept", "application/vnd.schemaregistry.v1+json, application/json"),)
        secret = _credentials(environment)
        if secret:
            parts = urlsplit(self.url)
            if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
                raise UsageError("credentials would go to the registry in clear", remedy="Use an https URL")
            self._headers += (("Authorization", secret),)
        self._until = time.monotonic() + ALL_SECONDS
        self._texts: dict[tuple[str, int], Mapping[str, Any]] = {}

    def subjects(self) -> list[str]:
        """Names of all subjects; page by page where they are too many for one answer."""
        try:
            return self._bounded(self._names(_with("/subjects", self._deleted)))
        except _TooLarge:
            pass
        found: dict[str, None] = {}
        while True:
            page = self._names(_with("/subjects", self._deleted, f"offset={len(found)}", f"limit={_PAGE}"))
            before = len(found)
            found.update(dict.fromkeys(page))
            self._bounded(list(found))
            if len(page) < _PAGE or len(found) == before:
                return list(found)

    def _names(self, path: str) -> list[str]:
        names = self._get(path)
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise self._strange("/subjects", "no list of names")
        return names

    def _bounded(self, names: list[str]) -> list[str]:
        if len(names) > _MOST_SUBJECTS:
            raise EnvironmentFault(f"the registry at {self.url} has more than {_MOST_SUBJECTS} subjects",
                                   remedy="Name those to be checked: --subject NAME")
        return names

    def level(self, path: str) -> Level | None:
        """The compatibility that is asked for there; None where nothing is, or nothing that we know or may read."""
        answer = self._get(path, refusals=(401, 403, 404, 405, 501))
        said = answer.get("compatibilityLevel", answer.get("compatibility")) if isinstance(answer, dict) else None
        try:
            return level_named(said) if isinstance(said, str) else None
        except UsageError:
            return None

    def history(self, subject: str) -> History:
        """Every version of a subject; a registry's versions are ordinals."""
        path = f"/subjects/{_quoted(subject)}/versions"
        numbers = self._get(_with(path, self._deleted), refusals=(404,))
        if numbers is None:
            raise UsageError(f"the registry has no subject {subject!r}", remedy="Leave out --subject to see all")
        if not isinstance(numbers, list) or not all(_number(one) for one in numbers) or not numbers:
            raise self._strange(path, "no list of versions")
        if len(numbers) > _MOST_VERSIONS:
            raise self._strange(path, f"more than {_MOST_VERSIONS} versions")
        return history_of(subject, [self._version(subject, number) for number in sorted(set(numbers))])

    def _version(self, subject: str, number: int) -> SchemaVersion:
        answer = self._schema(subject, number)
        kind = _FORMATS.get(str(answer.get("schemaType", "AVRO")))
        if kind is None:
            raise self._strange(f"subject {subject}", f"a schema type that certify does not know: "
                                f"{str(answer['schemaType'])[:40]!r}")
        others: dict[str, str] = {}
        self._follow(answer, others, _DEEPEST)
        name = "schema.proto" if kind == "protobuf" else f"{subject} version {number}"
        return SchemaVersion(version=Version(0, number, 0, str(number)), format=kind, file=name, text=answer["schema"],
                             others=others)

    def _follow(self, answer: Mapping[str, Any], others: dict[str, str], depth: int) -> None:
        references = answer.get("references") or []
        if not isinstance(references, list):
            raise self._strange("a schema", "references that are no list")
        for one in references:
            good = isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("subject"), str) \
                and _number(one.get("version"))
            if not good or depth == 0 or len(others) >= _MOST_REFERENCES:
                raise self._strange("a schema", "references that lead nowhere, or too far")
            found = self._schema(one["subject"], one["version"])
            if one["name"] not in others:
                others[one["name"]] = found["schema"]
                self._follow(found, others, depth - 1)
            elif others[one["name"]] != found["schema"]:
                raise self._strange("a schema", f"references to two things of one name, {one['name'][:60]!r}")

    def _schema(self, subject: str, number: int) -> Mapping[str, Any]:
        if (subject, number) not in self._texts:
            path = f"/subjects/{_quoted(subject)}/versions/{number}"
            answer = self._get(path, refusals=(404,))
            if answer is None:  # deleted softly: what refers to it still means it
                answer = self._get(_with(path, "deleted=true"))
            if not isinstance(answer, dict) or not isinstance(answer.get("schema"), str):
                raise self._strange(path, "no schema")
            self._texts[subject, number] = answer
        return self._texts[subject, number]

    def _get(self, path: str, *, refusals: tuple[int, ...] = ()) -> Any:
        """The JSON that is there; None where it answers with one of these statuses."""
        self._in_time()
        sent = self._send(Request(method="GET", url=self.url + path, headers=self._headers))
        status, failure = sent.exchange.status, sent.exchange.failure
        if failure == "too_large":
            raise _TooLarge(f"the registry at {self.url} answered {path} with more than anybody wants to read",
                            remedy="Is it the root of a Confluent-compatible schema registry?")
        if status is None or failure:
            raise EnvironmentFault(f"the registry at {self.url} does not answer {path} ({failure or 'nothing'})",
                                   remedy=_REMEDY)
        if status in refusals:
            return None
        if 300 <= status < 400:
            raise self._strange(path, f"a redirect ({status}), which is not followed")
        if status != 200:
            raise EnvironmentFault(f"the registry at {self.url} refused {path}: {status}", remedy=_REMEDY)
        try:
            return json.loads(sent.body)
        except (ValueError, RecursionError) as error:
            raise self._strange(path, "no JSON") from error

    def _in_time(self) -> None:
        if time.monotonic() > self._until:
            raise EnvironmentFault(f"the registry at {self.url} took more than {ALL_SECONDS:g} s",
                                   remedy="Name one --subject, or ask a registry that is nearer")

    def _strange(self, what: str, answered: str) -> EnvironmentFault:
        return EnvironmentFault(f"the registry at {self.url} answered {what} with {answered}",
                                remedy="Is it the root of a Confluent-compatible schema registry?")


def _with(path: str, *query: str) -> str:
    asked = "&".join(one for one in query if one)
    return f"{path}?{asked}" if asked else path


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"{url}: not the URL of a registry", remedy="Write http(s)://HOST[:PORT][/PATH]")
    if parts.username or parts.password:
        raise UsageError("the registry's URL holds credentials", remedy="Set CERTIFY_REGISTRY_USER and "
                         "CERTIFY_REGISTRY_PASSWORD, or CERTIFY_REGISTRY_TOKEN")
    if parts.query or parts.fragment:
        raise UsageError(f"{url}: the URL of a registry has no query", remedy="Write http(s)://HOST[:PORT][/PATH]")
    return url.rstrip("/")


def _credentials(environment: Mapping[str, str]) -> str:
    if token := environment.get("CERTIFY_REGISTRY_TOKEN"):
        return _header(f"Bearer {token}")
    user, password = (environment.get(f"CERTIFY_REGISTRY_{key}", "") for key in ("USER", "PASSWORD"))
    if not user:
        return ""
    return _header("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def _header(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise UsageError("the registry's token cannot be sent in a header", remedy="Check CERTIFY_REGISTRY_TOKEN")
    return value


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _quoted(subject: str) -> str:
    if subject in (".", ".."):
        raise EnvironmentFault(f"the registry has a subject {subject!r}, which no path can name", remedy="Rename it")
    return quote(subject, safe="")
