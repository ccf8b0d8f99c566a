"""Stores inside an asyncio host's transaction, by SQLAlchemy's `run_sync`, on each database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from schoolauth.errors import EmailTaken, NotConfigured
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.testing.repository.sample_accounts import a_user, history, save
from tests.databases import SQL_STORES, Databases

Bind = AsyncConnection | AsyncSession
DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", {"isolation_level": None}),
    "postgresql": ("postgresql+psycopg", {"autocommit": True}),
    "mariadb": ("mysql+aiomysql", {"autocommit": True}),
}
"""For each database its driver for asyncio, and what makes it commit each statement by itself."""


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def outside(store: str, databases: Databases) -> SqlUserRepository:
    """The empty store, seen from outside of the host's transaction."""
    users = databases.backend(store).users
    assert isinstance(users, SqlUserRepository)
    return users


@pytest.fixture
def url(store: str, databases: Databases) -> URL:
    return databases.engine(store).url.set(drivername=DRIVERS[store][0])


@asynccontextmanager
async def host(url: URL, kind: str, **options: Any) -> AsyncIterator[Bind]:
    """Yield a connection or a session whose transaction is rolled back unless it is committed."""
    engine = create_async_engine(url, **options)
    try:
        async with engine.connect() if kind == "connection" else AsyncSession(engine) as bind:
            yield bind
    finally:
        await engine.dispose()


@pytest.mark.parametrize("kind", ["connection", "session"])
def test_the_hosts_commit_keeps_everything_and_its_rollback_nothing(
    kind: str, url: URL, outside: SqlUserRepository
) -> None:
    """A refusal between them leaves no trace, and the transaction can go on."""

    def work(bind: Any) -> None:
        users = SqlUserRepository(bind)
        save(users, a_user("ann", "ann@x.example"))
        with pytest.raises(EmailTaken):
            save(users, a_user("ben", "ann@x.example"))
        save(users, a_user("cat"))

    async def run() -> None:
        async with host(url, kind) as bind:
            await bind.run_sync(work)
        assert history(outside) == ()
        async with host(url, kind) as bind:
            await bind.run_sync(work)
            await bind.commit()

    asyncio.run(run())
    people = [a_user(name).id for name in ("ann", "ben", "cat")]
    assert sorted(outside.find(people), key=str) == [people[0], people[2]]
    assert len(history(outside)) == 2


def test_a_driver_that_commits_by_itself_is_refused(
    store: str, url: URL, outside: SqlUserRepository
) -> None:
    """Each statement would be committed alone, so that a rollback would undo nothing."""

    async def run() -> None:
        async with host(url, "session", connect_args=DRIVERS[store][1]) as bind:
            with pytest.raises(NotConfigured):
                await bind.run_sync(lambda session: save(SqlUserRepository(session), a_user("a")))

    asyncio.run(run())
    assert history(outside) == ()
