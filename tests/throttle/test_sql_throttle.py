"""The throttle in a SQL database: its statements and rows, its errors, and the host's own work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from schoolauth.errors import ContractBroken, NotConfigured, StaleUser, StorageUnavailable
from schoolauth.ports import Bucket
from schoolauth.storage.sql import SqlThrottle, build_tables
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.throttle.buckets import at, bucket, passed, passes
from schoolauth.throttle import policy
from tests.databases import SQL_STORES
from tests.storage.refusals import SECRET, refuses
from tests.throttles import Throttles

COUNTS = standard_tables().counts
NAME = policy.NAME.bucket("name")
SOURCE = policy.SOURCE.bucket("source")
ACCOUNT = policy.ACCOUNT.bucket("account")
DAY = 24 * 60 * 60


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(store: str, throttles: Throttles) -> Engine:
    throttles.make(store)  # which leaves the table empty
    return throttles.engine(store)


@pytest.fixture
def throttle(engine: Engine) -> SqlThrottle:
    made = SqlThrottle(engine)
    made._until_prune = 1_000_000
    return made


def keys(engine: Engine) -> set[str]:
    """Return the keys that have a row."""
    with engine.connect() as connection:
        return set(connection.scalars(select(COUNTS.c.bucket)))


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that reach the database, by their first word, and COMMIT."""
    said: list[str] = []

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        said.append(statement)

    def listen_to_commit(_: Any) -> None:
        said.append("COMMIT")

    event.listen(engine, "before_cursor_execute", listen)
    event.listen(engine, "commit", listen_to_commit)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", listen)
        event.remove(engine, "commit", listen_to_commit)


# --- Statements and rows ---------------------------------------------------------------------

LOCKING = {
    "sqlite": ["INSERT", "SELECT"],
    "postgresql": ["SET", "INSERT"],
    "mariadb": ["SET", "SELECT"],  # SET STATEMENT … FOR INSERT, and a locking read
}


def first_words(said: list[str]) -> list[str]:
    return [statement.split()[0] for statement in said]


def test_a_try_is_one_transaction(store: str, engine: Engine, throttle: SqlThrottle) -> None:
    """The rows are locked, judged and written; a refusal that may show leaves nothing to write."""
    locking = LOCKING[store]
    with statements(engine) as said:
        passes(throttle, NAME, SOURCE)
    assert first_words(said) == [*locking, "UPDATE", "COMMIT"]
    passed(throttle, NAME, times=[0] * 8)
    with statements(engine) as said:
        assert not passes(throttle, NAME, policy.SOURCE.bucket("new"))
    assert first_words(said) == locking
    assert keys(engine) == {NAME.key, SOURCE.key}
    with statements(engine) as said:
        throttle.wait(NAME, at(0))
    assert [word for word in first_words(said) if word != "COMMIT"] == ["SELECT"]


def test_a_full_account_is_refused_with_the_same_work(
    engine: Engine, throttle: SqlThrottle
) -> None:
    """Strangers must not see that an account is full: its refusal writes what a place writes."""
    with statements(engine) as passing:
        assert passes(throttle, ACCOUNT)
    passed(throttle, ACCOUNT, times=[0] * 8)
    with statements(engine) as refusing:
        assert not passes(throttle, ACCOUNT)
    assert passing == refusing
    with statements(engine) as decoy:
        throttle.take([policy.ACCOUNT.decoy("nobody")], at(0), even_if_full=True)
    assert decoy == refusing


def test_rows_that_are_over_are_pruned_as_it_goes(engine: Engine, throttle: SqlThrottle) -> None:
    """Names that nobody types again do not stay; what counts, and a row of failures, does."""
    row, day = policy.failures_in_a_row(3).bucket("row"), bucket("day", (1, 3 * DAY))
    passes(throttle, row, day)
    throttle._until_prune = 0
    for number in range(10):
        passes(throttle, policy.NAME.bucket(str(number)))
    assert len(keys(engine)) == 12
    throttle._until_prune = 1
    passes(throttle, NAME, now=2 * DAY)
    assert len(keys(engine)) == 13
    passes(throttle, NAME, now=2 * DAY)
    assert keys(engine) == {row.key, day.key, NAME.key}


def test_a_pruning_that_fails_takes_no_answer_away(
    throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The try that has its place goes on; the next pruning will do."""

    def fail(*_: Any, **__: Any) -> None:
        raise StorageUnavailable

    throttle._until_prune = 0
    monkeypatch.setattr(throttle._binding, "read", fail)
    assert passes(throttle, bucket("name", (1, 300)))
    assert throttle._until_prune > 0
    monkeypatch.undo()
    assert throttle.wait(bucket("name", (1, 300)), at(0)) == 300


# --- Others at the same time -----------------------------------------------------------------


def test_a_transaction_that_was_given_up_is_tried_again(
    throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a deadlock, or under an isolation that is stricter than is needed; not for ever."""
    write, given_up = throttle._binding.write, [7]

    def give_up(work: Callable[[Connection], Any], **options: Any) -> None:
        if given_up[0]:
            given_up[0] -= 1
            raise StaleUser
        write(work, **options)

    monkeypatch.setattr(throttle._binding, "write", give_up)
    assert passes(throttle, bucket("name", (1, 300)))
    given_up[0] = 8
    with refuses(StorageUnavailable):
        throttle.give_back([bucket("name", (1, 300))], at(0))
    assert throttle.wait(bucket("name", (1, 300)), at(0)) == 300


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_strict_isolation_loses_no_try(engine: Engine) -> None:
    """A host whose engine is SERIALIZABLE shares the counts of one that is not."""
    strict = SqlThrottle(engine.execution_options(isolation_level="SERIALIZABLE"))
    assert [passes(each, NAME) for each in (strict, SqlThrottle(engine)) * 5].count(True) == 8


@pytest.mark.parametrize("store", ["postgresql", "mariadb"], indirect=True)
def test_no_lock_is_waited_for_without_end(engine: Engine, throttle: SqlThrottle) -> None:
    """A row that somebody else holds is waited for for five seconds, and then it is an error."""
    passes(throttle, NAME)
    said: list[str] = []

    def shorten(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> Any:
        said.append(statement)
        return statement.replace("'5s'", "'10ms'").replace("timeout=5", "timeout=0"), parameters

    with engine.connect() as other:
        other.execute(update(COUNTS).values(over_at=0))
        event.listen(engine, "before_cursor_execute", shorten, retval=True)
        try:
            with refuses(StorageUnavailable):
                throttle.take([NAME], at(0))
        finally:
            event.remove(engine, "before_cursor_execute", shorten)
    assert "5s" in said[0] or "innodb_lock_wait_timeout=5 " in said[0]


@pytest.mark.parametrize("store", ["postgresql", "mariadb"], indirect=True)
def test_the_servers_clock_counts_for_all_processes(
    throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the clock of a process says: every second try comes from one 12 hours ahead."""
    turns = count()

    def time_ns() -> int:
        return 10**18 + next(turns) % 2 * 12 * 60 * 60 * 10**9

    monkeypatch.setattr(time, "time_ns", time_ns)
    assert [throttle.take([NAME]) for _ in range(20)].count(None) == 8
    assert 140 <= throttle.wait(NAME) <= 150


# --- The host's transaction ------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Connection, Session])
def test_a_count_in_the_hosts_transaction_is_part_of_it(engine: Engine, kind: type[Any]) -> None:
    """It is gone with the host's rollback and stays with its commit, and commits nothing itself."""
    full = bucket("full", (1, 300), invented=True)
    with engine.connect() if kind is Connection else Session(engine) as host:
        host.execute(insert(standard_tables().gate), {"id": 2})
        joined = SqlThrottle(host)
        assert [passes(joined, full), passes(joined, full)] == [True, False]
        host.rollback()
        assert passes(joined, full)
        host.commit()
        assert not passes(joined, full, NAME)
        assert host.execute(select(func.count()).select_from(standard_tables().gate)).scalar() == 1
        host.rollback()
    assert SqlThrottle(engine).wait(full, at(0)) == 300


@pytest.mark.parametrize("store", ["postgresql", "mariadb"], indirect=True)
def test_what_was_counted_outlives_the_hosts_rollback(
    engine: Engine, throttle: SqlThrottle
) -> None:
    """The host's open transaction neither holds the throttle up nor takes anything back."""
    with engine.connect() as host:
        host.execute(insert(standard_tables().gate), {"id": 2})
        passed(throttle, NAME, times=[0] * 8)
        host.rollback()
    assert throttle.wait(NAME, at(0)) == 150


# --- Errors ----------------------------------------------------------------------------------


def test_what_it_is_given_is_checked(engine: Engine) -> None:
    """A bind is one of SQLAlchemy's and has transactions; tables are those of `build_tables`."""
    with pytest.raises(TypeError, match="bind"):
        SqlThrottle("sqlite://")
    for tables in ("schoolauth_", COUNTS, 0):
        with pytest.raises(TypeError, match="tables"):
            SqlThrottle(engine, tables=tables)  # type: ignore[arg-type] # that is the mistake
    with pytest.raises(NotConfigured, match="AUTOCOMMIT"):
        SqlThrottle(engine.execution_options(isolation_level="AUTOCOMMIT"))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_driver_that_commits_by_itself_is_refused(engine: Engine) -> None:
    """With it nothing would be locked between the look and the count."""
    committing = create_engine(engine.url, connect_args={"isolation_level": None})
    with refuses(NotConfigured):
        SqlThrottle(committing).take([NAME], at(0))
    committing.dispose()


def everything(throttle: SqlThrottle) -> list[Callable[[], object]]:
    """Return one call of each kind, on a bucket of which no error may tell."""
    secret = [Bucket(SECRET, NAME.limits)]
    return [
        lambda: throttle.take(secret, at(0)),
        lambda: throttle.take(secret),
        lambda: throttle.give_back(secret, at(0)),
        lambda: throttle.wait(secret[0], at(0)),
        lambda: throttle.clear(secret),
    ]


def test_a_server_that_is_not_there(store: str) -> None:
    """Every call raises: a try that cannot be counted is not made."""
    urls = {
        "sqlite": URL.create("sqlite", database="/nowhere/at/all.db"),
        "postgresql": URL.create("postgresql+psycopg", host="127.0.0.1", port=1),
        "mariadb": URL.create("mysql+pymysql", host="127.0.0.1", port=1),
    }
    away = create_engine(urls[store])
    for call in everything(SqlThrottle(away)):
        with refuses(StorageUnavailable):
            call()
    away.dispose()


def test_no_table(engine: Engine) -> None:
    """Without the table every call tells the developer how to make it."""
    tables = build_tables(MetaData(), prefix="nowhere_")
    for call in everything(SqlThrottle(engine, tables=tables)):
        with refuses(ContractBroken, "create_tables"):
            call()


@pytest.mark.parametrize("word", ["INSERT", "UPDATE"])
def test_a_connection_that_is_lost_counts_nothing(
    engine: Engine, throttle: SqlThrottle, word: str
) -> None:
    """The try is not made and holds no place, whenever the server went away."""
    passes(throttle, NAME)

    def lose(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if f"{word} " in statement:
            connection.connection.dbapi_connection.close()

    event.listen(engine, "before_cursor_execute", lose)
    try:
        with pytest.raises((StorageUnavailable, ContractBroken)) as lost:
            throttle.take([SOURCE, NAME], at(0))
    finally:
        event.remove(engine, "before_cursor_execute", lose)
    assert lost.value.__context__ is None
    assert keys(engine) == {NAME.key}
    assert passed(throttle, NAME, times=[0] * 8) == 7


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_names_of_the_hosts_own(engine: Engine) -> None:
    """The table may have a prefix and a schema that need quotes."""
    tables = build_tables(MetaData(), prefix="Staff-", schema="People")
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "People"'))
    tables.counts.create(engine)
    throttle = SqlThrottle(engine, tables=tables)
    assert passed(throttle, NAME, times=[0] * 10) == 8
    throttle.clear([NAME])
    assert throttle.wait(NAME, at(0)) == 0
    with engine.begin() as connection:
        connection.execute(text('DROP SCHEMA "People" CASCADE'))
