"""An external platform, reached only through certify.toml over HTTP: legal variants pass, undeclared ones do not."""

import pytest

# A legal choice, and the controls that must not be green where the profile does not declare it.
VARIANTS = [("mismatch_status", 422, "IDEM-04"), ("replay_balance", "recomputed", "IDEM-03"),
            ("idempotency_header", "Idempotency-Key", "IDEM-03"), ("rollback_after_settle", "reverses", "MONEY-10"),
            ("id_scope", "global", "IDEM-06"), ("duplicate_answer", "own_code", "IDEM-06"),
            ("unknown_rollback", "not_found", "MONEY-10"), ("money_form", "decimal_string", "MONEY-03"),
            ("zero_stake", "refused", "MONEY-04"), ("settle_without_authorize", "parked", "MONEY-09"),
            ("missing_trace_id", "generated", "CONT-05"), ("signature_header", "X-Hub-Signature", "HOOK-01")]


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


def test_a_platform_on_postgresql_is_certified_alike(certify, config_text, external_sandbox, verdicts, postgres):
    done = certify("--target", "x", "--json", "--budget", "quick",
                   text=config_text(external_sandbox("--database", postgres())))
    assert verdicts(done) == {}
    assert done.returncode == 0


@pytest.mark.parametrize(("key", "value", "control"), VARIANTS)
def test_a_legal_variant_passes_when_declared_and_only_then(certify, config_text, external_sandbox, verdicts, key,
                                                            value, control):
    url = external_sandbox("--profile", f"{key}={value}")
    declared = certify("--target", "x", "--json", "--budget", "quick", "--no-chaos",
                       text=config_text(url, profile={key: value}))
    assert verdicts(declared) == {}
    assert declared.returncode == 0
    undeclared = certify("--target", "x", "--json", "--only", control, text=config_text(url))
    assert undeclared.returncode in (1, 3)
    assert control in verdicts(undeclared)
