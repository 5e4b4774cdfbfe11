"""certify sandbox: what it prints for people and machines, from a sandbox that is not started here."""

import json
import socket
import tomllib
from types import SimpleNamespace

import pytest

from harness.cli import sandbox
from harness.cli.sandbox import parse_choices, proofs
from harness.content.targets import load_target
from harness.model.errors import UsageError


@pytest.fixture
def running():
    """What the text is made of."""
    clients = [SimpleNamespace(client_id=client, secret=f"s3cret-{client}", tenant_id="tenant-a", provider_id=client,
                               inbound_secret=f"s3cret-signing-{client}", scopes=("bets:write",))
               for client in {c for c, _ in sandbox._PARTIES.values()}]
    return SimpleNamespace(platform_url="http://127.0.0.1:8080", wallet_url="http://127.0.0.1:8081",
                           settings=SimpleNamespace(clients=clients, brand_rates=(("brand-a2", 20.0, 40.0),)))


def test_the_printed_configuration_loads_and_reaches_the_sandbox(running, tmp_path):
    text = sandbox._as_text(running, ("a-fault",), {"mismatch_status": 422, "money_form": "decimal_string"})
    assert "Planted defects: a-fault" in text
    config, _, shell = text[text.index("# certify.toml"):].partition("# shell")
    (tmp_path / "certify.toml").write_text(config)
    exports = dict(line.removeprefix("export ").split("=") for line in shell.splitlines() if line.startswith("export"))
    target = load_target("local", tmp_path / "certify.toml", exports)
    assert (target.base_url, target.profile.mismatch_status) == (running.platform_url, 422)
    assert set(target.credentials) == set(sandbox._PARTIES)
    assert target.credentials["other"].secret == "s3cret-provider-b"
    assert target.credentials["provider"].signing_secret == "s3cret-signing-provider-a"
    assert target.limits == sandbox._target(running, {}).limits
    assert "s3cret" not in config, "secrets are references in the file"


def test_without_choices_and_faults_neither_is_printed(running):
    text = sandbox._as_text(running, (), {})
    assert "Planted" not in text
    assert "profile" not in tomllib.loads(text[text.index("# certify.toml"):text.index("# shell")])["target"]["local"]


def test_for_machines_it_is_one_line_of_json(running):
    text = sandbox._as_json(running, ("a-fault",))
    assert text.count("\n") == 1
    data = json.loads(text)
    assert (data["platform_url"], data["faults"]) == (running.platform_url, ["a-fault"])
    assert {c["client_id"] for c in data["clients"]} == {c for c, _ in sandbox._PARTIES.values()}


def test_the_built_in_target_knows_its_parties_and_only_its_host(running):
    target = sandbox._target(running, {"id_scope": "global"})
    assert target.hosts == ("127.0.0.1:8080",)
    assert target.profile.id_scope == "global"
    assert target.credentials["sibling"].brand_id == "brand-a2"
    assert (target.limits.party, target.limits.per_second, target.limits.burst) == ("sibling", 20.0, 40)
    assert "s3cret" not in repr(target)


def test_choices_are_numbers_where_they_look_like_it():
    assert parse_choices(("mismatch_status=422", "money_form=decimal_string", "signature_header=X=Y", "a=")) == {
        "mismatch_status": 422, "money_form": "decimal_string", "signature_header": "X=Y", "a": ""}


@pytest.mark.parametrize("pair", ["x", "", "mismatch_status"])
def test_a_pair_that_is_none_is_named(pair):
    with pytest.raises(UsageError, match="not KEY=VALUE"):
        parse_choices((pair,))


@pytest.mark.parametrize(("arguments", "says"), [
    (["--profile", "mismatch_status=²"], "must be int"), (["--profile", "no_such=1"], "unknown key 'no_such'"),
    (["--fault", "no-such"], "no such fault"), (["--database", "nonsense"], "not a database URL"),
    (["--database", "mysql://u:canary-pw@h/db"], "mysql is none of"), (["--database", "sqlite://"], "name a file"),
    (["--database", "sqlite+nonsense:///x.db"], "no driver")])
def test_what_is_wrong_is_one_line_before_anything_starts(here, say, arguments, says):
    code, out, err = say("sandbox", *arguments)
    assert code == 2
    assert out == ""
    assert says in err
    assert len(err.splitlines()) == 1
    assert "canary" not in err


@pytest.mark.parametrize(("url", "says"), [
    ("sqlite:////nonexistent/folder/x.db", "unable to open"), ("postgresql://u:canary-pw@127.0.0.1:1/x", "onnection")])
def test_a_database_that_cannot_be_reached_is_one_line(here, say, url, says):
    code, out, err = say("sandbox", "--database", url)
    assert (code, out) == (4, "")
    assert says in err
    assert len(err.splitlines()) == 1
    assert not {"Traceback", "canary", "File "} & set(err.split())


def test_a_port_in_use_is_one_line(here, say):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, out, err = say("sandbox", "--port", taken.getsockname()[1])
    assert (code, out) == (4, "")
    assert "Is the port free?" in err
    assert len(err.splitlines()) == 1


def test_secrets_come_from_the_environment_by_client(monkeypatch):
    monkeypatch.setenv("CERTIFY_SANDBOX_SECRET_PROVIDER_A", "mine")
    monkeypatch.setenv("CERTIFY_SANDBOX_SECRET_PROVIDER_B", "")
    assert sandbox._given_secrets() == {"provider-a": "mine"}


def test_proofs_of_a_control_are_its_fault_switches():
    assert "rollback-pays-twice" in dict(proofs("MONEY-10"))
    assert proofs("OBS-09") == ()
