"""`certify drift` from the command line: what it reads, what it writes, how it ends."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.drift import compare as dispatch
from harness.drift.changes import Comparison
from harness.drift.waivers import fingerprint
from tests.drift.made_up import ADDED, BREAK, WORDS

OLD = """openapi: 3.1.0
info: {title: t, version: 1.6.0}
paths: {/v1/x: {get: {responses: {"200": {description: a}}}}}
"""
NEW = OLD.replace("1.6.0", "1.7.0")


@pytest.fixture
def found(monkeypatch):
    """What the comparer of OpenAPI finds, to be filled by the test."""
    changes = []

    def fake(old, new, options):
        numbers = [str(d.value["info"]["version"]) for d in (old, new)]
        return Comparison(format="openapi", old_version=numbers[0], new_version=numbers[1], changes=tuple(changes))

    monkeypatch.setitem(dispatch.COMPARERS, "openapi", fake)
    return changes


@pytest.fixture
def pair(here):
    """old.yaml and new.yaml in the working directory."""
    (here / "old.yaml").write_text(OLD)
    (here / "new.yaml").write_text(NEW)
    return here


def drift(say, *options, old="old.yaml", new="new.yaml"):
    return say("drift", old, new, *options)


def test_it_ends_with_0_where_nothing_fails_and_1_where_something_does(pair, say, found):
    found += [ADDED]
    assert drift(say)[0] == 0
    found += [BREAK]
    code, out, err = drift(say)
    assert (code, err) == (1, "")
    assert "BREAKING  POST /v1/bets request body" in out


def test_a_wrong_version_number_fails(pair, say, found):
    (pair / "new.yaml").write_text(OLD)
    found += [WORDS]
    code, out, _ = drift(say)
    assert code == 1
    assert "at least 1.6.1" in out


def test_reports_go_to_stdout_or_a_file(pair, say, found):
    found += [BREAK]
    code, out, _ = drift(say, "--report", "json")
    assert (code, json.loads(out)["verdict"]) == (1, "breaking")
    code, out, _ = drift(say, "--report", "sarif", "--out", "drift.sarif")
    assert (code, out) == (1, "")
    assert json.loads((pair / "drift.sarif").read_text())["version"] == "2.1.0"
    assert drift(say, "--report", "markdown")[1].startswith("### ")


def test_a_waiver_lets_one_change_pass_until_its_day(pair, say, found):
    found += [BREAK]
    (pair / "w.toml").write_text(f'[[waiver]]\nchange = "{fingerprint(BREAK)}"\nreason = "all agreed"\n'
                                 "expires = 2026-12-31\n")
    (pair / "new.yaml").write_text(NEW.replace("1.7.0", "2.0.0").replace("/v1/", "/v2/"))
    code, out, _ = drift(say, "--waivers", "w.toml", "--as-of", "2026-12-31")
    assert code == 0
    assert "waived: all agreed" in out
    code, out, _ = drift(say, "--waivers", "w.toml", "--as-of", "2027-01-01")
    assert code == 1
    assert "ran out on 2026-12-31" in out


def test_allow_says_what_passes(pair, say, found):
    found += [ADDED]
    assert drift(say, "--allow", "editorial")[0] == 1
    found[:] = [BREAK]
    (pair / "new.yaml").write_text(NEW.replace("1.7.0", "2.0.0").replace("/v1/", "/v2/"))
    assert drift(say)[0] == 1
    assert drift(say, "--allow", "breaking")[0] == 0


@pytest.mark.parametrize(("options", "said"), [
    (("--report", "pdf"), "--report 'pdf' is not known"), (("--level", "both"), "--level"),
    (("--allow", "x"), "--allow"), (("--format", "wsdl"), "--format"), (("--as-of", "soon"), "no date"),
    (("--waivers", "no.toml"), "--waivers no.toml"), (("--out", "no/where.txt"), "--out no/where.txt")])
def test_a_bad_option_is_one_line(pair, say, found, options, said):
    code, out, err = drift(say, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(("text", "said"), [
    ("openapi: [", "line"), ("swagger: '2.0'\n", "Swagger"), ("a: 1\n", "neither OpenAPI"), ("", "c.yaml"),
    ("openapi: 3.1.0\na: {$ref: '#/none'}\n", "leads to nothing"), ("asyncapi: 3.0.0\n", "is asyncapi"),
    ("openapi: 3.1.0\na: {$ref: 'http://e.test/x.yaml'}\n", "network")])
def test_what_cannot_be_read_is_never_no_change(pair, say, found, text, said):
    (pair / "c.yaml").write_text(text)
    for names in ({"new": "c.yaml"}, {"old": "c.yaml", "new": "c.yaml"}):
        code, out, err = drift(say, **names)
        if said == "is asyncapi" and len(names) == 2:
            continue
        assert (code, out) == (2, ""), err
        assert said in err
        assert len(err.splitlines()) == 1


def test_two_documents_do_not_come_from_standard_input(here, say):
    code, _, err = drift(say, old="-", new="-")
    assert (code, "one document" in err) == (2, True)


class _Published(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/openapi.yaml")
            self.end_headers()
            return
        body = NEW.encode() if self.path == "/openapi.yaml" else b"x" * (17 << 20) if self.path == "/huge" else b""
        self.send_response(200 if body else 404)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # the client has had enough

    def log_message(self, *_):
        pass


@pytest.fixture
def published():
    """A loopback server with NEW at /openapi.yaml."""
    server = HTTPServer(("127.0.0.1", 0), _Published)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_of_loopback_is_read(pair, say, found, published):
    found += [ADDED]
    code, out, err = drift(say, new=f"{published}/openapi.yaml")
    assert (code, err) == (0, "")
    assert "version 1.7.0" in out


@pytest.mark.parametrize(("path", "said"), [("/none", "answered 404"), ("/moved", "redirects are not followed"),
                                            ("/huge", "more than 16 MiB")])
def test_a_url_that_does_not_give_it_is_the_environments_fault(pair, say, found, published, path, said):
    code, out, err = drift(say, new=published + path)
    assert (code, out) == (4, "")
    assert said in err


def test_a_url_elsewhere_is_asked_only_as_a_host_of_a_target(pair, say, found):
    code, _, err = drift(say, new="http://platform.test/openapi.yaml")
    assert (code, "refusing to contact" in err) == (2, True)
    (pair / "certify.toml").write_text('[target.a]\nbase_url = "http://127.0.0.1:1"\nhosts = ["127.0.0.1:2"]\n')
    code, _, err = drift(say, new="http://127.0.0.1:1/openapi.yaml")
    assert (code, "nothing answers there" in err) == (4, True)
