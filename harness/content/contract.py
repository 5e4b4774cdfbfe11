"""The target's contract: a built-in pack or a document of the user's, overlaid with its contract profile."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.model.errors import EnvironmentFault, UsageError
from harness.model.operations import operations
from harness.model.profile import ContractProfile

_MAX_DOCUMENT = 16 << 20
_MAX_DEPTH = 200
_MAX_VALUES = 2_000_000
_FETCH_SECONDS = 10.0
_PUBLISHED = "target:"
_PREFIX = re.compile(r"^(/api)?(/v\d+)?(?=/)")


def load_contract(reference: str, profile: ContractProfile, base_url: str = "") -> dict[str, Any]:
    """`{"openapi": document, "unified": the unified API as it is driven, "event_schemas": by type}`.

    "foreign" is true where the document has not one call of the unified API.
    `reference` is a built-in version ("1.7"), the path of an OpenAPI document (YAML or JSON), or, with a
    `base_url`, "target:/openapi.json": the document that the target itself publishes there.

    Raises:
        UsageError: unknown version, unreadable, not YAML/JSON, not OpenAPI 3, or without operations.
    """
    from harness.contracts import packs  # late: `certify --help` needs no contract

    if reference in packs.versions():
        unified = overlay(packs.openapi(reference), profile)
        return {"openapi": unified, "unified": unified, "event_schemas": dict(packs.event_schemas(reference)),
                "foreign": False}
    if not reference.endswith((".yaml", ".yml", ".json")) and not reference.startswith(_PUBLISHED):
        raise UsageError(f"contract {reference!r} is neither a built-in version nor a document",
                         remedy=f"Built in: {', '.join(packs.versions())}; or name a .yaml or .json file")
    newest = packs.versions()[-1]
    published = reference.startswith(_PUBLISHED)
    document = _fetch(base_url + reference.removeprefix(_PUBLISHED)) if published else read_document(Path(reference))
    return {"openapi": document, "unified": overlay(packs.openapi(newest), profile),
            "event_schemas": dict(packs.event_schemas(newest)),
            "foreign": not _calls(document) & _calls(packs.openapi(newest))}


def _calls(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Method and path of every operation of the API proper, whatever version or prefix stands before the path."""
    return {(o.method, _PREFIX.sub("", o.path)) for o in operations(document).values() if not o.sandbox_only}


def _fetch(url: str) -> dict[str, Any]:
    """The document that the target publishes; EnvironmentFault when it cannot be had in time and size."""
    import httpx  # late: heavy

    raw = bytearray()
    deadline = time.monotonic() + _FETCH_SECONDS
    try:
        with httpx.stream("GET", url, timeout=_FETCH_SECONDS, trust_env=False, follow_redirects=False,
                          headers={"Accept-Encoding": "identity"}) as answer:
            for chunk in answer.iter_raw():
                raw += chunk
                if len(raw) > _MAX_DOCUMENT or time.monotonic() > deadline:
                    raise EnvironmentFault(f"contract {url}: endless or too slow", remedy="Name a file instead")
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EnvironmentFault(f"contract {url}: {type(error).__name__}", remedy="Does the target publish it?") \
            from error
    if status != 200:
        raise EnvironmentFault(f"contract {url}: answered {status}", remedy="Does the target publish it?")
    return _checked(url, _parse(Path(url), bytes(raw)))


def read_document(path: Path) -> dict[str, Any]:
    """An OpenAPI 3.x document with at least one operation; UsageError names the file and the line."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(f"contract {path}: {error.strerror}", remedy="Check `contract` of the target") from error
    if len(raw) > _MAX_DOCUMENT:
        raise UsageError(f"contract {path}: {len(raw) >> 20} MiB is more than {_MAX_DOCUMENT >> 20} MiB")
    return _checked(str(path), _parse(path, raw))


def _checked(where: str, document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise UsageError(f"contract {where}: not an OpenAPI 3 document", remedy='It must say `openapi: 3.x` at its top')
    if not operations(document):
        raise UsageError(f"contract {where}: it has no operations", remedy="Name the document that has `paths`")
    return document


def _parse(path: Path, raw: bytes) -> Any:
    import yaml  # late: heavy

    try:
        text = raw.decode("utf-8-sig")
        if path.suffix == ".json":
            return _plain(path, json.loads(text))
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        _refuse_bombs(path, text, yaml, loader)
        return _plain(path, yaml.load(text, Loader=loader))  # noqa: S506 - the safe loader
    except UnicodeDecodeError as error:
        raise UsageError(f"contract {path}: not UTF-8 (byte {error.start})", remedy="Save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise UsageError(f"contract {path}:{error.lineno}: not JSON: {error.msg}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"contract {path}{line}: not YAML: {getattr(error, 'problem', error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"contract {path}: too deep or cyclic ({error})"[:300]) from error


def _refuse_bombs(path: Path, text: str, yaml: Any, loader: Any) -> None:
    """Refuse aliases that multiply (billion laughs) and absurd nesting before anything is built."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > _MAX_DEPTH or aliases > 1_000:
            raise UsageError(f"contract {path}: nested deeper than {_MAX_DEPTH} or over 1000 aliases")


def _plain(path: Path, document: Any) -> Any:
    """The document as JSON knows it; aliases are copies there, so that few of them can make a billion values.

    YAML reads `200:` as a number and dates as dates; JSON (and OpenAPI) know strings there.
    """
    values = 0

    def walk(value: Any, depth: int) -> Any:
        nonlocal values
        values += 1
        if depth > _MAX_DEPTH or values > _MAX_VALUES:
            raise UsageError(f"contract {path}: cyclic, nested deeper than {_MAX_DEPTH} or over {_MAX_VALUES} values")
        if isinstance(value, dict):
            return {str(k): walk(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(v, depth + 1) for v in value]
        return value if isinstance(value, str | int | float | bool | None) else str(value)

    return walk(document, 0)


def overlay(document: Mapping[str, Any], profile: ContractProfile) -> dict[str, Any]:
    """The built-in contract as a platform with this profile would publish it."""
    result = copy.deepcopy(dict(document))
    components = result.get("components", {})
    usual = ContractProfile()
    names = {usual.idempotency_header: profile.idempotency_header, usual.signature_header: profile.signature_header,
             usual.timestamp_header: profile.timestamp_header}
    inline = [p for item in result.get("paths", {}).values() for call in item.values() if isinstance(call, dict)
              for p in call.get("parameters", ())]
    for parameter in (*components.get("parameters", {}).values(), *inline):
        if "name" in parameter:
            parameter["name"] = names.get(parameter["name"], parameter["name"])
    if profile.money_form == "decimal_string":
        _decimal_money(result)
    return result


def _decimal_money(document: dict[str, Any]) -> None:
    """Rewrite every amount that is a 64-bit minor-unit integer into a decimal string, examples included."""
    form = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?$"}

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            properties = node.get("properties")
            if isinstance(properties, dict):
                for name in ("amount", "held", "balance_after"):
                    schema = properties.get(name)
                    if isinstance(schema, dict) and schema.get("type") == "integer":
                        properties[name] = {**form, "description": schema.get("description", "")}
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)
