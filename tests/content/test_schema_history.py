"""Where versions of schemas are found: in file names, in folder names, in git."""

import json
import subprocess

import pytest

from harness.content.schema_history import folder_histories, git_histories
from harness.model.errors import UsageError

AVRO = json.dumps({"type": "record", "name": "Bet", "fields": []})


def laid(folder, *files, text=AVRO):
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def labels(histories):
    return {one.subject: [version.version.label for version in one.versions] for one in histories}


@pytest.mark.parametrize(("files", "found"), [
    (["bet.settled-1.10.0.avsc", "bet.settled-1.9.0.avsc"], {"bet.settled": ["1.9.0", "1.10.0"]}),
    (["orders.v1.json", "orders.v2.json"], {"orders": ["v1", "v2"]}),
    (["orders.V1.json", "orders.V2.json"], {"orders": ["V1", "V2"]}),
    (["bet/1.avsc", "bet/2.avsc", "bet/10.avsc"], {"bet": ["1", "2", "10"]}),
    (["v1_6/events/bet.settled.schema.json", "v1_7/events/bet.settled.schema.json"],
     {"events/bet.settled": ["v1.6", "v1.7"]}),
    (["1.avsc", "2.avsc"], {"events": ["1", "2"]}),
    (["bet.avsc"], {"bet": ["the only one"]}),
    (["bet/1.0.0/bets/v1/bet.proto", "bet/1.0.0/bets/v1/money.proto"], {"bet": ["1.0.0"]}),
    (["1.0.0/bet.proto", "1.1.0/bet.proto"], {"protobuf": ["1.0.0", "1.1.0"]}),
    (["bet.v1.proto", "bet.v2.proto"], {"bet": ["v1", "v2"]}),
    (["V1_6/bet.settled.json", "V1_7/bet.settled.json"], {"bet.settled": ["V1.6", "V1.7"]}),
    (["BET.SETTLED-V1.avsc", "BET.SETTLED-v2.avsc"], {"BET.SETTLED": ["V1", "v2"]}),
])
def test_versions_are_read_from_paths(tmp_path, files, found):
    laid(tmp_path, *files)
    assert labels(folder_histories(tmp_path)) == found


def test_protobuf_files_of_a_version_are_one_set_that_imports_itself(tmp_path):
    laid(tmp_path, "1.0.0/bets/bet.proto", "1.0.0/money.proto")
    (only,) = folder_histories(tmp_path)
    assert sorted(only.versions[0].others) == ["bets/bet.proto", "money.proto"]


def test_contracts_of_other_kinds_are_no_event_schemas(tmp_path):
    laid(tmp_path, "1.0.0/openapi.json", text='{"openapi": "3.1.0"}')
    laid(tmp_path, "1.0.0/asyncapi.yaml", text="asyncapi: 3.0.0\n")
    with pytest.raises(UsageError, match="no event schemas"):
        folder_histories(tmp_path)


def test_a_version_that_is_there_twice_is_refused(tmp_path):
    laid(tmp_path, "bet-1.4.avsc", "bet-1.4.0.avsc")
    with pytest.raises(UsageError, match="is there twice"):
        folder_histories(tmp_path)


def test_links_lead_nowhere(tmp_path):
    laid(tmp_path, "in/bet-1.avsc", "out/bet-2.avsc")
    (tmp_path / "in" / "bet-2.avsc").symlink_to(tmp_path / "out" / "bet-2.avsc")
    assert labels(folder_histories(tmp_path / "in")) == {"bet": ["1"]}


def test_no_folder_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        folder_histories(tmp_path / "none")


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org",
                        "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],
                       check=True, capture_output=True)
    git("init")
    for number in (1, 2, 2, 3):
        laid(tmp_path, "schemas/bet.avsc", text=json.dumps(
            {"type": "enum", "name": "E", "symbols": [f"S{n}" for n in range(number)]}))
        laid(tmp_path, f"schemas/orders-{number}.avsc", f"other-{number}.txt")
        git("add", ".")
        git("commit", "--allow-empty", "-m", "x")
    return tmp_path


def test_in_git_a_file_without_a_version_has_one_for_each_commit_that_changed_it(repository):
    found = {one.subject: one for one in git_histories("main", "schemas", repository=repository)}
    assert [len(json.loads(version.text)["symbols"]) for version in found["bet"].versions] == [1, 2, 3]
    assert [version.version.label for version in found["orders"].versions] == ["1", "2", "3"]
    assert found["orders"].versions[0].file == "orders-1.avsc"


def test_git_reads_from_below_the_repository_s_top(repository):
    assert len(git_histories("HEAD", ".", repository=repository / "schemas")) == 2
    earlier = {one.subject: one for one in git_histories("HEAD~3", "schemas", repository=repository)}
    assert len(earlier["bet"].versions) == 1


@pytest.mark.parametrize(("ref", "folder", "said"), [
    ("nowhere", "schemas", "git says"), ("--output=x", "schemas", "no git ref"), ("main", "../..", "git says"),
    ("main", "none", "no event schemas"),
])
def test_what_git_does_not_know_gets_one_line(repository, ref, folder, said):
    with pytest.raises(UsageError, match=said):
        git_histories(ref, folder, repository=repository)
