"""The tables: made once or twice, by us or by a host's own statements, and checked at start-up."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, create_engine, inspect, select, text

from schoolauth.errors import ContractBroken, StorageUnavailable
from schoolauth.model.events import SchoolAdded
from schoolauth.model.school import School
from schoolauth.storage.sql import (
    SCHEMA_VERSION,
    ExactText,
    SqlSchoolDirectory,
    SqlStore,
    SqlThrottle,
    SqlUserRepository,
    Tables,
    build_tables,
    create_tables,
    schema_sql,
    verify_schema,
)
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.repository.sample_accounts import NOW, a_full_user, a_user, read, save
from tests.databases import SQL_STORES, Databases


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bare(store: str, databases: Databases) -> Engine:
    """A database without any table."""
    return databases.open(databases.url(store))


def run_script(engine: Engine, script: str) -> None:
    with engine.begin() as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def test_tables_are_created_once(bare: Engine) -> None:
    """Creating the tables again changes nothing, and puts back a gate's row that is gone."""
    create_tables(bare)
    users = SqlUserRepository(bare)
    (ann,) = save(users, a_full_user())
    create_tables(bare)
    assert read(users, ann) == [ann]
    gate = standard_tables().gate
    with bare.begin() as connection:
        assert connection.execute(select(gate)).all() == [(1,)]
        connection.execute(gate.delete())
    create_tables(bare)
    verify_schema(bare)


def test_the_script_makes_the_same_tables(store: str, bare: Engine, databases: Databases) -> None:
    """A host that runs the statements itself has what `create_tables` makes, and is fit for use."""
    run_script(bare, schema_sql(store))
    verify_schema(bare)
    made, ours = inspect(bare), inspect(databases.engine(store))
    for table in standard_tables():
        for ask in ("get_columns", "get_indexes", "get_unique_constraints", "get_pk_constraint"):
            mine, theirs = getattr(made, ask)(table.name), getattr(ours, ask)(table.name)
            assert sorted(map(repr, mine)) == sorted(map(repr, theirs))
    save(SqlUserRepository(bare), a_full_user())


def test_the_script_of_another_version() -> None:
    """From today's version there is nothing to do; of other versions and dialects it knows none."""
    assert schema_sql("postgresql", since=SCHEMA_VERSION) == ""
    for since in (0, SCHEMA_VERSION + 1):
        with pytest.raises(ValueError, match="version"):
            schema_sql("postgresql", since=since)
    with pytest.raises(ValueError, match="oracle"):
        schema_sql("oracle")


@pytest.mark.parametrize("since", [1, 2])
def test_the_step_from_an_earlier_version(
    store: str, since: int, bare: Engine, databases: Databases
) -> None:
    """An earlier database is told to be behind, and is today's after the step, with its rows.

    Version 2 counted in a table of its own, which its processes may still use: it stays as it is.
    """
    run_script(bare, schema_sql(store))
    (ann,) = save(SqlUserRepository(bare), a_full_user())
    with bare.begin() as connection:
        standard_tables().counts.drop(connection)
        if since == 2:
            connection.exec_driver_sql("CREATE TABLE schoolauth_throttle (bucket VARCHAR(64))")
            connection.exec_driver_sql("INSERT INTO schoolauth_throttle VALUES ('name')")
    with pytest.raises(ContractBroken, match="schoolauth_counts is missing"):
        verify_schema(bare)
    run_script(bare, schema_sql(store, since=since))
    verify_schema(bare)
    create_tables(bare)
    assert read(SqlUserRepository(bare), ann) == [ann]
    made, ours = inspect(bare), inspect(databases.engine(store))
    assert made.has_table("schoolauth_throttle") == (since == 2)
    for ask in ("get_columns", "get_indexes", "get_pk_constraint"):
        mine, theirs = (
            getattr(made, ask)("schoolauth_counts"),
            getattr(ours, ask)("schoolauth_counts"),
        )
        assert sorted(map(repr, mine)) == sorted(map(repr, theirs))
    if since == 2:
        with bare.connect() as connection:
            old = connection.exec_driver_sql("SELECT bucket FROM schoolauth_throttle").all()
        assert old == [("name",)]


def test_mysql_and_mariadb_name_their_collations_differently() -> None:
    """Each gets a collation of its own that neither folds nor pads."""
    assert "COLLATE utf8mb4_0900_bin" in schema_sql("mysql")
    assert "COLLATE utf8mb4_nopad_bin" in schema_sql("mariadb")
    assert 'COLLATE "C"' in schema_sql("postgresql")
    assert "COLLATE" not in schema_sql("sqlite")


@pytest.mark.parametrize("dialect_name", ["mysql", "mariadb"])
def test_every_table_has_transactions_and_every_letter(dialect_name: str) -> None:
    """Whatever the server's own defaults are: InnoDB, and all of Unicode."""
    script = schema_sql(dialect_name)
    assert script.count("ENGINE=InnoDB") == script.count("CHARSET=utf8mb4") == 5


def test_a_prefix_and_a_schema_of_the_hosts_own(databases: Databases) -> None:
    """A host may have the tables under its own prefix and schema, all through its metadata."""
    engine = databases.open(databases.url("postgresql"))
    metadata = MetaData()
    tables = build_tables(metadata, prefix="staff_", schema="people")
    assert sorted(metadata.tables) == [
        f"people.staff_{n}" for n in ("counts", "events", "gate", "schools", "users")
    ]
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA people"))
    create_tables(engine, tables=tables)
    verify_schema(engine, tables=tables)
    save(SqlUserRepository(engine, tables=tables), a_user("ann"))
    school = School("hill", "Hill")
    schools = SqlSchoolDirectory(engine, tables=tables)
    schools.save(school, SchoolAdded(at=NOW, school=school.code))
    assert schools.list().items == (school,)
    with pytest.raises(ContractBroken, match="schoolauth_users is missing"):
        verify_schema(engine)


def test_columns_are_the_record_and_the_search_text() -> None:
    """Every field of an account's record has its column, and every constraint its name."""
    record = a_user("ann").to_record(with_password=True)
    assert {column.name for column in standard_tables().users.c} == {*record, "search_text"}
    for table in standard_tables():
        assert all(constraint.name for constraint in table.constraints)
        assert all(index.name for index in table.indexes)


def test_what_is_missing_is_named(bare: Engine) -> None:
    """A table, a column and the gate's row that are missing are told by their names."""
    with pytest.raises(ContractBroken) as broken:
        verify_schema(bare)
    for table in standard_tables():
        assert f"the table {table.name} is missing" in broken.value.message
    assert f"schema version {SCHEMA_VERSION}" in broken.value.message
    create_tables(bare)
    verify_schema(bare)
    with bare.begin() as connection:
        connection.execute(standard_tables().gate.delete())
    with pytest.raises(ContractBroken, match="schoolauth_gate lacks its row"):
        verify_schema(bare)
    with bare.begin() as connection:
        connection.execute(text("ALTER TABLE schoolauth_users DROP COLUMN legal_hold"))
        connection.execute(text("ALTER TABLE schoolauth_events DROP COLUMN details"))
    with pytest.raises(ContractBroken, match=r"users\.legal_hold is missing.*events\.details"):
        verify_schema(bare)


def test_a_server_that_is_away_is_no_broken_schema() -> None:
    """A database that does not answer is told as such."""
    url = "postgresql+psycopg://127.0.0.1:1/none"
    engine = create_engine(url)
    with pytest.raises(StorageUnavailable) as away:
        verify_schema(engine)
    assert away.value.__context__ is None
    engine.dispose()


COLLATIONS = {
    "sqlite": ["VARCHAR(64) COLLATE NOCASE", "VARCHAR(64) COLLATE RTRIM"],
    "postgresql": [
        "CHAR(64)",
        "VARCHAR(64) COLLATE no_case",
        "VARCHAR(64) COLLATE no_accent",
    ],
    "mariadb": [
        f"VARCHAR(64) CHARACTER SET utf8mb4 COLLATE {name}"
        for name in ("utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_general_nopad_ci")
    ],
}
_ICU = "CREATE COLLATION {} (provider = icu, locale = '{}', deterministic = false)"


@pytest.mark.parametrize(
    ("store", "bad"), [(store, bad) for store, types in COLLATIONS.items() for bad in types]
)
def test_a_collation_that_equates_texts(store: str, bad: str, databases: Databases) -> None:
    """A key column that takes a space, a capital or an accent for nothing is refused by name."""
    engine = databases.open(databases.url(store))
    lines = schema_sql(store).splitlines()
    for index, line in enumerate(lines):
        if line.startswith("\tusername_key "):
            lines[index] = f"\tusername_key {bad} NOT NULL, "
    with engine.begin() as connection:
        if store == "postgresql":
            connection.execute(text(_ICU.format("no_case", "und-u-ks-level2")))
            connection.execute(text(_ICU.format("no_accent", "und-u-ks-level1-kc-true")))
    run_script(engine, "\n".join(lines))
    with pytest.raises(ContractBroken) as broken:
        verify_schema(engine)
    assert broken.value.message.count("the collation of") == 1
    assert "the collation of schoolauth_users.username_key" in broken.value.message
    with engine.connect() as connection:  # nothing was inserted to find that out
        assert connection.execute(select(standard_tables().users)).all() == []


def test_the_type_tells_how_it_was_made() -> None:
    """A migration that a host generates can name the type of the key columns."""
    assert repr(ExactText(64)) == "ExactText(length=64)"
    assert repr(ExactText()) == "ExactText()"


def fine(code: str) -> bool:
    """Return whether a fresh interpreter runs *code* to its end."""
    command = [sys.executable, "-c", f"{code}\nprint('fine')"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ran.stdout.strip(), ran.stderr) == ("fine", "")


def test_no_orm_is_imported() -> None:
    """The SQL stores work without `sqlalchemy.orm`, and the memory store without SQLAlchemy."""
    assert fine(
        "import sys, schoolauth.storage.memory; assert 'sqlalchemy' not in sys.modules;"
        "import schoolauth.storage.sql as s; from sqlalchemy import create_engine;"
        "e = create_engine('sqlite://'); s.create_tables(e); s.SqlUserRepository(e).find([]);"
        "assert 'sqlalchemy.orm' not in sys.modules"
    )


def test_what_is_no_bind_is_told_without_the_orm() -> None:
    """Where nobody has imported `sqlalchemy.orm`, there is no session to take it for."""
    assert fine(
        "import sys, schoolauth.storage.sql as s\n"
        "try: s.SqlUserRepository('sqlite://')\n"
        "except TypeError as error: assert 'Engine' in str(error)\n"
        "else: raise AssertionError\n"
        "assert 'sqlalchemy.orm' not in sys.modules"
    )


@pytest.mark.parametrize("tables", [1, "x", [], {}, object(), Tables])
def test_tables_of_another_type_are_told_at_once(tables: Any) -> None:
    """Also what is empty, which would be taken for nothing."""
    engine = create_engine("sqlite://")
    for made in (SqlStore, SqlUserRepository, SqlSchoolDirectory, SqlThrottle):
        with pytest.raises(TypeError, match=r"^tables must be Tables"):
            made(engine, tables=tables)
