"""A schema registry is read, bounded, and not believed."""

import base64
import json
import time
from urllib.parse import unquote

import pytest

from harness.drivers import schema_registry
from harness.drivers.recording_client import MAX_BODY, RecordingClient
from harness.engine.redaction import Redactor
from harness.model.errors import EnvironmentFault, UsageError
from tests.support import Handler, serving


def registry_histories(url, *, timeout=10.0, **more):
    """As the command line does it."""
    client = RecordingClient(None, Redactor(), hosts=(url.partition("//")[2],), prefix="registry", timeout=timeout)
    try:
        return schema_registry.registry_histories(url, send=client.send, **more)
    finally:
        client.close()


AVRO = {"schema": json.dumps({"type": "record", "name": "Bet", "fields": []})}


@pytest.fixture
def start():
    with serving() as starting:
        yield starting


def registry(answers, seen=None, before=None):
    """A handler class that answers paths with JSON values, bytes, or (status, headers, bytes)."""
    class Registry(Handler):
        def do_GET(self):
            if seen is not None:
                seen.append((self.path, dict(self.headers)))
            if before is not None:
                before(self)
            value = answers.get(unquote(self.path), (404, {}, b"{}"))
            if not isinstance(value, tuple):
                value = (200, {}, value if isinstance(value, bytes) else json.dumps(value).encode())
            status, headers, body = value
            self.send_response(status)
            for key, one in headers.items():
                self.send_header(key, one)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    return Registry


def one_subject(**more):
    return {"/subjects": ["bet/settled-value"], "/subjects/bet/settled-value/versions": [1, 3],
            "/subjects/bet/settled-value/versions/1": {"subject": "x", "version": 1, "id": 7, **AVRO},
            "/subjects/bet/settled-value/versions/3": {**AVRO, **more}}


def test_every_version_of_every_subject_is_read(start):
    seen = []
    (only,) = registry_histories(start(registry(one_subject(), seen)), environment={})
    assert [(v.version.label, v.format) for v in only.versions] == [("1", "avro"), ("3", "avro")]
    assert seen[1][0] == "/subjects/bet%2Fsettled-value/versions"
    assert all("Authorization" not in headers for _, headers in seen)


def test_references_come_along(start):
    answers = {**one_subject(schemaType="PROTOBUF", schema='import "money.proto";',
                             references=[{"name": "money.proto", "subject": "money", "version": 2}]),
               "/subjects/money/versions/2": {"schemaType": "PROTOBUF", "schema": "message"}}
    (only,) = registry_histories(start(registry(answers)), environment={})
    assert only.versions[1].others == {"money.proto": "message"}


@pytest.mark.parametrize(("environment", "header"), [
    ({"CERTIFY_REGISTRY_USER": "u", "CERTIFY_REGISTRY_PASSWORD": "p"},
     "Basic " + base64.b64encode(b"u:p").decode()),
    ({"CERTIFY_REGISTRY_TOKEN": "t"}, "Bearer t"),
])
def test_credentials_come_from_the_environment(start, environment, header):
    seen = []
    registry_histories(start(registry(one_subject(), seen)), environment=environment)
    assert {headers["Authorization"] for _, headers in seen} == {header}


@pytest.mark.parametrize(("url", "environment", "said"), [
    ("http://user:secret@127.0.0.1", {}, "holds credentials"), ("ftp://127.0.0.1", {}, "not the URL"),
    ("http://registry.example", {"CERTIFY_REGISTRY_TOKEN": "t"}, "in clear"),
    ("http://127.0.0.1", {"CERTIFY_REGISTRY_TOKEN": "a\nb"}, "cannot be sent"),
    ("http://127.0.0.1/?a=b", {}, "no query"), ("http://[", {}, "not the URL"),
])
def test_what_the_caller_does_wrong_is_told(url, environment, said):
    with pytest.raises(UsageError, match=said) as error:
        registry_histories(url, environment=environment)
    assert "secret" not in error.value.line()


def test_an_unknown_subject_is_told(start):
    with pytest.raises(UsageError, match="no subject 'none'"):
        registry_histories(start(registry(one_subject())), subjects=["none"], environment={})


@pytest.mark.parametrize("answers", [
    {}, {"/subjects": (401, {}, b"")}, {"/subjects": (302, {"Location": "http://elsewhere.example/"}, b"")},
    {"/subjects": b"<html>"}, {"/subjects": b"[" * 100_000}, {"/subjects": {"a": 1}}, {"/subjects": [1]},
    {"/subjects": [".."]}, {"/subjects": [f"s{n}" for n in range(3_000)]},
    {"/subjects": b'["' + b"x" * (MAX_BODY + 1) + b'"]'},
    {"/subjects": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b")},
    {**one_subject(), "/subjects/bet/settled-value/versions": []},
    {**one_subject(), "/subjects/bet/settled-value/versions": [-1, True]},
    {**one_subject(), "/subjects/bet/settled-value/versions": "all"},
    {**one_subject(), "/subjects/bet/settled-value/versions/1": []},
    {**one_subject(), "/subjects/bet/settled-value/versions/1": {"schema": 7}},
    one_subject(schemaType="THRIFT"), one_subject(references=7), one_subject(references=[{}]),
    {**one_subject(references=[{"name": f"a{n}", "subject": "loop", "version": 1} for n in range(200)]),
     "/subjects/loop/versions/1": AVRO},
])
def test_hostile_answers_get_one_line(start, answers):
    with pytest.raises(EnvironmentFault) as error:
        registry_histories(start(registry(answers)), environment={})
    assert "the registry" in error.value.line()
    assert len(error.value.line()) < 600


def test_references_in_a_circle_end(start):
    loop = {**AVRO, "references": [{"name": "loop", "subject": "loop", "version": 1}]}
    answers = {**one_subject(references=[{"name": "loop", "subject": "loop", "version": 1}]),
               "/subjects/loop/versions/1": loop}
    (only,) = registry_histories(start(registry(answers)), environment={})
    assert list(only.versions[1].others) == ["loop"]


def test_a_registry_that_takes_too_long_in_all_is_left(start, monkeypatch):
    monkeypatch.setattr(schema_registry, "ALL_SECONDS", -1.0)
    with pytest.raises(EnvironmentFault, match="took more than"):
        registry_histories(start(registry(one_subject())), environment={})


def test_nobody_there_is_told():
    with pytest.raises(EnvironmentFault, match="does not answer"):
        registry_histories("http://127.0.0.1:9", environment={})


def test_a_head_that_drips_ends_with_the_time_limit(start):
    def drip(handler):
        for _ in range(200):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.02)
    with pytest.raises(EnvironmentFault, match=r"does not answer /subjects \(timeout|protocol"):
        registry_histories(start(registry({}, before=drip)), environment={}, timeout=0.3)
