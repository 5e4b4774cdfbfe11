"""`certify registry check`: verdicts as exit codes, in text and JSON, from folders and from a registry."""

import json
from pathlib import Path

import pytest

from tests.drivers.test_schema_registry import registry
from tests.support import serving


def record(*fields, name="Bet"):
    return {"type": "record", "name": name, "fields": list(fields)}


ID, NOTE = {"name": "id", "type": "string"}, {"name": "note", "type": "string", "default": ""}
NEEDED = {"name": "stake", "type": "long"}


@pytest.fixture
def schemas(here):
    def lay(**versions):
        for name, value in versions.items():
            text = value if isinstance(value, str) else json.dumps(value)
            path = here / "schemas" / name.replace("__", "-").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return "schemas"
    return lay


def test_a_compatible_history_is_green(say, schemas):
    folder = schemas(bet__1_0_0_avsc=record(ID), bet__1_1_0_avsc=record(ID, NOTE))
    code, out, _ = say("registry", "check", folder)
    assert code == 0
    assert "additive" in out
    assert "1 pair(s) of versions compared. All compatible." in out


def test_a_break_is_red_and_told_with_its_witness(say, schemas):
    folder = schemas(bet__1_0_0_avsc=record(ID), bet__1_1_0_avsc=record(ID, NEEDED))
    code, out, _ = say("registry", "check", folder)
    assert code == 1
    assert "1.1.0 against 1.0.0: breaking  avro-field-added-without-default" in out
    assert 'valid in the old version only: {"id": ""}' in out


def test_a_break_across_two_versions_is_only_seen_by_a_transitive_level(say, schemas):
    """A default that comes for one version hides, pair by pair, that the third cannot read the first."""
    folder = schemas(bet__1_0_0_avsc=record(ID), bet__1_1_0_avsc=record(ID, {**NEEDED, "default": 0}),
                     bet__1_2_0_avsc=record(ID, NEEDED))
    assert say("registry", "check", "--level", "full", folder)[0] == 0
    code, out, _ = say("registry", "check", folder)
    assert code == 1
    assert "1.2.0 against 1.0.0: breaking" in out
    assert say("registry", "check", "--level", "forward-transitive", folder)[0] == 0


def test_a_new_major_may_break(say, schemas):
    folder = schemas(bet__1_0_0_avsc=record(ID), bet__1_0_1_avsc=record(ID), bet__2_0_0_avsc=record(NEEDED))
    assert say("registry", "check", folder)[0] == 0


def test_nothing_to_compare_is_not_green(say, schemas):
    code, out, _ = say("registry", "check", schemas(bet_avsc=record(ID)))
    assert code == 3
    assert "Nothing to compare" in out


def test_protobuf_events_may_not_go(say, schemas):
    head = 'syntax = "proto3"; message Bet { string id = 1; }'
    folder = schemas(bet__1_0_0_proto=head + " message Gone {}", bet__1_1_0_proto=head)
    code, out, _ = say("registry", "check", folder)
    assert code == 1
    assert "protobuf-package-message-no-delete" in out


def test_what_cannot_be_read_is_never_green(say, schemas):
    folder = schemas(bet__1_0_0_avsc=record(ID), bet__1_1_0_avsc="{", pay__1_avsc=record(ID), pay__2_avsc=record(ID))
    code, out, _ = say("registry", "check", folder)
    assert code == 2
    assert "bet-1.1.0.avsc: no JSON" in out


def test_json_says_the_same(say, schemas):
    folder = schemas(bet__1_0_0_avsc=record(ID), bet__1_1_0_avsc=record(ID, NEEDED))
    code, out, _ = say("registry", "check", folder, "--json", "--level", "backward")
    told = json.loads(out)
    assert (code, told["exit_code"], told["level"]) == (1, 1, "backward")
    (pair,) = told["subjects"][0]["pairs"]
    assert pair["changes"][0]["verdict"] == "breaking"
    assert pair["changes"][0]["witness"] == {"document": {"id": ""}, "valid_in": "old"}


@pytest.mark.parametrize(("arguments", "said"), [
    (("none",), "no such folder"), (("schemas", "--level", "sideways"), "no compatibility level"),
    (("schemas", "--subject", "pay"), "no subject 'pay'. Known: bet"),
    (("nowhere:schemas",), "git says"), (("schemas", "--deleted"), "--deleted is for registries"),
])
def test_wrong_use_gets_one_line(say, schemas, arguments, said):
    schemas(bet__1_avsc=record(ID))
    code, _, err = say("registry", "check", *arguments)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_registry_is_checked_over_http(say, monkeypatch):
    for name in ("TOKEN", "USER", "PASSWORD"):
        monkeypatch.delenv(f"CERTIFY_REGISTRY_{name}", raising=False)
    answers = {"/subjects": ["bet-value"], "/subjects/bet-value/versions": [1, 2],
               "/subjects/bet-value/versions/1": {"schema": json.dumps(record(ID))},
               "/subjects/bet-value/versions/2": {"schema": json.dumps(record(ID, NEEDED))}}
    with serving() as start:
        code, out, _ = say("registry", "check", start(registry(answers)), "--subject", "bet-value")
    assert code == 1
    assert "bet-value" in out


@pytest.fixture
def asked_for(monkeypatch):
    """A registry with a break that only new readers of old events notice, whose levels are these."""
    for name in ("TOKEN", "USER", "PASSWORD"):
        monkeypatch.delenv(f"CERTIFY_REGISTRY_{name}", raising=False)
    with serving() as start:
        yield lambda config: start(registry({
            "/subjects": ["bet-value", "pay-value"], **config,
            **{f"/subjects/{name}/versions": [1, 2] for name in ("bet-value", "pay-value")},
            **{f"/subjects/{name}/versions/{n}": {"schema": json.dumps(record(ID, *more))}
               for name in ("bet-value", "pay-value") for n, more in ((1, ()), (2, (NEEDED,)))}}))


def test_the_level_that_the_registry_asks_for_is_taken_and_told(say, asked_for):
    url = asked_for({"/config": {"compatibilityLevel": "FORWARD"},
                     "/config/pay-value": {"compatibilityLevel": "BACKWARD"}})
    code, out, _ = say("registry", "check", url)
    assert code == 1
    assert "bet-value  (avro: 1, 2)  level forward, set for the whole registry" in out
    assert "pay-value  (avro: 1, 2)  level backward, set for this subject" in out
    assert "Level forward, backward: 2 subject(s)" in out
    assert say("registry", "check", url, "--subject", "bet-value")[0] == 0
    told = json.loads(say("registry", "check", url, "--json")[1])
    assert [(one["level"], one["level_of"]) for one in told["subjects"]] == [("forward", "registry"),
                                                                             ("backward", "subject")]
    assert told["level"] == "by subject"


def test_the_level_that_is_asked_for_here_goes_before_the_registry_s(say, asked_for):
    url = asked_for({"/config": {"compatibilityLevel": "FORWARD"}})
    code, out, _ = say("registry", "check", url, "--level", "full")
    assert code == 1
    assert "set for" not in out
    assert say("registry", "check", asked_for({}))[0] == 1, "without a word of anybody it is full_transitive"
    assert say("registry", "check", asked_for({"/config": {"compatibilityLevel": "NONE"}}))[0] == 3


def test_types_of_their_own_subject_are_put_in(say):
    money = record({"name": "minor", "type": "long"}, name="Money")
    bet = record({"name": "stake", "type": "Money"}, {"name": "win", "type": "Money"})
    answers = {"/subjects": ["bet"], "/subjects/bet/versions": [1, 2],
               **{f"/subjects/bet/versions/{n}": {"schema": json.dumps(bet), "references": [
                   {"name": "Money", "subject": "money", "version": n}]} for n in (1, 2)},
               "/subjects/money/versions/1": {"schema": json.dumps(money)},
               "/subjects/money/versions/2": {"schema": json.dumps(record({"name": "minor", "type": "string"},
                                                                          name="Money"))}}
    with serving() as start:
        code, out, _ = say("registry", "check", start(registry(answers)))
    assert code == 1
    assert "stake.minor" in out


def test_the_project_s_own_events_are_a_history(say):
    contracts = Path(__file__).parents[2] / "harness" / "contracts"
    pytest.importorskip("harness.drift.slots")
    code, out, _ = say("registry", "check", contracts)
    assert code == 0, out
    assert "events/bet.settled" in out
