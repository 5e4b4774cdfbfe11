"""Find what ships beside the package, and renderers in any folder: ours and a user's go through here alike."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Renderer:
    """One report: its name on the command line, its file suffix, and a pure function of the scorecard."""

    name: str
    suffix: str
    render: Callable[..., str]


@dataclass(frozen=True, slots=True)
class Folders:
    """A user's own content, beside what ships: folders of suites and of chaos scenarios."""

    suites: tuple[Path, ...] = ()
    scenarios: tuple[Path, ...] = ()

    def __add__(self, others: Folders) -> Folders:
        return Folders((*self.suites, *others.suites), (*self.scenarios, *others.scenarios))


def shipped(kind: str) -> Path:
    """Folder of `suites`, `reports` or `scenarios`: inside an installed package, beside it in a checkout."""
    installed = _PACKAGE / "_shipped" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


@cache
def renderers(folders: tuple[Path, ...] = ()) -> dict[str, Renderer]:
    """Every report by name.

    Raises:
        UsageError: a file is no renderer, or two reports share a name.
    """
    found: dict[str, Renderer] = {}
    for folder in (shipped("reports"), *folders):
        for path in sorted(folder.glob("*.py")):
            renderer = _load(path)
            if renderer.name in found:
                raise UsageError(f"{path}: a report named {renderer.name!r} exists already", remedy="Rename it")
            found[renderer.name] = renderer
    return found


def _load(path: Path) -> Renderer:
    spec = importlib.util.spec_from_file_location(f"certify_report_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: cannot be loaded")
    module: Any = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return Renderer(name=str(module.NAME), suffix=str(module.SUFFIX), render=module.render)
    except Exception as error:
        raise UsageError(f"{path}: not a report ({type(error).__name__}: {error})",
                         remedy="It needs NAME, SUFFIX and render(scorecard)") from error


def chosen(names: Iterable[str], known: dict[str, Renderer]) -> list[Renderer]:
    """Renderers by name, in order; UsageError names an unknown one."""
    for name in names:
        if name not in known:
            raise UsageError(f"--report {name}: no such report", remedy=f"Known: {', '.join(sorted(known))}")
    return [known[name] for name in names]
