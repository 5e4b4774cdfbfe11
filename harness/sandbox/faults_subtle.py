"""The planted defects of the subtle kind: right at first sight, wrong after a history of calls or at an odd input.

`proves` lists the controls that must turn red; `also` those that may, because the same defect shows there too.
"""

from __future__ import annotations

from harness.sandbox.faults import Fault

_AFTER_A_HISTORY = (
    Fault("repeated-rollback-reopens", "After a repeated rollback a settle is paid", ("MONEY-06",), ("MONEY-01", "MONEY-07", "MONEY-10")),
    Fault("third-settle-pays", "The third settle of a bet, each under a new key, pays again", ("MONEY-06",),
          ("MONEY-01", "MONEY-07")),
    Fault("cent-lost-in-twenty", "Every twentieth win of a player pays one minor unit less", ("MONEY-06",),
          ("MONEY-01", "MONEY-03")),
    Fault("win-lost-after-session-close", "A win is acknowledged and not paid when its session was closed",
          ("MONEY-06",), ("MONEY-01",)),
    Fault("refused-change-sticks", "A rollback gives back the amount of a refused repeat", ("MONEY-06",), ("MONEY-01",)),
    Fault("refund-not-spendable", "A stake that came back shows in the balance and cannot be bet", ("MONEY-06",)),
    Fault("second-session-mixes-currency", "Bets of later sessions are in the first session's currency", ("MONEY-06",),
          ("MONEY-01", "MONEY-03", "MONEY-05")),
    Fault("stale-read-after-race", "After two calls at once the next balance read is an old one", ("MONEY-06",), ("*",)),
    Fault("wager-remembers-last-bet", "A bet that was counted counts again once another one came between",
          ("MONEY-06",)),
    Fault("spin-remembers-last", "A spin that was consumed pays again once another one came between", ("MONEY-06",),
          ("MONEY-01",)),
)  # fmt: skip

_BROKEN = ("CONT-02", "CONT-04")
_AT_AN_ODD_INPUT = (
    Fault("long-trace-crashes", "A bonus is answered 500 when the trace id has over 100 characters", ("CONT-03",), _BROKEN),
    Fault("long-reason-crashes", "A rollback whose reason has over 100 characters is answered 500", ("CONT-03",), _BROKEN),
    Fault("missing-round-crashes", "A settle without round_id is answered 500", ("CONT-03",), _BROKEN),
    Fault("text-amounts-accepted", "A win whose amount is a string is paid", ("CONT-03",), ("MONEY-01", "MONEY-03")),
    Fault("negative-freespins-accepted", "A bonus with fewer than no free spins is issued", ("CONT-03",), ("CONT-02",)),
    Fault("event-type-unchecked", "An event of any type is taken into the inbox", ("CONT-03",)),
    Fault("limit-unbounded", "The list of transactions takes any limit", ("CONT-03",), ("CONT-10",)),
    Fault("spins-left-as-text", "A consumption tells the free spins left as text", ("CONT-03",), ("CONT-02",)),
    Fault("refused-settle-pays", "A settle with a malformed bonus_state is refused after it was paid", ("CONT-03",),
          ("MONEY-01", "EVT-03")),
)  # fmt: skip

FAULTS: tuple[Fault, ...] = _AFTER_A_HISTORY + _AT_AN_ODD_INPUT
