"""The schema as it was published: others have written migrations to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth.storage.sql import SCHEMA_VERSION, schema_sql

PUBLISHED = Path(__file__).parent / "schema"


def words(script: str) -> list[list[str]]:
    """Return the words of each line; a table's options, whose order says nothing, by the letter."""
    lines = [line.split() for line in script.splitlines()]
    return [
        sorted(line[0][1:].split() + [word.rstrip(";") for word in line[1:]])
        if line and line[0].startswith(")")
        else line
        for line in lines
        if line
    ]


@pytest.mark.parametrize("dialect_name", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_the_schema_of_this_version_does_not_move(dialect_name: str) -> None:
    """Every table, column, length, key and index of version 3 is what `schema/` has."""
    assert SCHEMA_VERSION == 3
    published = (PUBLISHED / f"{dialect_name}.sql").read_text(encoding="utf-8")
    assert words(schema_sql(dialect_name)) == words(published)
