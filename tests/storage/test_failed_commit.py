"""A commit that fails: what was refused must not come back with the next commit."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from schoolauth.errors import StorageUnavailable
from schoolauth.storage.sql import SqlUserRepository, create_tables
from schoolauth.testing.repository.sample_accounts import a_user, read, save
from tests.databases import SQL_STORES, Databases


def test_a_file_that_is_busy_at_the_commit_keeps_nothing_of_it(tmp_path: Path) -> None:
    """Somebody reads the file: the save fails, its transaction ends, and the next save goes on."""
    path = tmp_path / "accounts.db"
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.01}, pool_size=1)
    create_tables(engine)
    users = SqlUserRepository(engine)
    (first,) = save(users, a_user("first"))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM schoolauth_users").fetchall()
    with pytest.raises(StorageUnavailable, match="SQLITE_BUSY"):
        save(users, replace(first, given_name="Refused"))
    assert read(users, first) == [first]
    reader.execute("COMMIT")
    writer = sqlite3.connect(path, timeout=0.01, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")  # nobody holds the file
    writer.close()
    reader.close()
    save(users, a_user("second"))
    assert read(users, first) == [first]
    engine.dispose()


@pytest.fixture(params=SQL_STORES)
def engine(request: pytest.FixtureRequest, databases: Databases) -> Engine:
    """Each SQL store in turn."""
    made = databases.backend(request.param).engine
    assert made is not None
    return made


@pytest.mark.parametrize("lost", [False, True], ids=["refused", "lost"])
def test_a_connection_that_cannot_even_roll_back_is_thrown_away(
    lost: bool, engine: Engine, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the driver says of it, the next call has another connection and an empty one."""
    single = databases.open(engine.url)
    users = SqlUserRepository(single)
    (first,) = save(users, a_user("first"))
    with single.connect() as connection:
        before = connection.connection.dbapi_connection
        failure = connection.dialect.loaded_dbapi.OperationalError

    def fail(*_: object) -> None:
        raise failure("not now")

    with monkeypatch.context() as broken:
        broken.setattr(single.dialect, "do_commit", fail)
        broken.setattr(single.dialect, "is_disconnect", lambda *_: lost)
        broken.setattr("sqlalchemy.pool.base._ConnectionFairy.rollback", fail, raising=False)
        with pytest.raises(StorageUnavailable):
            save(users, replace(first, given_name="Refused"))
    assert read(users, first) == [first]
    with single.connect() as connection:
        assert connection.connection.dbapi_connection is not before
