"""The journal survives kill -9: whole lines before a torn one are all read."""

import json
import subprocess
import sys

import pytest

from harness.engine.journal import Journal, read
from harness.model.errors import UsageError


def test_what_was_appended_is_read_in_order(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    for n in range(5):
        journal.append("note", {"text": f"n{n}", "bytes": "\udcff"})
    journal.close()
    lines = list(read(tmp_path / "journal.jsonl"))
    assert [line["text"] for line in lines] == [f"n{n}" for n in range(5)]
    assert lines[0]["bytes"] == "\udcff"


def test_a_torn_last_line_is_left_out(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"k":"note","text":"whole"}\n{"k":"note","te')
    assert [line["text"] for line in read(path)] == ["whole"]


@pytest.mark.parametrize("damage", ["{broken\n", "[]\n", '"text"\n', "\xff\xfe\n"])
def test_a_damaged_line_in_the_middle_is_named_by_number(tmp_path, damage):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"k":"note"}\n' + damage + '{"k":"note"}\n', encoding="latin-1")
    with pytest.raises(UsageError, match=":2: damaged"):
        list(read(path))


def test_a_missing_journal_says_what_to_name(tmp_path):
    with pytest.raises(UsageError) as error:
        list(read(tmp_path / "absent.jsonl"))
    assert "Name a run directory" in error.value.line()


def test_parallel_processes_never_mix_lines(tmp_path):
    path = tmp_path / "journal.jsonl"
    program = ("import sys;from pathlib import Path;from harness.engine.journal import Journal;"
               "j=Journal(Path(sys.argv[1]));[j.append('note',{'text':sys.argv[2]*3000}) for _ in range(200)];"
               "j.close()")
    writers = [subprocess.Popen([sys.executable, "-c", program, str(path), letter]) for letter in "abc"]
    assert [w.wait(60) for w in writers] == [0, 0, 0]
    texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
    assert len(texts) == 600
    assert {len(set(t)) for t in texts} == {1}
