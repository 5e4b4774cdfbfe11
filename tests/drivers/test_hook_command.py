"""Hooks: a command is run once, without a shell, bounded, recorded; its failure stops the check with a reason."""

import shlex
import sys

import pytest

from harness.drivers.hook_command import hook_commands
from harness.model.errors import Prerequisite


class Lines(list):
    """A recorder that keeps records in memory."""

    def append(self, kind, line):
        super().append((kind, line))


def python(code):
    return shlex.join([sys.executable, "-c", code])


def test_a_hook_runs_its_command_and_is_recorded(tmp_path):
    lines = Lines()
    hook_commands({"restart": python(f"open({str(tmp_path / 'done')!r}, 'w')")}, lines)["restart"]()
    assert (tmp_path / "done").exists()
    assert lines == [("hook", {"hook": "restart", "code": 0, "said": ""})]


def test_no_shell_reads_the_command(tmp_path):
    lines = Lines()
    hook_commands({"restart": f"{shlex.quote(sys.executable)} -c pass ; touch {tmp_path}/owned"}, lines)["restart"]()
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(("command", "says"), [
    (python("import sys; sys.exit('no such container')"), "no such container"), (python("exit(7)"), "exit 7"),
    ("/nonexistent/tool", "No such file"), (python("import time; time.sleep(30)"), "no end within 1 s")])
def test_a_hook_that_fails_stops_the_check(command, says):
    lines = Lines()
    with pytest.raises(Prerequisite, match=says) as stopped:
        hook_commands({"restart": command}, lines, limit_seconds=1 if "sleep" in command else 20)["restart"]()
    assert "by hand" in stopped.value.line()
    assert lines[0][1]["code"] != 0
