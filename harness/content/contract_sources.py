"""Where the two versions of a contract come from: files, standard input, a target's URL, a commit of git."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.drift.compare import PROTO
from harness.model.errors import EnvironmentFault, UsageError

MAX_BYTES = 16 << 20
_IMPORT = re.compile(r'^\s*import\s+(?:public\s+|weak\s+)?"([^"\n]{1,300})"\s*;', re.MULTILINE)
_MOST_IMPORTS = 500
_GIT_SECONDS = 30
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
"""git asks nobody, writes nothing and fetches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A contract's bytes, and how the files that it refers to are read: by their path from this one."""

    name: str
    text: bytes
    others: Callable[[str], bytes] | None = None
    """Raises OSError where there is none; None: this source has no other files."""


Fetch = Callable[[str, str], bytes]
"""The body that a URL of this host[:port] answers with 200, bounded in time and size, redirects not followed."""


def read_source(reference: str, *, fetch: Fetch, hosts: Iterable[str] = ()) -> Source:
    """`-`, an http(s) URL, a file, or `REVISION:path` of the git repository around the working directory.

    `hosts`: host[:port] of the targets that may be asked; loopback always may.

    Raises:
        UsageError: no such file or commit, a URL elsewhere, too large.
        EnvironmentFault: there is no git; and as `fetch`.
    """
    if reference == "-":
        return Source(name="-", text=_bounded(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"))
    if reference.lower().startswith(("http://", "https://")):
        return _published(reference, frozenset(hosts), fetch)
    path = Path(reference)
    revision, colon, inside = reference.partition(":")
    if colon and revision and inside and not path.exists():
        return _committed(reference, revision, inside)
    return Source(name=reference, text=_file(path, reference), others=_beside(path))


def with_imports(source: Source) -> dict[str, str]:
    """A Protobuf source and the files beside it that it imports, by import path; its own is `contract.proto`.

    An import that is not beside it is left to the compiler: it may be one of Google's.

    Raises:
        UsageError: a file is not UTF-8, or there are too many.
    """
    found: dict[str, str] = {}
    waiting = [(PROTO, source.text)]
    while waiting:
        name, text = waiting.pop()
        try:
            found[name] = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{source.name if name == PROTO else name}: not UTF-8 (byte {error.start})",
                             remedy="Save it as UTF-8") from error
        if len(found) > _MOST_IMPORTS:
            raise UsageError(f"{source.name}: more than {_MOST_IMPORTS} imports", remedy="Split the contract")
        for wanted in _IMPORT.findall(found[name]):
            if source.others is not None and wanted not in found and wanted not in (one for one, _ in waiting):
                with contextlib.suppress(OSError):
                    waiting.append((wanted, source.others(wanted)))
    return found


def _bounded(text: bytes, name: str) -> bytes:
    if len(text) > MAX_BYTES:
        raise UsageError(f"{name}: more than {MAX_BYTES >> 20} MiB", remedy="Split the contract")
    return text


def _file(path: Path, name: str) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{name}: not a file", remedy="Name the contract document itself")
        with path.open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1), name)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name}: {said}",
                         remedy="Name a file, a URL of a target, or a commit like main:openapi.yaml") from error


def _beside(path: Path) -> Callable[[str], bytes]:
    """The files in the document's folder and below; above it only as far as the working directory reaches."""
    folder = path.resolve().parent
    roots = (folder, Path.cwd().resolve()) if folder.is_relative_to(Path.cwd().resolve()) else (folder,)

    def read(name: str) -> bytes:
        found = (folder / name).resolve()
        if not any(found.is_relative_to(root) for root in roots):
            raise PermissionError(f"outside {roots[-1].name or roots[-1]}")
        if not found.is_file():
            raise FileNotFoundError("no such file")
        with found.open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1), name)

    return read


def _published(url: str, hosts: frozenset[str], fetch: Fetch) -> Source:
    try:
        parts = urlsplit(url)
        host, netloc, _ = parts.hostname or "", parts.netloc, parts.port
    except ValueError as error:
        raise UsageError(f"{url[:200]}: no URL ({error})", remedy="Like http://127.0.0.1:8080/openapi.json") from error
    if "@" in netloc:
        raise UsageError("a URL with a name or password in it", remedy="Leave out what stands before the @")
    if not _loopback(host) and netloc not in hosts:
        raise UsageError(f"refusing to contact {netloc!r}: neither loopback nor a host of a target profile",
                         remedy="Add it to `hosts` of a target in certify.toml if it is yours, or download the file")
    return Source(name=url, text=fetch(url, netloc))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _committed(reference: str, revision: str, path: str) -> Source:
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    if not commit:
        inside = _git("rev-parse", "--is-inside-work-tree").strip() == b"true"
        missing = f"no commit {revision[:60]!r} here" if inside else "no git repository that can be read here"
        raise UsageError(f"{reference}: no such file, and {missing}",
                         remedy="Name a file, or a commit like main:openapi.yaml; a shallow clone lacks older ones")
    if path.startswith(("./", "../")):
        path = posixpath.normpath(posixpath.join(_git("rev-parse", "--show-prefix").decode().strip(), path))
    path = posixpath.normpath(path)

    def blob(name: str) -> bytes:
        """One file of the commit, by its path from the root; FileNotFoundError where it has none."""
        spot = f"{commit}:{name}"
        size = _git("cat-file", "-s", spot).strip()
        if not size or _git("cat-file", "-t", spot).strip() != b"blob":
            raise FileNotFoundError("no such file in that commit")
        if int(size) > MAX_BYTES:
            raise UsageError(f"{revision}:{name}: more than {MAX_BYTES >> 20} MiB", remedy="Split the contract")
        return _git("cat-file", "blob", spot)

    try:
        text = blob(path)
    except FileNotFoundError:
        raise UsageError(f"{reference}: commit {commit[:12]} has no file {path[:200]!r}",
                         remedy="Paths count from the root of the repository; ./ from here") from None
    folder = posixpath.dirname(path)
    return Source(name=f"{revision}:{path}", text=text,
                  others=lambda name: blob(posixpath.normpath(posixpath.join(folder, name))))


def _git(*arguments: str) -> bytes:
    """What git prints; nothing where it refuses. Never a shell: a revision is one argument, whatever is in it."""
    try:
        done = subprocess.run(["git", "--no-pager", *arguments], capture_output=True, timeout=_GIT_SECONDS,  # noqa: S603, S607 - git of PATH, as for its user
                              check=False, stdin=subprocess.DEVNULL, env={**os.environ, **_QUIET})
    except FileNotFoundError as error:
        raise EnvironmentFault("git is not installed", remedy="Install it, or name files") from error
    except ValueError as error:  # a NUL in the reference
        raise UsageError("a git reference with characters that it cannot have", remedy="Like main:openapi.yaml") \
            from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(f"git has not answered within {_GIT_SECONDS} s", remedy="Is the repository whole?") \
            from error
    return done.stdout if done.returncode == 0 else b""
