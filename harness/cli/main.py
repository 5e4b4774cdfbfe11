"""The composition root: options become values, errors become one line and an exit code."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import drift_options as of_drift
from harness.cli.pact import pact_app
from harness.cli.registry import registry_app
from harness.model.errors import CertifyError, UsageError

if TYPE_CHECKING:
    from harness.content.folders import Folders

app = typer.Typer(
    name="certify", no_args_is_help=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Is this integration ready to take real money? Certify a target against the launch checklist.",
    epilog="First run: certify --target sandbox. Exit codes: 0 certified, 1 not certified, 2 usage, 3 incomplete, "
           "4 environment, 5 certify's own fault, 130 interrupted.")

TargetOption = Annotated[str, typer.Option("--target", "-t", help="Target profile: `sandbox` (built in) or a name "
                                                                  "in certify.toml.")]
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="Configuration file.")]
OnlyOption = Annotated[list[str] | None, typer.Option("--only", help="Only these controls: IDEM-03, IDEM, 'MONEY-0*'; "
                                                                     "or checks: scenarios/inbox.py::GAP. "
                                                                     "Repeatable, commas allowed.")]
PhaseOption = Annotated[list[int] | None, typer.Option("--phase", help="Only controls of this launch phase: 7, 3, 0.")]
LevelOption = Annotated[str | None, typer.Option("--level", help="built, contract, resilience or launch.")]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of the run; printed by every run.")]
SuitesOption = Annotated[list[Path] | None, typer.Option("--suites", help="Another folder of suites. Repeatable.")]
ScenariosOption = Annotated[list[Path] | None, typer.Option("--scenarios", help="Another folder of chaos scenarios. "
                                                                                 "Repeatable.")]
ChaosOption = Annotated[bool, typer.Option("--chaos/--no-chaos", help="Play the chaos scenarios, or leave them out.")]
FaultOption = Annotated[list[str] | None, typer.Option("--fault", help="Plant this defect (built-in sandbox only). "
                                                                       "Repeatable.")]
BudgetOption = Annotated[str, typer.Option("--budget", help="How much fuzzing and random play try: quick (a partial "
                                                            "run), standard or full.")]
ChoiceOption = Annotated[list[str] | None, typer.Option("--profile", help="Contract-profile choice of the sandbox, "
                                                                          "KEY=VALUE. Repeatable.")]
ReportOption = Annotated[list[str] | None, typer.Option("--report", help="Also write this report. Repeatable.")]
StormProcessesOption = Annotated[int | None, typer.Option("--storm-processes", min=0, max=64, help="Processes of this "
                                 "machine that blow the storms (1; 0 with --storm-machines).")]
StormMachinesOption = Annotated[int, typer.Option("--storm-machines", min=0, max=64, help="A storm waits for so many "
                                                                                        "`certify storm-worker`.")]
StormListenOption = Annotated[str | None, typer.Option("--storm-listen", metavar="HOST:PORT", help="Where it waits "
                                                       "for them (127.0.0.1:5557).")]
StormWaitOption = Annotated[float, typer.Option("--storm-wait", min=1, max=600, help="Seconds that it waits.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]


@app.callback(invoke_without_command=True)
def run(context: typer.Context, target: TargetOption = "sandbox", config: ConfigOption = Path("certify.toml"),
        only: OnlyOption = None, phase: PhaseOption = None, level: LevelOption = None, seed: SeedOption = None,
        report: ReportOption = None,
        out: Annotated[Path | None, typer.Option("--out", help="Run directory (default certify-runs/…).")] = None,
        suites: SuitesOption = None, fault: FaultOption = None,
        workers: Annotated[int, typer.Option("--workers", min=1, max=16, help="Worker processes.")] = 3,
        budget: BudgetOption = "standard", scenarios: ScenariosOption = None, chaos: ChaosOption = True,
        storm_processes: StormProcessesOption = None, storm_machines: StormMachinesOption = 0,
        storm_listen: StormListenOption = None, storm_wait: StormWaitOption = 60.0, as_json: JsonOption = False,
        version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Certify a target (this is also what plain `certify` does)."""
    if context.invoked_subcommand is not None:
        return
    if version:
        from harness.cli.running import program_version

        typer.echo(f"certify {program_version()}")
        return
    from harness.cli.commands import run_command
    from harness.cli.storm_worker import storms_by

    raise typer.Exit(run_command(target=target, config=config, only=_commas(only), phases=tuple(phase or ()),
                                 level=level, seed=seed, reports=_commas(report), out=out,
                                 folders=_folders(suites, scenarios), faults=_commas(fault),
                                 workers=workers, budget=budget, chaos=chaos, as_json=as_json,
                                 storms=storms_by(storm_processes, storm_machines, storm_listen, storm_wait)))


app.command("run", help="Certify a target; the same as plain `certify`.")(run)


@app.command()
def init(path: Annotated[Path, typer.Argument(help="File to write.")] = Path("certify.toml")) -> None:
    """Write a commented certify.toml."""
    from harness.cli.init import write_example

    typer.echo(write_example(path))


@app.command()
def doctor(target: TargetOption = "sandbox", config: ConfigOption = Path("certify.toml"),
           clean: Annotated[bool, typer.Option("--clean", help="Take away what a killed run left at TOXIPROXY_URL.")]
           = False, as_json: JsonOption = False) -> None:
    """Preflight: reachable, clock, credentials, contract, hooks, tools; each with its remedy."""
    from harness.cli.doctor import clean_command, doctor_command

    raise typer.Exit(clean_command(as_json=as_json) if clean else doctor_command(target, config, as_json=as_json))


@app.command()
def plan(target: TargetOption = "sandbox", config: ConfigOption = Path("certify.toml"), only: OnlyOption = None,
         phase: PhaseOption = None, level: LevelOption = None, suites: SuitesOption = None,
         scenarios: ScenariosOption = None, chaos: ChaosOption = True, as_json: JsonOption = False) -> None:
    """Show what a run would do, and what it would not and why; no traffic."""
    from harness.cli.commands import plan_command

    raise typer.Exit(plan_command(target=target, config=config, only=_commas(only), phases=tuple(phase or ()),
                                  level=level, folders=_folders(suites, scenarios),
                                  chaos=chaos, as_json=as_json))


@app.command("list")
def list_(suites: SuitesOption = None, scenarios: ScenariosOption = None, as_json: JsonOption = False) -> None:
    """List every control of the catalogue and whether it is built."""
    from harness.cli.commands import list_command

    raise typer.Exit(list_command(_folders(suites, scenarios), as_json=as_json))


@app.command()
def explain(control: Annotated[str, typer.Argument(help="A control id, e.g. IDEM-03; with --run also "
                                                            "a scenario, e.g. JITTER.")],
            run: Annotated[Path | None, typer.Option("--run", help="Also what that run found, and its chaos scenarios "
                                                                   "over time.")] = None,
            as_json: JsonOption = False) -> None:
    """Explain a control: requirement, how it is decided, remedy, the faults that prove it; or a scenario of a run."""
    from harness.cli.commands import explain_command

    raise typer.Exit(explain_command(control, run, as_json=as_json))


@app.command()
def judge(run: Annotated[Path, typer.Argument(help="A run directory.")], as_json: JsonOption = False) -> None:
    """Judge a stored run again from its journal, without touching the target; writes its reports anew."""
    from harness.cli.commands import judge_command

    raise typer.Exit(judge_command(run, as_json=as_json))


@app.command()
def storm(run: Annotated[Path, typer.Argument(help="A run directory.")],
          name: Annotated[str | None, typer.Argument(help="One storm of it, e.g. BURST (default: all).")] = None,
          against: Annotated[Path | None, typer.Option("--against", help="An earlier run: both side by side, and what "
                                                       "is beyond chance.")] = None,
          anyway: Annotated[bool, typer.Option("--anyway", help="Compare storms of different plans, too.")] = False,
          as_csv: Annotated[bool, typer.Option("--csv", help="The series by second.")] = False,
          as_json: JsonOption = False) -> None:
    """Show the storms of load of a stored run in figures, or beside those of an earlier run."""
    from harness.cli.storm import storm_command

    raise typer.Exit(storm_command(run, name, against=against, anyway=anyway, as_json=as_json, as_csv=as_csv))


@app.command()
def drift(old: of_drift.Old, new: of_drift.New, format_: of_drift.Format = None, report: of_drift.Report = "text",
          out: of_drift.Out = None, waivers: of_drift.Waivers = None, level: of_drift.Level = "full",
          strict: of_drift.Strict = False, as_of: of_drift.AsOf = None, allow: of_drift.Allow = "additive",
          notice_days: of_drift.NoticeDays = 90, config: ConfigOption = Path("certify.toml")) -> None:
    """Compare two versions of a contract: whom a change breaks, an example, and the smallest version it allows."""
    from harness.cli.drift import Asked, drift_command

    raise typer.Exit(drift_command(old, new, Asked(
        format=format_, report=report, out=out, waivers=waivers, level=level, strict=strict, as_of=as_of, allow=allow,
        notice_days=notice_days, config=config)))


@app.command()
def replay(case: Annotated[str, typer.Argument(help="A check or control of the run, e.g. IDEM-03.")],
           run: Annotated[Path | None, typer.Option("--run", help="Run directory (default: the newest).")] = None,
           target: Annotated[str | None, typer.Option("--target", "-t", help="Another target than the run's.")] = None,
           config: ConfigOption = Path("certify.toml"), suites: SuitesOption = None,
           scenarios: ScenariosOption = None, fault: FaultOption = None, as_json: JsonOption = False) -> None:
    """Drive one case of an earlier run again, with its seed."""
    from harness.cli.commands import replay_command

    raise typer.Exit(replay_command(case, run, target, config, folders=_folders(suites, scenarios),
                                    faults=_commas(fault), as_json=as_json))


@app.command()
def sandbox(port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of the platform (0: free).")] = 0,
            wallet_port: Annotated[int, typer.Option("--wallet-port", min=0, max=65535)] = 0,
            wallet_url: Annotated[str | None, typer.Option("--wallet-url", help="Where the platform shall look for its "
                                                           "wallet; default: the wallet itself.")] = None,
            database: Annotated[str | None, typer.Option("--database", help="SQLAlchemy URL; default: a temporary "
                                                                            "SQLite file.")] = None,
            fault: FaultOption = None, profile: ChoiceOption = None,
            list_faults: Annotated[bool, typer.Option("--list-faults", help="List the fault switches.")] = False,
            as_json: JsonOption = False) -> None:
    """Run the reference platform alone, for provider teams to develop against."""
    from harness.cli.sandbox import list_faults_command, sandbox_command

    if list_faults:
        raise typer.Exit(list_faults_command(as_json=as_json))
    raise typer.Exit(sandbox_command(port=port, wallet_port=wallet_port, wallet_url=wallet_url, database=database,
                                     faults=_commas(fault), choices=tuple(profile or ()), as_json=as_json))


@app.command("storm-worker")
def storm_worker(where: Annotated[str, typer.Argument(metavar="HOST:PORT", help="The run's --storm-listen.")],
                 wait: Annotated[float, typer.Option("--wait", min=1, max=86_400, help="Seconds to wait for a run, and "
                                                     "for its next storm.")] = 600.0) -> None:
    """Blow a share of the storms of a run on another machine, until the run is over."""
    from harness.cli.storm_worker import storm_worker_command

    raise typer.Exit(storm_worker_command(where, wait_seconds=wait))


@app.command()
def selftest(only: OnlyOption = None, fault: FaultOption = None, seed: SeedOption = None,
             jobs: Annotated[int, typer.Option("--jobs", min=1, max=16, help="Sandboxes at a time.")] = 2,
             as_json: JsonOption = False) -> None:
    """The kill matrix: every fault switch must turn its controls red, and only what it may."""
    from harness.cli.selftest import selftest_command

    raise typer.Exit(selftest_command(only=_commas(only), faults=_commas(fault), seed=seed, jobs=jobs,
                                      as_json=as_json))


app.add_typer(registry_app)
app.add_typer(pact_app)


def _folders(suites: list[Path] | None, scenarios: list[Path] | None) -> Folders:
    from harness.content.folders import Folders

    return Folders(tuple(suites or ()), tuple(scenarios or ()))


def _commas(values: list[str] | None) -> tuple[str, ...]:
    return tuple(piece.strip() for value in values or () for piece in value.split(",") if piece.strip())


_INTERRUPTED = 130


def entry(arguments: list[str] | None = None) -> None:
    """Entry point of the console script: every error ends as one line and a documented exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    for stream in (sys.stdout, sys.stderr):  # a terminal or file that is not UTF-8 must not end a run
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(arguments))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    # ClickException, whether typer brings its own click or uses the installed one.
    refused: type[Exception] = typer.BadParameter.__mro__[2]
    try:
        result: Any = app(args=arguments, standalone_mode=False)
        if result == _INTERRUPTED:  # typer turns Ctrl-C into an exit without a word
            raise KeyboardInterrupt
    except CertifyError as error:
        kind = "usage: " if isinstance(error, UsageError) else ""
        return _fail(f"{kind}{error.line()}", error.exit_code)
    except typer.Exit as error:
        return int(error.exit_code) if error.exit_code != _INTERRUPTED else _fail("interrupted", _INTERRUPTED)
    except refused as error:
        said = str(getattr(error, "format_message", error.__str__)()).rstrip(".")
        return _fail(f"usage: {said}. See `certify --help`", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _fail(f"certify itself failed ({type(error).__name__}: {error}). Please report this with the run "
                     "directory", 5)
    return result if isinstance(result, int) else 0


def _fail(line: str, code: int) -> int:
    text = "".join(c if c.isprintable() else " " for c in " ".join(line.split()))
    print(f"certify: {text}", file=sys.stderr)  # noqa: T201 - the one place that prints errors
    return code


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    entry()
