"""The wallet service's rules, its client's breaker and bulkhead, and the wire below."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.sandbox.settings import WalletBudget
from harness.sandbox.store import Store
from harness.sandbox.wallet import service
from harness.sandbox.wallet.breaker import Breaker, Bulkhead
from harness.sandbox.wallet.client import NOT_EXECUTED, OK, REFUSED, UNKNOWN, WalletClient, _judge
from harness.sandbox.wallet.service import Refusal
from harness.sandbox.wallet.wire import Broken, NotSent, Pool


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(f"sqlite:///{tmp_path / 'w.db'}", service.metadata)
    one.now(lambda tx: service.give(tx, "p", "EUR", 1_000))
    yield one
    one.close()


def order(tx_id: str, amount: int, **more: Any) -> dict[str, Any]:
    return {"tx_id": tx_id, "player_id": "p", "currency": "EUR", "amount": amount, "reference": "b"} | more


def moved(store: Store, action: str, body: dict[str, Any]) -> int:
    return int(store.now(lambda tx: service.move(tx, action, body))["balance"])


def balance(store: Store) -> int:
    return int(store.now(lambda tx: service._look(tx, "/wallet/balances/p"))[1]["balances"][0]["amount"])


def refusal(store: Store, action: str, body: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as caught:
        moved(store, action, body)
    return caught.value.code


def test_each_transaction_counts_once(store: Store) -> None:
    assert moved(store, "debit", order("a", 300)) == 700
    assert moved(store, "credit", order("b", 50)) == 750
    assert moved(store, "debit", order("a", 300)) == 700
    assert refusal(store, "debit", order("a", 301)) == "TX_MISMATCH"
    assert refusal(store, "credit", order("a", 300)) == "TX_MISMATCH"
    assert balance(store) == 750


def test_a_refused_debit_leaves_nothing(store: Store) -> None:
    assert refusal(store, "debit", order("a", 1_001)) == "INSUFFICIENT_FUNDS"
    assert refusal(store, "debit", order("b", 1, player_id="nobody")) == "UNKNOWN_ACCOUNT"
    moved(store, "credit", order("c", 1))
    assert moved(store, "debit", order("a", 1_001)) == 0


def test_cancel_undoes_and_forbids(store: Store) -> None:
    moved(store, "debit", order("a", 300))
    for _ in range(2):
        store.now(lambda tx: service.cancel(tx, "a"))
        assert balance(store) == 1_000
    assert refusal(store, "debit", order("a", 300)) == "TX_CANCELLED"
    store.now(lambda tx: service.cancel(tx, "never-seen"))
    assert refusal(store, "debit", order("never-seen", 10)) == "TX_CANCELLED"
    assert balance(store) == 1_000


def test_breaker_opens_half_opens_and_closes() -> None:
    now = [0.0]
    breaker = Breaker(3, 10.0, clock=lambda: now[0])
    for _ in range(3):
        assert breaker.allow()
        breaker.failed()
    assert (breaker.state, breaker.allow()) == ("open", False)
    now[0] = 10.0
    assert breaker.state == "half-open"
    assert [breaker.allow(), breaker.allow()] == [True, False]
    breaker.failed()
    assert (breaker.state, breaker.allow()) == ("open", False)
    now[0] = 20.0
    assert breaker.allow()
    breaker.abandoned()
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.state == "closed"
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert breaker.state == "closed"


def test_bulkhead_keeps_places_for_settles() -> None:
    bulkhead = Bulkhead(4, 1)
    assert [bulkhead.enter(priority=False) for _ in range(4)] == [True, True, True, False]
    assert bulkhead.enter(priority=True)
    assert not bulkhead.enter(priority=True)
    bulkhead.leave()
    assert bulkhead.in_flight == 3


@pytest.mark.parametrize(("status", "raw", "kind"), [
    (200, b'{"status":"ok"}', OK), (200, b"{}", UNKNOWN), (200, b"", UNKNOWN), (200, b'{"status":', UNKNOWN),
    (200, b"[]", UNKNOWN), (422, b'{"code":"INSUFFICIENT_FUNDS"}', REFUSED), (422, b"", UNKNOWN),
    (404, b'{"code":"NOT_FOUND"}', REFUSED), (404, b"<html>", UNKNOWN), (500, b'{"code":"X"}', UNKNOWN),
    (503, b"", UNKNOWN), (401, b"{}", NOT_EXECUTED), (429, b"{}", NOT_EXECUTED), (302, b"{}", UNKNOWN),
])
def test_only_a_clear_word_counts(status: int, raw: bytes, kind: str) -> None:
    assert _judge(status, raw).kind == kind


class Server:
    """Answers each connection's requests with the given byte strings, then closes."""

    def __init__(self, *answers: bytes) -> None:
        self.answers, self.connections = list(answers), 0
        self._at_work: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._at_work)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_work.add(asyncio.get_running_loop().create_task(self._handle(reader, writer)))

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError):
            while self.answers and await reader.read(65536):
                for piece in self.answers.pop(0).split(b"|"):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.005)
            writer.close()
            await writer.wait_closed()


def ask(*answers: bytes, times: int = 1) -> tuple[list[Any], int]:
    async def run() -> tuple[list[Any], int]:
        server = Server(*answers)
        async with server as url:
            pool = Pool(url, {})
            found: list[Any] = []
            for _ in range(times):
                try:
                    found.append(await asyncio.wait_for(pool.request("POST", "/x", b"{}"), 2))
                except Broken as problem:
                    found.append(problem)
            pool.close()
            return found, server.connections

    return asyncio.run(run())


def test_wire_reads_lengths_chunks_and_closes() -> None:
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")[0] == [(200, b"{}")]
    assert ask(b"HTTP/1.1 200 O|K\r\nContent-Le|ngth: 4\r\n\r\n{ |} ")[0] == [(200, b"{ } ")]
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nab|c\r\n2\r\nde\r\n0\r\n\r\n"
    assert ask(chunked)[0] == [(200, b"abcde")]
    assert ask(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")[0] == [(200, b"until the end")]
    assert ask(b"HTTP/1.1 204 No Content\r\n\r\n")[0] == [(204, b"")]


def test_wire_says_what_is_broken() -> None:
    for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"garbage\r\n\r\n",
                   b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
        found, _ = ask(answer)
        assert isinstance(found[0], Broken), answer


def test_wire_reuses_connections_and_notices_when_it_may_not() -> None:
    keep, end = (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                 b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    assert ask(keep, keep, keep, times=3) == ([(200, b"{}")] * 3, 1)
    assert ask(end, end, times=2) == ([(200, b"{}")] * 2, 2)


def test_nobody_there_is_not_executed() -> None:
    async def run() -> None:
        server = Server()
        async with server as url:
            pass
        with pytest.raises(NotSent):
            await Pool(url, {}).request("GET", "/x")
        client = WalletClient(url, "secret", WalletBudget())
        outcome = await client.move("debit", "t", "p", "EUR", 1, "b")
        assert (outcome.kind, outcome.code) == (NOT_EXECUTED, "NO_CONNECTION")

    asyncio.run(run())


def test_service_refuses_strangers_and_nonsense(sandbox: Any) -> None:
    import httpx

    with httpx.Client(base_url=sandbox.wallet_url) as http:
        assert http.post("/wallet/debit", json={}).status_code == 401
        http.headers["Authorization"] = f"Bearer {sandbox.settings.wallet_secret}"
        for raw in (b"{}", b"[]", b"nonsense", b'{"tx_id": "a", "player_id": "p", "currency": "EUR", "amount": 1.5}',
                    b'{"tx_id": "a", "player_id": "p", "currency": "EUR", "amount": -1}'):
            assert http.post("/wallet/debit", content=raw).status_code == 400
        assert http.get("/wallet/transactions/none").status_code == 404
        assert http.post("/wallet/nothing", json={}).status_code == 404
        assert http.get("/healthz").json() == {"status": "ok"}
