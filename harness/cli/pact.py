"""`certify pact`: pacts held against traffic that was observed; read-only, and nothing is contacted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.model.pact_traffic import Call, Coverage, Used

pact_app = typer.Typer(name="pact", no_args_is_help=True, rich_markup_mode=None, help="Consumer pacts.")


@pact_app.callback()
def _pact() -> None:
    """Consumer pacts."""


@pact_app.command("coverage")
def coverage(pacts: Annotated[list[str], typer.Argument(metavar="PACTS...", help="Pact files, or folders of them.")],
             traffic: Annotated[list[str], typer.Option("--traffic", metavar="RUN|FILE.har", help="Observed traffic: "
                                "the folder of a run, or a HAR file. Repeatable.")],
             actor: Annotated[list[str] | None, typer.Option("--actor", help="Of a run: only this party's calls. "
                              "Repeatable; default: all but admin and observer.")] = None,
             host: Annotated[list[str] | None, typer.Option("--host", help="Of a HAR file: only calls to this host. "
                             "Repeatable; default: all.")] = None,
             contract: Annotated[str, typer.Option("--contract", help="The contract that names the operations: a "
                                 "built-in version or an OpenAPI file.")] = "",
             as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")] = False
             ) -> None:
    """Name the operations that are used and in no pact, and what pacts ask for and nobody uses; read-only."""
    raise typer.Exit(coverage_command(pacts, traffic, actors=actor or (), hosts=host or (), contract=contract,
                                      as_json=as_json))


@pact_app.command("messages")
def messages(pacts: Annotated[list[str], typer.Argument(metavar="PACTS...", help="Pact files, or folders of them.")],
             traffic: Annotated[list[str], typer.Option("--traffic", metavar="RUN|FILE.har", help="Observed traffic: "
                                "the folder of a run, or a HAR file. Repeatable.")],
             provider: Annotated[list[str] | None, typer.Option("--provider", help="Only pacts with this provider. "
                                 "Repeatable; default: all.")] = None,
             as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")] = False
             ) -> None:
    """Verify message pacts against observed events: webhooks, publications, pages of a feed; read-only."""
    from harness.cli.pact_messages import messages_command

    raise typer.Exit(messages_command(pacts, traffic, providers=provider or (), as_json=as_json))


def coverage_command(pacts: Sequence[str], traffic: Sequence[str], *, actors: Sequence[str] = (),
                     hosts: Sequence[str] = (), contract: str = "", as_json: bool = False) -> int:
    """0: every operation that is used is in a pact; 1: one is not; 2: unreadable; 3: nothing to compare."""
    from harness.content.pacts import pacts_of
    from harness.model.pact import interactions
    from harness.model.pact_traffic import calls_in, compare

    promised = [call for source in pacts for pact in pacts_of(source) for call in calls_in(interactions(pact))]
    made: list[Call] = []
    document: Mapping[str, Any] | None = None
    for source in traffic:
        calls, of_run = _traffic(source, actors, hosts)
        made += calls
        document = document or of_run
    found = compare(promised, made, _document(contract, document))
    code = 1 if found.uncovered else 0 if found.calls and found.interactions else 3
    if as_json:
        print_line(json.dumps({"schema": "certify.pact-coverage/1", "pacts": list(pacts), "traffic": list(traffic),
                           "exit_code": code, **asdict(found)}, indent=1))
    else:
        for line in _lines(found, code):
            print_line(line)
    return code


def _traffic(source: str, actors: Sequence[str], hosts: Sequence[str]) -> tuple[list[Call], Mapping[str, Any] | None]:
    """(calls, the contract of the run that they are from)."""
    path = Path(source)
    if not path.is_dir():
        from harness.content.traffic import har_calls

        return har_calls(path, hosts), None
    from harness.engine.records import load_history
    from harness.model.pact_traffic import calls_of
    from harness.model.profile import ContractProfile

    history, _ = load_history(path, ContractProfile())
    return list(calls_of(history.exchanges, actors)), history.contract


def _document(asked: str, of_run: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not asked and of_run:
        return of_run
    from harness.content.contract import load_contract
    from harness.contracts import packs
    from harness.model.profile import ContractProfile

    if asked.startswith("target:"):
        raise UsageError(f"--contract {asked}: there is no target to ask", remedy="Name a version or an OpenAPI file")
    document: Mapping[str, Any] = load_contract(asked or packs.versions()[-1], ContractProfile())["openapi"]
    return document


def _lines(found: Coverage, code: int) -> Iterator[str]:
    for title, several in (("NOT IN A PACT", found.uncovered), ("answers that no pact names", found.answers),
                           ("in a pact, never seen", found.unseen)):
        if several:
            yield title
            yield from map(_line, several)
    if found.strange:
        yield "no operation of the contract"
        yield from (f"  {call}" for call in found.strange)
    operations = {used.operation for used in found.uncovered}
    yield (f"{found.calls} calls of {len(operations) + len(found.covered)} operations, {found.interactions} "
           f"interactions: {len(found.covered)} operations covered, {len(operations)} not. {_SAYS[code]}")


_SAYS = {0: "Every operation that is used is in a pact.", 1: "Write a pact for what is used.",
         3: "Nothing to compare: no calls, or no interactions, of the contract's operations."}


def _line(used: Used) -> str:
    return f"  {used.call}  {used.answer}  {used.count}x  {', '.join(used.sources)}"


def print_line(text: str) -> None:
    """A line on stdout; what pacts and traffic say cannot move the cursor."""
    shown = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    sys.stdout.write(shown.encode("utf-8", "backslashreplace").decode() + "\n")
