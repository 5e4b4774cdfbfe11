"""Servers, channels, operations and who may use them, compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.drift.asyncapi.bindings import compare_bindings
from harness.drift.asyncapi.messages import compare_messages
from harness.drift.asyncapi.model import Channel, Contract, Operation, Part, Server, shape
from harness.drift.asyncapi.telling import Teller, plain
from harness.drift.changes import Side

_SERVER = frozenset({"url", "host", "pathname", "protocol", "security", "variables", "bindings"})
_CHANNEL = frozenset({"address", "messages", "servers", "parameters", "bindings", "publish", "subscribe", "$ref"})
_OPERATION = frozenset({"action", "channel", "messages", "message", "reply", "bindings", "security", "traits"})
Alternative = Mapping[str, frozenset[str]]
"""Schemes that are needed together, each with its scopes."""
_FLIPPED = {Side.IN: Side.OUT, Side.OUT: Side.IN, Side.NEITHER: Side.NEITHER}


def compare_servers(tell: Teller, old: Contract, new: Contract) -> None:
    """Servers, matched by name, then by protocol and address."""
    places = {(one.protocol, one.url): one for one in new.servers.values()}
    matched = set()
    for name, server in old.servers.items():
        later = new.servers.get(name) or places.get((server.protocol, server.url))
        where = f"server {name}"
        if later is None:
            tell.breaks("asyncapi-server-removed", f"server {name} was removed", where, server)
            continue
        matched.add(later.identity)
        if later.identity != name:
            tell.words("asyncapi-server-renamed", f"server {name} is called {later.identity} now", where, server, later)
        if server.protocol.lower() != later.protocol.lower():
            tell.breaks("asyncapi-protocol-changed", f"the protocol was {server.protocol} and is {later.protocol}",
                        where, server, later)
        if server.url != later.url:
            tell.breaks("asyncapi-server-address-changed", f"the address was {server.url} and is {later.url}", where,
                        server, later)
        _variables(tell, server, later, where)
        _security(tell, server, later, old, new, where)
        compare_bindings(tell, server, later, "server", where)
        tell.rest("server", where, server, later, _SERVER)
    for name, server in new.servers.items():
        if name not in matched:
            tell.adds("asyncapi-server-added", f"server {name} was added", f"server {name}", None, server)


def _variables(tell: Teller, old: Server, new: Server, where: str) -> None:
    was, now = (one.said.get("variables") or {} for one in (old, new))
    for name in sorted({*was, *now}):
        before, after = was.get(name), now.get(name)
        if plain(before) == plain(after):
            continue
        offered, offers = ((one or {}).get("enum") for one in (before, after))
        if before is None or after is None or (offers is not None and not set(offered or ()) <= set(offers)) \
                or (offered is None and offers is not None):
            tell.breaks("asyncapi-server-variable-changed", f"variable {name} changed", where, old, new)
        elif before.get("default") != after.get("default"):
            tell.doubts("asyncapi-server-variable-changed", f"the default of variable {name} changed", where, old, new)
        else:
            tell.adds("asyncapi-server-variable-changed", f"variable {name} may be more", where, old, new)


def compare_channels(tell: Teller, old: Contract, new: Contract) -> None:
    """Channels, matched by the shape of their address, then by name."""
    by_address = {shape(one.address): one for one in new.channels}
    by_name = {one.identity: one for one in new.channels}
    matched = set()
    for channel in old.channels:
        later = by_address.get(shape(channel.address)) or by_name.get(channel.identity)
        where = f"channel {channel.address}"
        if later is None or later.pointer in matched:
            tell.breaks("asyncapi-channel-removed", f"channel {channel.address} was removed", where, channel)
            continue
        matched.add(later.pointer)
        if shape(channel.address) != shape(later.address):
            tell.breaks("asyncapi-channel-address-changed", f"the address was {channel.address} and is "
                        f"{later.address}", where, channel, later)
        elif channel.address != later.address:
            tell.words("asyncapi-channel-parameter-renamed", f"the address was {channel.address} and is "
                       f"{later.address}", where, channel, later)
        else:
            _parameters(tell, channel, later, where)
        _channel_servers(tell, channel, later, old, new, where)
        if channel.messages or later.messages:  # nobody says who sends them
            _unused(tell, channel, later, old, new, where)
        compare_bindings(tell, channel, later, "channel", where)
        tell.rest("channel", where, channel, later, _CHANNEL)
    for channel in new.channels:
        if channel.pointer not in matched:
            tell.adds("asyncapi-channel-added", f"channel {channel.address} was added", f"channel {channel.address}",
                      None, channel)


def _unused(tell: Teller, channel: Channel, later: Channel, old: Contract, new: Contract, where: str) -> None:
    """Messages of a channel that in one version no operation uses; those used in both are compared there."""
    used = [{message.pointer: message for one in contract.operations if one.channel == address
             for message in one.messages} for contract, address in ((old, channel.address), (new, later.address))]
    both = {one.identity for one in used[0].values()} & {one.identity for one in used[1].values()}
    was, now = ([one for one in (*mine.messages, *others.values()) if one.identity not in both]
                for mine, others in zip((channel, later), used, strict=True))
    compare_messages(tell, was, now, Side.NEITHER, where)


def _channel_servers(tell: Teller, old: Channel, new: Channel, before: Contract, after: Contract, where: str) -> None:
    if old.servers is None and new.servers is None:
        return
    was = frozenset(before.servers) if old.servers is None else old.servers
    now = frozenset(_called_before(name, before, after) for name in new.servers or after.servers)
    if not was <= now:
        tell.breaks("asyncapi-channel-server-removed", f"the channel is only on {', '.join(sorted(now))} now", where,
                    old, new)
    elif was != now:
        tell.adds("asyncapi-channel-server-added", "the channel is on more servers now", where, old, new)


def _called_before(name: str, before: Contract, after: Contract) -> str:
    """The old name of a server that got another one."""
    server = after.servers.get(name)
    if server is None or name in before.servers:
        return name
    return next((old for old, one in before.servers.items() if old not in after.servers
                 and (one.protocol, one.url) == (server.protocol, server.url)), name)


def _parameters(tell: Teller, old: Channel, new: Channel, where: str) -> None:
    for name in sorted({*old.parameters, *new.parameters}):
        was, now = old.parameters.get(name), new.parameters.get(name)
        if was is None or now is None:
            tell.breaks("asyncapi-channel-parameter-added" if was is None else "asyncapi-channel-parameter-removed",
                        f"parameter {name} was {'added' if was is None else 'removed'}", where, was or old, now or new)
        elif plain(was.said) != plain(now.said):
            _parameter(tell, was, now, f"{where}, parameter {name}")
        elif was.said != now.said:
            tell.words("asyncapi-channel-parameter-words-changed", "words changed", f"{where}, parameter {name}", was,
                       now)


def _parameter(tell: Teller, old: Part, new: Part, where: str) -> None:
    was, now = (_parameter_says(one) for one in (old, new))
    if was == now:
        return
    offered, offers = was.get("enum"), now.get("enum")
    others = {key for key in {*was, *now} - {"enum", "default", "examples"} if plain(was.get(key)) != plain(
        now.get(key))}
    if others or (offered == offers):
        tell.doubts("asyncapi-channel-parameter-changed", f"{', '.join(sorted(others)) or 'the default'} changed",
                    where, old, new)
    elif offers is not None and (offered is None or not set(offered) <= set(offers)):
        tell.breaks("asyncapi-channel-parameter-narrowed", "values of the parameter were taken away", where, old, new)
    else:
        tell.adds("asyncapi-channel-parameter-widened", "the parameter may have more values", where, old, new)


def _parameter_says(parameter: Part) -> dict[str, Any]:
    """What a parameter says: 2.x in a schema, 3.x by itself; that it is text goes without saying."""
    beside = {key: one for key, one in parameter.said.items() if key != "schema"}
    said = plain({**(parameter.said.get("schema") or {}), **beside})
    return {key: one for key, one in said.items() if (key, one) != ("type", "string")}


def compare_operations(tell: Teller, old: Contract, new: Contract) -> None:
    """Operations, matched by name on the same channel, then by action and channel, then by name alone."""
    left = list(new.operations)
    for operation in old.operations:
        later = _match(operation, left)
        where = f"{'send' if operation.side is Side.OUT else 'receive'} on {operation.channel}"
        if later is None:
            tell.breaks("asyncapi-operation-removed", f"operation {operation.identity or where} was removed", where,
                        operation, None, operation.side)
            continue
        left.remove(later)
        _compare_operation(tell, operation, later, old, new, where)
    for later in left:
        what = "send" if later.side is Side.OUT else "receive"
        tell.adds("asyncapi-operation-added", f"operation {later.identity or what} was added",
                  f"{what} on {later.channel}", None, later)


def _match(operation: Operation, left: Sequence[Operation]) -> Operation | None:
    same = [one for one in left if one.side is operation.side and shape(one.channel) == shape(operation.channel)]
    named = [one for one in left if operation.identity and one.identity == operation.identity]
    return next((one for one in same if one in named), None) or next(iter(same), None) or next(iter(named), None)


def _compare_operation(tell: Teller, old: Operation, new: Operation, before: Contract, after: Contract,
                       where: str) -> None:
    if old.side is not new.side:
        tell.breaks("asyncapi-action-changed", "who sends and who receives changed", where, old, new, old.side)
    if shape(old.channel) != shape(new.channel):
        tell.breaks("asyncapi-operation-channel-changed", f"the channel was {old.channel} and is {new.channel}", where,
                    old, new, old.side)
    if old.identity != new.identity and old.identity:
        tell.adds("asyncapi-operation-renamed", f"operation {old.identity} is called {new.identity or 'nothing'} now, "
                  "which generated clients see", where, old, new)
    compare_messages(tell, old.messages, new.messages, old.side, where)
    _reply(tell, old, new, where)
    _security(tell, old, new, before, after, where)
    compare_bindings(tell, old, new, "operation", where)
    tell.rest("operation", where, old, new, _OPERATION)


def _reply(tell: Teller, old: Operation, new: Operation, where: str) -> None:
    if old.reply is None or new.reply is None:
        if old.reply is not None:
            tell.breaks("asyncapi-reply-removed", "no reply is sent any more", where, old, new, old.side)
        elif new.reply is not None:
            tell.adds("asyncapi-reply-added", "a reply was added", where, old, new)
        return
    for key in ("address", "channel"):
        if plain(old.reply.get(key)) != plain(new.reply.get(key)):
            tell.breaks(f"asyncapi-reply-{key}-changed", f"the {key} of the reply changed", where, old, new, old.side)
    compare_messages(tell, old.replies, new.replies, _FLIPPED[old.side], f"{where}, reply")


def _security(tell: Teller, old: Part, new: Part, before: Contract, after: Contract, where: str) -> None:
    was, now = _alternatives(old, before, tell.old.value), _alternatives(new, after, tell.new.value)
    if any(not any(_suffices(one, other) for other in now) for one in was):
        open_before = {} in was
        tell.breaks("asyncapi-security-added" if open_before else "asyncapi-security-changed",
                    "what could be used without it, or with other credentials, asks for these now" if open_before else
                    "credentials that were good enough are not any more", where, old, new)
    elif any(not any(_suffices(one, other) for other in was) for one in now):
        tell.adds("asyncapi-security-relaxed", "other credentials, or none, are good enough now", where, old, new)


def _suffices(sent: Alternative, wanted: Alternative) -> bool:
    """Whether who brings `sent` has all that is wanted."""
    return all(scheme in sent and scopes <= sent[scheme] for scheme, scopes in wanted.items())


def _alternatives(part: Part, contract: Contract, root: Mapping[str, Any]) -> list[Alternative]:
    """Each way to be let in: 2.x lists names with scopes, 3.x the schemes themselves; none: anybody is."""
    from harness.drift.asyncapi.reading import at

    found: list[Alternative] = []
    for one in part.said.get("security") or ():
        if isinstance(one.get("$ref"), str):
            found.append(dict([_scheme(at(root, one["$ref"].removeprefix("#")))]))
        elif "type" in one:
            found.append(dict([_scheme(one)]))
        else:
            found.append({_scheme(contract.security.get(name, name))[0]: frozenset(map(str, scopes or ()))
                          for name, scopes in one.items()})
    return found or [{}]


def _scheme(scheme: Any) -> tuple[str, frozenset[str]]:
    """What a client must know of a scheme as canonical JSON, and the scopes that are asked for."""
    said = dict(scheme) if isinstance(scheme, Mapping) else {"": scheme}
    scopes = frozenset(map(str, said.pop("scopes", None) or ()))
    said.pop("bearerFormat", None)
    told = {key: one for key, one in plain(said).items() if not key.startswith("x-")}
    return json.dumps(told, sort_keys=True, default=repr), scopes
