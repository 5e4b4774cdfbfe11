"""How many of the open cases are right: `python -m tests.drift.scores` prints every set, one function each."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness.drift.changes import Place, Verdict, worst

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "drift"
DATA = CASES
SCHEMA_SETS = ("jsonschema-subset", "jsonschema-registry")
DIALECTS = {"4": "draft-04", "6": "draft-06", "7": "draft-07", "2019-09": "2019-09", "2020-12": "2020-12"}
_DAY = "2026-11-21"
"""By which cases are judged that name no day."""
MISSED_BY_READERS = (Verdict.BREAKING, Verdict.UNSURE)


@dataclass(frozen=True)
class Score:
    """Cases of one set that were answered right, and the ids of those that were not."""

    what: str
    cases: int
    wrong: tuple[str, ...]

    def line(self):
        """One line for people."""
        right = self.cases - len(self.wrong)
        share = f"{100 * right / self.cases:5.1f} %" if self.cases else "   no cases"
        return f"{self.what:<32} {right:>4} of {self.cases:<4} {share}  {' '.join(self.wrong)}".rstrip()


def manifest(name):
    """The cases of a set, and their folder."""
    return json.loads((CASES / name / "manifest.json").read_text(encoding="utf-8"))["cases"], CASES / name


def pointing_into(file):
    """JSON pointer -> Place in that file."""
    return lambda pointer: Place(file=file, pointer=pointer)


def score_avro():
    """BACKWARD: the reader is the new schema; unsure counts as incompatible, as it fails a build."""
    from harness.drift.avro_events import compare_avro

    cases, _ = manifest("avro")
    wrong = []
    for case in cases:
        found = compare_avro(case["writer"], case["reader"], where="event", level="backward",
                             old_place=pointing_into("writer"), new_place=pointing_into("reader"))
        if (worst(one.verdict for one in found) not in MISSED_BY_READERS) != case["compatible"]:
            wrong.append(case["id"])
    return [Score("avro", len(cases), tuple(wrong))]


def score_protobuf():
    """One score for each category."""
    from harness.drift.protobuf import compare_protobuf

    cases, folder = manifest("protobuf")
    wrong = {category: [] for category in ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")}
    for case in cases:
        old, new = (protos(folder / case[key]) for key in ("previous", "current"))
        for category, expected in case["expected"].items():
            found = worst(one.verdict for one in compare_protobuf(old, new, category=category))
            if (found in MISSED_BY_READERS) != (expected == "breaking"):
                wrong[category].append(case["id"])
    return [Score(f"protobuf {category}", len(cases), tuple(ids)) for category, ids in wrong.items()]


def protos(folder):
    """Import path -> text of every Protobuf file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.proto"))}


def score_semver():
    """The policy table, and version numbers over OpenAPI pairs whose change is given."""
    from harness.drift.versions import judge_version

    kinds = {"none": None, **{verdict.value: verdict for verdict in Verdict}}
    scores = []
    for name in ("semver-policy", "semver-openapi"):
        cases, _ = manifest(name)
        wrong = []
        for case in cases:
            majors = [int(said[1:]) if (said := case.get(f"{side}_path_major")) else None
                      for side in ("base", "revision")]
            told = judge_version(kinds[case["change"]], old_version=case["base_version"],
                                 new_version=case["revision_version"], old_path_major=majors[0],
                                 new_path_major=majors[1])
            said = "ok" if told.ok else "not-judged" if "semantic version" in told.says else "violation"
            wrong += [case["id"]] if said != case["expected"] else []
        scores.append(Score(name, len(cases), tuple(wrong)))
    return scores


def score_openapi():
    """A score for each tier of the pairs from oasdiff, one for the traps; unsure counts as breaking, as it fails."""
    from harness.drift.compare import Options, compare
    from harness.drift.document import read_document

    tiers, wrong = {}, {}
    for name in ("openapi", "openapi-traps"):
        cases, folder = manifest(name)
        for case in cases:
            tier = f"{name} {case['tier']}" if "tier" in case else name
            old, new = (read_document((folder / case[key]).read_bytes(), file=case[key])
                        for key in ("base", "revision"))
            day = date.fromisoformat(case.get("as_of", _DAY))
            verdict = compare(old, new, options=Options(today=day)).verdict
            found = "breaking" if verdict in MISSED_BY_READERS else "non-breaking"
            tiers[tier] = tiers.get(tier, 0) + 1
            if found != case.get("policy_expected", case["expected"]):
                wrong.setdefault(tier, []).append(case["id"])
    return [Score(tier, count, tuple(wrong.get(tier, ()))) for tier, count in tiers.items()]


def score_jsonschema_registry():
    """Registry semantics: the strict reading, BACKWARD."""
    from harness.drift.document import Document
    from harness.drift.jsonschema_events import compare_jsonschema

    cases, _ = manifest("jsonschema-registry")
    wrong = []
    for case in cases:
        old, new = (Document(file=key, value=_in_draft(case[key], case["draft"]), lines={})
                    for key in ("original", "update"))
        found = compare_jsonschema(old, new, level="backward", strict=True).verdict
        if (found not in MISSED_BY_READERS) != case["compatible"]:
            wrong.append(case["id"])
    return [Score("jsonschema-registry", len(cases), tuple(wrong))]


def _in_draft(schema, draft):
    if not isinstance(schema, dict) or "$schema" in schema or draft not in ("4", "6", "7"):
        return schema
    return {"$schema": f"http://json-schema.org/draft-0{draft}/schema#", **schema}


def cases(folder):
    """The cases of one set, as its manifest lists them."""
    return json.loads((DATA / folder / "manifest.json").read_text(encoding="utf-8"))["cases"]


def score_schemas():
    """Per set: how many answers were right, wrong or unsure, how many "no" came with a witness, and which were off."""
    from harness.drift.containment import contained
    from harness.drift.lifting import lifted

    scores = {}
    for folder in SCHEMA_SETS:
        counts, off = Counter(right=0, wrong=0, unsure=0), []
        for case in cases(folder):
            writer, reader = (lifted(case[which], dialect=DIALECTS[case["draft"]]) for which in ("original", "update"))
            found = contained(writer, reader, writer_root=writer, reader_root=reader, closed=False)
            right = {"yes": case["compatible"], "no": not case["compatible"]}.get(found.answer)
            counts["unsure" if right is None else "right" if right else "wrong"] += 1
            counts["false yes"] += found.answer == "yes" and not case["compatible"]
            counts["witnessed"] += found.shown
            counts["refused"] += found.answer == "no"
            if not right:
                off.append((case["id"], found.answer, found.witness, found.why))
        scores[folder] = {**counts, "of": sum(counts[one] for one in ("right", "wrong", "unsure")), "off": off}
    return scores


def score_containment():
    """What the proof alone says of schemas; an answer that stays open counts as wrong."""
    return [Score(f"containment {name}", score["of"], tuple(one[0] for one in score["off"]))
            for name, score in score_schemas().items()]


SETS: list[Callable[[], list[Score]]] = [score_avro, score_protobuf, score_jsonschema_registry, score_containment,
                                         score_semver, score_openapi]

if __name__ == "__main__":
    for scored in SETS:
        sys.stdout.writelines(f"{score.line()}\n" for score in scored())
