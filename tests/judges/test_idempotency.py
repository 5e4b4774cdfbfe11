"""Judges of idempotency: the declared header, copies in flight, new keys, separate scopes."""

import pytest

from harness.judges.idempotency import (
    copies_agree,
    declares_key,
    distinct,
    lifetime_covers_horizon,
    no_second_effect,
)
from harness.model.profile import ContractProfile


def contract(**parameters):
    """One write operation with these header parameters: name -> required."""
    listed = [{"name": name.replace("_", "-"), "in": "header", "required": required, "schema": {}}
              for name, required in parameters.items()]
    return {"openapi": "3.1.0", "paths": {"/v1/x": {"post": {"operationId": "x", "parameters": listed, "responses": {}},
                                                    "get": {"operationId": "y", "responses": {}}}}}


@pytest.mark.parametrize(("document", "outcome"), [
    (contract(X_Idempotency_Key=True), "pass"), (contract(x_idempotency_key=True), "pass"),
    (contract(X_Idempotency_Key=False), "fail"), (contract(Other=True), "fail"), (contract(), "fail"),
    ({}, "inconclusive"), ({"paths": 3}, "inconclusive"), ({"paths": {"/x": {"get": {}}}}, "inconclusive")])
def test_every_write_declares_the_key(make, document, outcome):
    assert make.outcome(declares_key("X-Idempotency-Key"), contract=document) == outcome


def test_parallel_copies_have_one_result(make):
    def answer(status, **body):
        return make.exchange(operation="authorizeBet", status=status, body=body)

    first, same, other = answer(200, hold_id="h"), answer(200, hold_id="h"), answer(200, hold_id="i")
    busy, final = answer(409, retryable=True), answer(409, code="DUPLICATE", retryable=False)

    def judged(*copies):
        return make.outcome(copies_agree(list(copies), "hold_id"), *copies)

    assert judged(first, same, busy) == "pass"
    assert judged(first, other) == "fail"
    assert judged(first, final) == "fail"
    assert judged(busy, busy) == "inconclusive"
    assert judged(first, make.exchange(failure="timeout")) == "pass"


@pytest.mark.parametrize(("profile", "second", "outcome"), [
    ("replay", (200, "h"), "pass"), ("replay", (200, "i"), "fail"), ("replay", (409, None), "fail"),
    ("own_code", (409, None), "pass"), ("own_code", (200, "h"), "fail"), ("replay", (429, None), "inconclusive"),
    ("replay", (500, None), "fail")])
def test_a_new_key_is_answered_as_declared(make, profile, second, outcome):
    first = make.exchange(operation="authorizeBet", body={"hold_id": "h"})
    again = make.exchange(operation="authorizeBet", status=second[0], body={"hold_id": second[1]})
    declared = ContractProfile(duplicate_answer=profile)
    assert make.outcome(no_second_effect(first, again, "hold_id"), first, again, profile=declared) == outcome


def test_a_new_key_that_is_answered_otherwise_tells_what_was_declared(make):
    first = make.exchange(operation="authorizeBet", body={"hold_id": "h"})
    told = make.exchange(operation="authorizeBet", status=409, body={"code": "DUPLICATE"})
    for again, declared in ((first, "own_code"), (told, "replay")):
        found = make.verdict(no_second_effect(first, again), first, again,
                             profile=ContractProfile(duplicate_answer=declared))
        assert "asked under a new key, it answered" in found.message
        assert f'duplicate_answer = "{declared}"' in found.expected


def test_two_scopes_are_two_operations(make):
    one, two, same = (make.exchange(body={"hold_id": h}) for h in ("a", "b", "a"))
    refused, busy = make.error("IDEMPOTENCY_MISMATCH", 409), make.error("RATE_LIMITED", 429)
    assert make.outcome(distinct(one, two, "hold_id", "x"), one, two) == "pass"
    assert make.outcome(distinct(one, same, "hold_id", "x"), one, same) == "fail"
    assert make.outcome(distinct(one, refused, "hold_id", "x"), one, refused) == "fail"
    assert make.outcome(distinct(one, busy, "hold_id", "x"), one, busy) == "inconclusive"


def test_hostile_answers_never_raise(make, hostile):
    one, two = make.exchange(operation="a", body=hostile), make.exchange(operation="a", body={"hold_id": "h"})
    for draft in (copies_agree([two, one], "hold_id"), no_second_effect(two, one, "hold_id"),
                  distinct(two, one, "hold_id", "x")):
        assert make.outcome(draft, one, two) in ("fail", "pass", "inconclusive")


@pytest.mark.parametrize(("lifetime", "horizon", "outcome"), [(24, 12, "pass"), (24, 24, "pass"), (24, 25, "fail")])
def test_keys_live_as_long_as_calls_are_repeated(make, lifetime, horizon, outcome):
    profile = ContractProfile(key_lifetime_hours=lifetime, retry_horizon_hours=horizon)
    assert make.outcome(lifetime_covers_horizon(), profile=profile) == outcome
