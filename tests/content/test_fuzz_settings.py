"""A user's schemathesis.toml: taken over where it adds, told where it is not, one line where it is broken."""

import pytest

from harness.content.fuzz_settings import load_fuzz_settings
from harness.model.errors import UsageError

WHOLE = """
hooks = "hooks.py"
[generation]
max-examples = 500
allow-x00 = false
mode = "positive"
[phases.stateful]
max-steps = 20
[phases.coverage]
enabled = false
[parameters]
"path.shop_id" = "shop-1"
"header.Idempotency-Key" = "same"
[checks.not_a_server_error]
enabled = false
[[operations]]
include-path = "/x"
enabled = false
"""


@pytest.fixture
def load(tmp_path):
    def read(text):
        (tmp_path / "schemathesis.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_fuzz_settings(tmp_path / "schemathesis.toml")

    return read


def test_no_file_adds_nothing(tmp_path):
    assert load_fuzz_settings(tmp_path / "schemathesis.toml") == {}


def test_what_adds_is_taken_over_and_what_would_weaken_is_told(load):
    settings = load(WHOLE)
    assert settings["generation"] == {"max-examples": 500, "allow-x00": False}
    assert settings["max-steps"] == 20
    assert settings["parameters"] == {"path.shop_id": "shop-1"}
    assert settings["left"] == ["checks", "generation.mode", "hooks", "operations", "parameters.header.Idempotency-Key",
                                "phases.coverage.enabled"]


def test_a_phase_that_is_on_anyway_needs_no_word(load):
    assert load("[phases.fuzzing]\nenabled = true")["left"] == []


@pytest.mark.parametrize(("text", "says"), [
    ("[generation", "schemathesis.toml"), (b"\xff\xfe", "schemathesis.toml"),
    ("[generation]\nmax-examples = 'many'", "generation.max-examples must be int"),
    ("[phases.stateful]\nmax-steps = 2.5", "phases.stateful.max-steps must be int")])
def test_a_broken_file_is_one_line(load, text, says):
    with pytest.raises(UsageError, match=r"schemathesis\.toml") as caught:
        load(text)
    assert says in caught.value.line()
    assert len(caught.value.line().splitlines()) == 1
