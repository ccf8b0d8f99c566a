"""When a server gives up the host's transaction, or its snapshot is old: no half is committed."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import (
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import PendingRollbackError

from schoolauth.errors import (
    EmailTaken,
    StaleUser,
    StorageUnavailable,
)
from schoolauth.storage.sql import SqlUserRepository, create_tables
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.repository.sample_accounts import a_user, history, read, save
from tests.databases import Databases
from tests.storage.host import HOST_ROWS, Host
from tests.storage.waiting import wait_for_a_waiter


@pytest.mark.parametrize("kind", ["connection", "session"])
def test_mariadb_deadlock_in_the_hosts_transaction(kind: str, databases: Databases) -> None:
    """The server rolled the host's rows back: it cannot commit what it writes afterwards."""
    engine = databases.backend("mariadb").engine
    assert engine is not None
    HOST_ROWS.create(engine, checkfirst=True)
    with engine.begin() as connection:
        connection.execute(delete(HOST_ROWS))
    outside = SqlUserRepository(engine)
    ann, ben = save(outside, a_user("ann"), a_user("ben"))
    users_table = standard_tables().users.c
    rows = select(users_table.id).with_for_update()

    def other() -> None:
        """Hold ben with much at stake, so that the server gives up the host; then want ann."""
        with engine.begin() as connection:
            connection.execute(insert(HOST_ROWS), [{"id": n} for n in range(200, 250)])
            connection.execute(rows.where(users_table.id == "ben")).all()
            holds_ben.set()
            connection.execute(rows.where(users_table.id == "ann")).all()

    holds_ben = threading.Event()
    thread = threading.Thread(target=other)
    with Host(engine, kind).transaction() as bind:
        bind.execute(rows.where(users_table.id == "ann")).all()
        bind.execute(insert(HOST_ROWS), {"id": 100, "note": "before"})
        thread.start()
        assert holds_ben.wait(30)
        wait_for_a_waiter(engine)
        with pytest.raises(StorageUnavailable) as failed:
            save(SqlUserRepository(bind), replace(ben, given_name="Changed"))
        assert "1213" in str(failed.value)
        assert failed.value.__context__ is None
        with pytest.raises(PendingRollbackError):
            bind.execute(insert(HOST_ROWS), {"id": 101, "note": "after"})
        with pytest.raises(PendingRollbackError):
            bind.commit()
        bind.rollback()
    thread.join(60)
    assert Host(engine, kind).rows() == 50
    assert read(outside, ann, ben) == [ann, ben]
    assert len(history(outside)) == 1


def test_mariadb_old_snapshot_in_the_hosts_transaction(databases: Databases) -> None:
    """A decision on what the host's old snapshot shows is stale, and keys are seen past it."""
    engine = databases.backend("mariadb").engine
    assert engine is not None
    outside = SqlUserRepository(engine)
    (ann,) = save(outside, a_user("ann"))
    with engine.connect() as host:
        users = SqlUserRepository(host)
        assert read(users, ann) == [ann]
        save(outside, replace(ann, given_name="Newer"), a_user("ben", "ben@x.example"))
        assert read(users, ann) == [ann]
        with pytest.raises(StaleUser):
            save(users, replace(ann, given_name="Older"))
        with pytest.raises(EmailTaken):
            save(users, a_user("cat", "ben@x.example"))
        host.rollback()


def test_mariadb_strict_snapshots(databases: Databases) -> None:
    """Where the server refuses rows that are newer than the snapshot, the host must start anew."""
    outside_engine = databases.backend("mariadb").engine
    assert outside_engine is not None
    engine = databases.open(
        outside_engine.url, connect_args={"init_command": "SET innodb_snapshot_isolation = ON"}
    )
    outside = SqlUserRepository(engine)
    (ann,) = save(outside, a_user("ann"))
    with engine.connect() as host:
        users = SqlUserRepository(host)
        assert read(users, ann) == [ann]
        save(outside, replace(ann, given_name="Newer"))
        with pytest.raises(StorageUnavailable, match="1020"):
            save(users, replace(ann, given_name="Older"))
        with pytest.raises(PendingRollbackError):
            host.commit()
        host.rollback()


def test_postgresql_serialization_failure_in_the_hosts_transaction(databases: Databases) -> None:
    """A host at REPEATABLE READ hears of a change since its snapshot, and nothing is kept."""
    engine = databases.backend("postgresql").engine
    assert engine is not None
    outside = SqlUserRepository(engine)
    (ann,) = save(outside, a_user("ann"))
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as host:
        users = SqlUserRepository(host)
        assert read(users, ann) == [ann]
        (newer,) = save(outside, replace(ann, given_name="Newer"))
        with pytest.raises(StorageUnavailable):
            save(users, replace(ann, given_name="Older"))
        with pytest.raises(StorageUnavailable, match="25P02"):
            users.find([ann.id])
        host.rollback()
    assert read(outside, ann) == [newer]


@pytest.mark.parametrize("store", ["mariadb"])
def test_a_read_that_ends_the_hosts_transaction(store: str, databases: Databases) -> None:
    """At SERIALIZABLE even a read can be rolled back by MariaDB: the host cannot go on then."""
    engine = databases.backend(store).engine
    assert engine is not None
    outside = SqlUserRepository(engine)
    (ann,) = save(outside, a_user("ann"))
    serializable = engine.execution_options(isolation_level="SERIALIZABLE")
    with serializable.connect() as host, engine.begin() as other:
        host.execute(text("SET innodb_lock_wait_timeout = 1"))
        other.execute(update(standard_tables().users).values(given_name="held"))
        with pytest.raises(StorageUnavailable, match="1205"):
            SqlUserRepository(host).find([ann.id])
        with pytest.raises(PendingRollbackError):
            host.commit()
        host.rollback()


def test_sqlite_with_transactions_of_the_driver(databases: Databases) -> None:
    """A host that lets SQLite's driver begin every transaction joins just as well."""
    url = databases.url("sqlite")
    engine = databases.open(url)
    create_tables(engine)
    with engine.connect() as host:
        host.exec_driver_sql("BEGIN")
        save(SqlUserRepository(host), a_user("ann"))
        host.rollback()
    assert history(SqlUserRepository(engine)) == ()
