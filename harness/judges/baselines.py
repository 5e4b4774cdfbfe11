"""What a target's contract is held against: a release of the unified API, or an earlier release of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from harness.contracts import packs
from harness.drift.compare import NOTICE_DAYS
from harness.drift.document import Document, read_document
from harness.drift.versions import loosely
from harness.model.history import History
from harness.model.operations import METHODS

_MAJOR = re.compile(r"^(?:/[A-Za-z0-9._~-]+)*?/v(\d{1,9})(?=/)")
_BEARER = {"type": "http", "scheme": "bearer"}
_INFRASTRUCTURE = re.compile(r"/(sandbox|healthz?|livez|readyz|metrics|docs|(openapi|asyncapi)(\.\w+)?)(/|$)")
_CAPABILITY_PATHS = {"inbox": "/inbox/"}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The document that was released before, as it was recorded with the run."""

    name: str
    document: Document
    released: bool
    """It is a release of the unified API, which the target implements in its own words; else one of its own."""


def recorded_baseline(history: History) -> Baseline | str:
    """The baseline of the run, or why there is none: one sentence with the remedy."""
    recorded = history.evolution.get("baseline")
    if not isinstance(recorded, Mapping):
        return "this run recorded no baseline; runs of this release do"
    if "openapi" not in recorded:
        return str(recorded.get("missing", "no baseline"))
    name = str(recorded.get("name", "baseline"))
    document = Document(file=name, value=recorded["openapi"], lines=dict(recorded.get("lines") or {}))
    return Baseline(name=name, document=document, released=recorded.get("released") is True)


def own_document(history: History) -> Document:
    """The target's own document as drift reads one.

    Raises:
        Unreadable: references that lead nowhere or out of the document.
    """
    name = str(history.evolution.get("document") or "the target's document")
    read = read_document(json.dumps(history.contract).encode(), file=name)
    return Document(file=name, value=read.value, lines=dict(history.evolution.get("lines") or {}))


def release_of(contract: Mapping[str, Any]) -> str | None:
    """The release of the unified API that a document is of: the same major.minor, else the newest before it.

    None where no release has the major of its paths; the oldest release where its version is before all.
    """
    majors = {m[1] for path in _paths(contract) if (m := _MAJOR.match(versioned(contract, path)))}
    info = contract.get("info")
    own = loosely(str(info.get("version", ""))) if isinstance(info, Mapping) else None
    known = [v for v in packs.versions() if v.partition(".")[0] in majors]
    not_after = [v for v in known if own is not None and tuple(map(int, v.split(".")[:2])) <= own.core[:2]]
    return not_after[-1] if not_after else (known[0] if known else None)


def canonical(document: Document) -> tuple[Document, Mapping[str, str]]:
    """The document as the unified API would name its parts, and its own path by each path that was renamed.

    What stands before `/vN` is where it is mounted; a bearer token is one, whatever grants it.
    """
    value = dict(document.value)
    renamed = {path: found for path in _paths(value) if (found := canonical_path(value, path)) != path}
    if len({renamed.get(path, path) for path in _paths(value)}) < len(list(_paths(value))):
        renamed = {}  # two mounts of one path: let each keep its own
    if renamed:
        value = _with_paths(value, renamed)
        value.pop("servers", None)
    components = value.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    if isinstance(components, Mapping) and isinstance(schemes, Mapping):
        value["components"] = {**components, "securitySchemes": {name: _scheme(one) for name, one in schemes.items()}}
    return Document(file=document.file, value=value, lines=document.lines), {new: old for old, new in renamed.items()}


def out_of_scope(document: Any, absent: frozenset[str]) -> frozenset[str]:
    """Titles (`GET /v1/x`) of what no consumer's contract is about: the sandbox's administration, health and
    documentation pages, and what the profile declares that the target does not offer."""
    return frozenset(f"{method.upper()} {path}" for path, method, operation in each_operation(document)
                     if _INFRASTRUCTURE.match(path) or operation.get("x-sandbox-only")
                     or _absent(path, operation, absent))


def each_operation(document: Any) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(path, method in small letters, operation) of every operation that is written out in its path."""
    paths = document.get("paths") if isinstance(document, Mapping) else None
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, Mapping) else None
            if isinstance(operation, Mapping):
                yield str(path), method, operation


def notice_days(history: History) -> int:
    """So many days a deprecation is known before its sunset: as the profile says, else the usual number."""
    days = history.evolution.get("notice_days")
    return days if isinstance(days, int) else NOTICE_DAYS


def run_day(history: History) -> date:
    """The day of the run (UTC); the first of all days where its journal does not tell, so that nothing is past."""
    try:
        started = datetime.fromisoformat(str(history.facts.get("started_at", "")))
    except ValueError:
        return date(1970, 1, 1)
    return (started.astimezone(UTC) if started.tzinfo else started).date()


def canonical_path(document: Mapping[str, Any], path: str) -> str:
    """The path from `/vN` on; as it is where it has no version."""
    whole = versioned(document, path)
    found = _MAJOR.match(whole)
    return whole[found.start(1) - 2:] if found else path


def versioned(document: Mapping[str, Any], path: str) -> str:
    """The path with that of the only server before it, where the version stands there."""
    servers = document.get("servers")
    if _MAJOR.match(path) or not isinstance(servers, list) or len(servers) != 1 or not isinstance(servers[0], Mapping):
        return path
    base = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "", str(servers[0].get("url", ""))).rstrip("/")
    return base + path if _MAJOR.match(f"{base}/") else path


def _paths(document: Mapping[str, Any]) -> Iterator[str]:
    paths = document.get("paths")
    yield from map(str, paths) if isinstance(paths, Mapping) else ()


def _with_paths(value: dict[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """The document with other names of paths, references to what is in them included."""
    spelled = {_escaped(old): _escaped(new) for old, new in renamed.items()}

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: _reference(one) if key == "$ref" and isinstance(one, str) else walk(one)
                    for key, one in node.items()}
        return [walk(one) for one in node] if isinstance(node, list) else node

    def _reference(text: str) -> str:
        start, _, rest = text.removeprefix("#/paths/").partition("/")
        return f"#/paths/{spelled[start]}/{rest}" if text.startswith("#/paths/") and start in spelled else text

    made: dict[str, Any] = walk(value)
    made["paths"] = {renamed.get(str(path), str(path)): item for path, item in made["paths"].items()}
    return made


def _scheme(scheme: Any) -> Any:
    bearer = isinstance(scheme, Mapping) and (
        scheme.get("type") in ("oauth2", "openIdConnect")
        or (scheme.get("type") == "http" and str(scheme.get("scheme", "")).lower() == "bearer"))
    return dict(_BEARER) if bearer else scheme


def _absent(path: str, operation: Mapping[str, Any], absent: frozenset[str]) -> bool:
    tags = operation.get("tags")
    return bool(absent.intersection(str(t) for t in tags) if isinstance(tags, list) else ()) \
        or any(name in absent and part in path for name, part in _CAPABILITY_PATHS.items())


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
