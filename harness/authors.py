"""The names of the façade: what authors of suites, scenarios and reports may use; nobody inside imports it."""

from harness.counterparts.acting import Bet, Player
from harness.counterparts.deprecated import read_deprecated
from harness.counterparts.flooding import come_back, flood, neighbours_of
from harness.counterparts.foreign import guarded, json_writes, keyed_writes, required_keys, traced_calls
from harness.counterparts.fuzzing import fuzz
from harness.counterparts.lab import Lab
from harness.counterparts.pacts.messages import message_pacts, publish_promised, verify_messages
from harness.counterparts.pacts.verifying import verify_pacts
from harness.counterparts.party import Party
from harness.counterparts.publishing import Publisher
from harness.counterparts.table import explore
from harness.engine.ports import Effort, FuzzEffort
from harness.judges.accepted import accepted, reaches_end
from harness.judges.answers import answered, equal, refused, same_result
from harness.judges.conformance import conforms
from harness.judges.conservation import conserved
from harness.judges.contract_document import documented_operations, valid_document
from harness.judges.contract_drift import only_additions
from harness.judges.crowd import bulkhead_holds, busy_said_at_once, others_unharmed
from harness.judges.deprecations import deprecations_announced, deprecations_promised
from harness.judges.errors import one_error_model, refused_as_listed
from harness.judges.event_evolution import old_readers_read, schemas_evolve
from harness.judges.events import announced, in_order, registered, unannounced
from harness.judges.expectations import (
    answered_in_time,
    breaker_works,
    each_announced_once,
    few_retries,
    given_up_in_time,
    no_storm,
    one_end_each,
    other_receiver_unharmed,
    spaced_retries,
    taken_again_soon,
)
from harness.judges.foreign import echoes, same_thing
from harness.judges.formats import well_formed
from harness.judges.idempotency import (
    copies_agree,
    declares_key,
    distinct,
    lifetime_covers_horizon,
    no_second_effect,
)
from harness.judges.inbox import not_taken, taken_once
from harness.judges.leaks import gives_nothing_away, inert
from harness.judges.limits import (
    asks_to_wait,
    limited,
    neighbour_unharmed,
    only_served_bets_move,
    served_after_wait,
)
from harness.judges.line_used import line_used
from harness.judges.load import burst_delivered, objectives_kept, refusals_polite
from harness.judges.load_books import events_after_burst, ledger_after_burst
from harness.judges.load_hot import hot_exact_and_bounded
from harness.judges.load_money import money_after_burst
from harness.judges.load_queues import queues_calm
from harness.judges.load_shed import bets_shed_first
from harness.judges.malformed import withstood
from harness.judges.model_ledger import agrees_with_model, played_enough
from harness.judges.money import exact_or_refused, moved, unmoved, within_funds
from harness.judges.orders import all_orders_tried, exactly_one_wins, order_ends_well
from harness.judges.outbox import announced_once
from harness.judges.pact_coverage import pacts_cover
from harness.judges.pact_messages import promises_taken
from harness.judges.pacts import pacts_verified
from harness.judges.pagination import one_walk, only_matching, order_of, same_listing
from harness.judges.publications import each_taken_once, poison_refused
from harness.judges.reconciliation import Evidence, Transcript, agrees, reconciled
from harness.judges.rounds import committed_result_given, ends_as_in_order
from harness.judges.security import leaks_nothing, not_let_in, turned_away, unchanged
from harness.judges.traces import same_trace, traced
from harness.judges.vocabulary import same_vocabulary, speaks
from harness.judges.webhook_dead_letters import dead_letters_visible, redriven_once
from harness.judges.webhook_sender import (
    rest_flows,
    stops_when_gone,
    tried_again,
    tries_end,
    waits_as_asked,
    webhooks_back_off,
)
from harness.judges.webhooks import signed
from harness.judges.witnessed import witnessed
from harness.model.claim import Draft
from harness.model.control import Level
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.outcome import Outcome
from harness.model.played import Delivered, Looped, Played, Stormed
from harness.model.scenario import (
    Announced,
    Band,
    Bets,
    Burst,
    Down,
    Fault,
    Locustfile,
    Published,
    Rounds,
    Scenario,
    Toxic,
    Trouble,
    Volley,
)
from harness.model.scorecard import Answer, Scorecard, Verdict
from harness.model.storm import Mix

__all__ = [
    "Announced",
    "Answer",
    "Band",
    "Bet",
    "Bets",
    "Burst",
    "Delivered",
    "Down",
    "Draft",
    "Effort",
    "Evidence",
    "Exchange",
    "Fault",
    "FuzzEffort",
    "Lab",
    "Level",
    "Locustfile",
    "Looped",
    "Mix",
    "NoHook",
    "Outcome",
    "Party",
    "Played",
    "Player",
    "Prerequisite",
    "Published",
    "Publisher",
    "Rounds",
    "Scenario",
    "Scorecard",
    "Stormed",
    "Toxic",
    "Transcript",
    "Trouble",
    "Verdict",
    "Volley",
    "accepted",
    "agrees",
    "agrees_with_model",
    "all_orders_tried",
    "announced",
    "announced_once",
    "answered",
    "answered_in_time",
    "asks_to_wait",
    "bets_shed_first",
    "breaker_works",
    "bulkhead_holds",
    "burst_delivered",
    "busy_said_at_once",
    "come_back",
    "committed_result_given",
    "conforms",
    "conserved",
    "copies_agree",
    "dead_letters_visible",
    "declares_key",
    "deprecations_announced",
    "deprecations_promised",
    "distinct",
    "documented_operations",
    "each_announced_once",
    "each_taken_once",
    "echoes",
    "ends_as_in_order",
    "equal",
    "events_after_burst",
    "exact_or_refused",
    "exactly_one_wins",
    "explore",
    "few_retries",
    "flood",
    "fuzz",
    "given_up_in_time",
    "gives_nothing_away",
    "guarded",
    "hot_exact_and_bounded",
    "in_order",
    "inert",
    "json_writes",
    "keyed_writes",
    "leaks_nothing",
    "ledger_after_burst",
    "lifetime_covers_horizon",
    "limited",
    "line_used",
    "message_pacts",
    "money_after_burst",
    "moved",
    "neighbour_unharmed",
    "neighbours_of",
    "no_second_effect",
    "no_storm",
    "not_let_in",
    "not_taken",
    "objectives_kept",
    "old_readers_read",
    "one_end_each",
    "one_error_model",
    "one_walk",
    "only_additions",
    "only_matching",
    "only_served_bets_move",
    "order_ends_well",
    "order_of",
    "other_receiver_unharmed",
    "others_unharmed",
    "pacts_cover",
    "pacts_verified",
    "played_enough",
    "poison_refused",
    "promises_taken",
    "publish_promised",
    "queues_calm",
    "reaches_end",
    "read_deprecated",
    "reconciled",
    "redriven_once",
    "refusals_polite",
    "refused",
    "refused_as_listed",
    "registered",
    "required_keys",
    "rest_flows",
    "same_listing",
    "same_result",
    "same_thing",
    "same_trace",
    "same_vocabulary",
    "schemas_evolve",
    "served_after_wait",
    "signed",
    "spaced_retries",
    "speaks",
    "stops_when_gone",
    "taken_again_soon",
    "taken_once",
    "traced",
    "traced_calls",
    "tried_again",
    "tries_end",
    "turned_away",
    "unannounced",
    "unchanged",
    "unmoved",
    "valid_document",
    "verify_messages",
    "verify_pacts",
    "waits_as_asked",
    "webhooks_back_off",
    "well_formed",
    "within_funds",
    "withstood",
    "witnessed",
]
