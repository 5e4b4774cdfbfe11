"""Have the platform announce one event of each type that is asked for, and watch how it tells them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from harness.counterparts.lab import Lab
from harness.judges.events import observed_events
from harness.model.errors import CheckStopped
from harness.model.exchange import Exchange
from harness.model.pact_record import Produced

Told = Callable[[Iterable[Exchange]], Iterable[tuple[str, Produced]]]
FEED, WEBHOOK = "feed", "webhook"
SAMPLES = 3
"""Of one type, in one way of telling."""


@dataclass(slots=True)
class Announced:
    """What was seen of the events that we caused, by (type, way of telling)."""

    ways: tuple[str, ...]
    samples: dict[tuple[str, str], list[Produced]] = field(default_factory=dict)
    failed: dict[str, CheckStopped] = field(default_factory=dict)
    """By type: what kept us from causing it."""


def announced(lab: Lab, types: Collection[str]) -> Announced:
    """Cause events of these types, and wait until each was told, as long as the profile says; then take samples.

    Types that certify does not know how to cause have no samples.
    """
    ways = (FEED, WEBHOOK) if lab.target.capabilities.get("webhooks", True) else (FEED,)
    found = Announced(ways)
    wanted = set(types)
    causes = [cause for makes, cause in _CAUSES if makes & wanted]
    if not causes:
        return found
    if WEBHOOK in ways:
        lab.listen()
    ours: set[str] = set()
    since = ""
    for makes, cause in _CAUSES:
        if makes & wanted:
            try:
                since = min(filter(None, (since, _begun(cause(lab, ours)))))
            except CheckStopped as stopped:
                found.failed.update(dict.fromkeys(makes & wanted, stopped))
    due = {name for makes, _ in _CAUSES for name in makes & wanted} - set(found.failed)
    _watch(lab, found, ours, due, since)
    return found


def _watch(lab: Lab, found: Announced, ours: set[str], due: set[str], since: str) -> None:
    pages: list[list[Exchange]] = []
    told = partial(_told, ours=ours, due=due)

    def read() -> Exchange:
        pages.append(lab.feed(occurred_at_from=since) if since else lab.feed())
        return pages[-1][-1]

    if due:
        lab.until(read, lambda _: due <= {kind for kind, _ in told(pages[-1])})
        if WEBHOOK in found.ways:
            _delivered(lab, told, due)
    for way, exchanges in ((FEED, pages[-1] if pages else []), (WEBHOOK, [e for e in lab.seen() if _is_hook(e)])):
        for kind, produced in told(exchanges):
            samples = found.samples.setdefault((kind, way), [])
            if len(samples) < SAMPLES:
                samples.append(produced)


def _delivered(lab: Lab, told: Told, due: set[str]) -> None:
    """Wait for a delivery of each type that is due; once one did not come in time, take what there is of the rest."""
    patient = True
    for kind in sorted(due):
        def is_one(delivery: Exchange, kind: str = kind) -> bool:
            return f'"{kind}"' in delivery.request_body and any(seen == kind for seen, _ in told([delivery]))

        patient = bool(lab.deliveries(is_one, count=1 if patient else 0))


def _told(exchanges: Iterable[Exchange], *, ours: set[str], due: set[str]) -> Iterator[tuple[str, Produced]]:
    """(type, message) of events about what is ours, each event once."""
    seen: set[str] = set()
    for event, exchange in observed_events(exchanges):
        kind, data, name = event.get("type"), event.get("data"), str(event.get("event_id"))
        if isinstance(kind, str) and kind in due and isinstance(data, dict) and _about(data, ours) \
                and name not in seen:
            seen.add(name)
            yield kind, _produced(exchange, event)


def _about(data: Mapping[str, Any], ours: set[str]) -> bool:
    return any(isinstance(value, str) and value in ours for value in data.values())


def _produced(exchange: Exchange, event: Mapping[str, Any]) -> Produced:
    """A delivery as it came, or one event of a page."""
    if not _is_hook(exchange):
        return Produced(contents=json.dumps(event).encode(), exchanges=(exchange.id,))
    media = (exchange.sent_header("Content-Type") or "").partition(";")[0].strip().lower()
    return Produced(contents=exchange.request_body.encode("utf-8", "surrogateescape"), exchanges=(exchange.id,),
                    content_type="application/json" if media.endswith("json") else media or "application/json",
                    metadata=dict(exchange.request_headers))


def _is_hook(exchange: Exchange) -> bool:
    return exchange.channel == "webhook"


def _begun(answer: Exchange) -> str:
    """Two seconds before the answer's created_at, by the target's clock; a minute ago by ours where it tells none."""
    stated = answer.field("created_at")
    try:
        moment = datetime.fromisoformat(stated) - timedelta(seconds=2) if isinstance(stated, str) else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        moment = datetime.now(UTC) - timedelta(minutes=1)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- causes: each adds the identifiers of what it made, and answers with its first call --------------------
def _a_life_of_bets(lab: Lab, ours: set[str]) -> Exchange:
    """A session with a bet that wins and one that is undone; then it is closed."""
    player = lab.player({"EUR": 50_000})
    opened = lab.must(lab.call("createSession", {
        "player_id": player.player_id, "game_id": "studio:slot_forge_02", "currency": "EUR", "locale": "de-DE"}), 201)
    session = str(opened.field("session_id"))
    won, undone = lab.bet(session, player), lab.bet(session, player)
    ours |= {player.player_id, session, won.bet_id, undone.bet_id}
    for bet in (won, undone):
        lab.must(lab.authorize(bet), 200)
    lab.must(lab.settle(won, 1_500), 200)
    lab.must(lab.rollback(undone), 200)
    lab.must(lab.call("closeSession", {}, path={"session_id": session}), 200)
    return opened


def _a_bet_over_the_limit(lab: Lab, ours: set[str]) -> Exchange:
    player = lab.player()
    session = lab.session(player, constraints={"max_bet": lab.money(100)})
    ours |= {player.player_id, session}
    lab.authorize(lab.bet(session, player, amount=200))
    return lab.call("getSession", path={"session_id": session})


def _a_jackpot(lab: Lab, ours: set[str]) -> Exchange:
    """A contribution, the trigger, its payout: what came before is announced whether the payout is offered or not."""
    player = lab.player()
    session = lab.session(player)
    opened = lab.call("getSession", path={"session_id": session})
    jackpot, bet = lab.fresh("jackpot"), lab.bet(session, player)
    lab.must(lab.call("createSandboxJackpot", {"jackpot_id": jackpot, "currency": "EUR", "seed": 50_000,
                                               "tenant_id": lab.provider.credential.tenant_id}, by=lab.admin), 200, 201)
    lab.must(lab.authorize(bet), 200)
    trigger, contribution = lab.fresh("trigger"), lab.fresh("contribution")
    ours |= {jackpot, trigger, contribution}
    lab.must(lab.call("contributeToJackpot", {"contribution_id": contribution, "jackpot_id": jackpot,
                                              "bet_id": bet.bet_id, "amount": lab.money(10)}), 201)
    lab.must(lab.call("triggerJackpot", {"trigger_id": trigger, "jackpot_id": jackpot, "round_id": bet.round_id,
                                         "player_id": player.player_id}), 201)
    lab.call("payJackpot", {"payout_id": lab.fresh("payout"), "trigger_id": trigger, "player_id": player.player_id})
    return opened


def _a_bonus(lab: Lab, ours: set[str]) -> Exchange:
    """A bonus issued, a free spin consumed, a bet counted."""
    player = lab.player()
    session, bonus = lab.session(player), lab.fresh("bonus")
    opened = lab.call("getSession", path={"session_id": session})
    ours |= {player.player_id, bonus}
    lab.must(lab.call("issueBonus", {"bonus_id": bonus, "player_id": player.player_id, "amount": lab.money(1_000),
                                     "freespins": 2, "wager_requirement": lab.money(10_000)}), 201)
    lab.must(lab.call("consumeBonus", {"bonus_id": bonus, "consumption_id": lab.fresh("spin"),
                                       "round_id": lab.fresh("round"), "win": lab.money(300)}), 200)
    bet = lab.bet(session, player)
    lab.must(lab.authorize(bet), 200)
    lab.must(lab.call("reportWagerProgress", {"bonus_id": bonus, "bet_id": bet.bet_id}), 200)
    return opened


def _a_payment(lab: Lab, ours: set[str]) -> Exchange:
    player = lab.player()
    opened = lab.call("getSession", path={"session_id": lab.session(player)})
    payment = lab.fresh("pay")
    ours |= {player.player_id, payment}
    lab.must(lab.call("createPayment", {"payment_id": payment, "player_id": player.player_id, "direction": "deposit",
                                        "amount": lab.money(1_500)}), 202)
    return opened


_CAUSES: tuple[tuple[frozenset[str], Callable[[Lab, set[str]], Exchange]], ...] = (
    (frozenset({"session.started", "session.ended", "bet.authorized", "bet.settled", "bet.rolled_back",
                "player.registered", "wallet.debit.succeeded", "wallet.credit.succeeded"}), _a_life_of_bets),
    (frozenset({"rg.limit.hit"}), _a_bet_over_the_limit),
    (frozenset({"jackpot.contribution", "jackpot.triggered", "jackpot.paid"}), _a_jackpot),
    (frozenset({"bonus.issued", "bonus.consumed", "wager.progress.updated"}), _a_bonus),
    (frozenset({"payment.succeeded"}), _a_payment))
