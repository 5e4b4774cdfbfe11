"""Preflight: is there a sandbox that answers, lets us in, and agrees on the time? Used by run and doctor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from harness.counterparts.workshop import Workshop
from harness.engine.door import Shut, found
from harness.model.errors import CheckStopped, EnvironmentFault, UsageError
from harness.model.exchange import Exchange

_CLOCK_WARN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One preflight question; `ok` None means it could not be asked."""

    name: str
    ok: bool | None
    seen: str
    remedy: str = ""
    fatal: bool = True
    value: float | None = None


def probes(workshop: Workshop) -> Iterator[Probe]:
    """Ask in order; stops after the first fatal no, because what follows would only repeat it."""
    for ask in (_foreign,) if workshop.target.foreign else (_reachable, _is_sandbox, _credentials, _reads):
        for probe in ask(workshop):
            yield probe
            if probe.ok is False and probe.fatal:
                return


def require(workshop: Workshop) -> dict[str, float]:
    """Run all probes and return measured facts ({"clock_offset_seconds": s}).

    Raises:
        UsageError: the profile does not call the target a sandbox.
        EnvironmentFault: one clear line about what the target did, with the remedy.
    """
    facts: dict[str, float] = {}
    for probe in probes(workshop):
        if probe.ok is False and probe.fatal:
            kind = UsageError if probe.name == "profile" else EnvironmentFault
            raise kind(f"target {workshop.target.name}: {probe.name}: {probe.seen}", remedy=probe.remedy)
        if probe.name == "clock" and probe.value is not None:
            facts["clock_offset_seconds"] = probe.value
    return facts


def _saw(exchange: Exchange) -> str:
    code = exchange.field("code")
    if exchange.failure:
        return {"connect": "no connection", "timeout": "no whole answer in time", "too_large": "endless or huge answer",
                "encoding": "undecodable content-encoding"}.get(exchange.failure, "not HTTP as we know it")
    return f"{exchange.status}{f' {code}' if isinstance(code, str) else ''}"


def _reachable(workshop: Workshop) -> Iterator[Probe]:
    if wrong := list(_profile(workshop)):
        yield from wrong
        return
    party = workshop.party(next(iter(workshop.target.credentials)))
    sent, answer = time.time(), party.call("getSandboxInfo", token=None)
    middle = (sent + time.time()) / 2
    if not answer.answered:
        yield _unreachable(workshop, answer, "Is the platform running at base_url? Start one with `certify sandbox`")
        return
    yield Probe(name="reachable", ok=True, seen=f"{workshop.target.base_url} answered {answer.status} in "
                                                f"{answer.seconds * 1000:.0f} ms")
    yield _clock(answer, middle)


def _unreachable(workshop: Workshop, answer: Exchange, remedy: str) -> Probe:
    """Nothing answered, as far as HTTP tells; a certificate that cannot be verified is called what it is."""
    url = workshop.target.base_url
    if answer.failure == "connect" and url.startswith("https:"):
        try:
            found(url)
        except Shut as error:
            return Probe(name="reachable", ok=False, seen=error.what, remedy=error.remedy)
        except OSError:
            pass
    return Probe(name="reachable", ok=False, seen=f"{url}: {_saw(answer)}", remedy=remedy)


def _foreign(workshop: Workshop) -> Iterator[Probe]:
    """A foreign API has no word for "sandbox": the profile's own word must do."""
    yield from _profile(workshop)
    sent, answer = time.time(), workshop.knock()
    middle = (sent + time.time()) / 2
    if not answer.answered:
        yield _unreachable(workshop, answer, "Is the API running at base_url?")
        return
    yield Probe(name="reachable", ok=True, seen=f"{workshop.target.base_url} answered {answer.status}")
    yield _clock(answer, middle)


def _profile(workshop: Workshop) -> Iterator[Probe]:
    if not workshop.target.sandbox:
        yield Probe(name="profile", ok=False, seen="it does not say `sandbox = true`",
                    remedy="Mutating suites run only against a sandbox; set it if this is one")
    elif not workshop.target.credentials:
        yield Probe(name="profile", ok=False, seen="no credentials at all",
                    remedy=f"Add [target.{workshop.target.name}.credentials.provider]")


def _clock(answer: Exchange, middle: float) -> Probe:
    """The subject's clock against ours; the Date header has whole seconds, so half a second is noise."""
    stated = answer.header("Date")
    try:
        offset = parsedate_to_datetime(stated or "").timestamp() + 0.5 - middle
    except (ValueError, TypeError, OverflowError):  # a year or an offset may have twenty digits
        return Probe(name="clock", ok=None, seen="no usable Date header", fatal=False)
    ok = abs(offset) <= _CLOCK_WARN_SECONDS
    return Probe(name="clock", ok=ok, seen=f"offset {offset:+.1f} s", fatal=False, value=offset,
                 remedy="" if ok else "Synchronise the clocks (NTP): signature windows depend on them")


def _is_sandbox(workshop: Workshop) -> Iterator[Probe]:
    party = workshop.party(next(iter(workshop.target.credentials)))
    answer = party.call("getSandboxInfo", token=None)
    if answer.status == 200 and answer.field("sandbox") is True:
        yield Probe(name="sandbox", ok=True, seen=f"it calls itself a sandbox (API {answer.field('api_version')})")
    else:
        yield Probe(name="sandbox", ok=False, seen=f"GET /sandbox/info answered {_saw(answer)}, not `sandbox: true`",
                    remedy="The target itself must say that it is a sandbox before anything mutating is sent")


def _credentials(workshop: Workshop) -> Iterator[Probe]:
    for name in workshop.target.credentials:
        try:
            workshop.party(name).token()
            yield Probe(name=f"credentials {name}", ok=True, seen="token issued")
        except CheckStopped as error:
            yield Probe(name=f"credentials {name}", ok=False, seen=error.message, remedy=error.remedy)
    for needed in ("provider", "admin"):
        if needed not in workshop.target.credentials:
            yield Probe(name="profile", ok=False, seen=f"no credentials for {needed}",
                        remedy=f"Add [target.{workshop.target.name}.credentials.{needed}]")


def _reads(workshop: Workshop) -> Iterator[Probe]:
    answer = workshop.party("provider").call("listEvents", query={"limit": 1})
    ok = answer.answered and answer.status == 200
    yield Probe(name="first read", ok=ok, seen=f"GET /v1/events answered {_saw(answer)}",
                remedy="" if ok else "The provider's client must be able to read events (scope events:read)")
