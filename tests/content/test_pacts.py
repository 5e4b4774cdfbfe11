"""Pacts from files and folders, and their settings: every mistake is told with its file or key, and what to do."""

import json
from pathlib import Path

import pytest

from harness.content.pact_settings import pact_settings
from harness.content.pacts import pacts_of, shipped_pacts
from harness.content.targets import target_from_dict, target_to_dict
from harness.model.errors import UsageError
from harness.model.pact import Kind, interactions
from harness.model.profile import Target

GOOD = {"consumer": {"name": "rgs"}, "provider": {"name": "platform"}, "interactions": []}


def settings(hosts=("127.0.0.1:1", "hooks.test"), environment=None, **table):
    return pact_settings(table, "target.x.pact", hosts=hosts, folder=Path("/where"), environment=environment or {})


def test_a_folder_is_read_whole_and_other_providers_are_left(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    (tmp_path / "deep" / "b.json").write_text("\ufeff" + json.dumps({**GOOD, "provider": {"name": "wallet"}}))
    assert [p.provider for p in pacts_of(str(tmp_path))] == ["platform", "wallet"]
    assert [p.source for p in pacts_of(str(tmp_path), ["platform"])] == [str(tmp_path / "a.json")]


def test_messages_that_the_target_itself_reads_are_found_by_its_name(tmp_path):
    read = {"consumer": {"name": "platform"}, "provider": {"name": "rgs"}, "interactions": [
        {"type": "Asynchronous/Messages", "description": "m", "contents": {}}]}
    called = {**read, "interactions": [{"type": "Synchronous/HTTP", "description": "h", "request": {}, "response": {}}]}
    for name, document in (("read", read), ("called", called)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    found = pacts_of(str(tmp_path), ["platform"], consumers=["platform"])
    assert [p.source for p in found] == [str(tmp_path / "read.json")]


@pytest.mark.parametrize(("content", "says"), [
    ("{", "bad.json:1: not JSON"), ("[]", "names no consumer"), ("7", "names no consumer"),
    ('{"consumer": {"name": "a"}}', "names no provider"), ("[" * 100_000, "not readable JSON"),
    (json.dumps({**GOOD, "interactions": {}}), "no list of interactions"),
    (json.dumps({**GOOD, "interactions": [1]}), "no list of interactions"),
    (json.dumps({"consumer": {"name": "a"}, "provider": {"name": "b"}}), "no list of interactions"),
    (json.dumps({**GOOD, "interactions": [{"request": {}, "response": {}}, {"request": 7, "response": {}}]}),
     "interaction 2 has no request or no response"), (b"\xff\xfe", "not UTF-8")], ids=lambda value: repr(value)[:30])
def test_what_is_no_pact_is_refused_with_its_file_and_what_to_do(tmp_path, content, says):
    file = tmp_path / "bad.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=says) as error:
        pacts_of(str(tmp_path))
    assert str(file) in error.value.message
    assert error.value.remedy


def test_a_source_that_is_not_there_or_empty_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        pacts_of(str(tmp_path / "none.json"))
    with pytest.raises(UsageError, match="no pact files"):
        pacts_of(str(tmp_path))


def test_the_shipped_pacts_are_there_and_every_http_interaction_has_a_control():
    asked = [one for pact in shipped_pacts("1.7") for one in interactions(pact) if one.kind is Kind.HTTP]
    assert len(asked) > 20
    assert all(one.controls for one in asked)
    assert all(one.pact.shipped for one in asked)


def test_paths_count_from_the_folder_and_secrets_come_from_the_environment():
    found = settings(sources=["pacts", "https://broker.test"], providers=["platform"], token="env:TOKEN",
                     environment={"TOKEN": "canary-token", "SHA": "1.2.3"}, version="env:SHA", publish=True,
                     branch="main",
                     selectors=[{"mainBranch": True}], pending=True, wip_since="2026-01-31")
    assert found.sources == ("/where/pacts", "https://broker.test")
    assert (found.token, found.version, found.brokers) == ("canary-token", "1.2.3", ("https://broker.test",))
    assert "canary-token" not in repr(found)
    assert settings() is None


@pytest.mark.parametrize(("table", "says"), [
    ({"source": ["a"]}, "source is unknown"), ({"sources": "a"}, "must be a list"), ({"sources": []}, "must be a list"),
    ({"sources": ["https://b.test"]}, "providers is missing"),
    ({"sources": ["https://u:p@b.test"], "providers": ["p"]}, "holds credentials"),
    ({"sources": ["https://b.test?x=1"], "providers": ["p"]}, "not the URL of a broker"),
    ({"sources": ["http://b.test:x"], "providers": ["p"]}, "not the URL of a broker"),
    ({"sources": ["http://b.test"], "providers": ["p"], "token": "env:T"}, "in clear"),
    ({"sources": ["https://b.test"], "providers": ["p"], "token": "secret"}, "reference to an environment variable"),
    ({"sources": ["https://b.test"], "providers": ["p"], "token": "env:NONE"}, "NONE is not set"),
    ({"sources": ["https://b.test"], "providers": ["p"], "publish": True}, "publish needs"),
    ({"sources": ["a"], "publish": True, "version": "1"}, "publish needs"),
    ({"sources": ["a"], "wip_since": "2026-01-01"}, "needs pending"),
    ({"sources": ["a"], "pending": True, "wip_since": "soon"}, "must be a date"),
    ({"sources": ["a"], "pending": "yes"}, "must be true or false"), ({"selectors": [{}]}, "list of tables"),
    ({"states": "http://elsewhere.test/s"}, "not a host that may be contacted"),
    ({"states": "http://hooks.test/s", "states_command": "x"}, "one too many"),
    ({"states_command": "'x"}, "No closing quotation"), ({"password": "env:T"}, "username is missing")], ids=repr)
def test_settings_that_are_wrong_are_refused_with_their_key(table, says):
    with pytest.raises(UsageError, match=says):
        settings(environment={"T": "x"}, **table)


def test_a_worker_gets_the_settings_without_the_secrets_of_brokers():
    found = settings(sources=["https://b.test"], providers=["p"], token="env:T", selectors=[{"mainBranch": True}],
                     environment={"T": "canary"})
    target = Target(name="x", base_url="http://x", pact=found)
    line = json.dumps(target_to_dict(target))
    assert "canary" not in line
    assert target_from_dict(json.loads(line)).pact == found.without_secrets
    assert target.secrets == ["canary"]
