"""A running sandbox and a partner that talks to it, for the tests of the reference platform."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from harness.sandbox.supervisor import RunningSandbox, SandboxOptions, start_sandbox


class Partner:
    """A provider (and the sandbox's administrator) with short words for what tests do all the time."""

    def __init__(self, running: RunningSandbox, client_id: str = "provider-a", brand: str = "brand-a1",
                 region: str = "eu-west") -> None:
        self.running, self.client_id, self.brand, self.region = running, client_id, brand, region
        self.http = httpx.Client(base_url=running.platform_url, timeout=10)
        self.token = self.token_of(client_id)
        self.admin_token = self.token_of("sandbox-admin")

    def token_of(self, client_id: str, scope: str | None = None) -> str:
        known = self.running.credentials[client_id]
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": known.secret}
        answer = self.http.post("/v1/oauth/token", data=form | ({"scope": scope} if scope else {}))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def headers(self, key: str | None = None, **more: str | None) -> dict[str, str]:
        found: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}", "X-Trace-Id": uuid.uuid4().hex, "X-Brand-Id": self.brand,
            "X-Region": self.region, "X-Provider-Id": self.client_id,
            "X-Idempotency-Key": key or uuid.uuid4().hex,
        }
        found |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in found.items() if value is not None}

    def send(self, method: str, path: str, body: Any = None, key: str | None = None, **more: str | None
             ) -> httpx.Response:
        if isinstance(body, bytes):
            headers = {"Content-Type": "application/json"} | self.headers(key, **more)
            return self.http.request(method, path, content=body, headers=headers)
        return self.http.request(method, path, json=body, headers=self.headers(key, **more))

    def get(self, path: str, **more: str | None) -> Any:
        answer = self.send("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        answer = self.http.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def player(self, amount: Any = 10_000, currency: str = "EUR", **rg: Any) -> str:
        body = {"player_id": f"p-{uuid.uuid4().hex[:12]}", "brand_id": self.brand, "region": self.region,
                "balances": [{"amount": amount, "currency": currency}]} | ({"rg": rg} if rg else {})
        return str(self.admin("POST", "/sandbox/players", body)["player_id"])

    def fund(self, player_id: str, amount: Any, currency: str = "EUR") -> None:
        self.admin("POST", f"/sandbox/players/{player_id}/funds", {"amount": amount, "currency": currency})

    def session(self, player_id: str, currency: str = "EUR", **constraints: Any) -> str:
        body: dict[str, Any] = {"player_id": player_id, "game_id": "studio:game", "currency": currency,
                                "locale": "de-DE"}
        if constraints:
            body["constraints"] = constraints
        answer = self.send("POST", "/v1/sessions", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["session_id"])

    def authorize(self, session_id: str, amount: Any = 100, bet_id: str | None = None, key: str | None = None,
                  currency: str = "EUR", round_id: str = "r1", **more: str | None) -> httpx.Response:
        body = {"session_id": session_id, "bet_id": bet_id or self.new_bet(), "round_id": round_id,
                "amount": {"amount": amount, "currency": currency}}
        return self.send("POST", "/v1/bets/authorize", body, key, **more)

    def bet(self, session_id: str, amount: Any = 100, currency: str = "EUR") -> str:
        answer = self.authorize(session_id, amount, currency=currency)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["bet_id"])

    def settle(self, bet_id: str, win: Any, key: str | None = None, currency: str = "EUR", round_id: str = "r1",
               **more: str | None) -> httpx.Response:
        body = {"bet_id": bet_id, "round_id": round_id, "win": {"amount": win, "currency": currency}}
        return self.send("POST", "/v1/bets/settle", body, key, **more)

    def rollback(self, bet_id: str, key: str | None = None, **more: str | None) -> httpx.Response:
        return self.send("POST", "/v1/bets/rollback", {"bet_id": bet_id}, key, **more)

    def balance(self, player_id: str, currency: str = "EUR") -> tuple[int, int]:
        """(spendable, held) in minor units."""
        for one in self.get(f"/v1/players/{player_id}/balances")["balances"]:
            if one["currency"] == currency:
                return one["amount"], one["held"]
        raise AssertionError(f"no {currency} balance")

    def wallet_balance(self, player_id: str, currency: str = "EUR") -> int:
        """What the operator's wallet says."""
        headers = {"Authorization": f"Bearer {self.running.settings.wallet_secret}"}
        answer = httpx.get(f"{self.running.wallet_url}/wallet/balances/{player_id}", headers=headers)
        return int(next(b["amount"] for b in answer.json()["balances"] if b["currency"] == currency))

    def ledger(self, player_id: str) -> list[dict[str, Any]]:
        """Every cash entry of the player, oldest first."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get(f"/v1/players/{player_id}/transactions?limit=200{cursor}")
            found += page["items"]
            if not page["has_more"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    @staticmethod
    def new_bet() -> str:
        return f"b-{uuid.uuid4().hex[:16]}"

    @staticmethod
    def eventually(holds: Callable[[], bool], seconds: float = 8.0) -> bool:
        """Polls until `holds`; False when it never did."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.03)
        return holds()

    def faults(self, *names: str) -> None:
        self.admin("PUT", "/sandbox/faults", {"enabled": list(names)})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """A healthy sandbox for one test module; tests keep apart by making their own players."""
    with start_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def partner(sandbox: RunningSandbox) -> Iterator[Partner]:
    """Provider A on brand A1."""
    one = Partner(sandbox)
    yield one
    one.http.close()


@pytest.fixture(scope="module")
def healthy() -> Iterator[Partner]:
    """A partner of a second sandbox, on which no fault is ever switched on."""
    with start_sandbox() as running:
        one = Partner(running)
        yield one
        one.http.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Partner]]:
    """Starts further sandboxes: `start(profile={...}, changes={...})` -> Partner."""
    begun: list[Partner] = []

    def begin(**options: Any) -> Partner:
        begun.append(Partner(start_sandbox(SandboxOptions(**options))))
        return begun[-1]

    yield begin
    for one in begun:
        one.http.close()
        one.running.stop()
