"""An external platform, reached only through certify.toml over HTTP: legal variants pass, undeclared ones do not."""

import pytest

VARIANTS = [{"mismatch_status": 422}, {"replay_balance": "recomputed"}, {"idempotency_header": "Idempotency-Key"},
            {"rollback_after_settle": "reverses"}, {"id_scope": "global"}, {"duplicate_answer": "own_code"},
            {"unknown_rollback": "not_found"}, {"money_form": "decimal_string"}, {"zero_stake": "refused"},
            {"settle_without_authorize": "parked"}, {"missing_trace_id": "generated"},
            {"signature_header": "X-Hub-Signature"}]


def test_the_suites_certify_a_platform_they_do_not_own(certify, config_text, external_sandbox, canaries, verdicts):
    done = certify("--target", "x", "--json", text=config_text(external_sandbox()))
    assert verdicts(done) == {}
    assert done.returncode == 0
    (run,) = certify.folder.glob("certify-runs/*")
    for path in [p for p in run.rglob("*") if p.is_file()]:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [name for name, secret in canaries.items() if secret in text], path
        assert "eyJ" not in text, f"a token reached {path}"
    again = certify("judge", run, "--json")
    assert again.returncode == 0
    assert verdicts(again) == {}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: "-".join(f"{k}={x}" for k, x in v.items()))
def test_a_legal_variant_passes_when_declared_and_only_then(certify, config_text, external_sandbox, verdicts, variant):
    ((key, value),) = variant.items()
    url = external_sandbox("--profile", f"{key}={value}")
    declared = certify("--target", "x", "--json", text=config_text(url, profile=variant))
    assert verdicts(declared) == {}
    assert declared.returncode == 0
    undeclared = certify("--target", "x", "--json", text=config_text(url))
    assert undeclared.returncode != 0
