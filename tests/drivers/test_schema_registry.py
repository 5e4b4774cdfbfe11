"""A schema registry is read, bounded, and not believed."""

import base64
import json
import threading
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
    {"/subjects": [".."]}, {"/subjects": [f"s{n}" for n in range(10_001)]},
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


def schema(name, *fields, **more):
    return {"schema": json.dumps({"type": "record", "name": name, "fields": list(fields)}), **more}


def test_a_subject_that_is_named_needs_no_list_of_all(start):
    seen = []
    registry_histories(start(registry(one_subject(), seen)), subjects=["bet/settled-value"], environment={})
    assert "/subjects" not in [path for path, _ in seen]


def test_subjects_that_are_too_many_for_one_answer_are_read_in_pages(start):
    names = [f"s{n}-{'x' * 500}" for n in range(2_500)]
    pages = {f"/subjects?offset={n}&limit=1000": names[n:n + 1_000] for n in (0, 1_000, 2_000)}
    answers = {"/subjects": names, **pages}
    for name in names:
        answers[f"/subjects/{name}/versions"] = [1]
        answers[f"/subjects/{name}/versions/1"] = AVRO
    one = schema_registry._Registry(start(registry(answers)), sending(), {}, deleted=False)
    assert one.subjects() == names


def sending():
    def send(request):
        client = RecordingClient(None, Redactor(), hosts=(request.url.split("/")[2],), prefix="r")
        try:
            return client.send(request)
        finally:
            client.close()
    return send


def test_a_registry_without_pages_is_not_asked_for_ever(start):
    names = [f"s{n}-{'x' * 900}" for n in range(1_000)]
    answers = {"/subjects": [*names, "y" * 200_000], "/subjects?offset=0&limit=1000": names,
               "/subjects?offset=1000&limit=1000": names}
    assert len(schema_registry._Registry(start(registry(answers)), sending(), {}, deleted=False).subjects()) == 1_000


@pytest.mark.parametrize(("config", "level", "of"), [
    ({}, None, ""), ({"/config": {"compatibilityLevel": "FULL"}}, "full", "registry"),
    ({"/config": {"compatibilityLevel": "FULL"}, "/config/bet/settled-value": {"compatibilityLevel": "NONE"}},
     "none", "subject"),
    ({"/config": (403, {}, b""), "/config/bet/settled-value": {"compatibilityLevel": "BACKWARD_TRANSITIVE"}},
     "backward_transitive", "subject"),
    ({"/config": {"compatibilityLevel": "SIDEWAYS"}}, None, ""), ({"/config": {"compatibilityLevel": 7}}, None, ""),
    ({"/config": []}, None, ""), ({"/config": {"compatibility": "forward"}}, "forward", "registry")])
def test_the_level_of_a_registry_is_read_where_it_is_wanted(start, config, level, of):
    url = start(registry({**one_subject(), **config}))
    (only,) = registry_histories(url, environment={}, levels=True)
    assert (only.level and only.level.value, only.level_of) == (level, of)
    (only,) = registry_histories(url, environment={})
    assert only.level is None


def test_a_config_that_fails_is_no_config_that_asks_for_nothing(start):
    with pytest.raises(EnvironmentFault, match="refused /config: 500"):
        registry_histories(start(registry({**one_subject(), "/config": (500, {}, b"")})), environment={}, levels=True)


def test_references_go_on_from_subject_to_subject_and_find_what_was_deleted_softly(start):
    one = schema("Bet", references=[{"name": "Money", "subject": "money", "version": 2}])
    money = schema("Money", references=[{"name": "Currency", "subject": "currency", "version": 1}])
    answers = {"/subjects": ["bet"], "/subjects/bet/versions": [1], "/subjects/bet/versions/1": one,
               "/subjects/money/versions/2?deleted=true": money, "/subjects/currency/versions/1": schema("Currency")}
    (only,) = registry_histories(start(registry(answers)), environment={})
    assert list(only.versions[0].others) == ["Money", "Currency"]


def test_two_things_of_one_name_are_told(start):
    refs = [{"name": "Money", "subject": "money", "version": n} for n in (1, 2)]
    answers = {"/subjects": ["bet"], "/subjects/bet/versions": [1],
               "/subjects/bet/versions/1": schema("B", references=refs),
               "/subjects/money/versions/1": schema("Money"), "/subjects/money/versions/2": schema("Money", {})}
    with pytest.raises(EnvironmentFault, match="two things of one name, 'Money'"):
        registry_histories(start(registry(answers)), environment={})


def test_what_was_deleted_softly_counts_where_it_is_asked_for(start):
    answers = {**one_subject(), "/subjects?deleted=true": ["bet/settled-value", "gone"],
               "/subjects/bet/settled-value/versions?deleted=true": [1, 2, 3],
               "/subjects/bet/settled-value/versions/2?deleted=true": AVRO,
               "/subjects/gone/versions?deleted=true": [1], "/subjects/gone/versions/1?deleted=true": AVRO}
    url = start(registry(answers))
    assert [len(one.versions) for one in registry_histories(url, environment={})] == [2]
    assert [len(one.versions) for one in registry_histories(url, environment={}, deleted=True)] == [3, 1]


def test_twenty_subjects_take_less_than_a_second_of_ours(start):
    """Each answer is made to take 5 ms: what is asked one after the other would take over a second."""
    answers = {"/subjects": [f"s{n}" for n in range(20)], "/config": {"compatibilityLevel": "FULL"}}
    for n in range(20):
        answers[f"/subjects/s{n}/versions"] = [1, 2, 3, 4, 5, 6]
        answers.update({f"/subjects/s{n}/versions/{v}": AVRO for v in range(1, 7)})
    under_way, most, lock = [0], [0], threading.Lock()

    def slowly(_):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.005)
        with lock:
            under_way[0] -= 1

    found = registry_histories(start(registry(answers, before=slowly)), environment={}, levels=True)
    assert sum(len(one.versions) for one in found) == 120
    assert 2 <= most[0] <= 8, "several at a time, and never a flood"


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
