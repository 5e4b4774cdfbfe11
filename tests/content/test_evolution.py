"""What a run is held against: chosen by the document's version, or named by the profile; recorded as plain JSON."""

import json
import subprocess
from dataclasses import replace

import pytest

from harness.cli.evolving import evolution_of
from harness.cli.running import RunOptions, plan_for
from harness.content.contract import load_contract, overlay
from harness.content.event_sources import published_schemas, self_contained
from harness.content.targets import load_target, target_from_dict, target_to_dict
from harness.contracts import packs
from harness.drift.document import read_document
from harness.engine.records import load_history
from harness.judges.baselines import canonical_path, release_of
from harness.model.errors import UsageError
from harness.model.evolution import Evolution
from harness.model.outcome import Reason
from harness.model.profile import ContractProfile, Target
from tests.support import Handler

HEAD = '[target.x]\nbase_url = "http://127.0.0.1:9"\n'
OWN = {"openapi": "3.1.0", "info": {"title": "t", "version": "1.0.0"},
       "paths": {"/orders": {"get": {"operationId": "list", "responses": {"200": {"description": "d"}}}}}}


def versioned(version, path="/v1/bets/settle"):
    return {"openapi": "3.1.0", "info": {"title": "t", "version": version}, "paths": {path: {}}}


def publishing(values):
    """A handler class that answers paths with these JSON values."""
    class Publisher(Handler):
        def do_GET(self):
            body = json.dumps(values[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Publisher


def recorded(target):
    contract = load_contract(target.contract, target.profile, target.base_url)
    record = evolution_of(target, contract)
    assert json.loads(json.dumps(record)) == record  # what is written with the run is what judges read
    return record


def target(**changes):
    return replace(Target(name="x", base_url="http://127.0.0.1:9", hosts=("127.0.0.1:9",)), **changes)


@pytest.mark.parametrize(("version", "path", "release"), [
    ("1.7.0", "/v1/bets/settle", "1.7"), ("1.7", "/v1/bets/settle", "1.7"), ("1.7.9", "/v1/bets/settle", "1.7"),
    ("1.6.2", "/v1/bets/settle", "1.6"), ("1.9.0", "/v1/bets/settle", "1.7"), ("1.2.0", "/v1/bets/settle", "1.6"),
    ("latest", "/v1/bets/settle", "1.6"), ("1.7.0", "/api/v1/bets/settle", "1.7"), ("2.0.0", "/v2/bets/settle", None),
    ("1.7.0", "/bets/settle", None)])
def test_the_release_that_a_document_is_of(version, path, release):
    assert release_of(versioned(version, path)) == release


def test_the_version_may_stand_in_the_server():
    document = {**versioned("1.7.0", "/bets/settle"), "servers": [{"url": "https://api.example/casino/v1"}]}
    assert release_of(document) == "1.7"
    assert canonical_path(document, "/bets/settle") == "/v1/bets/settle"


def test_by_default_a_built_in_contract_is_held_against_itself_and_its_events():
    record = recorded(target())
    assert (record["baseline"]["name"], record["baseline"]["released"]) == ("1.7", True)
    assert record["events"]["own"] == packs.event_schemas("1.7")
    assert {one["subject"] for one in record["events"]["histories"]} == set(packs.event_schemas("1.7"))


def test_the_profile_shapes_the_release():
    profile = ContractProfile(idempotency_header="Idempotency-Key", zero_stake="refused")
    baseline = recorded(target(profile=profile))["baseline"]["openapi"]
    assert baseline["components"]["parameters"]["IdempotencyKey"]["name"] == "Idempotency-Key"
    stake = baseline["components"]["schemas"]["AuthorizeRequest"]["properties"]["amount"]
    assert stake["properties"]["amount"]["minimum"] == 1
    assert overlay(packs.openapi("1.7"), ContractProfile()) == packs.openapi("1.7")


def test_a_foreign_api_has_no_baseline_until_the_profile_names_one(tmp_path):
    (tmp_path / "api.json").write_text(json.dumps(OWN, indent=1))
    (tmp_path / "released.yaml").write_text(json.dumps({**OWN, "info": {"title": "t", "version": "0.9.0"}}, indent=1))
    mine = target(contract=str(tmp_path / "api.json"))
    assert "[target.NAME.evolution] baseline" in recorded(mine)["baseline"]["missing"]
    record = recorded(replace(mine, evolution=Evolution(baseline=str(tmp_path / "released.yaml"))))
    assert record["baseline"]["openapi"]["info"]["version"] == "0.9.0"
    assert record["baseline"]["released"] is False
    assert record["lines"]["/paths/~1orders"] > 1


def test_a_foreign_api_is_planned_to_be_held_against_what_its_profile_names(tmp_path):
    (tmp_path / "api.json").write_text(json.dumps(OWN))
    mine = target(contract=str(tmp_path / "api.json"))
    held = replace(mine, evolution=Evolution(baseline=mine.contract))
    _, without, _ = plan_for(mine, RunOptions(seed=1))
    _, plan, contract = plan_for(held, RunOptions(seed=1))
    assert without.controls["CONT-07"].reason is Reason.DECLARED_ABSENT
    assert plan.controls["CONT-07"].reason is None
    assert contract["evolution"]["baseline"]["name"] == mine.contract
    assert plan.contract_digest != without.contract_digest  # what decides the verdict is in the plan's digest


def test_what_was_recorded_is_what_judges_read(tmp_path):
    record = recorded(target())
    (tmp_path / "contract.json").write_text(json.dumps({"openapi": OWN, "evolution": record}))
    (tmp_path / "journal.jsonl").write_text("")
    history, _ = load_history(tmp_path, ContractProfile())
    assert history.evolution == record
    (tmp_path / "contract.json").write_text(json.dumps({"openapi": OWN}))  # a run of an older release
    assert load_history(tmp_path, ContractProfile())[0].evolution == {}


def test_a_baseline_may_be_a_commit(tmp_path, monkeypatch):
    def git(*words):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (tmp_path / "api.json").write_text(json.dumps(OWN))
    git("add", ".")
    git("-c", "user.name=t", "-c", "user.email=t@example.test", "commit", "-qm", "release")
    (tmp_path / "api.json").write_text(json.dumps({**OWN, "info": {"title": "t", "version": "1.1.0"}}))
    monkeypatch.chdir(tmp_path)
    record = recorded(target(contract="api.json", evolution=Evolution(baseline="main:api.json")))
    assert record["baseline"]["openapi"]["info"]["version"] == "1.0.0"


def test_the_target_may_publish_baseline_and_events(serve):
    published = {"/openapi.json": dict(packs.openapi("1.7")), "/openapi-1.6.json": dict(packs.openapi("1.6")),
                 "/asyncapi.json": dict(packs.asyncapi("1.7"))}

    base = serve(publishing(published))
    asked = Evolution(baseline="target:/openapi-1.6.json", events="target:/asyncapi.json")
    record = recorded(target(base_url=base, contract="target:/openapi.json", evolution=asked,
                             hosts=(base.partition("://")[2],)))
    assert record["baseline"]["openapi"]["info"]["version"] == "1.6.0"
    assert set(record["events"]["own"]) == set(packs.event_schemas("1.7"))
    assert record["events"]["own_version"] == "1.7.0"


def test_a_published_contract_says_nothing_of_events_by_itself(tmp_path):
    path = tmp_path / "api.json"
    path.write_text(json.dumps(dict(packs.openapi("1.7"))))
    assert recorded(target(contract=str(path)))["events"]["own"] == {}
    unified = recorded(target(contract=str(path), evolution=Evolution(events="unified")))
    assert unified["events"]["own"] == packs.event_schemas("1.7")


def test_a_folder_holds_the_history(tmp_path):
    for number in (1, 2):
        (tmp_path / f"bet.settled-{number}.json").write_text('{"type": "object"}')
    (tmp_path / "bet.opened-1.json").write_text('{"$ref": "money.json"}')
    (tmp_path / "money.json").write_text('{"type": "integer"}')
    events = recorded(target(evolution=Evolution(registry=str(tmp_path))))["events"]
    assert events["built_in"] is False
    others = {one["subject"]: list(one["versions"][0]["others"]) for one in events["histories"]}
    assert others == {"bet.settled": [], "bet.opened": ["money.json"], "money": []}  # not each file with each other
    events["histories"] = [one for one in events["histories"] if one["subject"] == "bet.settled"]
    assert [v["label"] for v in events["histories"][0]["versions"]] == ["1", "2"]


def test_a_registry_is_asked_for_the_history(serve):
    schema = {"schemaType": "JSON", "schema": '{"type": "object"}'}
    base = serve(publishing({"/subjects": ["bet.settled-value"], "/subjects/bet.settled-value/versions": [1, 2],
                             **{f"/subjects/bet.settled-value/versions/{n}": schema for n in (1, 2)}}))
    (found,) = recorded(target(evolution=Evolution(registry=base)))["events"]["histories"]
    assert found["subject"] == "bet.settled-value"
    assert [v["version"] for v in found["versions"]] == [[0, 1, 0], [0, 2, 0]]


def test_the_profile_is_read_with_its_files_beside_it(tmp_path):
    (tmp_path / "released.yaml").write_text("x")
    (tmp_path / "certify.toml").write_text(HEAD + '[target.x.evolution]\nbaseline = "released.yaml"\nnotice_days = 30\n'
                                           'level = "Backward"\nevents = "main:asyncapi.yaml"\n')
    found = load_target("x", tmp_path / "certify.toml", {})
    assert found.evolution == Evolution(baseline=str(tmp_path / "released.yaml"), notice_days=30, level="backward",
                                        events="main:asyncapi.yaml")
    assert target_from_dict(json.loads(json.dumps(target_to_dict(found)))).evolution == found.evolution


@pytest.mark.parametrize(("line", "says"), [
    ('basline = "1.6"', "Did you mean 'baseline'"), ("baseline = 7", "must be str"),
    ('level = "most"', "no compatibility level"),
    ("notice_days = -1", "between 0 and 3650"), ("notice_days = true", "must be int")])
def test_a_mistake_in_the_table_is_named(tmp_path, line, says):
    (tmp_path / "certify.toml").write_text(HEAD + "[target.x.evolution]\n" + line + "\n")
    with pytest.raises(UsageError) as error:
        load_target("x", tmp_path / "certify.toml", {})
    assert says in error.value.line()


@pytest.mark.parametrize(("asked", "says"), [
    (Evolution(baseline="nowhere.yaml"), "nowhere.yaml"), (Evolution(events="nowhere.yaml"), "nowhere.yaml"),
    (Evolution(waivers="nowhere.toml"), "nowhere.toml"), (Evolution(registry="nowhere"), "nowhere"),
    (Evolution(baseline="http://elsewhere.example/api.json"), "refusing to contact")])
def test_a_reference_that_leads_nowhere_is_one_clear_line(asked, says):
    with pytest.raises(UsageError) as error:
        recorded(target(evolution=asked))
    assert says in error.value.line()
    assert error.value.remedy


def test_a_baseline_that_is_no_contract_is_named(tmp_path):
    (tmp_path / "old.json").write_text('{"asyncapi": "3.0.0"}')
    with pytest.raises(UsageError, match="not an OpenAPI 3 document"):
        recorded(target(evolution=Evolution(baseline=str(tmp_path / "old.json"))))


def test_schemas_are_freed_from_their_document_recursion_included():
    root = {"components": {"schemas": {"Tree": {"type": "object", "properties": {
        "below": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}, "$ref": {"type": "string"}}}}}}
    made = self_contained(root, {"$ref": "#/components/schemas/Tree"})
    assert made["$ref"] == "#/$defs/part1"
    assert made["$defs"]["part1"]["properties"]["below"]["items"] == {"$ref": "#/$defs/part1"}


def test_an_event_is_known_by_the_type_that_its_payload_fixes():
    document = {"asyncapi": "2.6.0", "info": {"title": "t", "version": "1.2.0"}, "channels": {"bets": {"subscribe": {
        "message": {"oneOf": [
            {"name": "BetSettledMessage", "payload": {"properties": {"event_type": {"const": "bet.settled"}}}},
            {"name": "bet.opened", "payload": {"type": "object"}},
            {"name": "raw", "schemaFormat": "application/vnd.apache.avro;version=1.9.0", "payload": {"type": "record"}},
        ]}}}}}
    version, found = published_schemas(read_document(json.dumps(document).encode(), file="a.json"))
    assert (version, set(found)) == ("1.2.0", {"bet.settled", "bet.opened"})
    silent = {"asyncapi": "2.6.0", "info": {"title": "t", "version": "1"}, "channels": {}}
    with pytest.raises(UsageError, match="sends no message"):
        published_schemas(read_document(json.dumps(silent).encode(), file="a.json"))
