"""The database: one transaction function for SQLite (embedded, WAL) and PostgreSQL (pool), same SQL for both.

How a handler works with it:

    QUERY = Query(select(players).where(players.c.player_id == bindparam("p")))      # module level, compiled once
    INSERT = Query(lambda insert: insert(bets).values(binds(bets, "tenant_id", ...)).on_conflict_do_nothing())

    def work(tx: Tx) -> ...:                 # synchronous, no await inside: it may be run again on a deadlock
        row = tx.one(QUERY, p="player-1")    # dict or None
        rows = tx.all(QUERY, p="player-1")   # list of dicts
        count = tx.run(INSERT, tenant_id=..., ...)   # affected rows
        tx.execute(any_core_statement)       # the slow, comfortable path (SQLAlchemy result) for rare work
        tx.after_commit(callback)            # runs on the event loop once the commit is done

    await store.transact(work)               # commit on return, roll back on any exception
    await store.read(work)                   # the same, for reading only

Rules: names of bind parameters in an UPDATE must differ from the column names (`b_...` here); no expanding IN in
a Query (use tx.execute); lock rows you will change with `.with_for_update()` (ignored by SQLite, which has one
writer anyway) or change them with a conditional UPDATE and look at the count. `Conflict` is raised for a unique
violation or a check constraint on either database; prefer on_conflict_do_nothing() and the count, because
PostgreSQL gives up the transaction at the first violation.

SQLite work runs inline on the event loop (a transaction takes a fraction of a millisecond, and a thread hop costs
more than that); PostgreSQL work runs in a small thread pool with one connection each.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import ClauseElement, Connection, CursorResult, Engine, MetaData, Table, bindparam, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from harness.sandbox import faults

T = TypeVar("T")
Row = dict[str, Any]
# The dialect's insert(): both have on_conflict_do_nothing/update and returning with the same signature.
Insert = Callable[[Table], postgresql.Insert]
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_POSTGRES_THREADS = 8
_RETRIES = 5
_LATE_SECONDS = 0.4


class Conflict(Exception):
    """A unique or check constraint refused the change; the transaction is over."""


class _Again(Exception):
    """PostgreSQL chose this transaction as the victim of a deadlock: run it again."""


def binds(table: Table, *columns: str) -> dict[str, Any]:
    """Values for an INSERT: each column (all of them when none is named) from a parameter of its own name."""
    return {name: bindparam(name) for name in (columns or [column.name for column in table.columns])}


class Query:
    """A Core statement compiled once per dialect and run on the driver directly."""

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement | Callable[[Insert], ClauseElement]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def on(self, dialect: Any) -> _Compiled:
        """The statement in the dialect's SQL."""
        found = self._compiled.get(dialect.name)
        if found is None:
            statement = self._statement
            if not isinstance(statement, ClauseElement):
                statement = statement(_INSERTS[dialect.name])
            found = self._compiled[dialect.name] = _Compiled(statement, dialect)
        return found


class _Compiled:
    __slots__ = ("columns", "defaults", "names", "sql")

    def __init__(self, statement: ClauseElement, dialect: Any) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = str(compiled)
        self.names: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        self.defaults = {name: value for name, value in compiled.params.items() if value is not None}
        returning = getattr(compiled, "effective_returning", None) or ()
        shown = returning or getattr(statement, "selected_columns", None)
        self.columns: tuple[str, ...] = tuple(column.key for column in shown) if shown is not None else ()

    def arguments(self, params: Row) -> Any:
        if self.defaults:
            params = {**self.defaults, **params}
        return params if self.names is None else [params[name] for name in self.names]


class Tx:
    """One open transaction; see the module docstring for the four ways to use it."""

    __slots__ = ("_callbacks", "_connection", "_dialect", "_raw", "is_postgres")

    def __init__(self, connection: Connection, raw: Any) -> None:
        self._connection, self._raw = connection, raw
        self._dialect = connection.dialect
        self.is_postgres = self._dialect.name == "postgresql"
        self._callbacks: list[Callable[[], None]] = []

    def one(self, query: Query, **params: Any) -> Row | None:
        """The first row as a dict, or None."""
        compiled = query.on(self._dialect)
        row = self._raw.execute(compiled.sql, compiled.arguments(params)).fetchone()
        return None if row is None else dict(zip(compiled.columns, row, strict=True))

    def all(self, query: Query, **params: Any) -> list[Row]:
        """Every row as a dict."""
        compiled = query.on(self._dialect)
        rows = self._raw.execute(compiled.sql, compiled.arguments(params)).fetchall()
        return [dict(zip(compiled.columns, row, strict=True)) for row in rows]

    def run(self, query: Query, **params: Any) -> int:
        """Executes a change; the number of rows it affected."""
        compiled = query.on(self._dialect)
        return cast(int, self._raw.execute(compiled.sql, compiled.arguments(params)).rowcount)

    def many(self, query: Query, rows: Iterable[Row]) -> None:
        """Executes a change once per row."""
        compiled = query.on(self._dialect)
        for row in rows:
            self._raw.execute(compiled.sql, compiled.arguments(row))

    def execute(self, statement: Any, parameters: Any = None) -> CursorResult[Any]:
        """Any Core statement through SQLAlchemy, in this same transaction."""
        return self._connection.execute(statement, parameters)

    def command(self, sql: str) -> None:
        """A parameterless SQL command, for locks and pragmas."""
        self._raw.execute(sql)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Runs `callback` on the event loop after the commit; never after a roll-back."""
        self._callbacks.append(callback)


class _Link:
    """One driver connection with SQLAlchemy on top, in driver autocommit: BEGIN and COMMIT are ours."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self.late = False
        self.raw: Any = self.connection.connection.driver_connection

    def perform(self, work: Callable[[Tx], T], begin: str) -> tuple[T, list[Callable[[], None]]]:
        tx = Tx(self.connection, self.raw)
        if self.late:
            self.commit_late()
        self.raw.execute(begin)
        try:
            result = work(tx)
            self.raw.execute("COMMIT")
        except BaseException as problem:
            self.raw.execute("ROLLBACK")
            cause = problem.orig if isinstance(problem, DBAPIError) else problem
            state = getattr(cause, "sqlstate", None) or ""
            if state in ("40001", "40P01"):
                raise _Again from problem
            if state.startswith("23") or isinstance(cause, sqlite3.IntegrityError):
                raise Conflict(str(cause)) from problem
            raise
        return result, tx._callbacks

    def perform_late(
        self, work: Callable[[Tx], T], commit_later: Callable[[Callable[[], None]], object]
    ) -> tuple[T, list[Callable[[], None]]]:
        """Planted: everybody sees the change and gets the answer, the commit comes some time later."""
        tx = Tx(self.connection, self.raw)
        if not self.late:
            self.raw.execute("BEGIN IMMEDIATE")
            self.late = True
            commit_later(self.commit_late)
        self.raw.execute("SAVEPOINT late")
        try:
            result = work(tx)
        except BaseException:
            self.raw.execute("ROLLBACK TO late")
            self.raw.execute("RELEASE late")
            raise
        self.raw.execute("RELEASE late")
        return result, tx._callbacks

    def commit_late(self) -> None:
        if self.late:
            self.late = False
            self.raw.execute("COMMIT")

    def close(self) -> None:
        self.commit_late()
        self.connection.close()


class Store:
    """The platform's database; opened once per process."""

    def __init__(self, url: str, metadata: MetaData) -> None:
        self._engine = engine_of(url)
        self.is_postgres = self._engine.dialect.name == "postgresql"
        metadata.create_all(self._engine)
        self._local = threading.local()
        self._links: list[_Link] = []
        self._pool = ThreadPoolExecutor(_POSTGRES_THREADS, "database") if self.is_postgres else None

    async def transact(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a read-write transaction; raises what it raises, after rolling back."""
        return await self._run(work, "BEGIN" if self.is_postgres else "BEGIN IMMEDIATE")

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a transaction that only reads."""
        return await self._run(work, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if self.is_postgres else "BEGIN")

    async def _run(self, work: Callable[[Tx], T], begin: str) -> T:
        if self._pool is None and faults.on("ack-before-commit"):
            later = asyncio.get_running_loop().call_later
            result, callbacks = self._link().perform_late(work, lambda commit: later(_LATE_SECONDS, commit))
        elif self._pool is None:
            result, callbacks = self._link().perform(work, begin)
        else:
            loop = asyncio.get_running_loop()
            result, callbacks = await loop.run_in_executor(self._pool, self._persist, work, begin)
        for callback in callbacks:
            callback()
        return result

    def _persist(self, work: Callable[[Tx], T], begin: str) -> tuple[T, list[Callable[[], None]]]:
        for _ in range(_RETRIES):
            try:
                return self._link().perform(work, begin)
            except _Again:
                continue
        raise Conflict("the transaction lost every deadlock")

    def _link(self) -> _Link:
        link: _Link | None = getattr(self._local, "link", None)
        if link is None:
            link = self._local.link = _Link(self._engine)
            self._links.append(link)
        return link

    def now(self, work: Callable[[Tx], T]) -> T:
        """`transact` without an event loop, for start-up and tests."""
        result, callbacks = self._persist(work, "BEGIN" if self.is_postgres else "BEGIN IMMEDIATE")
        for callback in callbacks:
            callback()
        return result

    def close(self) -> None:
        """Closes every connection; the store cannot be used afterwards."""
        if self._pool is not None:
            self._pool.shutdown()
        for link in self._links:
            link.close()
        self._engine.dispose()


def engine_of(url: str) -> Engine:
    """The SQLAlchemy engine of a database URL, tuned; nothing is connected yet."""
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    engine = create_engine(url, poolclass=NullPool, connect_args=_connect_args(url))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _tune(connection: Any, _record: Any) -> None:
            # WAL with NORMAL survives a kill of the process; only a power cut could take the last commits.
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "cache_size=-65536",
                           "temp_store=MEMORY", "wal_autocheckpoint=4000"):  # fmt: skip
                connection.execute(f"PRAGMA {pragma}")

    return engine


def _connect_args(url: str) -> dict[str, Any]:
    return {"check_same_thread": False, "cached_statements": 512} if url.startswith("sqlite") else {}
