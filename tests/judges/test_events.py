"""EVT-01, EVT-03, EVT-04: schemas, one event a change, order."""

import pytest

from harness.contracts import packs
from harness.judges.events import announced, in_order, registered, unannounced

SCHEMAS = dict(packs.event_schemas("1.7"))


def event(kind="bet.authorized", number=1, *, sequence=1, **data):
    base = {"bet_id": "b-1", "round_id": "r", "session_id": "s", "player_id": "p", "hold_id": "h",
            "settlement_id": "st", "rollback_id": "rb", "amount": {"amount": 1, "currency": "EUR"},
            "win": {"amount": 1, "currency": "EUR"}}
    return {"event_id": f"ev-{number}", "type": kind, "schema_version": "1.7",
            "occurred_at": "2026-11-21T12:00:00.000Z", "tenant_id": "t", "brand_id": "br",
            "region": "eu", "trace_id": "tr", "idempotency_key": None,
            "key": "bet:b-1", "sequence": sequence, "data": {**base, **data}}


@pytest.fixture
def page(make):
    def build(*events, status=200, path="/v1/events?limit=200"):
        return make.exchange(path=path, status=status, operation="listEvents",
                             body={"items": list(events), "next_cursor": None, "has_more": False})
    return build


def test_complete_events_hold_wherever_they_are_seen(make, page):
    seen = [page(event()), make.webhook(event(number=2)), page(event())]
    found = make.verdict(registered(least=2), *seen, event_schemas=SCHEMAS)
    assert (found.outcome.value, found.measured["events"]) == ("pass", 2)


def test_unknown_types_are_tolerated_and_named(make, page):
    found = make.verdict(registered(), page(event("game.paused"), event(number=2)), event_schemas=SCHEMAS)
    assert found.outcome.value == "pass"
    assert found.measured["unknown_types"] == ["game.paused"]


@pytest.mark.parametrize("name", ["event_id", "type", "schema_version", "occurred_at", "tenant_id", "region",
                                  "trace_id", "idempotency_key", "data", "key", "sequence"])
def test_an_incomplete_envelope_is_found(make, page, name):
    torn = {k: v for k, v in event().items() if k != name}
    for seen in (page(torn), make.webhook(torn)):
        assert make.outcome(registered(), seen, event_schemas=SCHEMAS) == "fail"


@pytest.mark.parametrize("change", [
    {"occurred_at": "2026-11-21T12:00:00"}, {"occurred_at": "2026-11-21T13:00:00+01:00"}, {"schema_version": "latest"},
    {"schema_version": 1.7}, {"data": []}, {"data": {}}, {"tenant_id": ""}, {"trace_id": None}, {"sequence": 0}])
def test_a_wrong_member_is_found(make, page, change):
    assert make.outcome(registered(), page({**event(), **change}), event_schemas=SCHEMAS) == "fail"


def test_an_envelope_of_an_unknown_type_must_still_be_complete(make, page):
    torn = {k: v for k, v in event("game.paused").items() if k != "trace_id"}
    assert make.outcome(registered(), page(torn), event_schemas=SCHEMAS) == "fail"


def test_a_webhook_that_is_no_event_is_found(make):
    assert make.outcome(registered(), make.webhook(None, raw="a=b"), event_schemas=SCHEMAS) == "fail"


def test_a_finding_says_where_the_event_was_seen(make, page):
    told = {**event(), "occurred_at": "yesterday"}
    for seen, where in ((page(told), "in the events feed"), (make.webhook(told), "in a webhook delivery")):
        found = make.verdict(registered(), seen, event_schemas=SCHEMAS)
        assert f"event {told['event_id']} {where}: occurred_at='yesterday'" in found.message
        assert found.seen in found.message


def test_no_events_or_schemas_are_no_proof(make, page):
    assert make.outcome(registered(), page(), event_schemas=SCHEMAS) == "inconclusive"
    assert make.outcome(registered(), page(event())) == "inconclusive"
    assert make.outcome(registered(), page(event(), status=500), event_schemas=SCHEMAS) == "inconclusive"


def test_hostile_events_never_raise(make, page, hostile):
    for seen in (page(hostile), page({**event(), "data": hostile}), make.webhook(hostile),
                 make.exchange(path="/v1/events", body=hostile)):
        make.verdict(registered(), seen, event_schemas=SCHEMAS)
    call = make.exchange("POST", body=hostile)
    for pages in ([page(hostile)], [make.webhook(hostile), page({"data": hostile, "type": "bet.authorized"})]):
        make.verdict(announced(call, "bet.authorized", {"bet_id": "b-1"}, pages, same=("hold_id",)), call, *pages)
        make.verdict(in_order([("bet.authorized", {"bet_id": "b-1"})] * 2, pages), *pages)
    odd = page({**event(), "sequence": hostile, "key": hostile}, {**event("bet.settled"), "sequence": hostile})
    make.verdict(in_order([("bet.authorized", {"bet_id": "b-1"}), ("bet.settled", {"bet_id": "b-1"})], [odd]), odd)


@pytest.fixture
def call(make):
    return make.exchange("POST", "/v1/bets/authorize", body={"bet_id": "b-1", "hold_id": "h"}, operation="authorizeBet")


IDS = {"bet_id": "b-1"}


def test_one_event_with_the_same_ids_holds(make, page, call):
    pages = [page(event(bet_id="other", number=9)), page(event()), make.webhook(event())]
    assert make.outcome(announced(call, "bet.authorized", IDS, pages, same=("hold_id",)), call, *pages) == "pass"


@pytest.mark.parametrize("events", [[], [event(bet_id="b-2")], [event("bet.settled")], [event(), event(number=2)],
                                    [event(hold_id="another")], [event(hold_id=None)]])
def test_a_missing_doubled_or_misnamed_event_is_found(make, page, call, events):
    pages = [page(*events)]
    assert make.outcome(announced(call, "bet.authorized", IDS, pages, same=("hold_id",)), call, *pages) == "fail"


def test_a_webhook_with_an_event_id_of_its_own_is_a_second_event(make, page, call):
    pages = [page(event()), make.webhook(event(number=2))]
    assert make.outcome(announced(call, "bet.authorized", IDS, pages), call, *pages) == "fail"


def test_a_refusal_has_no_event(make, page):
    refusal = make.error("INSUFFICIENT_FUNDS", 422, method="POST", operation="authorizeBet")
    for pages, wanted in (([page(event(bet_id="x"))], "pass"), ([page(event())], "fail")):
        draft = unannounced(refusal, "bet.authorized", IDS, pages)
        assert make.outcome(draft, refusal, *pages) == wanted


def test_what_was_not_observed_is_unknown(make, page, call):
    silent, refusal = make.exchange("POST", failure="timeout"), make.error()
    for first, seen in ((silent, [page(event())]), (refusal, [page(event())]), (call, []), (call, [page(status=503)]),
                        (call, [make.webhook(event())])):
        assert make.outcome(announced(first, "bet.authorized", IDS, seen), first, *seen) == "inconclusive"


CHAIN = [("bet.authorized", IDS), ("bet.settled", IDS)]


@pytest.mark.parametrize(("events", "wanted"), [
    ([event(sequence=1), event("bet.settled", 2, sequence=2)], "pass"),
    ([event("bet.settled", 2, sequence=5), event(sequence=3)], "pass"),
    ([event(sequence=2), event("bet.settled", 2, sequence=1)], "fail"),
    ([event(sequence=1), event("bet.settled", 2, sequence=1)], "fail"),
    ([event(sequence=None), event("bet.settled", 2, sequence=None)], "pass"),
    ([event("bet.settled", 2, sequence=None), event(sequence=None)], "fail"),
    ([event(sequence=1)], "inconclusive"), ([], "inconclusive")])
def test_order_is_by_sequence_or_else_by_arrival(make, page, events, wanted):
    pages = [page(*events)]
    assert make.outcome(in_order(CHAIN, pages), *pages) == wanted


def test_sequences_of_different_keys_are_not_compared(make, page):
    first, second = event(sequence=7), {**event("bet.settled", 2, sequence=1), "key": "round:r"}
    assert make.outcome(in_order(CHAIN, [p := page(first, second)]), p) == "pass"
