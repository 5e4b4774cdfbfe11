"""The switches that show only across a restart, a flood, a flag or a disturbed wallet."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from harness.sandbox.settings import WalletBudget


class Wallet:
    """A stand-in for the wallet that counts calls and answers as told: `answers(n, raw) -> bytes | None` (hang)."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.calls: list[tuple[float, bytes]] = []
        self.answers: Any = lambda _n, _raw: self.ok(b'{"status":"ok","balance":1}')
        self._open: list[socket.socket] = []
        self.in_flight = self.most_in_flight = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    @staticmethod
    def ok(body: bytes, status: str = "200 OK") -> bytes:
        return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def debits(self) -> list[tuple[float, bytes]]:
        return [(at, raw) for at, raw in self.calls if raw.startswith(b"POST /wallet/debit")]

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self._open.append(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, contextlib.suppress(OSError):
            buffer = b""
            while data := link.recv(65536):
                buffer += data
                head, found, body = buffer.partition(b"\r\n\r\n")
                if not found or len(body) < int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
                    continue
                raw, buffer = buffer, b""
                self.calls.append((time.monotonic(), raw))
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                answer = self.answers(len(self.calls), raw)
                if answer is None:
                    link.recv(1)  # hang until the caller gives up
                else:
                    link.sendall(answer)
                self.in_flight -= 1

    def close(self) -> None:
        self.listener.close()
        for link in self._open:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wallet() -> Any:
    one = Wallet()
    yield one
    one.close()


@pytest.fixture
def rich(start: Any, wallet: Wallet) -> Any:
    """A partner with a session, on a platform whose wallet is the stand-in."""
    partner = start(wallet_url=wallet.url)
    partner.play = partner.session(partner.player(10**9))
    return partner


def hang(_n: int, raw: bytes) -> bytes | None:
    return None if b"/wallet/debit" in raw or b"GET" in raw else Wallet.ok(b'{"status":"ok"}')


def broken(_n: int, _raw: bytes) -> bytes:
    return Wallet.ok(b"", "500 Oops")


def restarted(partner: Any) -> None:
    before = partner.running.restarts
    partner.running.kill_platform()
    assert partner.eventually(lambda: partner.running.restarts > before)
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)


@pytest.mark.parametrize(("name", "balance"), [("", 9_900), ("keys-kept-in-memory", 9_800)])
def test_keys_over_a_restart(start: Any, name: str, balance: int) -> None:
    partner = start(faults=(name,) if name else ())
    player = partner.player()
    session = partner.session(player)
    bet, key = partner.new_bet(), partner.new_bet()
    partner.authorize(session, 100, bet, key)
    restarted(partner)
    assert partner.authorize(session, 100, bet, key).status_code == 200
    assert partner.balance(player)[0] == balance


@pytest.mark.parametrize(("name", "kept"), [("", True), ("ack-before-commit", False)])
def test_acknowledged_before_a_kill(start: Any, name: str, kept: bool) -> None:
    partner = start(faults=(name,) if name else ())
    player = partner.player()
    session = partner.session(player)
    time.sleep(0.5)  # the planted commit comes 0.4 s late: what is older than that is there
    bet = partner.bet(session, 100)
    assert partner.balance(player) == (9_900, 100)
    restarted(partner)
    assert (partner.send("GET", f"/v1/bets/{bet}").status_code == 200) is kept
    assert (partner.balance(player)[0] == 9_900) is kept


@pytest.mark.parametrize("name", ["", "crash-forgets-open-calls"])
def test_calls_open_at_a_crash(start: Any, wallet: Wallet, name: str) -> None:
    partner = start(wallet_url=wallet.url, faults=(name,) if name else ())
    session = partner.session(partner.player())
    bet = partner.new_bet()
    wallet.answers = hang
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(partner.authorize, session, 100, bet)
        assert partner.eventually(lambda: len(wallet.debits()) == 1)
        partner.running.kill_platform()
        with pytest.raises(httpx.TransportError):
            lost.result()
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"status":"ok"}')
    partner.running.wait_ready()
    partner.http.close()
    partner.http = httpx.Client(base_url=partner.running.platform_url, timeout=10)
    done = partner.eventually(lambda: partner.get(f"/v1/bets/{bet}")["status"] == "authorized", 2.5)
    assert done is (not name)


@pytest.mark.parametrize(("name", "late"), [("", False), ("no-wallet-timeout", True)])
def test_time_budget(rich: Any, wallet: Wallet, name: str, late: bool) -> None:
    rich.faults(*filter(None, [name]))
    wallet.answers = lambda _n, _raw: (time.sleep(0.9), Wallet.ok(b'{"status":"ok"}'))[1]
    began = time.monotonic()
    rich.authorize(rich.play)
    assert (time.monotonic() - began > 0.5) is late


@pytest.mark.parametrize(("name", "calls"), [("", 3), ("retry-storm", 12)])
def test_number_of_retries(start: Any, wallet: Wallet, name: str, calls: int) -> None:
    partner = start(wallet_url=wallet.url, faults=(name,) if name else (),
                    changes={"wallet": WalletBudget(breaker_failures=100)})
    session = partner.session(partner.player())
    wallet.answers = broken
    partner.authorize(session)
    assert partner.eventually(lambda: len(wallet.debits()) == calls, 3)


def gaps(partner: Any, wallet: Wallet) -> list[float]:
    found = []
    for _ in range(24):
        before = len(wallet.debits())
        partner.authorize(partner.play)
        times = [at for at, _ in wallet.debits()[before:]]
        found += [after - earlier for earlier, after in itertools.pairwise(times)]
    return found


@pytest.mark.parametrize("name", ["", "retry-without-jitter"])
def test_spacing_of_retries(start: Any, wallet: Wallet, name: str) -> None:
    partner = start(wallet_url=wallet.url, faults=("unknown-never-reconciled", *filter(None, [name])),
                    changes={"wallet": WalletBudget(breaker_failures=1000, backoff_ms=60)})
    partner.play = partner.session(partner.player())
    wallet.answers = broken
    seen = sorted(gaps(partner, wallet))
    assert len(seen) == 48
    middle_half = seen[36] - seen[11]  # a busy machine delays a few; jitter spreads them all
    assert (middle_half < 0.025) is bool(name), seen


@pytest.mark.parametrize(("name", "ids"), [("", 1), ("retry-with-new-tx-id", 3)])
def test_transaction_id_of_retries(start: Any, wallet: Wallet, name: str, ids: int) -> None:
    partner = start(wallet_url=wallet.url, faults=(name,) if name else ())
    session = partner.session(partner.player())
    wallet.answers = broken
    partner.authorize(session)
    assert len({raw.partition(b'"tx_id"')[2].split(b",")[0] for _, raw in wallet.debits()}) == ids


@pytest.mark.parametrize(("name", "most"), [("", 8), ("no-bulkhead", 100)])
def test_calls_in_flight(start: Any, wallet: Wallet, name: str, most: int) -> None:
    budget = WalletBudget(max_in_flight=8, reserved_for_settles=2, breaker_failures=1000)
    partner = start(wallet_url=wallet.url, faults=(name,) if name else (), changes={"wallet": budget})
    session = partner.session(partner.player())
    wallet.answers = hang
    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda _: partner.authorize(session, 1), range(30)))
    assert wallet.most_in_flight <= most
    assert (wallet.most_in_flight > 8) is (most > 8)


@pytest.mark.parametrize(("name", "slow"), [("", False), ("busy-held-open", True)])
def test_busy_is_said_at_once(start: Any, wallet: Wallet, name: str, slow: bool) -> None:
    budget = WalletBudget(max_in_flight=4, reserved_for_settles=1, breaker_open_ms=3000)
    partner = start(wallet_url=wallet.url, faults=(name,) if name else (), changes={"wallet": budget})
    session = partner.session(partner.player())
    wallet.answers = hang
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: partner.authorize(session, 1), range(20)))
    assert any(answer.status_code == 503 for answer in answers) or slow
    assert (max(answer.elapsed.total_seconds() for answer in answers) > 0.8) is slow


@pytest.mark.parametrize(("name", "called"), [("", False), ("no-breaker", True)])
def test_breaker_spares_a_dead_wallet(rich: Any, wallet: Wallet, name: str, called: bool) -> None:
    rich.faults("unknown-never-reconciled", *filter(None, [name]))
    wallet.answers = broken
    for _ in range(3):
        rich.authorize(rich.play)
    before = len(wallet.calls)
    for _ in range(5):
        rich.authorize(rich.play)
    assert (len(wallet.calls) - before > 5) is called


@pytest.mark.parametrize(("name", "closes"), [("", True), ("breaker-never-closes", False)])
def test_breaker_closes(rich: Any, wallet: Wallet, name: str, closes: bool) -> None:
    rich.faults(*filter(None, [name]))
    wallet.answers = broken
    for _ in range(3):
        rich.authorize(rich.play)
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"status":"ok"}')
    assert rich.eventually(lambda: rich.authorize(rich.play).status_code == 200, 2.5) is closes


@pytest.mark.parametrize(("name", "status"), [("", 202), ("timeout-said-refused", 503)])
def test_ambiguous_timeout(rich: Any, wallet: Wallet, name: str, status: int) -> None:
    rich.faults(*filter(None, [name]))
    wallet.answers = hang
    assert rich.authorize(rich.play).status_code == status


@pytest.mark.parametrize(("name", "ends"), [("", True), ("unknown-never-reconciled", False)])
def test_reconciling(rich: Any, wallet: Wallet, name: str, ends: bool) -> None:
    rich.faults(*filter(None, [name]))
    wallet.answers = hang
    bet = rich.new_bet()
    assert rich.authorize(rich.play, 5, bet).status_code == 202
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"status":"ok"}')
    assert rich.eventually(lambda: rich.get(f"/v1/bets/{bet}")["status"] == "authorized", 2.5) is ends


@pytest.mark.parametrize(("name", "status"), [("", 202), ("broken-answer-said-ok", 200)])
def test_half_an_answer(rich: Any, wallet: Wallet, name: str, status: int) -> None:
    rich.faults(*filter(None, [name]))
    wallet.answers = lambda _n, _raw: Wallet.ok(b'{"sta')
    assert rich.authorize(rich.play).status_code == status


def flood(partner: Any) -> list[Any]:
    player = partner.player()
    return [partner.send("GET", f"/v1/players/{player}") for _ in range(40)]


@pytest.mark.parametrize("name", ["", "rate-limit-off", "retry-after-missing"])
def test_rate_limit(start: Any, name: str) -> None:
    partner = start(faults=(name,) if name else (), changes={"rate_per_second": 5.0, "rate_burst": 10.0})
    limited = [a for a in flood(partner) if a.status_code == 429]
    assert bool(limited) is (name != "rate-limit-off")
    assert all("Retry-After" in a.headers for a in limited) is (name != "retry-after-missing")


def test_one_brand_has_a_small_allowance(start: Any) -> None:
    partner = start(changes={"brand_rates": (("brand-a2", 1.0, 5.0),)})
    small = type(partner)(partner.running, "provider-a", "brand-a2")
    assert 429 in {a.status_code for a in flood(small)}
    assert {a.status_code for a in flood(partner)} == {200}
    small.http.close()


@pytest.mark.parametrize(("name", "status"), [("", 200), ("rate-limit-shared-by-all", 429)])
def test_neighbours_of_a_flood(start: Any, name: str, status: int) -> None:
    partner = start(faults=(name,) if name else (), changes={"rate_per_second": 0.5, "rate_burst": 10.0})
    other = type(partner)(partner.running, "provider-b", "brand-b1")
    player = other.player()
    flood(partner)
    assert other.send("GET", f"/v1/players/{player}").status_code == status
    other.http.close()


@pytest.mark.parametrize(("name", "effect"), [("", False), ("refused-429-after-effect", True)])
def test_effect_of_a_limited_call(start: Any, name: str, effect: bool) -> None:
    partner = start(faults=(name,) if name else (), changes={"rate_per_second": 20.0, "rate_burst": 10.0})
    player = partner.player()
    session = partner.session(player)
    answers = [partner.authorize(session, 1) for _ in range(30)]
    assert any(a.status_code == 429 for a in answers)
    time.sleep(0.6)
    accepted = sum(a.status_code == 200 for a in answers)
    assert (partner.balance(player)[0] != 10_000 - accepted) is effect


@pytest.mark.parametrize("name", ["", "kill-switch-ignored", "kill-switch-stops-settle"])
def test_kill_switch(start: Any, name: str) -> None:
    partner = start(faults=(name,) if name else ())
    session = partner.session(partner.player())
    bet = partner.bet(session)
    partner.admin("PUT", "/sandbox/flags", {"betting_enabled": False, "sessions_enabled": True,
                                            "bonuses_enabled": True})
    answer = partner.authorize(session)
    assert (answer.status_code == 200) is (name == "kill-switch-ignored")
    settled = partner.settle(bet, 100)
    assert (settled.status_code == 503) is (name == "kill-switch-stops-settle")
    if not name:
        assert (answer.status_code, answer.json()["code"]) == (503, "FEATURE_DISABLED")
        assert "Retry-After" in answer.headers
