"""Which version number a change allows, and whether the one that was given keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.drift.changes import Verdict

_SEMVER = re.compile(r"(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})"
                     r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
                     r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_SHORT = re.compile(r"v?(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?(?:\.(0|[1-9]\d{0,8}))?", re.ASCII | re.IGNORECASE)
_PATH_MAJOR = re.compile(r"(?:^|/)[vV](\d{1,9})(?=/|$|\?)", re.ASCII)
_MOST_PATHS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFinding:
    """Whether the new version number keeps to the policy."""

    ok: bool
    minimum: str
    """The smallest version that the change allows; "": the old one is nothing like a version."""
    says: str


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version; build metadata is left out, for it says nothing of order."""

    core: tuple[int, int, int]
    pre: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[int, int, str], ...]]:
        """Its place in the order of semver.org item 11."""
        parts = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre)
        return self.core, not self.pre, parts


def parsed(text: str) -> Version | None:
    """MAJOR.MINOR.PATCH with or without pre-release and build; None for anything else."""
    found = _SEMVER.fullmatch(text) if len(text) <= 256 else None
    if found is None:
        return None
    pre = tuple(found[4].split(".")) if found[4] else ()
    return Version((int(found[1]), int(found[2]), int(found[3])), pre)


def loosely(text: str) -> Version | None:
    """As `parsed`, but `2`, `v2` and `1.7` are read as `2.0.0` and `1.7.0`: for promises, not for releases."""
    short = _SHORT.fullmatch(text.strip())
    if short is None:
        return parsed(text.strip())
    return Version((int(short[1]), int(short[2] or 0), int(short[3] or 0)))


def path_majors(document: Any) -> tuple[int, ...]:
    """Every N of `/vN` in the servers and paths of a document, ascending; not those of webhooks or examples."""
    found = {int(hit[1]) for text in _paths(document) if (hit := _PATH_MAJOR.search(text))}
    return tuple(sorted(found))


def path_major(document: Any) -> int | None:
    """The highest of them; None where no path says one."""
    return max(path_majors(document), default=None)


def _paths(document: Any) -> Iterator[str]:
    if not isinstance(document, dict):
        return
    servers = document.get("servers")
    for server in servers if isinstance(servers, list) else (servers.values() if isinstance(servers, dict) else ()):
        if isinstance(server, dict):
            url = server.get("url") or server.get("pathname") or ""
            yield re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*", "", str(url))
    paths = document.get("paths")
    if isinstance(paths, dict):
        for path in list(paths)[:_MOST_PATHS]:
            if not str(path).startswith("x-"):
                yield str(path)


def judge_version(verdict: Verdict | None, *, old_version: str, new_version: str, old_path_major: int | None,
                  new_path_major: int | None, deprecates: bool = False) -> VersionFinding:
    """The new version number against the worst change; what is unsure counts as breaking. Pure and total.

    `verdict`: None where nothing changed. `*_path_major`: N of `/vN`, None where no path says one.
    """
    old, new = parsed(old_version), parsed(new_version)
    if old is None or new is None:
        if verdict is None and not deprecates and old_version == new_version:
            return VersionFinding(ok=True, minimum="", says=f"Nothing changed; {_no_semver(new_version)}.")
        which = [f"The {word} version: {_no_semver(text)}." for word, text, read in
                 (("old", old_version, old), ("new", new_version, new)) if read is None]
        near = old or loosely(old_version)
        return VersionFinding(ok=False, minimum=_text(_minimum(verdict, near, deprecates)) if near else "",
                              says=" ".join(which))
    least = _minimum(verdict, old, deprecates)
    faults = [*_bump_faults(verdict, old, new, least, deprecates), *_path_faults(old, new, old_path_major,
                                                                                 new_path_major)]
    if faults:
        return VersionFinding(ok=False, minimum=_text(least), says=" ".join(faults))
    kind = _kind(verdict, deprecates)
    if verdict is None and not deprecates and new == old:
        return VersionFinding(ok=True, minimum=_text(least), says="Nothing changed, and neither did the version.")
    note = f" That is more than the {_text(least)} that is needed." if new.core > least.core else ""
    return VersionFinding(ok=True, minimum=_text(least), says=f"{old_version} to {new_version} is enough for {kind}."
                                                              + note)


def _minimum(verdict: Verdict | None, old: Version, deprecates: bool) -> Version:
    """The smallest number; what goes on before the release of a core stays with that core."""
    major, minor, patch = old.core
    if (verdict is None and not deprecates) or old.pre:
        return Version((major, minor, patch))
    if verdict in (Verdict.BREAKING, Verdict.UNSURE):
        return Version((major + 1, 0, 0) if major else (0, minor + 1, 0))
    if (verdict is Verdict.ADDITIVE or deprecates) and major:
        return Version((major, minor + 1, 0))
    return Version((major, minor, patch + 1))


def _bump_faults(verdict: Verdict | None, old: Version, new: Version, least: Version, deprecates: bool
                 ) -> Iterator[str]:
    changed = verdict is not None or deprecates
    kind = _kind(verdict, deprecates)
    if new.rank < old.rank:
        yield f"{_text(new)} is lower than {_text(old)}: a version number never goes back."
    elif new.rank == old.rank and changed:
        yield f"{_text(new)} was released already: {kind} needs at least {_above(old, least)}."
    elif old.pre and new.core == old.core:
        return  # of a core that is not released, nothing has been promised yet
    elif changed and new.core < _needed(verdict, old, deprecates):
        yield f"{kind[0].upper()}{kind[1:]} needs at least {_text(Version(_needed(verdict, old, deprecates)))}, " \
              f"not {_text(new)}."
    if new.core[0] > old.core[0] + 1:
        yield f"{_text(new)} skips {old.core[0] + 1}.0.0: one major at a time."
    elif new.core[0] > old.core[0] and new.core[1:] != (0, 0):
        yield f"A new major starts at {new.core[0]}.0.0, not at {_text(new)}."


def _needed(verdict: Verdict | None, old: Version, deprecates: bool) -> tuple[int, int, int]:
    """As the minimum, with a pre-release counted by its core."""
    return _minimum(verdict, Version(old.core), deprecates).core


def _above(old: Version, least: Version) -> str:
    return f"a later pre-release of {_text(least)}" if old.pre else _text(least)


def _path_faults(old: Version, new: Version, old_major: int | None, new_major: int | None) -> Iterator[str]:
    if new_major is not None and new_major != new.core[0]:
        yield f"The path says /v{new_major} and the version {_text(new)}: both must name the same major."
    elif old_major is not None and new_major is None and new.core[0] > old.core[0]:
        yield f"The old paths said /v{old_major}: a new major needs /v{new.core[0]}."


def _kind(verdict: Verdict | None, deprecates: bool) -> str:
    if verdict is Verdict.BREAKING:
        return "a breaking change"
    if verdict is Verdict.UNSURE:
        return "a change that may break"
    if verdict is Verdict.ADDITIVE:
        return "an additive change"
    if deprecates:
        return "a deprecation"
    return "no change" if verdict is None else "an editorial change"


def _text(version: Version) -> str:
    return ".".join(map(str, version.core)) + (f"-{'.'.join(version.pre)}" if version.pre else "")


def _no_semver(text: str) -> str:
    near = loosely(text)
    remedy = f"write {_text(near)}" if near else "number releases MAJOR.MINOR.PATCH, like 1.4.0"
    return f"{text[:60]!r} is no semantic version; {remedy}" if text else f"there is none; {remedy}"
