"""PACT-01 over HTTP against platforms that make other legal choices: the shipped consumers live with each of them."""

import pytest

VARIANTS = [("mismatch_status", 422), ("idempotency_header", "Idempotency-Key"), ("duplicate_answer", "own_code"),
            ("unknown_rollback", "not_found"), ("money_form", "decimal_string"), ("missing_trace_id", "generated")]


@pytest.mark.parametrize(("key", "value"), VARIANTS)
def test_the_shipped_consumers_live_with_a_legal_variant(certify, config_text, external_sandbox, verdicts, key, value):
    url = external_sandbox("--profile", f"{key}={value}")
    done = certify("--target", "x", "--json", "--only", "PACT-01", text=config_text(url, profile={key: value}))
    assert verdicts(done) == {}
    assert done.returncode == 0
