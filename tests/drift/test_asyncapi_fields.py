"""No fixed field of AsyncAPI's objects is passed over: each has a row that says what its edits mean, or why nothing."""

import pytest

from tests.drift.made_pairs import answered, changes_of, field_cases, rows

TABLES = rows("asyncapi_fields.yaml")
CASES = [(version, one) for version, table in TABLES.items() for one in field_cases(table)]


@pytest.mark.parametrize(("version", "pair"), CASES, ids=[f"{version}-{one.name}" for version, one in CASES])
def test_every_edit_of_every_field_is_told_as_its_row_says(version, pair):
    found = changes_of(pair)
    assert answered(pair, found), f"{pair.answer} {[(one.rule, one.verdict.value, one.side.value) for one in found]}"


def test_the_tables_are_whole():
    fields = {version: sum(len(about["fields"]) for about in table["objects"].values())
              for version, table in TABLES.items()}
    assert fields == {"3.0": 90, "2.6": 51}
