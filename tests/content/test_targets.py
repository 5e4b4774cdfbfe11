"""Every mistake in certify.toml is named by file and field, with a remedy."""

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
