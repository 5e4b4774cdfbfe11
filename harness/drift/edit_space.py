"""The edit space of a schema: what each edit of each keyword does to the accepted documents, and why; one table.

The verdict follows from the effect and the side. Rows that say more name their policy, and each policy its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from harness.drift.changes import Effect, Side, Verdict


class Edit(Enum):
    """What was done to a keyword; the value is how a rule id and a sentence say it."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "increased"
    LOWERED = "decreased"
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"
    RENAMED = "renamed"
    ADDED_REQUIRED = "added as required"
    """A member that writers must send from now on."""
    ADDED_TO_CLOSED = "added to a closed object"
    """A member of an object that took no undeclared ones."""
    ADDED_TO_FREE = "added to a free object"
    """A member of an object whose undeclared ones were bound, or that declared none."""
    REMOVED_FROM_CLOSED = "removed from a closed object"
    """A member of an object that takes no undeclared ones now."""


POLICIES: Mapping[str, str] = {
    "removals": "a name that is removed or renamed may come back with another meaning, and somebody uses it",
    "tolerant-readers": "readers are told to pass over members that they do not know",
    "undeclared-required": "a name that is required and nowhere declared is a slip far more often than a demand",
    "misplaced-words": "a bound for another type is idle by the letter, and many tools apply it all the same",
    "named-branches": "a named part that joins or leaves a composition is a type of its own to generated code",
    "closed-models": "members that the schema does not declare may be in use while it does not forbid them",
    "defaults": "who leaves the member out gets another behaviour without a word",
    "extensible-enums": "the enum is marked as one that grows, so readers must expect values they do not know",
    "read-only": "who must send or read the member changes with the mark, not what a validator accepts",
    "deprecations": "a deprecation is announced with a release of its own (semver, item 7)",
    "discriminator": "readers choose the type to decode by it, and no validator looks at it",
    "content": "what stands inside the string changes, and no validator looks at it",
    "formats": "formats bind writers and readers, and validators pass over those they do not know",
    "xml": "the document in XML is another one",
}
"""Each can be switched off; then the verdict is the one that follows from effect and side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one edit of one keyword means."""

    effect: Effect
    why: str
    policy: str = ""
    """A name in POLICIES; such a finding stands whatever a prover says, for it is not about validity."""
    consumer_writes: Verdict | None = None
    """The policy's verdict for Side.IN; None: the one that follows."""
    provider_writes: Verdict | None = None
    """The same for Side.OUT."""

    def verdict(self, side: Side) -> Verdict | None:
        """The policy's verdict; None where there is none of its own."""
        return {Side.IN: self.consumer_writes, Side.OUT: self.provider_writes}.get(side)


_N, _W, _X, _U, _O = Effect.NARROWS, Effect.WIDENS, Effect.INCOMPARABLE, Effect.UNKNOWN, Effect.NONE
_Table = dict[tuple[str, Edit], Row]


def _rows(keywords: str, why: str, *, policy: str = "", both: Verdict | None = None, **effects: Effect) -> _Table:
    """One row a keyword and edit; `effects` by the edit's name in small letters."""
    return {(keyword, Edit[edit.upper()]): Row(effect=effect, why=why, policy=policy, consumer_writes=both,
                                               provider_writes=both)
            for keyword in keywords.split() for edit, effect in effects.items()}


_UPPER = "maximum exclusiveMaximum maxLength maxItems maxContains"
_LOWER = "minimum exclusiveMinimum minLength minItems minProperties minContains"
_NOTES = "title description examples example $comment externalDocs"

EDIT_SPACE: Mapping[tuple[str, Edit], Row] = {
    **_rows("type", "the set of types is the set of documents", added=_N, removed=_W, widened=_W, narrowed=_N,
            changed=_X),
    **_rows("nullable", "null is one more document", added=_W, removed=_N),
    **_rows("enum", "the values are the documents", added=_N, removed=_W, widened=_W, narrowed=_N, changed=_X),
    **_rows("const", "an enum of one value", added=_N, removed=_W, changed=_X),
    **_rows(_UPPER, "an upper bound", added=_N, removed=_W, raised=_W, lowered=_N),
    **_rows(_LOWER, "a lower bound", added=_N, removed=_W, raised=_N, lowered=_W),
    **_rows("maxProperties", "an upper bound that undeclared members count for", policy="closed-models", added=_N,
            removed=_W, raised=_W, lowered=_N),
    **_rows("multipleOf", "a multiple of a multiple is one of the first", added=_N, removed=_W, raised=_N, lowered=_W,
            changed=_X),
    **_rows("pattern", "two patterns are not compared by their text; one that takes all is none", added=_N,
            removed=_W, widened=_W, changed=_U),
    **_rows("format", "a further demand on the value", policy="formats", added=_N, removed=_W, widened=_W, narrowed=_N,
            changed=_X),
    **_rows("uniqueItems", "a further demand on the items", added=_N, removed=_W),
    **_rows("required", "who leaves the member out is refused", added=_N, removed=_W),
    ("undeclared", Edit.ADDED): Row(effect=_N, why="who leaves it out is refused, if anybody looks",
                                    policy="undeclared-required", consumer_writes=Verdict.ADDITIVE),
    **_rows("undeclared", "it may be left out from now on", removed=_W),
    **_rows("dependentRequired", "a further demand where the member is there", added=_N, removed=_W, changed=_U),
    **_rows("properties", "a member was not written before", added_required=_N, added_to_closed=_W),
    **_rows("properties", "readers take a member more", policy="tolerant-readers", both=Verdict.ADDITIVE, added=_W),
    **_rows("properties", "it may have been written as something else; containment decides", added_to_free=_U),
    **_rows("properties", "its value is bound no more", policy="removals", both=Verdict.BREAKING, removed=_W,
            renamed=_X, removed_from_closed=_N),
    **_rows("additionalProperties unevaluatedProperties patternProperties propertyNames",
            "it binds members that are not declared", policy="closed-models", added=_N, removed=_W, changed=_U),
    **_rows("items contains unevaluatedItems dependentSchemas then else not", "a further demand", added=_N, removed=_W,
            changed=_U),
    **_rows("prefixItems", "items move between their own schema and that of the rest; containment decides", added=_U,
            removed=_U),
    **_rows("if", "with then and else it accepts more here and less there; containment decides", added=_N, removed=_W,
            changed=_U),
    **_rows("allOf", "every branch is a further demand", added=_N, removed=_W, changed=_U),
    **_rows("anyOf oneOf", "every branch takes further documents; the keyword itself is a demand", added=_N,
            removed=_W, widened=_W, narrowed=_N, changed=_U),
    **_rows("branch", "a demand or an alternative with a name", policy="named-branches", added=_N, removed=_W,
            widened=_W, narrowed=_N),
    **_rows("false", "nothing is accepted any more, or now something is", added=_N, removed=_W),
    **_rows("contentEncoding contentMediaType", "what stands in the string must be decoded otherwise",
            policy="content", added=_N, removed=_W, changed=_X),
    **_rows("contentSchema", "what stands in the string is bound", policy="content", added=_N, removed=_W, changed=_U),
    **_rows("discriminator", "the type is chosen by another member or value", policy="discriminator", removed=_X,
            changed=_X),
    **_rows("discriminator", "a hint which branch applies", policy="discriminator", both=Verdict.ADDITIVE, added=_O),
    **_rows("xml", "elements and attributes have other names", policy="xml", changed=_X),
    ("default", Edit.CHANGED): Row(effect=_O, why="what an absent member means", policy="defaults",
                                   consumer_writes=Verdict.BREAKING),
    ("default", Edit.ADDED): Row(effect=_O, why="an absent member has a meaning now", policy="defaults",
                                 consumer_writes=Verdict.BREAKING),
    ("default", Edit.REMOVED): Row(effect=_O, why="an absent member has no meaning any more", policy="defaults",
                                   consumer_writes=Verdict.BREAKING),
    ("x-extensible-enum", Edit.WIDENED): Row(effect=_W, why="readers were told to expect new values",
                                             policy="extensible-enums", provider_writes=Verdict.ADDITIVE),
    ("x-extensible-enum", Edit.NARROWED): Row(effect=_N, why="a value that was offered goes",
                                              policy="extensible-enums"),
    ("x-extensible-enum", Edit.ADDED): Row(effect=_O, why="the enum may grow from now on", policy="extensible-enums",
                                           provider_writes=Verdict.ADDITIVE),
    ("x-extensible-enum", Edit.REMOVED): Row(effect=_O, why="values that are unknown are refused from now on",
                                             policy="extensible-enums", consumer_writes=Verdict.BREAKING),
    ("readOnly", Edit.ADDED): Row(effect=_O, why="consumers must not send it any more", policy="read-only",
                                  consumer_writes=Verdict.ADDITIVE),
    ("readOnly", Edit.ADDED_REQUIRED): Row(effect=_W, why="consumers had to send it, and now it is not theirs",
                                           policy="read-only", consumer_writes=Verdict.BREAKING),
    ("readOnly", Edit.REMOVED): Row(effect=_W, why="consumers may send it", policy="read-only",
                                    provider_writes=Verdict.EDITORIAL),
    ("writeOnly", Edit.ADDED): Row(effect=_W, why="consumers read it, and now it is not sent", policy="read-only",
                                   consumer_writes=Verdict.EDITORIAL),
    ("writeOnly", Edit.REMOVED): Row(effect=_O, why="the provider sends it from now on", policy="read-only",
                                     provider_writes=Verdict.ADDITIVE),
    **_rows("deprecated", "an announcement", policy="deprecations", both=Verdict.ADDITIVE, added=_O, removed=_O),
    **_rows(_NOTES, "text for people; no document is judged by it", added=_O, removed=_O, changed=_O),
    **_rows("x-*", "an extension: the format gives it no meaning", added=_O, removed=_O, changed=_O),
    **_rows("*", "no format known here defines this keyword", added=_U, removed=_U, changed=_U),
}

ANNOTATIONS = frozenset(_NOTES.split())

WAIVED: Mapping[str, str] = {
    "$ref": "followed: what it leads to is compared, where it stands",
    "$dynamicRef": "followed as a $ref where it names a pointer; where it does not, a change of it is unsure (row *)",
    "$recursiveRef": "2019-09 only; lifted to $ref before schemas are compared",
    "$recursiveAnchor": "2019-09 only; a name, of no effect without $recursiveRef",
    "$defs": "a shelf: what is reached from it is compared where it is used",
    "definitions": "a shelf, as $defs",
    "$id": "a name; references are pointers by the time schemas are compared",
    "$anchor": "a name, as $id",
    "$dynamicAnchor": "a name, as $id",
    "$schema": "the dialect; schemas are lifted to 2020-12 first, and who reads the file compares the dialects",
    "$vocabulary": "for meta-schemas only; it says nothing about documents",
    "dependencies": "draft-07; lifted to dependentRequired and dependentSchemas",
    "additionalItems": "draft-07; lifted to items beside prefixItems",
}
"""Keywords without a row, each with the reason."""


def row(keyword: str, edit: Edit) -> Row:
    """The row of an edit; what has none is of unknown effect, never of none."""
    generic = "x-*" if keyword.startswith("x-") else "*"
    found = EDIT_SPACE.get((keyword, edit)) or EDIT_SPACE.get((generic, edit))
    return found or Row(effect=Effect.UNKNOWN, why="the table has no such edit of this keyword")


def flipped(effect: Effect) -> Effect:
    """The effect outside of a `not` of an effect inside of it."""
    return {Effect.NARROWS: Effect.WIDENS, Effect.WIDENS: Effect.NARROWS}.get(effect, effect)
