"""CONT-10: walks, order, filters."""

import pytest

from harness.judges.pagination import one_walk, only_matching, order_of, same_listing

UNSET = object()


@pytest.fixture
def page(make):
    def build(*names, more=False, cursor=UNSET, status=200, **members):
        rows = [{"event_id": f"ev-{n}", "type": "bet.authorized", "occurred_at": "2026-11-21T12:00:00Z",
                 "key": f"bet:{n}", "data": {"bet_id": n}, **members} for n in names]
        following = ("next" if more else None) if cursor is UNSET else cursor
        return make.exchange(path="/v1/events?x=1", status=status,
                             body={"items": rows, "next_cursor": following, "has_more": more})
    return build


def walk(pages, **options):
    return one_walk(pages, limit=2, key="event_id", member="bet_id", complete=("a", "b", "c"), **options)


def test_a_whole_walk_holds(make, page):
    for pages in ([page("a", "b", more=True), page("c")], [page("a", "b", more=True), page("c", "d", cursor="later")]):
        found = make.verdict(walk(pages), *pages)
        assert found.outcome.value == "pass"
        assert found.measured["pages"] == 2


@pytest.mark.parametrize("build", [
    lambda p: [p("a", "b", "c")],
    lambda p: [p("a", "b", more=True), p("b", "c")],
    lambda p: [p("a", "a", more=True), p("b", "c")],
    lambda p: [p("a", "b", more=True), p("d")],
    lambda p: [p("a", "b", more=True, cursor=None), p("c")],
    lambda p: [p("a", "b"), p("c")],
    lambda p: [p("a", "b", more=True), p("c", more=True)],
    lambda p: [p("a", "b", more=True), p("c", "d", more=True), p()],
    lambda p: [p("a", "b", more="yes"), p("c")],
])
def test_every_way_to_lose_the_thread_is_found(make, page, build):
    pages = build(page)
    assert make.outcome(walk(pages), *pages) == "fail"


def test_an_unread_or_unfinished_walk_is_unknown(make, page):
    for pages in ([], [page("a", status=503)], [page("a", "b", more=True), make.exchange(failure="timeout")]):
        assert make.outcome(walk(pages), *pages) == "inconclusive"
    pages = [page("a", "b", more=True), page("c", "d", more=True)]
    assert make.outcome(walk(pages, cut=True), *pages) == "inconclusive"
    pages = [page("a", "b", more=True), page("a", "b", more=True)]
    assert make.outcome(walk(pages, cut=True), *pages) == "fail", "going round in circles is no growth"


def test_an_empty_list_is_one_empty_page(make, page):
    assert make.outcome(one_walk([p := page()], limit=2, key="event_id"), p) == "pass"


def test_order_is_that_of_the_expected_items(make, page):
    pages = [page(name, occurred_at=f"2026-11-21T12:00:0{n}Z") for n, name in enumerate("xabc")]
    assert make.outcome(order_of(pages, member="bet_id", expected=["a", "b", "c"]), *pages) == "pass"
    assert make.outcome(order_of(pages, member="bet_id", expected=["c", "b", "a"]), *pages) == "fail"
    assert make.outcome(order_of(pages, member="bet_id", expected=["a", "q"]), *pages) == "inconclusive"
    at_once = [page("b", "a")]
    assert make.outcome(order_of(at_once, member="bet_id", expected=["a", "b"]), *at_once) == "pass"


@pytest.mark.parametrize(("filters", "wanted"), [
    ({"bet_id": "a", "type": "bet.authorized"}, "pass"), ({"type": "bet.settled"}, "fail"), ({"bet_id": "b"}, "fail"),
    ({"occurred_at_from": "2026-11-21T11:59:59Z", "occurred_at_to": "2026-11-21T12:00:01Z"}, "pass"),
    ({"occurred_at_from": "2026-11-21T12:00:01Z"}, "fail"), ({"occurred_at_to": "2026-11-21T11:00:00Z"}, "fail"),
    ({"occurred_at_from": "2026-11-21T12:00:00Z"}, "pass"), ({"occurred_at_to": "2026-11-21T12:00:00Z"}, "fail"),
    ({"game_id": "any"}, "pass")])
def test_every_item_must_fit_every_filter(make, page, filters, wanted):
    seen = page("a")
    assert make.outcome(only_matching([seen], filters=filters, least=1), seen) == wanted


def test_a_finding_says_on_which_side_of_the_edge_an_item_must_be(make, page):
    seen, edge = page("a"), "2026-11-21T12:00:00Z"
    found = make.verdict(only_matching([seen], filters={"occurred_at_to": edge}), seen)
    assert (found.expected, found.seen) == (f"occurred_at earlier than {edge}", f"occurred_at={edge}")


def test_digits_that_are_finer_than_we_read_accuse_nobody(make, page):
    seen = page("a", occurred_at="2026-11-21T12:00:00.123456781Z")
    for edge in ("occurred_at_from", "occurred_at_to"):
        filters = {edge: "2026-11-21T12:00:00.123456789Z"}
        assert make.outcome(only_matching([seen], filters=filters, least=1), seen) == "pass"


def test_too_few_or_too_many_items_are_found(make, page):
    empty, one = page(), page("a")
    assert make.outcome(only_matching([empty], filters={"bet_id": "a"}, least=1), empty) == "fail"
    assert make.outcome(only_matching([empty], filters={"bet_id": "a"}, most=0), empty) == "pass"
    assert make.outcome(only_matching([one], filters={"bet_id": "a"}, most=0), one) == "fail"
    assert make.outcome(only_matching([one], filters={"bet_id": "a"}), make.exchange()) == "inconclusive"


def test_a_bets_event_may_name_it_in_its_key_alone(make, page):
    assert make.outcome(only_matching([p := page("a", data={})], filters={"bet_id": "a"}), p) == "pass"
    assert make.outcome(only_matching([p := page("a", data={})], filters={"bet_id": "b"}), p) == "fail"


def test_small_pages_list_what_a_large_one_lists(make, page):
    whole = page("a", "b", "c")
    for pages, wanted in (([page("a", "b", more=True), page("c")], "pass"),
                          ([page("a", "b", more=True), page("c", "d")], "pass"),
                          ([page("a", "c", more=True), page("b")], "fail"), ([page("a", "b")], "fail")):
        assert make.outcome(same_listing(whole, pages, key="event_id"), whole, *pages) == wanted
    assert make.outcome(same_listing(page(), [page()], key="event_id"), page()) == "inconclusive"


def test_hostile_pages_never_raise(make, page, hostile):
    for odd in (make.exchange(path="/v1/events", body=hostile),
                make.exchange(path="/v1/events", body={"items": [hostile, hostile], "has_more": hostile,
                                                       "next_cursor": hostile})):
        pages = [page("a", more=True), odd]
        for draft in (walk(pages), order_of(pages, member="bet_id", expected=["a", "b"]),
                      only_matching(pages, filters={"bet_id": "a", "occurred_at_to": "x"}),
                      same_listing(odd, pages, key="event_id")):
            make.verdict(draft, *pages)
