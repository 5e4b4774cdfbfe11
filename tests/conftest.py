"""For all tests: a PostgreSQL server, and in CI (CERTIFY_REQUIRE_TOOLS) no skip for a missing tool."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import serving

# How fast examples come says how busy the machine is, and nothing of the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip into a failure that names its reason."""
    report = yield
    if os.environ.get("CERTIFY_REQUIRE_TOOLS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where every tool is required: {call.excinfo.value}"
    return report


@pytest.fixture
def serve():
    """`serve(handler class) -> base URL`: HTTP servers that end with the test (see `tests.support`)."""
    with serving() as start:
        yield start


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """A factory of fresh PostgreSQL databases (URLs); skips where no server can be run."""
    binaries = next((Path(p) for p in (_of_path("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin")))
                     if p and (Path(p) / "initdb").exists()), None)
    if binaries is None:
        pytest.skip("no PostgreSQL server binaries")
    as_user: Mapping[str, Any] = {}
    if os.geteuid() == 0:
        try:
            import pwd

            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL refuses to run as root and there is no postgres user")
        as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    home = Path(tempfile.mkdtemp(prefix="certify-pg-"))
    if as_user:
        os.chown(home, as_user["user"], as_user["group"])
    port = _free_port()
    quiet: dict[str, Any] = {"cwd": home, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **as_user}
    subprocess.run([binaries / "initdb", "-D", home / "data", "-A", "trust", "-U", "certify", "--no-sync"],
                   check=True, **quiet)
    server = subprocess.Popen([binaries / "postgres", "-D", home / "data", "-p", str(port), "-k", str(home),
                               "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"], **quiet)
    try:
        yield _factory(port)
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(home, ignore_errors=True)


def _factory(port: int) -> Callable[[], str]:
    import psycopg

    def fresh() -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        end = time.monotonic() + 15
        while True:
            try:
                with psycopg.connect(f"postgresql://certify@127.0.0.1:{port}/postgres", autocommit=True) as link:
                    link.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
                break
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        return f"postgresql://certify@127.0.0.1:{port}/{name}"

    return fresh


def _of_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found).resolve().parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
