"""Stores inside a host's own transaction, by Connection and by Session, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    MetaData,
    delete,
    insert,
    text,
)
from sqlalchemy.exc import PendingRollbackError

from schoolauth.errors import (
    EmailTaken,
    NotConfigured,
    SchoolTaken,
    StorageUnavailable,
)
from schoolauth.model.change import Change, UserQuery
from schoolauth.model.events import SchoolAdded
from schoolauth.model.names import UserId
from schoolauth.model.school import School
from schoolauth.ports import UserRepository
from schoolauth.storage.sql import SqlSchoolDirectory, SqlUserRepository
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.behaviour import Behaviour, Maker, show
from schoolauth.testing.repository import REPOSITORY
from schoolauth.testing.repository.sample_accounts import (
    NOW,
    a_user,
    history,
    read,
    save,
    signed_in,
)
from tests.databases import SQL_STORES, Databases
from tests.storage.host import HOST_ROWS, Host

JOINED = [each for each in REPOSITORY.behaviours if each.needs == "join"]
HILL_SCHOOL = School("hill", "Hill")
HILL_ADDED = SchoolAdded(at=NOW, school=HILL_SCHOOL.code)


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["connection", "session", "scoped-session"])
def host(request: pytest.FixtureRequest, store: str, databases: Databases) -> Host:
    engine = databases.backend(store).engine
    assert engine is not None
    HOST_ROWS.create(engine, checkfirst=True)
    with engine.begin() as connection:
        connection.execute(delete(HOST_ROWS))
    return Host(engine, str(request.param))


def host_writes(bind: Any) -> None:
    bind.execute(insert(HOST_ROWS), {"note": "the host's"})


def test_the_hosts_commit_keeps_everything(host: Host) -> None:
    """Nothing is visible outside until the host commits; then its rows and ours are."""
    outside = SqlUserRepository(host.engine)
    with host.transaction() as bind:
        users = SqlUserRepository(bind)
        assert users.joined
        assert not outside.joined
        host_writes(bind)
        (ann,) = save(users, a_user("ann", "ann@x.example"))
        users.save(Change(events=[signed_in(ann)]))
        assert len(history(users)) == 2
        assert users.search(UserQuery(school=ann.school)).items == (ann,)
        assert outside.find([ann.id]) == {}
        bind.commit()
    assert outside.find([ann.id]) == {ann.id: ann}
    assert len(history(outside)) == 2
    assert host.rows() == 1


@pytest.mark.parametrize("behaviour", JOINED, ids=[behaviour.id for behaviour in JOINED])
def test_each_kind_of_host_has_a_guest(
    behaviour: Behaviour[UserRepository], host: Host, store: str, databases: Databases
) -> None:
    """What the contract says of joined repositories holds with every kind of transaction."""

    @contextmanager
    def join(users: UserRepository) -> Iterator[UserRepository]:
        with host.transaction() as bind:
            host_writes(bind)
            try:
                yield SqlUserRepository(bind)
            except BaseException:
                bind.rollback()
                raise
            bind.commit()

    show(behaviour, Maker(REPOSITORY, lambda: databases.backend(store).users, {"join": join}))


def test_a_refusal_in_the_hosts_transaction_leaves_the_hosts_rows(host: Host) -> None:
    """What the host wrote before stays, and no driver's error hangs on the refusal."""
    (ann,) = save(SqlUserRepository(host.engine), a_user("ann", "ann@x.example"))
    with host.transaction() as bind:
        host_writes(bind)
        with pytest.raises(EmailTaken) as refused:
            save(SqlUserRepository(bind), a_user("ben", str(ann.email)))
        assert refused.value.__context__ is None
        bind.commit()
    assert host.rows() == 1


def test_schools_join_too(host: Host) -> None:
    """A directory joins the same transaction, refuses without a trace, and commits nothing."""
    outside = SqlSchoolDirectory(host.engine)
    with host.transaction() as bind:
        schools = SqlSchoolDirectory(bind)
        assert schools.joined
        schools.save(HILL_SCHOOL, HILL_ADDED)
        with pytest.raises(SchoolTaken):
            schools.save(HILL_SCHOOL, HILL_ADDED)
        assert schools.list().items == (HILL_SCHOOL,)
        bind.rollback()
    assert outside.list().items == ()
    assert history(SqlUserRepository(host.engine)) == ()


def test_a_key_moves_inside_the_hosts_transaction(host: Host) -> None:
    """Swaps and moves work joined as they do alone."""
    outside = SqlUserRepository(host.engine)
    ann, ben = save(outside, a_user("ann", "a@x.example"), a_user("ben", "b@x.example"))
    with host.transaction() as bind:
        save(
            SqlUserRepository(bind),
            replace(ann, email=ben.email, username=ben.username),
            replace(ben, email=ann.email, username=ann.username),
        )
        bind.commit()
    assert [user.email for user in read(outside, ann, ben)] == [ben.email, ann.email]


def test_a_host_without_transactions_is_refused(host: Host) -> None:
    """In AUTOCOMMIT a change could be written by half, so it is not written at all."""
    autocommit = host.engine.execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(NotConfigured):
        SqlUserRepository(autocommit)
    with Host(autocommit, host.kind).transaction() as bind, pytest.raises(NotConfigured):
        save(SqlUserRepository(bind), a_user("ann"))
    assert history(SqlUserRepository(host.engine)) == ()


def test_an_engine_made_without_transactions_is_refused(databases: Databases) -> None:
    """Whether the engine was told so when it was made, or later, each save would be by halves."""
    engine = databases.open(databases.url("sqlite"), isolation_level="AUTOCOMMIT")
    with pytest.raises(NotConfigured):
        SqlUserRepository(engine)
    with engine.connect() as connection, pytest.raises(NotConfigured):
        save(SqlUserRepository(connection), a_user("ann"))


def test_an_unexpected_error_spoils_the_hosts_transaction(store: str, host: Host) -> None:
    """Where the database itself fails in the middle of a change, no half of it is committed."""
    engine = host.engine
    outside = SqlUserRepository(engine)
    with _unique_given_names(engine):
        save(outside, a_user("ann", given_name="Only"))
        with host.transaction() as bind:
            host_writes(bind)
            users = SqlUserRepository(bind)
            with pytest.raises(StorageUnavailable) as failed:
                save(users, a_user("ben", given_name="Ben"), a_user("cat", given_name="Only"))
            assert "Only" not in repr(failed.value)
            assert failed.value.__cause__ is failed.value.__context__ is None
            if store != "postgresql":  # which turns the commit into a rollback by itself
                with pytest.raises(PendingRollbackError):
                    host_writes(bind)
            bind.rollback()
    assert outside.find([UserId.parse("ben"), UserId.parse("cat")]) == {}
    assert len(history(outside)) == 1
    assert host.rows() == 0


@contextmanager
def _unique_given_names(engine: Engine) -> Iterator[None]:
    table = standard_tables().users.name
    with engine.begin() as connection:
        connection.execute(text(f"CREATE UNIQUE INDEX host_index ON {table} (given_name)"))
    try:
        yield
    finally:
        suffix = f" ON {table}" if engine.dialect.name == "mysql" else ""
        with engine.begin() as connection:
            connection.execute(text(f"DROP INDEX host_index{suffix}"))


def test_bind_must_be_one_of_three(databases: Databases) -> None:
    """Anything else than an Engine, a Connection or a Session is a TypeError at once."""
    for bind in (databases.url("sqlite"), None, MetaData()):
        with pytest.raises(TypeError, match="Engine"):
            SqlUserRepository(bind)
