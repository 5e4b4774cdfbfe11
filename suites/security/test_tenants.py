"""SEC-03: what belongs to one tenant does not exist for another: no read, no write, no hint.

Two competitors share one platform; each would pay for the other's players, stakes and jackpots.
"""

import pytest

from harness import (
    Bet,
    Exchange,
    Lab,
    Player,
    answered,
    inert,
    leaks_nothing,
    not_let_in,
    turned_away,
    unchanged,
    unmoved,
)

STAKE, WIN, FUNDS = 13_571, 24_683, 8_765_431
AMOUNTS = (STAKE, WIN, FUNDS, FUNDS - STAKE, "135.71", "246.83", "87654.31", "87518.60")


@pytest.mark.certifies("SEC-03")
def test_another_tenants_session_bet_and_player_do_not_exist(lab: Lab) -> None:
    """Tenant B reads, plays and settles with A's live identifiers: refused, nothing told, nothing changed."""
    theirs, player = lab.player(by=lab.other), lab.player({"EUR": FUNDS})
    lab.session(theirs)
    session = lab.session(player)
    paid, bet = lab.bet(session, player, amount=STAKE), lab.bet(session, player, amount=STAKE)
    held = lab.must(lab.authorize(bet), 200)
    lab.must(lab.authorize(paid), 200)
    settled = lab.must(lab.settle(paid, WIN), 200)
    before, bet_before = lab.balances(player), lab.must(lab.read_bet(bet), 200)
    session_before = lab.must(lab.call("getSession", path={"session_id": session}), 200)
    reads = _reads(lab, player, bet, settled)
    lab.claim(turned_away(reads, 403, 404, says="another tenant's read is refused"))
    play = _plays(lab, player, bet)
    lab.claim(not_let_in(play, says="another tenant cannot open sessions or play with our identifiers"))
    # Legal under several profiles (a tombstone, a parked settle), each in the other tenant's own namespace.
    blind = [lab.settle(bet, WIN, by=lab.other), lab.rollback(bet, by=lab.other)]
    ids = _strings(player.player_id, session, bet.bet_id, bet.round_id, held.field("hold_id"),
                   settled.field("settlement_id"))
    lab.claim(leaks_nothing([*reads, *play, *blind], ids=ids, amounts=AMOUNTS))
    lab.claim(unmoved(before, lab.balances(player), "another tenant's calls move none of our money"))
    lab.claim(unchanged(bet_before, lab.read_bet(bet), says="another tenant's calls leave our bet as it was"))
    lab.claim(unchanged(session_before, lab.call("getSession", path={"session_id": session}), "status"))
    lab.baseline(answered(lab.settle(bet, 0), 200))


@pytest.mark.certifies("SEC-03")
def test_another_tenants_events_are_not_listed(lab: Lab) -> None:
    """Tenant B reads its own feed, filters by A's bet, and asks for A's tenant by name."""
    player = lab.player({"EUR": FUNDS})
    opened = lab.must(lab.call("createSession", _session(player)), 201)
    session = str(opened.field("session_id"))
    bet = lab.bet(session, player, amount=STAKE)
    held = lab.must(lab.authorize(bet), 200)
    lab.baseline(answered(lab.until(
        lambda: lab.call("listEvents", query={"bet_id": bet.bet_id, "limit": 200}),
        lambda page: "bet.authorized" in page.response_body), 200))
    lab.baseline(answered(lab.call("listEvents", by=lab.other, query={"limit": 1}), 200))
    newest = {"limit": 200, "order": "desc"}
    pages = [lab.call("listEvents", by=lab.other, query=query, label=label) for label, query in (
        ("newest", newest), ("our bet", {"bet_id": bet.bet_id}),
        ("our tenant", {**newest, "tenant_id": lab.provider.credential.tenant_id}))]
    ids = _strings(player.player_id, session, bet.round_id, held.field("hold_id"))
    lab.claim(leaks_nothing(pages, ids=ids, amounts=AMOUNTS, says="another tenant's feed tells nothing of ours"))


@pytest.mark.certifies("SEC-03")
def test_names_of_another_tenant_in_headers_open_nothing(lab: Lab) -> None:
    """Tenant B's token with A's brand and provider in the headers, on A's session and bet."""
    player = lab.player({"EUR": FUNDS})
    bet = lab.bet(lab.session(player), player, amount=STAKE)
    held = lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    who = lab.provider.credential
    probes = []
    for headers in ({"X-Brand-Id": who.brand_id}, {"X-Brand-Id": who.brand_id, "X-Provider-Id": who.provider_id}):
        sent = {"by": lab.other, "headers": headers, "label": " and ".join(headers)}
        probes += [lab.call("getSession", path={"session_id": bet.session_id}, **sent),
                   lab.call("getPlayer", path={"player_id": player.player_id}, **sent),
                   lab.authorize(lab.bet(bet.session_id, player), **sent), lab.settle(bet, WIN, **sent)]
    lab.claim(not_let_in(probes, says="another tenant's token opens nothing under our brand and provider"))
    lab.claim(leaks_nothing(probes, ids=_strings(held.field("hold_id"), bet.round_id), amounts=AMOUNTS))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.settle(bet, 0), 200))


@pytest.mark.certifies("SEC-03", needs=("webhooks",))
def test_another_tenants_webhook_endpoint_does_not_exist(lab: Lab) -> None:
    """Tenant B lists, reads, rotates and deletes A's endpoint: refused, and it is still there."""
    url = f"http://{lab.target.webhook_listen}:9/{lab.fresh('hook')}"
    made = lab.must(lab.call("createWebhookEndpoint", {"url": url, "event_types": ["rg.reality_check"]}), 201)
    path = {"endpoint_id": str(made.field("endpoint_id"))}
    before = lab.must(lab.call("getWebhookEndpoint", path=path), 200)
    probes = [lab.call("getWebhookEndpoint", path=path, by=lab.other),
              lab.call("rotateWebhookSecret", {}, path=path, by=lab.other),
              lab.call("deleteWebhookEndpoint", path=path, by=lab.other)]
    lab.claim(turned_away(probes, 403, 404, says="another tenant's webhook endpoint is refused"))
    listed = lab.call("listWebhookEndpoints", by=lab.other)
    lab.claim(leaks_nothing([*probes, listed], ids=[url, *path.values()]))
    lab.claim(inert([lab.call("listWebhookDeliveries", query=path, by=lab.other)], [],
                    says="another tenant lists no deliveries of our endpoint"))
    lab.claim(unchanged(before, lab.call("getWebhookEndpoint", path=path), "status", "url"))
    lab.baseline(answered(lab.call("deleteWebhookEndpoint", path=path), 200, 204))


@pytest.mark.certifies("SEC-03", needs=("bonuses",))
def test_another_tenants_bonus_does_not_exist(lab: Lab) -> None:
    """Tenant B reads and consumes A's bonus: refused, no free spin is gone."""
    player = lab.player({"EUR": FUNDS})
    bonus = lab.fresh("bonus")
    lab.must(lab.call("issueBonus", {"bonus_id": bonus, "player_id": player.player_id, "amount": lab.money(STAKE),
                                     "freespins": 3, "wager_requirement": lab.money(WIN)}), 201)
    before, read = lab.balances(player), lab.must(lab.call("getBonus", path={"bonus_id": bonus}), 200)
    probes = [lab.call("getBonus", path={"bonus_id": bonus}, by=lab.other),
              lab.call("consumeBonus", {"bonus_id": bonus, "consumption_id": lab.fresh("spin"),
                                        "round_id": lab.fresh("round"), "win": lab.money(900)}, by=lab.other)]
    lab.claim(turned_away(probes, 403, 404, 409, says="another tenant's bonus is refused"))
    lab.claim(leaks_nothing(probes, ids=[player.player_id], amounts=AMOUNTS))
    lab.claim(unchanged(read, lab.call("getBonus", path={"bonus_id": bonus}), "status", "freespins_left"))
    lab.claim(unmoved(before, lab.balances(player)))


@pytest.mark.certifies("SEC-03", needs=("payments",))
def test_another_tenants_payment_does_not_exist(lab: Lab) -> None:
    """Tenant B reads A's operation and pays to A's player: refused, no money moves."""
    player = lab.player({"EUR": FUNDS})
    body = {"payment_id": lab.fresh("pay"), "player_id": player.player_id, "direction": "deposit",
            "amount": lab.money(STAKE)}
    operation = str(lab.must(lab.call("createPayment", body), 202).field("operation_id"))
    final = lab.until(lambda: lab.call("getOperationStatus", path={"operation_id": operation}),
                      lambda reading: reading.field("status") in ("succeeded", "failed"))
    lab.baseline(answered(final, 200))
    before = lab.balances(player)
    probes = [lab.call("getOperationStatus", path={"operation_id": operation}, by=lab.other),
              lab.call("createPayment", {**body, "payment_id": lab.fresh("pay")}, by=lab.other)]
    lab.claim(turned_away(probes, 403, 404, says="another tenant's payment is refused"))
    lab.claim(leaks_nothing(probes, ids=[body["payment_id"]], amounts=AMOUNTS))
    lab.claim(unmoved(before, lab.balances(player)))


def _session(player: Player) -> dict[str, str]:
    return {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}


def _strings(*values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _reads(lab: Lab, player: Player, bet: Bet, settled: Exchange) -> list[Exchange]:
    who, sent = {"player_id": player.player_id}, {"by": lab.other}
    return [lab.call("getPlayer", path=who, **sent), lab.call("getPlayerBalances", path=who, **sent),
            lab.call("listPlayerTransactions", path=who, **sent),
            lab.call("getBet", path={"bet_id": bet.bet_id}, **sent),
            lab.call("getSession", path={"session_id": bet.session_id}, **sent),
            lab.call("getSettlement", path={"settlement_id": str(settled.field("settlement_id"))}, **sent)]


def _plays(lab: Lab, player: Player, bet: Bet) -> list[Exchange]:
    return [lab.call("createSession", _session(player), by=lab.other),
            lab.authorize(lab.bet(bet.session_id, player), by=lab.other),
            lab.call("closeSession", {}, path={"session_id": bet.session_id}, by=lab.other)]
