"""CONT-10: cursors lead through a list once: complete, without repeats, within the limit, while new items arrive.

Offset pages lose or repeat items exactly when it is busy, and reconciliation then finds what nobody did.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from harness import Exchange, Lab, Prerequisite, one_walk, only_matching, order_of, refused, same_listing

MOST_PAGES = 300
EARLY, LIMIT = 8, 5


@pytest.mark.certifies("CONT-10")
def test_the_feed_is_complete_while_events_arrive(lab: Lab) -> None:
    """Walk the feed in pages of 5, up and down, while this check and others go on betting."""
    player = lab.player()
    opened = lab.must(lab.call("createSession", {
        "player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}), 201)
    session = str(opened.field("session_id"))
    bets = [lab.bet(session, player, amount=100) for _ in range(EARLY)]
    for bet in bets:
        lab.must(lab.authorize(bet), 200)
    ids = [bet.bet_id for bet in bets]
    query = {"type": "bet.authorized", "occurred_at_from": _before(opened, 2), "limit": LIMIT}
    lab.until(lambda: lab.call("listEvents", query={**query, "order": "desc", "limit": 200}),
              lambda page: all(bet_id in page.response_body for bet_id in ids))
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        pages, cut = _walk(lab, lambda cursor, order=order: lab.call(
            "listEvents", query={**query, "order": order, "cursor": cursor}),
            between=lambda: lab.authorize(lab.bet(session, player, amount=100)))
        lab.claim(one_walk(pages, limit=LIMIT, key="event_id", member="bet_id", complete=ids, cut=cut,
                           says=f"the feed in order {order} gives every event once while new ones arrive"))
        lab.claim(order_of(pages, member="bet_id", expected=expected, says=f"order={order} is the order of the feed"))


@pytest.mark.certifies("CONT-10")
def test_the_last_page_says_that_it_is_the_last(lab: Lab) -> None:
    """One bet's events in pages of one, and in a page that holds exactly all of them."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player)
    lab.must(lab.authorize(bet), 200)
    lab.must(lab.settle(bet, 1_500), 200)

    def read(limit: int, cursor: str | None = None) -> Exchange:
        return lab.call("listEvents", query={"bet_id": bet.bet_id, "limit": limit, "cursor": cursor})

    whole = lab.until(lambda: read(200), _at_rest("bet.settled"))
    count = len(whole.field("items") or ()) if isinstance(whole.field("items"), list) else 0
    lab.claim(only_matching([whole], filters={"bet_id": bet.bet_id}, least=2))
    for limit in {1, max(1, min(count, 200))}:
        pages, cut = _walk(lab, lambda cursor, limit=limit: read(limit, cursor))
        lab.claim(one_walk(pages, limit=limit, key="event_id", cut=cut))
        lab.claim(same_listing(whole, pages, key="event_id"))


@pytest.mark.certifies("CONT-10")
def test_a_players_transactions_are_complete_while_they_grow(lab: Lab) -> None:
    """The ledger view in pages of two while new bets are held."""
    player = lab.player()
    session = lab.session(player)
    for _ in range(6):
        lab.must(lab.authorize(lab.bet(session, player, amount=100)), 200)
    whole = lab.until(lambda: lab.transactions(player), _at_rest())

    def read(cursor: str | None) -> Exchange:
        return lab.call("listPlayerTransactions", path={"player_id": player.player_id},
                        query={"limit": 2, "cursor": cursor})

    pages, cut = _walk(lab, read, between=lambda: lab.authorize(lab.bet(session, player, amount=100)))
    lab.claim(one_walk(pages, limit=2, key="transaction_id", cut=cut))
    lab.claim(same_listing(whole, pages, key="transaction_id"))


@pytest.mark.certifies("CONT-10")
def test_filters_work_together(lab: Lab) -> None:
    """Type, bet, game and time at once; nothing from outside them is listed; a made-up cursor is refused."""
    player = lab.player()
    opened = lab.must(lab.call("createSession", {
        "player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}), 201)
    session = str(opened.field("session_id"))
    bet, other = lab.bet(session, player), lab.bet(session, player)
    for each in (bet, other):
        lab.must(lab.authorize(each), 200)
        lab.must(lab.settle(each, 100), 200)

    def read(**query: str) -> Exchange:
        return lab.call("listEvents", query={**query, "limit": 200})

    lab.until(lambda: read(bet_id=other.bet_id), lambda page: "bet.settled" in page.response_body)
    both = {"type": "bet.authorized", "bet_id": bet.bet_id}
    window = {"occurred_at_from": _before(opened, 5), "occurred_at_to": _before(opened, -600)}
    for filters in (both, {**both, **window}, {**both, **window, "game_id": "studio:slot_forge_02"}):
        lab.claim(only_matching([read(**filters)], filters=filters, least=1))
    past = {"occurred_at_from": _before(opened, 3_600), "occurred_at_to": _before(opened, 60)}
    for filters in ({**both, **past}, {**both, "game_id": "studio:no_such_game"}):
        lab.claim(only_matching([read(**filters)], filters=filters, most=0,
                                says=f"nothing fits {', '.join(filters)} together"))
    lab.claim(refused(lab.call("listEvents", query={"cursor": "not-a-cursor", "limit": 5}),
                      says="a cursor that the platform never made is refused"))


@pytest.mark.certifies("CONT-10")
def test_a_window_of_time_has_its_first_instant_and_not_its_last(lab: Lab) -> None:
    """An event exactly on the edge: listed where it is `from`, not where it is `to`, so that windows can be joined."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player)
    lab.must(lab.authorize(bet), 200)
    only = {"type": "bet.authorized", "bet_id": bet.bet_id}

    def read(**window: str) -> Exchange:
        return lab.call("listEvents", query={**only, **window, "limit": 200})

    listed = lab.until(read, lambda page: bet.bet_id in page.response_body)
    lab.claim(only_matching([listed], filters=only, least=1))
    rows = listed.field("items")
    times = [row.get("occurred_at") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if len(times) != 1 or not isinstance(times[0], str):
        raise Prerequisite("the one event of a bet that was authorized was not listed with its time",
                           remedy="List each event once, with occurred_at", exchanges=(listed.id,))
    first, last = {"occurred_at_from": times[0]}, {"occurred_at_to": times[0]}
    lab.claim(only_matching([read(**first)], filters={**only, **first}, least=1,
                            says="occurred_at_from is inclusive: the event of that very instant is listed"))
    lab.claim(only_matching([read(**last)], filters={**only, **last}, most=0,
                            says="occurred_at_to is exclusive: the event of that very instant is not listed"))


def _at_rest(text: str = "") -> Callable[[Exchange], bool]:
    """True for a page that holds `text` and reads as it did the time before: what comes late has come."""
    earlier: list[str] = []

    def same(page: Exchange) -> bool:
        earlier.append(page.response_body)
        return text in page.response_body and earlier[-2:-1] == [page.response_body]

    return same


def _walk(lab: Lab, read: Callable[[str | None], Exchange],
          between: Callable[[], Exchange] | None = None) -> tuple[list[Exchange], bool]:
    """Pages from the first to the last, new items made after each of the first ones; and whether we gave up."""
    pages = [read(None)]
    for number in range(MOST_PAGES):
        cursor = pages[-1].field("next_cursor")
        if pages[-1].status != 200 or pages[-1].field("has_more") is not True or not isinstance(cursor, str):
            return pages, False
        if between is not None and number < 3:
            lab.must(between(), 200)
        pages.append(read(cursor))
        if not pages[-1].field("items"):
            return pages, False
    return pages, True


def _before(answer: Exchange, seconds: int) -> str:
    """A UTC time that many seconds before the answer's created_at; by our clock where it tells no time."""
    stated = answer.field("created_at")
    try:
        moment = datetime.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        moment = None
    moment = datetime.now(UTC) if moment is None or moment.tzinfo is None else moment
    return (moment.astimezone(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
