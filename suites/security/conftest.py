"""One plausible request to every operation of the contract, for the checks that walk them all."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from harness import Exchange, Lab
from harness.model.operations import Operation, operations, resolve


@dataclass(frozen=True)
class Calls:
    """Sends each operation's own example, with the identifiers of `real` put in; everything else is made up."""

    lab: Lab
    real: Mapping[str, str]

    def names(self) -> list[str]:
        """Operations of the API proper that ask for credentials and that the harness knows how to send."""
        return [op.id for op in operations(self.lab.contract).values()
                if op.scopes and not op.sandbox_only and self._known(op.id) is not None]

    def scopes(self, name: str) -> frozenset[str]:
        """The scopes that the target's contract asks for."""
        return operations(self.lab.contract)[name].scopes

    def send(self, name: str, *, extra: Mapping[str, str] | None = None, **options: Any) -> Exchange:
        """Send the operation with `extra` headers; `options` as for `Lab.call`."""
        op = self._known(name)
        assert op is not None
        names = [str(p.get("name")) for p in op.parameters if p.get("in") == "path"]
        path = {n: self.real.get(n) or self.lab.fresh(n.removesuffix("_id")) for n in names}
        # A signature of its own (inbox events): well formed, so that nothing but the credentials is wrong.
        profile = self.lab.profile
        signature = {profile.signature_header: "0" * 64, profile.timestamp_header: str(int(time.time()))}
        signed = {n: value for n, value in signature.items() if n.lower() in op.header_parameters()}
        return self.lab.call(name, self._body(op), path=path, headers={**signed, **(extra or {})}, **options)

    def _known(self, name: str) -> Operation | None:
        try:
            return self.lab.provider.operation(name)
        except KeyError:
            return None

    def _body(self, op: Operation) -> Any:
        body = resolve(self.lab.contract, op.document.get("requestBody"))
        media = body.get("content", {}).get("application/json", {}) if isinstance(body, Mapping) else {}
        examples = media.get("examples") or {}
        example = media.get("example") or next((e.get("value") for e in examples.values()), None)
        return self._lively(example) if isinstance(example, Mapping) else ({} if media else None)

    def _lively(self, node: Any, name: str = "") -> Any:
        """The example with real or fresh identifiers, and money in the target's form."""
        if isinstance(node, Mapping):
            if set(node) == {"amount", "currency"}:
                return self.lab.money(100)
            return {key: self._lively(value, key) for key, value in node.items()}
        if isinstance(node, list):
            return ["rg.reality_check"] if name == "event_types" else [self._lively(value) for value in node]
        if name == "url":
            return f"http://{self.lab.target.webhook_listen}:9/never"
        if name in self.real:
            return self.real[name]
        return self.lab.fresh(name.removesuffix("_id")) if name.endswith("_id") and name != "game_id" else node


@pytest.fixture
def calls(lab: Lab) -> Callable[..., Calls]:
    """`calls(player_id=…, session_id=…)`: requests about those."""
    who = lab.provider.credential
    own = {"tenant_id": who.tenant_id, "brand_id": who.brand_id, "region": who.region}
    return lambda **real: Calls(lab, {**own, **real})
