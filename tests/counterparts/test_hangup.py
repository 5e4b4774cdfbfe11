"""A lost reply: the whole request is sent, its effect waited for, the line cut, and the exchange recorded."""

import socket
import threading

import pytest

from harness.counterparts.lab import Lab
from harness.model.errors import Prerequisite

BETS = "POST /v1/bets/authorize"


def lose(lab, meanwhile=lambda: None, body=None, key="k-1"):
    return lab.lose_reply("authorizeBet", body or {"bet_id": "Zoë"}, key=key, party=lab.provider, meanwhile=meanwhile)


def test_the_request_arrives_whole_and_the_line_is_cut_after_the_wait(lab, subject, lines):
    arrived = threading.Event()
    subject.answers[BETS] = lambda _: arrived.set() or (200, {}, {})
    exchange = lose(lab, lambda: arrived.wait(10))
    (sent,) = subject.sent(BETS)
    assert sent.body == '{"bet_id":"Zoë"}'.encode()
    assert (sent.headers["X-Idempotency-Key"], sent.headers["Authorization"]) == ("k-1", "Bearer token-0123456789")
    assert sent.headers["Host"] == subject.url.removeprefix("http://")
    assert (exchange.failure, exchange.status, exchange.answered) == ("hung_up", None, False)
    assert lab.seen()[-1] is exchange
    assert lines.of("exchange")[-1] == exchange.to_line()
    assert "token-0123456789" not in str(lines)
    assert exchange.ended_ns >= exchange.started_ns


def test_a_lost_request_can_be_sent_again_with_its_key_and_body(lab, subject):
    arrived = threading.Event()
    subject.answers[BETS] = lambda _: arrived.set() or (200, {}, {})
    again = lab.again(lose(lab, lambda: arrived.wait(10)))
    one, two = subject.sent(BETS)
    assert again.status == 200
    assert (one.body, one.headers["X-Idempotency-Key"]) == (two.body, two.headers["X-Idempotency-Key"])


def test_a_wait_that_fails_leaves_the_request_in_the_record(lab, subject, lines):
    def fails():
        raise Prerequisite("never seen")

    with pytest.raises(Prerequisite, match="never seen"):
        lose(lab, fails)
    assert lines.of("exchange")[-1]["failure"] == "hung_up"


def test_ids_are_apart_for_checks_of_one_name(workshop, subject):
    labs = [Lab(workshop, f"{folder}/test_a.py::test_same", ("X-01",)) for folder in ("a", "b")]
    ids = [lose(lab).id.partition("-")[2] for lab in labs]
    assert ids[0] != ids[1], "two worker processes count alike; the check tells them apart"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_connection_stops_the_check(workshop_of, target, changed, lines, scheme):
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    shop = workshop_of(changed(target, base_url=f"{scheme}://{host}", hosts=(host,)))
    party = shop.party("provider")
    party._tokens[""] = ("token-0123456789", float("inf"))
    with pytest.raises(Prerequisite, match="no connection for a lost reply"):
        Lab(shop, "c", ("X-01",)).lose_reply("authorizeBet", {}, key="k", party=party, meanwhile=lambda: None)
    assert lines.of("exchange") == []


def test_a_server_that_speaks_no_tls_stops_the_check(workshop_of, target, changed, subject):
    shop = workshop_of(changed(target, base_url=subject.url.replace("http:", "https:")))
    party = shop.party("provider")
    party._tokens[""] = ("token-0123456789", float("inf"))
    with pytest.raises(Prerequisite, match="no connection for a lost reply"):
        Lab(shop, "c", ("X-01",)).lose_reply("authorizeBet", {}, key="k", party=party, meanwhile=lambda: None)
