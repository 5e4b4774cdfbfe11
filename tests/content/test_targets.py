"""Every mistake in certify.toml is named by file and field, with a remedy."""

import json

import pytest

from harness.cli.init import EXAMPLE
from harness.content.targets import load_target, target_from_dict, target_to_dict
from harness.model.errors import UsageError

GOOD = """
[target.x]
base_url = "http://127.0.0.1:8080"
sandbox = true
[target.x.credentials.provider]
client_id = "p"
secret = "env:X_SECRET"
"""


def load(tmp_path, text, name="x", environment=None):
    path = tmp_path / "certify.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_target(name, path, {"X_SECRET": "s3cret-value"} if environment is None else environment)


def test_a_good_profile_becomes_a_frozen_value(tmp_path):
    target = load(tmp_path, GOOD)
    assert target.hosts == ("127.0.0.1:8080",)
    assert target.credentials["provider"].secret == "s3cret-value"
    assert "s3cret-value" not in repr(target)
    assert target_from_dict(target_to_dict(target)) == target


def test_the_limit_is_of_the_sibling_or_of_the_provider_without_one(tmp_path):
    limits = "[target.x.limits]\nper_second = 50\nburst = 100\n"
    alone = load(tmp_path, GOOD + limits)
    assert (alone.limits.party, alone.limits.per_second, alone.limits.burst, alone.limits.per) == (
        "provider", 50.0, 100, "brand")
    sibling = '[target.x.credentials.sibling]\nclient_id = "p"\nsecret = "env:X_SECRET"\n'
    both = load(tmp_path, GOOD + limits + 'per = "provider"\n' + sibling)
    assert (both.limits.party, both.limits.per) == ("sibling", "provider")
    assert target_from_dict(target_to_dict(both)) == both
    assert load(tmp_path, GOOD).limits is None


def test_a_platform_may_promise_what_it_bears(tmp_path):
    slo = 'slo = ["p95 < 400ms", "errors < 0.1%"]\n'
    target = load(tmp_path, GOOD + f"[target.x.load]\nrounds_per_second = 50\n{slo}")
    assert (target.load.rounds_per_second, target.load.slo, target.load.cap) == (
        50.0, ("p95 < 400ms", "errors < 0.1%"), 200.0)
    assert target_from_dict(target_to_dict(target)) == target
    capped = load(tmp_path, GOOD + "[target.x.load]\nrounds_per_second = 50\nmost_rounds_per_second = 60\n")
    assert (capped.load.cap, capped.load.slo) == (60.0, ())
    assert (capped.load.abort, capped.load.abort_after_seconds) == ((), 10.0)
    abort = 'abort = ["p95 < 2s", "errors < 20%"]\n'
    wary = load(tmp_path, GOOD + f"[target.x.load]\nrounds_per_second = 50\n{abort}abort_after_seconds = 0\n")
    assert (wary.load.abort, wary.load.abort_after_seconds) == (("p95 < 2s", "errors < 20%"), 0.0)
    assert target_from_dict(json.loads(json.dumps(target_to_dict(wary)))) == wary
    assert load(tmp_path, GOOD).load is None


def test_a_platform_may_tell_where_its_wallet_is_and_what_it_promises(tmp_path):
    way = 'listen = "127.0.0.1:9400"\nupstream = "http://127.0.0.1:9300"\n'
    hooks = "[target.x.webhooks]\ntry_seconds = 10\n"
    target = load(tmp_path, GOOD + f"[target.x.wallet]\n{way}max_in_flight = 64\nrecovers_seconds = 60\n{hooks}")
    assert target.wallet == {"listen": "127.0.0.1:9400", "upstream": "http://127.0.0.1:9300", "max_in_flight": "64",
                             "recovers_seconds": "60.0"}
    assert target.recovers_seconds == 60.0
    assert target.webhook_try_seconds == 10.0
    assert target_from_dict(target_to_dict(target)) == target
    assert load(tmp_path, GOOD + "[target.x.wallet]\nmax_in_flight = 8\n").wallet == {"max_in_flight": "8"}
    assert load(tmp_path, GOOD + "[target.x.wallet]\nrecovers_seconds = 2.5\n").recovers_seconds == 2.5
    assert load(tmp_path, GOOD).webhook_try_seconds == 30.0
    assert load(tmp_path, GOOD).recovers_seconds is None


def test_the_example_of_init_loads(tmp_path):
    secrets = {f"CERTIFY_{p}_SECRET": "x" * 12 for p in ("PROVIDER", "OTHER", "OBSERVER", "ADMIN")}
    target = load(tmp_path, EXAMPLE, "staging", secrets)
    assert set(target.credentials) == {"provider", "other", "observer", "admin"}


@pytest.mark.parametrize(("text", "says"), [
    (GOOD + "[target.y\n", "not TOML"),
    (GOOD + "[target.x]\n", "not TOML"),
    (b"\xff\xfe", "not UTF-8"),
    (GOOD.replace("sandbox = true", 'sandbox = "yes"'), "target.x.sandbox must be bool"),
    (GOOD.replace("sandbox", "sandbocks"), "Did you mean 'sandbox'"),
    (GOOD.replace("http://", "ftp://"), "not an http(s) URL"),
    (GOOD.replace(":8080", ":99999"), "not a URL"),
    (GOOD.replace("env:X_SECRET", "plain"), "not the secret itself"),
    (GOOD.replace('secret = "env:X_SECRET"', ""), "secret is missing"),
    (GOOD.replace("env:X_SECRET", "env:OTHER"), "environment variable OTHER is not set"),
    (GOOD + '[target.x.hooks]\nrestrat = "true"\n', "Did you mean 'restart'"),
    (GOOD + '[target.x.hooks]\nrestart = "echo \\"x"\n', "hooks.restart: No closing quotation"),
    (GOOD + '[target.x.hooks]\nrestart = " "\n', "hooks.restart is empty"),
    (GOOD + '[target.x.wallet]\nlisten = "127.0.0.1:9400"\n', "wallet.upstream is missing"),
    (GOOD + '[target.x.wallet]\nlisten = "9400"\nupstream = "http://w:1"\n', "'9400' is no host:port"),
    (GOOD + '[target.x.wallet]\nlisten = "h:99999"\nupstream = "http://w:1"\n', "is no host:port"),
    (GOOD + '[target.x.wallet]\nlisten = "h:1"\nupstream = "w:1"\n', "is not an http"),
    (GOOD + '[target.x.wallet]\nlisten = "h:1"\nupstream = "https://w:1"\n', "is not plain http"),
    (GOOD + '[target.x.wallet]\nmax_in_flight = 0\n', "max_in_flight must be positive"),
    (GOOD + '[target.x.wallet]\nmax_in_flight = "64"\n', "max_in_flight must be int"),
    (GOOD + '[target.x.wallet]\nrecovers_seconds = 0.5\n', "wallet.recovers_seconds must be between 1 and 600"),
    (GOOD + '[target.x.wallet]\nrecovers_seconds = 3600\n', "wallet.recovers_seconds must be between 1 and 600"),
    (GOOD + '[target.x.wallet]\nrecovers_seconds = inf\n', "recovers_seconds must be positive"),
    (GOOD + '[target.x.wallet]\nrecovers_seconds = "1m"\n', "recovers_seconds must be float"),
    (GOOD + '[target.x.wallet]\nrecover_seconds = 5\n', "Did you mean 'recovers_seconds'"),
    (GOOD + '[target.x.webhooks]\ntry_second = 5\n', "Did you mean 'try_seconds'"),
    (GOOD + '[target.x.webhooks]\ntry_seconds = -5\n', "try_seconds must be positive"),
    (GOOD + '[target.x.wallet]\nlistens = "h:1"\n', "Did you mean 'listen'"),
    (GOOD + "[target.x.limits]\nper_second = 5\n", "limits.burst is missing"),
    (GOOD + "[target.x.load]\nrounds = 5\n", "load.rounds is unknown"),
    (GOOD + "[target.x.load]\nslo = []\n", "load.rounds_per_second must be rounds a second"),
    (GOOD + "[target.x.load]\nrounds_per_second = nan\n", "load.rounds_per_second must be rounds a second"),
    (GOOD + "[target.x.load]\nrounds_per_second = 0\n", "load: rounds_per_second must be above 0"),
    (GOOD + "[target.x.load]\nrounds_per_second = 5\nmost_rounds_per_second = 4\n", "not above most_rounds"),
    (GOOD + "[target.x.load]\nrounds_per_second = 5\nslo = [5]\n", "load.slo must be a list of texts"),
    (GOOD + '[target.x.load]\nrounds_per_second = 5\nslo = ["p95 > 1s"]\n', "load.slo: 'p95 > 1s' is no objective"),
    (GOOD.replace("sandbox = true", "sandbox = true\nload = 5"), "load must be a table"),
    (GOOD + '[target.x.load]\nrounds_per_second = 5\nabort = "p95 < 2s"\n', "load.abort must be a list of texts"),
    (GOOD + '[target.x.load]\nrounds_per_second = 5\nabort = ["errors < 2s"]\n', "load.abort: 'errors < 2s': errors"),
    (GOOD + '[target.x.load]\nrounds_per_second = 5\nabort_after = 5\n', "load.abort_after is unknown"),
    (GOOD + "[target.x.load]\nrounds_per_second = 5\nabort_after_seconds = 5\n", "stops nothing without abort"),
    *((GOOD + f'[target.x.load]\nrounds_per_second = 5\nabort = ["max < 9s"]\nabort_after_seconds = {delay}\n',
       "load.abort_after_seconds must be seconds, up to 600") for delay in ("-1", "601", "true", "nan", '"10"')),
    (GOOD + '[target.x.limits]\nper_second = 5\nburst = 9\nparty = "sibling"\n', "'sibling' is no provider of this"),
    (GOOD + '[target.x.limits]\nper_second = 5\nburst = 9\nparty = "admin"\n', "'admin' is no provider of this"),
    (GOOD + '[target.x.limits]\nper_second = 5\nburst = 9\nper = "city"\n', "limits.per must be one of"),
    (GOOD + "[target.x.limits]\nper_second = 0\nburst = 9\n", "per_second must be positive"),
    (GOOD + "[target.x.limits]\nper_sec = 5\n", "Did you mean 'per_second'"),
    (GOOD + "[target.x.profile]\nkey_lifetime_hours = 0\n", "key_lifetime_hours must be between 1 and 8760"),
    (GOOD + "[target.x.profile]\nretry_horizon_hours = 9000\n", "retry_horizon_hours must be between"),
    (GOOD.replace("credentials.provider", "credentials.providr"), "Did you mean 'provider'"),
    (GOOD.replace("sandbox = true", "timeout_seconds = -1"), "must be positive"),
    (GOOD.replace("sandbox = true", 'role = "casino"'), "must be one of platform, provider"),
    (GOOD + "[target.x.profile]\nmismatch_status = 400\n", "must be one of 409, 422"),
    (GOOD + "[target.x.profile]\nmismatch = 409\n", "unknown key 'mismatch'"),
    ("target = 3", "target must be a table"), ("", "no target 'x'"), ("[target]\nx = 1", "must be a table"),
    ("[targets.x]\n", "unknown key 'targets'")])
def test_a_mistake_is_named_in_one_line(tmp_path, text, says):
    with pytest.raises(UsageError) as error:
        load(tmp_path, text)
    line = error.value.line()
    assert says in line
    assert "certify.toml" in line
    assert "\n" not in line


def test_a_missing_file_points_to_init(tmp_path):
    with pytest.raises(UsageError, match=r"certify\.toml") as error:
        load_target("x", tmp_path / "certify.toml", {})
    assert "certify init" in error.value.line()
