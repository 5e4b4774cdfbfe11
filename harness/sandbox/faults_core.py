"""The planted defects of the core: keys, ledger, bets, wallet calls, access, errors and headers.

`proves` lists the controls that must turn red; `also` those that may, because the same defect shows there too
("*": any, for a defect that touches every answer).
"""

from __future__ import annotations

from harness.sandbox.faults import Fault

_ANY_BALANCE = (
    "IDEM-02", "IDEM-03", "IDEM-04", "IDEM-05", "IDEM-06", "IDEM-07", "IDEM-08", "IDEM-09", "IDEM-11", "IDEM-13",
    "IDEM-15", "MONEY-01", "MONEY-02", "MONEY-03", "MONEY-04", "MONEY-05", "MONEY-06", "MONEY-07", "MONEY-08",
    "MONEY-09", "MONEY-10", "MONEY-11", "MONEY-12", "MONEY-13", "CONT-05", "CONT-06", "CONT-12", "CONT-15", "SEC-01",
    "SEC-02", "SEC-03", "SEC-09", "EVT-03", "IDEM-10", "TIME-09", "ROLL-05",
)  # fmt: skip
"""Controls that watch balances: a defect that pays somebody else's player shows in whichever watches that one."""


def _but(*proves: str) -> tuple[str, ...]:
    """Every control that watches balances, save those that must turn red."""
    return tuple(control for control in _ANY_BALANCE if control not in proves)


_KEYS = (
    Fault("key-ignored", "Idempotency keys and business ids are both ignored", ("IDEM-03", "IDEM-04", "IDEM-08"),
          ("EVT-03", "IDEM-05", "IDEM-06", "IDEM-09", "IDEM-11", "IDEM-15", "MONEY-01", "MONEY-06", "MONEY-07",
           "IDEM-13", "IDEM-10", "ROLL-05", "PACT-01")),
    Fault("key-optional", "A write without an idempotency key is carried out", ("IDEM-02",), ("CONT-05",)),
    Fault("key-not-bound", "A known key with another body gets the first answer", ("IDEM-04",),
          ("MONEY-01", "IDEM-10", "PACT-01")),
    Fault("key-mismatch-executes", "A known key with another body is carried out", ("IDEM-04",),
          ("MONEY-06", "MONEY-07", "IDEM-10")),
    Fault("key-scope-global", "Keys are shared by all tenants, providers and brands", ("IDEM-07",), ("SEC-03",)),
    Fault("key-shared-by-brands", "Keys are shared by the brands of a tenant", ("IDEM-07",)),
    Fault("idempotency-race", "Check-then-insert: copies in flight at once each have an effect", ("IDEM-05",),
          ("MONEY-01", "MONEY-06", "MONEY-11", "LOAD-04"), by_chance=True),
    Fault("bet-id-not-unique", "No unique index: a bet id under a new key debits again", ("IDEM-06",),
          ("MONEY-01", "MONEY-06", "MONEY-07", "IDEM-08", "ROLL-05")),
    Fault("replay-differs", "A replay carries freshly made ids", ("IDEM-03",),
          ("IDEM-08", "IDEM-11", "IDEM-15", "IDEM-05", "IDEM-10")),
    Fault("refusal-not-stored", "A refused operation is carried out when it is replayed after a top-up",
          ("IDEM-09",), ("MONEY-07", "IDEM-10")),
    Fault("refusal-keeps-hold", "A refused bet keeps its hold on the balance", ("IDEM-09",),
          ("MONEY-01", "MONEY-02", "MONEY-06", "MONEY-13")),
    Fault("keys-expire-early", "Keys are forgotten after a minute instead of the declared day", ("IDEM-10",)),
    Fault("keys-expire-in-half-a-day", "Keys are forgotten after twelve hours", ("IDEM-10",)),
    Fault("keys-kept-in-memory", "Keys and bet ids live in memory and are gone after a restart", ("IDEM-11",),
          ("MONEY-01", "IDEM-13")),
    Fault("ack-before-commit", "Answers are given before the commit: a crash loses what was acknowledged",
          ("IDEM-11",), ("MONEY-11", "IDEM-13", "EVT-03", "IDEM-12")),
    Fault("crash-forgets-open-calls", "What was under way at a crash is never finished", ("IDEM-11",),
          ("TIME-08", "MONEY-01")),
    Fault("partner-request-id-ignored", "partner_request_id does not stand in for a key", ("IDEM-15",)),
)  # fmt: skip

_MONEY = (
    Fault("float-money", "Amounts go through binary floats of major units", ("MONEY-03",),
          ("MONEY-01", "MONEY-06", "MONEY-07", "MONEY-11")),
    Fault("money-lossy-above-2-53", "Amounts above 2^53 lose their last digits", ("MONEY-03",), ("MONEY-01",)),
    Fault("three-decimals-as-two", "Three-decimal currencies are cut to two decimals", ("MONEY-03",), ("MONEY-01",)),
    Fault("zero-decimals-as-two", "Amounts of zero-decimal currencies are multiplied by 100", ("MONEY-03",), ("MONEY-01",)),
    Fault("float-amounts-accepted", "1e2 and 1.0 are taken as amounts", ("MONEY-03",), ("CONT-03", "MONEY-01")),
    Fault("negative-amounts-accepted", "A negative stake or win is carried out", ("MONEY-04",),
          ("CONT-03", "MONEY-01", "CONT-02")),
    Fault("large-win-short-by-one", "Wins of 1000.00 and more pay one minor unit less", ("MONEY-01",),
          ("MONEY-03", "MONEY-06", "ROLL-05")),
    Fault("overdraft-race", "Bets in flight do not see each other: more is accepted than there is", ("MONEY-02",),
          ("MONEY-01", "MONEY-06", "LOAD-04"), by_chance=True),
    Fault("lost-update", "Settlements overwrite the balance with a value read before", ("LOAD-04",),
          ("MONEY-01", "MONEY-02", "MONEY-08", "MONEY-11")),
    Fault("ledger-entry-missing", "A win reaches the balance without an entry in the ledger", ("ROLL-05",)),
    Fault("largest-win-without-entry", "A win near the largest amount reaches the balance without an entry in the ledger",
          ("ROLL-05",)),
    Fault("settlements-lost-in-burst", "One settlement in twenty is acknowledged and never booked", ("MONEY-11",),
          ("MONEY-01", "MONEY-06", "MONEY-07", "LOAD-04", "IDEM-03", "IDEM-08", "ROLL-05", "IDEM-05", "MONEY-03")),
    Fault("bet-currency-ignored", "A bet in another currency takes the session's currency", ("MONEY-05",), ("MONEY-01",)),
    Fault("win-currency-ignored", "A win in another currency is paid in the bet's currency", ("MONEY-05",)),
    Fault("settle-without-authorize-pays", "A settle of an unknown bet pays the newest session's player",
          ("MONEY-09",), _but("MONEY-09")),
    Fault("settle-pays-twice", "A settle under a new key pays again", ("IDEM-06", "MONEY-07"),
          ("MONEY-06", "MONEY-01", "IDEM-08", "ROLL-05")),
    Fault("settle-races-rollback", "Settle and rollback at once both win", ("MONEY-08",), ("MONEY-06", "MONEY-01"), by_chance=True),
    Fault("rollback-pays-twice", "A rollback under a new key refunds again", ("MONEY-10",),
          ("IDEM-06", "MONEY-07", "MONEY-06", "MONEY-01", "ROLL-05")),
    Fault("rollback-leaves-no-tombstone", "A bet that comes after its rollback is debited", ("MONEY-10",),
          ("MONEY-07", "HOOK-08")),
    Fault("rollback-unknown-refunds-latest", "A rollback of an unknown id refunds the newest open bet", ("MONEY-10",), _but("MONEY-10")),
    Fault("rollback-of-foreign-bet", "A rollback finds bets of other tenants", ("MONEY-10",), ("SEC-03", "MONEY-01")),
    Fault("self-excluded-can-play", "Self-excluded players can bet", ("MONEY-13",)),
    Fault("limits-ignored", "Bet and loss limits are not applied", ("MONEY-13",)),
    Fault("rg-blocks-settle", "Self-exclusion between bet and settle stops the payment", ("MONEY-13",)),
)  # fmt: skip

_WALLET = (
    Fault("no-wallet-timeout", "Wallet calls wait 30 seconds", ("TIME-01", "TIME-02"),
          ("TIME-05", "TIME-06", "TIME-07", "TIME-08", "TIME-13")),
    Fault("retry-storm", "Failed wallet calls are repeated a dozen times", ("TIME-03",),
          ("TIME-01", "TIME-02", "TIME-04", "TIME-07", "TIME-11")),
    Fault("retry-without-jitter", "Wallet retries come in lock-step", ("TIME-04",)),
    Fault("retry-with-new-tx-id", "Each wallet retry carries a new transaction id", ("TIME-03",),
          ("TIME-08", "TIME-13", "MONEY-01", "IDEM-08")),
    Fault("no-bulkhead", "Any number of wallet calls may hang at once", ("TIME-05",), ("TIME-06",)),
    Fault("busy-held-open", "A busy platform holds connections instead of refusing", ("TIME-06",),
          ("TIME-01", "TIME-05", "TIME-07")),
    Fault("no-breaker", "A dead wallet is called for every request", ("TIME-07",), ("TIME-06",)),
    Fault("breaker-never-closes", "Once open, the circuit breaker stays open", ("TIME-07",),
          ("TIME-08", "TIME-11", "TIME-13")),
    Fault("timeout-said-refused", "An ambiguous timeout is answered as a refusal and the hold dropped", ("TIME-08",),
          ("TIME-13", "IDEM-08", "MONEY-01")),
    Fault("unknown-never-reconciled", "Unknown outcomes stay unknown", ("TIME-08",),
          ("CONT-15", "IDEM-11", "TIME-11", "TIME-13")),
    Fault("broken-answer-said-ok", "Half a wallet answer counts as a yes", ("TIME-13",), ("TIME-08", "IDEM-11")),
    Fault("rate-limit-off", "There is no rate limit", ("TIME-09",)),
    Fault("rate-limit-shared-by-all", "One provider's flood uses up everybody's rate", ("TIME-09",)),
    Fault("retry-after-missing", "429 and 503 carry no Retry-After", ("TIME-06", "TIME-09"),
          ("LOAD-02", "CONT-02", "ROLL-01")),
    Fault("slow-authorize", "Authorize takes 600 ms", ("LOAD-01",), ("TIME-01", "LOAD-04", "LOAD-05", "LOAD-06", "TIME-05")),
    Fault("kill-switch-ignored", "Bets go on while betting is switched off", ("ROLL-01",)),
    Fault("kill-switch-stops-settle", "The kill switch stops settles too", ("ROLL-01",)),
)  # fmt: skip

_ACCESS = (
    Fault("token-not-required", "Calls without a token are served", ("SEC-01",)),
    Fault("token-expiry-unchecked", "Expired tokens are accepted", ("SEC-01",)),
    Fault("token-signature-unchecked", "Tokens with a foreign signature are accepted", ("SEC-01",)),
    Fault("token-garbage-accepted", "Any string is a token", ("SEC-01",)),
    Fault("refused-401-after-effect", "A call without a valid token is refused after it was carried out", ("SEC-01",), ("MONEY-01", "EVT-03")),
    Fault("refused-400-after-effect", "A call without a required header is refused after it was carried out",
          ("CONT-05",), ("MONEY-01", "EVT-03")),
    Fault("refused-429-after-effect", "A rate-limited call is refused after it was carried out", ("TIME-09",),
          ("MONEY-11", "LOAD-02", "MONEY-01")),
    Fault("scope-unchecked-settle", "Settle does not look at the token's scope", ("SEC-02",)),
    Fault("tenant-unchecked-bet", "Another tenant's bet can be read", ("SEC-03",)),
    Fault("tenant-unchecked-session", "Another tenant's session can be read and played", ("SEC-03",)),
    Fault("region-not-enforced", "Data of one region is served in another", ("CONT-12",)),
    Fault("missing-region-accepted", "A call without X-Region is served", ("CONT-05",), ("CONT-12",)),
    Fault("missing-brand-accepted", "A call without X-Brand-Id is served", ("CONT-05",)),
    Fault("missing-provider-accepted", "A call without X-Provider-Id is served", ("CONT-05",)),
    Fault("missing-trace-accepted", "A call without X-Trace-Id is served", ("CONT-05",)),
    Fault("version-unchecked", "An unknown version is served", ("CONT-06",)),
    Fault("duplicate-keys-accepted", "A body with a repeated name is carried out", ("SEC-09",)),
    Fault("media-type-unchecked", "A body of another media type is carried out", ("SEC-09",)),
    Fault("body-size-unlimited", "Bodies of any size are read", ("SEC-09",)),
    Fault("malformed-gives-500", "Malformed JSON is answered with 500", ("SEC-09",), ("CONT-03", "CONT-04", "SEC-08")),
)  # fmt: skip

_ANSWERS = (
    Fault("trace-lost-on-errors", "Refusals carry no X-Trace-Id", ("OBS-01",), ("CONT-02",)),
    Fault("trace-cached", "X-Trace-Id of the previous request comes back", ("OBS-01",), ("CONT-02",)),
    Fault("trace-not-generated", "Where none came, no X-Trace-Id is made", ("OBS-01",), ("CONT-02",)),
    Fault("error-leaks-sql", "Refusals show SQL", ("SEC-08",)),
    Fault("error-leaks-stack", "Refusals show a stack trace", ("SEC-08",)),
    Fault("markup-reflected", "Refusals echo the request as HTML", ("SEC-08",), ("CONT-02", "CONT-03", "CONT-04", "PACT-01")),
    Fault("refusals-answer-200", "Business refusals come with status 200", ("CONT-04",), ("*",)),
    Fault("error-without-retryable", "Errors do not say whether a retry can help", ("CONT-04",),
          ("CONT-02", "TIME-09", "PACT-01")),
    Fault("error-code-invented", "Business refusals carry a code outside the list", ("CONT-04",),
          ("CONT-02", "MONEY-02", "MONEY-09", "MONEY-10", "IDEM-06", "SEC-03", "PACT-01")),
    Fault("refusals-said-retryable", "Every error claims that a retry can help", ("CONT-04",)),
    Fault("challenge-missing", "401 carries no WWW-Authenticate", ("SEC-01",), ("CONT-02",)),
    Fault("field-renamed", "hold_id is called holdId", ("CONT-02",), ("CONT-03", "CONT-09", "PACT-01")),
    Fault("amount-as-string", "The amount of a balance is a string", ("CONT-02",), ("CONT-03", "CONT-09", "MONEY-03")),
    Fault("undocumented-status", "Authorize answers 203", ("CONT-02",), ("*",)),
    Fault("time-without-zone", "Times carry no zone", ("CONT-11",), ("CONT-02", "CONT-03", "PACT-01")),
    Fault("location-missing", "202 and 201 answers carry no Location", ("CONT-15",), ("CONT-02",)),
)  # fmt: skip

_CONSUMERS = (
    Fault("funds-said-limit", "A bet beyond the balance is refused as LIMIT_EXCEEDED: documented, and another meaning",
          ("PACT-01",), ("MONEY-02",)),
    Fault("rolled-back-read-as-tombstoned", "Reading a rolled-back bet tells a status that is kept for unknown bets",
          ("PACT-01",), ("CONT-09",)),
)  # fmt: skip
"""Breaks for consumers that the document does not forbid."""

FAULTS: tuple[Fault, ...] = _KEYS + _MONEY + _WALLET + _ACCESS + _ANSWERS + _CONSUMERS
