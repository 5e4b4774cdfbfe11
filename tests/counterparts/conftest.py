"""A subject of a few lines on a free port, and a workshop that drives it through the recording client."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.contracts import packs
from harness.counterparts.lab import Lab
from harness.counterparts.workshop import Workshop
from harness.drivers.recording_client import RecordingClient
from harness.engine.redaction import Redactor
from harness.model.operations import operations
from harness.model.profile import Credential, Target
from tests.support import Handler, Lines

TOKEN = {"access_token": "token-0123456789", "token_type": "Bearer", "expires_in": 600}
KNOWN = operations(packs.openapi("1.7"))
SECRETS = {"provider": "canary-provider-1", "other": "canary-other-222", "admin": "canary-admin-333"}


class Subject:
    """Answers by "METHOD /path": a (status, body, headers) tuple, bytes for a raw reply, or a callable giving one."""

    def __init__(self, serve):
        self.requests = []
        self.answers = {"POST /v1/oauth/token": (200, TOKEN, {}),
                        "GET /sandbox/info": (200, {"sandbox": True, "api_version": "1.7", "started_at": "one"}, {})}
        self.default = (200, {}, {})
        subject = self

        class Answering(Handler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one write an answer: two would wait for each other's acknowledgement

            def answer(self):
                body = self.sent()
                path = self.path.partition("?")[0]
                request = SimpleNamespace(method=self.command, path=path, query=self.path.partition("?")[2],
                                          headers=self.headers, body=body)
                subject.requests.append(request)
                found = subject.answers.get(f"{self.command} {path}", subject.default)
                found = found(request) if callable(found) else found
                if isinstance(found, bytes):
                    self.wfile.write(found)
                    self.close_connection = True
                    return
                status, content, headers = found
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)),
                                    **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        self.url = serve(Answering)

    def sent(self, method_and_path):
        """The requests that came there."""
        return [r for r in self.requests if f"{r.method} {r.path}" == method_and_path]


@pytest.fixture
def subject(serve):
    """The running subject."""
    return Subject(serve)


@pytest.fixture
def lines():
    """What was recorded."""
    return Lines()


def credential(name, tenant="tenant-a", **options):
    return Credential(client_id=name, secret=SECRETS.get(name, "canary-of-any-one"), tenant_id=tenant,
                      provider_id=name, brand_id="brand-a1", region="eu-west", **options)


@pytest.fixture
def target(subject):
    """A profile of the subject with provider, other and admin."""
    return Target(name="x", base_url=subject.url, sandbox=True, hosts=(subject.url.removeprefix("http://"),),
                  timeout_seconds=5.0, webhook_wait_seconds=0.3,
                  credentials={"provider": credential("provider"), "other": credential("other", "tenant-b"),
                               "admin": credential("admin", "")})


@pytest.fixture
def workshop_of(lines):
    """workshop_of(target, hooks={}) -> a workshop, closed at the end."""
    made = []

    def make(target, **options):
        redactor = Redactor([c.secret for c in target.credentials.values()])
        sender = RecordingClient(lines, redactor, hosts=target.hosts, prefix="t", timeout=target.timeout_seconds)
        shop = Workshop(target=target, contract={}, known=KNOWN, sender=sender, recorder=lines, redactor=redactor,
                        seed=1, epoch="ep", worker="w1", **options)
        made.append((shop, sender))
        return shop

    yield make
    for shop, sender in made:
        shop.close()
        sender.close()


@pytest.fixture
def workshop(workshop_of, target):
    """A workshop for the subject."""
    return workshop_of(target)


@pytest.fixture
def lab(workshop):
    """The lab of one check that decides X-01 and X-02."""
    return Lab(workshop, "a/test_a.py::test_x", ("X-01", "X-02"))


@pytest.fixture
def changed():
    """changed(target, sandbox=False, ...) -> the same target, otherwise."""
    return replace


@pytest.fixture
def client():
    """client(name, tenant) -> a credential."""
    return credential
