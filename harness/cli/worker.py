"""A worker process: composition root for checks; its assignment and then each check's turn come through stdin."""

from __future__ import annotations

import gc
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

from harness.content.targets import target_from_dict
from harness.counterparts.lab import Lab
from harness.counterparts.pact_desk import PactDesk
from harness.counterparts.wallet_link import WalletLink
from harness.counterparts.workshop import Workshop
from harness.drivers.hook_command import hook_commands, state_command
from harness.drivers.neighbours import NeighbourWatch
from harness.drivers.pytest_checks import ChecksPlugin, run_pytest
from harness.drivers.recording_client import RecordingClient
from harness.engine.journal import Journal
from harness.engine.redaction import Redactor
from harness.engine.samples import Sampled
from harness.engine.scoring import judge_claims
from harness.model.elsewhere import Elsewhere
from harness.model.history import History
from harness.model.operations import driven_operations
from harness.model.outcome import worst
from harness.model.pact import Stock
from harness.model.plan import Check
from harness.model.profile import ContractProfile, LoadPromise, Target
from harness.model.storm import StormPlan
from harness.model.storm_record import StormResult

_stopping = threading.Event()
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Making up requests makes millions of objects that die at once: looking through all of them costs time."""


def main() -> int:
    """Drive the assigned checks; every event is one JSON line on stdout."""
    signal.signal(signal.SIGTERM, _stop)
    for number in (signal.SIGINT, signal.SIGHUP):  # Ctrl-C is the parent's to handle; it ends us politely
        signal.signal(number, signal.SIG_IGN)
    orders: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    assignment = json.loads(orders.get())
    run = Path(assignment["run"])
    events = _event_pipe()

    telling = threading.Lock()

    def emit(event: str, record: Mapping[str, Any]) -> None:
        try:
            with telling:
                events.write(json.dumps({"event": event, **record}) + "\n")
                events.flush()
        except BrokenPipeError:  # the run that wanted to know is gone: nobody shall be driven any more
            raise KeyboardInterrupt from None

    def hand_out(able: Collection[str]) -> str | None:
        emit("next", {"of": list(able)})
        return cast("str | None", json.loads(orders.get())["check"])

    target = target_from_dict(assignment["target"])
    redactor = Redactor(target.secrets, key=bytes.fromhex(assignment["redaction_key"]))
    journal = Journal(run / "journal.jsonl")
    clients: list[RecordingClient] = []
    stack = ExitStack()
    target, link = stack.enter_context(_link(assignment, target, journal, redactor))
    workshop = _workshop(assignment, target, journal, redactor, clients)
    workshop.wallet = link
    workshop.blow = partial(_blow, assignment.get("storms", {}), emit, target.load)
    workshop.neighbours = partial(NeighbourWatch, root=os.getppid())
    checks = [Check(id=c["id"], path=c["path"], controls=tuple(c["controls"]), isolation=c["isolation"])
              for c in assignment["checks"]]
    labs: dict[str, Lab] = {}

    def make_lab(name: str, controls: tuple[str, ...]) -> Lab:
        labs[name] = Lab(workshop, name, controls)
        return labs[name]

    def emit_judged(event: str, record: Mapping[str, Any]) -> None:
        lab = labs.pop(record["check"], None) if event == "check_ended" else None
        emit(event, {**record, "provisional": _provisional(lab, target.profile) if lab else ""})

    try:
        plugin = ChecksPlugin(checks, cast(Any, make_lab), journal, emit_judged, hand_out, cast(Any, _play))
        printed = run_pytest(checks, plugin)
        sys.stderr.write(redactor.text(printed))
    finally:
        for left in workshop.close():
            journal.append("note", {"text": f"not undone: {left}"})
            emit("note", {"text": f"not undone: {left}"})
        for client in clients:
            client.close()
        stack.close()
        journal.close()
    return 0


def _workshop(assignment: Mapping[str, Any], target: Target, journal: Journal, redactor: Redactor,
              clients: list[RecordingClient]) -> Workshop:
    """What the checks work with; every client that it opens is put into `clients`."""
    contract = json.loads((Path(assignment["run"]) / "contract.json").read_text(encoding="utf-8"))
    name = assignment["worker"]

    def new_sender() -> RecordingClient:
        prefix = f"{name}s{len(clients)}" if clients else name
        clients.append(RecordingClient(journal, redactor, hosts=target.hosts, prefix=prefix,
                                       timeout=target.timeout_seconds))
        return clients[-1]

    def unrecorded() -> Sampled:
        clients.append(RecordingClient(None, redactor, hosts=target.hosts, prefix=f"{name}q{len(clients)}",
                                       timeout=target.timeout_seconds))
        return Sampled(clients[-1], journal, redactor)

    return Workshop(target=target, contract=contract["openapi"], known=driven_operations(contract),
                    sender=new_sender(), recorder=journal, redactor=redactor, seed=assignment["seed"],
                    epoch=assignment["epoch"], worker=name, hooks=hook_commands(target.hooks, journal),
                    budget=assignment["budget"], explorer=_explore, fuzzer=_fuzz,
                    swarm=_swarm, pacts=_pacts(assignment.get("pacts"), target, journal),
                    folders={c["id"]: Path(c["path"]).parent for c in assignment["checks"]},
                    fuzz_settings=assignment["fuzz_settings"], new_sender=new_sender, unrecorded=unrecorded)


@contextmanager
def _link(assignment: Mapping[str, Any], target: Target, journal: Journal, redactor: Redactor
          ) -> Iterator[tuple[Target, WalletLink | None]]:
    """The target, with a link to its wallet for workers whose checks need one."""
    if not any(c["isolation"] in ("line", "aside") for c in assignment["checks"]):
        yield target, None
        return
    from harness.cli.lines import linked

    with linked(target, assignment["fault_proxy"], assignment["worker"], journal, redactor) as found:
        yield found


def _play(*args: Any) -> Any:
    """Scenarios and what they are played with are imported by the worker that plays one."""
    from harness.counterparts.stages import play

    return play(*args)


def _explore(*args: Any, **options: Any) -> Any:
    """Hypothesis is imported by the worker that needs it, when it needs it."""
    from harness.drivers.random_play import explore

    return explore(*args, **options)


def _fuzz(*args: Any, **options: Any) -> Any:
    """The fuzzing engine is imported by the worker that needs it, when it needs it.

    It takes a KeyboardInterrupt for its own business and comes back as if it had finished: it is raised again.
    """
    from harness.drivers.schemathesis_engine import fuzz

    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        return fuzz(*args, **options)
    finally:
        if _stopping.is_set():
            raise KeyboardInterrupt


def _pacts(given: Mapping[str, Any] | None, target: Target, journal: Journal) -> PactDesk:
    """The run's consumer pacts; Pact's library is loaded by a process of its own."""
    stock = Stock.from_dict(given) if given else Stock()
    command = target.pact.states_command if target.pact else ""
    return PactDesk(stock=stock, verify=_verify, state_command=state_command(command, journal) if command else None)


def _verify(*args: Any, **options: Any) -> Any:
    from harness.drivers.pact_verifier.verifying import verify

    return verify(*args, **options)


def _blow(storms: Mapping[str, Any], emit: Callable[[str, Mapping[str, Any]], None], promise: LoadPromise | None,
          plan: StormPlan, **options: Any) -> StormResult:
    """Locust runs in processes of its own; what starts them is imported by the worker that needs it.

    How it stands is told to the run, and it is stopped where the target suffers more than its profile allows.
    """
    from harness.drivers.locust_engine.storms import blow
    from harness.engine.storm_watch import StormWatch

    watch = StormWatch(plan, promise, lambda progress: emit("storm_progress", asdict(progress)))
    others, result = storms.get("elsewhere"), None
    try:
        result = blow(plan, processes=storms.get("processes", 1), elsewhere=Elsewhere(**others) if others else None,
                      on_report=watch, **options)
    finally:
        watch.over(result)
    return result


def _swarm(plan: Any) -> Any:
    """A locustfile runs in a process of its own, too."""
    from harness.drivers.locust_engine.swarm import swarm

    return swarm(plan)


def _event_pipe() -> TextIO:
    """Our stdout for events alone: what suites and processes that they start write there is dropped, unredacted."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return pipe


def _stop(*_: Any) -> None:
    """The first SIGTERM ends the check under way as an interruption, so that pytest starts no other one."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _stopping.set()
    raise KeyboardInterrupt


def _listen(orders: queue.Queue[str]) -> None:
    """What the run says, line by line. Its silence says that it was killed: it will not ask anybody to end.

    Read from the descriptor: the lock of sys.stdin would be missed when the interpreter ends.
    """
    rest = b""
    while piece := os.read(0, 65536):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            orders.put(line.decode())
    os.kill(os.getpid(), signal.SIGTERM)


def _provisional(lab: Lab, profile: ContractProfile) -> str:
    """Outcome of a check as far as its own exchanges tell, for the live view; the run is judged at its end."""
    history = History(exchanges=lab.seen(), claims=tuple(c for c in lab.claims if c.over), profile=profile)
    finding = worst(j.finding for j in judge_claims(history))
    return finding.outcome.value if finding else ""


if __name__ == "__main__":
    sys.exit(main())
