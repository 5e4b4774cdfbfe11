"""The façade for authors of suites, scenarios and reports: names only; nobody inside imports it."""

from harness.counterparts.acting import Bet, Player
from harness.counterparts.foreign import guarded, json_writes, keyed_writes, required_keys, traced_calls
from harness.counterparts.fuzzing import fuzz
from harness.counterparts.lab import Lab
from harness.counterparts.party import Party
from harness.counterparts.table import explore
from harness.engine.ports import Effort, FuzzEffort
from harness.judges.accepted import accepted, reaches_end
from harness.judges.answers import answered, equal, refused, same_result
from harness.judges.conformance import conforms
from harness.judges.conservation import conserved
from harness.judges.contract_document import documented_operations, valid_document
from harness.judges.errors import one_error_model
from harness.judges.events import announced, in_order, registered, unannounced
from harness.judges.foreign import echoes, same_thing
from harness.judges.formats import well_formed
from harness.judges.idempotency import copies_agree, declares_key, distinct, no_second_effect
from harness.judges.leaks import gives_nothing_away, inert
from harness.judges.malformed import withstood
from harness.judges.model_ledger import agrees_with_model, played_enough
from harness.judges.money import exact_or_refused, moved, unmoved, within_funds
from harness.judges.orders import all_orders_tried, exactly_one_wins, order_ends_well
from harness.judges.outbox import announced_once
from harness.judges.pagination import one_walk, only_matching, order_of, same_listing
from harness.judges.security import leaks_nothing, not_let_in, turned_away, unchanged
from harness.judges.traces import same_trace, traced
from harness.judges.vocabulary import same_vocabulary, speaks
from harness.judges.webhooks import signed
from harness.model.claim import Draft
from harness.model.control import Level
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.scorecard import Answer, Scorecard, Verdict

__all__ = [
    "Answer",
    "Bet",
    "Draft",
    "Effort",
    "Exchange",
    "FuzzEffort",
    "Lab",
    "Level",
    "NoHook",
    "Outcome",
    "Party",
    "Player",
    "Prerequisite",
    "Scorecard",
    "Verdict",
    "accepted",
    "agrees_with_model",
    "all_orders_tried",
    "announced",
    "announced_once",
    "answered",
    "conforms",
    "conserved",
    "copies_agree",
    "declares_key",
    "distinct",
    "documented_operations",
    "echoes",
    "equal",
    "exact_or_refused",
    "exactly_one_wins",
    "explore",
    "fuzz",
    "gives_nothing_away",
    "guarded",
    "in_order",
    "inert",
    "json_writes",
    "keyed_writes",
    "leaks_nothing",
    "moved",
    "no_second_effect",
    "not_let_in",
    "one_error_model",
    "one_walk",
    "only_matching",
    "order_ends_well",
    "order_of",
    "played_enough",
    "reaches_end",
    "refused",
    "registered",
    "required_keys",
    "same_listing",
    "same_result",
    "same_thing",
    "same_trace",
    "same_vocabulary",
    "signed",
    "speaks",
    "traced",
    "traced_calls",
    "turned_away",
    "unannounced",
    "unchanged",
    "unmoved",
    "valid_document",
    "well_formed",
    "within_funds",
    "withstood",
]
