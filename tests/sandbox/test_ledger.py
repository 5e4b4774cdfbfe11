"""The double-entry ledger and the store below it, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from harness.sandbox import ledger, schema
from harness.sandbox.context import Context, get_state, set_state
from harness.sandbox.ledger import Move, Shortage
from harness.sandbox.outbox import append_event
from harness.sandbox.store import Conflict, Query, Store, Tx, binds

PUT = Query(lambda insert: insert(schema.platform_state).values(binds(schema.platform_state)))
ALL = Query(select(schema.platform_state.c.name).order_by(schema.platform_state.c.name))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of either kind."""
    url = f"sqlite:///{tmp_path / 'a.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres")()
    one = Store(url, schema.metadata)
    yield one
    one.close()


@pytest.fixture
def ctx() -> Context:
    platform: Any = SimpleNamespace(outbox_signal=asyncio.Event())
    return Context(platform, "test", "trace", 1_000, "tenant-a", "provider-a", "brand-a1", "eu-west")


def fund(store: Store, ctx: Context, player: str, amount: int, currency: str = "EUR") -> None:
    def work(tx: Tx) -> None:
        for kind in ("cash", "held"):
            ledger.open_account(tx, ctx.tenant_id, kind, player, currency)
        moves = [Move("world", ctx.tenant_id, -amount), Move("cash", player, amount)]
        ledger.post(tx, ctx, "deposit", currency, moves, reference="r")

    store.now(work)


def test_a_transaction_commits_whole_or_not_at_all(store: Store) -> None:
    def fails(tx: Tx) -> None:
        tx.run(PUT, name="a", value="1")
        raise RuntimeError

    called: list[str] = []

    def works(tx: Tx) -> str:
        tx.run(PUT, name="b", value="1")
        tx.after_commit(lambda: called.append("b"))
        return "result"

    with pytest.raises(RuntimeError):
        store.now(fails)
    assert store.now(works) == "result"
    assert asyncio.run(store.read(lambda tx: tx.all(ALL))) == [{"name": "b"}]
    assert called == ["b"]


def test_unique_violations_are_one_error(store: Store) -> None:
    store.now(lambda tx: tx.run(PUT, name="a", value="1"))
    with pytest.raises(Conflict):
        store.now(lambda tx: tx.run(PUT, name="a", value="2"))
    with pytest.raises(Conflict):
        store.now(lambda tx: tx.execute(schema.platform_state.insert().values(name="a", value="2")))
    store.now(lambda tx: set_state(tx, "a", {"x": 1}))
    assert store.now(lambda tx: get_state(tx, "a", None)) == {"x": 1}
    assert store.now(lambda tx: get_state(tx, "none", 7)) == 7


def test_unbalanced_transactions_are_refused(store: Store, ctx: Context) -> None:
    fund(store, ctx, "p", 100)
    with pytest.raises(ValueError, match="sum to zero"):
        store.now(lambda tx: ledger.post(tx, ctx, "win", "EUR", [Move("cash", "p", 1)], reference="r"))
    assert store.now(lambda tx: ledger.balances(tx, "p")) == {"EUR": (100, 0)}


def test_shortage_leaves_everything_as_it_was(store: Store, ctx: Context) -> None:
    fund(store, ctx, "p", 100)
    moves = [Move("cash", "p", -101), Move("held", "p", 101)]
    with pytest.raises(Shortage):
        store.now(lambda tx: ledger.post(tx, ctx, "bet", "EUR", moves, reference="r"))
    assert store.now(lambda tx: ledger.balances(tx, "p")) == {"EUR": (100, 0)}
    assert store.now(ledger.trial_balance)[1]


def test_reserved_money_is_not_spendable(store: Store, ctx: Context) -> None:
    fund(store, ctx, "p", 100)
    assert store.now(lambda tx: ledger.reserve(tx, "p", "EUR", 70))
    assert not store.now(lambda tx: ledger.reserve(tx, "p", "EUR", 31))
    assert not store.now(lambda tx: ledger.reserve(tx, "p", "USD", 1))
    assert store.now(lambda tx: ledger.balances(tx, "p")) == {"EUR": (30, 70)}
    moves = [Move("cash", "p", -31), Move("held", "p", 31)]
    with pytest.raises(Shortage):
        store.now(lambda tx: ledger.post(tx, ctx, "bet", "EUR", moves, reference="r"))
    used = [Move("cash", "p", -70, release=70), Move("held", "p", 70)]
    assert store.now(lambda tx: ledger.post(tx, ctx, "bet", "EUR", used, reference="r"))["cash"] == 30
    assert store.now(lambda tx: ledger.balances(tx, "p")) == {"EUR": (30, 70)}


def test_random_movements_always_balance(store: Store, ctx: Context) -> None:
    chance = random.Random(7)
    players = [f"p{number}" for number in range(4)]
    for player in players:
        fund(store, ctx, player, 10**15)
    for _ in range(150):
        player, amount = chance.choice(players), chance.randint(0, 10**14)
        source, target = chance.sample(["cash", "held"], 2)
        moves = [Move(source, player, -amount), Move(target, player, amount)]
        if chance.random() < 0.3:
            moves = [Move("house", ctx.tenant_id, -amount), Move("cash", player, amount)]
        try:
            store.now(lambda tx, m=moves: ledger.post(tx, ctx, "adjustment", "EUR", m, reference="r"))
        except Shortage:
            continue
    rows, balanced = store.now(ledger.trial_balance)
    assert balanced
    assert sum(row["total"] for row in rows) == 0


def test_totals_beyond_64_bits_are_exact(store: Store, ctx: Context) -> None:
    for number in range(12):
        fund(store, ctx, f"p{number}", 999_999_999_999_999_999)
    rows, balanced = store.now(ledger.trial_balance)
    assert balanced
    assert {row["total"] for row in rows if row["account_kind"] == "cash"} == {12 * 999_999_999_999_999_999}


def test_a_balance_never_leaves_the_range_of_the_api(store: Store, ctx: Context) -> None:
    fund(store, ctx, "p", 999_999_999_999_999_999)
    with pytest.raises(Shortage):
        fund(store, ctx, "p", 1)


def test_a_spoilt_balance_is_noticed(store: Store, ctx: Context) -> None:
    fund(store, ctx, "p", 100)
    account = ledger.account_id("cash", "p", "EUR")
    store.now(lambda tx: tx.execute(
        schema.accounts.update().where(schema.accounts.c.account_id == account).values(balance=99)))
    assert not store.now(ledger.trial_balance)[1]


def test_sequences_count_per_key_and_positions_in_commit_order(store: Store, ctx: Context) -> None:
    async def burst() -> None:
        async def one(number: int) -> None:
            await store.transact(lambda tx: append_event(tx, ctx, "bet.settled", f"bet:{number % 3}", {"bet_id": "b"}))

        await asyncio.gather(*(one(number) for number in range(30)))

    asyncio.run(burst())
    rows = [dict(row) for row in store.now(
        lambda tx: tx.execute(select(schema.events).order_by(schema.events.c.position)).mappings().all())]
    for key in ("bet:0", "bet:1", "bet:2"):
        assert [row["sequence"] for row in rows if row["key"] == key] == list(range(1, 11))
    assert len({row["event_id"] for row in rows}) == 30
    assert ctx.platform.outbox_signal.is_set()


def test_parallel_writers_of_one_account(store: Store, ctx: Context) -> None:
    fund(store, ctx, "p", 1_000)

    def spend(_: int) -> bool:
        return asyncio.run(store.transact(lambda tx: ledger.reserve(tx, "p", "EUR", 30)))

    workers = 8 if store.is_postgres else 1  # SQLite's one connection belongs to one thread at a time
    with ThreadPoolExecutor(workers) as pool:
        taken = list(pool.map(spend, range(60)))
    assert sum(taken) == 33
    assert store.now(lambda tx: ledger.balances(tx, "p")) == {"EUR": (10, 990)}
