"""The platform's way to its wallet, with everything that may befall it: a TCP proxy first, then the wallet line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.counterparts.wallet_line import WalletLine
from harness.counterparts.witness import Witness
from harness.engine.ports import FaultLine, Recorder
from harness.model.exchange import Exchange
from harness.model.scenario import Down, Toxic, Trouble


class WalletLink:
    """What the platform is pointed at is `proxy.listen`; behind it is the line, and behind that the wallet."""

    def __init__(self, line: WalletLine, proxy: FaultLine, recorder: Recorder, *, prefix: str) -> None:
        self.line, self.proxy = line, proxy
        self.witness = Witness(proxy.listen, recorder, prefix=prefix)

    @contextmanager
    def fault(self, what: Toxic | Trouble | Down) -> Iterator[None]:
        """The fault acts inside the block; raises EnvironmentFault when it cannot be made or taken away."""
        match what:
            case Trouble():
                with self.line.trouble(what):
                    yield
            case Toxic():
                acting = self.proxy.add(what)
                try:
                    yield
                finally:
                    self.proxy.remove(acting)
            case Down():
                self.proxy.down()
                try:
                    yield
                finally:
                    self.proxy.up()

    def clean(self) -> bool:
        """Is no fault left on it?"""
        return not self.proxy.toxics() and not self.line.troubled

    def calls(self) -> list[Exchange]:
        """What the wallet has seen so far."""
        return self.line.calls()
