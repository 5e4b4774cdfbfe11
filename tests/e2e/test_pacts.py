"""A platform's own consumer pacts, over HTTP: from a folder, with states of certify's and of a hook; judged again."""

import json

import pytest

from tests.e2e.orders_api import TOKEN
from tests.e2e.test_foreign import config as orders_config
from tests.e2e.test_foreign import orders  # noqa: F401 - a fixture

STATE = """
import json, sys
told = json.load(sys.stdin)
open("told.txt", "a").write(told["action"] + " " + told["state"] + "\\n")
if told["state"] == "the moon is full":
    sys.exit("there is no moon")
print(json.dumps({"player": "nobody-knows"}))
"""


def interaction(description, path, status, body, *, states=(), pending=False, generators=None, controls=()):
    return {"type": "Synchronous/HTTP", "description": description, "pending": pending,
            "providerStates": [{"name": name, "params": params} for name, params in states],
            "comments": {"certify": {"controls": list(controls)}},
            "request": {"method": "GET", "path": path, "generators": generators or {}},
            "response": {"status": status, "body": {"content": body, "contentType": "application/json",
                                                    "encoded": False},
                         "matchingRules": {"body": {"$.message": {"matchers": [{"match": "type"}]}}}}}


def from_state(expression):
    return {"path": {"type": "ProviderState", "expression": expression}}


@pytest.fixture
def pacts(certify):
    """pacts(interactions) writes them as pacts/crm.json of the folder where certify runs."""
    def write(*interactions, consumer="crm", provider="platform"):
        folder = certify.folder / "pacts"
        folder.mkdir(exist_ok=True)
        (folder / f"{consumer}.json").write_text(json.dumps({
            "consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": list(interactions),
            "metadata": {"pactSpecification": {"version": "4.0"}}}))

    return write


BALANCES = interaction("reads what a player has", "/v1/players/p/balances", 200,
                       {"balances": [{"amount": 4200, "currency": "EUR"}]}, controls=["MONEY-01"],
                       states=[("a player with a balance", {"amount": 4200})],
                       generators=from_state("/v1/players/${player_id}/balances"))
UNKNOWN = interaction("reads nobody", "/v1/players/x", 404, {"code": "NOT_FOUND"}, states=[("nobody is there", {})],
                      generators=from_state("/v1/players/${player}"))
NICKNAME = interaction("reads a nickname", "/v1/players/p", 200, {"nickname": "Kim"}, controls=["CONT-02"],
                       states=[("a player with a balance", {})], generators=from_state("/v1/players/${player_id}"))
MOON = interaction("reads by moonlight", "/v1/players/p", 200, {}, states=[("the moon is full", {})])


def test_own_consumers_are_verified_and_a_red_is_the_same_when_judged_again(certify, config_text, external_sandbox,
                                                                            pacts, verdicts, canaries):
    (certify.folder / "state.py").write_text(STATE)
    text = config_text(external_sandbox()) + '[target.x.pact]\nsources = ["pacts"]\n' \
        'states_command = "python3 state.py"\n'
    asked = ("--target", "x", "--json", "--only", "PACT-01")
    pacts(BALANCES, UNKNOWN, {**NICKNAME, "pending": True})
    green = certify(*asked, "--out", "green", text=text)
    assert (verdicts(green), green.returncode) == ({}, 0)
    assert (certify.folder / "told.txt").read_text() == "setup nobody is there\nteardown nobody is there\n"

    pacts(BALANCES, UNKNOWN, MOON)
    open_ = verdicts(certify(*asked, "--out", "open", text=text))["PACT-01"]
    assert (open_["outcome"], open_["owner"]) == ("inconclusive", "target profile")
    assert "there is no moon" in open_["message"]

    pacts(BALANCES, UNKNOWN, MOON, NICKNAME)
    red = certify(*asked, "--out", "red", text=text)
    assert red.returncode == 1
    found = verdicts(red)["PACT-01"]
    assert "crm → platform: reads a nickname (touches CONT-02)" in found["message"]
    assert "nickname" in found["message"]
    assert found["exchanges"]
    assert verdicts(certify("judge", "red", "--json"))["PACT-01"] == found
    for name in ("journal.jsonl", "pacts.json", "report.html"):
        written = (certify.folder / "red" / name).read_text()
        assert not [secret for secret in canaries.values() if secret in written]


@pytest.mark.parametrize(("content", "says"), [("{", "pacts/crm.json:1: not JSON"), ("{}", "names no consumer")])
def test_a_file_that_is_no_pact_ends_the_run_before_anything_is_driven(certify, config_text, platform_stub, content,
                                                                       says):
    (certify.folder / "pacts").mkdir()
    (certify.folder / "pacts" / "crm.json").write_text(content)
    text = config_text(platform_stub(200)) + '[target.x.pact]\nsources = ["pacts"]\n'
    done = certify("--target", "x", "--only", "PACT-01", text=text)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert says in done.stderr
    assert not (certify.folder / "certify-runs").exists()


def test_a_foreign_api_has_pacts_where_it_names_them(certify, orders, pacts, verdicts):  # noqa: F811 - the fixture
    environment = {"ORDERS_TOKEN": TOKEN}
    url = orders()
    without = certify("plan", "--target", "orders", "--json", text=orders_config(url), environment=environment)
    assert "PACT-01" in without.stdout
    one = interaction("reads no order", "/orders/none", 404, {})
    one["response"].pop("body")
    pacts(one, provider="orders")
    text = orders_config(url) + '\n[target.orders.pact]\nsources = ["pacts"]\n'
    done = certify("--target", "orders", "--json", "--only", "PACT-01", text=text, environment=environment)
    assert (verdicts(done), done.returncode) == ({}, 0)
    pacts({**one, "response": {"status": 410}}, provider="orders")
    done = certify("--target", "orders", "--json", "--only", "PACT-01", text=text, environment=environment)
    assert "expected 410 but was 404" in verdicts(done)["PACT-01"]["message"]
