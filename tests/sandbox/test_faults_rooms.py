"""Every fault switch of the outer rooms shows its defect when it is on, and the healthy platform shows none of them.

A probe returns True when it sees the defect.
"""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.sandbox.faults_rooms import FAULTS
from tests.sandbox import test_bonuses as bonuses
from tests.sandbox import test_inbox as inbox
from tests.sandbox import test_jackpots as jackpots
from tests.sandbox import test_payments as payments
from tests.sandbox.switches import probed
from tests.sandbox.test_webhooks import Receiver, signed, subscribe

Probe = Callable[[Any], bool]
Call = tuple[float, dict[str, str], bytes]
PROBES: dict[str, Probe] = {}
ELSEWHERE = {"event-outside-transaction", "inbox-forgets-on-restart"}  # need a kill: test_events_feed, test_inbox


def probe(*names: str) -> Callable[[Probe], Probe]:
    def register(function: Probe) -> Probe:
        for name in names:
            assert name not in PROBES
            PROBES[name] = function
        return function

    return register


def feed(p: Any, query: str) -> Any:
    return p.get(f"/v1/events?{query}")


def game_with_bets(p: Any, count: int) -> tuple[str, str, list[str]]:
    """(query of the game's authorized bets, session, bets)."""
    game = f"studio:{uuid.uuid4().hex[:12]}"
    body = {"player_id": p.player(), "game_id": game, "currency": "EUR", "locale": "de"}
    session = p.send("POST", "/v1/sessions", body).json()["session_id"]
    return f"game_id={game}&type=bet.authorized", session, [p.bet(session, 10) for _ in range(count)]


def bets_of(page: Any) -> list[str]:
    return [one["data"]["bet_id"] for one in page["items"]]


@probe("offset-pagination")
def page_shifts(p: Any) -> bool:
    query, session, bets = game_with_bets(p, 4)
    first = feed(p, query + "&limit=2")
    p.bet(session, 10)
    second = feed(p, f"{query}&limit=2&cursor={first['next_cursor']}")
    return bets_of(first) + bets_of(second) != bets


@probe("limit-ignored")
def long_page(p: Any) -> bool:
    query, *_ = game_with_bets(p, 2)
    return len(feed(p, query + "&limit=1")["items"]) != 1


@probe("order-ignored")
def upside_down(p: Any) -> bool:
    query, _, bets = game_with_bets(p, 2)
    return bets_of(feed(p, query + "&order=desc")) != bets[::-1]


@probe("has-more-wrong")
def page_after_the_last(p: Any) -> bool:
    query, *_ = game_with_bets(p, 2)
    return bool(feed(p, query + "&limit=2")["has_more"])


@probe("filters-not-combined")
def either_filter(p: Any) -> bool:
    _, session, (bet,) = game_with_bets(p, 1)
    p.settle(p.bet(session), 1)
    return bool(feed(p, f"type=bet.settled&bet_id={bet}")["items"])


def listed_on_the_edge(p: Any, edge: str) -> bool:
    """Is a bet's event listed where its own instant is that edge of the window?"""
    _, _, (bet,) = game_with_bets(p, 1)
    query = f"type=bet.authorized&bet_id={bet}"
    (event,) = feed(p, query)["items"]
    return bool(feed(p, f"{query}&{edge}={event['occurred_at']}")["items"])


probe("window-end-included")(lambda p: listed_on_the_edge(p, "occurred_at_to"))
probe("window-start-excluded")(lambda p: not listed_on_the_edge(p, "occurred_at_from"))


@probe("feed-leaks-tenants")
def foreign_events(p: Any) -> bool:
    _, _, (bet,) = game_with_bets(p, 1)
    other = type(p)(p.running, "provider-b", "brand-b1")
    try:
        return bool(feed(other, f"bet_id={bet}")["items"])
    finally:
        other.http.close()


def life(p: Any) -> tuple[list[dict[str, Any]], Any]:
    """(events of a settled bet under its own key, the settle's answer)."""
    bet = p.bet(p.session(p.player()), 10)
    answer = p.settle(bet, 5)
    return [one for one in feed(p, f"bet_id={bet}")["items"] if one["key"] == f"bet:{bet}"], answer


probe("event-without-schema-version")(lambda p: any("schema_version" not in one for one in life(p)[0]))
probe("event-local-time")(lambda p: not all(one["occurred_at"].endswith("Z") for one in life(p)[0]))


@probe("event-without-trace-id")
def other_trace(p: Any) -> bool:
    told, answer = life(p)
    return bool(told[-1]["trace_id"] != answer.request.headers["X-Trace-Id"])


@probe("event-other-settlement-id")
def other_settlement(p: Any) -> bool:
    told, answer = life(p)
    return bool(told[-1]["data"]["settlement_id"] != answer.json()["settlement_id"])


@probe("event-written-twice")
def two_settled(p: Any) -> bool:
    return [one["type"] for one in life(p)[0]].count("bet.settled") != 1


@probe("event-sequence-frozen")
def frozen(p: Any) -> bool:
    sequences = [one["sequence"] for one in life(p)[0]]
    return sequences != list(range(1, len(sequences) + 1))


@probe("event-missing-for-reason")
def no_event_of_a_reason(p: Any) -> bool:
    def announced(**told: str) -> bool:
        _, _, (bet,) = game_with_bets(p, 1)
        p.send("POST", "/v1/bets/rollback", {"bet_id": bet, **told}, uuid.uuid4().hex)
        return "bet.rolled_back" in [one["type"] for one in feed(p, f"bet_id={bet}")["items"]]

    return announced() and not announced(reason="round cancelled")


@probe("event-missing-for-rollback")
def silent_rollback(p: Any) -> bool:
    _, _, (bet,) = game_with_bets(p, 1)
    p.rollback(bet)
    return not feed(p, f"bet_id={bet}&type=bet.rolled_back")["items"]


@probe("event-for-refused-bet")
def announced_refusal(p: Any) -> bool:
    bet = p.new_bet()
    assert p.authorize(p.session(p.player(5)), 10, bet).status_code == 422
    return bool(feed(p, f"bet_id={bet}&type=bet.authorized")["items"])


def delivered(p: Any) -> tuple[str, Call, str]:
    """(secret, the delivery of one authorize, its event's id in the feed)."""
    receiver = Receiver()
    try:
        endpoint = subscribe(p, receiver, "bet.authorized")
        bet = p.bet(p.session(p.player()), 10)
        (call, *_) = receiver.wait(1)
        assert p.send("DELETE", f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}").status_code == 204
    finally:
        receiver.close()
    return endpoint["secret"], call, feed(p, f"bet_id={bet}&type=bet.authorized")["items"][0]["event_id"]


@probe("webhook-unsigned")
def unsigned(p: Any) -> bool:
    _, (_, headers, _), _ = delivered(p)
    return "x-signature" not in headers


@probe("webhook-signs-body-only", "webhook-signs-reserialised")
def wrongly_signed(p: Any) -> bool:
    secret, (_, headers, body), _ = delivered(p)
    return not signed(secret, headers, body)


@probe("webhook-timestamp-stale")
def stale(p: Any) -> bool:
    _, (_, headers, _), _ = delivered(p)
    return abs(int(headers["x-timestamp"]) - time.time()) > 300


@probe("webhook-event-id-missing")
def nameless(p: Any) -> bool:
    _, (_, headers, _), _ = delivered(p)
    return "x-event-id" not in headers


@probe("event-sent-twice-new-id")
def renamed(p: Any) -> bool:
    _, (_, _, body), event_id = delivered(p)
    return bool(json.loads(body)["event_id"] != event_id)


def settled(p: Any) -> dict[str, Any]:
    """The body of the webhook about a bet that is settled."""
    receiver = Receiver()
    try:
        endpoint = subscribe(p, receiver, "bet.settled")
        bet = p.bet(p.session(p.player()), 10)
        p.settle(bet, 20)
        (call, *_) = receiver.wait(1)
        assert p.send("DELETE", f"/v1/webhooks/endpoints/{endpoint['endpoint_id']}").status_code == 204
    finally:
        receiver.close()
    told: dict[str, Any] = json.loads(call[2])
    return told


probe("webhook-money-as-text")(lambda p: settled(p)["data"]["win"]["amount"] == "20")
probe("webhook-settlement-renamed")(lambda p: "settlement_id" not in settled(p)["data"])


@probe("inbox-wants-milliseconds")
def whole_seconds_refused(p: Any) -> bool:
    event = {**json.loads(inbox.an_event()), "occurred_at": "2026-11-21T12:00:00Z"}
    return bool(inbox.publish(p, json.dumps(event).encode()).status_code != 202)


probe("accepted-without-location")(
    lambda p: "Location" not in payments.pay(p, p.player(), "deposit", 5).headers)


@probe("operation-never-final")
def for_ever_pending(p: Any) -> bool:
    answer = payments.pay(p, p.player(), "deposit", 5)
    return not p.eventually(lambda: payments.status(p, answer) == "succeeded", 1.5)


@probe("payment-booked-twice")
def twice_booked(p: Any) -> bool:
    player = p.player(0)
    payments.final(p, payments.pay(p, player, "deposit", 5))
    return bool(p.balance(player)[0] != 5)


@probe("freespin-consumed-twice")
def spin_twice(p: Any) -> bool:
    player = p.player(0)
    bonus = bonuses.a_bonus(p, player)
    for _ in range(2):
        bonuses.consume(p, bonus, 10, f"{bonus}-spin")
    return bool(p.balance(player)[0] != 10)


@probe("freespins-below-zero")
def spin_too_many(p: Any) -> bool:
    bonus = bonuses.a_bonus(p, p.player(0), spins=1)
    return [bonuses.consume(p, bonus, 10).status_code for _ in range(2)] != [200, 409]


@probe("wager-counted-twice")
def stake_twice(p: Any) -> bool:
    player = p.player()
    bonus, bet = bonuses.a_bonus(p, player), p.bet(p.session(player), 40)
    for _ in range(2):
        bonuses.progress(p, bonus, bet)
    return bonuses.wagered(p, bonus) != 40


@probe("rollback-keeps-wager")
def kept_wager(p: Any) -> bool:
    player = p.player()
    bonus, bet = bonuses.a_bonus(p, player), p.bet(p.session(player), 40)
    bonuses.progress(p, bonus, bet)
    p.rollback(bet)
    return bonuses.wagered(p, bonus) != 0


@probe("bonus-released-twice")
def released_twice(p: Any) -> bool:
    player = p.player(1_000)
    session, bonus = p.session(player), bonuses.a_bonus(p, player, 500, wager=1)
    for _ in range(2):
        bonuses.progress(p, bonus, p.bet(session, 1))
    released = ([one["amount"] for one in p.ledger(player) if one["kind"] == "bonus"] for _ in itertools.count())
    assert p.eventually(lambda: 500 in next(released))
    return bool(p.eventually(lambda: next(released).count(500) > 1, 0.5))


@probe("rollback-keeps-contribution")
def kept_contribution(p: Any) -> bool:
    jackpot, bet = jackpots.a_jackpot(p), jackpots.a_bet(p)
    jackpots.contribute(p, jackpot, bet, 30)
    p.rollback(bet)
    return jackpots.pool(p, jackpot) != 1_000


@probe("jackpot-paid-twice")
def paid_twice(p: Any) -> bool:
    player = p.player(0)
    won = jackpots.a_win(p, jackpots.a_jackpot(p, 1_000), player)
    for _ in range(2):
        jackpots.pay(p, won, player)
    return bool(p.balance(player)[0] != 1_000)


@probe("trigger-keeps-pool")
def kept_pool(p: Any) -> bool:
    jackpot = jackpots.a_jackpot(p)
    jackpots.a_win(p, jackpot, p.player())
    return jackpots.pool(p, jackpot) != 0


def events_of_a_win(p: Any) -> list[Any]:
    bet = p.bet(p.session(p.player()), 100)
    p.settle(bet, 250)
    return [one["data"]["win"]["amount"] for one in feed(p, f"bet_id={bet}&type=bet.settled")["items"]]


probe("event-lost-for-settlement")(lambda p: events_of_a_win(p) == [])
probe("event-amount-off")(lambda p: events_of_a_win(p) == [249])


@probe("inbox-takes-repeats")
def taken_again(p: Any) -> bool:
    body = inbox.an_event()
    return [inbox.publish(p, body).status_code for _ in range(2)] == [202, 202]


@probe("inbox-dedupes-by-header")
def known_by_header(p: Any) -> bool:
    body, key = inbox.an_event(), p.new_bet()
    codes = [inbox.publish(p, body, X_Event_Id=name).status_code for name in (key, key, p.new_bet())]
    return codes == [202, 200, 202]


@probe("inbox-forgets-with-the-window")
def taken_after_minutes(p: Any) -> bool:
    body = inbox.an_event()
    inbox.publish(p, body)
    p.admin("POST", "/sandbox/clock", {"advance_seconds": 400})
    try:
        return bool(inbox.publish(p, body, str(int(time.time()) + 400)).status_code == 202)
    finally:
        p.admin("POST", "/sandbox/clock", {"advance_seconds": -400})


@probe("inbox-race")
def taken_at_once(p: Any) -> bool:
    body = inbox.an_event()
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(one.status_code for one in pool.map(lambda _: inbox.publish(p, body), range(8)))
    return codes.count(202) > 1


(test_every_switch_has_a_probe, test_the_switch_shows_its_defect,
 test_the_healthy_platform_shows_none) = probed(PROBES, FAULTS, elsewhere=ELSEWHERE)
