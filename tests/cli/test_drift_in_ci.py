"""The examples for CI do what they say: their own commands, in a repository with a released contract."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
RELEASED = """openapi: 3.1.0
info: {title: Bets, version: 1.4.0}
paths:
  /v1/bets:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {amount: {type: integer}, currency: {type: string}}
              required: [amount]
      responses: {"200": {description: Done.}}
"""
ADDED = RELEASED.replace("1.4.0", "1.5.0").replace("{amount: {type: integer}, ",
                                                   "{amount: {type: integer}, note: {type: string}, ")
BROKEN = RELEASED.replace("1.4.0", "1.5.0").replace("[amount]", "[amount, currency]")


def pre_commit():
    hook, = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    used, = yaml.safe_load((EXAMPLES / "pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert used["id"] == hook["id"]
    assert hook["pass_filenames"] is False
    return [f"{hook['entry']} {shlex.join(used['args'])}"]


def github():
    steps = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())["jobs"]["drift"]["steps"]
    return [step["run"] for step in steps if "certify drift" in step.get("run", "")]


def gitlab():
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["contract-drift"]
    assert job["variables"]["BASE"] == "origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    return job["script"]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A merge request's checkout: `origin/main` has the released contract; returns the environment of its commands."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "certify").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m harness.cli.main "$@"\n')
    (bin_ / "certify").chmod(0o755)
    work = tmp_path / "work"
    (work / "api").mkdir(parents=True)
    (work / "api" / "openapi.yaml").write_text(RELEASED)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull, "GITHUB_STEP_SUMMARY": str(work / "summary.md")}
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"],
                      ["-c", "user.name=t", "-c", "user.email=t@t.test", "commit", "-q", "-m", "released"],
                      ["update-ref", "refs/remotes/origin/main", "main"]):
        subprocess.run(["git", *arguments], cwd=work, check=True, capture_output=True, env=environment)
    monkeypatch.chdir(work)
    return environment


@pytest.mark.parametrize(("example", "base"), [(pre_commit, ""), (github, "main"), (gitlab, "origin/main")])
def test_an_example_lets_additions_pass_and_fails_what_breaks(checkout, example, base):
    for text, code in ((ADDED, 0), (BROKEN, 1), ("openapi: [", 2)):
        Path("api/openapi.yaml").write_text(text)
        commands = example()
        assert commands
        for command in commands:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], env={**checkout, "BASE": base},
                                  capture_output=True, text=True, check=False)
            assert done.returncode == code, (command, done.stdout, done.stderr)


def test_the_output_in_the_documentation_is_what_comes_out(checkout):
    Path("api/openapi.yaml").write_text(BROKEN)
    done = subprocess.run(["bash", "-euc", "certify drift main:api/openapi.yaml api/openapi.yaml"], env=checkout,
                          capture_output=True, text=True, check=False)
    shown = (ROOT / "docs" / "drift.md").read_text().split("```text\n")[1].split("```")[0]
    assert (done.returncode, done.stdout) == (1, shown)
