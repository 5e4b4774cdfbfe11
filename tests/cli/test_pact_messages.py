"""`certify pact messages`: message pacts beside events that a run or a HAR file saw; exit codes, text and JSON."""

import json

import pytest

from harness.contracts import packs
from harness.model.exchange import Exchange

PACTS = packs.pack_path("1.7") / "pacts"
SETTLED = packs.event_schemas("1.7")["bet.settled"]["examples"][0]
UNDONE = packs.event_schemas("1.7")["bet.rolled_back"]["examples"][0]
ENDED = packs.event_schemas("1.7")["session.ended"]["examples"][0]
RENAMED = {**SETTLED, "data": {**SETTLED["data"], "win": {"amount": "1500", "currency": "EUR"}}}
RGS = PACTS / "rgs-platform-events.json"


def delivery(event, number):
    return Exchange(id=f"h{number}", check="", actor="receiver", channel="webhook", method="POST",
                    url="http://127.0.0.1:1/hooks/x", status=204, request_body=json.dumps(event))


def page(*events):
    return Exchange(id="p1", check="", actor="provider", method="GET", url="http://x/v1/events?limit=9", status=200,
                    response_body=json.dumps({"items": events, "has_more": False}))


@pytest.fixture
def run(here):
    def write(*exchanges):
        (here / "run").mkdir()
        lines = [{"k": "exchange", "t": n, **e.to_line()} for n, e in enumerate(exchanges)]
        (here / "run" / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines),
                                                    encoding="utf-8")
        (here / "run" / "contract.json").write_text("{}", encoding="utf-8")
        return "run"
    return write


def test_events_of_a_run_that_their_consumer_reads_are_green(say, run):
    traffic = run(delivery(SETTLED, 1), page(UNDONE), delivery(ENDED, 2))
    code, out, _ = say("pact", "messages", RGS, "--traffic", traffic)
    assert code == 0
    assert "pass: 3 interactions of rgs are verified" in out
    assert "ok       rgs <- platform-events: the event bet.settled  h1" in out


def test_an_event_that_its_consumer_cannot_read_is_red_and_says_where(say, run):
    code, out, _ = say("pact", "messages", RGS, "--traffic", run(delivery(RENAMED, 1), page(UNDONE, ENDED)))
    assert code == 1
    assert "BROKEN   rgs <- platform-events: the event bet.settled  h1" in out
    assert "$.data.win.amount: " in out


def test_one_wrong_event_among_right_ones_is_red(say, run):
    traffic = run(delivery(SETTLED, 1), delivery(RENAMED, 2), page(UNDONE, ENDED))
    assert say("pact", "messages", RGS, "--traffic", traffic)[0] == 1


def test_what_was_not_seen_is_inconclusive_and_named(say, run):
    code, out, _ = say("pact", "messages", RGS, "--traffic", run(delivery(SETTLED, 1)), "--json")
    said = json.loads(out)
    assert (code, said["exit_code"], said["outcome"], said["schema"]) == (3, 3, "inconclusive",
                                                                           "certify.pact-messages/1")
    assert [one["became"] for one in said["results"]] == ["not_produced", "verified", "not_produced"]
    assert "no event of type bet.rolled_back was seen in the traffic" in said["message"]


def test_what_a_provider_publishes_is_held_against_its_own_pact(say, run):
    told = {**packs.event_schemas("1.7")["rg.reality_check"]["examples"][0]}
    sent = {"check": "", "actor": "provider", "method": "POST", "url": "http://x/v1/inbox/events"}
    refused = Exchange(id="e1", **sent, status=422, request_body=json.dumps({**told, "data": {}}))
    taken = Exchange(id="e2", **sent, status=202, request_body=json.dumps(told))
    code, out, _ = say("pact", "messages", PACTS, "--provider", "rgs-events", "--traffic", run(refused, taken))
    assert code == 0
    assert "ok       platform <- rgs-events: the event rg.reality_check  e2" in out


def test_a_har_file_is_traffic(say, here):
    entries = [{"request": {"method": "POST", "url": "http://x/hooks", "postData": {"text": json.dumps(SETTLED)}},
                "response": {"status": 204}},
               {"request": {"method": "GET", "url": "http://x/v1/events"}, "response": {"status": 200, "content": {
                   "text": json.dumps({"items": [UNDONE, ENDED]})}}},
               None, {"request": {"method": [], "postData": 3}, "response": {"content": []}}]
    (here / "x.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    assert say("pact", "messages", RGS, "--traffic", "x.har")[0] == 0


def test_no_message_pacts_are_not_green(say, run):
    assert say("pact", "messages", PACTS / "rgs-platform.json", "--traffic", run(delivery(SETTLED, 1)))[0] == 3


def test_unreadable_things_are_one_line(say, here, run):
    assert say("pact", "messages", "nowhere.json", "--traffic", run(delivery(SETTLED, 1)))[0] == 2
    code, _, err = say("pact", "messages", RGS, "--traffic", "nowhere.har")
    assert code == 2
    assert "Traceback" not in err
