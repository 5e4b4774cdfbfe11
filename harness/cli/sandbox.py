"""`certify sandbox`: the reference platform alone, and the built-in target made from it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from harness.model.control import Level
from harness.model.errors import EnvironmentFault, UsageError
from harness.model.evolution import Evolution
from harness.model.profile import ContractProfile, Credential, LoadPromise, RateLimit, Target

_PARTIES = {"provider": ("provider-a", "brand-a1"), "other": ("provider-b", "brand-b1"),
            "sibling": ("provider-a", "brand-a2"), "observer": ("observer-a", "brand-a1"),
            "admin": ("sandbox-admin", "")}

_RECOVERS_SECONDS = 10.0
"""Our own sandbox reconciles and closes its breaker within a second or two; a busy machine takes longer."""
_NEW_BETS = 100.0
"""So many new bets a second are let in, by provider and brand: more than a burst has, less than an overload."""
_LOAD = LoadPromise(rounds_per_second=60, most_rounds_per_second=160,
                    slo=("p95 < 400ms", "p99 < 1s", "errors < 0.1%"), event_lag_seconds=3.0,
                    settles_within_seconds=10.0,
                    queues=("webhook_deliveries_owed", "wallet_calls_in_doubt", "wallet_calls_in_flight"))
"""What the sandbox bears on two shared cores, of which generator and platform have one each, with a wide margin."""
_TRY_SECONDS = 5.0
"""How long our own sandbox waits for the answer of a webhook receiver."""
_EVENT_SECONDS = 5.0
"""Our own sandbox delivers within milliseconds; other targets have the time that their profile declares."""


def proofs(control: str) -> tuple[tuple[str, str], ...]:
    """(name, title) of the fault switches that turn this control red."""
    from harness.sandbox import faults

    return tuple((f.name, f.title) for f in faults.catalogue().values() if control in f.proves)


@contextmanager
def builtin_target(*, faults: tuple[str, ...] = (), choices: Mapping[str, Any] | None = None,
                   route_wallet: Callable[[str], str] | None = None, in_flight: int = 0) -> Iterator[Target]:
    """Start the sandbox on loopback and describe it as a target; it is ended whatever happens.

    `route_wallet` gets the wallet's URL and returns the one that the platform shall use; `in_flight`: how many wallet
    calls may be under way at once (0: as many as the sandbox allows by itself).

    Raises:
        UsageError: unknown fault or choice. EnvironmentFault: the sandbox does not start.
    """
    with _started(faults=faults, choices=dict(choices or {}), route_wallet=route_wallet,
                  in_flight=in_flight) as running:
        yield replace(_target(running, choices or {}), wallet=_promised(in_flight),
                      started_with={"faults": list(faults), "choices": dict(choices or {})})


def _promised(in_flight: int) -> dict[str, str]:
    return {"recovers_seconds": str(_RECOVERS_SECONDS), **({"max_in_flight": str(in_flight)} if in_flight else {})}


def _target(running: Any, choices: Mapping[str, Any]) -> Target:
    base_url = running.platform_url
    known = {c.client_id: c for c in running.settings.clients}
    credentials = {
        party: Credential(client_id=client, secret=known[client].secret, tenant_id=known[client].tenant_id,
                          provider_id=known[client].provider_id, brand_id=brand, region="eu-west",
                          signing_secret=known[client].inbound_secret)
        for party, (client, brand) in _PARTIES.items()}
    return Target(name="sandbox", base_url=base_url, sandbox=True, level=Level.BUILT, builtin=True, second_region="uk",
                  hosts=(urlsplit(base_url).netloc,), credentials=credentials,
                  profile=ContractProfile.of({**DECLARED, **choices}, where="--profile"),
                  webhook_wait_seconds=_EVENT_SECONDS, contract="target:/openapi.json",
                  evolution=Evolution(events="target:/asyncapi.json"),
                  webhooks={"try_seconds": _TRY_SECONDS}, limits=_limit(running.settings),
                  load=replace(_LOAD, metrics=f"{base_url}/metrics"))


def _limit(settings: Any) -> RateLimit:
    """What the sandbox allows its small brand; that is the sibling's."""
    brand = _PARTIES["sibling"][1]
    return next(RateLimit(party="sibling", per_second=rate, burst=int(burst))
                for name, rate, burst in settings.brand_rates if name == brand)


DECLARED = {"undocumented_fields": "fail"}
"""What its profile says beside the platform's own choices: its document names every member of every answer."""
_WEBHOOK_TIME_SCALE = 0.05
"""Webhook back-off of a sandbox that is started here, in production times: a dead letter in seconds, not minutes."""


@contextmanager
def _started(*, faults: tuple[str, ...], choices: dict[str, Any], port: int = 0, wallet_port: int = 0,
             database: str | None = None, route_wallet: Callable[[str], str] | None = None, in_flight: int = 0
             ) -> Iterator[Any]:
    from harness.sandbox import faults as registry
    from harness.sandbox.settings import WalletBudget
    from harness.sandbox.supervisor import SandboxOptions, start_sandbox

    for name in faults:
        if name not in registry.catalogue():
            raise UsageError(f"--fault {name}: no such fault", remedy="See `certify sandbox --list-faults`")
    ContractProfile.of(choices, where="--profile")
    if database is not None:
        _check_database(database)
    changes: dict[str, Any] = {"webhook_time_scale": _WEBHOOK_TIME_SCALE, "new_bets_per_second": _NEW_BETS,
                               "new_bets_burst": _NEW_BETS}
    if in_flight:
        changes["wallet"] = WalletBudget(max_in_flight=in_flight, reserved_for_settles=in_flight // 4)
    try:
        offered = {key: value for key, value in choices.items() if key not in DECLARED}
        running = start_sandbox(SandboxOptions(faults=faults, profile=offered, platform_port=port,
                                               wallet_port=wallet_port, database_url=database,
                                               secrets=_given_secrets(), route_wallet=route_wallet,
                                               changes=changes))
    except (OSError, RuntimeError, ValueError) as error:
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise EnvironmentFault(f"the sandbox did not start: {last}", remedy="Is the port free?") from error
    try:
        yield running
    finally:
        running.stop()


def _check_database(url: str) -> None:
    from harness.sandbox.database_url import check

    try:
        check(url)
    except ValueError as error:
        raise UsageError(f"--database: {error}", remedy="Like postgresql://user@host/db or sqlite:////path/file.db") \
            from error
    except OSError as error:
        raise EnvironmentFault(f"--database: {error}", remedy="Is it reachable, and may you write there?") from error


def _given_secrets() -> dict[str, str]:
    """Secrets fixed through the environment; others are random.

    CERTIFY_SANDBOX_SECRET_PROVIDER_A and so on by client, CERTIFY_SANDBOX_SIGNING_PROVIDER_A for its signing secret.
    """
    clients = [client for client, _ in _PARTIES.values()]
    names = {client + suffix: f"CERTIFY_SANDBOX_{kind}_" + client.upper().replace("-", "_")
             for client in clients for suffix, kind in (("", "SECRET"), (":signing", "SIGNING"))}
    return {client: os.environ[name] for client, name in names.items() if os.environ.get(name)}


def parse_choices(pairs: tuple[str, ...]) -> dict[str, Any]:
    """`KEY=VALUE` pairs as a contract profile's values; UsageError for a pair that is none."""
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--profile {pair}: not KEY=VALUE", remedy="Like --profile mismatch_status=422")
        values[key] = int(value) if value.isdecimal() else value
    return values


def sandbox_command(*, port: int, wallet_port: int, wallet_url: str | None, database: str | None,
                    faults: tuple[str, ...], choices: tuple[str, ...], as_json: bool) -> int:
    """Run until Ctrl-C or SIGTERM; prints URLs and credentials first."""
    values, wallet = parse_choices(choices), _plain_url(wallet_url) if wallet_url else ""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with _started(faults=faults, choices=values, port=port, wallet_port=wallet_port, database=database,
                  route_wallet=(lambda _: wallet) if wallet else None) as running:
        sys.stdout.write(_as_json(running, faults) if as_json else _as_text(running, faults, values, wallet))
        sys.stdout.flush()
        while not stop.wait(1.0):  # bounded: a signal that comes just before a wait is not heard by it
            continue
    return 0


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError(f"--wallet-url {url}: not a plain http URL", remedy="Like http://127.0.0.1:9400")
    return url


def _as_json(running: Any, faults: tuple[str, ...]) -> str:
    clients = [{"client_id": c.client_id, "secret": c.secret, "tenant_id": c.tenant_id, "provider_id": c.provider_id,
                "signing_secret": c.inbound_secret, "scopes": list(c.scopes)} for c in running.settings.clients]
    return json.dumps({"platform_url": running.platform_url, "wallet_url": running.wallet_url, "clients": clients,
                       "faults": list(faults)}) + "\n"


def _as_text(running: Any, faults: tuple[str, ...], values: Mapping[str, Any], wallet: str = "") -> str:
    known = {c.client_id: c for c in running.settings.clients}
    lines = [f"Platform  {running.platform_url}    API page {running.platform_url}/docs",
             f"Wallet    {running.wallet_url}", ""]
    if faults:
        lines += [f"Planted defects: {', '.join(faults)}", ""]
    lines += ["# certify.toml", "[target.local]", f'base_url = "{running.platform_url}"', "sandbox = true",
              'level = "built"', 'second_region = "uk"', ""]
    limit = _limit(running.settings)
    lines += ["[target.local.limits]", f'party = "{limit.party}"', f"per_second = {limit.per_second:g}",
              f"burst = {limit.burst}", ""]
    lines += ["[target.local.load]", f"rounds_per_second = {_LOAD.rounds_per_second:g}",
              f"most_rounds_per_second = {_LOAD.most_rounds_per_second:g}",
              f"slo = {json.dumps(list(_LOAD.slo))}", f"event_lag_seconds = {_LOAD.event_lag_seconds:g}",
              f"settles_within_seconds = {_LOAD.settles_within_seconds:g}",
              f'metrics = "{running.platform_url}/metrics"', f"queues = {json.dumps(list(_LOAD.queues))}", ""]
    lines += ["[target.local.webhooks]", f"try_seconds = {_TRY_SECONDS}", ""]
    if wallet:
        lines += ["[target.local.wallet]", f'listen = "{urlsplit(wallet).netloc}"',
                  f'upstream = "{running.wallet_url}"', f"max_in_flight = {running.settings.wallet.max_in_flight}",
                  f"recovers_seconds = {_RECOVERS_SECONDS:g}", ""]
    if values:
        lines.append("[target.local.profile]")
        lines += [f"{k} = {json.dumps(v)}" for k, v in values.items()] + [""]
    exports = []
    for party, (client, brand) in _PARTIES.items():
        variable = f"CERTIFY_{party.upper()}_SECRET"
        exports.append(f"export {variable}={known[client].secret}")
        lines += [f"[target.local.credentials.{party}]", f'client_id = "{client}"', f'secret = "env:{variable}"']
        if brand:
            lines += [f'tenant_id = "{known[client].tenant_id}"', f'provider_id = "{known[client].provider_id}"',
                      f'brand_id = "{brand}"', 'region = "eu-west"']
        if party == "provider":
            exports.append(f"export CERTIFY_PROVIDER_SIGNING={known[client].inbound_secret}")
            lines.append('signing_secret = "env:CERTIFY_PROVIDER_SIGNING"')
        lines.append("")
    return "\n".join([*lines, "# shell", *exports, "", "Ctrl-C ends it.", ""])


def list_faults_command(*, as_json: bool) -> int:
    """Print every fault switch with the controls that it must turn red."""
    from harness.sandbox import faults

    known = faults.catalogue().values()
    if as_json:
        rows = [{"name": f.name, "title": f.title, "proves": list(f.proves), "also": list(f.also)} for f in known]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    else:
        for fault in known:
            sys.stdout.write(f"{fault.name:<36} {', '.join(fault.proves):<20} {fault.title}\n")
        sys.stdout.write(f"{len(known)} fault switches. Plant one: certify --target sandbox --fault NAME\n")
    return 0
