"""The schema as it was published: others have written migrations to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schoolauth.storage.sql import SCHEMA_VERSION, schema_sql

PUBLISHED = Path(__file__).parent / "schema"


@pytest.mark.parametrize("dialect_name", ["sqlite", "postgresql", "mariadb", "mysql"])
def test_the_schema_of_this_version_does_not_move(dialect_name: str) -> None:
    """Every table, column, length, key and index of version 2 is what `schema/` has."""
    assert SCHEMA_VERSION == 2
    published = (PUBLISHED / f"{dialect_name}.sql").read_text(encoding="utf-8")
    assert schema_sql(dialect_name).split() == published.split()
