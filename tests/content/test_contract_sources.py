"""A contract comes from a file, standard input, a target's URL or a commit; from nowhere else."""

import io
import os
import subprocess

import pytest

from harness.content import contract_sources
from harness.content.contract_sources import read_source
from harness.model.errors import EnvironmentFault, UsageError


def never(url, host):
    raise AssertionError(f"{host} was asked")


def source(reference, fetch=never, hosts=()):
    return read_source(str(reference), fetch=fetch, hosts=hosts)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two commits of api/c.yaml, tag `v1` and branch `main`; the working directory is in it."""
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)

    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t.test", *arguments], cwd=tmp_path, check=True,
                       capture_output=True)

    git("init", "-q", "-b", "main")
    (tmp_path / "api" / "parts").mkdir(parents=True)
    for number in (1, 2):
        (tmp_path / "api" / "c.yaml").write_text(f"number: {number}\n")
        (tmp_path / "api" / "parts" / "p.yaml").write_text(f"part: {number}\n")
        git("add", "-A")
        git("commit", "-q", "-m", str(number))
        git("tag", f"v{number}")
    (tmp_path / "api" / "c.yaml").write_text("number: 3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_and_the_files_beside_it(repository):
    found = source("api/c.yaml")
    assert (found.name, found.text) == ("api/c.yaml", b"number: 3\n")
    assert found.others("parts/p.yaml") == b"part: 2\n"
    with pytest.raises(FileNotFoundError):
        found.others("parts/none.yaml")


def test_files_outside_are_not_read(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "c.yaml").write_text("a: 1")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    monkeypatch.chdir(tmp_path / "in")
    for name in ("../secret", str(tmp_path / "secret"), "link"):
        with pytest.raises(PermissionError, match="outside"):
            source("c.yaml").others(name)


@pytest.mark.parametrize(("reference", "said"), [("none.yaml", "No such file"), (".", "not a file"),
                                                 ("a\0b", "null byte")])
def test_what_cannot_be_read_is_told(reference, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        source(reference)


def test_a_commit_gives_the_file_as_it_was_and_those_beside_it(repository, monkeypatch):
    for reference in ("v1:api/c.yaml", "main~1:api/c.yaml", "v1:./api/c.yaml", "v1:api/parts/../c.yaml"):
        found = source(reference)
        assert found.text == b"number: 1\n", reference
        assert found.others("parts/p.yaml") == b"part: 1\n"
        with pytest.raises(FileNotFoundError):
            found.others("../../c.yaml")
    monkeypatch.chdir(repository / "api")
    assert source("v1:./c.yaml").text == b"number: 1\n"


@pytest.mark.parametrize(("reference", "said"), [
    ("v1:api/none.yaml", "has no file"), ("v1:api", "has no file"), ("v9:api/c.yaml", "no commit 'v9'"),
    ("--upload-pack=x:api/c.yaml", "no commit"), ("v1;touch owned:api/c.yaml", "no commit"), ("-:x", "no commit")])
def test_a_bad_commit_is_one_line_and_runs_nothing(repository, reference, said):
    with pytest.raises(UsageError, match=said):
        source(reference)
    assert not (repository / "owned").exists()


def test_a_folder_without_a_repository_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="no git repository"):
        source("main:c.yaml")


def test_git_that_is_not_there_is_the_environments_fault(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="git is not installed"):
        source("main:c.yaml")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/o.json", "http://localhost/o.json", "http://[::1]:9/o.json",
                                 "https://api.test:8443/o.json"])
def test_loopback_and_the_hosts_of_targets_are_asked(url):
    found = source(url, fetch=lambda url, host: f"{url} {host}".encode(), hosts=("api.test:8443",))
    assert found.text.decode().startswith(f"{url} ")
    assert found.others is None


@pytest.mark.parametrize(("url", "said"), [
    ("http://example.com/o.json", "refusing to contact"), ("http://api.test/o.json", "refusing to contact"),
    ("http://127.0.0.1.example.com/", "refusing"), ("http://a:b@127.0.0.1/", "password"), ("http://[::1/", "no URL"),
    ("http://127.0.0.1:99999/", "no URL"), ("http://localhost.example.com/", "refusing")])
def test_nobody_else_is(url, said):
    with pytest.raises(UsageError, match=said):
        source(url, hosts=("api.test:8443",))


def test_standard_input_is_bounded(monkeypatch):
    monkeypatch.setattr(contract_sources, "MAX_BYTES", 10)
    for text, good in ((b"a: 1", True), (b"x" * 11, False)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        if good:
            assert source("-").text == text
        else:
            with pytest.raises(UsageError, match="standard input: more than"):
                source("-")


def test_files_and_blobs_are_bounded(repository, monkeypatch):
    monkeypatch.setattr(contract_sources, "MAX_BYTES", 4)
    for reference in ("api/c.yaml", "v1:api/c.yaml"):
        with pytest.raises(UsageError, match="more than"):
            source(reference)
