"""Consumer pacts from files and folders, and certify's own where a target names none."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError
from harness.model.pact import Kind, Pact, interactions

_MAX_DOCUMENT = 16 << 20
_MOST_FILES = 500
_REMEDY = "Name a pact file as Pact's libraries write it, or move this one away"


def pacts_of(source: str, providers: Iterable[str] = (), consumers: Iterable[str] = ()) -> list[Pact]:
    """The pacts of a file or of a folder (`*.json`, its folders included) for these providers (default: any).

    `consumers`: also pacts of nothing but messages that these read.

    Raises:
        UsageError: unreadable, no JSON, or no pact; names the file, and the line where there is one.
    """
    path, accepted, readers = Path(source), frozenset(providers), frozenset(consumers)
    found = [read_pact(file) for file in _files(path)]
    return [pact for pact in found if not accepted or pact.provider in accepted or (
        pact.consumer in readers and all(one.kind is Kind.MESSAGE for one in interactions(pact)))]


def shipped_pacts(version: str) -> list[Pact]:
    """The consumer pacts of the newest contract pack, for a target of that version or, if it is none, of the newest.

    A minor version only adds: what came later than the target's is left out.
    """
    from harness.contracts import packs  # late: `certify --help` needs no contract

    known = packs.versions()
    later = known[known.index(version) + 1:] if version in known else ()
    folder = packs.pack_path(known[-1]) / "pacts"
    return [_pact(_before(json.loads(file.read_text(encoding="utf-8")), later), file.name, shipped=True)
            for file in sorted(folder.glob("*.json"))]


def _before(document: Mapping[str, Any], later: Collection[str]) -> Mapping[str, Any]:
    """The pact without what came with these versions."""
    return {**document, "interactions": [one for one in document["interactions"] if _since(one) not in later]}


def _since(one: Mapping[str, Any]) -> str:
    return str(one.get("comments", {}).get("certify", {}).get("since", ""))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    files = sorted(file for file in path.rglob("*.json") if file.is_file())
    if not files:
        raise UsageError(f"{path}: no pact files in this folder", remedy="Pact's libraries write *.json files")
    if len(files) > _MOST_FILES:
        raise UsageError(f"{path}: {len(files)} files are more than {_MOST_FILES}", remedy="Name a smaller folder")
    yield from files


def read_pact(file: Path) -> Pact:
    """The pact in a file; UsageError names the file and what is wrong in it."""
    try:
        if file.stat().st_size > _MAX_DOCUMENT:
            raise UsageError(f"{file}: more than {_MAX_DOCUMENT >> 20} MiB", remedy=_REMEDY)
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", remedy="Check `sources` under [target.NAME.pact]") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 (byte {error.start})", remedy=_REMEDY) from error
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}: not JSON: {error.msg}", remedy=_REMEDY) from error
    except (RecursionError, ValueError) as error:  # a number of ten thousand digits, too
        raise UsageError(f"{file}: not readable JSON ({type(error).__name__})", remedy=_REMEDY) from error
    return _pact(document, str(file))


def pact_from(document: Any, source: str, **known: Any) -> Pact:
    """The pact in a document that came from elsewhere; UsageError names its source."""
    return _pact(document, source, **known)


def _pact(document: Any, source: str, **known: Any) -> Pact:
    named = {side: _name(document, side) for side in ("consumer", "provider")} if isinstance(document, dict) else {}
    for side in ("consumer", "provider"):
        if not named.get(side):
            raise UsageError(f"{source}: no pact: it names no {side}", remedy=_REMEDY)
    listed = [document[member] for member in ("interactions", "messages") if member in document]
    if not listed or not all(isinstance(one, list) and all(isinstance(i, dict) for i in one) for one in listed):
        raise UsageError(f"{source}: no pact: it has no list of interactions", remedy=_REMEDY)
    for number, one in enumerate(document.get("interactions", ()), start=1):
        whole = all(isinstance(one.get(part), dict) for part in ("request", "response"))
        if one.get("type", "Synchronous/HTTP") == "Synchronous/HTTP" and not whole:  # the verifier would make one up
            raise UsageError(f"{source}: interaction {number} has no request or no response", remedy=_REMEDY)
    return Pact(consumer=named["consumer"], provider=named["provider"], source=source, document=document, **known)


def _name(document: Mapping[str, Any], side: str) -> str:
    party = document.get(side)
    name = party.get("name") if isinstance(party, dict) else None
    return name if isinstance(name, str) else ""
