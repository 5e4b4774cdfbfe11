"""Hooks: a command is run once, without a shell, bounded, recorded; its failure stops the check with a reason."""

import os
import shlex
import signal
import sys

import pytest

from harness.drivers.hook_command import hook_commands
from harness.model.errors import Prerequisite
from tests.support import Lines


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


def test_a_hook_may_leave_a_platform_running(tmp_path):
    """As a restart script does: it starts the platform in the background, with its own output, and ends."""
    lines, pid = Lines(), tmp_path / "pid"
    starts = (f"import subprocess, sys; print('starting'); "
              f"p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
              f"open({str(pid)!r}, 'w').write(str(p.pid))")
    try:
        hook_commands({"restart": python(starts)}, lines, limit_seconds=30)["restart"]()
        assert lines == [("hook", {"hook": "restart", "code": 0, "said": ""})]
        os.kill(int(pid.read_text()), 0)  # still there
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


def test_of_a_talkative_hook_the_last_words_are_kept():
    lines = Lines()
    with pytest.raises(Prerequisite, match="the end"):
        hook_commands({"restart": python("import sys; sys.exit('x' * 10**6 + ' the end')")}, lines)["restart"]()
    assert len(lines[0][1]["said"]) <= 300


@pytest.mark.parametrize(("command", "says"), [
    (python("import sys; sys.exit('no such container')"), "no such container"), (python("exit(7)"), "exit 7"),
    ("/nonexistent/tool", "No such file"), (python("import time; time.sleep(30)"), "no end within 1 s")])
def test_a_hook_that_fails_stops_the_check(command, says):
    lines = Lines()
    with pytest.raises(Prerequisite, match=says) as stopped:
        hook_commands({"restart": command}, lines, limit_seconds=1 if "sleep" in command else 20)["restart"]()
    assert "by hand" in stopped.value.line()
    assert lines[0][1]["code"] != 0
