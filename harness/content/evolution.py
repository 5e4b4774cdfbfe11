"""What a run's contract is held against, read when the plan is made and recorded with the run.

So a stored run is judged again without the files, the git repository, the target or the registry.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from harness.content.contract import overlay
from harness.content.contract_sources import Source
from harness.drift.document import Document, Unreadable, read_document
from harness.judges.baselines import release_of
from harness.model.errors import UsageError
from harness.model.evolution import UNIFIED
from harness.model.profile import ContractProfile, Target

if TYPE_CHECKING:
    from harness.drift.histories import History

PUBLISHED = "target:"
_MOST_LINES = 200_000
_REMEDY = "Name one in the profile: [target.NAME.evolution] baseline ="

Read = Callable[[str], Source]
"""The bytes of a file, `REVISION:path` or URL, bounded; `target:/path` is a URL by then."""
Histories = Callable[[str], "list[History]"]
"""The histories in a folder, `REVISION:folder` or a registry's URL."""


def load_evolution(target: Target, contract: Mapping[str, Any], *, read: Read, histories: Histories) -> dict[str, Any]:
    """The record for judges: baseline, lines of the own document, waivers, event schemas and their histories.

    `contract` is what `load_contract` gave.

    Raises:
        UsageError: a reference of the profile that cannot be read. EnvironmentFault: as `read` and `histories`.
    """
    asked = target.evolution
    record: dict[str, Any] = {"document": target.contract, "notice_days": asked.notice_days, "level": asked.level,
                              "baseline": _baseline(target, contract, read), **_lines_of(target, read)}
    if asked.waivers:
        from harness.drift.waivers import read_waivers

        source = read(asked.waivers)
        record["waivers"] = [{"fingerprint": w.fingerprint, "reason": w.reason, "owner": w.owner,
                              "expires": w.expires.isoformat()}
                             for w in read_waivers(source.text, file=source.name)]
    record["events"] = _events(target, contract, read, histories)
    return record


def reference_of(target: Target, reference: str) -> str:
    """`target:/path` as the URL that it stands for; any other reference as it is."""
    return target.base_url.rstrip("/") + reference.removeprefix(PUBLISHED) if reference.startswith(PUBLISHED) \
        else reference


def _baseline(target: Target, contract: Mapping[str, Any], read: Read) -> dict[str, Any]:
    from harness.contracts import packs

    asked = target.evolution.baseline
    if not asked and contract.get("foreign"):
        return {"missing": f"no baseline: nothing says what was released before. {_REMEDY}"}
    name = asked or release_of(contract["openapi"])
    if name is None:
        return {"missing": "no release of the unified API has the major version of the document's paths. " + _REMEDY}
    if name in packs.versions():
        return {"name": name, "openapi": _as_declared(overlay(packs.openapi(name), target.profile), target.profile),
                "released": True}
    document = _document(read(reference_of(target, asked)), "baseline")
    if not str(document.value.get("openapi", "")).startswith("3."):
        raise UsageError(f"baseline {asked}: not an OpenAPI 3 document",
                         remedy=f"Name one, or a built-in release: {', '.join(packs.versions())}")
    return {"name": asked, "openapi": document.value, "released": False, "lines": _lines(document)}


def _lines_of(target: Target, read: Read) -> dict[str, Any]:
    """The lines of the own document, where it is a file of the user's."""
    from harness.contracts import packs

    if target.contract in packs.versions() or target.contract.startswith(PUBLISHED):
        return {}
    try:
        return {"lines": _lines(_document(read(target.contract), "contract"))}
    except UsageError:
        return {}  # it was read as the contract; what is wrong with its references is CONT-01's


def _as_declared(document: dict[str, Any], profile: ContractProfile) -> dict[str, Any]:
    """The release as a platform with this profile may narrow it: a stake of nothing is refused where it says so."""
    money = document["components"]["schemas"]["Money"]
    if profile.zero_stake == "refused" and money["properties"]["amount"]["type"] == "integer":
        stake = copy.deepcopy(money)
        stake["properties"]["amount"]["minimum"] = 1
        document["components"]["schemas"]["AuthorizeRequest"]["properties"]["amount"] = stake
    return document


def _document(source: Source, what: str) -> Document:
    try:
        return read_document(source.text, file=source.name, others=source.others)
    except Unreadable as error:
        raise UsageError(f"{what} {error}", remedy="Name one that can be read as a whole; only a file may "
                         "refer to others") from error


def _lines(document: Document) -> dict[str, int]:
    """By pointer; none for a document on one line, of which they would say nothing."""
    told = len(set(document.lines.values())) > 1 and len(document.lines) < _MOST_LINES
    return dict(document.lines) if told else {}


def _events(target: Target, contract: Mapping[str, Any], read: Read, histories: Histories) -> dict[str, Any]:
    from harness.content.event_sources import published_schemas, released_histories, schema_versions
    from harness.contracts import packs

    asked = target.evolution
    record: dict[str, Any] = {"own": {}, "own_source": "", "registry": asked.registry or "the unified API's releases",
                              "built_in": not asked.registry}
    if asked.events == UNIFIED or (not asked.events and target.contract in packs.versions()):
        release = target.contract if target.contract in packs.versions() else (release_of(contract["openapi"]) or "")
        record |= {"own": dict(packs.event_schemas(release)) if release else {}, "own_version": release,
                   "own_source": f"the unified API {release}, by the profile's word"}
    elif asked.events:
        document = _document(read(reference_of(target, asked.events)), "events")
        version, schemas = published_schemas(document)
        record |= {"own": schemas, "own_version": version, "own_source": asked.events}
    found = histories(reference_of(target, asked.registry)) if asked.registry else released_histories()
    record["histories"] = [schema_versions(history) for history in found]
    return record
