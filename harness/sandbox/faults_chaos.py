"""The planted defects that only trouble brings to light: a slow wallet, a failing receiver, a crash, disorder.

`proves` lists the controls that must turn red; `also` those that may, because the same defect shows there too.
"""

from __future__ import annotations

from harness.sandbox.faults import Fault

_WALLET = (
    Fault("wallet-timeout-above-slo", "Wallet calls wait 900 ms, the answer is due after 400", ("TIME-01", "TIME-02"),
          ("TIME-05", "TIME-06", "TIME-13")),
    Fault("five-wallet-retries", "Failed wallet calls are repeated five times", ("TIME-03",), ("TIME-07", "TIME-11")),
    Fault("wallet-refusals-retried", "What the wallet refuses is asked for again", ("TIME-03",)),
    Fault("reconcile-doubles", "Reconciling a bet holds its stake once more", ("TIME-08",),
          ("TIME-11", "TIME-13", "MONEY-01", "IDEM-11", "ROLL-05", "HOOK-08", "IDEM-08")),
    Fault("catch-up-storm", "Once the wallet is back, each open bet is asked after a dozen times", ("TIME-11",)),
)

_SENDER = (
    Fault("webhook-fixed-interval", "Webhooks are tried again at a fixed interval", ("TIME-10",), ("HOOK-11",)),
    Fault("webhook-retries-in-step", "Webhook retries have no jitter", ("TIME-10",)),
    Fault("webhook-ignores-retry-after", "A receiver's Retry-After is ignored", ("TIME-10",)),
    Fault("webhook-waits-for-ever", "A silent receiver is waited for without end", ("TIME-10",), ("HOOK-11",)),
    Fault("webhook-drops-after-failure", "A webhook that failed once is given up", ("TIME-10",),
          ("HOOK-11", "IDEM-13", "ROLL-04")),
    Fault("webhook-failure-said-delivered", "A webhook that was refused counts as delivered", ("TIME-10",),
          ("HOOK-11", "IDEM-13", "ROLL-04")),
    Fault("webhook-410-retried", "A receiver that is gone is tried again", ("TIME-10",)),
    Fault("webhook-retry-changes-body", "A retry carries another body", ("TIME-10",), ("EVT-01", "HOOK-11")),
    Fault("webhook-head-of-line", "An event that fails holds up all that come after it", ("HOOK-11",), ("TIME-10",)),
    Fault("webhook-lost-in-rain", "Each twentieth event is never sent", ("HOOK-11", "IDEM-13"),
          ("EVT-03", "HOOK-01", "HOOK-08", "TIME-10", "OBS-02", "EVT-01", "EVT-04", "ROLL-04")),
    Fault("dead-letters-hidden", "What was given up is in no list", ("ROLL-04",), ("TIME-10", "CONT-03")),
    Fault("redrive-doubles", "A redriven event comes under a new id", ("ROLL-04",)),
)

_DISORDER = (
    Fault("early-settle-lost", "A bet whose settle came first can never be settled", ("HOOK-08",), ("MONEY-07",)),
)

FAULTS: tuple[Fault, ...] = (*_WALLET, *_SENDER, *_DISORDER)
