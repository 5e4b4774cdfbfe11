"""`certify doctor`: everything that a run needs, asked one by one, each with its remedy."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.cli.commands import target_named
from harness.cli.evolving import evolution_of
from harness.cli.running import content, knowing, workshop_for
from harness.content.contract import load_contract
from harness.counterparts.preflight import Probe, probes
from harness.engine.journal import Journal
from harness.model.errors import EnvironmentFault
from harness.model.operations import operations
from harness.model.profile import Target

_TOOLS = {"toxiproxy-server": "the built-in fault proxy is used instead"}


def doctor_command(target: str, config: Path, *, as_json: bool) -> int:
    """Print every probe; 0 when all are well, 4 when something a run needs is not."""
    found = []
    with target_named(target, config) as subject:
        for probe in _all(subject):
            found.append(probe)
            if not as_json:
                sys.stdout.write(_line(probe) + "\n")
                sys.stdout.flush()
    bad = [p for p in found if p.ok is False and p.fatal]
    if as_json:
        sys.stdout.write(json.dumps({"target": target, "ok": not bad, "probes": [asdict(p) for p in found]},
                                    indent=1) + "\n")
    elif not bad:
        sys.stdout.write(f"All well. Next: certify --target {target}\n")
    return 4 if bad else 0


def clean_command(*, as_json: bool) -> int:
    """Take away the proxies that killed runs have left on a given Toxiproxy server; 0 when nothing is left."""
    from harness.drivers.toxiproxy_driver.servers import clean, which_server

    kind, where = which_server(os.environ)
    gone = clean(where) if kind == "given" else []
    if as_json:
        sys.stdout.write(json.dumps({"server": where if kind == "given" else "", "cleaned": gone}) + "\n")
    elif kind != "given":
        sys.stdout.write("TOXIPROXY_URL is not set: a fault proxy that certify starts ends with its run\n")
    else:
        sys.stdout.write(f"{where}: {', '.join(gone)} taken away\n" if gone else f"{where}: nothing was left there\n")
    return 0


def _held_against(record: Mapping[str, Any], target: Target) -> Iterator[Probe]:
    """What contract and events are held against, as it was read."""
    baseline, events = record["baseline"], record["events"]
    known = "openapi" in baseline
    yield Probe(name="baseline", ok=known or None, fatal=False, seen=str(baseline["name"]) if known else "none",
                remedy="" if known else "CONT-07 and CONT-09 stay undecided: [target." + target.name
                + ".evolution] baseline = (docs/drift.md)")
    told = bool(events["own"])
    yield Probe(name="event schemas", ok=told or None, fatal=False,
                seen=f"{len(events['own'])} of {events['own_source']}" if told else "the profile does not say where",
                remedy="" if told else "EVT-02 stays inconclusive (docs/event-schemas.md)")


def _fault_proxy() -> Iterator[Probe]:
    """A given fault proxy answers, and nothing of another run is left on it."""
    from harness.drivers.toxiproxy_driver.client import ToxiproxyServer
    from harness.drivers.toxiproxy_driver.servers import left_behind, which_server

    kind, where = which_server(os.environ)
    if kind != "given":
        return
    try:
        with ToxiproxyServer(where) as server:
            seen, left = f"Toxiproxy {server.version()} at {where}", left_behind(server)
    except EnvironmentFault as error:
        yield Probe(name="fault proxy", ok=False, seen=error.message, remedy="Start it, or unset TOXIPROXY_URL")
        return
    yield Probe(name="fault proxy", ok=not left, seen=f"{seen} has {', '.join(left)} of another run" if left else seen,
                remedy="If that run is over: certify doctor --clean" if left else "")


def _line(probe: Probe) -> str:
    mark = {True: "ok  ", False: "FAIL" if probe.fatal else "warn", None: "?   "}[probe.ok]
    text = f"{mark} {probe.name}: {probe.seen}" + (f". {probe.remedy}" if probe.remedy else "")
    return "".join(c if c.isprintable() else "?" for c in text)


def _all(target: Target) -> Iterator[Probe]:
    catalogue, checks = content()
    yield Probe(name="suites", ok=True, seen=f"{len(checks)} checks for {len(catalogue.controls)} controls")
    contract = load_contract(target.contract, target.profile, target.base_url)
    yield Probe(name="contract", ok=True, seen=f"{target.contract}: {len(operations(contract['openapi']))} operations")
    contract["evolution"] = evolution_of(target, contract)
    yield from _held_against(contract["evolution"], target)
    target = knowing(target, contract)
    with tempfile.TemporaryDirectory(prefix="certify-doctor-") as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        try:
            with workshop_for(target, contract, journal=journal, seed=0, epoch=secrets.token_hex(3), worker="d",
                              key=secrets.token_bytes(16)) as workshop:
                yield from probes(workshop)
        finally:
            journal.close()
    if target.foreign:
        yield Probe(name="API", ok=None, fatal=False, seen="a foreign one: not a call of the unified provider API",
                    remedy="`certify plan` says what applies")
        return
    for party in ("other", "observer", "sibling"):
        if party not in target.credentials:
            yield Probe(name=f"credentials {party}", ok=None, fatal=False, seen="not in the profile",
                        remedy={"other": "no second tenant: IDEM-06, IDEM-07, MONEY-10, SEC-03 stay inconclusive",
                                "observer": "effects are then judged through the provider's own reads",
                                "sibling": "optional: a second brand of the same tenant"}[party])
    if target.limits is None:
        yield Probe(name="limits", ok=None, fatal=False, seen="not in the profile",
                    remedy="TIME-09 stays inconclusive without a declared rate limit")
    if "provider" in target.credentials and not target.credentials["provider"].signing_secret:
        yield Probe(name="signing_secret", ok=None, fatal=False, seen="the provider has none in the profile",
                    remedy="IDEM-12 stays inconclusive: published events cannot be signed")
    if not target.builtin and "listen" not in target.wallet and target.capabilities.get("wallet", True):
        yield Probe(name="wallet", ok=None, fatal=False, seen="the profile does not say where it is",
                    remedy="TIME-01 to 08, 11 and 13 stay inconclusive (docs/chaos.md, Another platform)")
    yield from _fault_proxy()
    for name, command in target.hooks.items():
        here = shutil.which(shlex.split(command)[0])
        seen = f"{'runs' if here else 'not found:'} {command}"
        yield Probe(name=f"hook {name}", ok=bool(here), fatal=False, seen=seen,
                    remedy="" if here else "Name a program on PATH or by its path")
    if "restart" not in target.hooks:
        declared = "restartSandbox" in operations(contract["openapi"])
        yield Probe(name="hook restart", ok=declared or None, fatal=False, seen=f"none, and the contract declares "
                    f"{'POST /sandbox/restart' if declared else 'no restartSandbox either'}",
                    remedy="" if declared else "IDEM-11, 12 and 13 stay inconclusive without a way to crash it")
    for tool, note in _TOOLS.items():
        path = shutil.which(tool)
        yield Probe(name=f"tool {tool}", ok=True if path else None, fatal=False, seen="found" if path else "absent",
                    remedy="" if path else note)
