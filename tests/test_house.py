"""The architecture is a test that fails: façade, docstrings, budgets, no forbidden names."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(p for folder in ("harness", "suites", "reports") for p in (ROOT / folder).rglob("*.py"))
MAX_FILE = 300
MAX_FUNCTION = 60  # design: 40, with the exception argued; 60 is the hard stop
FORBIDDEN_NAMES = {"utils", "helpers", "manager", "base", "misc", "common", "util", "helper"}


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=SOURCES, ids=name)
def source(request):
    return request.param


def test_every_module_opens_with_one_sentence(source):
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8")))
    assert text, f"{name(source)} has no docstring"
    assert text.split("\n\n")[0].rstrip().endswith((".", "?", ":", "!"))


def test_nobody_inside_imports_the_facade(source):
    if source.parts[len(ROOT.parts)] != "harness" or source == ROOT / "harness" / "__init__.py":
        return
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    lines = [n.lineno for n in imports if n.level == 0 and n.module == "harness"]
    assert not lines


def test_files_and_functions_keep_their_budget(source):
    text = source.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE or "budget:" in text
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{name(source)}:{node.lineno} {node.name} has {length} lines"


def test_names_say_what_a_module_is_for(source):
    assert source.stem not in FORBIDDEN_NAMES


def test_help_answers_fast_because_heavy_modules_come_late():
    program = ("import sys; from harness.cli.main import main; main(['--help']); "
               "print(sorted(m for m in ('httpx','sqlalchemy','pytest','yaml','hypothesis','jsonschema_rs','starlette')"
               " if m in sys.modules), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Certify a target" in done.stdout or "certify" in done.stdout
    assert done.stderr.strip() == "[]"


def test_ci_requires_the_real_tools():
    """In CI (CERTIFY_REQUIRE_TOOLS) a missing tool is a failure, not a skip."""
    if not os.environ.get("CERTIFY_REQUIRE_TOOLS"):
        return
    found = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "PostgreSQL's server is not installed"


def test_the_benchmarks_can_be_begun():
    """No gate runs them, so nothing else tells that one lost what it imports."""
    told = subprocess.run([sys.executable, "-m", "tests.benchmarks", "none of them"], cwd=ROOT, capture_output=True,
                          text=True, timeout=120, check=False)
    assert told.returncode == 2
    assert "known: drift" in told.stderr
