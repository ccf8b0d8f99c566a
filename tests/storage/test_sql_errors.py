"""What becomes of a database's errors: typed, told apart, and free of what drivers write."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import URL, Engine, MetaData, create_engine, delete, event, insert, select, text
from sqlalchemy.exc import OperationalError

from schoolauth.errors import (
    ContractBroken,
    SchoolAuthError,
    StaleUser,
    StorageUnavailable,
)
from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.events import SchoolAdded
from schoolauth.model.names import EmailAddress
from schoolauth.model.school import School
from schoolauth.storage import sql_gate
from schoolauth.storage.sql import (
    SqlSchoolDirectory,
    SqlUserRepository,
    Tables,
    build_tables,
    create_tables,
)
from schoolauth.storage.sql_binding import driver_code
from schoolauth.storage.sql_tables import standard_tables
from tests.databases import SQL_STORES, Databases
from tests.storage.people import HILL, NOW, a_user, edited, history, read, save
from tests.storage.waiting import wait_for_a_waiter

SECRET = "secret.person@x.example"
HILL_SCHOOL = School("hill", "Hill", "head@x.example")
HILL_ADDED = SchoolAdded(at=NOW, school=HILL_SCHOOL.code)


def assert_clean(error: SchoolAuthError) -> None:
    """Nothing of the driver is left in *error*, neither its text nor the error itself."""
    assert error.__cause__ is None
    assert error.__context__ is None
    told = f"{error!r} {error.args} {error.message} {error.details()} {vars(error)}"
    assert SECRET.split("@", maxsplit=1)[0] not in told.lower()
    assert "INSERT" not in told.replace("INSERT INTO", "")


@contextmanager
def refuses(kind: type[SchoolAuthError], match: str | None = None) -> Iterator[None]:
    """Expect a clean error of exactly *kind*."""
    with pytest.raises(kind, match=match) as refused:
        yield
    assert type(refused.value) is kind
    assert_clean(refused.value)


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(store: str, databases: Databases) -> Engine:
    made = databases.stock(store).engine
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
    main = databases.stock(store).engine
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


@pytest.mark.parametrize("store", ["postgresql", "mariadb"])
def test_locks_are_not_waited_for_without_end(
    store: str, engine: Engine, own_tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row, a gate or a school that others hold is given up after the bound, and told."""
    monkeypatch.setattr(sql_gate, "LOCK_SECONDS", 1)
    users = SqlUserRepository(engine, tables=own_tables)
    schools = SqlSchoolDirectory(engine, tables=own_tables)
    (ann,) = save(users, a_user("ann"))
    with engine.begin() as holder:
        holder.execute(select(own_tables.users).with_for_update()).all()
        with refuses(StorageUnavailable):
            save(users, replace(ann, given_name="Changed"))
    with engine.begin() as holder:
        holder.execute(select(own_tables.gate).with_for_update()).all()
        with refuses(StorageUnavailable):
            save(users, a_user("ben"))
        with refuses(StorageUnavailable):
            schools.save(HILL_SCHOOL, HILL_ADDED)
    assert read(users, ann) == [ann]
    assert schools.list().items == ()
    assert len(history(users)) == 1


def test_a_locked_sqlite_file(databases: Databases) -> None:
    """Where another writer keeps SQLite's one lock, the driver's own timeout ends the wait."""
    engine = databases.stock("sqlite").engine
    assert engine is not None
    hurried = create_engine(engine.url, connect_args={"timeout": 0.05})
    users = SqlUserRepository(hurried)
    with sqlite3.connect(str(engine.url.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        with refuses(StorageUnavailable, "SQLITE_BUSY"):
            save(users, a_user("ann", SECRET))
        with refuses(StorageUnavailable, "SQLITE_BUSY"):
            users.save(Change(events=[edited()]))
        other.rollback()
    other.close()
    save(users, a_user("ann", SECRET))
    hurried.dispose()


def test_a_serialization_failure_is_stale(databases: Databases) -> None:
    """At REPEATABLE READ, PostgreSQL gives up who comes second: decide again."""
    engine = databases.stock("postgresql").engine
    assert engine is not None
    plain = SqlUserRepository(engine)
    ann, ben = save(plain, a_user("ann"), a_user("ben"))
    strict = create_engine(engine.url, isolation_level="REPEATABLE READ")
    codes: list[str] = []

    @event.listens_for(strict, "before_cursor_execute")
    def come_between(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "ORDER BY" in statement and "FOR NO KEY UPDATE" in statement:  # the gate is passed
            save(plain, replace(ann, given_name="Between"))

    @event.listens_for(strict, "handle_error")
    def note(context: Any) -> None:
        codes.append(driver_code(context.sqlalchemy_exception))

    with refuses(StaleUser):
        save(SqlUserRepository(strict), replace(ann, given_name="Late"), unchanged=[ben])
    assert codes == ["40001"]
    strict.dispose()


@pytest.mark.parametrize("store", ["postgresql", "mariadb"])
def test_a_deadlock_is_stale(store: str, engine: Engine) -> None:
    """Where other code locks rows in another order, whom the database gives up decides again."""
    users = SqlUserRepository(engine)
    people = save(users, *(a_user(name) for name in ("ann", "ben")))
    ours = create_engine(engine.url)
    codes: list[str] = []
    holds_ben, holds_ann = threading.Event(), threading.Event()
    one_row = text("SELECT id FROM schoolauth_users WHERE id = :id FOR UPDATE")

    def against() -> None:
        with engine.begin() as connection:
            if store == "postgresql":  # it gives up whoever looks for deadlocks first
                connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))
            # MariaDB gives up who has written less
            connection.execute(
                insert(standard_tables().events), [edited().to_record() for _ in range(50)]
            )
            connection.execute(one_row, {"id": "ben"})
            holds_ben.set()
            assert holds_ann.wait(30)
            connection.execute(one_row, {"id": "ann"})
            connection.rollback()

    @event.listens_for(ours, "before_cursor_execute")
    def take_ann_first(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "ORDER BY" in statement and " UPDATE" in statement:
            cursor.execute("SELECT id FROM schoolauth_users WHERE id = 'ann' FOR UPDATE")
            holds_ann.set()
            wait_for_a_waiter(engine)

    @event.listens_for(ours, "handle_error")
    def note(context: Any) -> None:
        codes.append(driver_code(context.sqlalchemy_exception))

    thread = threading.Thread(target=against)
    thread.start()
    assert holds_ben.wait(30)
    with refuses(StaleUser):
        save(SqlUserRepository(ours), *people)
    thread.join(60)
    assert codes == [{"postgresql": "40P01", "mariadb": "1213"}[store]]
    assert read(users, *people) == people
    ours.dispose()


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
