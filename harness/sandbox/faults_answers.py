"""The planted defects that break the contract on a rare path: most answers are right, see `planted_contract`."""

from __future__ import annotations

from harness.sandbox.faults import Fault

FAULTS: tuple[Fault, ...] = (
    Fault("debug-field-leaked", "A settled bet is read with a member that the contract does not name", ("CONT-02",)),
    Fault("details-as-object", "Who asks for an unknown bonus is told details as an object, not as a list",
          ("CONT-02",)),
    Fault("refusal-as-plain-text", "The refusal of an unknown settlement says that it is plain text", ("CONT-02",),
          ("CONT-04",)),
    Fault("content-type-twice", "A settlement is read with a second content type, plain text", ("CONT-02",)),
    Fault("retry-after-as-date", "429 tells Retry-After as a date where the contract says seconds", ("CONT-02",)),
    Fault("locale-null-when-closed", "A session that is closed tells a locale of null", ("CONT-02",), ("PACT-01",)),
    Fault("expired-session-said-retryable", "A bet on a session that has run out is refused as if a retry could help",
          ("CONT-04",)),
    Fault("expired-session-said-invalid", "A bet on a session that has run out is refused as INVALID_STATE",
          ("CONT-04",)),
    Fault("later-page-incomplete", "Ledger entries of later pages lack their time", ("CONT-02",)),
    Fault("rolled-back-said-cancelled", "A bet that was rolled back is read with a status outside the list",
          ("CONT-02",), ("MONEY-07", "CONT-09", "MONEY-08", "MONEY-10", "IDEM-06", "PACT-01")),
    Fault("hold-id-lost-under-load", "After seconds of load every tenth authorize is answered without its hold_id",
          ("CONT-02",), under_load=True),
)
