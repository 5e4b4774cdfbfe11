"""A user's schemathesis.toml: what of it a run takes over, and what it may not, because it would weaken CONT-03."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError

FILE = "schemathesis.toml"
_GENERATION = {"max-examples": int, "allow-x00": bool, "codec": str, "exclude-header-characters": str,
               "allow-extra-parameters": bool, "with-security-parameters": bool}


def load_fuzz_settings(path: Path = Path(FILE)) -> dict[str, Any]:
    """{"generation": …, "max-steps": n, "parameters": …, "left": [what is not taken over]}; {} where there is no file.

    Raises:
        UsageError: not TOML, or a value of the wrong type; names file and key.
    """
    if not path.is_file():
        return {}
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path}: {error}", remedy="Fix the file, or move it away") from error
    taken: dict[str, Any] = {"generation": {}, "parameters": {}}
    left = sorted(_take(written, taken, path))
    return {**taken, "left": left}


def _take(written: Mapping[str, Any], taken: dict[str, Any], path: Path) -> Iterator[str]:
    """Move what may be taken over into `taken`; the names of the rest."""
    for key, value in written.items():
        if key == "generation" and isinstance(value, Mapping):
            for name, one in value.items():
                if name in _GENERATION:
                    taken["generation"][name] = _typed(one, _GENERATION[name], f"{path}: generation.{name}")
                else:
                    yield f"generation.{name}"
        elif key == "parameters" and isinstance(value, Mapping):
            for name, one in value.items():
                if name.startswith(("path.", "query.")):
                    taken["parameters"][name] = one
                else:
                    yield f"parameters.{name}"
        elif key == "phases" and isinstance(value, Mapping):
            yield from _phases(value, taken, path)
        else:
            yield key


def _phases(phases: Mapping[str, Any], taken: dict[str, Any], path: Path) -> Iterator[str]:
    for phase, settings in phases.items():
        for name, one in settings.items() if isinstance(settings, Mapping) else ():
            if (phase, name) == ("stateful", "max-steps"):
                taken["max-steps"] = _typed(one, int, f"{path}: phases.stateful.max-steps")
            elif not (name == "enabled" and one is True):
                yield f"phases.{phase}.{name}"


def _typed(value: Any, kind: type[Any], where: str) -> Any:
    if type(value) is not kind:
        raise UsageError(f"{where} must be {kind.__name__}, not {value!r}", remedy="Fix the file, or move it away")
    return value
