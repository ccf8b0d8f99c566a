"""What becomes of a database's errors: typed, told apart, and free of what drivers write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import URL, Engine, MetaData, create_engine, delete, text
from sqlalchemy.exc import OperationalError

from schoolauth.errors import (
    ContractBroken,
    StaleUser,
    StorageUnavailable,
)
from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.names import EmailAddress
from schoolauth.storage.sql import (
    SqlSchoolDirectory,
    SqlUserRepository,
    Tables,
    build_tables,
    create_tables,
)
from schoolauth.storage.sql.binding import driver_code
from schoolauth.testing.repository.sample_accounts import HILL, a_user, edited, history, read, save
from tests.databases import SQL_STORES, Databases
from tests.storage.refusals import HILL_ADDED, HILL_SCHOOL, SECRET, refuses


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(store: str, databases: Databases) -> Engine:
    made = databases.backend(store).engine
    assert made is not None
    return made


@pytest.fixture
def own_tables(engine: Engine) -> Iterator[Tables]:
    """Tables of this test alone, which it may spoil."""
    metadata = MetaData()
    tables = build_tables(metadata, prefix="spoilt_")
    create_tables(engine, tables=tables)
    yield tables
    metadata.drop_all(engine)


def everything(users: SqlUserRepository) -> list[Callable[[], object]]:
    """Return one call of each kind, with an address in its parameters."""
    person = a_user("new", SECRET)
    return [
        lambda: users.find([EmailAddress.parse(SECRET)]),
        lambda: users.search(UserQuery(school=HILL, words=(SECRET,))),
        lambda: users.history(HistoryQuery()),
        lambda: save(users, person),
        lambda: save(users, replace(person, version=1)),
        lambda: users.save(Change(events=[edited()])),
    ]


def test_missing_tables(engine: Engine) -> None:
    """Without the tables every call tells the developer how to make them."""
    tables = build_tables(MetaData(), prefix="nowhere_")
    for call in everything(SqlUserRepository(engine, tables=tables)):
        with refuses(ContractBroken, "create_tables"):
            call()
    schools = SqlSchoolDirectory(engine, tables=tables)
    for call in (schools.list, lambda: schools.save(HILL_SCHOOL, HILL_ADDED)):
        with refuses(ContractBroken, "create_tables"):
            call()


def test_missing_columns(engine: Engine, own_tables: Tables) -> None:
    """A column that is not there is told like a missing table."""
    users = SqlUserRepository(engine, tables=own_tables)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE spoilt_users DROP COLUMN legal_hold"))
    with refuses(ContractBroken, "create_tables"):
        users.find([EmailAddress.parse(SECRET)])
    with refuses(ContractBroken, "create_tables"):
        save(users, a_user("ann", SECRET))


def test_missing_gate_row(engine: Engine, own_tables: Tables) -> None:
    """Without its one row the gate would let everybody through, so nobody writes."""
    with engine.begin() as connection:
        connection.execute(delete(own_tables.gate))
    users = SqlUserRepository(engine, tables=own_tables)
    with refuses(ContractBroken, "create_tables"):
        save(users, a_user("ann", SECRET))
    with refuses(ContractBroken, "create_tables"):
        SqlSchoolDirectory(engine, tables=own_tables).save(HILL_SCHOOL, HILL_ADDED)
    assert history(users) == ()
    create_tables(engine, tables=own_tables)
    save(users, a_user("ann", SECRET))


def test_a_unique_key_taken_by_other_hands(engine: Engine, own_tables: Tables) -> None:
    """A row that others wrote around the gate is found out by the database: decide again."""
    with engine.begin() as connection:
        connection.execute(text("CREATE UNIQUE INDEX by_hand ON spoilt_users (given_name)"))
    users = SqlUserRepository(engine, tables=own_tables)
    (ann,) = save(users, a_user("ann", given_name=SECRET))
    with refuses(StaleUser):
        save(users, a_user("other"), a_user("ben", SECRET, given_name=SECRET))
    assert users.search(UserQuery(school=HILL)).items == (ann,)
    assert len(history(users)) == 1


def test_what_the_columns_cannot_hold(store: str, engine: Engine) -> None:
    """A value that is too long or impossible is the developer's to see; SQLite takes any length."""
    users = SqlUserRepository(engine)
    name = None if store == "sqlite" else SECRET * 20
    with refuses(ContractBroken):
        save(users, a_user("ann", SECRET, given_name=name, family_name=SECRET))
    assert history(users) == ()


def test_a_server_that_is_not_there(store: str) -> None:
    """Every call on a server that does not answer can be tried again later."""
    urls = {
        "sqlite": URL.create("sqlite", database="/nowhere/at/all.db"),
        "postgresql": URL.create("postgresql+psycopg", host="127.0.0.1", port=1),
        "mariadb": URL.create("mysql+pymysql", host="127.0.0.1", port=1),
    }
    engine = create_engine(urls[store])
    for call in everything(SqlUserRepository(engine)):
        with refuses(StorageUnavailable):
            call()
    engine.dispose()


def test_no_connection_is_free(engine: Engine, databases: Databases) -> None:
    """A pool that has no connection left is no reason to fail for good."""
    small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with small.connect():
        for call in everything(SqlUserRepository(small)):
            with refuses(StorageUnavailable):
                call()
    small.dispose()


@pytest.mark.parametrize("store", ["postgresql", "mariadb"])
def test_a_connection_that_is_lost(store: str, databases: Databases) -> None:
    """A connection that the server ends fails one call; the next has a new connection."""
    main = databases.backend(store).engine
    assert main is not None
    (ann,) = save(SqlUserRepository(main), a_user("ann"))
    single = create_engine(main.url, pool_size=1, max_overflow=0)
    users = SqlUserRepository(single)
    own_id, kill = {
        "postgresql": ("pg_backend_pid()", "SELECT pg_terminate_backend({})"),
        "mariadb": ("connection_id()", "KILL {}"),
    }[store]
    for call in everything(users):
        with single.connect() as connection:
            number = connection.execute(text(f"SELECT {own_id}")).scalar()
        with main.connect() as connection:
            connection.execute(text(kill.format(number)))
        with refuses(StorageUnavailable):
            call()
        assert read(users, ann) == [ann]
    assert len(history(users)) == 1
    single.dispose()


def test_a_closed_connection_is_the_hosts_mistake(engine: Engine) -> None:
    """A joined connection that the host has closed already is told as such."""
    with engine.connect() as host:
        users = SqlUserRepository(host)
    with refuses(ContractBroken, "connection"):
        users.find([EmailAddress.parse(SECRET)])
    with refuses(ContractBroken, "connection"):
        save(users, a_user("ann", SECRET))


def test_the_codes_of_other_drivers() -> None:
    """Codes are found where psycopg2 and MySQL's own driver keep them, and never texts."""

    class Psycopg2Error(Exception):
        pgcode = "40001"

    class ConnectorError(Exception):
        errno = 1213
        sqlstate = "40001"

    def code(error: Exception) -> str:
        return driver_code(OperationalError("SELECT", {}, error))

    assert code(Psycopg2Error("text")) == "40001"
    assert code(ConnectorError("text")) == "1213"
    assert code(Exception("could not connect")) == "Exception"
    assert code(Exception()) == "Exception"
