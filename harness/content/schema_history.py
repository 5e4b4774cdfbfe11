"""Histories of event schemas in a folder, or in a folder as a git ref knows it.

A file's version stands in its name (`bet.settled-1.4.0.avsc`, `orders.v2.json`) or is the name of a folder above it
(`v1_6/events/bet.settled.json`); what is left of the path is the subject. In git, a file without a version has one
version for each commit that changed it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from harness.drift.histories import History, SchemaVersion, history_of
from harness.drift.levels import Version, version_named
from harness.model.errors import EnvironmentFault, UsageError

SUFFIXES = {".avsc": "avro", ".proto": "protobuf", ".json": "jsonschema", ".yaml": "jsonschema", ".yml": "jsonschema"}
_MOST_FILES, _MOST_BYTES, _MOST_COMMITS = 5_000, 50_000_000, 300
_GIT_SECONDS = 30.0
_VERSION = r"[vV]?\d{1,9}(?:[._]\d{1,9}){0,2}"
_FOLDER = re.compile(_VERSION)
_STEM = re.compile(r"(?:(?P<subject>.+?)[.@_-])?(?P<version>[vV]\d{1,9}(?:[._]\d{1,9}){0,2}|\d{1,9}(?:\.\d{1,9}){0,2})")
_AVRO = ("record", "enum", "fixed")


def folder_histories(folder: Path) -> list[History]:
    """The histories in a folder of files.

    Raises:
        UsageError: no such folder, no schema in it, or too many.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", remedy="Name FOLDER, GITREF:FOLDER or the URL of a registry")
    paths = [path for path in sorted(folder.rglob("*"))
             if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink()]
    _bounded(str(folder), len(paths), sum(path.stat().st_size for path in paths))
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="surrogateescape")
             for path in paths}
    return _histories(str(folder), texts, {})


def git_histories(ref: str, folder: str, *, repository: Path = Path()) -> list[History]:
    """The histories in a folder of a repository as a ref knows it.

    Raises:
        UsageError: no such ref or folder, no schema in it, or too many.
        EnvironmentFault: git cannot be run here.
    """
    what = f"{ref}:{folder}"
    if not ref or ref.startswith("-"):
        raise UsageError(f"{what}: no git ref", remedy="Write GITREF:FOLDER, like main:schemas")
    inside = folder.strip("/") or "."
    listed = _git(repository, what, "ls-tree", "-r", "-z", "-l", "--full-name", ref, "--", f"{inside}/")
    sizes: dict[str, int] = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        fields, _, path = line.partition("\t")
        if path and PurePosixPath(path).suffix in SUFFIXES and fields.startswith("100"):  # no links, no submodules
            sizes[path] = int(fields.split()[3])
    _bounded(what, len(sizes), sum(sizes.values()))
    top = Path(_git(repository, what, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").strip())
    own = (_git(repository, what, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").strip() + inside)
    prefix = PurePosixPath(os.path.normpath(own))
    texts = {_below(path, prefix): _text(top, what, ref, path) for path in sizes}
    commits = {}
    for path in sizes:
        name = _below(path, prefix)
        if _split(name)[1] is None and not name.endswith(".proto"):
            commits[name] = list(_versions_in_git(top, what, ref, path, name))
    return _histories(what, texts, commits)


def _histories(what: str, texts: Mapping[str, str], commits: Mapping[str, list[SchemaVersion]]) -> list[History]:
    found: dict[str, list[SchemaVersion]] = {}
    protobuf: dict[tuple[str, str], dict[str, str]] = {}
    for path, text in texts.items():
        if path.endswith(".proto"):
            holder, name, imported = _protobuf(path)
            protobuf.setdefault((holder, name), {})[imported] = text
            continue
        subject, label = _split(path)
        kind = _format(path, text)
        if kind is None:
            continue
        if path in commits:
            found.setdefault(subject, []).extend(commits[path])
        else:
            found.setdefault(subject, []).append(SchemaVersion(
                version=_version(label), format=kind, file=path, text=text, others={} if kind == "avro" else texts))
    for (subject, label), files in protobuf.items():
        found.setdefault(subject, []).append(SchemaVersion(
            version=_version(label or None), format="protobuf", file=f"{label or subject}/", text="", others=files))
    if not found:
        raise UsageError(f"{what}: no event schemas", remedy=f"Known endings: {', '.join(SUFFIXES)}")
    return [history_of(subject, versions) for subject, versions in sorted(found.items())]


def _split(path: str) -> tuple[str, str | None]:
    """(subject, version) of a path; the version None where nothing in the path says one."""
    pure = PurePosixPath(path)
    stem = pure.name.removesuffix(pure.suffix).removesuffix(".schema")
    if matched := _STEM.fullmatch(stem):
        rest = [*pure.parts[:-1], *([matched["subject"]] if matched["subject"] else [])]
        return "/".join(rest) or "events", matched["version"].replace("_", ".")
    for number in range(len(pure.parts) - 2, -1, -1):
        if _FOLDER.fullmatch(pure.parts[number]):
            rest = [*pure.parts[:number], *pure.parts[number + 1:-1], stem]
            return "/".join(rest), pure.parts[number].replace("_", ".")
    return "/".join([*pure.parts[:-1], stem]), None


def _protobuf(path: str) -> tuple[str, str, str]:
    """(subject, version, import path): all files below the topmost folder that is a version are one set."""
    parts = PurePosixPath(path).parts
    for number, part in enumerate(parts[:-1]):
        if _FOLDER.fullmatch(part):
            return "/".join(parts[:number]) or "protobuf", part.replace("_", "."), "/".join(parts[number + 1:])
    subject, label = _split(path)
    return (subject, label, parts[-1]) if label else ("/".join(parts[:-1]) or "protobuf", "", path)


def _version(label: str | None) -> Version:
    return Version(0, 0, 0, "the only one") if label is None else version_named(label)


def _format(path: str, text: str) -> str | None:
    """The format of a schema file; None for a contract of another kind."""
    kind = SUFFIXES[PurePosixPath(path).suffix]
    if kind != "jsonschema":
        return kind
    head = text[:4_000]
    if re.search(r"""^["{\s]*(asyncapi|openapi|swagger)["']?\s*:""", head, re.MULTILINE):
        return None
    try:
        value = json.loads(text) if path.endswith(".json") else None
    except (ValueError, RecursionError):
        return kind  # the reader of documents says what is wrong with it
    return "avro" if isinstance(value, dict) and value.get("type") in _AVRO and "name" in value else kind


def _versions_in_git(top: Path, what: str, ref: str, path: str, name: str) -> Iterator[SchemaVersion]:
    told = _git(top, what, "log", "--first-parent", "--format=%H", f"-n{_MOST_COMMITS + 1}", ref, "--", path)
    hashes = told.decode("ascii").split()[::-1]
    if len(hashes) > _MOST_COMMITS:
        raise UsageError(f"{what}: {name} has more than {_MOST_COMMITS} commits", remedy="Put versions into file names")
    before = None
    for number, commit in enumerate(hashes):
        try:
            text = _text(top, what, commit, path)
        except UsageError:
            continue  # this commit took the file away; a later one brought it back
        if text != before and (kind := _format(path, text)) is not None:
            yield SchemaVersion(version=Version(0, number, 0, commit[:10]), format=kind, file=f"{commit[:10]}:{name}",
                                text=text, others={})
        before = text


def _below(path: str, prefix: PurePosixPath) -> str:
    return path if str(prefix) == "." else PurePosixPath(path).relative_to(prefix).as_posix()


def _text(top: Path, what: str, ref: str, path: str) -> str:
    return _git(top, what, "cat-file", "blob", f"{ref}:{path}").decode("utf-8", "surrogateescape")


def _git(repository: Path, what: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True,  # noqa: S603, S607
                              timeout=_GIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
                              env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"})
    except FileNotFoundError as error:
        raise EnvironmentFault("git is not installed", remedy="Install it, or name a folder") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(f"{what}: git took more than {_GIT_SECONDS:g} s", remedy="Name a smaller folder") \
            from error
    if done.returncode != 0:
        said = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"])[0][:200]
        raise UsageError(f"{what}: git says: {said}", remedy="Name FOLDER, GITREF:FOLDER or the URL of a registry")
    return done.stdout


def _bounded(what: str, files: int, size: int) -> None:
    if files > _MOST_FILES or size > _MOST_BYTES:
        raise UsageError(f"{what}: more than {_MOST_FILES} files or {_MOST_BYTES // 1_000_000} MB of schemas",
                         remedy="Name a smaller folder")
