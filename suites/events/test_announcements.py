"""EVT-03: each change has its event exactly once, with the ids of the API answer; a refusal has none.

Partners pay, report and reconcile from events: a missing, doubled or misnamed one is money nobody can find.
"""

import pytest

from harness import Lab, announced, refused, unannounced


@pytest.mark.certifies("EVT-03")
def test_sessions_and_bets_are_announced_once(lab: Lab, watch) -> None:
    """Session, authorize, settle, rollback, close, each repeated under its key; refused ones announce nothing."""
    player = lab.player({"EUR": 5_000})
    opened = lab.must(lab.call("createSession", {
        "player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}), 201)
    session = str(opened.field("session_id"))
    watching = watch(opened)
    bet, undone, poor = lab.bet(session, player), lab.bet(session, player), lab.bet(session, player, amount=900_000)
    calls = {"authorized": lab.must(lab.authorize(bet), 200), "other": lab.must(lab.authorize(undone), 200)}
    calls["settled"] = lab.must(lab.settle(bet, 700), 200)
    calls["rolled_back"] = lab.must(lab.rollback(undone), 200)
    for first in list(calls.values()):
        lab.again(first)
    too_much, never_held = lab.authorize(poor), lab.settle(lab.bet(session, player), 500)
    calls["closed"] = lab.must(lab.call("closeSession", {}, path={"session_id": session}), 200)
    due = [(opened, "session.started", {"session_id": session}, ("player_id", "game_id")),
           (calls["authorized"], "bet.authorized", {"bet_id": bet.bet_id}, ("round_id", "session_id", "hold_id")),
           (calls["other"], "bet.authorized", {"bet_id": undone.bet_id}, ("round_id", "session_id", "hold_id")),
           (calls["settled"], "bet.settled", {"bet_id": bet.bet_id}, ("round_id", "settlement_id")),
           (calls["rolled_back"], "bet.rolled_back", {"bet_id": undone.bet_id}, ("rollback_id",)),
           (calls["closed"], "session.ended", {"session_id": session}, ("player_id",))]
    observed = watching.events(*[(kind, ids) for _, kind, ids, _ in due])
    for call, kind, ids, same in due:
        lab.claim(announced(call, kind, ids, observed, same=same))
    lab.claim(unannounced(too_much, "bet.authorized", {"bet_id": poor.bet_id}, observed))
    if lab.profile.settle_without_authorize == "refused":
        unknown = (never_held.sent_json() or {}).get("bet_id")
        lab.claim(unannounced(never_held, "bet.settled", {"bet_id": unknown}, observed))
    lab.baseline(refused(too_much, says="a stake above the balance is refused"))


@pytest.mark.certifies("EVT-03")
def test_what_is_told_besides_changes_no_announcement(lab: Lab, watch) -> None:
    """A loss, and calls with all that the contract lets them tell: a reason, the state of the bonus."""
    player = lab.player({"EUR": 5_000})
    session = lab.session(player)
    lost, undone = lab.bet(session, player), lab.bet(session, player)
    watching = watch(lab.must(lab.authorize(lost), 200))
    lab.must(lab.authorize(undone), 200)
    settled = lab.must(lab.call("settleBet", {
        "bet_id": lost.bet_id, "round_id": lost.round_id, "win": lab.money(0),
        "bonus_state": {"in_bonus": True, "freespins_left": 2}}), 200)
    back = lab.must(lab.call("rollbackBet", {"bet_id": undone.bet_id, "reason": "round cancelled"}), 200)
    closed = lab.must(lab.call("closeSession", {"reason": "player left"}, path={"session_id": session}), 200)
    due = [(settled, "bet.settled", {"bet_id": lost.bet_id}, ("round_id", "settlement_id")),
           (back, "bet.rolled_back", {"bet_id": undone.bet_id}, ("rollback_id",)),
           (closed, "session.ended", {"session_id": session}, ("player_id",))]
    observed = watching.events(*[(kind, ids) for _, kind, ids, _ in due])
    for call, kind, ids, same in due:
        lab.claim(announced(call, kind, ids, observed, same=same))


@pytest.mark.certifies("EVT-03", needs=("payments",))
def test_payments_are_announced_once(lab: Lab, watch) -> None:
    """A deposit that succeeds, repeated under its key: one payment.succeeded with its ids."""
    player = lab.player()
    watching = watch(lab.call("getSession", path={"session_id": lab.session(player)}))
    body = {"payment_id": lab.fresh("pay"), "player_id": player.player_id, "direction": "deposit",
            "amount": lab.money(1_500)}
    payment = lab.must(lab.call("createPayment", body), 202)
    lab.again(payment)
    due = ("payment.succeeded", {"payment_id": body["payment_id"]})
    lab.claim(announced(payment, *due, watching.events(due), same=("operation_id",)))


@pytest.mark.certifies("EVT-03", needs=("bonuses",))
def test_bonuses_are_announced_once(lab: Lab, watch) -> None:
    """A bonus issued, one free spin consumed, one bet counted, each repeated under its key."""
    player = lab.player()
    session = lab.session(player)
    watching = watch(lab.call("getSession", path={"session_id": session}))
    bonus = lab.fresh("bonus")
    issued = lab.must(lab.call("issueBonus", {
        "bonus_id": bonus, "player_id": player.player_id, "amount": lab.money(1_000), "freespins": 2,
        "wager_requirement": lab.money(10_000)}), 201)
    spin = {"bonus_id": bonus, "consumption_id": lab.fresh("spin"), "round_id": lab.fresh("round"),
            "win": lab.money(300)}
    consumed = lab.must(lab.call("consumeBonus", spin), 200)
    bet = lab.bet(session, player)
    lab.must(lab.authorize(bet), 200)
    counted = lab.must(lab.call("reportWagerProgress", {"bonus_id": bonus, "bet_id": bet.bet_id}), 200)
    for call in (issued, consumed, counted):
        lab.again(call)
    due = [("bonus.issued", {"bonus_id": bonus}), ("bonus.consumed", {"consumption_id": spin["consumption_id"]}),
           ("wager.progress.updated", {"bonus_id": bonus})]
    observed = watching.events(*due)
    for call, one, same in zip((issued, consumed, counted), due, (("player_id",), ("bonus_id",), ()), strict=True):
        lab.claim(announced(call, *one, observed, same=same))


@pytest.mark.certifies("EVT-03", needs=("jackpots",))
def test_jackpots_are_announced_once(lab: Lab, watch) -> None:
    """A contribution, the trigger and its payout, each repeated under its key."""
    jackpot = lab.fresh("jackpot")
    lab.must(lab.call("createSandboxJackpot", {"jackpot_id": jackpot, "tenant_id": lab.provider.credential.tenant_id,
                                               "currency": "EUR", "seed": 50_000}, by=lab.admin),
             200, 201)
    player = lab.player()
    session = lab.session(player)
    watching = watch(lab.call("getSession", path={"session_id": session}))
    bet = lab.bet(session, player)
    lab.must(lab.authorize(bet), 200)
    contribution, trigger, payout = lab.fresh("contribution"), lab.fresh("trigger"), lab.fresh("payout")
    calls = [lab.must(lab.call("contributeToJackpot", {
        "contribution_id": contribution, "jackpot_id": jackpot, "bet_id": bet.bet_id, "amount": lab.money(10)}), 201)]
    calls.append(lab.must(lab.call("triggerJackpot", {
        "trigger_id": trigger, "jackpot_id": jackpot, "player_id": player.player_id, "round_id": bet.round_id}), 201))
    calls.append(lab.must(lab.call("payJackpot", {
        "payout_id": payout, "trigger_id": trigger, "player_id": player.player_id}), 200))
    for call in calls:
        lab.again(call)
    due = [("jackpot.contribution", {"contribution_id": contribution}), ("jackpot.triggered", {"trigger_id": trigger}),
           ("jackpot.paid", {"payout_id": payout})]
    observed = watching.events(*due)
    for call, one, same in zip(calls, due, (("jackpot_id",), ("jackpot_id",), ("trigger_id",)), strict=True):
        lab.claim(announced(call, *one, observed, same=same))
