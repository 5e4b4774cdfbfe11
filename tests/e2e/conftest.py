"""Run certify as a user does: a process, a configuration file, exit code and output."""

import json
import os
import subprocess
import sys

import pytest

from tests.support import Handler

PARTIES = ("provider", "other", "observer", "admin")
CANARIES = {f"CERTIFY_{p.upper()}_SECRET": f"canary-{p}-5f0c9e1d7a" for p in PARTIES} | {
    "CERTIFY_PROVIDER_SIGNING": "canary-signing-5f0c9e1d7a"}


def config(base_url, *, extra="", profile=None, wallet=False, load=False):
    """A certify.toml for a platform at `base_url` with the sandbox's clients.

    Nothing of ours is near its wallet, and it promises no load, unless told otherwise.
    """
    who = {"provider": ("provider-a", "tenant-a", "provider-a", "brand-a1"),
           "sibling": ("provider-a", "tenant-a", "provider-a", "brand-a2"),
           "other": ("provider-b", "tenant-b", "provider-b", "brand-b1"),
           "observer": ("observer-a", "tenant-a", "observer-a", "brand-a1"), "admin": ("sandbox-admin", "", "", "")}
    lines = ["[target.x]", f'base_url = "{base_url}"', "sandbox = true", 'level = "built"', 'second_region = "uk"',
             extra, "[target.x.limits]", "per_second = 20", "burst = 40",
             "[target.x.capabilities]", *([] if wallet else ["wallet = false"]), *([] if load else ["load = false"]),
             "[target.x.profile]", *(f"{k} = {json.dumps(v)}" for k, v in (profile or {}).items())]
    for party, (client, tenant, provider, brand) in who.items():
        variable = f"CERTIFY_{party.upper()}_SECRET".replace("SIBLING", "PROVIDER")
        lines += [f"[target.x.credentials.{party}]", f'client_id = "{client}"',
                  f'secret = "env:{variable}"', f'tenant_id = "{tenant}"',
                  f'provider_id = "{provider}"', f'brand_id = "{brand}"', 'region = "eu-west"']
        lines += ['signing_secret = "env:CERTIFY_PROVIDER_SIGNING"'] if party == "provider" else []
    return "\n".join(lines) + "\n"


@pytest.fixture
def certify(tmp_path):
    """Run `certify ARGS` in an empty folder; returns the finished process."""

    def run(*arguments, environment=None, timeout=300, text=None, safe_path=False):
        if text is not None:
            (tmp_path / "certify.toml").write_text(text)
        safe = ["-P"] if safe_path else []  # as the console script has it
        return subprocess.run([sys.executable, *safe, "-m", "harness.cli.main", *map(str, arguments)], cwd=tmp_path,
                              env={**os.environ, **CANARIES, "COLUMNS": "80", **(environment or {})},
                              capture_output=True, text=True, timeout=timeout)

    run.folder = tmp_path
    return run


@pytest.fixture
def verdicts():
    """Of a finished `certify --json`: findings of counted controls that did not pass, by id."""
    def read(done):
        return {r["control"]["id"]: r["finding"] for r in json.loads(done.stdout)["rows"]
                if r["counted"] and r["finding"]["outcome"] not in ("pass", "not_applicable")}

    return read


@pytest.fixture
def platform_stub(serve):
    """A server that answers everything alike; call with (status, body, headers) -> base URL."""
    def start(status, body=b"{}", headers=(), token_works=False, info_works=False):
        class Answering(Handler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.sent()
                code, text = status, body
                if info_works and self.path == "/sandbox/info":
                    code, text = 200, b'{"sandbox": true, "api_version": "1.7", "started_at": "x"}'
                if token_works and self.path.endswith("/oauth/token"):
                    code, text = 200, b'{"access_token": "token-token", "token_type": "Bearer", "expires_in": 600}'
                self.send_response(code)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        return serve(Answering)

    return start


@pytest.fixture
def config_text():
    """`config(base_url, extra=, profile=)`."""
    return config


@pytest.fixture
def canaries():
    """Secrets by environment variable that must never reach disk."""
    return CANARIES


@pytest.fixture
def external_sandbox():
    """Start `certify sandbox` as its own process with known secrets; call with profile pairs and faults -> URL."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli.main", "sandbox", "--json", *arguments], text=True,
            stdout=subprocess.PIPE, env={**os.environ, **{
                f"CERTIFY_SANDBOX_SECRET_{client}": CANARIES[f"CERTIFY_{party}_SECRET"] for client, party in
                {"PROVIDER_A": "PROVIDER", "PROVIDER_B": "OTHER", "OBSERVER_A": "OBSERVER",
                 "SANDBOX_ADMIN": "ADMIN"}.items()},
                 "CERTIFY_SANDBOX_SIGNING_PROVIDER_A": CANARIES["CERTIFY_PROVIDER_SIGNING"]})
        started.append(process)
        line = process.stdout.readline()
        assert line, "the sandbox did not start"
        return json.loads(line)["platform_url"]

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(20)
        process.stdout.close()
