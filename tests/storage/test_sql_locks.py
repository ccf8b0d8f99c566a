"""Locks that others hold: a bounded wait, and a decision that can be made again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, create_engine, event, insert, select, text

from schoolauth.errors import (
    StaleUser,
    StorageUnavailable,
)
from schoolauth.model.change import Change
from schoolauth.storage.sql import (
    SqlSchoolDirectory,
    SqlUserRepository,
    Tables,
    build_tables,
    create_tables,
    locks,
)
from schoolauth.storage.sql.binding import driver_code
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.repository.sample_accounts import a_user, edited, history, read, save
from tests.databases import SQL_STORES, Databases
from tests.storage.refusals import HILL_ADDED, HILL_SCHOOL, SECRET, refuses
from tests.storage.waiting import wait_for_a_waiter


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


@pytest.mark.parametrize("store", ["postgresql", "mariadb"])
def test_locks_are_not_waited_for_without_end(
    store: str, engine: Engine, own_tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row, a gate or a school that others hold is given up after the bound, and told."""
    monkeypatch.setattr(locks, "LOCK_SECONDS", 1)
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
    engine = databases.backend("sqlite").engine
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
    engine = databases.backend("postgresql").engine
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
