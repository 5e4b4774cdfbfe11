"""Judge of what is left of bets after trouble: one permitted end each, never two effects."""

import json
from dataclasses import replace

import pytest

from harness.judges.aftermath import ends_once, taken_again
from harness.judges.witnessed import witnessed
from harness.model.exchange import Exchange
from harness.model.played import Ended
from harness.model.scenario import Band, Fault, Trouble


def ended(make, status, end, have, *, start=1_000, stake=100, code="", failure="", player="player-1"):
    call = make.exchange(method="POST", operation="authorizeBet", status=status, failure=failure,
                         body={"code": code} if code else None)
    bet = make.exchange(operation="getBet", status=200 if end else 404, body={"status": end} if end else {})
    balances = make.exchange(operation="getPlayerBalances",
                             body={"balances": [{"amount": have, "currency": "EUR"}]})
    return Ended(player=player, call=call, bet=bet, balances=balances, stake=stake, start=start, currency="EUR")


def judged(make, *bets, at_wallet=(), declared=True):
    read = [e for b in bets for e in (b.call, b.bet, b.balances)]
    return make.verdict(ends_once(bets, 10.0, declared=declared), *read, *at_wallet)


def wallet_call(number, at_us, path="/wallet/debit", answered=200, **body):
    return Exchange(id=f"w{number}", check="", actor="platform", channel="wallet", operation="wallet", method="POST",
                    url=path, request_body=json.dumps({"tx_id": "tx-1", **body}), status=200,
                    started_ns=at_us * 1_000, ended_ns=at_us * 1_000 + 1, facts={"answered": answered})


@pytest.mark.parametrize(("end", "have", "later", "outcome"), [
    ("refused", 1_000, [], "fail"), ("authorized", 900, [], "pass"), ("", 1_000, [], "fail"),
    ("refused", 1_000, [wallet_call(2, 5_000, "/wallet/cancel")], "pass"),
    ("refused", 1_000, [wallet_call(2, 5_000, "/wallet", action="undo")], "pass"),
    ("refused", 1_000, [wallet_call(2, 5_000, "/wallet/cancel", answered=503)], "fail"),
    ("refused", 1_000, [wallet_call(2, 600, player_id="player-1")], "fail")])
def test_what_the_wallet_did_for_a_bet_that_is_not_taken_is_undone(make, end, have, later, outcome):
    bet = ended(make, 503, end, have)
    first = wallet_call(1, 500, player_id="player-1")
    found = judged(make, bet, at_wallet=[first, *later])
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize("first", [wallet_call(1, 500, answered=None, player_id="player-1"),
                                   wallet_call(1, 500, answered=422, player_id="player-1"),
                                   wallet_call(1, 500, player_id="player-12")])
def test_what_the_wallet_did_not_do_needs_no_undoing(make, first):
    assert judged(make, ended(make, 503, "refused", 1_000), at_wallet=[first]).outcome.value == "pass"


def at_wallet(number, at_us, path, body=None, answered=200, said=None, method="POST"):
    return Exchange(id=f"a{number}", check="", actor="platform", channel="wallet", operation="wallet", method=method,
                    url=path, request_body="" if body is None else body if isinstance(body, str) else json.dumps(body),
                    response_body=json.dumps(said) if said else "", status=200, started_ns=at_us * 1_000,
                    ended_ns=at_us * 1_000 + 1, facts={"answered": answered})


def debit(player=1, **more):
    return {"player_id": f"player-{player}", "transaction_id": f"t-{player}", "amount": 100, **more}


BALANCE = at_wallet(0, 400, "/balance", {"player_id": "player-1"})
HUNG = at_wallet(1, 500, "/debit", debit(), answered=None)
URL = "/players/player-1/holds/h1"


@pytest.mark.parametrize(("seen", "outcome"), [
    ([BALANCE, HUNG], "pass"), ([BALANCE, at_wallet(1, 500, "/debit", debit())], "fail"),
    ([at_wallet(0, 400, "/balance", {"player_id": "player-1", "idempotency_key": "k"}), HUNG], "pass"),
    ([at_wallet(1, 500, URL, method="PUT"), at_wallet(2, 5_000, URL, method="DELETE")], "pass"),
    ([at_wallet(1, 500, URL, method="PUT"), at_wallet(2, 5_000, URL, method="PUT")], "fail"),
    ([at_wallet(1, 500, URL, method="PUT"), at_wallet(2, 5_000, "/players/player-2/holds/h2", method="PUT")], "fail"),
    ([at_wallet(1, 500, "/debit", debit(sent_at=1)), at_wallet(2, 600, "/debit", debit(sent_at=2))], "fail"),
    ([at_wallet(1, 500, "/debit", debit(seq=1)), at_wallet(2, 600, "/debit", debit(seq=2))], "inconclusive"),
    ([at_wallet(1, 500, "/debit", debit()), at_wallet(2, 5_000, "/balance", {"player_id": "player-1"})], "fail"),
    ([at_wallet(1, 500, "/w", debit(act="x")), at_wallet(2, 600, "/w", debit(transaction_id="c", ref="t-1"))], "pass"),
    ([HUNG, at_wallet(2, 600, "/cancel", debit(transaction_id="c-1", reference="t-1"))], "pass"),
    ([at_wallet(1, 500, "/check", {"player_id": "player-1", "amount": 100}), HUNG], "inconclusive"),
    ([at_wallet(1, 500, "/debit", "<debit player='player-1'/>")], "inconclusive")])
def test_what_takes_nothing_needs_no_undoing_in_any_protocol(make, seen, outcome):
    found = judged(make, ended(make, 503, "refused", 1_000), at_wallet=seen)
    assert found.outcome.value == outcome, found.message
    assert outcome != "inconclusive" or found.owner.value == "target profile"


@pytest.mark.parametrize(("answer", "outcome"), [
    ({"status": "DECLINED"}, "pass"), ({"error": 7}, "pass"), ({"error": {"code": 7}}, "pass"), ({"ok": False}, "pass"),
    ({"result": "INSUFFICIENT_FUNDS"}, "pass"), ({"status": "OK"}, "fail"), ({"error": 0, "success": True}, "fail"),
    ({"balance": 900}, "fail")])
def test_a_wallet_may_say_no_with_a_200(make, answer, outcome):
    seen = at_wallet(1, 500, "/debit", debit(), said=answer)
    assert judged(make, ended(make, 422, "refused", 1_000), at_wallet=[seen]).outcome.value == outcome


@pytest.mark.parametrize(("steps", "seen", "outcome"), [
    (["/debit"], at_wallet(1, 500, "/debit", debit(), said={"state": "A"}), "fail"),
    (["/debit"], at_wallet(1, 500, "/debit", debit(), said={"state": "B"}), "inconclusive"),
    (["/debit"], at_wallet(1, 500, "/limits", debit()), "inconclusive"),
    (["/limits", "/debit"], at_wallet(1, 500, "/limits", debit()), "inconclusive"),
    (["/check", "/debit"], at_wallet(1, 500, "/check", {"player_id": "player-1", "amount": 100}), "pass"),
    (["/check", "/debit"], at_wallet(1, 500, "/debit", debit()), "fail")])
def test_what_a_bet_that_is_taken_takes_tells_what_to_undo(make, steps, seen, outcome):
    usual = [at_wallet(10 + n, 700 + n, step, debit(2, **({"transaction_id": ""} if step == "/check" else {})),
                       said={"state": "A"}) for n, step in enumerate(steps)]
    bets = [ended(make, 503, "refused", 1_000), ended(make, 200, "authorized", 900, player="player-2")]
    found = judged(make, *bets, at_wallet=[seen, *usual])
    assert found.outcome.value == outcome, found.message


def test_hostile_answers_of_the_wallet_are_judged(make, hostile):
    for body in (hostile, {"status": hostile, "error": hostile, "ok": hostile}):
        seen = at_wallet(1, 500, "/debit", debit(), said=body)
        assert judged(make, ended(make, 503, "refused", 1_000), at_wallet=[seen]).outcome.value in ("pass", "fail")


@pytest.mark.parametrize(("status", "end", "have", "outcome"), [
    (200, "authorized", 900, "pass"), (202, "authorized", 900, "pass"), (202, "refused", 1_000, "pass"),
    (202, "rolled_back", 1_000, "pass"), (503, "", 1_000, "pass"), (503, "authorized", 900, "pass"),
    (422, "refused", 1_000, "pass"), (422, "", 1_000, "pass"),
    (200, "authorized", 800, "fail"), (200, "authorized", 1_000, "fail"), (200, "refused", 1_000, "fail"),
    (200, "", 1_000, "fail"), (202, "unknown", 1_000, "fail"), (202, "pending", 900, "fail"),
    (202, "refused", 900, "fail"), (422, "authorized", 900, "fail"), (503, "", 900, "fail"),
    (202, "authorized", 950, "fail"), (202, "authorized", 1_100, "fail")])
def test_answer_end_and_balance_fit_together(make, status, end, have, outcome):
    found = judged(make, ended(make, status, end, have))
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize(("status", "end", "have", "outcome"), [
    (202, "unknown", 1_000, "inconclusive"), (202, "pending", 900, "inconclusive"), (202, "unknown", 800, "fail"),
    (202, "refused", 900, "fail"), (202, "authorized", 900, "pass")])
def test_where_no_time_was_promised_a_bet_may_be_open_but_never_wrong(make, status, end, have, outcome):
    found = judged(make, ended(make, status, end, have), declared=False)
    assert found.outcome.value == outcome, found.message
    if outcome == "inconclusive":
        assert found.owner.value == "target profile"
        assert "after 10 s" in found.message
        assert "recovers_seconds" in found.message


@pytest.mark.parametrize(("declared", "outcome"), [(True, "fail"), (False, "inconclusive")])
def test_undoing_takes_its_promised_time(make, declared, outcome):
    first = wallet_call(1, 500, player_id="player-1")
    found = judged(make, ended(make, 503, "refused", 1_000), at_wallet=[first], declared=declared)
    assert found.outcome.value == outcome, found.message


@pytest.mark.parametrize("late_first", [True, False])
def test_an_open_bet_hides_no_wrong_one(make, late_first):
    late, wrong = ended(make, 202, "unknown", 1_000), ended(make, 200, "authorized", 800)
    found = judged(make, *([late, wrong] if late_first else [wrong, late]), declared=False)
    assert found.outcome.value == "fail"
    assert "left 800" in found.message
    unread = replace(ended(make, 200, "authorized", 900), bet=make.exchange(failure="timeout"))
    assert judged(make, late, unread).outcome.value == "fail", "what was promised is due, whatever else was not read"


def test_a_call_that_was_never_answered_may_have_either_end(make):
    for end, have in (("authorized", 900), ("refused", 1_000), ("", 1_000)):
        assert judged(make, ended(make, None, end, have, failure="timeout")).outcome.value == "pass"
    assert judged(make, ended(make, None, "authorized", 800, failure="timeout")).outcome.value == "fail"


def test_one_wrong_bet_among_many_is_enough(make):
    bets = [ended(make, 200, "authorized", 900) for _ in range(9)] + [ended(make, 202, "authorized", 800)]
    found = judged(make, *bets)
    assert found.outcome.value == "fail"
    assert found.exchanges[-1] == bets[-1].call.id


def test_what_cannot_be_read_decides_nothing(make, hostile):
    good = ended(make, 200, "authorized", 900)
    unread, odd_sums = make.exchange(failure="timeout"), make.exchange(raw=json.dumps(hostile))
    for odd in (replace(good, bet=unread), replace(good, balances=odd_sums)):
        assert judged(make, odd).outcome.value == "inconclusive"
    assert judged(make).outcome.value == "inconclusive", "no bet at all"


@pytest.mark.parametrize(("statuses", "outcome"), [((200, 200), "pass"), ((200, 503), "fail"), ((202,), "fail"),
                                                   ((), "inconclusive")])
def test_bets_are_taken_again(make, statuses, outcome):
    calls = [make.exchange(method="POST", operation="authorizeBet", status=s) for s in statuses]
    assert make.outcome(taken_again(calls, 10.0), *calls) == outcome
    open_ = make.verdict(taken_again(calls, 10.0, declared=False), *calls)
    assert open_.outcome.value == ("inconclusive" if outcome == "fail" else outcome)
    assert outcome != "fail" or (open_.owner.value == "target profile" and "recovers_seconds" in open_.message)


# -- witnesses ------------------------------------------------------------------------------------
def witness(make, ms=2, failure="", status=200, body="{}"):
    seen = make.exchange(status=status, failure=failure, raw=body)
    return Exchange.from_line({**seen.to_line(), "ended_ns": seen.started_ns + int(ms * 1_000_000)})


SLOW, CUT = Band(at_least_ms=100, at_most_ms=500), Band(answered=False)


@pytest.mark.parametrize(("band", "during", "outcome"), [
    (SLOW, [(120, ""), (300, "")], "pass"), (SLOW, [(2, ""), (300, ""), (200, "")], "pass"),
    (SLOW, [(2, ""), (3, ""), (200, "")], "inconclusive"), (SLOW, [(900, "")], "inconclusive"),
    (SLOW, [(200, "timeout")], "inconclusive"), (SLOW, [], "inconclusive"),
    (CUT, [(400, "timeout")], "pass"), (CUT, [(1, "connect")], "pass"), (CUT, [(2, "")], "inconclusive")])
def test_a_fault_counts_where_a_witness_saw_it(make, band, during, outcome):
    seen = [witness(make, ms, failure) for ms, failure in during]
    before, after = [witness(make)], [witness(make)]
    found = make.verdict(witnessed(before, [(band, seen)], after, clean=True), *before, *seen, *after)
    assert found.outcome.value == outcome
    assert found.reason.value in ("held", "fault_not_witnessed", "no_samples")


@pytest.mark.parametrize(("what", "during", "outcome"), [
    (Trouble(kind="status"), [(503, "{}")], "pass"), (Trouble(kind="status"), [(200, "{}")], "inconclusive"),
    (Trouble(kind="status"), [(500, "{}")], "inconclusive"), (Trouble(kind="status", status=422), [(422, "")], "pass"),
    (Trouble(kind="status"), [(200, "{}"), (503, ""), (503, "")], "pass"),
    (Trouble(kind="status"), [(200, "{}"), (200, "{}"), (503, "")], "inconclusive"),
    (Trouble(kind="garbage"), [(200, "<html>")], "pass"), (Trouble(kind="garbage"), [(200, "{}")], "inconclusive"),
    (Trouble(kind="slow"), [(200, "{}")], "pass")])
def test_an_answer_as_ever_is_no_sign_of_a_fault_that_changes_it(make, what, during, outcome):
    seen = [witness(make, status=status, body=body) for status, body in during]
    calm, band = [witness(make)], Fault(what=what, band=Band()).witnessed_as
    found = make.verdict(witnessed(calm, [(band, seen)], calm, clean=True), *calm, *seen)
    assert found.outcome.value == outcome
    assert found.reason.value in ("held", "fault_not_witnessed")


@pytest.mark.parametrize(("before", "after", "clean", "reason"), [
    ([""], [""], False, "fault_left"), (["connect"], [""], True, "no_steady_state"),
    ([""], ["timeout"], True, "no_steady_state"), ([], [""], True, "no_samples"), ([""], [], True, "no_samples")])
def test_the_line_must_be_well_before_and_after(make, before, after, clean, reason):
    made = [[witness(make, failure=f) for f in side] for side in (before, after)]
    during = [witness(make, 200)]
    found = make.verdict(witnessed(made[0], [(SLOW, during)], made[1], clean=clean), *made[0], *during, *made[1])
    assert (found.outcome.value, found.reason.value) == ("inconclusive", reason)


def test_without_faults_or_witnesses_nothing_is_green(make):
    calm = [witness(make)]
    assert make.outcome(witnessed(calm, [], calm, clean=True), *calm) == "inconclusive"
    assert make.outcome(witnessed(calm, [(SLOW, [witness(make, 200)])], calm, clean=True), *calm) == "inconclusive"
