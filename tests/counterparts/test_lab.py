"""The lab: set-up steps that stop a check, claims as data, closing observations, calls at the same instant."""

import http.client
import json
import threading
import time

import pytest

from harness.counterparts.lab import Lab
from harness.model.claim import Claim, Draft
from harness.model.errors import NoHook, Prerequisite

PLAYERS, SESSIONS, BETS = "POST /sandbox/players", "POST /v1/sessions", "POST /v1/bets/authorize"
ENDPOINTS, RESTART, INFO = "POST /v1/webhooks/endpoints", "POST /sandbox/restart", "GET /sandbox/info"


def body(subject, where, number=-1):
    return json.loads(subject.sent(where)[number].body)


@pytest.fixture
def player(lab, subject):
    subject.answers[PLAYERS] = (201, {}, {})
    return lab.player({"EUR": 10_000, "JPY": 5})


# -- driving ------------------------------------------------------------------------------------------
def test_a_player_is_made_by_the_administration_for_the_partys_tenant_and_recorded(lab, player, subject, lines):
    sent = body(subject, PLAYERS)
    assert (sent["tenant_id"], sent["brand_id"], sent["region"]) == ("tenant-a", "brand-a1", "eu-west")
    assert sent["balances"] == [{"amount": 10_000, "currency": "EUR"}, {"amount": 5, "currency": "JPY"}]
    assert "rg" not in sent
    (record,) = lines.of("player")
    assert (record["player_id"], record["start"], record["check"]) == (player.player_id, player.start, lab.check)
    other = lab.player({}, by=lab.other, region="uk", brand="b2", rg={"excluded": True})
    sent = body(subject, PLAYERS)
    assert (sent["tenant_id"], sent["brand_id"], sent["region"], sent["rg"]) == ("tenant-b", "b2", "uk",
                                                                               {"excluded": True})
    assert (sent["balances"], other.start) == ([], {})


@pytest.mark.parametrize("status", [400, 401, 404, 500, 302])
def test_a_player_that_is_refused_stops_the_check_with_its_code(lab, subject, lines, status):
    subject.answers[PLAYERS] = (status, {"code": "NO_PLAYERS"}, {})
    with pytest.raises(Prerequisite, match=f"createSandboxPlayer answered {status} NO_PLAYERS") as error:
        lab.player()
    assert lines.of("exchange")[-1]["id"] in error.value.exchanges
    assert lab.players == []
    assert lines.of("player") == []


@pytest.mark.parametrize(("answer", "says"), [
    ((200, {"session_id": "s"}, {}), "answered 200"), ((201, {}, {}), "no session_id"),
    ((201, {"session_id": 5}, {}), "no session_id"), ((201, [], {}), "no session_id"), (b"", "answered protocol")],
    ids=repr)
def test_a_session_that_is_none_stops_the_check(lab, player, subject, answer, says):
    subject.answers[SESSIONS] = answer
    with pytest.raises(Prerequisite, match=says):
        lab.session(player)


def test_a_bet_from_authorize_to_rollback_in_the_targets_money_form(workshop_of, target, changed, subject):
    shop = workshop_of(changed(target, profile=changed(target.profile, money_form="decimal_string")))
    lab = Lab(shop, "c", ("X-01",))
    subject.answers[SESSIONS] = (201, {"session_id": "s-1"}, {})
    player = lab.player()
    bet = lab.bet(lab.session(player, constraints={"max_bet": 1}), player, amount=1_050)
    lab.authorize(bet)
    lab.authorize(bet, amount=5, key="k", by=lab.other)
    lab.settle(bet, 7)
    lab.rollback(bet)
    first, second = (json.loads(r.body) for r in subject.sent(BETS))
    assert first == {"session_id": "s-1", "bet_id": bet.bet_id, "round_id": bet.round_id,
                     "amount": {"amount": "10.50", "currency": "EUR"}}
    assert second["amount"]["amount"] == "0.05"
    assert subject.sent(BETS)[1].headers["X-Provider-Id"] == "other"
    assert body(subject, "POST /v1/bets/settle")["win"] == {"amount": "0.07", "currency": "EUR"}
    assert body(subject, "POST /v1/bets/rollback") == {"bet_id": bet.bet_id}
    assert body(subject, SESSIONS)["constraints"] == {"max_bet": 1}


@pytest.mark.parametrize(("status", "wanted", "stops"), [
    (200, (), False), (299, (), False), (404, (404,), False), (302, (), True), (404, (), True), (200, (201,), True)])
def test_must_takes_only_what_was_asked_for(lab, subject, status, wanted, stops):
    subject.default = (status, {}, {})
    exchange = lab.call("getBet", path={"bet_id": "b"})
    if stops:
        with pytest.raises(Prerequisite, match=f"getBet answered {status}"):
            lab.must(exchange, *wanted)
    else:
        assert lab.must(exchange, *wanted) is exchange


def test_half_an_answer_is_none_for_must(lab, subject):
    subject.answers[BETS] = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"
    exchange = lab.call("authorizeBet", {})
    assert exchange.status == 200
    with pytest.raises(Prerequisite):
        lab.must(exchange)


def test_what_a_check_saw_is_in_the_order_of_its_calls_under_its_name(lab, subject):
    calls = [lab.call("getBet", path={"bet_id": str(n)}) for n in range(3)]
    again = lab.again(calls[1])
    assert lab.seen() == (*calls, again)
    assert {e.check for e in lab.seen()} == {lab.check}
    assert [r.path for r in subject.requests if r.method == "GET"] == [f"/v1/bets/{n}" for n in "0121"]


# -- at once ------------------------------------------------------------------------------------------
def test_together_is_at_the_same_instant_and_in_order(lab):
    gate = threading.Barrier(5)  # breaks unless all five run at the same time

    def one(n):
        gate.wait(10)
        return n

    assert lab.together([lambda n=n: one(n) for n in range(5)]) == [0, 1, 2, 3, 4]


def test_side_by_side_runs_all_over_a_few_threads(lab):
    names = lab.side_by_side([lambda: threading.current_thread().name] * 40, at_once=3)
    assert len(names) == 40
    assert 1 <= len(set(names)) <= 3


def test_a_call_that_raises_does_not_keep_the_others_from_ending(lab):
    done = []

    def fails():
        raise Prerequisite("second")

    with pytest.raises(Prerequisite, match="second"):
        lab.together([lambda: done.append(1), fails, lambda: done.append(3)])
    assert sorted(done) == [1, 3]


# -- who observes -------------------------------------------------------------------------------------
def test_the_observer_reads_where_it_may_see_and_the_player_itself_elsewhere(workshop_of, target, changed, client):
    seeing = changed(target, credentials={**target.credentials, "observer": client("observer")})
    lab = Lab(workshop_of(seeing), "c", ("X-01",))
    assert lab.has_party("observer")
    assert not lab.has_party("sibling")
    assert lab.balances(lab.player()).actor == "observer"
    assert lab.balances(lab.player(by=lab.other)).actor == "other"
    with pytest.raises(NoHook):
        lab.party("sibling")


def test_without_an_observer_the_provider_reads(lab, player):
    assert lab.observer is lab.provider
    assert lab.transactions(player).actor == "provider"
    assert lab.read_bet(lab.bet("s", player)).operation == "getBet"


# -- claims -------------------------------------------------------------------------------------------
def test_claims_are_numbered_data_of_their_check(lab, lines):
    draft = Draft(judge="answered", says="it answers", over=("e1",), params={"statuses": [200]})
    lab.claim(draft)
    lab.claim(draft, control="X-02")
    lab.baseline(draft)
    assert [Claim.from_line(line) for line in lines.of("claim")] == lab.claims
    assert [(c.id.rpartition("#")[2], c.control, c.positive_control) for c in lab.claims] == [
        ("1", "X-01", False), ("2", "X-02", False), ("3", "X-01", True)]


def test_a_claim_for_a_control_that_is_not_marked_is_a_bug_of_the_suite(lab, lines):
    with pytest.raises(ValueError, match="claims IDEM-03 but is not marked"):
        lab.claim(Draft(judge="answered", says="x"), control="IDEM-03")
    assert lines.of("claim") == []


# -- waiting ------------------------------------------------------------------------------------------
def test_until_reads_again_until_it_is_enough(lab, subject):
    states = iter(["pending", "pending", "done"])
    subject.answers["GET /v1/bets/b"] = lambda _: (200, {"status": next(states)}, {})
    last = lab.until(lambda: lab.call("getBet", path={"bet_id": "b"}), lambda e: e.field("status") == "done")
    assert last.field("status") == "done"
    assert next(states, None) is None


def test_until_ends_with_the_last_reading_when_the_profiles_wait_is_over(lab, subject):
    began = time.monotonic()
    last = lab.until(lambda: lab.call("getBet", path={"bet_id": "b"}), lambda _: False)
    assert lab.target.webhook_wait_seconds <= time.monotonic() - began < 10
    assert last is lab.seen()[-1]


def test_settled_balances_waits_for_the_expected_sum(lab, player, subject):
    sums = iter([1, 2, 3])
    subject.answers[f"GET /v1/players/{player.player_id}/balances"] = lambda _: (
        200, {"balances": [{"amount": next(sums), "currency": "EUR"}]}, {})
    reading = lab.settled_balances(player, 3)
    assert lab.reading(reading, "EUR") == 3
    assert lab.reading(reading, "JPY") == 0


@pytest.mark.parametrize("answer", [(200, {}, {}), (500, {}, {}), (200, {"balances": [{"amount": "5"}]}, {}), b""],
                         ids=repr)
def test_balances_that_cannot_be_read_stop_the_check(lab, player, subject, answer):
    subject.answers[f"GET /v1/players/{player.player_id}/balances"] = answer
    with pytest.raises(Prerequisite, match="could not be read"):
        lab.reading(lab.balances(player), "EUR")


def page(items, cursor, more):
    return (200, {"items": items, "next_cursor": cursor, "has_more": more}, {})


def test_the_feed_is_walked_to_its_end_with_the_filters_kept(lab, subject):
    pages = iter([page([1], "a", True), page([2], "b&c", True), page([3], None, False)])
    subject.answers["GET /v1/events"] = lambda _: next(pages)
    assert [p.field("items") for p in lab.feed(type="bet.settled")] == [[1], [2], [3]]
    assert [r.query for r in subject.sent("GET /v1/events")] == [
        "limit=200&type=bet.settled", "limit=200&type=bet.settled&cursor=a", "limit=200&type=bet.settled&cursor=b%26c"]


@pytest.mark.parametrize(("answer", "pages"), [
    (page([], "same", True), 50), (page([], 5, True), 1), (page([], "a", False), 1), ((500, {}, {}), 1), (b"", 1),
    ((200, [], {}), 1)], ids=repr)
def test_a_feed_that_never_ends_or_makes_no_sense_is_bounded(lab, subject, answer, pages):
    subject.answers["GET /v1/events"] = answer
    assert len(lab.feed()) == pages


# -- webhooks, restarts, closing ----------------------------------------------------------------------
def test_deliveries_that_match_belong_to_what_the_check_saw(lab, subject):
    subject.answers[ENDPOINTS] = (201, {"endpoint_id": "ep-1", "secret": "whsec-canary-1"}, {})
    lab.listen()
    lab.listen()
    host, _, path = body(subject, ENDPOINTS)["url"].removeprefix("http://").partition("/")
    line = http.client.HTTPConnection(host, timeout=5)
    for name in ("other", "mine"):
        line.request("POST", f"/{path}", json.dumps({"name": name}), {"X-Signature": "0"})
        assert line.getresponse().read() == b""
    line.close()
    (found,) = lab.deliveries(lambda d: d.sent_json() == {"name": "mine"})
    assert found in lab.seen()
    assert found.facts["signature"] == "invalid"
    assert lab.deliveries(lambda _: False) == []
    assert len(subject.sent(ENDPOINTS)) == 1


def test_a_restart_drives_meanwhile_and_waits_for_the_new_start(lab, subject):
    subject.answers[RESTART] = lambda _: subject.answers.update(
        {INFO: (200, {"sandbox": True, "started_at": "two"}, {})}) or (202, {}, {})
    (answer,) = lab.restart([lambda: lab.call("getBet", path={"bet_id": "b"})])
    assert answer.operation == "getBet"


def test_closing_reads_every_player_and_a_player_that_cannot_be_read_stays_open(lab, player, subject, lines):
    lab.close()
    (closed,) = lines.of("player_closed")
    last = lines.of("exchange")[-1]
    assert (closed["player_id"], closed["closed_by"], last["label"]) == (player.player_id, last["id"], "closing")
    lab.provider.forget_tokens()
    subject.answers["POST /v1/oauth/token"] = (500, {}, {})
    lab.close()
    assert len(lines.of("player_closed")) == 1


def test_a_seed_gives_each_check_its_own_repeatable_chance(workshop_of, target):
    def draw(check):
        return Lab(workshop_of(target), check, ("X-01",)).random.random()

    assert draw("a") == draw("a") != draw("b")
