"""CONT-12: the region is part of every call, and the data of one is not served in another.

Money and personal data that cross a region are a licence matter, not a bug.
"""

import pytest

from harness import (
    Bet,
    Lab,
    NoHook,
    Player,
    answered,
    leaks_nothing,
    not_let_in,
    refused,
    turned_away,
    unchanged,
    unmoved,
)

STAKE, FUNDS = 12_373, 7_654_321


@pytest.mark.certifies("CONT-12")
def test_data_of_one_region_is_not_served_in_another(lab: Lab) -> None:
    """Player, session and bet of the home region, asked for and played from a second region: refused, no effect."""
    away = {"X-Region": _second_region(lab)}
    player = lab.player({"EUR": FUNDS})
    bet = lab.bet(lab.session(player), player, amount=STAKE)
    held = lab.must(lab.authorize(bet), 200)
    before, bet_before = lab.balances(player), lab.must(lab.read_bet(bet), 200)
    probes = _reads(lab, player, bet, away)
    lab.claim(turned_away(probes, 403, 404, says="home data asked for from another region is refused"))
    play = [lab.authorize(lab.bet(bet.session_id, player), headers=away),
            lab.call("createSession", _session(player.player_id), headers=away)]
    if lab.profile.settle_without_authorize == "refused":
        play.append(lab.settle(bet, 50_000, headers=away))
    lab.claim(not_let_in(play, says="home sessions and bets are not played from another region"))
    ids = [i for i in (held.field("hold_id"), bet.session_id, bet.round_id) if isinstance(i, str)]
    lab.claim(leaks_nothing([*probes, *play], ids=ids, amounts=(STAKE, FUNDS, FUNDS - STAKE, "123.73", "76543.21")))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.claim(unchanged(bet_before, lab.read_bet(bet)))
    lab.baseline(answered(lab.settle(bet, 0), 200))


@pytest.mark.certifies("CONT-12")
def test_the_second_region_has_its_own_data(lab: Lab) -> None:
    """A player of the second region plays there, is not served at home, and no region is not any region."""
    away = {"X-Region": _second_region(lab)}
    who = lab.provider.credential
    body = {"player_id": lab.fresh("player"), "tenant_id": who.tenant_id, "brand_id": who.brand_id,
            "region": away["X-Region"], "balances": [lab.money(10_000)]}
    lab.must(lab.call("createSandboxPlayer", body, by=lab.admin), 200, 201)
    path = {"player_id": body["player_id"]}
    lab.baseline(answered(lab.call("getPlayer", path=path, headers=away), 200))
    opened = lab.call("createSession", _session(body["player_id"]), headers=away)
    lab.baseline(answered(opened, 201))
    lab.claim(turned_away([lab.call("getPlayer", path=path),
                           lab.call("createSession", _session(body["player_id"]))], 403, 404,
                          says="data of the second region is not served at home"))
    lab.claim(refused(lab.call("getPlayer", path=path, headers={"X-Region": None}),
                      says="a call without a region is refused"))
    lab.claim(refused(lab.call("getPlayer", path=path, headers={"X-Region": "nowhere-9"}),
                      says="a call for an unknown region is refused"))
    lab.baseline(answered(lab.call("getPlayer", path=path, headers=away), 200))


def _second_region(lab: Lab) -> str:
    if not lab.target.second_region:
        raise NoHook("the target profile names no second region",
                     remedy="Set `second_region` to another region of the provider's client")
    return lab.target.second_region


def _session(player_id: str) -> dict[str, str]:
    return {"player_id": player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}


def _reads(lab: Lab, player: Player, bet: Bet, away: dict[str, str]) -> list:
    path = {"player_id": player.player_id}
    return [lab.call("getPlayer", path=path, headers=away), lab.call("getPlayerBalances", path=path, headers=away),
            lab.call("listPlayerTransactions", path=path, headers=away),
            lab.call("getSession", path={"session_id": bet.session_id}, headers=away),
            lab.call("getBet", path={"bet_id": bet.bet_id}, headers=away)]
