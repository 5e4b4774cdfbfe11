"""Find checks: read suite files without importing them, from their literal `certifies` markers."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError
from harness.model.plan import Check

_ISOLATIONS = ("shared", "exclusive")
_LINES = ("line", "aside")
"""Isolations of scenarios; a suite's check has no line."""
_ASIDE_SECONDS = 20
"""A workload that takes longer is played beside everything else, where the platform is our own."""
_APIS = ("unified", "foreign", "any")
_NEEDS = {"Bets": ("wallet",), "Volley": ("wallet",), "Announced": ("webhooks",), "Published": ("inbox",), "Rounds": (),
          "Burst": ("load",), "Locustfile": ("load",)}
"""By workload of a scenario what the target must offer."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def find_checks(folders: Iterable[Path]) -> tuple[Check, ...]:
    """Every check below the folders, in file order.

    Raises:
        UsageError: a file is not Python, a test lacks its marker, a marker is not literal, an id is given
            twice; names file and line.
    """
    found: dict[str, Check] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder of suites", remedy="Check --suites or `suites` in certify.toml")
        for path in sorted(folder.rglob("test_*.py")):
            for check in _of_file(path, path.relative_to(folder).as_posix()):
                _add(found, check)
    return tuple(found.values())


def find_scenarios(folders: Iterable[Path]) -> tuple[Check, ...]:
    """Every `NAME = Scenario(...)` below the folders, as a check that plays it.

    Raises:
        UsageError: no such folder, a file is not Python, a scenario's controls are not literal, an id is given twice.
    """
    found: dict[str, Check] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder of scenarios",
                             remedy="Check --scenarios or `scenarios` in certify.toml")
        for path in sorted(folder.rglob("*.py")):
            name = f"scenarios/{path.relative_to(folder).as_posix()}"
            for node in _tree(path).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) \
                        and ast.unparse(node.value.func).rpartition(".")[2] == "Scenario":
                    _add(found, _of_scenario(path, name, node, node.value))
    return tuple(found.values())


def _add(found: dict[str, Check], check: Check) -> None:
    if check.id in found:
        raise UsageError(f"{check.path}: check {check.id} exists already in {found[check.id].path}",
                         remedy="Rename the file or the function")
    found[check.id] = check


def _of_scenario(path: Path, name: str, node: ast.Assign, call: ast.Call) -> Check:
    where = f"{path}:{node.lineno}"
    given = {k.arg: k.value for k in call.keywords}
    expects = given.get("expects")
    if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name) or not isinstance(expects, ast.Tuple):
        raise UsageError(f"{where}: not a scenario", remedy='Write NAME = Scenario(..., expects=(("TIME-02", ...),))')
    controls = [_literal(where, pair.elts[0]) if isinstance(pair, ast.Tuple) and pair.elts else None
                for pair in expects.elts]
    workload = given.get("workload")
    kind = ast.unparse(workload.func).rpartition(".")[2] if isinstance(workload, ast.Call) else ""
    if kind not in _NEEDS:
        raise UsageError(f"{where}: the workload of a scenario must be written out",
                         remedy=f"Write workload={'|'.join(_NEEDS)}(...)")
    seconds = next((_literal(where, k.value) for k in workload.keywords if k.arg == "seconds"), 0) \
        if isinstance(workload, ast.Call) else 0
    if kind == "Locustfile" and isinstance(workload, ast.Call):
        _check_locustfile(where, path, workload)
    isolation = "exclusive" if kind in ("Burst", "Locustfile") else \
        "aside" if isinstance(seconds, int | float) and seconds > _ASIDE_SECONDS else "line"
    options = {"isolation": isolation, "long": True, "needs": _NEEDS[kind]}
    says = str(_literal(where, given["says"])) if "says" in given else ""
    return _check(where, path, f"{name}::{node.targets[0].id}", list(dict.fromkeys(controls)), options, says or name)


def _check_locustfile(where: str, path: Path, workload: ast.Call) -> None:
    """A file that is not there, or no Python, is told before anything is driven; the rest when it is imported."""
    named = next((k.value for k in workload.keywords if k.arg == "path"), None)
    if isinstance(named, ast.Constant) and isinstance(named.value, str):
        file = path.parent / named.value
        if not file.is_file():
            raise UsageError(f"{where}: {file}: no such locustfile",
                             remedy="A relative path counts from the scenario's folder")
        _tree(file, "locustfile")


def _of_file(path: Path, name: str) -> Iterable[Check]:
    for node in _tree(path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield _of_function(path, name, node)
        elif unseen := next((n for n in ast.walk(node) if isinstance(n, _FUNCTIONS) and _marker(n)), None):
            raise UsageError(f"{path}:{unseen.lineno}: {unseen.name} is marked, but would never be driven",
                             remedy="A check is a plain function of the module named test_...: no class, no async")


def _tree(path: Path, what: str = "suite") -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        line = getattr(error, "lineno", None) or 1
        raise UsageError(f"{path}:{line}: not a {what} ({error})", remedy="Fix the file") from error


def _of_function(path: Path, name: str, node: ast.FunctionDef) -> Check:
    where = f"{path}:{node.lineno}"
    marker = _marker(node)
    if marker is None:
        raise UsageError(f"{where}: {node.name} certifies nothing",
                         remedy='Mark it: @pytest.mark.certifies("IDEM-03")')
    controls = [_literal(where, argument) for argument in marker.args]
    options = {k.arg or "**": _literal(where, k.value) for k in marker.keywords}
    if options.get("isolation") in _LINES:
        options["isolation"] = ""  # unknown to a suite
    return _check(where, path, f"{name}::{node.name}", controls, options, ast.get_docstring(node) or
                  node.name.removeprefix("test_").replace("_", " "))


def _marker(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Call | None:
    """The call of the `certifies` marker that decorates the function."""
    calls = (d for d in node.decorator_list if isinstance(d, ast.Call))
    return next((call for call in calls if ast.unparse(call.func).endswith("mark.certifies")), None)


def _check(where: str, path: Path, check_id: str, controls: list[Any], options: dict[str, Any],
           summary: str) -> Check:
    isolation, needs = options.pop("isolation", "shared"), options.pop("needs", ())
    api, long = options.pop("api", "unified"), options.pop("long", False)
    known = isolation in (*_ISOLATIONS, *_LINES) and api in _APIS
    if options or not known or not isinstance(needs, tuple | list) or not isinstance(long, bool):
        raise UsageError(f"{where}: bad marker of {check_id}",
                         remedy=f"Known: isolation={'|'.join(_ISOLATIONS)}, needs=(...), api={'|'.join(_APIS)}, "
                                "long=True|False")
    if not controls or not all(isinstance(c, str) for c in controls):
        raise UsageError(f"{where}: {check_id} names no control", remedy="Give literal ids, e.g. \"IDEM-03\"")
    return Check(id=check_id, path=str(path), controls=tuple(controls), isolation=isolation,
                 needs=tuple(map(str, needs)), api=api, long=long, summary=summary.splitlines()[0])


def _literal(where: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where}: the certifies marker must be literal, not {ast.unparse(node)}",
                         remedy='Write the id out: @pytest.mark.certifies("IDEM-03")') from error
