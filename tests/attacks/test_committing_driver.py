"""A driver that commits each statement by itself: the way to half of a change."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event

from schoolauth import NotConfigured, School, SchoolAuth
from schoolauth.storage.sql import SqlSchoolDirectory, SqlStore, SqlUserRepository, create_tables
from tests.databases import Databases
from tests.service.world import HASHER, KEY, PASSWORD, World, make_world

DRIVERS: list[tuple[str, dict[str, Any]]] = [
    ("sqlite", {"isolation_level": None}),
    ("postgresql", {"autocommit": True}),
    ("mariadb", {"autocommit": True}),
]
if sys.version_info >= (3, 12):
    DRIVERS.append(("sqlite", {"autocommit": True}))


@contextmanager
def opened(databases: Databases, store: str, options: dict[str, Any]) -> Iterator[Engine]:
    url = databases.url(store)
    engine = create_engine(url)
    create_tables(engine)
    engine.dispose()
    committing = create_engine(url, connect_args=options)
    try:
        yield committing
    finally:
        committing.dispose()


def world_on(engine: Engine) -> World:
    return make_world(SqlUserRepository(engine), SqlSchoolDirectory(engine))


@pytest.mark.parametrize(("store", "options"), DRIVERS, ids=str)
def test_a_driver_that_commits_by_itself_is_refused(
    store: str, options: dict[str, Any], databases: Databases
) -> None:
    """An account without its event, or two first holders of a key: neither can come about."""
    with opened(databases, store, options) as engine:
        with pytest.raises(NotConfigured):
            world_on(engine)
        assert SqlSchoolDirectory(engine).list().items == ()


@pytest.mark.parametrize(("store", "options"), DRIVERS, ids=str)
def test_a_hosts_own_connection_that_commits_by_itself_is_refused(
    store: str, options: dict[str, Any], databases: Databases
) -> None:
    """Joined to it, a refused change would leave a trace, and a rollback would undo nothing."""
    with opened(databases, store, options) as engine, engine.connect() as connection:
        auth = SchoolAuth(SqlStore(engine), secret_key=KEY, hasher=HASHER)
        joined = auth.within(
            SqlStore(connection),
            mailer=None,
        )
        desk = joined.support(by="x")
        with pytest.raises(NotConfigured):
            desk.add_school(School("wg204nx", "Hill Primary"))


def test_a_driver_that_is_told_when_to_begin_is_welcome(databases: Databases) -> None:
    """SQLAlchemy's own recipe for SQLite, where an event says BEGIN."""
    with opened(databases, "sqlite", {"isolation_level": None}) as engine:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        world = world_on(engine)
        assert world.auth.log_in("wg204nx_admin", PASSWORD).user.id == world.admin.id
