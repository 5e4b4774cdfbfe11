"""Secrets leave no trace: plain, base64, URL-encoded, hex, in members, forms and headers."""

import base64
import json
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.engine.redaction import Redactor

CANARY = "canary/secret+with=signs-1234567890"


@pytest.mark.parametrize("form", [
    CANARY, urllib.parse.quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode(), CANARY.encode().hex()])
def test_a_known_secret_is_gone_in_every_form(form):
    assert form not in Redactor([CANARY]).text(f"before {form} after")


@pytest.mark.parametrize("member", ["access_token", "client_secret", "secret", "password"])
def test_secret_members_are_redacted_and_stay_json(member):
    text = Redactor().text(json.dumps({member: 'new"quote', "kept": 1}))
    assert json.loads(text)["kept"] == 1
    assert json.loads(text)[member].startswith("redacted-")


def test_a_form_keeps_its_other_fields():
    text = Redactor().text("grant_type=client_credentials&client_secret=hunter2hunter2&scope=bets%3Awrite")
    assert "hunter2" not in text
    assert text.startswith("grant_type=client_credentials&client_secret=redacted-")
    assert text.endswith("&scope=bets%3Awrite")


def test_credentials_keep_their_scheme_only():
    redactor = Redactor()
    assert redactor.header("Authorization", "Bearer abc.def").startswith("Bearer redacted-")
    assert redactor.header("Cookie", "session=abc").startswith("redacted-")
    assert redactor.header("X-Trace-Id", "abc") == "abc"


def test_equal_secrets_give_equal_marks_within_a_run_only():
    one, two = Redactor(key=b"1"), Redactor(key=b"2")
    assert one.header("Cookie", "abcdefgh") == one.header("Cookie", "abcdefgh")
    assert one.header("Cookie", "abcdefgh") != two.header("Cookie", "abcdefgh")


def test_redacting_twice_changes_nothing():
    redactor = Redactor([CANARY])
    once = redactor.text(json.dumps({"secret": CANARY, "other": CANARY}))
    assert redactor.text(once) == once


def test_a_secret_that_an_answer_tells_twice_is_gone_both_times():
    answer = json.dumps({"secret": CANARY, "debug": f"made {CANARY} for you", "list": [CANARY], "kept": "x"})
    text = Redactor().text(answer)
    assert CANARY not in text
    assert json.loads(text)["list"] == [json.loads(text)["secret"]], "equal secrets, equal marks"
    assert json.loads(text)["kept"] == "x"


def test_many_secret_named_members_cost_little_and_short_words_stay():
    text = Redactor().text(json.dumps([{"secret": f"secret-number-{n:06d}"} for n in range(5_000)]
                                      + [{"password": "none", "note": "none of it"}]))
    assert "secret-number-" not in text
    assert "none of it" in text


def test_of_secrets_that_begin_alike_the_longest_goes_and_a_mere_beginning_stays():
    redactor = Redactor(["token-", "token-one", "token-one-and-more", "other-secret"])
    marks = [redactor.text(secret) for secret in ("token-one-and-more", "token-one", "token-", "other-secret")]
    assert len(set(marks)) == 4
    assert redactor.text("xtoken-one-and-moretoken-onetoken-x, other-secre, other-secret") \
        == f"x{marks[0]}{marks[1]}{marks[2]}x, other-secre, {marks[3]}"


def test_what_is_learned_side_by_side_is_known_afterwards():
    redactor, secrets = Redactor(), [f"{n:04d}-secret-of-a-thread" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(redactor.learn, secrets))
    text = redactor.text(" ".join(secrets))
    assert "secret-of" not in text
    assert len(set(text.split())) == len(secrets)
