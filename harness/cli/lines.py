"""Lines to the wallet: the run's fault proxy, and for each worker that needs one a link of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from harness.cli.sandbox import builtin_target
from harness.counterparts.wallet_line import WalletLine
from harness.counterparts.wallet_link import WalletLink
from harness.engine.ports import Recorder
from harness.engine.redaction import Redactor
from harness.model.errors import EnvironmentFault
from harness.model.plan import Plan
from harness.model.profile import Target

_IN_FLIGHT = 24
"""Wallet calls that our own sandbox may have under way there: few, so that a modest volley exceeds them."""
_WALLET = "wallet"
LINES = 3
"""Workers with a line of their own, where each can have a platform of its own: they wait more than they compute."""


@contextmanager
def fault_proxy_for(plan: Plan, target: Target, run_id: str) -> Iterator[Mapping[str, str]]:
    """Where the run's fault proxy is, and how its proxies' names begin; nothing is started where none is needed.

    Where the profile says at which address the platform looks for its wallet, that address leads there all the while.

    Raises:
        EnvironmentFault: there is no fault proxy, or the address is not ours to listen at.
    """
    routed = "listen" in target.wallet
    if not routed and not any(c.scenario for c in plan.checks):
        yield {}
        return
    from harness.drivers.toxiproxy_driver.servers import FaultServer

    with FaultServer(run_id) as server:
        if routed:
            server.proxy(_WALLET, _address(target.wallet["upstream"]), target.wallet["listen"])
        yield {"url": server.server.url, "prefix": server.prefix}


@contextmanager
def linked(target: Target, fault_proxy: Mapping[str, str], worker: str, recorder: Recorder, redactor: Redactor
           ) -> Iterator[tuple[Target, WalletLink | None]]:
    """The worker's target with a link to its wallet: a sandbox of its own, or the profile's platform.

    Raises:
        EnvironmentFault: the proxy does not answer, or has lost the platform's way to its wallet.
    """
    if target.builtin:
        with _sandbox_with_line(target, fault_proxy, worker, recorder, redactor) as found:
            yield found
    elif "listen" in target.wallet:
        from harness.drivers.toxiproxy_driver.client import ToxiproxyServer

        with ToxiproxyServer(fault_proxy["url"]) as server:
            way = server.proxies().get(fault_proxy["prefix"] + _WALLET)
            if way is None:
                raise EnvironmentFault(f"the fault proxy at {server.url} has lost the way to the wallet",
                                       remedy="Leave it alone while a run is under way")
            line = WalletLine(target.wallet["upstream"], recorder, redactor, prefix=f"{worker}l")
            try:
                way.point_to(line.address)
                yield target, WalletLink(line, way, recorder, prefix=f"{worker}t")
                way.point_to(_address(target.wallet["upstream"]))
            finally:
                line.close()
    else:
        yield target, None


@contextmanager
def _sandbox_with_line(target: Target, fault_proxy: Mapping[str, str], worker: str, recorder: Recorder,
                       redactor: Redactor) -> Iterator[tuple[Target, WalletLink]]:
    """A sandbox like the target for this worker alone, with our line between it and its wallet."""
    from harness.drivers.toxiproxy_driver.client import ToxiproxyServer

    with ExitStack() as stack:
        server = stack.enter_context(ToxiproxyServer(fault_proxy["url"]))
        made: list[WalletLink] = []

        def route(wallet_url: str) -> str:
            line = WalletLine(wallet_url, recorder, redactor, prefix=f"{worker}l")
            stack.callback(line.close)
            proxy = server.create(f"{fault_proxy['prefix']}{worker}-{_WALLET}", line.address)
            stack.callback(proxy.delete)
            made.append(WalletLink(line, proxy, recorder, prefix=f"{worker}t"))
            return f"http://{proxy.listen}"

        own = stack.enter_context(builtin_target(faults=tuple(target.started_with["faults"]), route_wallet=route,
                                                 choices=target.started_with["choices"], in_flight=_IN_FLIGHT))
        for secret in own.secrets:
            redactor.learn(secret)
        yield replace(own, started_with=target.started_with), made[0]


def _address(url: str) -> str:
    """host:port of an http URL."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 80}"
