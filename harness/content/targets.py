"""Target profiles: `certify.toml` becomes frozen values here, once, with every mistake named."""

from __future__ import annotations

import difflib
import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.content.evolution_table import evolution
from harness.content.folders import Folders
from harness.content.load_promise import load_promise
from harness.content.pact_settings import pact_settings
from harness.model.control import Level, Role
from harness.model.errors import UsageError
from harness.model.evolution import Evolution
from harness.model.pact_settings import PactSettings
from harness.model.profile import ContractProfile, Credential, LoadPromise, RateLimit, Target

_E = TypeVar("_E", Role, Level)
CONFIG = "certify.toml"
_TOP = {"target", "suites", "scenarios"}
_PARTIES = ("provider", "other", "sibling", "observer", "admin")
_CREDENTIAL = ("client_id", "secret", "tenant_id", "provider_id", "brand_id", "region", "signing_secret", "token")
_SIMPLE: dict[str, type[Any]] = {
    "base_url": str, "role": str, "sandbox": bool, "level": str, "contract": str, "hosts": list,
    "second_region": str, "slo_ms": int, "timeout_seconds": float, "webhook_listen": str,
    "webhook_wait_seconds": float, "unreachable": list}
HOOKS = {"restart"}
"""`restart`: a command that kills the platform process and lets it come back."""
_TABLES = ("profile", "credentials", "capabilities", "hooks", "wallet", "webhooks", "limits", "load", "evolution",
           "pact")
_WALLET = ("listen", "upstream", "max_in_flight", "recovers_seconds")
_WALLET_PROMISES: dict[str, type[Any]] = {"max_in_flight": int, "recovers_seconds": float}
_LONGEST_RECOVERY = 600
"""Seconds; a scenario waits so long where a platform does not recover."""
_WEBHOOKS: dict[str, type[Any]] = {"try_seconds": float}
_LIMITS: dict[str, type[Any]] = {"party": str, "per_second": float, "burst": int, "per": str}


def load_config(path: Path) -> Mapping[str, Any]:
    """The parsed file.

    Raises:
        UsageError: unreadable, not TOML (with line), or unknown top-level tables.
    """
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}", remedy="`certify init` writes a commented example") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 ({error.reason} at byte {error.start})", remedy="Save it as UTF-8") \
            from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", remedy="`certify init` writes a commented example") from error
    for key in config:
        _known(key, _TOP, f"{path}")
    if not isinstance(config.get("target", {}), dict):
        raise UsageError(f"{path}: target must be a table", remedy="Write [target.NAME]")
    return config


def own_folders(path: Path) -> Folders:
    """The folders that a configuration file names, relative to it; none where there is no file.

    Raises:
        UsageError: the file is not readable, or `suites` or `scenarios` is no list of folders.
    """
    config = load_config(path) if path.exists() else {}

    def named(key: str) -> tuple[Path, ...]:
        folders = config.get(key, [])
        if not isinstance(folders, list) or not all(isinstance(f, str) for f in folders):
            raise UsageError(f"{path}: {key} must be a list of folders", remedy=f'Like {key} = ["./our-{key}"]')
        return tuple(path.parent / folder for folder in folders)

    return Folders(suites=named("suites"), scenarios=named("scenarios"))


def load_target(name: str, path: Path, environment: Mapping[str, str] | None = None) -> Target:
    """The target profile `name` of a configuration file; secrets are read from the environment.

    Raises:
        UsageError: names file, field and remedy.
    """
    config = load_config(path)
    targets = config.get("target", {})
    if name not in targets:
        close = difflib.get_close_matches(name, [*targets, "sandbox"], 1)
        raise UsageError(f"{path}: no target {name!r}", remedy=f"Did you mean {close[0]!r}?" if close else
                         f"Known targets: {', '.join([*targets, 'sandbox'])}")
    return _target(name, targets[name], f"{path}: target.{name}", environment or os.environ, path.parent)


def _target(name: str, table: Any, where: str, environment: Mapping[str, str], folder: Path) -> Target:
    if not isinstance(table, dict):
        raise UsageError(f"{where} must be a table", remedy=f"Write [target.{name}]")
    for key in table:
        _known(key, {*_SIMPLE, *_TABLES}, where)
    values = {key: _typed(table[key], kind, f"{where}.{key}") for key, kind in _SIMPLE.items() if key in table}
    for key in _TABLES:
        if not isinstance(table.get(key, {}), dict):
            raise UsageError(f"{where}.{key} must be a table", remedy=f"Write [target.{name}.{key}]")
    base = str(values.pop("base_url", ""))
    host = _host(base, f"{where}.base_url")
    contract = str(values.pop("contract", "1.7"))
    if contract.endswith((".yaml", ".yml", ".json")) and not contract.startswith(("/", "target:")):
        contract = str(folder / contract)
    hosts, unreachable = (tuple(str(_typed(v, str, f"{where}.{key}")) for v in values.pop(key, []))
                          for key in ("hosts", "unreachable"))
    return Target(
        name=name, base_url=base, contract=contract, unreachable=unreachable,
        hosts=tuple(dict.fromkeys((host, *hosts))),
        role=_choice(Role, values.pop("role", "platform"), f"{where}.role"),
        level=_choice(Level, values.pop("level", "contract"), f"{where}.level"),
        profile=ContractProfile.of(table.get("profile", {}), where=f"{where}.profile"),
        credentials=_credentials(table.get("credentials", {}), f"{where}.credentials", environment),
        capabilities={k: bool(_typed(v, bool, f"{where}.capabilities.{k}"))
                      for k, v in table.get("capabilities", {}).items()},
        hooks=_hooks(table.get("hooks", {}), f"{where}.hooks"),
        wallet=_wallet(table.get("wallet", {}), f"{where}.wallet"),
        evolution=evolution(table.get("evolution", {}), f"{where}.evolution", folder),
        webhooks=_webhooks(table.get("webhooks", {}), f"{where}.webhooks"),
        limits=_limits(table.get("limits", {}), f"{where}.limits", table.get("credentials", {})),
        load=load_promise(table.get("load", {}), f"{where}.load", (host, *hosts)),
        pact=pact_settings(table.get("pact", {}), f"{where}.pact", hosts=(host, *hosts), folder=folder,
                           environment=environment), **values)


def _wallet(table: Mapping[str, Any], where: str) -> dict[str, str]:
    for key in table:
        _known(key, _WALLET, where)
    promises = {key: str(_typed(table[key], kind, f"{where}.{key}")) for key, kind in _WALLET_PROMISES.items()
                if key in table}
    if not 1 <= float(promises.get("recovers_seconds", 1)) <= _LONGEST_RECOVERY:
        raise UsageError(f"{where}.recovers_seconds must be between 1 and {_LONGEST_RECOVERY}, not "
                         f"{table['recovers_seconds']!r}", remedy="Let the sandbox reconcile more often, if need be")
    values = {key: str(_typed(value, str, f"{where}.{key}")) for key, value in table.items() if key not in promises}
    if not values:
        return promises
    for needed in ("listen", "upstream"):
        if needed not in values:
            raise UsageError(f"{where}.{needed} is missing", remedy='Like listen = "127.0.0.1:9400", '
                             'upstream = "http://127.0.0.1:9300"')
    _host(values["upstream"], f"{where}.upstream")
    if not values["upstream"].startswith("http://"):
        raise UsageError(f"{where}.upstream: {values['upstream']!r} is not plain http: its calls could not be seen",
                         remedy='Put the wallet behind an http address in the test environment')
    host, colon, port = values["listen"].rpartition(":")
    if not (host and colon and port.isdigit() and int(port[:6]) < 1 << 16):
        raise UsageError(f"{where}.listen: {values['listen']!r} is no host:port", remedy='Like "127.0.0.1:9400"')
    return {**values, **promises}


def _webhooks(table: Mapping[str, Any], where: str) -> dict[str, float]:
    for key in table:
        _known(key, _WEBHOOKS, where)
    return {key: _typed(value, _WEBHOOKS[key], f"{where}.{key}") for key, value in table.items()}


def _limits(table: Mapping[str, Any], where: str, parties: Mapping[str, Any]) -> RateLimit | None:
    """The declared limit; by default that of `sibling`, or of the provider where there is no sibling."""
    for key in table:
        _known(key, _LIMITS, where)
    values = {key: _typed(value, _LIMITS[key], f"{where}.{key}") for key, value in table.items()}
    if not values:
        return None
    for needed in ("per_second", "burst"):
        if needed not in values:
            raise UsageError(f"{where}.{needed} is missing", remedy="Like per_second = 50, burst = 100")
    party = values.setdefault("party", "sibling" if "sibling" in parties else "provider")
    if party not in ("provider", "sibling", "other") or party not in parties:
        raise UsageError(f"{where}.party: {party!r} is no provider of this profile",
                         remedy="One of provider, sibling, other, with its credentials in the profile")
    if values.get("per", "brand") not in ("brand", "provider"):
        raise UsageError(f"{where}.per must be one of brand, provider, not {values['per']!r}")
    return RateLimit(**values)


def _hooks(table: Mapping[str, Any], where: str) -> dict[str, str]:
    hooks = {}
    for name, command in table.items():
        _known(name, HOOKS, where)
        try:
            words = shlex.split(_typed(command, str, f"{where}.{name}"))
        except ValueError as error:
            raise UsageError(f"{where}.{name}: {error}", remedy="Close the quote") from error
        if not words:
            raise UsageError(f"{where}.{name} is empty", remedy="Name a command, or leave the line out")
        hooks[name] = str(command)
    return hooks


def _credentials(table: Mapping[str, Any], where: str, environment: Mapping[str, str]) -> dict[str, Credential]:
    found = {}
    for party, row in table.items():
        _known(party, _PARTIES, where)
        here = f"{where}.{party}"
        if not isinstance(row, dict):
            raise UsageError(f"{here} must be a table", remedy=f"Write [{here.partition(': ')[2]}]")
        for key in row:
            _known(key, _CREDENTIAL, here)
        values = {k: str(_typed(v, str, f"{here}.{k}")) for k, v in row.items()}
        for needed in ("client_id", "secret") if "token" not in values else ():
            if not values.get(needed):
                raise UsageError(f"{here}.{needed} is missing", remedy='Secrets are references: secret = "env:NAME"')
        for name in ("secret", "signing_secret", "token"):
            if name in values:
                values[name] = _secret(values[name], f"{here}.{name}", environment)
        found[party] = Credential(**{"client_id": "", "secret": "", **values})
    return found


def _secret(reference: str, where: str, environment: Mapping[str, str]) -> str:
    if not reference.startswith("env:"):
        raise UsageError(f"{where} must be a reference to an environment variable, not the secret itself",
                         remedy='Write secret = "env:CERTIFY_PROVIDER_SECRET" and export that variable')
    variable = reference.removeprefix("env:")
    if not environment.get(variable):
        raise UsageError(f"{where}: environment variable {variable} is not set", remedy=f"export {variable}=…")
    return environment[variable]


def _host(base_url: str, where: str) -> str:
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{where}: {base_url!r} is not a URL ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{where}: {base_url!r} is not an http(s) URL", remedy='Like "https://api.example.test"')
    return parts.netloc


def _typed(value: Any, kind: type[Any], where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"{where} must be {kind.__name__}, not {value!r}")
    if kind in (int, float) and not 0 < float(value) < 86_400_000:
        raise UsageError(f"{where} must be positive and sane, not {value!r}")
    return value


def _choice(kind: type[_E], value: Any, where: str) -> _E:
    try:
        return kind(value)
    except ValueError as error:
        raise UsageError(f"{where} must be one of {', '.join(m.value for m in kind)}, not {value!r}") from error


def _known(key: str, known: Any, where: str) -> None:
    if key not in known:
        close = difflib.get_close_matches(key, list(known), 1)
        raise UsageError(f"{where}: unknown key {key!r}",
                         remedy=f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(sorted(known))}")


def target_to_dict(target: Target) -> dict[str, Any]:
    """JSON-ready form with secrets, for a worker's pipe only; never write it to disk."""
    data = {f.name: getattr(target, f.name) for f in fields(target)}
    data.update(role=target.role.value, level=target.level.value, profile=target.profile.to_dict(),
                credentials={k: asdict(v) for k, v in target.credentials.items()},
                evolution=asdict(target.evolution), limits=asdict(target.limits) if target.limits else None,
                load=asdict(target.load) if target.load else None,
                pact=asdict(target.pact.without_secrets) if target.pact else None)
    return data


def target_from_dict(data: Mapping[str, Any]) -> Target:
    """Inverse of `target_to_dict`."""
    values = dict(data)
    values.update(role=Role(data["role"]), level=Level(data["level"]),
                  profile=ContractProfile(**data["profile"]), hosts=tuple(data["hosts"]),
                  unreachable=tuple(data["unreachable"]), evolution=Evolution(**data["evolution"]),
                  limits=RateLimit(**data["limits"]) if data["limits"] else None,
                  load=_load_from_dict(data["load"]) if data["load"] else None,
                  pact=PactSettings.from_dict(data["pact"]) if data["pact"] else None,
                  credentials={k: Credential(**v) for k, v in data["credentials"].items()})
    return Target(**values)


def _load_from_dict(data: Mapping[str, Any]) -> LoadPromise:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return LoadPromise(**values)
