"""A Pact Broker, played on loopback: what is asked of it, what is believed, and what it is told."""

import base64
import json
import os
import secrets
import subprocess
import sys
from dataclasses import replace

import pytest

from harness.cli.pact_broker import pacts_at, publish_results
from harness.cli.pacts import stock_for, tell_brokers, write_stock
from harness.drivers.pact_broker import Broker
from harness.drivers.recording_client import RecordingClient
from harness.engine.redaction import Redactor
from harness.model.control import Level
from harness.model.errors import EnvironmentFault, UsageError
from harness.model.history import History
from harness.model.pact import Pact, Stock
from harness.model.pact_record import Became, InteractionResult, PactRecord
from harness.model.pact_settings import PactSettings
from harness.model.plan import Plan, PlannedControl
from harness.model.profile import Target
from tests.support import Handler

INTERACTION = {"description": "reads x", "request": {"method": "GET", "path": "/x"}, "response": {"status": 200}}
FOR_VERIFICATION = "/pacts/provider/our%20platform/for-verification"


@pytest.fixture
def broker(serve):
    """A broker with one pact, pending; broker.asked are (method, path, headers, body)."""
    class Playing(Handler):
        asked: list = []  # noqa: RUF012 - one class a test
        answers: dict = {}  # noqa: RUF012

        def answer(self):
            body = self.sent()
            Playing.asked.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
            status, content = Playing.answers.get(f"{self.command} {self.path}", (404, {}))
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/hal+json")
            self.send_header("Content-Length", str(len(text)))
            for name, value in ({"Location": "http://elsewhere.test/"} if 300 <= status < 400 else {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = answer

    url = Playing.url = serve(Playing)
    templated = {"href": f"{url}/pacts/provider/{{provider}}/for-verification", "templated": True}
    pact = {"consumer": {"name": "rgs"}, "provider": {"name": "our platform"}, "interactions": [INTERACTION],
            "metadata": {"pactSpecification": {"version": "2.0.0"}},
            "_links": {"self": {"href": f"{url}/pact/1"},
                       "pb:publish-verification-results": {"href": f"{url}/results/1"}}}
    Playing.answers |= {
        "GET /": (200, {"_links": {"pb:provider-pacts-for-verification": templated}}),
        f"POST {FOR_VERIFICATION}": (200, {"_embedded": {"pacts": [
            {"_links": {"self": {"href": f"{url}/pact/1"}}, "verificationProperties": {"pending": True}}]}}),
        "GET /pact/1": (200, pact), "POST /results/1": (201, {}),
        "PUT /pacticipants/our%20platform/branches/main/versions/abc123": (201, {}),
        "PUT /pacticipants/our%20platform/versions/abc123/tags/prod": (201, {})}
    return Playing


def settings(**changes):
    return PactSettings(providers=("our platform",), **changes)


def test_pacts_are_asked_for_as_the_profile_says_and_pending_is_believed(broker):
    chosen = settings(selectors=({"mainBranch": True}, {"deployedOrReleased": True}), pending=True, branch="main",
                      tags=("prod",), wip_since="2026-01-31", token="canary-token")
    (pact,) = pacts_at(f"{broker.url}/", chosen)
    assert (pact.consumer, pact.pending, pact.source, pact.publish) == (
        "rgs", True, f"{broker.url}/pact/1", f"{broker.url}/results/1")
    (asked,) = [body for method, _, _, body in broker.asked if method == "POST"]
    assert asked == {"includePendingStatus": True, "providerVersionBranch": "main", "providerVersionTags": ["prod"],
                     "consumerVersionSelectors": [{"mainBranch": True}, {"deployedOrReleased": True}],
                     "includeWipPactsSince": "2026-01-31"}
    assert {headers["Authorization"] for _, _, headers, _ in broker.asked} == {"Bearer canary-token"}
    assert not [method for method, path, _, _ in broker.asked if path.startswith("/results") or method == "PUT"]


def test_pacts_own_verifier_asks_the_same(broker):
    """The library's broker client is the oracle of what a broker is asked."""
    pacts_at(f"{broker.url}/", settings(selectors=({"mainBranch": True},), pending=True, branch="main", tags=("prod",),
                                        wip_since="2026-01-31"))
    ours = [(method, path, body) for method, path, _, body in broker.asked]
    broker.asked.clear()
    # It looks there first, and then asks the address that it is told.
    broker.answers[f"GET {FOR_VERIFICATION}"] = (200, {"_links": {"self": {"href": broker.url + FOR_VERIFICATION}}})
    program = (
        "import sys\nfrom pact import Verifier\n"
        "v = Verifier('our platform', host='127.0.0.1').add_transport(url=sys.argv[1] + '/api')\n"
        "b = v.broker_source(sys.argv[1], selector=True).provider_branch('main').provider_tags('prod')\n"
        "b.include_pending().include_wip_since('2026-01-31').consumer_version(main_branch=True).build()\n"
        "try:\n    v.verify()\nexcept RuntimeError:\n    pass\n")
    subprocess.run([sys.executable, "-c", program, broker.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "PACT_DO_NOT_TRACK": "true"}, timeout=60, check=True)
    theirs = [(method, path, body) for method, path, _, body in broker.asked]
    assert ours[:2] == [one for one in theirs if one[:2] != ("GET", FOR_VERIFICATION)][:2]


def test_the_url_of_one_pact_is_enough(broker):
    (pact,) = pacts_at(f"{broker.url}/pact/1", settings(username="user", password="pass"))
    assert (pact.consumer, pact.pending) == ("rgs", False)
    assert broker.asked[0][2]["Authorization"] == "Basic " + base64.b64encode(b"user:pass").decode()


@pytest.mark.parametrize(("where", "answer", "says"), [
    ("GET /", (401, {}), "refused GET /: 401"), ("GET /", (302, {}), "refused GET /: 302"),
    ("GET /", (200, b"<html>"), "no JSON"), ("GET /", (200, b"[" * 9_999), "no JSON"),
    ("GET /", (200, []), "no way to ask"),
    ("GET /", (200, {"_links": {"pb:provider-pacts-for-verification": {"href": "http://elsewhere.test/{provider}"}}}),
     "links to 'elsewhere.test'"),
    (f"POST {FOR_VERIFICATION}", (404, {}), "refused POST"), (f"POST {FOR_VERIFICATION}", (200, {}), "no list of"),
    (f"POST {FOR_VERIFICATION}", (200, {"_embedded": {"pacts": [{}] * 501}}), "at most 500"),
    (f"POST {FOR_VERIFICATION}", (200, {"_embedded": {"pacts": [7]}}), "without a link"),
    (f"POST {FOR_VERIFICATION}", (200, {"_embedded": {"pacts": [{"_links": {"self": {"href": "http://a.test/1"}}}]}}),
     "links to 'a.test'"), (f"POST {FOR_VERIFICATION}", (200, {"_embedded": {"pacts": [
         {"_links": {"self": {"href": "file:///etc/passwd"}}}]}}), "links to")], ids=lambda v: repr(v)[:40])
def test_what_no_broker_would_say_is_refused_and_no_other_host_is_asked(broker, where, answer, says):
    broker.answers[where] = answer
    with pytest.raises(EnvironmentFault, match=says) as error:
        pacts_at(f"{broker.url}/", settings(token="canary-token"))
    assert "canary-token" not in error.value.line()


def test_what_is_no_pact_is_told_with_its_address(broker):
    broker.answers["GET /pact/1"] = (200, {"consumer": {}})
    with pytest.raises(UsageError, match="/pact/1: no pact"):
        pacts_at(f"{broker.url}/", settings())


def test_a_broker_is_given_up_after_its_time(broker, monkeypatch):
    monkeypatch.setattr("harness.drivers.pact_broker.ALL_SECONDS", -1.0)
    client = RecordingClient(None, Redactor([], key=secrets.token_bytes(8)), hosts=[broker.url[7:]], prefix="b")
    with pytest.raises(EnvironmentFault, match="took more than"):
        list(Broker(broker.url, settings(), client.send).pacts())
    client.close()


# -- results -------------------------------------------------------------------------------------------
def result(became, **changes):
    return InteractionResult(consumer="rgs", provider="our platform", description="reads x", kind="http", became=became,
                             **{"source": "", **changes})


@pytest.mark.parametrize(("became", "success", "said"), [
    (Became.VERIFIED, True, "published: rgs is verified"), (Became.MISMATCHED, False, "published: rgs is not verified"),
    (Became.NOT_SET_UP, None, "not published, because not decided: rgs"),
    (Became.DIFFERED, None, "not published, because not decided: rgs")])
def test_results_are_published_with_branch_and_tags_and_what_is_open_is_not(broker, became, success, said):
    chosen = settings(sources=(f"{broker.url}/",), version="abc123", branch="main", tags=("prod",), publish=True)
    pacts = tuple(pacts_at(f"{broker.url}/", chosen))
    broker.asked.clear()
    record = PactRecord(id="p", check="c", sources=(), results=(result(became, source=pacts[0].source),))
    assert publish_results(Stock(pacts=pacts), History(pacts=(record,)), chosen, "0.1") == [said]
    told = [body for method, path, _, body in broker.asked if path == "/results/1"]
    assert [one["success"] for one in told] == ([] if success is None else [success])
    if told:
        assert (told[0]["providerApplicationVersion"], told[0]["verifiedBy"]["implementation"]) == ("abc123", "certify")
        assert [one["interactionDescription"] for one in told[0]["testResults"]] == ["reads x"]
        assert {path for method, path, _, _ in broker.asked if method == "PUT"} == {
            "/pacticipants/our%20platform/branches/main/versions/abc123",
            "/pacticipants/our%20platform/versions/abc123/tags/prod"}


def test_a_run_tells_only_where_the_profile_says_so_and_a_refusal_is_a_note(broker, tmp_path):
    chosen = settings(sources=(f"{broker.url}/",), version="abc123", token="canary-token")
    pacts = tuple(pacts_at(f"{broker.url}/", chosen))
    record = PactRecord(id="p", check="c", sources=(), results=(result(Became.VERIFIED, source=pacts[0].source),))
    (tmp_path / "journal.jsonl").write_text(json.dumps({"k": "pacts", "t": 1, **record.to_line()}) + "\n")
    (tmp_path / "contract.json").write_text("{}")
    broker.asked.clear()
    target = Target(name="x", base_url="http://x", pact=chosen)
    assert tell_brokers(tmp_path, target, Stock(pacts=pacts), "0.1") == []
    assert broker.asked == []
    telling = replace(target, pact=replace(chosen, publish=True))
    assert tell_brokers(tmp_path, telling, Stock(pacts=pacts), "0.1") == ["pact broker: published: rgs is verified"]
    broker.answers["POST /results/1"] = (403, {})
    (note,) = tell_brokers(tmp_path, telling, Stock(pacts=pacts), "0.1")
    assert note.startswith("pact broker: not published: the broker at 127.0.0.1")
    assert "canary-token" not in note


# -- the stock of a run ----------------------------------------------------------------------------------
def plan(*controls):
    return Plan(target="x", base_url="http://x", level=Level.BUILT, seed=1, selection=(), checks=(), contract="1.7",
                contract_digest="", catalogue_digest="", profile={},
                controls={name: PlannedControl(control=name) for name in controls})


def test_a_broker_that_does_not_answer_spoils_nobody_elses_pacts(broker, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"consumer": {"name": "a"}, "provider": {"name": "our platform"},
                                                 "interactions": [INTERACTION]}))
    broker.answers["GET /"] = (503, {})
    target = Target(name="x", base_url="http://x", pact=settings(sources=(f"{broker.url}/", str(tmp_path))))
    stock = stock_for(target, {}, plan("PACT-01"))
    assert [pact.consumer for pact in stock.pacts] == ["a"]
    assert "refused GET /: 503" in stock.problems[0]


def test_certifys_own_stand_in_and_nothing_is_read_that_nobody_asks_for(broker):
    own = stock_for(Target(name="x", base_url="http://x"), {}, plan("PACT-01"))
    assert own.shipped
    assert {"rgs", "live-studio", "jackpot-provider"} <= {pact.consumer for pact in own.pacts}
    assert stock_for(Target(name="x", base_url="http://x"), {"foreign": True}, plan("PACT-01")) == Stock()
    target = Target(name="x", base_url="http://x", pact=settings(sources=(f"{broker.url}/",)))
    assert stock_for(target, {}, plan("IDEM-01")) == Stock()
    assert broker.asked == []


def test_what_is_written_beside_the_journal_holds_no_secret(tmp_path):
    document = {"interactions": [{**INTERACTION, "request": {"headers": {"X-Key": "canary-secret-1"}}}]}
    stock = Stock(pacts=(Pact(consumer="a", provider="b", source="a.json", document=document),))
    write_stock(tmp_path, stock, Redactor(["canary-secret-1"], key=b"k"))
    assert "canary" not in (tmp_path / "pacts.json").read_text()
    assert json.loads((tmp_path / "pacts.json").read_text())["pacts"][0]["consumer"] == "a"
