"""The operator's wallet service: debits, credits and refunds, each idempotent by its tx_id, in its own database."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    bindparam,
    delete,
    select,
    update,
)  # fmt: skip

from harness.sandbox.store import Query, Row, Store, Tx, binds

metadata = MetaData()
accounts = Table(
    "wallet_accounts", metadata,
    Column("player_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("balance", BigInteger, nullable=False),
    PrimaryKeyConstraint("player_id", "currency"),
    CheckConstraint("balance >= 0", name="wallet_never_negative"),
)  # fmt: skip
transactions = Table(
    "wallet_transactions", metadata,
    Column("tx_id", Text, primary_key=True),
    Column("action", Text, nullable=False),  # debit | credit | refund | cancel (a tombstone)
    Column("player_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("status", Text, nullable=False),  # ok | cancelled
    Column("balance", BigInteger, nullable=False),
)  # fmt: skip

_A, _T = accounts.c, transactions.c
_OF_ACCOUNT = (_A.player_id == bindparam("b_player"), _A.currency == bindparam("b_currency"))
_TAKE = Query(
    update(accounts)
    .where(*_OF_ACCOUNT, _A.balance >= bindparam("b_amount"))
    .values(balance=_A.balance - bindparam("b_amount"))
    .returning(_A.balance)
)
_GIVE = Query(
    lambda insert: (
        insert(accounts)
        .values(binds(accounts))
        .on_conflict_do_update(
            index_elements=["player_id", "currency"], set_={"balance": _A.balance + bindparam("b_amount")}
        )
        .returning(_A.balance)
    )
)
_BALANCE = Query(select(_A.balance).where(*_OF_ACCOUNT))
_BALANCES = Query(select(_A.currency, _A.balance).where(_A.player_id == bindparam("b_player")).order_by(_A.currency))
_FIND = Query(select(transactions).where(_T.tx_id == bindparam("b_tx")))
_RECORD = Query(lambda insert: insert(transactions).values(binds(transactions)).on_conflict_do_nothing())
_CANCEL = Query(update(transactions).where(_T.tx_id == bindparam("b_tx")).values(status="cancelled"))
_FILL = Query(update(transactions).where(_T.tx_id == bindparam("b_tx")).values(balance=bindparam("b_balance")))
_MAX = 2**62


class Refusal(Exception):
    """A clean no of the wallet."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def move(tx: Tx, action: str, body: Row) -> Row:
    """Debits, credits or refunds once per tx_id; raises Refusal."""
    row = {
        "tx_id": body["tx_id"], "action": action, "player_id": body["player_id"], "currency": body["currency"],
        "amount": body["amount"], "reference": body.get("reference", ""), "status": "ok", "balance": 0,
    }  # fmt: skip
    if not tx.run(_RECORD, **row):
        earlier = tx.one(_FIND, b_tx=row["tx_id"])
        if earlier is None or earlier["status"] == "cancelled":
            raise Refusal(409, "TX_CANCELLED")
        if any(earlier[name] != row[name] for name in ("action", "player_id", "currency", "amount")):
            raise Refusal(409, "TX_MISMATCH")
        return {"tx_id": row["tx_id"], "status": "ok", "balance": earlier["balance"]}
    if action == "debit":
        balance = _take(tx, row)
    else:
        balance = give(tx, row["player_id"], row["currency"], row["amount"])
    tx.run(_FILL, b_tx=row["tx_id"], b_balance=balance)
    return {"tx_id": row["tx_id"], "status": "ok", "balance": balance}


def _take(tx: Tx, row: Row) -> int:
    taken = tx.one(_TAKE, b_player=row["player_id"], b_currency=row["currency"], b_amount=row["amount"])
    if taken is not None:
        return int(taken["balance"])
    known = tx.one(_BALANCE, b_player=row["player_id"], b_currency=row["currency"])
    raise Refusal(422, "INSUFFICIENT_FUNDS" if known is not None else "UNKNOWN_ACCOUNT")


def give(tx: Tx, player_id: str, currency: str, amount: int) -> int:
    """Adds to an account, opening it when needed; the new balance."""
    row = tx.one(_GIVE, player_id=player_id, currency=currency, balance=amount, b_amount=amount)
    assert row is not None
    return int(row["balance"])


def cancel(tx: Tx, tx_id: str) -> Row:
    """Undoes a transaction, or forbids one that has not come yet; repeatable."""
    tombstone = {
        "tx_id": tx_id, "action": "cancel", "player_id": "", "currency": "", "amount": 0, "reference": "",
        "status": "cancelled", "balance": 0,
    }  # fmt: skip
    if not tx.run(_RECORD, **tombstone):
        row = tx.one(_FIND, b_tx=tx_id)
        assert row is not None
        if row["status"] == "ok":
            if row["action"] == "debit":
                give(tx, row["player_id"], row["currency"], row["amount"])
            else:
                _take(tx, row)
            tx.run(_CANCEL, b_tx=tx_id)
    return {"tx_id": tx_id, "status": "cancelled"}


Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class WalletApp:
    """The ASGI application of the wallet process."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._expected = f"Bearer {secret}".encode()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        try:
            status, answer = await self._answer(scope, await _read(receive))
        except Refusal as refusal:
            status, answer = refusal.status, {"code": refusal.code, "message": refusal.code.lower()}
        raw = json.dumps(answer, separators=(",", ":")).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    async def _answer(self, scope: MutableMapping[str, Any], raw: bytes) -> tuple[int, Any]:
        path: str = scope["path"]
        if path == "/healthz":
            return 200, {"status": "ok"}
        if not hmac.compare_digest(dict(scope["headers"]).get(b"authorization", b""), self._expected):
            return 401, {"code": "AUTH_FAILED"}
        if scope["method"] == "GET":
            return await self._store.read(lambda tx: _look(tx, path))
        body = _body_of(raw)
        return await self._store.transact(lambda tx: _change(tx, path, body))


def _look(tx: Tx, path: str) -> tuple[int, Any]:
    room, _, name = path.removeprefix("/wallet/").partition("/")
    name = unquote(name)
    if room == "balances" and name:
        rows = tx.all(_BALANCES, b_player=name)
        return 200, {
            "player_id": name,
            "balances": [{"currency": row["currency"], "amount": row["balance"]} for row in rows],
        }
    if room == "transactions" and name:
        row = tx.one(_FIND, b_tx=name)
        if row is not None:
            return 200, row
    raise Refusal(404, "NOT_FOUND")


def _change(tx: Tx, path: str, body: Row) -> tuple[int, Any]:
    room = path.removeprefix("/wallet/")
    if room in ("debit", "credit", "refund"):
        return 200, move(tx, room, _checked(body, "tx_id", "player_id", "currency"))
    if room == "cancel":
        return 200, cancel(tx, _checked(body, "tx_id", amount=False)["tx_id"])
    if room == "accounts":
        _checked(body, "player_id", "currency")
        balance = give(tx, body["player_id"], body["currency"], body["amount"])
        return 200, {"status": "ok", "balance": balance}
    if room == "reset":
        tx.execute(delete(transactions))
        tx.execute(delete(accounts))
        return 200, {"status": "ok"}
    raise Refusal(404, "NOT_FOUND")


def _checked(body: Row, *names: str, amount: bool = True) -> Row:
    well = all(isinstance(body.get(name), str) and body[name] for name in names)
    if amount:
        well = well and type(body.get("amount")) is int and 0 <= body["amount"] < _MAX
    if not well:
        raise Refusal(400, "VALIDATION_FAILED")
    return body


def _body_of(raw: bytes) -> Row:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise Refusal(400, "MALFORMED_REQUEST") from None
    if not isinstance(body, dict):
        raise Refusal(400, "MALFORMED_REQUEST")
    return body


async def _read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _live(receive: Receive, send: Send) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})
