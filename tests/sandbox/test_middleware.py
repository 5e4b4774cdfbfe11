"""Headers, tokens, versions and bodies: what is refused, with which code, and always with a trace id."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("name", ["X_Trace_Id", "X_Brand_Id", "X_Region", "X_Provider_Id"])
def test_required_headers(partner: Any, name: str) -> None:
    for value in (None, "", "a b", "<x>", "y" * 200):
        answer = partner.send("GET", "/v1/players/p", **{name: value})
        assert code(answer) == (400, "MISSING_HEADER")
        assert answer.json()["details"][0]["field"].lower() == name.lower().replace("_", "-")
        assert answer.headers["X-Trace-Id"]


def test_repeated_headers_are_refused(partner: Any) -> None:
    headers = [*partner.headers().items(), ("X-Brand-Id", "brand-a2")]
    assert code(partner.http.get("/v1/players/p", headers=headers)) == (400, "MISSING_HEADER")


@pytest.mark.parametrize(("header", "value"), [("X_Provider_Id", "provider-b"), ("X_Brand_Id", "brand-b1"),
                                               ("X_Region", "mars")])
def test_names_that_are_not_the_clients(partner: Any, header: str, value: str) -> None:
    assert code(partner.send("GET", "/v1/players/p", **{header: value})) == (403, "FORBIDDEN")


def test_scopes(sandbox: Any, partner: Any) -> None:
    session = partner.session(partner.player())
    narrow = partner.token_of("provider-a", "bets:read sessions:read")
    answer = partner.authorize(session, 1, Authorization=f"Bearer {narrow}")
    assert code(answer) == (403, "FORBIDDEN")
    observer = type(partner)(sandbox, "observer-a", "brand-a1")
    assert observer.send("GET", f"/v1/sessions/{session}").status_code == 200
    assert code(observer.authorize(session, 1)) == (403, "FORBIDDEN")
    observer.http.close()
    headers = {"Authorization": f"Bearer {partner.token}"}
    assert code(partner.http.post("/sandbox/reset", headers=headers)) == (403, "FORBIDDEN")
    assert code(partner.http.post("/sandbox/reset")) == (401, "AUTH_FAILED")


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer a.b.c", "Basic YTpi", "Bearer ä"])
def test_bad_tokens(partner: Any, token: str | None) -> None:
    headers = [(k.encode(), v.encode()) for k, v in partner.headers(Authorization=None).items()]
    if token is not None:
        headers.append((b"Authorization", token.encode()))
    answer = partner.http.get("/v1/players/p", headers=headers)
    assert code(answer) == (401, "AUTH_FAILED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_alg_none_and_foreign_keys_are_refused(partner: Any) -> None:
    import base64
    import hashlib
    import hmac

    header, payload, signature = partner.token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    foreign = base64.urlsafe_b64encode(
        hmac.digest(b"other", f"{header}.{payload}".encode(), hashlib.sha256)).rstrip(b"=").decode()
    for forged in (f"{none}.{payload}.", f"{none}.{payload}.{signature}", f"{header}.{payload}.",
                   f"{header}.{payload}.{foreign}", f"{header}.{payload}"):
        answer = partner.send("GET", "/v1/players/p", Authorization=f"Bearer {forged}")
        assert code(answer) == (401, "AUTH_FAILED")


def test_tokens_end_with_the_platforms_clock(start: Any) -> None:
    partner = start()
    player = partner.player()
    partner.admin("POST", "/sandbox/clock", {"advance_seconds": 1801})
    assert code(partner.send("GET", f"/v1/players/{player}")) == (401, "AUTH_FAILED")


def test_token_call(partner: Any) -> None:
    known = partner.running.credentials["provider-a"]

    def ask(**form: str) -> Any:
        return partner.http.post("/v1/oauth/token", data=form)

    good = {"grant_type": "client_credentials", "client_id": "provider-a", "client_secret": known.secret}
    answer = ask(**good)
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()["scope"].split()) == set(known.scopes)
    wrong, unknown = ask(**good | {"client_secret": "x"}), ask(**good | {"client_id": "x"})
    assert code(wrong) == code(unknown) == (401, "AUTH_FAILED")
    assert wrong.json()["message"] == unknown.json()["message"]
    assert code(ask(**good | {"grant_type": "password"})) == (400, "VALIDATION_FAILED")
    assert code(ask(**good | {"scope": "sandbox:admin"})) == (400, "VALIDATION_FAILED")
    assert code(ask(grant_type="client_credentials")) == (400, "VALIDATION_FAILED")
    basic = partner.http.post("/v1/oauth/token", data={"grant_type": "client_credentials"},
                              auth=("provider-a", known.secret))
    assert basic.status_code == 200
    assert code(partner.http.post("/v1/oauth/token", json=good)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    twice = partner.http.post("/v1/oauth/token", content=b"grant_type=a&grant_type=b",
                              headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert code(twice) == (400, "MALFORMED_REQUEST")


def test_versions(partner: Any) -> None:
    player = partner.player()
    vendor = "application/vnd.platform.api+json"
    for accept in ("*/*", "application/json", f"{vendor}; version=1.7", f"{vendor};version=1.6", vendor,
                   f"{vendor}; version=9.9, {vendor}; version=1.7"):
        assert partner.send("GET", f"/v1/players/{player}", Accept=accept).status_code == 200
    answer = partner.send("GET", f"/v1/players/{player}", Accept=f"{vendor}; version=9.9")
    assert code(answer) == (406, "VERSION_UNSUPPORTED")
    assert code(partner.send("GET", "/v9/players/p")) == (404, "NOT_FOUND")


def test_paths_and_methods(partner: Any) -> None:
    assert code(partner.send("GET", "/v1/nowhere")) == (404, "NOT_FOUND")
    answer = partner.send("DELETE", "/v1/bets/authorize")
    assert code(answer) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["Allow"]
    assert code(partner.send("GET", "/v1/bets/%3Cscript%3E")) == (400, "VALIDATION_FAILED")
    assert code(partner.send("GET", "/v1/players/" + "x" * 65)) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize(("raw", "expected"), [
    (b"", (400, "MALFORMED_REQUEST")),
    (b"{", (400, "MALFORMED_REQUEST")),
    (b"[]", (400, "VALIDATION_FAILED")),
    (b"null", (400, "VALIDATION_FAILED")),
    (b'"x"', (400, "VALIDATION_FAILED")),
    (b'{"bet_id": "a", "bet_id": "a"}', (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": NaN}', (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": -Infinity}', (400, "MALFORMED_REQUEST")),
    (b'\xef\xbb\xbf{"bet_id": "a"}', (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": "\xff"}', (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": "a", "reason": "\\ud800"}', (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": "a", "reason": "\\u0000"}', (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": ' + b"[" * 5000 + b"]" * 5000 + b"}", (400, "MALFORMED_REQUEST")),
    (b'{"bet_id": "a", "extra": 1}', (400, "VALIDATION_FAILED")),
    (b'{"bet_id": "a\\n"}', (400, "VALIDATION_FAILED")),
    (b'{"bet_id": 1}', (400, "VALIDATION_FAILED")),
    (b'{"bet_id": "a", "reason": null}', (400, "VALIDATION_FAILED")),
    (b'{"bet_id": ' + b"9" * 5000 + b"}", (400, "VALIDATION_FAILED")),
    (b'{"bet_id": "' + b"a" * 300_000 + b'"}', (413, "PAYLOAD_TOO_LARGE")),
])
def test_bodies(partner: Any, raw: bytes, expected: tuple[int, str]) -> None:
    answer = partner.send("POST", "/v1/bets/rollback", raw)
    assert code(answer) == expected
    assert answer.json()["trace_id"] == answer.headers["X-Trace-Id"] == answer.request.headers["X-Trace-Id"]
    assert answer.json()["retryable"] is False


def test_unicode_is_stored_intact(partner: Any) -> None:
    text = "‮evil‬ 😀 Ä"
    session = partner.session(partner.player())
    answer = partner.send("POST", f"/v1/sessions/{session}/close", json.dumps({"reason": text}).encode())
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "application/json; charset=latin-1"])
def test_media_types(partner: Any, kind: str) -> None:
    answer = partner.send("POST", "/v1/bets/rollback", b'{"bet_id": "never-1"}', Content_Type=kind)
    assert code(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert code(partner.send("GET", "/v1/bets/never-1")) == (404, "NOT_FOUND")


def test_queries(partner: Any) -> None:
    player = partner.player()
    where = f"/v1/players/{player}/transactions"
    for query in ("limit=0", "limit=201", "limit=x", "limit=1.5", "limit=%31%30%30%30", "cursor=!!", "cursor=cDA5",
                  "limit=1&limit=2", "cursor=", "limit=٣"):
        answer = partner.send("GET", f"{where}?{query}")
        if query == "cursor=cDA5":
            assert answer.status_code == 200
        else:
            assert code(answer) == (400, "VALIDATION_FAILED"), query


def test_a_stream_beyond_the_limit_is_stopped(partner: Any) -> None:
    answer = partner.http.post("/v1/bets/rollback", content=(b"x" * 65536 for _ in range(8)),
                               headers=partner.headers(Content_Type="application/json"))
    assert code(answer) == (413, "PAYLOAD_TOO_LARGE")


def test_raw_bytes_that_are_not_http_never_break_it(partner: Any) -> None:
    where = urlsplit(partner.running.platform_url)
    for raw in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: -5\r\n\r\n",
                b"POST /v1/bets/rollback HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nshort"):
        with socket.create_connection((where.hostname, where.port), timeout=5) as line:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            assert b" 500 " not in line.recv(65536)
    assert partner.http.get("/healthz").status_code == 200


def test_regions_and_brands(sandbox: Any, partner: Any) -> None:
    player = partner.player()
    session = partner.session(player)
    bet = partner.bet(session)
    for path in (f"/v1/players/{player}", f"/v1/sessions/{session}", f"/v1/bets/{bet}",
                 f"/v1/players/{player}/transactions"):
        assert code(partner.send("GET", path, X_Region="uk")) == (403, "REGION_MISMATCH")
        assert code(partner.send("GET", path, X_Brand_Id="brand-a2")) == (404, "NOT_FOUND")
    for send in (partner.settle, lambda *a, **k: partner.rollback(a[0], **k)):
        assert code(send(bet, 1, X_Region="uk")) == (403, "REGION_MISMATCH")
        assert code(send(bet, 1, X_Brand_Id="brand-a2")) == (404, "NOT_FOUND")
    assert code(partner.authorize(session, 1, X_Region="uk")) == (403, "REGION_MISMATCH")
    other = type(partner)(sandbox, "provider-b", "brand-b1")
    for path in (f"/v1/players/{player}", f"/v1/sessions/{session}", f"/v1/bets/{bet}"):
        assert code(other.send("GET", path)) == (404, "NOT_FOUND")
    assert code(other.settle(bet, 500)) == (409, "INVALID_STATE")
    assert other.rollback(bet).json()["status"] == "tombstoned"
    assert partner.balance(player) == (9_900, 100)
    other.http.close()
