"""`certify registry check`: the history of every event schema, held against a compatibility level."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.drift.changes import Change
    from harness.drift.histories import History, HistoryChecked
    from harness.drift.levels import Level

registry_app = typer.Typer(name="registry", no_args_is_help=True, rich_markup_mode=None,
                           help="Event schemas and their histories.")


@registry_app.callback()
def _registry() -> None:
    """Event schemas and their histories."""


@registry_app.command("check")
def check(source: Annotated[str, typer.Argument(metavar="FOLDER|GITREF:FOLDER|URL", help="Where the schemas are: a "
                            "folder, a folder as git knows it, or a Confluent-compatible registry.")],
          subject: Annotated[list[str] | None, typer.Option("--subject", help="Only this subject. Repeatable.")] = None,
          level: Annotated[str, typer.Option("--level", help="none, backward, forward, full, or one of them with "
                                             "_transitive. Default: what the registry asks for, else full_transitive."
                                             )] = "",
          deleted: Annotated[bool, typer.Option("--deleted", help="Also versions that a registry has deleted softly: "
                                                "events of them may still be stored.")] = False,
          strict: Annotated[bool, typer.Option("--strict", help="JSON Schema as registries read it: an open object may "
                                               "hold anything.")] = False,
          as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")] = False) \
        -> None:
    """Check that every version of every event schema can be read as its level asks; read-only."""
    raise typer.Exit(check_command(source, tuple(subject or ()), level, strict=strict, as_json=as_json,
                                   deleted=deleted))


def check_command(source: str, subjects: Collection[str], level: str, *, strict: bool, as_json: bool,
                  deleted: bool = False) -> int:
    """0: all compatible; 1: a break or a doubt; 2 or 4: something could not be read; 3: nothing to compare."""
    from harness.drift.document import Document
    from harness.drift.histories import check_history
    from harness.drift.levels import DEFAULT, level_named

    asked = level_named(level) if level else None

    def jsonschema(old: Document, new: Document, name: str) -> Iterable[Change]:
        from harness.drift.jsonschema_events import compare_jsonschema

        return compare_jsonschema(old, new, level=name, strict=strict).changes

    checked = [check_history(history, asked or history.level or DEFAULT, jsonschema)
               for history in _histories(source, subjects, levels=asked is None, deleted=deleted)]
    code = _code(checked)
    if as_json:
        _print(json.dumps(_plain(source, asked, checked, code), indent=1, default=repr))
    else:
        for line in _lines(asked, checked, code):
            _print(line)
    return code


def _histories(source: str, subjects: Collection[str], *, levels: bool, deleted: bool) -> list[History]:
    if source.startswith(("http://", "https://")):
        return _from_registry(source, subjects, levels=levels, deleted=deleted)
    if deleted:
        raise UsageError("--deleted is for registries: files that are gone are gone", remedy="Leave it out")
    from harness.content.schema_history import folder_histories, git_histories

    ref, colon, folder = source.partition(":")
    found = git_histories(ref, folder) if colon and not Path(source).exists() else folder_histories(Path(source))
    known = {history.subject for history in found}
    if missing := sorted(set(subjects) - known):
        raise UsageError(f"{source}: no subject {missing[0]!r}", remedy=f"Known: {', '.join(sorted(known)[:12])}")
    return [history for history in found if not subjects or history.subject in subjects]


def _from_registry(url: str, subjects: Collection[str], *, levels: bool, deleted: bool) -> list[History]:
    from urllib.parse import urlsplit

    from harness.drivers.recording_client import RecordingClient
    from harness.drivers.schema_registry import registry_histories
    from harness.engine.redaction import Redactor

    client = RecordingClient(None, Redactor(), hosts=(urlsplit(url).netloc,), prefix="registry")
    try:
        return registry_histories(url, send=client.send, subjects=subjects, levels=levels, deleted=deleted)
    finally:
        client.close()


def _code(checked: Collection[HistoryChecked]) -> int:
    from harness.drift.changes import Verdict

    if any(one.verdict in (Verdict.BREAKING, Verdict.UNSURE) for one in checked):
        return 1
    if any(one.error for one in checked):
        return 2
    return 0 if any(one.pairs for one in checked) else 3


def _lines(asked: Level | None, checked: Collection[HistoryChecked], code: int) -> Iterator[str]:
    for one in checked:
        versions = [version.version.label for version in one.history.versions]
        formats = "/".join(dict.fromkeys(version.format for version in one.history.versions))
        yield f"{_verdict(one):<12} {one.history.subject}  ({formats}: {', '.join(versions[:6])}" \
              f"{' …' if len(versions) > 6 else ''}){_said(asked, one)}"
        if one.error:
            yield f"  {one.error}"
        for newer, change, against in _grouped(one):
            yield f"  {newer} against {', '.join(against)}: {change.verdict.value}  {change.rule}"
            yield f"    {change.says}"
            if change.policy:
                yield f"    because: {change.policy}"
            places = [f"{name} {place.file}{f':{place.line}' if place.line else ''} {place.pointer}".rstrip()
                      for name, place in (("old", change.old), ("new", change.new)) if place is not None]
            yield f"    {'; '.join(places)}"
            if change.witness is not None:
                document = json.dumps(change.witness.document, ensure_ascii=True, default=repr)
                yield f"    valid in the {change.witness.valid_in} version only: {document[:400]}"
    compared = sum(len(one.pairs) for one in checked)
    levels = ", ".join(dict.fromkeys(_level(asked, one).value for one in checked))
    yield f"Level {levels}: {len(checked)} subject(s), {compared} pair(s) of versions compared. {_SAYS[code]}"


def _level(asked: Level | None, one: HistoryChecked) -> Level:
    from harness.drift.levels import DEFAULT

    return asked or one.history.level or DEFAULT


def _said(asked: Level | None, one: HistoryChecked) -> str:
    """Where the level comes from, where it is neither asked for nor our own."""
    if asked is not None or one.history.level is None:
        return ""
    of = "this subject" if one.history.level_of == "subject" else "the whole registry"
    return f"  level {one.history.level.value}, set for {of}"


_SAYS = {0: "All compatible.", 1: "Not compatible.", 2: "Something could not be read.",
         3: "Nothing to compare: give two versions of one major in file or folder names, or GITREF:FOLDER."}


def _grouped(one: HistoryChecked) -> list[tuple[str, Change, list[str]]]:
    """What breaks or is in doubt, once for each newer version, with the older versions that it was found against."""
    from harness.drift.changes import Verdict

    found: dict[tuple[str, str, str], tuple[Change, list[str]]] = {}
    for pair in one.pairs:
        for change in pair.changes:
            if change.verdict in (Verdict.BREAKING, Verdict.UNSURE):
                found.setdefault((pair.newer, change.rule, change.says), (change, []))[1].append(pair.older)
    return [(newer, change, against) for (newer, _, _), (change, against) in found.items()]


def _verdict(one: HistoryChecked) -> str:
    if one.error:
        return "unreadable"
    if not one.pairs:
        return "one version" if len(one.history.versions) == 1 else "no pair"
    return one.verdict.value if one.verdict is not None else "unchanged"


def _plain(source: str, asked: Level | None, checked: Collection[HistoryChecked], code: int) -> dict[str, Any]:
    levels = sorted({_level(asked, one).value for one in checked})
    return {"schema": "certify.registry-check/1", "source": source, "exit_code": code,
            "level": levels[0] if len(levels) == 1 else "by subject",
            "subjects": [{
                "subject": one.history.subject, "verdict": _verdict(one), "error": one.error,
                "level": _level(asked, one).value,
                "level_of": "asked" if asked else one.history.level_of or "default",
                "versions": [{"version": v.version.label, "format": v.format, "file": v.file}
                             for v in one.history.versions],
                "pairs": [{"older": pair.older, "newer": pair.newer, "changes": [_named(asdict(change))
                                                                                 for change in pair.changes]}
                          for pair in one.pairs]} for one in checked]}


def _named(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, list | tuple) else value


def _print(text: str) -> None:
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    sys.stdout.write(shown.encode("utf-8", "backslashreplace").decode() + "\n")
