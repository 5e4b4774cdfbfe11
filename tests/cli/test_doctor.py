"""doctor: each question with its remedy; 4 when something that a run needs is not there, 2 when a file is wrong."""

import json
import shlex
import socket
import sys

import pytest

from harness.contracts import packs
from tests.support import Handler

CONFIG = """[target.x]
base_url = "{url}"
sandbox = true
contract = "1.7"
timeout_seconds = 5
[target.x.credentials.provider]
client_id = "p"
secret = "env:DOCTOR_SECRET"
[target.x.credentials.admin]
client_id = "a"
secret = "env:DOCTOR_SECRET"
"""


@pytest.fixture
def platform(serve):
    """platform(status of the API) -> base URL of a server that calls itself a sandbox."""
    def start(status=200, info=b'{"sandbox": true, "api_version": "1.7"}', token=200):
        class Answering(Handler):
            def answer(self):
                self.sent()
                code, body = {"/sandbox/info": (200, info), "/v1/oauth/token": (
                    token, b'{"access_token": "token-0123456789"}')}.get(self.path, (status, b"{}"))
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

        return serve(Answering)

    return start


@pytest.fixture
def doctor(here, say, monkeypatch):
    """doctor(url, extra="") -> (exit code, probes by name, the text's lines)."""
    monkeypatch.setenv("DOCTOR_SECRET", "canary-doctor-1")

    def ask(url, extra=""):
        (here / "certify.toml").write_text(CONFIG.format(url=url) + extra)
        code, text, err = say("doctor", "--target", "x")
        again, out, _ = say("doctor", "--target", "x", "--json")
        assert (err, again) == ("", code)
        assert "canary" not in text + out
        document = json.loads(out)
        assert document["ok"] is (code == 0)
        assert list(here.iterdir()) == [here / "certify.toml"], "it leaves nothing behind"
        return code, {p["name"]: p for p in document["probes"]}, text.splitlines()

    return ask


def test_it_says_what_contract_and_events_are_held_against(doctor, platform, monkeypatch, tmp_path_factory):
    _, found, _ = doctor(platform())
    assert (found["baseline"]["seen"], found["baseline"]["ok"]) == ("1.7", True)
    assert found["event schemas"]["seen"].startswith("20 of the unified API 1.7")
    contract = tmp_path_factory.mktemp("contract") / "api.json"
    contract.write_text('{"openapi": "3.1.0", "info": {}, "paths": {"/v7/bets/{bet_id}": {"get": {}}}}')
    monkeypatch.setitem(globals(), "CONFIG", CONFIG.replace('"1.7"', f'"{contract}"'))
    _, found, _ = doctor(platform())
    for name, says in (("baseline", "CONT-07"), ("event schemas", "EVT-02")):
        assert found[name]["ok"] is None
        assert says in found[name]["remedy"]


def test_a_target_that_is_well(doctor, platform):
    code, probes, lines = doctor(platform())
    assert code == 0
    assert lines[-1] == "All well. Next: certify --target x"
    assert {"suites", "contract", "reachable", "clock", "sandbox", "credentials provider", "first read"} <= set(probes)
    for party in ("other", "observer", "sibling"):
        assert probes[f"credentials {party}"]["ok"] is None
        assert probes[f"credentials {party}"]["remedy"]
    assert (probes["wallet"]["ok"], "TIME-01" in probes["wallet"]["remedy"]) == (None, True)
    assert "fault proxy" not in probes, "none is given"


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_a_target_whose_api_refuses(doctor, platform, status):
    code, probes, lines = doctor(platform(status))
    assert code == 4
    assert probes["first read"]["ok"] is False
    assert [line for line in lines if line.startswith("FAIL")] == [
        f"FAIL first read: GET /v1/events answered {status}. The provider's client must be able to read events "
        "(scope events:read)"]
    assert "All well" not in lines[-1]


@pytest.mark.parametrize(("options", "fails"), [
    ({"token": 401}, "credentials provider"), ({"token": 503}, "credentials provider"),
    ({"info": b"{}"}, "sandbox"), ({"info": b"\x1b[31m"}, "sandbox")])
def test_the_first_that_fails_is_the_last_that_is_asked(doctor, platform, options, fails):
    code, probes, _ = doctor(platform(**options))
    assert code == 4
    assert probes[fails]["ok"] is False
    assert "first read" not in probes


def test_a_target_that_is_down(doctor):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, probes, _ = doctor(f"http://127.0.0.1:{port}")
    assert code == 4
    assert "no connection" in probes["reachable"]["seen"]


@pytest.mark.parametrize(("command", "ok"), [
    (shlex.join([sys.executable, "-c", "raise SystemExit('must not be run')"]), True), ("no-such-tool --now", False)])
def test_a_hook_is_looked_up_and_not_run(doctor, platform, command, ok):
    code, probes, _ = doctor(platform(), f"[target.x.hooks]\nrestart = {json.dumps(command)}\n")
    assert code == 0, "a hook decides one control, not the run"
    assert probes["hook restart"]["ok"] is ok
    assert command in probes["hook restart"]["seen"]
    assert bool(probes["hook restart"]["remedy"]) is not ok


def test_a_platform_that_nothing_can_crash_is_told_so(doctor, platform, monkeypatch, tmp_path_factory):
    document = json.loads(json.dumps(packs.openapi("1.7")))
    del document["paths"]["/sandbox/restart"]
    contract = tmp_path_factory.mktemp("contract") / "api.json"
    contract.write_text(json.dumps(document))
    monkeypatch.setitem(globals(), "CONFIG", CONFIG.replace('"1.7"', f'"{contract}"'))
    code, probes, _ = doctor(platform())
    assert code == 0
    assert probes["hook restart"]["ok"] is None
    assert "IDEM-11" in probes["hook restart"]["remedy"]


def test_what_a_target_says_is_inert(doctor, platform):
    _, _, lines = doctor(platform(info=b'{"sandbox": true, "api_version": "\\u001b[31m\\u202e"}'))
    assert not set("\x1b\u202e") & set("".join(lines))


@pytest.mark.parametrize(("text", "says"), [
    ("", "no target 'x'"), ("[target.x]\n", "base_url"), ("[target.x", "not TOML"),
    (CONFIG.format(url="http://127.0.0.1:9").replace('"1.7"', '"api.yaml"'), "api.yaml")])
def test_a_file_that_is_wrong_is_exit_2_in_one_line(here, say, monkeypatch, text, says):
    monkeypatch.setenv("DOCTOR_SECRET", "canary-doctor-1")
    (here / "certify.toml").write_text(text)
    code, _, err = say("doctor", "--target", "x", "--json")
    assert code == 2
    assert says in err
    assert len(err.splitlines()) == 1


def test_a_contract_that_the_target_does_not_publish_is_exit_4(here, say, monkeypatch, platform):
    monkeypatch.setenv("DOCTOR_SECRET", "canary-doctor-1")
    (here / "certify.toml").write_text(CONFIG.format(url=platform(404)).replace('"1.7"', '"target:/openapi.json"'))
    code, _, err = say("doctor", "--target", "x")
    assert code == 4
    assert "answered 404" in err
