"""What each code of a driver means, whoever the driver is: the databases need not be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Never

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from schoolauth.errors import ContractBroken, SchoolAuthError, StaleUser, StorageUnavailable
from schoolauth.model.user import rebuilt
from schoolauth.storage.sql.binding import Binding
from tests.databases import Databases

CONFLICTS: dict[str, int | str] = {
    "PostgreSQL: serialization": "40001",
    "PostgreSQL: deadlock": "40P01",
    "PostgreSQL: unique key": "23505",
    "MariaDB: deadlock": 1213,
    "MariaDB: changed since the snapshot": 1020,
    "MariaDB: unique key": 1062,
    "SQLite: unique key": "SQLITE_CONSTRAINT_UNIQUE",
    "SQLite: primary key": "SQLITE_CONSTRAINT_PRIMARYKEY",
}
MISSING: dict[str, int | str] = {
    "PostgreSQL: table": "42P01",
    "PostgreSQL: column": "42703",
    "PostgreSQL: schema": "3F000",
    "MariaDB: table": 1146,
    "MariaDB: column": 1054,
    "SQLite": "SQLITE_ERROR",
}
ROLLED_BACK = {
    "MariaDB: deadlock": 1213,
    "MariaDB: changed since the snapshot": 1020,
    "MariaDB: lock timeout": 1205,
}
OTHER = "57014"
"""PostgreSQL: the statement was cancelled."""


class DriverError(Exception):
    """Has its code where psycopg2 has it; MySQL's drivers have a number as the first argument."""

    def __init__(self, code: int | str) -> None:
        super().__init__(code if isinstance(code, int) else "text")
        self.pgcode = code


def raising(code: int | str) -> Callable[[Connection], Never]:
    """Return work that the database gives up with *code*, in the class that tells least."""

    def work(connection: Connection) -> Never:
        error: DBAPIError = OperationalError("SELECT", {}, DriverError(code))
        raise error

    return work


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return databases.engine("sqlite")


@pytest.fixture
def host(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def ending(call: Callable[[], object]) -> type[SchoolAuthError]:
    """Return what *call* raises."""
    with pytest.raises(SchoolAuthError) as caught:
        call()
    assert caught.value.__context__ is caught.value.__cause__ is None
    return type(caught.value)


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_is_stale_where_deciding_again_helps(
    name: str, engine: Engine, host: Connection
) -> None:
    """That is in a transaction of our own, for who asked so; elsewhere there is no second try."""
    work = raising(CONFLICTS[name])
    own = Binding(engine)
    assert ending(lambda: own.write(work, stale=True)) is StaleUser
    assert ending(lambda: own.write(work)) is StorageUnavailable
    assert ending(lambda: own.write(work, lone=True)) is StorageUnavailable
    assert ending(lambda: own.read(work)) is StorageUnavailable
    assert ending(lambda: Binding(host).write(work, stale=True)) is StorageUnavailable


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_breaks_the_contract(name: str, engine: Engine) -> None:
    """Whatever class of error a driver has for it."""
    work = raising(MISSING[name])
    assert ending(lambda: Binding(engine).read(work)) is ContractBroken
    assert ending(lambda: Binding(engine).write(work, stale=True)) is ContractBroken


def test_any_other_code_may_pass(engine: Engine) -> None:
    """What is not known is worth another try later, and is never taken for a conflict."""
    assert ending(lambda: Binding(engine).read(raising(OTHER))) is StorageUnavailable
    assert ending(lambda: Binding(engine).write(raising(OTHER), stale=True)) is StorageUnavailable


@pytest.mark.parametrize("name", ROLLED_BACK)
def test_a_read_that_ends_the_hosts_transaction_spoils_it(name: str, host: Connection) -> None:
    """What the server has rolled back the host must not commit the rest of."""
    assert ending(lambda: Binding(host).read(raising(ROLLED_BACK[name]))) is StorageUnavailable
    assert host.invalidated


def test_a_read_that_fails_otherwise_leaves_the_host_alone(host: Connection) -> None:
    """The host's transaction still stands, and goes on."""
    assert ending(lambda: Binding(host).read(raising(OTHER))) is StorageUnavailable
    assert not host.invalidated


def test_a_write_that_fails_spoils_the_hosts_transaction(host: Connection) -> None:
    """Whatever the code is, half of a change may be there."""
    assert ending(lambda: Binding(host).write(raising(OTHER))) is StorageUnavailable
    assert host.invalidated


@pytest.mark.parametrize(
    "error",
    [OverflowError, AttributeError, KeyError, TypeError, ValueError],
    ids=lambda e: e.__name__,
)
def test_a_row_that_cannot_be_read_breaks_the_contract(error: type[Exception]) -> None:
    """Whatever the values of a newer version do to the one that reads them."""

    def rebuild(record: object) -> Never:
        raise error(record)

    assert ending(lambda: rebuilt(rebuild, {"email": "ann@x.example"})) is ContractBroken


class Unconnected(Session):
    """A host's session that gets no connection: its lock timeout comes first."""

    def connection(self, *args: Any, **kwargs: Any) -> Never:
        error: DBAPIError = OperationalError("SELECT", {}, DriverError(1205))
        raise error


def test_a_session_without_a_connection_has_nothing_to_spoil(engine: Engine) -> None:
    """What fails before there is a connection is told like every other failure."""
    with Unconnected(engine) as session:
        binding = Binding(session)
        assert ending(lambda: binding.read(lambda _: None)) is StorageUnavailable
        assert ending(lambda: binding.write(lambda _: None)) is StorageUnavailable
