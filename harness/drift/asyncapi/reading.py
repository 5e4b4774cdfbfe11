"""AsyncAPI 2.x and 3.x documents read into one model: references followed, traits merged, actions turned.

In 2.x `publish` is what clients may publish, so the provider receives it; `subscribe` is what it sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.drift.asyncapi.model import Channel, Contract, Message, Operation, Part, Server
from harness.drift.changes import Side
from harness.drift.document import Document
from harness.model.errors import UsageError

_MOST_HOPS = 50
_REMEDY = "Give an AsyncAPI 2.x or 3.x document"


def read_contract(document: Document) -> Contract:
    """The document as a contract.

    Raises:
        UsageError: another version, or no AsyncAPI document.
    """
    version = str(document.value.get("asyncapi", ""))
    try:
        if version.startswith("2."):
            return _Second(document).contract()
        if version.startswith("3."):
            return _Third(document).contract()
    except (TypeError, AttributeError, KeyError, ValueError, LookupError) as error:
        raise UsageError(f"{document.file}: no sound AsyncAPI document ({type(error).__name__}: {error})"[:300],
                         remedy=_REMEDY) from error
    raise UsageError(f"{document.file}: no AsyncAPI 2 or 3", remedy=_REMEDY)


class _Reader:
    traits_win = False

    def __init__(self, document: Document) -> None:
        self.root: Mapping[str, Any] = document.value
        info = self.root.get("info")
        self.version = str(info.get("version", "")) if isinstance(info, Mapping) else ""
        self.default_type = str(self.root.get("defaultContentType") or "application/json")

    def follow(self, value: Any, pointer: str) -> tuple[Any, str]:
        """What a value is after its references, and where that stands."""
        for _ in range(_MOST_HOPS):
            if not (isinstance(value, Mapping) and isinstance(value.get("$ref"), str)):
                return value, pointer
            pointer = value["$ref"].removeprefix("#").replace("%25", "%")
            value = at(self.root, pointer)
        raise UsageError("references that lead in a circle", remedy="Correct the document")

    def below(self, holder: Mapping[str, Any], key: str, pointer: str) -> Iterator[tuple[str, Any, str]]:
        """(name, value, pointer) of the members of a map, or of a list by number, references followed."""
        value, pointer = self.follow(holder.get(key) or {}, f"{pointer}/{key}")
        members = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, one in members:
            if not str(name).startswith("x-"):
                yield str(name), *self.follow(one, f"{pointer}/{escaped(str(name))}")

    def merged(self, value: Any, pointer: str) -> tuple[dict[str, Any], dict[str, str]]:
        """An operation or message with its traits in it; and where each key that a trait gave stands."""
        made: dict[str, Any] = {}
        places: dict[str, str] = {}
        own = {key: one for key, one in value.items() if key != "traits"}
        traits = [(one, where) for _, one, where in self.below(value, "traits", pointer)]
        for layer, where in ([(own, pointer), *traits] if self.traits_win else [*traits, (own, pointer)]):
            for key, one in layer.items():
                made[key] = _patched(made[key], one) if key in made else one
                places[key] = f"{where}/{escaped(key)}"
        return made, places

    def message(self, value: Any, pointer: str, key: str, named: str) -> Message:
        """One message; `key` is what its holder calls it, `named` the component that it is a reference to."""
        said, places = self.merged(value, pointer)
        payload, schema_format = self.schema(said, places, "payload")
        headers, headers_format = self.schema(said, places, "headers")
        # What readers tell messages apart by comes first; keys of maps and names of components are the author's.
        identity = said.get("name") or said.get("messageId") or named or key or said.get("title") or ""
        return Message(identity=str(identity), pointer=pointer, said=said, payload=payload, headers=headers,
                       content_type=str(said.get("contentType") or self.default_type),
                       schema_format=schema_format or str(said.get("schemaFormat") or ""),
                       headers_format=headers_format)

    def schema(self, said: Mapping[str, Any], places: Mapping[str, str], key: str) \
            -> tuple[tuple[Any, str] | None, str]:
        """A schema under a key, and its format where a multi-format schema says one."""
        if key not in said:
            return None, ""
        value, pointer = self.follow(said[key], places[key])
        if isinstance(value, Mapping) and "schema" in value and set(value) <= {"schema", "schemaFormat"}:
            inner = self.follow(value["schema"], f"{pointer}/schema")
            return inner, str(value.get("schemaFormat") or "")
        return (value, pointer), ""

    def servers(self) -> Mapping[str, Server]:
        """The servers by name."""
        found = {}
        for name, value, pointer in self.below(self.root, "servers", ""):
            url = value.get("url") or f"{value.get('host', '')}{value.get('pathname', '')}"
            url = str(url).partition("://")[2] or str(url)
            found[name] = Server(identity=name, pointer=pointer, said=value, url=url,
                                 protocol=str(value.get("protocol", "")))
        return found

    def schemes(self) -> Mapping[str, Any]:
        """The security schemes by name."""
        components = self.root.get("components") or {}
        return {name: value for name, value, _ in self.below(components, "securitySchemes", "/components")}

    def parameters(self, channel: Mapping[str, Any], pointer: str) -> Mapping[str, Part]:
        """The parameters of a channel by name."""
        return {name: Part(pointer=where, said=value)
                for name, value, where in self.below(channel, "parameters", pointer)}


class _Second(_Reader):
    traits_win = True

    def contract(self) -> Contract:
        channels, operations = [], []
        for address, value, pointer in self.below(self.root, "channels", ""):
            servers = value.get("servers")
            channels.append(Channel(identity=address, address=address, pointer=pointer, said=value, messages=(),
                                    servers=frozenset(map(str, servers)) if servers else None,
                                    parameters=self.parameters(value, pointer)))
            for word, side in (("publish", Side.IN), ("subscribe", Side.OUT)):
                if word in value:
                    said, places = self.merged(value[word], f"{pointer}/{word}")
                    messages = tuple(self._messages(said.get("message"), places.get("message", "")))
                    operations.append(Operation(
                        identity=str(said.get("operationId", "")), side=side, channel=address, reply=None,
                        pointer=f"{pointer}/{word}", said=said, messages=messages, replies=()))
        return Contract(version=self.version, servers=self.servers(), channels=tuple(channels),
                        operations=tuple(operations), security=self.schemes())

    def _messages(self, raw: Any, pointer: str) -> Iterator[Message]:
        if raw is None:
            return
        named = component(raw)
        value, pointer = self.follow(raw, pointer)
        if "oneOf" not in value:
            yield self.message(value, pointer, "", named)
            return
        for number, one in enumerate(value["oneOf"]):
            inner, where = self.follow(one, f"{pointer}/oneOf/{number}")
            yield self.message(inner, where, "", component(one))


class _Third(_Reader):
    def contract(self) -> Contract:
        operations = tuple(self._operations())
        used = {message.pointer for one in operations for message in (*one.messages, *one.replies)}
        channels = []
        for name, value, pointer in self.below(self.root, "channels", ""):
            servers = value.get("servers")
            names = frozenset(component(one) for one in servers) if servers else None
            messages = tuple(one for one in self._messages(value, pointer) if one.pointer not in used)
            channels.append(Channel(identity=name, address=_address(value, name), pointer=pointer, said=value,
                                    messages=messages, servers=names, parameters=self.parameters(value, pointer)))
        return Contract(version=self.version, servers=self.servers(), channels=tuple(channels), operations=operations,
                        security=self.schemes())

    def _operations(self) -> Iterator[Operation]:
        for name, value, pointer in self.below(self.root, "operations", ""):
            said, _ = self.merged(value, pointer)
            channel, at_channel = self.follow(said["channel"], f"{pointer}/channel")
            if said.get("action") not in ("send", "receive"):
                raise UsageError(f"operation {name} neither sends nor receives", remedy="Correct its action")
            reply: Any = None
            replies: tuple[Message, ...] = ()
            if said.get("reply"):
                reply, at_reply = self.follow(said["reply"], f"{pointer}/reply")
                if "channel" in reply:
                    answered, at_answered = self.follow(reply["channel"], f"{at_reply}/channel")
                    reply = {**reply, "channel": _address(answered, component(reply["channel"]))}
                    replies = tuple(self._chosen(reply, answered, at_answered))
                elif "messages" in reply:
                    replies = tuple(self._chosen(reply, {}, at_reply))
            yield Operation(identity=name, side=Side.OUT if said["action"] == "send" else Side.IN, pointer=pointer,
                            channel=_address(channel, component(said["channel"])), said=said, reply=reply,
                            messages=tuple(self._chosen(said, channel, at_channel)), replies=replies)

    def _chosen(self, holder: Mapping[str, Any], channel: Mapping[str, Any], pointer: str) -> Iterator[Message]:
        """The messages that an operation or reply names, or all of its channel."""
        if "messages" not in holder:
            yield from self._messages(channel, pointer)
            return
        for one in holder["messages"]:
            yield self.message(*self.follow(one, ""), component(one), "")

    def _messages(self, channel: Mapping[str, Any], pointer: str) -> Iterator[Message]:
        for name, value, where in self.below(channel, "messages", pointer):
            yield self.message(value, where, name, "")


def _address(channel: Mapping[str, Any], name: str) -> str:
    """A channel's address; where it is null, what it is known by."""
    said = channel.get("address")
    return str(said) if said else f"(unknown, channel {name})"


def component(value: Any) -> str:
    """The last token of a reference; "" of anything else."""
    if not (isinstance(value, Mapping) and isinstance(value.get("$ref"), str)):
        return ""
    return str(value["$ref"]).rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def at(root: Any, pointer: str) -> Any:
    """What stands at a JSON pointer.

    Raises:
        LookupError: nothing.
    """
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        root = root[int(key)] if isinstance(root, Sequence) and not isinstance(root, str) else root[key]
    return root


def escaped(token: str) -> str:
    """A key as a token of a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def _patched(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396)."""
    if not (isinstance(target, Mapping) and isinstance(patch, Mapping)):
        return patch
    made = dict(target)
    for key, one in patch.items():
        if one is None:
            made.pop(key, None)
        else:
            made[key] = _patched(made[key], one) if key in made else one
    return made
