"""The tables of the platform's core: players, sessions, bets, the ledger, idempotency keys, the outbox.

Conventions (all tables, also `schema_rooms`):
- money is BIGINT minor units, times are BIGINT UTC milliseconds, booleans are INTEGER 0/1, JSON is TEXT;
  so that rows read through the drivers directly need no conversion.
- the unique constraints ARE the business rules: an idempotency key, a bet id, a settlement exist once.
- every tenant-owned row carries tenant_id, brand_id and region.
The tables of bonuses, jackpots, payments, webhooks, inbox and audit live in `schema_rooms` (same metadata).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)  # fmt: skip

metadata = MetaData()
# SQLite only makes INTEGER primary keys automatic; PostgreSQL needs the wide type.
Serial = BigInteger().with_variant(Integer, "sqlite")

players = Table(
    "players", metadata,
    Column("player_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("geo", Text),
    Column("self_excluded", Integer, nullable=False),
    Column("cool_off_until", BigInteger),
    Column("limits", Text, nullable=False),  # {"max_bet": {amount, currency}, "loss": {...}} in minor units
    Column("created_at", BigInteger, nullable=False),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("session_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("player_id", Text, nullable=False),
    Column("game_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("max_bet", BigInteger),
    Column("rg_flags", Text, nullable=False),
    Column("status", Text, nullable=False),  # active | closed
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
)  # fmt: skip

# status: pending authorized settling settled rolling_back rolled_back tombstoned refused unknown parked.
# `settling` and `rolling_back` are in flight; the API shows the state before them. `attempt` counts wallet
# debits of one bet id: a refused bet may be tried again under a new key.
bets = Table(
    "bets", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("bet_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("session_id", Text),
    Column("player_id", Text),
    Column("round_id", Text),
    Column("game_id", Text),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("hold_id", Text),
    Column("settlement_id", Text),
    Column("rollback_id", Text),
    Column("win", BigInteger),
    Column("win_currency", Text),
    Column("bonus_state", Text),
    Column("authorize_answer", Text),
    Column("settle_answer", Text),
    Column("rollback_answer", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("authorized_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("rolled_back_at", BigInteger),
    PrimaryKeyConstraint("tenant_id", "bet_id"),
    UniqueConstraint("settlement_id"),
    Index("bets_by_player", "player_id"),
)  # fmt: skip

# Profile id_scope=global: the first tenant to use a business id owns it.
id_claims = Table(
    "id_claims", metadata,
    Column("kind", Text, nullable=False),
    Column("business_id", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    PrimaryKeyConstraint("kind", "business_id"),
)  # fmt: skip

# kind: cash | held | bonus | jackpot. House and world are derived from the entries, not kept here.
# `reserved` is money promised to an operation whose wallet answer is not known yet: spendable = balance - reserved.
accounts = Table(
    "accounts", metadata,
    Column("account_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("player_id", Text),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    CheckConstraint("balance >= 0", name="never_negative"),
    CheckConstraint("reserved >= 0 AND reserved <= balance", name="reserved_within_balance"),
    Index("accounts_by_player", "player_id"),
)  # fmt: skip

entries = Table(
    "entries", metadata,
    Column("entry_id", Serial, primary_key=True, autoincrement=True),
    Column("transaction_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("account_kind", Text, nullable=False),  # cash held bonus jackpot house world
    Column("kind", Text, nullable=False),  # bet win refund reversal deposit withdrawal bonus jackpot adjustment
    Column("amount", BigInteger, nullable=False),  # credit > 0
    Column("currency", Text, nullable=False),
    Column("bet_id", Text),
    Column("reference", Text, nullable=False),
    Column("balance_after", BigInteger),
    Column("occurred_at", BigInteger, nullable=False),
    Index("entries_by_account", "account_id", "entry_id"),
)  # fmt: skip

idempotency_keys = Table(
    "idempotency_keys", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("operation_id", Text, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("state", Text, nullable=False),  # in_progress | done
    Column("status", Integer),
    Column("headers", Text),
    Column("body", Text),
    Column("account_id", Text),  # whose balance a recomputed replay shows
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "provider_id", "brand_id", "key"),
)  # fmt: skip

# One row = one wallet call whose outcome is not final yet: the write-ahead log of every money operation.
# state: calling (a request is at it) | unknown (the reconcile loop asks) | queued (to be sent once).
intents = Table(
    "intents", metadata,
    Column("wallet_tx_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # authorize | settle | rollback | reverse | credit | debit
    Column("tenant_id", Text, nullable=False),
    Column("player_id", Text, nullable=False),
    Column("bet_id", Text),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON: the caller's context and the ids minted for the outcome
    Column("operation_id", Text),  # the /v1/ops row, once the caller was told 202
    Column("created_at", BigInteger, nullable=False),
    Index("intents_by_player", "player_id"),
)  # fmt: skip

event_sequences = Table(
    "event_sequences", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "key"),
)  # fmt: skip

# The outbox and the event feed are one table: `position` is the order of commits.
events = Table(
    "events", metadata,
    Column("position", Serial, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("bet_id", Text),
    Column("game_id", Text),
    Column("player_id", Text),
    Column("status", Text),
    Column("body", Text, nullable=False),  # the envelope, byte for byte as every webhook sends it
    UniqueConstraint("event_id"),
    Index("events_by_tenant", "tenant_id", "position"),
)  # fmt: skip

# Long-running operations behind GET /v1/ops/{operation_id}/status (payments, bets answered 202).
operations = Table(
    "operations", metadata,
    Column("operation_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("kind", Text, nullable=False),  # payment | bet
    Column("status", Text, nullable=False),  # pending | running | succeeded | failed
    Column("resource_id", Text, nullable=False),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)  # fmt: skip

# Small switches that must outlive a SIGKILL: faults, flags, clock offset. value is JSON.
platform_state = Table(
    "platform_state", metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)  # fmt: skip

import harness.sandbox.schema_rooms  # noqa: E402,F401  the outer rooms add their tables to this metadata
