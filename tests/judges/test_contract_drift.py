"""CONT-07: a contract held against what was released; breaks are red, legal differences are not."""

import copy
import json
from types import SimpleNamespace

import pytest

from harness.content.contract import overlay
from harness.contracts import packs
from harness.judges.contract_drift import only_additions
from harness.model.profile import ContractProfile

RUN = {"started_at": "2026-11-22T10:00:00+00:00"}


@pytest.fixture
def document():
    return copy.deepcopy(dict(packs.openapi("1.7")))


@pytest.fixture
def judge(make):
    def judged(contract, *, baseline="1.7", own=None, absent=(), **evolution):
        """Against a release, or against `own`, an earlier document of the target's."""
        held_against = {"name": "api-1.yaml", "openapi": own, "released": False} if own is not None else \
            {"name": baseline, "openapi": packs.openapi(baseline), "released": True}
        return make.verdict(only_additions(absent=absent), contract=contract, facts=RUN,
                            evolution={"baseline": held_against, "document": "api.yaml", **evolution})
    return judged


def schema(document, name):
    return document["components"]["schemas"][name]


def answer(document, path, method="post", status="200"):
    return document["paths"][path][method]["responses"][status]


def renamed_parts(document):
    text = json.dumps(document).replace("#/components/schemas/Money\"", "#/components/schemas/Geld\"")
    made = json.loads(text.replace('"oauth2":', '"token":'))
    made["components"]["schemas"]["Geld"] = made["components"]["schemas"].pop("Money")
    document.clear()
    document.update(made)


def mounted(document, before):
    document["paths"] = {before + path: item for path, item in document["paths"].items()}


def by_server(document):
    document["servers"] = [{"url": "https://api.casino.example/play/v1"}]
    document["paths"] = {path.removeprefix("/v1"): item for path, item in document["paths"].items()
                         if path.startswith("/v1")}


def plain_words(document):
    """As a framework would write it: no bounds of strings, no examples, no closed objects."""
    def walk(node):
        if isinstance(node, dict):
            for word in ("examples", "description", "summary"):
                if not isinstance(node.get(word), dict):
                    node.pop(word, None)
            if node.get("type") == "string":
                for word in ("pattern", "minLength", "maxLength", "format"):
                    node.pop(word, None)
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)
    walk(document)


def few_errors(document):
    for item in document["paths"].values():
        for operation in item.values():
            for status in [s for s in operation["responses"] if s in ("405", "406", "413", "500", "503")]:
                operation["responses"].pop(status)


def own_names(document):
    for item in document["paths"].values():
        for operation in item.values():
            operation["operationId"] += "_v1"
            for one in operation["responses"].values():
                one.pop("links", None)


def bearer(document):
    document["components"]["securitySchemes"] = {"jwt": {"type": "http", "scheme": "Bearer"},
                                                 "clientBasic": {"type": "http", "scheme": "basic"}}
    for item in document["paths"].values():
        for operation in item.values():
            operation["security"] = [{"jwt": []} if "oauth2" in one else one for one in operation.get("security", [])]
    document["security"] = [{"jwt": []}]


def as_a_framework_writes_it(document):
    """No headers of answers, no common headers of requests; defaults and null where a member may be left out."""
    for path, item in document["paths"].items():
        for operation in item.values():
            operation["operationId"] = f"{operation['operationId']}_{path.strip('/').replace('/', '_')}"
            operation["parameters"] = [p for p in operation.get("parameters", ()) if p.get("in") != "header"
                                       and p.get("$ref", "/Limit").rpartition("/")[2] in ("Cursor", "Limit")]
            for one in operation["responses"].values():
                one.pop("headers", None)
                one.pop("links", None)
    for one in document["components"]["responses"].values():
        one.pop("headers", None)
    schema(document, "RollbackRequest")["properties"]["reason"] = {
        "anyOf": [schema(document, "RollbackRequest")["properties"]["reason"], {"type": "null"}], "default": None}


def more(document):
    document["paths"]["/v1/tournaments"] = {"get": {"responses": {"200": {"description": "Some."}}}}
    schema(document, "Bet")["properties"]["table_id"] = {"type": "string"}
    schema(document, "SettleRequest")["properties"]["note"] = {"type": "string"}


def without_administration(document):
    document["paths"] = {path: item for path, item in document["paths"].items() if not path.startswith("/sandbox")}


LEGAL = {
    "the release itself": dict.copy,
    "another patch number": lambda d: d["info"].update(version="1.7.3"),
    "the number without a patch": lambda d: d["info"].update(version="1.7"),
    "other servers": lambda d: d.update(servers=[{"url": "https://api.casino.example"}]),
    "the version in the server's path": by_server,
    "mounted elsewhere": lambda d: mounted(d, "/api"),
    "other names of components": renamed_parts,
    "a token by another name": bearer,
    "other operationIds, no links": own_names,
    "fewer errors documented": few_errors,
    "no bounds and no texts": plain_words,
    "as a framework writes it": as_a_framework_writes_it,
    "more than was released": more,
    "more, as the next minor": lambda d: (more(d), d["info"].update(version="1.8.0")),
    "no administration": without_administration,
    "another order": lambda d: d.update(paths=dict(reversed(list(d["paths"].items())))),
    "an error code list of its own": lambda d: schema(d, "Error")["properties"]["code"].pop("enum"),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_an_implementation_may_say_otherwise_is_no_break(judge, document, name):
    LEGAL[name](document)
    found = judge(document)
    assert found.outcome.value == "pass", (found.message, found.seen)
    assert found.measured["operations"] == 33


BREAKS = {
    "renamed": (lambda d: schema(d, "Settlement")["properties"].update(
        paid_at=schema(d, "Settlement")["properties"].pop("settled_at")), "settled_at"),
    "another type": (lambda d: schema(d, "Bonus")["properties"].update(freespins_left={"type": "string"}),
                     "freespins_left"),
    "optional to required": (lambda d: schema(d, "RollbackRequest")["required"].append("reason"), "reason"),
    "a value that nobody may send any more": (
        lambda d: schema(d, "PaymentRequest")["properties"]["direction"]["enum"].remove("deposit"), "direction"),
    "a value that nobody expects": (lambda d: schema(d, "Bet")["properties"]["status"]["enum"].append("void"), "void"),
    "a member that may be missing": (lambda d: schema(d, "Rollback")["required"].remove("rollback_id"), "rollback_id"),
    "no header any more": (lambda d: answer(d, "/v1/bets/settle")["headers"].pop("X-Trace-Id"), "X-Trace-Id"),
    "no operation any more": (lambda d: d["paths"].pop("/v1/bets/rollback"), "POST /v1/bets/rollback is gone"),
    "another success": (lambda d: d["paths"]["/v1/sessions"]["post"]["responses"].update(
        {"200": d["paths"]["/v1/sessions"]["post"]["responses"].pop("201")}), "201"),
    "a parameter of the query that is gone": (
        lambda d: d["paths"]["/v1/events"]["get"].update(parameters=[
            p for p in d["paths"]["/v1/events"]["get"]["parameters"] if "Cursor" not in str(p)]), "cursor"),
    "a new required header": (lambda d: d["paths"]["/v1/bets/settle"]["post"]["parameters"].append(
        {"in": "header", "name": "X-Studio", "required": True, "schema": {"type": "string"}}), "X-Studio"),
    "a new required scope": (lambda d: d["paths"]["/v1/bets/settle"]["post"].update(
        security=[{"oauth2": ["settlements:write", "admin:all"]}]), "admin:all"),
    "errors without a code": (lambda d: schema(d, "Error")["required"].remove("code"), "code"),
}


@pytest.mark.parametrize("version", ["1.7.0", "1.8.0", "1.7"])
@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_red_whatever_the_minor(judge, document, name, version):
    tear, says = BREAKS[name]
    tear(document)
    document["info"]["version"] = version
    found = judge(document)
    assert found.outcome.value == "fail"
    assert says in found.message + found.seen
    assert found.measured["minimum"] == "2.0.0"
    assert "#/" in found.seen


def test_a_break_comes_with_a_document_that_proves_it(judge, document):
    schema(document, "RollbackRequest")["required"].append("reason")
    found = judge(document)
    assert "reason" not in found.measured["counterexample"]
    assert "valid in the old version" in found.seen


@pytest.mark.parametrize(("version", "outcome", "says"), [
    ("1.7.0", "pass", ""), ("1.6.9", "fail", "went back"), ("latest", "fail", "'latest' is no version"),
    ("", "fail", "no info.version"), ("2026-11-22", "fail", "no version"), ("2.0.0", "fail", "/v1"),
    ("1.12", "pass", "")])
def test_the_version_number_matches(judge, document, version, outcome, says):
    document["info"]["version"] = version
    found = judge(document)
    assert found.outcome.value == outcome
    assert says in found.message


def test_a_new_major_on_its_own_path_may_break(judge, document):
    document["paths"] = {path.replace("/v1/", "/v2/"): item for path, item in document["paths"].items()}
    schema(document, "RollbackRequest")["required"].append("reason")
    document["info"]["version"] = "2.0.0"
    found = judge(document)
    assert found.outcome.value == "inconclusive"  # nothing of /v1 is left to be held against
    assert found.owner.value == "target profile"


def test_beside_a_new_major_the_old_one_is_still_held(judge, document):
    document["paths"] |= {path.replace("/v1/", "/v2/"): item for path, item in document["paths"].items()}
    document["info"]["version"] = "2.0.0"
    assert judge(document).outcome.value == "pass"
    document["paths"].pop("/v1/bets/rollback")
    assert judge(document).outcome.value == "fail"


def test_what_the_profile_does_not_offer_may_be_missing(judge, document):
    document["paths"] = {path: item for path, item in document["paths"].items() if "jackpots" not in path}
    assert judge(document).outcome.value == "fail"
    assert judge(document, absent=("jackpots",)).outcome.value == "pass"


@pytest.mark.parametrize("profile", [{"idempotency_header": "Idempotency-Key"}, {"money_form": "decimal_string"}])
def test_what_the_profile_declares_is_laid_over_the_release(make, profile):
    theirs = overlay(packs.openapi("1.7"), ContractProfile(**profile))
    for laid_over, outcome in ((ContractProfile(**profile), "pass"), (ContractProfile(), "fail")):
        baseline = {"name": "1.7", "openapi": overlay(packs.openapi("1.7"), laid_over), "released": True}
        assert make.outcome(only_additions(), contract=theirs, facts=RUN, evolution={"baseline": baseline}) == outcome


def own(version="1.4.0", **change):
    members = {"id": {"type": "string", "maxLength": 9}, "note": {"type": "string"}}
    members |= change.get("members", {})
    body = {"type": "object", "properties": members}
    answer = {"description": "d", "content": {"application/json": {"schema": body}}}
    return {"openapi": "3.1.0", "info": {"title": "t", "version": version},
            "paths": {"/orders": {"get": {"operationId": "list", "responses": {"200": answer}}}}}


OWN = {
    "nothing changed": (own(), "pass"),
    "an addition without a number": (own(members={"more": {"type": "string"}}), "fail"),
    "an addition": (own("1.5.0", members={"more": {"type": "string"}}), "pass"),
    "an addition, loosely numbered": (own("1.5", members={"more": {"type": "string"}}), "pass"),
    "a bound less": (own("1.5.0", members={"id": {"type": "string"}}), "fail"),
    "a break under a new major, no path to move": (own("2.0.0", members={"id": {"type": "integer"}}), "pass"),
    "went back": (own("1.3.0"), "fail"),
}


@pytest.mark.parametrize("name", OWN)
def test_against_an_earlier_release_of_its_own_everything_counts(judge, name):
    contract, outcome = OWN[name]
    found = judge(contract, own=own())
    assert found.outcome.value == outcome, found.message


def test_below_one_a_minor_may_break(judge):
    before, after = own("0.4.0"), own("0.5.0", members={"id": {"type": "integer"}})
    assert judge(after, own=before).outcome.value == "pass"
    assert judge({**after, "info": {"title": "t", "version": "0.4.1"}}, own=before).outcome.value == "fail"


def test_waivers_accept_a_change_until_they_run_out(judge, document):
    schema(document, "RollbackRequest")["required"].append("reason")
    mark = judge(document).message.split("[")[1].split("]")[0]
    waiver = {"fingerprint": mark, "reason": "agreed", "owner": "Kim", "expires": "2027-01-31"}
    found = judge(document, waivers=[waiver])
    assert (found.outcome.value, found.measured["waived"]) == ("pass", 1)
    assert judge(document, waivers=[{**waiver, "expires": "2026-11-21"}]).outcome.value == "fail"


def test_lines_are_told_where_they_are_known(judge):
    after = own("1.5.0", members={"id": {"type": "integer"}})
    found = judge(after, own=own(), lines={"/paths/~1orders": 7})
    assert "api.yaml #" in found.seen or "api.yaml:7 #" in found.seen


@pytest.mark.parametrize(("contract", "evolution"), [
    ({}, {"baseline": {"name": "1.7", "openapi": dict(packs.openapi("1.7")), "released": True}}),
    (own(), {}), (own(), {"baseline": {"missing": "no baseline: name one"}}),
    ({**own(), "paths": {"/a": {"$ref": "#/nowhere"}}},
     {"baseline": {"name": "x", "openapi": own(), "released": False}}),
])
def test_what_cannot_be_compared_is_the_profiles_to_mend(make, contract, evolution):
    found = make.verdict(only_additions(), contract=contract, facts=RUN, evolution=evolution)
    assert (found.outcome.value, found.owner.value) == ("inconclusive", "target profile")


def test_hostile_documents_raise_nothing(make, hostile):
    baseline = SimpleNamespace(released={"name": "1.7", "openapi": dict(packs.openapi("1.7")), "released": True})
    for contract in ({"openapi": "3.1.0", "info": hostile, "paths": {"/v1/x": {"get": hostile}}},
                     {"openapi": "3.1.0", "info": {"version": hostile}, "paths": hostile},
                     {"openapi": "3.1.0", "servers": hostile, "components": hostile, "paths": {"/v1/x": hostile}}):
        found = make.outcome(only_additions(), contract=contract, facts=RUN, evolution={"baseline": baseline.released})
        assert found in ("fail", "inconclusive")
