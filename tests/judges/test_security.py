"""SEC-01..03, SEC-08, CONT-12: who gets in, what leaks, what stays as it was."""

import pytest

from harness.judges.leaks import gives_nothing_away, inert
from harness.judges.security import leaks_nothing, not_let_in, turned_away, unchanged

REALM = {"WWW-Authenticate": "Bearer"}


def test_refused_probes_hold(make):
    probe = make.error("AUTH_FAILED", 401, answer=REALM)
    found = make.verdict(turned_away([probe], 401, code="AUTH_FAILED", header="WWW-Authenticate"), probe)
    assert (found.outcome.value, found.measured["probes"]) == ("pass", 1)


@pytest.mark.parametrize("silent", [{"status": 429}, {"status": 503}, {"failure": "timeout"}, {"failure": "connect"}])
def test_one_probe_that_tells_nothing_keeps_the_others_from_being_green(make, silent):
    heard, mute = make.error("AUTH_FAILED", 401), make.exchange(**silent)
    for probes in ([mute], [heard, mute]):
        for draft in (turned_away(probes, 401), not_let_in(probes), leaks_nothing(probes, ids=["bet-1"]),
                      inert(probes, ["<x>"])):
            found = make.verdict(draft, *probes)
            assert (found.outcome.value, found.exchanges) == ("inconclusive", (mute.id,)), draft.judge


def test_a_probe_that_the_journal_lacks_is_not_green(make):
    heard = make.error("AUTH_FAILED", 401)
    assert make.outcome(turned_away([heard, make.exchange(status=401)], 401), heard) == "inconclusive"


def test_what_was_heard_can_break_a_claim_though_others_told_nothing(make):
    mute, got_in = make.exchange(failure="timeout"), make.exchange(body={"bet_id": "bet-1"})
    for draft in (turned_away([mute, got_in], 401), not_let_in([mute, got_in]),
                  leaks_nothing([mute, got_in], ids=["bet-1"])):
        assert make.outcome(draft, mute, got_in) == "fail"


def test_a_line_that_is_cut_shows_no_markup_but_proves_nothing_alone(make):
    heard, cut = make.error("NOT_FOUND", 404), make.exchange(failure="protocol")
    assert make.outcome(inert([heard, cut], ["<x>"]), heard, cut) == "pass"
    assert make.outcome(inert([cut], ["<x>"]), cut) == "inconclusive"


def test_the_one_that_got_in_is_named_first(make):
    probes = [make.error("FORBIDDEN", 403, label="wrong kind"), make.exchange(body={}, label="got in")]
    found = make.verdict(turned_away(probes, 401), *probes)
    assert found.outcome.value == "fail"
    assert "got in" in found.seen
    assert found.measured["let_in"] == 2


def test_status_code_and_header_are_each_asked_for(make):
    probe = make.error("FORBIDDEN", 403)
    assert make.outcome(turned_away([probe]), probe) == "pass"
    assert make.outcome(turned_away([probe], 403, 404), probe) == "pass"
    for draft in (turned_away([probe], 401), turned_away([probe], 403, code="AUTH_FAILED"),
                  turned_away([probe], 403, header="WWW-Authenticate")):
        assert make.outcome(draft, probe) == "fail"


@pytest.mark.parametrize(("status", "wanted"), [(200, "fail"), (202, "fail"), (302, "fail"), (500, "fail"),
                                                (400, "pass"), (404, "pass"), (409, "pass"), (503, "inconclusive")])
def test_nothing_but_a_refusal_keeps_out(make, status, wanted):
    probe = make.exchange(status=status, body={})
    assert make.outcome(not_let_in([probe]), probe) == wanted


def test_ids_and_amounts_that_the_caller_did_not_name_are_leaks(make):
    def probe(body, **options):
        return make.exchange(path="/v1/bets/bet-1", status=404, body=body, **options)

    secrets = {"ids": ["bet-1", "hold-9"], "amounts": [1357, "13.57"]}
    for told, wanted in (({"message": "no bet-1"}, "pass"), ({"message": "hold-99 x-hold-9"}, "pass"),
                         ({"n": 13570, "s": "a13.57"}, "pass"), ({"message": "see (hold-9)"}, "fail"),
                         ({"deep": [{"x": "hold-9"}]}, "fail"), ({"x": 1357}, "fail"), ({"x": "13.57"}, "fail")):
        one = probe(told)
        assert make.outcome(leaks_nothing([one], **secrets), one) == wanted, told
    header = probe({}, answer={"Location": "/v1/x/hold-9"})
    assert make.outcome(leaks_nothing([header], **secrets), header) == "fail"
    plain = make.exchange(status=404, raw="<p>hold-9</p>")
    assert make.outcome(leaks_nothing([plain], **secrets), plain) == "fail"
    assert make.outcome(leaks_nothing([], **secrets)) == "inconclusive"


def test_a_thing_reads_the_same_before_and_after(make):
    before = make.exchange(body={"status": "active", "amount": 1, "read_at": 1})
    for after, wanted in ((make.exchange(body={"status": "active", "amount": 1, "read_at": 2}), "pass"),
                          (make.exchange(body={"status": "closed", "amount": 1}), "fail"), (make.error(), "fail"),
                          (make.exchange(status=503), "inconclusive"),
                          (make.exchange(failure="timeout"), "inconclusive")):
        assert make.outcome(unchanged(before, after), before, after) == wanted
    assert make.outcome(unchanged(make.error(), before), before) == "inconclusive"


LEAKS = {
    "python": 'Traceback (most recent call last):\n  File "/x/app.py", line 3, in go',
    "java": "at com.acme.Bets.settle(Bets.java:12)",
    "node": "TypeError: x\n    at go (/srv/app/index.js:10:3)",
    "go": "panic: runtime error: index out of range",
    "net": "System.NullReferenceException: Object reference",
    "path": "cannot open /var/lib/platform/db.sqlite",
    "windows": "C:\\inetpub\\wwwroot\\web.config",
    "sql": "SELECT balance FROM accounts WHERE id = 3",
    "sqlite": "UNIQUE constraint failed: bets.bet_id",
    "postgres": 'duplicate key value violates unique constraint "bets_pkey"',
    "driver": "sqlalchemy.exc.IntegrityError",
    "key": "-----BEGIN RSA PRIVATE KEY-----",
    "jwt": "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc is invalid",
    "url": "postgresql://app:hunter2@db:5432/x",
    "ours": "secret redacted-0123456789ab does not match",
}


@pytest.mark.parametrize("name", LEAKS)
def test_what_an_error_gives_away_is_found(make, name):
    for body in ({"code": "X", "message": LEAKS[name]}, {"details": [{"problem": f"oops: {LEAKS[name]}"}]}):
        found = make.verdict(gives_nothing_away(), make.exchange(status=400, body=body))
        assert found.outcome.value == "fail", body
    assert make.outcome(gives_nothing_away(), make.exchange(status=500, raw=LEAKS[name])) == "fail"


@pytest.mark.parametrize("text", [
    "amount: must be an integer in minor units", "select a player from the list",
    "the bet is not at this table (12:30)",
    "see https://docs.example.com/app/errors/NOT_FOUND", "update your client and set a key", "POST /v1/bets/settle",
    "a path like /v1/players/{player_id}", "currency at line 3", "delete from cart", "Internal error", "either/or",
    "session-1 was closed at 2026-11-21T12:00:00Z", "X-Idempotency-Key is required", "file is missing, line unknown"])
def test_plain_words_are_no_leak(make, text):
    assert make.outcome(gives_nothing_away(), make.exchange(status=400, body={"message": text})) == "pass"


def test_an_echo_of_the_request_is_no_leak_but_a_secret_is(make):
    path = make.exchange(path="/v1/bets/..%2F..%2Fetc%2Fpasswd.txt", status=404,
                         body={"message": "no ../../etc/passwd.txt"})
    sql = make.exchange("POST", status=400, sent={"x": "SELECT a FROM b"}, body={"message": "bad x: SELECT a FROM b"})
    assert make.outcome(gives_nothing_away(), path, sql) == "pass"
    token = make.exchange("POST", status=401, sent={"t": "redacted-0123456789ab"}, body={"m": "redacted-0123456789ab"})
    assert make.outcome(gives_nothing_away(), token) == "fail"


def test_successes_and_silence_are_not_scanned(make):
    assert make.outcome(gives_nothing_away(), make.exchange(body={"x": LEAKS["sql"]})) == "inconclusive"


MARKUP = "<script>alert(1)</script>"


@pytest.mark.parametrize(("options", "wanted"), [
    ({"status": 404, "body": {"message": MARKUP}}, "pass"),
    ({"status": 404, "raw": f"<p>{MARKUP}</p>", "answer": {"Content-Type": "text/html"}}, "fail"),
    ({"status": 404, "raw": MARKUP, "answer": {"Content-Type": None}}, "fail"),
    ({"status": 404, "raw": "<p>&lt;script&gt;</p>", "answer": {"Content-Type": "text/html"}}, "pass"),
    ({"status": 500, "body": {}}, "fail"), ({"status": 200, "body": {"items": []}}, "pass"),
    ({"status": 200, "body": {"items": [1]}}, "fail"), ({"status": 200, "body": {"session_id": "x"}}, "fail"),
    ({"status": 503, "body": {}}, "inconclusive"), ({"failure": "protocol"}, "inconclusive")])
def test_odd_text_must_stay_inert(make, options, wanted):
    probe = make.exchange(**options)
    assert make.outcome(inert([probe], [MARKUP, "' OR 1"]), probe) == wanted


def test_hostile_answers_never_raise(make, hostile):
    probes = [make.exchange(status=status, body=hostile) for status in (200, 404)]
    for draft in (turned_away(probes, 401, code="X"), not_let_in(probes), leaks_nothing(probes, ids=["x"], amounts=[7]),
                  unchanged(*probes), unchanged(*probes[::-1]), gives_nothing_away(), inert(probes, ["<x>"])):
        make.verdict(draft, *probes)
