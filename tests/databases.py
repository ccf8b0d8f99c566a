"""How the tests reach stores: in memory, and one scratch database per server and test process.

``SCHOOLAUTH_TEST_POSTGRESQL`` and ``SCHOOLAUTH_TEST_MARIADB`` are SQLAlchemy URLs of accounts that
may create databases. A server that is not there skips its tests with the reason, and fails them
where ``CI=true``.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, delete, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from schoolauth.ports import SchoolDirectory, UserRepository
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.storage.sql import SqlSchoolDirectory, SqlUserRepository, create_tables
from schoolauth.storage.sql.tables import standard_tables

SQL_STORES = ("sqlite", "postgresql", "mariadb")
STORES = ("memory", *SQL_STORES)
_SERVERS = {
    "postgresql": (
        "SCHOOLAUTH_TEST_POSTGRESQL",
        "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    ),
    "mariadb": ("SCHOOLAUTH_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4"),
}


@dataclass(frozen=True)
class Backend:
    """A store to test: its accounts, its schools, and the engine below, if there is one."""

    users: UserRepository
    schools: SchoolDirectory
    engine: Engine | None = None


class Databases:
    """The scratch databases of this test process, each made at its first use."""

    def __init__(self) -> None:
        self._name = f"schoolauth_test_{os.getpid()}_{secrets.token_hex(4)}"
        self._engines: dict[str, Engine] = {}
        self._closing: list[Callable[[], object]] = []

    def backend(self, store: str) -> Backend:
        """Return *store*, empty; one process has one of each server, so use one at a time."""
        if store == "memory":
            users = MemoryUserRepository()
            return Backend(users, MemorySchoolDirectory(users))
        engine = self.engine(store)
        with engine.begin() as connection:
            for table in standard_tables():
                if table is not standard_tables().gate:
                    connection.execute(delete(table))
        return Backend(SqlUserRepository(engine), SqlSchoolDirectory(engine), engine)

    def engine(self, store: str) -> Engine:
        """Return the engine of the scratch database of *store*, with the tables in it."""
        if store not in self._engines:
            url = self.url(store)
            engine = self.open(url)
            create_tables(engine)
            self._engines[store] = engine
        return self._engines[store]

    def url(self, store: str) -> URL:
        """Return the URL of a new scratch database, which is dropped when the tests end."""
        name = f"{self._name}_{len(self._closing)}"
        if store == "sqlite":
            folder = tempfile.TemporaryDirectory()
            self._closing.append(folder.cleanup)
            return URL.create("sqlite", database=str(Path(folder.name) / "accounts.db"))
        variable, default = _SERVERS[store]
        server = make_url(os.environ.get(variable, default))
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        missing = None
        try:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
                if store == "postgresql":  # nothing here must outlive a power cut
                    off = f"ALTER DATABASE {name} SET synchronous_commit = off"
                    connection.exec_driver_sql(off)
        except SQLAlchemyError as error:
            missing = (
                f"no {store} server to test with (set {variable}): {str(error).splitlines()[0]}"
            )
        if missing is not None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)

        def drop() -> None:
            force = " WITH (FORCE)" if store == "postgresql" else ""
            with admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
            admin.dispose()

        self._closing.append(drop)
        return server.set(database=name)

    def open(self, url: URL, **options: Any) -> Engine:
        """Return an engine for *url*; it is disposed of when the tests end."""
        if url.get_backend_name() == "sqlite":
            engine = create_engine(url, connect_args={"timeout": 30}, **options)
            event.listen(engine, "connect", _quick_sqlite)
        else:
            # a server has 100 connections for all test processes: keep few while nothing runs
            engine = create_engine(url, pool_size=2, max_overflow=18, **options)
        self._closing.append(engine.dispose)
        return engine

    def close(self) -> None:
        """Drop everything that was made, newest first."""
        while self._closing:
            self._closing.pop()()
        self._engines.clear()


def _quick_sqlite(connection: Any, record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
