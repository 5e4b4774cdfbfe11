"""The planted defects of the outer rooms: events, webhooks, payments, bonuses and jackpots.

`proves` lists the controls that must turn red; `also` those that may, because the same defect shows there too.
"""

from __future__ import annotations

from harness.sandbox.faults import Fault

_EVENTS = (
    Fault("offset-pagination", "The feed counts pages from the newest item: new ones shift them", ("CONT-10",),
          ("EVT-03", "EVT-04", "IDEM-13")),
    Fault("limit-ignored", "The feed ignores ?limit", ("CONT-10",)),
    Fault("order-ignored", "The feed ignores ?order=desc", ("CONT-10",)),
    Fault("has-more-wrong", "has_more is true at the end when the last page is full", ("CONT-10",)),
    Fault("filters-not-combined", "Of several filters only the first is used", ("CONT-10",)),
    Fault("window-end-included", "occurred_at_to lists the event of that very instant, too", ("CONT-10",)),
    Fault("window-start-excluded", "occurred_at_from leaves the event of that very instant out", ("CONT-10",)),
    Fault("feed-leaks-tenants", "The feed shows every tenant's events", ("SEC-03",), ("CONT-10",)),
    Fault("event-without-schema-version", "Events lack schema_version", ("EVT-01",), ("CONT-02", "PACT-02")),
    Fault("event-without-trace-id", "Events carry a trace id of their own, not the call's", ("OBS-02",)),
    Fault("event-local-time", "occurred_at is local time without an offset", ("EVT-01",),
          ("CONT-02", "CONT-11", "PACT-01", "PACT-02")),
    Fault("event-missing-for-rollback", "A rollback has no event", ("EVT-03",), ("IDEM-13", "EVT-04", "ROLL-05")),
    Fault("event-missing-for-reason", "A rollback that tells its reason has no event", ("EVT-03",)),
    Fault("event-for-refused-bet", "A refused authorize is announced as authorized", ("EVT-03",),
          ("IDEM-13", "ROLL-05")),
    Fault("event-lost-for-settlement", "A settlement is answered and booked, and has no event", ("ROLL-05", "EVT-03"),
          ("IDEM-13", "EVT-04")),
    Fault("event-amount-off", "The event of a win tells a minor unit less than was paid", ("ROLL-05",)),
    Fault("event-other-settlement-id", "bet.settled names another settlement_id than the answer", ("EVT-03",)),
    Fault("event-written-twice", "One settle is announced by two events with different ids", ("EVT-03",),
          ("IDEM-13", "EVT-04", "ROLL-05")),
    Fault("event-sequence-frozen", "Every event of a key has sequence 1", ("EVT-04",)),
    Fault("event-outside-transaction", "Events are kept in memory for a while: a crash loses them", ("IDEM-13",),
          ("EVT-03",)),
)

_WEBHOOKS = (
    Fault("webhook-unsigned", "Webhooks carry no signature", ("HOOK-01",)),
    Fault("webhook-signs-body-only", "The signature does not cover the timestamp", ("HOOK-01",)),
    Fault("webhook-signs-reserialised", "The signature covers a re-serialised body, not the bytes sent", ("HOOK-01",)),
    Fault("webhook-timestamp-stale", "X-Timestamp is an hour old", ("HOOK-01",)),
    Fault("webhook-event-id-missing", "Webhooks carry no event id header", ("HOOK-01",)),
    Fault("event-sent-twice-new-id", "Each delivery gets a fresh event id", ("EVT-03",), ("OBS-02", "IDEM-13")),
)

_INBOX = (
    Fault("inbox-takes-repeats", "Every publication of an event is taken", ("IDEM-12",)),
    Fault("inbox-dedupes-by-header", "A repeat is known by its unsigned header or its key, not by the signed event id",
          ("IDEM-12",)),
    Fault("inbox-race", "Check-then-insert: copies of an event at the same instant are all taken", ("IDEM-12",),
          by_chance=True),
    Fault("inbox-forgets-with-the-window", "What was taken is known only as long as its signature is fresh",
          ("IDEM-12",)),
    Fault("inbox-forgets-on-restart", "What was taken is kept in memory and gone after a restart", ("IDEM-12",)),
)

_MESSAGES = (
    Fault("webhook-money-as-text", "Webhooks tell sums as text, the feed as numbers", ("PACT-02",)),
    Fault("webhook-settlement-renamed", "Webhooks say settlementId where the feed says settlement_id",
          ("PACT-02", "EVT-01"), ("EVT-03",)),
    Fault("inbox-wants-milliseconds", "The inbox takes no time without a fraction of a second", ("PACT-02",),
          ("CONT-03",)),
)

_OPERATIONS = (
    Fault("accepted-without-location", "202 answers carry no Location", ("CONT-15",), ("CONT-02",)),
    Fault("operation-never-final", "Accepted payments stay pending for ever", ("CONT-15",), ("EVT-03", "IDEM-03")),
    Fault("payment-booked-twice", "A payment moves its amount twice in the ledger", ("MONEY-01",),
          ("IDEM-03", "MONEY-12")),
)

_PROMOTIONS = (
    Fault("freespin-consumed-twice", "The same consumption under a new key pays again", ("MONEY-12",),
          ("MONEY-01", "IDEM-06")),
    Fault("freespins-below-zero", "Free spins can be consumed when none is left", ("MONEY-12",), ("MONEY-01",)),
    Fault("wager-counted-twice", "The same bet counts twice towards a wager", ("MONEY-12",)),
    Fault("rollback-keeps-wager", "A rolled-back bet keeps its wager progress", ("MONEY-12",)),
    Fault("bonus-released-twice", "Every bet after completion releases the bonus again", ("MONEY-12",), ("MONEY-01",)),
    Fault("rollback-keeps-contribution", "A rolled-back bet keeps its jackpot contribution", ("MONEY-12",)),
    Fault("jackpot-paid-twice", "A second payout id pays the same trigger again", ("MONEY-12",), ("MONEY-01",)),
    Fault("trigger-keeps-pool", "A trigger leaves the pool as it was", ("MONEY-12",)),
)

FAULTS: tuple[Fault, ...] = (*_EVENTS, *_WEBHOOKS, *_INBOX, *_MESSAGES, *_OPERATIONS, *_PROMOTIONS)
