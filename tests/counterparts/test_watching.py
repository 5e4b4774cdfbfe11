"""Watching beside a storm: a small platform with a feed and a ledger, honest or not, and a storm that is none."""

import json
import threading
from dataclasses import replace

import pytest

from harness.counterparts.lab import Lab
from harness.counterparts.watching import watcher as watching
from harness.counterparts.watching.canaries import Canaries
from harness.counterparts.watching.feed import Follower
from harness.counterparts.watching.gauges import Gauges, lengths
from harness.counterparts.watching.rounds_told import RoundsTold
from harness.counterparts.watching.watcher import watched
from harness.drivers.recording_client import RecordingClient
from harness.engine.ports import Request, Sent
from harness.engine.redaction import Redactor
from harness.judges.load_books import Kind, differences, ledger_after_burst
from harness.judges.load_money import money_after_burst
from harness.judges.load_queues import queues_calm
from harness.model.arrivals import constant
from harness.model.exchange import Exchange
from harness.model.profile import LoadPromise
from harness.model.scenario import Burst, Scenario
from harness.model.storm import Caller, Mix, Seat, StormPlan
from harness.model.storm_record import Became, StormResult
from harness.model.tally import Tally

ROUNDS = 12
SCENARIO = Scenario(name="s", says="S.", workload=Burst(seconds=1), expects=(("X-01", ledger_after_burst),
                                                                             ("X-02", queues_calm)))


# -- events of rounds ----------------------------------------------------------------------------------
def event(number, kind="bet.settled", event_id="ev-1", bet="storm-1"):
    return {"event_id": event_id, "type": kind, "data": {"bet_id": f"{bet}-{number}"}}


def test_the_same_event_id_counts_once_and_another_one_twice_at_most():
    told = RoundsTold("storm-1", 4)
    for name in ("a", "a", "b", "c", "a", "d"):
        told.take(event(2, event_id=name))
    told.take(event(1, "bet.rolled_back"))
    assert told.counts() == (b"\0\0\0\0", b"\0\0\2\0", b"\0\1\0\0")


@pytest.mark.parametrize("strange", [
    None, [], "x", {}, {"type": "bet.settled"}, {"type": [], "data": {}}, {"type": "bet.settled", "data": []}, event(4),
    event(-1), event("x"), event("1²"), event("9" * 30), event(1, bet="storm-2"), event(1, bet="storm-1-1"),
    event(1, "session.started"), {"type": "bet.settled", "data": {"bet_id": 7}}])
def test_what_is_no_event_of_the_storm_is_left_alone(strange):
    told = RoundsTold("storm-1", 4)
    told.take(strange)
    assert not any(map(any, told.counts()))


# -- the follower --------------------------------------------------------------------------------------
def follower(answers, heard=None):
    """Answers by cursor: a page, or what it is answered instead: (status, body, failure)."""
    asked = []

    def request(limit, cursor):
        asked.append((limit, cursor))
        return Request(method="GET", url="http://x/v1/events")

    def send(_):
        limit, cursor = asked[-1]
        found = answers(limit, cursor)
        status, body, failure = found if isinstance(found, tuple) else (200, json.dumps(found).encode(), "")
        return Sent(Exchange(id="e", check="", actor="", method="GET", url="", status=status, failure=failure), body)

    made = Follower(request, send, lambda one, *_: heard.append(one) if heard is not None else None)
    made.asked = asked
    return made


def page(items, cursor=None):
    return {"items": items, "next_cursor": cursor, "has_more": cursor is not None}


def test_it_reads_to_the_end_and_then_asks_for_the_last_page_again_as_it_grows():
    heard, feed = [], [page([1, 2], "c2"), page([3, 4], "c4"), page([5])]
    reader = follower(lambda _, cursor: feed[{None: 0, "c2": 1, "c4": 2}[cursor]], heard)
    assert reader.ended_at == float("-inf")
    assert reader.read_on(threading.Event()) > 0
    assert (heard, reader.ended_at > 0) == ([1, 2, 3, 4, 5], True)
    feed[2] = page([5, 6])
    reader.read_on(threading.Event())
    assert (heard[5:], [cursor for _, cursor in reader.asked]) == ([5, 6], [None, "c2", "c4", "c4"])


@pytest.mark.parametrize("answer", [(500, b"", ""), (None, b"", "timeout"), (200, b"no json", ""), (200, b"[]", ""),
                                    (200, b'{"items": {}}', ""), (404, b'{"items": []}', "")])
def test_what_is_no_page_is_told_until_one_comes(answer):
    state = [answer]
    reader = follower(lambda *_: state[0])
    assert reader.read_on(threading.Event()) > 0
    assert (reader.failing.status, reader.ended_at) == (answer[0], float("-inf"))
    state[0] = page([])
    reader.read_on(threading.Event())
    assert (reader.failing, reader.problem) == (None, "")


def test_pages_that_are_too_large_are_asked_for_smaller():
    reader = follower(lambda limit, _: (200, b"", "too_large") if limit > 50 else page([1]))
    for _ in range(3):
        reader.read_on(threading.Event())
    assert ([limit for limit, _ in reader.asked], reader.failing) == ([200, 100, 50], None)


@pytest.mark.parametrize("endless", [{"items": [1], "has_more": True, "next_cursor": None},
                                     {"items": [1], "has_more": True, "next_cursor": "same"}])
def test_a_feed_without_an_end_is_followed_no_more(endless):
    reader = follower(lambda *_: endless)
    reader.follow(threading.Event())
    assert "has_more" in reader.problem


# -- queues --------------------------------------------------------------------------------------------
TEXT = """# HELP owed Deliveries.
# TYPE owed gauge
owed{kind="a"} 3.0
owed{kind="b"} 4
other 1
broken NaN
"""


def test_lengths_are_summed_over_labels_and_what_is_no_number_is_left_out():
    assert lengths(TEXT, ["owed", "broken", "absent"]) == {"owed": 7.0}


@pytest.mark.parametrize("text", ["<html>", "owed{", "owed x", 'owed{a="} 1', "{", "\0"])
def test_what_is_no_text_of_metrics_is_one_line(text):
    with pytest.raises(ValueError, match=r"no Prometheus text \(\w+\)$"):
        lengths(text, ["owed"])


@pytest.mark.parametrize(("status", "body", "owner"), [
    (200, b"<html> <", "subject"), (200, b"other 1\n", "target profile"), (401, b"", "subject"),
    (None, b"", "environment")])
def test_metrics_that_cannot_be_read_are_told_with_whose_fault_it_is(status, body, owner):
    answer = Exchange(id="e", check="", actor="", method="GET", url="http://x/metrics", status=status,
                      failure="" if status else "timeout")
    gauges = Gauges(["owed"], lambda: Sent(answer, body))
    gauges.look()
    assert (gauges.unread.owner, gauges.told(0.0)[0].samples) == (owner, ())


# -- the whole of it -----------------------------------------------------------------------------------
class Platform:
    """Takes bets, books them, and tells of them in a feed of pages of three; `spoil` may change what it keeps."""

    def __init__(self, subject):
        self.events, self.entries, self.bets = [], {}, {}
        self.queue = 0
        self.spoil = lambda _, bet, amount: [(bet, amount)]
        self.silent = lambda *_: False
        subject.answers.update({
            "POST /sandbox/players": (201, {}, {}), "POST /v1/sessions": self.session,
            "POST /v1/bets/authorize": self.authorize, "POST /v1/bets/settle": self.settle,
            "GET /v1/events": self.feed, "GET /metrics": lambda _: (200, f"owed {self.queue}\n".encode(), {})})
        subject.default = self.other

    def session(self, request):
        return 201, {"session_id": f"s-{json.loads(request.body)['player_id']}"}, {}

    def authorize(self, request):
        sent = json.loads(request.body)
        return self.do("bet.authorized", sent["bet_id"], sent["session_id"][2:], -sent["amount"]["amount"])

    def settle(self, request):
        sent = json.loads(request.body)
        return self.do("bet.settled", sent["bet_id"], self.bets[sent["bet_id"]], sent["win"]["amount"])

    def do(self, kind, bet, player, amount):
        self.bets[bet] = player
        for name, moved in self.spoil(kind, bet, amount):
            rows = self.entries.setdefault(player, [])
            rows.append({"transaction_id": f"t-{len(rows)}", "kind": "bet" if amount < 0 else "win", "amount": moved,
                         "currency": "EUR", "bet_id": name, "occurred_at": "2026-11-22T00:00:00Z"})
        if not self.silent(kind, bet):
            self.events.append({"event_id": f"ev-{len(self.events)}", "type": kind, "data": {"bet_id": bet},
                                "occurred_at": "2026-11-22T00:00:00Z"})
        return 200, {}, {}

    def feed(self, request):
        query = dict(pair.split("=") for pair in request.query.split("&"))
        rows = [e for e in self.events if query.get("bet_id") in (None, e["data"]["bet_id"])]
        return self.paged(rows, query)

    def other(self, request):
        parts = request.path.split("/")
        if parts[-1] == "transactions":
            query = dict(pair.split("=") for pair in request.query.split("&"))
            return self.paged(self.entries.get(parts[-2], []), query)
        return 200, {}, {}

    def paged(self, rows, query):
        at = int(query.get("cursor", 0))
        more = len(rows) > at + 3
        return 200, {"items": rows[at:at + 3], "next_cursor": str(at + 3) if more else None, "has_more": more}, {}


@pytest.fixture
def platform(subject):
    return Platform(subject)


@pytest.fixture
def quick(monkeypatch):
    """No base of three seconds, no canary: what is late is left to the judge's own tests."""
    for name, value in {"_BASE_SECONDS": 0.0, "_BASE_SEEN": 0, "_AFTER_SEEN": 0, "_MARGIN_SECONDS": 0.3,
                        "_STEP": 0.01}.items():
        monkeypatch.setattr(watching, name, value)


@pytest.fixture
def watch(quick, platform, target, workshop_of, subject, lines):
    """watch(spoil=..., load=...) -> (what was watched, the plan, the result) of a small storm."""
    clients = []

    def unrecorded():
        clients.append(RecordingClient(None, Redactor(), hosts=target.hosts, prefix="q", timeout=2.0))
        return clients[-1]

    def run(**load):
        promised = LoadPromise(rounds_per_second=10, **{"settles_within_seconds": 0.5, **load})
        shop = workshop_of(replace(target, load=promised), unrecorded=unrecorded,
                           blow=lambda plan, **_: blown(platform, plan))
        lab = Lab(shop, "a/test_a.py::test_x", ("X-01", "X-02"))
        players = [lab.player({"EUR": 1_000}) for _ in range(2)]
        plan = StormPlan(base_url=target.base_url, schedule=constant(ROUNDS, 1, spacing="even"), prefix="storm-1",
                         mix=Mix(rollbacks=0, duplicates=0), callers=(Caller(headers=(), token=""),),
                         seats=tuple(Seat(player_id=p.player_id, session_id=f"s-{p.player_id}") for p in players))
        with watched(lab, plan, SCENARIO, [lab.provider], players) as found:
            lab.storm(plan, (), watch=found)
        (storm,) = lines.of("storm")
        return storm

    yield run
    for client in clients:
        client.close()


def blown(platform, plan):
    for number in range(ROUNDS):
        one, bet = plan.round(number), f"{plan.prefix}-{number}"
        player = plan.seats[one.seat].player_id
        platform.do("bet.authorized", bet, player, -one.stake)
        platform.do("bet.settled", bet, player, one.win)
    done = bytes([Became.DONE]) * ROUNDS
    return StormResult(tally=Tally(), begun=done, ended=done, workers=1)


def record(line):
    from harness.model.storm_record import StormRecord

    return StormRecord.from_line(json.loads(json.dumps(line)))


def kinds(line):
    storm = record(line)
    return {(d.number, d.kind) for d in differences(storm.plan, storm.result, storm.watch)}


def test_honest_books_are_read_whole_and_not_a_page_of_them_is_recorded(watch, platform, lines):
    storm = record(watch())
    assert (kinds(storm.to_line()), storm.watch.unread, storm.watch.looked_at) == (set(), {}, {})
    assert storm.watch.told == (b"\1" * ROUNDS, b"\1" * ROUNDS, bytes(ROUNDS))
    assert storm.watch.booked.entries == b"\2" * ROUNDS
    recorded = [line["operation"] for line in lines.of("exchange")]
    assert recorded.count("listPlayerTransactions") == 0
    assert recorded.count("listEvents") == 1, "the one that says what time it is"


def test_wins_that_are_booked_for_another_bet_are_found_and_shown(watch, platform, lines):
    mistaken = ("bet.settled", "storm-1-4")
    platform.spoil = lambda kind, bet, amount: [("storm-1-2" if (kind, bet) == mistaken else bet, amount)]
    line = watch()
    assert kinds(line) == {(2, Kind.LEDGER), (4, Kind.LEDGER)}
    shown = {e["id"]: e for e in lines.of("exchange")}
    cited = [shown[i] for i in record(line).watch.looked_at[2]]
    assert [e["operation"] for e in cited] == ["getBet", "listEvents", "listPlayerTransactions"]
    assert "storm-1-2" in cited[2]["response_body"]


def test_an_event_that_never_comes_is_missing_when_the_feed_was_read_again(watch, platform):
    platform.silent = lambda kind, bet: (kind, bet) == ("bet.settled", "storm-1-7")
    assert kinds(watch()) == {(7, Kind.MISSING)}


def test_entries_that_name_no_bet_leave_their_player_to_its_sum(watch, platform):
    platform.spoil = lambda *moved: [(None, moved[-1])]
    storm = record(watch())
    assert (kinds(storm.to_line()), storm.watch.booked.nameless) == (set(), (0, 1))
    nets = [storm.plan.round(n).win - storm.plan.round(n).stake for n in range(ROUNDS)]
    assert storm.watch.booked.seats == (sum(nets[::2]), sum(nets[1::2]))


@pytest.mark.parametrize(("where", "answer", "book", "owner"), [
    ("GET /v1/events", (403, {"code": "FORBIDDEN"}, {}), "feed", "subject"),
    ("GET /v1/events", (200, {"items": []}, {}), "feed", "subject"),
    ("GET /metrics", (404, {}, {}), "queues", "subject"),
    ("GET /metrics", (200, b"other 1\n", {}), "queues", "target profile")])
def test_what_cannot_be_read_is_noted_and_the_storm_blown(watch, subject, target, where, answer, book, owner, lines):
    subject.answers[where] = answer
    found = record(watch(metrics=f"{target.base_url}/metrics", queues=("owed",))).watch
    assert {name: one.owner for name, one in found.unread.items()} == {book: owner}
    assert book != "feed" or found.unread["feed"].exchange in {e["id"] for e in lines.of("exchange")}


def test_a_ledger_that_cannot_be_read_is_noted(watch, platform, subject, lines):
    subject.default = (404, {"code": "NOT_FOUND"}, {})
    found = record(watch()).watch
    assert (found.booked, found.unread["ledger"].owner) == (None, "subject")
    assert "404" in found.unread["ledger"].says
    (shown,) = [e for e in lines.of("exchange") if e["id"] == found.unread["ledger"].exchange]
    assert (shown["operation"], shown["status"]) == ("listPlayerTransactions", 404)


def test_a_queue_that_stays_long_is_read_once_more_for_the_record(watch, platform, target, lines, monkeypatch):
    monkeypatch.setattr("harness.counterparts.watching.gauges._EVERY", 0.05)
    honest = platform.do

    def do(kind, bet, player, amount):
        if bet.startswith("storm"):
            platform.queue = 500
        return honest(kind, bet, player, amount)

    platform.do = do
    found = record(watch(metrics=f"{target.base_url}/metrics", queues=("owed",))).watch
    (queue,) = found.queues
    assert queue.samples[-1][1] == 500
    (shown,) = [e for e in lines.of("exchange") if e["url"].endswith("/metrics")]
    assert (shown["id"], shown["response_body"]) == (queue.exchange, "owed 500\n")


def test_a_scenario_that_expects_nothing_of_it_is_not_watched(lab):
    scenario = replace(SCENARIO, expects=(("X-01", money_after_burst),))
    with watched(lab, None, scenario, [], []) as found:
        assert found is None


def test_an_interruption_ends_it(watch, platform, subject, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setitem(globals(), "blown", interrupted)
    with pytest.raises(KeyboardInterrupt):
        watch()
    for thread in [t for t in threading.enumerate() if t.name == "watching"]:
        thread.join(5)
        assert not thread.is_alive()


def test_a_canary_that_is_refused_or_answered_with_an_error_is_no_sample(lab, platform, subject):
    canaries = Canaries(lab, [lab.provider], "EUR")
    false = (200, {"code": "INTERNAL", "message": "no", "retryable": True, "trace_id": "t"}, {})
    taken, answer = canaries.one(0)
    for refusal in ((503, {"code": "BUSY"}, {}), false):
        subject.answers["POST /v1/bets/settle"] = refusal
        canaries.one(0)
    assert (canaries.not_taken, [c.exchange for c in canaries.told(0.0, [])]) == (2, [answer.id])
    at = answer.ended_ns / 1e9
    for heard in (7, {"type": "bet.settled", "data": {"bet_id": "of-others"}}, event(0, "bet.authorized", bet=taken)):
        canaries.hear(heard, at, at)
    settled = {"type": "bet.settled", "data": {"bet_id": taken}}
    (unseen,) = canaries.told(at - 5.0, [at + 3.0])
    canaries.hear(settled, at + 1.0, at + 2.0)
    canaries.hear(settled, at + 8.0, at + 9.0)
    (seen,) = canaries.told(at - 5.0, [at + 9.0])
    assert (unseen.at, unseen.low, unseen.high) == (5.0, 3.0, None)
    assert (seen.at, seen.low, seen.high) == (5.0, 1.0, 2.0)
