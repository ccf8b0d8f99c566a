"""What the benchmarks run on: many accounts, and databases set up as a server would be."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import URL, Engine, create_engine, event

from schoolauth.model.change import Change
from schoolauth.model.events import UserAdded
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.user import Role, Status, StoredPassword, User
from schoolauth.ports import UserRepository
from schoolauth.storage.sql import create_tables
from tests.databases import Databases

KEY = "a key for benchmarks only, no secret"
PASSWORD = "Chalkboard7"
SQL_STORES = ("sqlite", "postgresql")
SCHOOL = SchoolCode.parse("wg204nx")
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def person(number: int, password: StoredPassword | None = None) -> User:
    """Return the account *number*, who has signed in today already if there is a password."""
    return User(
        id=UserId.parse(f"{number:032x}"),
        school=SCHOOL,
        username=Username.parse(f"wg204nx_teacher{number}"),
        email=EmailAddress.stored(f"t{number}@hill.example.org", f"t{number}@hill.example.org"),
        given_name=f"Given{number}",
        family_name=f"Family{number}",
        role=Role.TEACHER,
        status=Status.INVITED if password is None else Status.ACTIVE,
        status_since=TODAY,
        created_at=TODAY,
        password=password,
        last_login_at=None if password is None else TODAY,
    )


def added(people: list[User]) -> Change:
    """Return the change that adds *people*, with an event for each."""
    return Change(people, [UserAdded(at=TODAY, school=one.school, user=one.id) for one in people])


def fill(users: UserRepository, count: int, password: StoredPassword | None = None) -> list[User]:
    """Save *count* accounts, 10,000 at a time, and return them as they are stored."""
    people = [person(number, password) for number in range(count)]
    for start in range(0, count, 10_000):
        users.save(added(people[start : start + 10_000]))
    return [one.saved() for one in people]


@contextmanager
def databases() -> Iterator[Databases]:
    """Scratch databases that are dropped at the end."""
    made = Databases()
    try:
        yield made
    finally:
        made.close()


@contextmanager
def redis_with_prefix() -> Iterator[tuple[Redis, str]]:
    """Yield the client of a Redis and a prefix of keys, which are deleted at the end."""
    client = Redis.from_url(os.environ.get("SCHOOLAUTH_TEST_REDIS", "redis://127.0.0.1:6379/0"))
    prefix = f"schoolauth_bench_{secrets.token_hex(4)}"
    try:
        yield client, prefix
    finally:
        for left in client.scan_iter(f"{{{prefix}}}:*", count=1000):
            client.delete(left)
        client.close()


def new_engine(made: Databases, store: str) -> Engine | None:
    """Return the engine of a new database with the tables; None, and a word, without a server."""
    try:
        url = made.url(store)
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        sys.stderr.write(f"left out: {missing}\n")
        return None
    engine = open_engine(url)
    made._closing.append(engine.dispose)
    create_tables(engine)
    return engine


def open_engine(url: URL) -> Engine:
    """Return an engine; SQLite keeps a write-ahead log and syncs it now and then, as usual."""
    engine = create_engine(url)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _sqlite_for_servers)
    return engine


def _sqlite_for_servers(connection: Any, record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def analyze(engine: Engine) -> None:
    """Let the database count its rows, as it would by itself in an hour."""
    if engine.dialect.name == "mysql":
        return  # MariaDB has ANALYZE for one table at a time, and plans these by their keys
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
