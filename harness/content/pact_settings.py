"""`[target.NAME.pact]`, read and checked."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.model.errors import UsageError
from harness.model.pact_settings import PactSettings, host_of, is_url

_LISTS = ("sources", "providers", "tags")
_TEXTS = ("states", "states_command", "branch", "version")
_SWITCHES = ("pending", "publish")
_SECRETS = ("username", "password", "token")
_KNOWN = (*_LISTS, *_TEXTS, *_SWITCHES, *_SECRETS, "selectors", "wip_since")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def pact_settings(table: Mapping[str, Any], where: str, *, hosts: Collection[str], folder: Path,
                  environment: Mapping[str, str]) -> PactSettings | None:
    """The settings in the table; None where there is none. Paths count from `folder`.

    Raises:
        UsageError: an unknown key, a value of the wrong form, a secret that is no reference; names the key.
    """
    if not table:
        return None
    for key in table:
        if key not in _KNOWN:
            raise UsageError(f"{where}.{key} is unknown", remedy=f"Known: {', '.join(_KNOWN)}")
    values: dict[str, Any] = {key: _texts(table[key], f"{where}.{key}") for key in _LISTS if key in table}
    values |= {key: _text(table[key], f"{where}.{key}") for key in _TEXTS if key in table}
    values |= {key: _switch(table[key], f"{where}.{key}") for key in _SWITCHES if key in table}
    values |= {key: _referred(_text(table[key], f"{where}.{key}"), f"{where}.{key}", environment)
               for key in _SECRETS if key in table}
    if values.get("version", "").startswith("env:"):
        values["version"] = _referred(values["version"], f"{where}.version", environment)
    if "selectors" in table:
        values["selectors"] = _selectors(table["selectors"], f"{where}.selectors")
    if "wip_since" in table:
        values["wip_since"] = _day(table["wip_since"], f"{where}.wip_since")
    values["sources"] = tuple(_source(s, f"{where}.sources", folder) for s in values.get("sources", ()))
    settings = PactSettings(**values)
    _agree(settings, where, hosts)
    return settings


def _agree(settings: PactSettings, where: str, hosts: Collection[str]) -> None:
    """What is right alone may be wrong together."""
    if settings.states and settings.states_command:
        raise UsageError(f"{where}: states and states_command are one too many", remedy="Leave out one of them")
    if settings.states and host_of(settings.states) not in hosts:
        raise UsageError(f"{where}.states: {host_of(settings.states) or settings.states!r} is not a host that may be "
                         "contacted", remedy=f'Add it: hosts = ["{host_of(settings.states)}"]')
    if settings.states_command:
        try:
            shlex.split(settings.states_command)
        except ValueError as error:
            raise UsageError(f"{where}.states_command: {error}", remedy="Close the quote") from error
    if settings.brokers and not settings.providers:
        raise UsageError(f"{where}.providers is missing: a broker is asked for the pacts of a name",
                         remedy='Like providers = ["our-platform"]')
    if settings.publish and not (settings.brokers and settings.version):
        raise UsageError(f"{where}.publish needs a broker among the sources, and version",
                         remedy='Like version = "env:GIT_COMMIT"; never a version that is built twice')
    if settings.wip_since and not settings.pending:
        raise UsageError(f"{where}.wip_since needs pending = true", remedy="Work in progress must not fail the target")
    if settings.password and not settings.username:
        raise UsageError(f"{where}.username is missing", remedy='Like username = "env:PACT_BROKER_USERNAME"')
    for broker in settings.brokers if settings.secrets or settings.username else ():
        parts = urlsplit(broker)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise UsageError(f"{where}: credentials would go to {host_of(broker)} in clear", remedy="Use an https URL")


def _source(source: str, where: str, folder: Path) -> str:
    if not is_url(source):
        return str(folder / source)
    parts = urlsplit(source) if host_of(source) else None
    if parts is None or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{where}: {source!r} is not the URL of a broker or a pact",
                         remedy='Like "https://broker.example"')
    if parts.username or parts.password:
        raise UsageError(f"{where}: the URL of {parts.hostname} holds credentials",
                         remedy='Write token = "env:PACT_BROKER_TOKEN", or username and password')
    return source


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise UsageError(f"{where} must be a text, not {value!r}", remedy="Fill it in, or leave the line out")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise UsageError(f"{where} must be a list of texts, not {value!r}", remedy='Like ["pacts"]')
    return tuple(dict.fromkeys(_text(one, where) for one in value))


def _switch(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{where} must be true or false, not {value!r}")
    return value


def _selectors(value: Any, where: str) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) and one for one in value):
        raise UsageError(f"{where} must be a list of tables, not {value!r}",
                         remedy="Like selectors = [{ mainBranch = true }, { deployedOrReleased = true }]")
    return tuple(value)


def _day(value: Any, where: str) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()[:10]
    except (TypeError, ValueError):
        raise UsageError(f"{where} must be a date, not {value!r}", remedy="Like wip_since = 2026-01-31") from None


def _referred(reference: str, where: str, environment: Mapping[str, str]) -> str:
    """What an environment variable holds; secrets stand nowhere else."""
    variable = reference.removeprefix("env:")
    if variable == reference:
        raise UsageError(f"{where} must be a reference to an environment variable, not the secret itself",
                         remedy=f'Like "env:PACT_BROKER_{where.rpartition(".")[2].upper()}"')
    value = environment.get(variable, "")
    if not value or not (value.isascii() and value.isprintable()):
        raise UsageError(f"{where}: environment variable {variable} is not set, or no header can carry it",
                         remedy=f"export {variable}=…")
    return value
