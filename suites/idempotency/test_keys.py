"""IDEM-01, 02, 04, 06, 07, 15: the key is required, bound to its request, scoped, and not the only guard."""

from dataclasses import replace

import pytest

from harness import Lab, answered, declares_key, distinct, moved, no_second_effect, refused, same_result, unmoved


@pytest.mark.certifies("IDEM-01")
def test_the_contract_requires_the_key_on_every_write(lab: Lab) -> None:
    """Read from the target's own document; nothing is sent."""
    lab.claim(declares_key(lab.profile.idempotency_header))


@pytest.mark.certifies("IDEM-02")
def test_writes_without_a_key_are_refused(lab: Lab) -> None:
    """Session, authorize, settle, rollback, payment without a key: 4xx and nothing happens."""
    player = lab.player()
    session = lab.session(player)
    held_bet, fresh = lab.bet(session, player), lab.bet(session, player)
    lab.must(lab.authorize(held_bet), 200)
    before = lab.balances(player)
    body = {"player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}
    payment = {"payment_id": lab.fresh("pay"), "player_id": player.player_id, "direction": "deposit",
               "amount": lab.money(700)}
    for answer in (lab.authorize(fresh, key=None), lab.settle(held_bet, 2_000, key=None),
                   lab.rollback(held_bet, key=None), lab.call("createSession", body, key=None),
                   lab.call("createPayment", payment, key=None)):
        lab.claim(refused(answer, says=f"{answer.operation} without an idempotency key is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    lab.baseline(answered(lab.settle(held_bet, 0)))


@pytest.mark.certifies("IDEM-04")
def test_a_key_is_bound_to_its_request(lab: Lab) -> None:
    """The same key with another amount, bet or operation: IDEMPOTENCY_MISMATCH, no effect."""
    player = lab.player()
    session = lab.session(player)
    bet, other = lab.bet(session, player, amount=1_000), lab.bet(session, player, amount=300)
    key = lab.fresh("key")
    lab.must(lab.authorize(bet, key=key), 200)
    before = lab.balances(player)
    status = lab.profile.mismatch_status
    for answer in (lab.authorize(bet, amount=2_000, key=key), lab.authorize(other, key=key)):
        lab.claim(refused(answer, status, code="IDEMPOTENCY_MISMATCH",
                          says="a known key with other parameters is refused"))
    lab.claim(unmoved(before, lab.balances(player)))
    settle_key = lab.fresh("key")
    lab.must(lab.settle(bet, 500, key=settle_key), 200)
    after = lab.balances(player)
    lab.claim(refused(lab.settle(bet, 900, key=settle_key), status, code="IDEMPOTENCY_MISMATCH",
                      says="a settle's key with another win is refused"))
    lab.claim(unmoved(after, lab.balances(player)))


@pytest.mark.certifies("IDEM-06")
def test_a_new_key_does_not_make_a_second_bet(lab: Lab) -> None:
    """Lost reply, retry with a fresh key but the same bet_id: one hold, one credit, one refund."""
    player = lab.player()
    session = lab.session(player)
    bet = lab.bet(session, player, amount=1_000)
    before = lab.balances(player)
    first = lab.must(lab.authorize(bet), 200)
    lab.claim(no_second_effect(first, lab.authorize(bet), "hold_id"))
    lab.claim(moved(before, lab.balances(player), -1_000))
    settled = lab.must(lab.settle(bet, 2_500), 200)
    lab.claim(no_second_effect(settled, lab.settle(bet, 2_500), "settlement_id"))
    lab.claim(moved(before, lab.balances(player), 1_500))


@pytest.mark.certifies("IDEM-06")
def test_a_known_bet_id_with_another_amount_is_a_duplicate(lab: Lab) -> None:
    """409 DUPLICATE: already authorized with a different amount; nothing is held."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    lab.must(lab.authorize(bet), 200)
    before = lab.balances(player)
    lab.claim(refused(lab.authorize(bet, amount=1_500), 409, code="DUPLICATE",
                      says="a known bet_id with another amount is refused as DUPLICATE"))
    lab.claim(unmoved(before, lab.balances(player)))


@pytest.mark.certifies("IDEM-06")
def test_the_bet_id_of_another_tenant_is_as_the_profile_says(lab: Lab) -> None:
    """`id_scope`: per tenant it is another bet with its own hold; where ids are global it is refused, nothing moves."""
    ours, theirs = lab.player(), lab.player(by=lab.other)
    bet = lab.bet(lab.session(ours), ours, amount=1_000)
    namesake = replace(lab.bet(lab.session(theirs), theirs, amount=400), bet_id=bet.bet_id)
    lab.must(lab.authorize(bet), 200)
    before = (lab.balances(ours), lab.balances(theirs))
    second = lab.authorize(namesake)
    taken = lab.profile.id_scope == "global"
    if taken:
        lab.claim(refused(second, says="a bet_id taken by another tenant is refused where ids are global"))
    else:
        lab.claim(answered(second, 200, says="another tenant's bet of the same bet_id is another bet"))
    lab.claim(unmoved(before[0], lab.balances(ours)))
    lab.claim(moved(before[1], lab.balances(theirs), 0 if taken else -400))


@pytest.mark.certifies("IDEM-07")
def test_two_tenants_may_use_the_same_key(lab: Lab) -> None:
    """One key, two tenants, two different requests: two independent effects."""
    key = lab.fresh("key")
    ours, theirs = lab.player(), lab.player(by=lab.other)
    our_bet = lab.bet(lab.session(ours), ours, amount=1_000)
    their_bet = lab.bet(lab.session(theirs), theirs, amount=400)
    before = (lab.balances(ours), lab.balances(theirs))
    first, second = lab.authorize(our_bet, key=key), lab.authorize(their_bet, key=key)
    lab.claim(distinct(first, second, "hold_id", "the same key of another tenant is another operation"))
    lab.claim(moved(before[0], lab.balances(ours), -1_000))
    lab.claim(moved(before[1], lab.balances(theirs), -400))


@pytest.mark.certifies("IDEM-07")
def test_two_brands_may_use_the_same_key(lab: Lab) -> None:
    """One key, two brands of one tenant where the profile names a second one, else the two tenants again."""
    key, second = lab.fresh("key"), lab.party("sibling") if lab.has_party("sibling") else lab.other
    ours, theirs = lab.player(), lab.player(by=second)
    our_bet = lab.bet(lab.session(ours), ours, amount=1_000)
    their_bet = lab.bet(lab.session(theirs), theirs, amount=400)
    before = lab.balances(theirs)
    lab.must(lab.authorize(our_bet, key=key), 200)
    lab.claim(answered(lab.authorize(their_bet, key=key), 200,
                       says="the same key of another brand is another operation"))
    lab.claim(moved(before, lab.balances(theirs), -400))


@pytest.mark.certifies("IDEM-15")
def test_a_partner_without_keys_is_idempotent_by_its_request_id(lab: Lab) -> None:
    """No key, but a partner_request_id: the same body twice is one bet; without it the retry is not new either."""
    player = lab.player()
    bet = lab.bet(lab.session(player), player, amount=1_000)
    body = {"session_id": bet.session_id, "bet_id": bet.bet_id, "round_id": bet.round_id,
            "amount": lab.money(1_000), "partner_request_id": lab.fresh("partner")}
    before = lab.balances(player)
    first = lab.call("authorizeBet", body, key=None)
    lab.claim(answered(first, 200, says="a keyless authorize with partner_request_id is accepted"))
    again = lab.call("authorizeBet", body, key=None)
    but = ("balance",) if lab.profile.replay_balance == "recomputed" else ()
    lab.claim(same_result(first, again, but=but))
    lab.claim(moved(before, lab.balances(player), -1_000))
