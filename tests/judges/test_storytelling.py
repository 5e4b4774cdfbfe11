"""A play retold for people, and as a shell script that plays it again."""

import subprocess

import pytest

from harness.judges.storytelling import script, story
from harness.model.profile import ContractProfile

PROFILE = ContractProfile()
BASE = "http://subject.test"


@pytest.fixture
def call(make):
    """call(operation, status, sent, got, key=…, actor=…) -> an exchange of the play."""
    def of(operation, status, sent, got=None, *, path="/v1/x", key="", actor="provider", **options):
        made = make.exchange(method="POST", operation=operation, status=status, sent=sent, body=got, path=path,
                             headers={"X-Idempotency-Key": key} if key else {}, **options)
        return made.from_line({**made.to_line(), "actor": actor, "url": BASE + path})

    return of


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


@pytest.fixture
def play(call):
    """A player, a session, a bet that is authorized, and settled twice at the same time."""
    bet = {"bet_id": "bet-77", "session_id": "ses-9", "round_id": "round-1", "amount": eur(1_050)}
    settle = {"bet_id": "bet-77", "round_id": "round-1", "win": eur(0)}
    return [
        [call("createSandboxPlayer", 201, {"player_id": "pl-5", "balances": [eur(10_000)]}, {}, actor="admin")],
        [call("createSession", 201, {"player_id": "pl-5", "currency": "EUR"}, {"session_id": "ses-9"}, key="k-0")],
        [call("authorizeBet", 200, bet, {"status": "authorized"}, key="k-1")],
        [call("settleBet", 200, settle, {"status": "credited"}, key="k-2"),
         call("settleBet", 409, settle, {"code": "DUPLICATE"}, key="k-3", actor="other")]]


def test_a_story_is_numbered_and_tells_names_amounts_and_answers(play):
    assert story(play, PROFILE, "the balance is wrong") == [
        "1. player 1 starts with 100.00 EUR → 201",
        "2. session 1 of player 1 in EUR → 201",
        "3. authorize bet 1 in session 1: stake 10.50 EUR, key 1 → 200 authorized",
        "4. at the same time: settle bet 1: win 0.00 EUR, key 2 → 200 credited; and: "
        "the other tenant: settle bet 1: win 0.00 EUR, key 3 → 409 DUPLICATE",
        "5. the balance is wrong"]


def test_the_same_key_has_the_same_name_and_an_unknown_operation_is_told_by_its_own(call):
    first = call("settleBet", 200, {"bet_id": "b", "win": eur(5)}, {}, key="k")
    odd = call("doOddThings", 200, {}, {})
    told = story([[first], [first], [odd]], PROFILE, "end")
    assert told[0].endswith("key 1 → 200")
    assert told[1].endswith("key 1 → 200")
    assert told[2] == "3. doOddThings → 200"


def test_hostile_members_do_not_end_a_story(call, hostile):
    for sent in (hostile, {"bet_id": hostile, "win": hostile, "session_id": hostile}):
        lines = story([[call("settleBet", 200, sent, hostile)]], PROFILE, "end")
        assert len(lines) == 2


def test_a_script_is_valid_shell_with_fresh_identifiers_and_no_token(play, call):
    reading = call("getPlayerBalances", 200, None, {}, path="/v1/players/pl-5/balances", actor="observer")
    text = script(play, [reading], BASE)
    checked = subprocess.run(["/bin/sh", "-n"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "CLIENT_ADMIN=id:secret CLIENT_OBSERVER=id:secret CLIENT_OTHER=id:secret CLIENT_PROVIDER=id:secret" in text
    assert "bet-77-$RUN" in text.replace("'", "").replace('"', "")
    assert 'SESSION1=$(' in text
    assert "ses-9" not in text, "the session is the one that the answer named"
    assert text.count("wait\n") == 1, "two calls at the same time"


def test_quotes_in_a_body_stay_in_the_body(call):
    nasty = call("rollbackBet", 200, {"bet_id": "b'1", "reason": "'; echo gone wrong #$(id)"}, {}, key="k'k")
    text = script([[nasty]], [], BASE)
    shown = subprocess.run(["/bin/sh", "-c", 'set -eu; curl() { printf "%s\\n" "$@"; }; TOKEN_PROVIDER=t; RUN=1; '
                            f"BASE=http://b\n{text.splitlines()[-3]}"], text=True, capture_output=True, check=False)
    assert '"reason": "\'; echo gone wrong #$(id)"' in shown.stdout
    assert "gone wrong" not in shown.stderr
