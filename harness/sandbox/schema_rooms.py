"""The tables of the outer rooms: bonuses, jackpots, payments, webhooks, inbox and the audit trail.

Owned by the rooms that use them: change freely, keep the conventions of `schema` (BIGINT minor units and
milliseconds, 0/1 integers, JSON as TEXT, unique constraints behind every business id).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from harness.sandbox.schema import Serial, metadata

bonuses = Table(
    "bonuses", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("bonus_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("player_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("freespins", Integer, nullable=False),
    Column("freespins_left", Integer, nullable=False),
    Column("wager_requirement", BigInteger, nullable=False),
    Column("wagered", BigInteger, nullable=False),
    Column("status", Text, nullable=False),  # issued | completed
    Column("created_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    PrimaryKeyConstraint("tenant_id", "bonus_id"),
)  # fmt: skip

consumptions = Table(
    "consumptions", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("consumption_id", Text, nullable=False),
    Column("bonus_id", Text, nullable=False),
    Column("round_id", Text, nullable=False),
    Column("win", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "consumption_id"),
)  # fmt: skip

# One row per counted bet: the primary key is what makes a stake count once.
wager_progress = Table(
    "wager_progress", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("bonus_id", Text, nullable=False),
    Column("bet_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),  # counted | reversed
    Column("answer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "bonus_id", "bet_id"),
    Index("wager_progress_by_bet", "tenant_id", "bet_id"),
)  # fmt: skip

jackpots = Table(
    "jackpots", metadata,
    Column("tenant_id", Text, nullable=False),  # "" = shared by all tenants
    Column("jackpot_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("pool", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "jackpot_id"),
)  # fmt: skip

contributions = Table(
    "contributions", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("contribution_id", Text, nullable=False),
    Column("jackpot_id", Text, nullable=False),
    Column("bet_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),  # counted | won | reversed
    Column("answer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "contribution_id"),
    Index("contributions_by_bet", "tenant_id", "bet_id"),
)  # fmt: skip

triggers = Table(
    "triggers", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("jackpot_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("player_id", Text, nullable=False),
    Column("round_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),  # triggered | paid
    Column("answer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "trigger_id"),
)  # fmt: skip

payouts = Table(
    "payouts", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("payout_id", Text, nullable=False),
    Column("trigger_id", Text, nullable=False),
    Column("player_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "payout_id"),
    UniqueConstraint("tenant_id", "trigger_id"),
)  # fmt: skip

payments = Table(
    "payments", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("brand_id", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("player_id", Text, nullable=False),
    Column("direction", Text, nullable=False),  # deposit | withdrawal
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("operation_id", Text, nullable=False),
    Column("context", Text, nullable=False),  # JSON: trace id, provider, idempotency key of the caller
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "payment_id"),
    UniqueConstraint("operation_id"),
)  # fmt: skip

inbox = Table(
    "inbox", metadata,
    Column("tenant_id", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "provider_id", "event_id"),
)  # fmt: skip

webhook_endpoints = Table(
    "webhook_endpoints", metadata,
    Column("endpoint_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", Text, nullable=False),  # JSON list
    Column("description", Text),
    Column("status", Text, nullable=False),  # enabled | disabled | deleted
    Column("secret", Text, nullable=False),
    Column("previous_secret", Text),
    Column("previous_valid_until", BigInteger),
    Column("from_position", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", Text, nullable=False),  # pending | delivered | retrying | dead
    Column("attempts", Integer, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("next_attempt_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("endpoint_id", "event_id"),
    Index("deliveries_due", "status", "next_attempt_at"),
)  # fmt: skip

dead_letters = Table(
    "dead_letters", metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_attempt_at", BigInteger),
    Column("died_at", BigInteger, nullable=False),
)  # fmt: skip

audit_trail = Table(
    "audit_trail", metadata,
    Column("position", Serial, primary_key=True, autoincrement=True),
    Column("occurred_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)  # fmt: skip
