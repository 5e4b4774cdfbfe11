"""The planted defects of what is published: documents, event schemas, and how a deprecation is announced.

`proves` lists the controls that must turn red; `also` those that may, because the same defect shows there too.
"""

from __future__ import annotations

from harness.sandbox.faults import Fault

_DOCUMENT = (
    Fault("document-key-optional", "The published contract does not require the idempotency key", ("IDEM-01",),
          ("CONT-09",)),
    Fault("document-without-examples", "The published contract has no request examples", ("CONT-01",)),
    Fault("document-money-as-number", "The published contract turns money into a number", ("CONT-07", "CONT-09"),
          ("CONT-01", "CONT-02")),
)

_DRIFT = (
    Fault("document-field-renamed", "settled_at is called paid_at, in the contract and in answers", ("CONT-07",)),
    Fault("document-type-widened", "By the contract, freespins_left may be a string", ("CONT-07",)),
    Fault("document-field-required", "By the contract, a rollback must say its reason", ("CONT-07",),
          ("CONT-02", "CONT-03")),
    Fault("document-request-value-gone", "By the contract, withdrawals can be asked for no more", ("CONT-07",),
          ("CONT-02", "CONT-03")),
    Fault("document-answer-value-new", "By the contract, a delivery may have a status that no client knows",
          ("CONT-07",)),
    Fault("document-header-gone", "By the contract, 202 answers of payments have no Location", ("CONT-07",)),
    Fault("document-operation-gone", "The contract has no list of dead letters any more", ("CONT-07",),
          ("CONT-01", "CONT-02")),
    Fault("document-break-as-minor", "A member of answers becomes optional in 1.8.0", ("CONT-07",)),
    Fault("document-version-back", "The contract's version is 1.5.2 again", ("CONT-07",), ("CONT-08",)),
    Fault("document-version-unreadable", "The contract's version is `latest`", ("CONT-07",)),
)

_DEPRECATION = (
    Fault("document-promise-missing", "A deprecated call does not say since when, and when it goes", ("CONT-08",)),
    Fault("document-sunset-brought-forward", "A deprecated call goes fifteen months earlier than it was to",
          ("CONT-08",)),
    Fault("document-notice-too-short", "A member is deprecated twenty days before it goes", ("CONT-08",)),
    Fault("deprecation-unannounced", "A deprecated call carries no Deprecation and Sunset", ("CONT-08",), ("CONT-02",)),
    Fault("sunset-without-deprecation", "A deprecated call carries Sunset, and no Deprecation", ("CONT-08",),
          ("CONT-02",)),
    Fault("deprecation-malformed", "Deprecation is `true`, as in a draft long gone", ("CONT-08",), ("CONT-02",)),
    Fault("sunset-malformed", "Sunset is a plain date", ("CONT-08",), ("CONT-02",)),
    Fault("sunset-before-deprecation", "Sunset lies before Deprecation", ("CONT-08",)),
    Fault("sunset-other-than-documented", "Sunset is half a year before the documented one", ("CONT-08",)),
)

_EVENTS = (
    Fault("schema-field-gone", "The published schema of bet.settled has no settlement_id", ("EVT-02",)),
    Fault("schema-field-required", "The published schema of session.started demands a member that stored events lack",
          ("EVT-02",)),
    Fault("schema-type-changed", "In the published schema of bet.authorized sequence is a string", ("EVT-02",)),
    Fault("event-of-next-major", "Events of /v1 say schema_version 2.0", ("EVT-02", "PACT-02")),
)

FAULTS: tuple[Fault, ...] = _DOCUMENT + _DRIFT + _DEPRECATION + _EVENTS
