"""The lab: what a check holds in its hands to drive the subject and to claim what must hold."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from harness.counterparts.acting import Acting, Bet, Player
from harness.counterparts.clock import MovableClock, borrowed_clock
from harness.counterparts.hook_line import HookLine
from harness.counterparts.pact_desk import PactDesk
from harness.counterparts.party import Party
from harness.counterparts.publishing import Publisher
from harness.counterparts.wallet_link import WalletLink
from harness.engine.ports import Explorer, Fuzzer, Sender, StormWatching
from harness.engine.samples import of_storm
from harness.model import money
from harness.model.claim import Claim, Draft
from harness.model.errors import NoHook, Prerequisite
from harness.model.exchange import Exchange
from harness.model.locust_plan import LocustPlan, LocustRecord
from harness.model.profile import RateLimit
from harness.model.storm import StormPlan
from harness.model.storm_record import StormRecord, StormResult
from harness.model.tally import Tally

_MAX_PAGES = 50
_NOBODY_KNOWS = StormResult(tally=Tally(), begun=b"", ended=b"", workers=0, complete=False, problems=("it broke off",))


class Lab(Acting):
    """One per check. Every call is recorded; `claim` says what must hold; judging happens elsewhere."""

    # -- observing ------------------------------------------------------------------------------
    def balances(self, player: Player, *, label: str = "") -> Exchange:
        """The observer's reading of a player's balances; hand it to `moved` or `unmoved`."""
        return self.call("getPlayerBalances", by=self.reader(player), label=label,
                         path={"player_id": player.player_id})

    def read_bet(self, bet: Bet) -> Exchange:
        """The observer's reading of a bet."""
        return self.call("getBet", by=self.reader(bet.player), path={"bet_id": bet.bet_id})

    def transactions(self, player: Player) -> Exchange:
        """The observer's reading of the player's ledger entries (first page, up to 200)."""
        return self.call("listPlayerTransactions", by=self.reader(player), query={"limit": 200},
                         path={"player_id": player.player_id})

    def ledger(self, player: Player) -> list[Exchange]:
        """Every page of the player's ledger entries, by the observer (bounded to 50 pages of 200)."""
        return self._pages("listPlayerTransactions", self.reader(player), {}, path={"player_id": player.player_id})

    def deliveries(self, wanted: Callable[[Exchange], bool], *, count: int = 1) -> list[Exchange]:
        """Webhook deliveries that match; waits for `count` as long as the profile says, never longer."""
        found = self._workshop.receiver().wait(wanted, count=count, timeout=self.target.webhook_wait_seconds)
        self._seen.extend(found)
        return found

    def listen(self) -> None:
        """Make sure the webhook endpoint is registered before the calls whose events matter."""
        self._workshop.receiver()

    def reader(self, player: Player) -> Party:
        """Who may read the player's data: the observer, or the player's own party where the observer may not."""
        same_tenant = player.party.credential.tenant_id == self.observer.credential.tenant_id
        same_view = player.party.credential.brand_id == self.observer.credential.brand_id
        return self.observer if same_tenant and same_view else player.party

    def storm(self, plan: StormPlan, objectives: Sequence[str], *, watch: StormWatching | None = None,
              tokens: Callable[[], Sequence[str]] | None = None) -> str:
        """Blow a storm, beside it `watch`, and record what became of it; the id of its record.

        `tokens`: see `StormBlower`.
        """
        if self._workshop.blow is None:
            raise NoHook("this worker cannot blow storms")
        blow = watch.beside(self._workshop.blow) if watch else self._workshop.blow
        others = self._workshop.neighbours(plan.base_url) if self._workshop.neighbours else None
        result, seen, began_ns = _NOBODY_KNOWS, None, time.monotonic_ns()
        try:
            result = blow(plan, tokens=tokens)
            seen = watch.told(result) if watch else None
        finally:  # also where it broke off: money was moved, and the judges must know that nobody knows how much
            record = StormRecord(id=plan.prefix, check=self.check, plan=plan.without_tokens, result=result,
                                 objectives=tuple(objectives), watch=seen, neighbours=others.told() if others else None)
            self.record("storm", record.to_line())
        for sample in of_storm(result.kept, plan, self.check, self._workshop.redactor, began_ns=began_ns):
            self.record("sample", sample.to_line())
        return record.id

    def swarm(self, plan: LocustPlan, objectives: Sequence[str]) -> str:
        """Run a locustfile and record what became of it; the id of its record."""
        if self._workshop.swarm is None:
            raise NoHook("this worker cannot run locustfiles")
        others = self._workshop.neighbours(plan.base_url) if self._workshop.neighbours else None
        try:
            result = self._workshop.swarm(plan)
        finally:
            neighbours = others.told() if others else None
        record = LocustRecord(id=plan.prefix, check=self.check, plan=plan.without_tokens, result=result,
                              objectives=tuple(objectives), neighbours=neighbours)
        self.record_foreign("locust", record.to_line())
        return record.id

    def beside(self, path: str) -> Path:
        """The path, counted from the folder of this check's file."""
        return (self._workshop.folders.get(self.check, Path()) / path).absolute()

    def second_tenant(self) -> Party | None:
        """The other tenant's provider, where the profile has one."""
        return self.other if "other" in self.target.credentials else None

    def unrecorded(self) -> Sender:
        """A new sender that records nothing, for what would make the journal too large: answers are for memory only."""
        if self._workshop.unrecorded is None:
            raise NoHook("this worker records everything")
        return self._workshop.unrecorded()

    @property
    def explorer(self) -> Explorer:
        """Makes up random plays by a seed."""
        if self._workshop.explorer is None:
            raise NoHook("this worker has no explorer of random plays")
        return self._workshop.explorer

    @property
    def fuzzer(self) -> Fuzzer:
        """Makes up requests by a seed, with what the user's settings add."""
        if self._workshop.fuzzer is None:
            raise NoHook("this worker has no fuzzer")
        return partial(self._workshop.fuzzer, settings=self._workshop.fuzz_settings)

    @property
    def pacts(self) -> PactDesk:
        """The pacts of the run, and what verifies them."""
        return self._workshop.pacts

    @property
    def limit(self) -> RateLimit:
        """The rate limit that the profile declares; NoHook where it declares none."""
        if self.target.limits is None:
            raise NoHook("the profile declares no rate limit: how much is too much is not known",
                         remedy=f"Declare one: [target.{self.target.name}.limits] per_second = ..., burst = ...")
        return self.target.limits

    @property
    def wallet(self) -> WalletLink:
        """The platform's way to its wallet; NoHook where nothing of ours can be put on it."""
        if self._workshop.wallet is None:
            raise NoHook("the wallet of this target cannot be put behind a line of ours",
                         remedy=f"Declare it: [target.{self.target.name}.wallet] listen = ..., upstream = ...")
        return self._workshop.wallet

    def publisher(self, by: Party | None = None) -> Publisher:
        """The way of the provider (or of that party) into the inbox; NoHook where nothing of ours can be signed."""
        return Publisher(self, by or self.provider)

    def stranger(self) -> Party:
        """The provider on a fresh session: a new token, new connections."""
        return self._workshop.stranger("provider")

    def refusing_url(self, status: int = 410) -> str:
        """A URL of our webhook receiver that answers every delivery with this status, and records none."""
        return self._workshop.refusing_url(status)

    def refusing_endpoint(self, event_types: Sequence[str], status: int = 500) -> str:
        """The id of a new webhook endpoint that takes no delivery; it is deleted when the worker ends."""
        answer = self.must(self.call("createWebhookEndpoint", {"url": self.refusing_url(status),
                                                               "event_types": list(event_types)}), 201)
        endpoint = str(answer.field("endpoint_id"))
        self._workshop.undo_endpoint(self.provider, endpoint)
        return endpoint

    def hook_line(self, *event_types: str) -> AbstractContextManager[tuple[HookLine, str]]:
        """A webhook receiver of this check alone, and its endpoint's id; both are gone afterwards."""
        return self._workshop.hook_line(event_types)

    # -- claiming -------------------------------------------------------------------------------
    def claim(self, draft: Draft, *, control: str = "") -> None:
        """This must hold; `control` defaults to the check's first one."""
        self._own(draft, control or self.controls[0], positive_control=False)

    def baseline(self, draft: Draft) -> None:
        """A positive control: if it does not hold, the check is inconclusive, not failed."""
        self._own(draft, self.controls[0], positive_control=True)

    def watched(self, exchanges: Iterable[Exchange]) -> None:
        """These were recorded for this check by others: counterparties, witnesses."""
        self._seen.extend(exchanges)

    def record(self, kind: str, line: Mapping[str, Any]) -> None:
        """Add a record to the journal: what reports draw, and no judge reads."""
        self._workshop.recorder.append(kind, line)

    def record_foreign(self, kind: str, line: Mapping[str, Any]) -> None:
        """Add a record in which others chose the words: a locustfile, a pact, a target. Secrets are taken out first."""
        self.record(kind, json.loads(self._workshop.redactor.text(json.dumps(line))))

    def _own(self, draft: Draft, control: str, *, positive_control: bool) -> None:
        if control not in self.controls:
            raise ValueError(f"{self.check} claims {control} but is not marked with it")
        claim = Claim(id=f"{self.check}#{len(self.claims) + 1}", check=self.check, control=control,
                      judge=draft.judge, says=draft.says, over=draft.over, params=draft.params,
                      positive_control=positive_control)
        self.claims.append(claim)
        self._workshop.recorder.append("claim", claim.to_line())

    # -- hooks ----------------------------------------------------------------------------------
    def restart(self, meanwhile: Sequence[Callable[[], Exchange]] = (), *, after_seconds: float = 0.0
                ) -> list[Exchange]:
        """Kill the platform while the calls of `meanwhile` are under way; returns their answers once it is back.

        It is killed `after_seconds` after they began, for calls that are held on as long.

        Raises:
            NoHook: the target offers no restart. Prerequisite: it did not come back.
        """
        before = self._workshop.start_mark(self.check)
        calls: list[Callable[[], Exchange | None]] = [*meanwhile, partial(self._kill, after_seconds)]
        answers = self.together(calls)
        self._workshop.wait_restarted(before, self.check)
        return [answer for answer in answers if answer is not None]

    def _kill(self, after_seconds: float) -> None:
        time.sleep(after_seconds)
        self._workshop.kill(self.check)

    @contextmanager
    def clock(self) -> Iterator[MovableClock]:
        """The subject's clock, to be moved in a `with` block of an exclusive check; afterwards it is as it was.

        Raises:
            NoHook: the target offers none. Prerequisite: it does not move, or could not be put back.
        """
        with borrowed_clock(self, self._workshop.forget_tokens) as clock:
            yield clock

    def until(self, read: Callable[[], Exchange], enough: Callable[[Exchange], bool], *,
              seconds: float | None = None) -> Exchange:
        """Read again, with growing pauses, until it is enough or `seconds` (the profile's wait) are over; the last one.

        For states that the target may reach later (operations, events): it has no event for us to wait for.
        """
        deadline = time.monotonic() + (self.target.webhook_wait_seconds if seconds is None else seconds)
        pause = 0.02
        while True:
            reading = read()
            if enough(reading) or time.monotonic() > deadline:
                return reading
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def reading(self, balances: Exchange, currency: str) -> int:
        """Minor units of one currency in a balances reading; stops the check when they cannot be read."""
        read = money.balances(balances.json(), self.profile.money_form)
        if read is None:
            raise Prerequisite("balances could not be read", exchanges=(balances.id,))
        return read.get(currency, 0)

    def settled_balances(self, player: Player, expected: int, currency: str = "EUR") -> Exchange:
        """Balances once they are as expected, or the last reading when the profile's wait is over."""
        def there(reading: Exchange) -> bool:
            read = money.balances(reading.json(), self.profile.money_form)
            return read is not None and read.get(currency) == expected

        return self.until(lambda: self.balances(player), there)

    def feed(self, *, by: Party | None = None, **filters: Any) -> list[Exchange]:
        """Every page of the events feed under the filters (bounded to 50 pages of 200)."""
        return self._pages("listEvents", by, filters)

    def _pages(self, operation: str, by: Party | None, query: Mapping[str, Any], **options: Any) -> list[Exchange]:
        pages: list[Exchange] = []
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = self.call(operation, by=by, query={"limit": 200, **query, "cursor": cursor}, **options)
            pages.append(page)
            cursor = page.field("next_cursor")
            if page.status != 200 or not page.field("has_more") or not isinstance(cursor, str):
                break
        return pages

    def close(self) -> None:
        """Closing observation: read every player's balances, so that money can be judged afterwards."""
        for player in self.players:
            try:
                reading = self.balances(player, label="closing")
                self._workshop.recorder.append("player_closed", {"player_id": player.player_id,
                                                                 "closed_by": reading.id})
            except (Prerequisite, NoHook):
                continue  # the judge sees a player that was never closed and says so
