"""EVT-02: event schemas against what was released, and events as consumers of old versions read them."""

import copy
import json

import pytest

from harness.content.event_sources import released_histories, schema_versions
from harness.contracts import packs
from harness.drift.histories import SchemaVersion, history_of
from harness.drift.levels import version_named
from harness.judges.event_evolution import old_readers_read, schemas_evolve

HISTORIES = [schema_versions(one) for one in released_histories()]
SCHEMAS = dict(packs.event_schemas("1.7"))


def record(own=None, *, version="1.7", histories=None, level="full_transitive", **more):
    events = {"own": SCHEMAS if own is None else own, "own_version": version, "own_source": "target:/asyncapi.json",
              "registry": "the releases", "built_in": histories is None,
              "histories": HISTORIES if histories is None else histories}
    return {"events": events, "level": level, **more}


@pytest.fixture
def own():
    return copy.deepcopy({"bet.settled": SCHEMAS["bet.settled"]})


@pytest.fixture
def judge(make):
    return lambda own=None, **options: make.verdict(schemas_evolve(), evolution=record(own, **options))


def data(own):
    return own["bet.settled"]["properties"]["data"]


def test_what_was_released_is_compatible_with_itself(judge):
    found = judge()
    assert (found.outcome.value, found.measured["events"], found.measured["pairs"]) == ("pass", 20, 39)


LEGAL = {
    "a member more": lambda o: data(o)["properties"].update(table_id={"type": "string"}),
    "bounds that are not repeated": lambda o: data(o)["properties"].update(bet_id={"type": "string"}),
    "closer bounds": lambda o: data(o)["properties"]["bet_id"].update(maxLength=36, format="uuid"),
    "amounts in one form": lambda o: data(o)["properties"]["win"]["properties"].update(amount={"type": "integer"}),
    "no texts": lambda o: o["bet.settled"].pop("examples"),
}


@pytest.mark.parametrize("name", LEGAL)
def test_an_implementations_own_words_are_no_break(judge, own, name):
    LEGAL[name](own)
    found = judge(own)
    assert found.outcome.value == "pass", found.message
    assert found.measured["not_published"] == 19  # told: what is not sent breaks nobody


BREAKS = {
    "field removed": lambda o: (data(o)["properties"].pop("round_id"), data(o)["required"].remove("round_id")),
    "may be missing": lambda o: data(o)["required"].remove("settlement_id"),
    "required and new": lambda o: (data(o)["properties"].update(channel={"type": "string"}),
                                   data(o)["required"].append("channel")),
    "another type": lambda o: o["bet.settled"]["properties"].update(sequence={"type": "string"}),
    "may be null": lambda o: data(o)["properties"].update(player_id={"type": ["string", "null"]}),
    "renamed": lambda o: data(o)["properties"].update(payout=data(o)["properties"].pop("win")),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_red_with_both_places(judge, own, name):
    BREAKS[name](own)
    found = judge(own)
    assert found.outcome.value == "fail"
    assert "bet.settled against 1.6" in found.message
    assert "old 1.6/bet.settled #" in found.seen
    assert "target:/asyncapi.json bet.settled #" in found.seen


def test_the_level_is_the_profiles_to_say(judge, own):
    BREAKS["required and new"](own)
    assert judge(own, level="forward_transitive").outcome.value == "pass"
    assert judge(own, level="backward").outcome.value == "fail"
    assert judge(own, level="none").outcome.value == "inconclusive"


def test_releases_after_its_own_version_bind_nobody(judge, own):
    data(own)["properties"]["win"].pop("required")
    assert judge(own, version="2.0").outcome.value == "inconclusive"
    assert judge(own, version="1.6").measured["pairs"] == 1


def test_a_waiver_accepts_a_break(make, own):
    BREAKS["another type"](own)
    mark = make.verdict(schemas_evolve(), evolution=record(own)).message.split("[")[1].split("]")[0]
    waiver = {"fingerprint": mark, "reason": "agreed", "expires": "2999-01-01"}
    assert make.outcome(schemas_evolve(), evolution=record(own, waivers=[waiver])) == "pass"


def of_a_registry(*schemas, subject="bet.settled-value"):
    versions = [SchemaVersion(version=version_named(str(number)), format="jsonschema", file=f"v{number}",
                              text=json.dumps(one), others={}) for number, one in enumerate(schemas, 1)]
    return [schema_versions(history_of(subject, versions))]


def test_a_registrys_own_history_counts_whole(judge, own):
    first, second = own["bet.settled"], copy.deepcopy(own["bet.settled"])
    second["properties"]["data"]["properties"]["bet_id"].pop("maxLength")
    assert judge({}, histories=of_a_registry(first, first)).outcome.value == "pass"
    found = judge({}, histories=of_a_registry(first, second))
    assert found.outcome.value == "fail"  # against the own history a bound that goes is a break
    assert judge(own, histories=of_a_registry(first)).measured["pairs"] == 1
    assert judge({}, histories=of_a_registry(first)).outcome.value == "inconclusive"


def test_who_says_nothing_of_its_schemas_is_not_green(make, judge):
    for evolution in ({}, record({}, version="")):
        found = make.verdict(schemas_evolve(), evolution=evolution)
        assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")
    assert "events =" in judge({}).message


def test_a_schema_that_cannot_be_read_is_not_green(judge):
    broken = [{**HISTORIES[1], "subject": "bet.settled", "versions": [
        {**v, "text": "{" if n else v["text"]} for n, v in enumerate(HISTORIES[1]["versions"])]}]
    found = judge({}, histories=broken)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")


def event(number, **changes):
    return {"event_id": f"ev-{number}", "type": "bet.settled", "schema_version": "1.7", "key": "bet:b-1",
            "occurred_at": "2026-11-21T12:00:00.000Z", "tenant_id": "t", "brand_id": "b", "region": "eu",
            "trace_id": "x", "idempotency_key": "k", "sequence": 1,
            "data": {"bet_id": "b-1", "round_id": "r-1", "player_id": "p", "settlement_id": "s",
                     "win": {"amount": 1, "currency": "EUR"}}, **changes}


@pytest.fixture
def read(make):
    def judged(*events, own=None, version="1.7", least=1, webhooks=()):
        page = make.exchange(path="/v1/events", body={"items": list(events)})
        return make.verdict(old_readers_read(least=least), page, *map(make.webhook, webhooks), event_schemas=SCHEMAS,
                            evolution=record(own, version=version))
    return judged


def test_consumers_of_every_release_read_what_is_sent(read):
    found = read(event(1), event(2, extra="new"), webhooks=[event(3, schema_version="1.6")], least=3)
    assert (found.outcome.value, found.measured["versions"]) == ("pass", ["1.6", "1.7"])


def test_an_event_that_only_its_own_schema_takes_is_red(read, own):
    own["bet.settled"]["properties"]["sequence"] = {"type": "string"}
    found = read(event(1, sequence="one"), own=own)
    assert found.outcome.value == "fail"
    assert "consumers of 1.6" in found.message
    assert found.exchanges


def test_what_breaks_its_own_schema_is_not_judged_here(read):
    found = read(event(1, sequence="one"))
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "subject")
    assert "EVT-01" in found.message


@pytest.mark.parametrize(("stated", "outcome"), [("1.7", "pass"), ("1.9", "pass"), ("2.0", "fail")])
def test_an_event_of_another_major_is_for_nobody(read, stated, outcome):
    assert read(event(1, schema_version=stated)).outcome.value == outcome


def test_consumers_of_a_registrys_versions_read_what_is_sent(make, own):
    first, second = own["bet.settled"], copy.deepcopy(own["bet.settled"])
    second["properties"]["data"]["required"].append("bonus_id")
    page = make.exchange(path="/v1/events", body={"items": [event(1)]})
    for versions, outcome in (((first, first), "pass"), ((second, first), "fail"), ((first, second), "inconclusive")):
        found = make.verdict(old_readers_read(), page, event_schemas=SCHEMAS,
                             evolution=record({}, version="", histories=of_a_registry(*versions)))
        assert found.outcome.value == outcome, found.message


def test_no_event_and_no_record_are_not_green(make, read):
    assert read().outcome.value == "inconclusive"
    assert read(event(1, type="made.up")).outcome.value == "inconclusive"
    assert make.outcome(old_readers_read(), make.exchange(path="/v1/events", body={"items": [event(1)]})) \
        == "inconclusive"


def test_hostile_events_raise_nothing(read, hostile):
    assert read(hostile, event(1, type=hostile), event(2, data=hostile)).outcome.value == "inconclusive"
