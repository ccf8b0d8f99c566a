"""The throttle in a SQL database: the contract, its rows, its errors, and other processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session

from schoolauth.errors import ContractBroken, NotConfigured, StaleUser, StorageUnavailable
from schoolauth.ports import UNDECIDED_SECONDS, Bucket, Outcome, Reservation, Throttle
from schoolauth.storage.sql import SqlThrottle, build_tables
from schoolauth.storage.sql import throttle as sql_throttle
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing import ThrottleContract
from schoolauth.testing.throttle.attempts import at, bucket, passes, tried
from tests.databases import SQL_STORES, Databases
from tests.processes import run_python
from tests.storage.refusals import SECRET, refuses
from tests.throttles import Throttles

NAME = bucket("name", (1, 300))
YEARS = 10**8
"""Seconds by which a clock was wrong, until it was set right."""


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(store: str, databases: Databases) -> Engine:
    made = databases.backend(store).engine
    assert made is not None
    return made


@pytest.fixture
def throttle(engine: Engine) -> SqlThrottle:
    return SqlThrottle(engine, wait=0)


class TestSqlThrottle(ThrottleContract):
    @pytest.fixture(autouse=True)
    def on(self, store: str, throttles: Throttles) -> None:
        self.kind, self.throttles = store, throttles

    def make_throttle(self) -> Throttle:
        return self.throttles.make(self.kind, wait=1)


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        count = select(func.count()).select_from(standard_tables().throttle)
        return int(connection.execute(count).scalar_one())


# --- Statements and rows ---------------------------------------------------------------------


def test_a_reservation_is_one_look_and_one_insert(engine: Engine, throttle: SqlThrottle) -> None:
    """All places are taken by one statement, and a refusal that is known writes nothing."""
    said: list[str] = []

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith("SET LOCAL"):  # PostgreSQL's bound for locks
            said.append(statement.partition(" FOR ")[2] or statement)

    name, source = bucket("name", (1, 60), (2, 600)), bucket("source", (9, 60), cleared=False)
    tried(throttle, bucket("first"))  # which also sweeps
    event.listen(engine, "before_cursor_execute", listen)
    for outcome, expected in (
        (Outcome.NOT_TRIED, ["SELECT", "INSERT", "DELETE"]),
        (Outcome.SUCCEEDED, ["SELECT", "INSERT", "DELETE", "DELETE"]),
        (Outcome.FAILED, ["SELECT", "INSERT", "UPDATE"]),
    ):
        tried(throttle, name, source, outcome=outcome)
        assert [statement.split()[0] for statement in said] == expected
        said.clear()
    for expected in (["SELECT", "INSERT"], ["SELECT"]):
        assert throttle.reserve([name, source], at(0)).retry_after == 60
        assert [statement.split()[0] for statement in said] == expected
        said.clear()
    event.remove(engine, "before_cursor_execute", listen)


def test_rows_are_as_many_as_places(engine: Engine, throttle: SqlThrottle) -> None:
    """A flood for hours leaves what the limits ask for, and what says that it is known."""
    name = bucket("name", (2, 300), (5, 3000))
    for minute in range(400):
        tried(throttle, name, now=60 * minute)
    assert rows(engine) <= 2 + 5 + 2


def test_old_rows_are_swept_as_it_goes(
    engine: Engine, throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that nobody types again do not stay, and a full bucket stays as long as it is full."""
    monkeypatch.setattr(sql_throttle, "_SWEEP_EVERY", 10)
    full = bucket("full", (1, 100_000))
    tried(throttle, full)
    for number in range(100):
        tried(throttle, bucket(f"invented {number}"), now=10 * number)
    assert rows(engine) < 50
    assert not passes(throttle, full, now=99_999)
    for number in range(11):
        passes(throttle, bucket(f"later {number}"), now=200_000)
    assert rows(engine) == 0


def test_a_sweep_that_fails_takes_no_place_away(
    throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt that has its place goes on; the next sweep will do."""
    write = throttle._write

    def fail(name: str, params: dict[str, Any]) -> int:
        if name == "sweep":
            raise StorageUnavailable
        return write(name, params)

    monkeypatch.setattr(throttle, "_write", fail)
    assert tried(throttle, NAME).retry_after is None
    assert throttle.peek(NAME, at(0)) == 300


# --- Clocks and settings ---------------------------------------------------------------------


def test_a_clock_that_is_set_back_locks_nobody_out_for_years(throttle: SqlThrottle) -> None:
    """Failures that lie ahead count as of now, for one window and no longer."""
    name = bucket()
    for second in range(3):
        tried(throttle, name, now=YEARS + second)
    assert throttle.reserve([name], at(YEARS + 3)).first_refusal
    again = throttle.reserve([name], at(0))
    assert (again.retry_after, again.first_refusal) == (300, False)
    assert passes(throttle, name, now=300)


def test_a_clock_that_is_set_back_keeps_no_place_for_years(throttle: SqlThrottle) -> None:
    """What was undecided ahead of time is undecided for thirty seconds from now."""
    throttle.reserve([NAME], at(YEARS))
    assert throttle.reserve([NAME], at(0)).retry_after == 1
    assert throttle.reserve([NAME], at(UNDECIDED_SECONDS)).retry_after == 300 - UNDECIDED_SECONDS
    assert passes(throttle, NAME, now=300)


def test_clocks_of_two_servers_may_differ(throttle: SqlThrottle) -> None:
    """A failure that a faster clock recorded is told with the window's wait at most."""
    tried(throttle, NAME, now=20)
    assert throttle.peek(NAME, at(0)) == 300


def test_lower_limits_hold_at_once(throttle: SqlThrottle) -> None:
    """Failures under a higher limit fill the lower one; of two for one window the lower holds."""
    for _ in range(5):
        tried(throttle, bucket("name", (9, 300)))
    assert not passes(throttle, bucket("name", (5, 300), (7, 300)))
    assert passes(throttle, bucket("name", (6, 300)))


# --- Others at the same time -----------------------------------------------------------------


class Overtaken(SqlThrottle):
    """Between its look and its insert, somebody else does something first."""

    first: Callable[[], object] | None = None

    def _took(self, *args: Any) -> bool:
        first, self.first = self.first, None
        if first is not None:
            first()
        return super()._took(*args)


def test_who_is_overtaken_looks_again(engine: Engine) -> None:
    """The place that was free a moment ago is taken, and there is no other."""
    slow, fast = Overtaken(engine, wait=0), SqlThrottle(engine)
    slow.first = lambda: fast.reserve([NAME], at(0))
    assert slow.reserve([NAME], at(0)).retry_after == 1
    assert rows(engine) == 1


def test_one_of_two_tells_of_the_flood(engine: Engine) -> None:
    """Two processes that refuse the first attempts of a flood at once: one of them is the first."""
    slow, fast = Overtaken(engine, wait=0), SqlThrottle(engine)
    tried(fast, NAME)
    told: list[Reservation] = []
    slow.first = lambda: told.append(fast.reserve([NAME], at(0)))
    told.append(slow.reserve([NAME], at(0)))
    assert [(made.retry_after, made.first_refusal) for made in told] == [(300, True), (300, False)]


def test_who_is_always_overtaken_gives_up(
    throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked to come back, and holds nothing."""
    monkeypatch.setattr(throttle, "_took", lambda *_: False)
    assert throttle.reserve([NAME], at(0)).retry_after == 1


def test_a_word_that_always_meets_a_deadlock_gives_up(
    throttle: SqlThrottle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt stays undecided, and so will count as failed."""
    made = throttle.reserve([NAME], at(0))
    with monkeypatch.context() as patch:

        def deadlock(*_: Any, **__: Any) -> None:
            raise StaleUser

        patch.setattr(throttle._binding, "write", deadlock)
        with pytest.raises(StorageUnavailable):
            throttle.settle(made, Outcome.NOT_TRIED, at(0))
    assert throttle.peek(NAME, at(UNDECIDED_SECONDS)) == 300 - UNDECIDED_SECONDS


PROCESS = """
import sys
from datetime import UTC, datetime
from sqlalchemy import create_engine
from schoolauth.ports import Bucket, Limit, Outcome
from schoolauth.storage.sql import SqlThrottle
engine = create_engine({url!r}, connect_args={arguments!r})
throttle, now = SqlThrottle(engine), datetime(2026, 9, 1, tzinfo=UTC)
name = Bucket("name", (Limit(10, 300), Limit(100, 86400)))
buckets = [name, Bucket("source", (Limit(100, 300),))]
passed = 0
for _ in range(25):
    made = throttle.reserve(buckets, now)
    passed += made.retry_after is None
    throttle.settle(made, Outcome.FAILED, now)
engine.dispose()
print(passed)
"""


def test_processes_share_the_limit(store: str, engine: Engine) -> None:
    """Of a hundred guesses by four processes exactly as many pass as the limit allows."""
    arguments = {"timeout": 30} if store == "sqlite" else {}
    code = PROCESS.format(url=engine.url.render_as_string(hide_password=False), arguments=arguments)
    with ThreadPoolExecutor(4) as pool:
        passed = [int(said) for said in pool.map(run_python, [code] * 4)]
    assert sum(passed) == 10


# --- The host, and errors --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Connection, Session])
def test_nothing_of_the_hosts_is_joined(engine: Engine, kind: type[Any]) -> None:
    """A count in the host's transaction would be gone with its rollback."""
    host = engine.connect() if kind is Connection else Session(engine)
    with host, pytest.raises(NotConfigured, match="Engine"):
        SqlThrottle(host)  # type: ignore[arg-type] # that is the mistake
    with pytest.raises(TypeError):
        SqlThrottle("sqlite://")  # type: ignore[arg-type] # that is the mistake
    with pytest.raises(NotConfigured, match="AUTOCOMMIT"):
        SqlThrottle(engine.execution_options(isolation_level="AUTOCOMMIT"))


@pytest.mark.parametrize("store", ["postgresql", "mariadb"])
def test_what_was_counted_outlives_the_hosts_rollback(
    engine: Engine, throttle: SqlThrottle
) -> None:
    """The host's open transaction neither holds the throttle up nor takes anything back."""
    with engine.connect() as host:
        host.execute(insert(standard_tables().gate), {"id": 2})
        tried(throttle, NAME)
        host.rollback()
    assert throttle.peek(NAME, at(0)) == 300


def everything(throttle: SqlThrottle, made: Reservation) -> list[Callable[[], object]]:
    """Return one call of each kind, on a bucket that nobody shall read of."""
    secret = Bucket(SECRET, bucket().limits)
    settled = [lambda outcome=outcome: throttle.settle(made, outcome, at(0)) for outcome in Outcome]
    return [
        lambda: throttle.reserve([secret], at(0)),
        lambda: throttle.peek(secret, at(0)),
        lambda: throttle.clear(SECRET),
        *settled,
    ]


def test_a_server_that_is_not_there(store: str) -> None:
    """Every call raises: an attempt that cannot be counted is not made."""
    urls = {
        "sqlite": URL.create("sqlite", database="/nowhere/at/all.db"),
        "postgresql": URL.create("postgresql+psycopg", host="127.0.0.1", port=1),
        "mariadb": URL.create("mysql+pymysql", host="127.0.0.1", port=1),
    }
    away = create_engine(urls[store])
    for call in everything(SqlThrottle(away), Reservation("id", (Bucket(SECRET, ()),))):
        with refuses(StorageUnavailable):
            call()
    away.dispose()


def test_no_table(engine: Engine) -> None:
    """Without the table every call tells the developer how to make it."""
    tables = build_tables(MetaData(), prefix="nowhere_")
    throttle = SqlThrottle(engine, tables=tables)
    for call in everything(throttle, Reservation("id", (Bucket(SECRET, ()),))):
        with refuses(ContractBroken, "create_tables"):
            call()


def test_a_connection_that_is_lost_between_look_and_insert(engine: Engine) -> None:
    """The attempt is not made, and holds no place."""
    tables = standard_tables().throttle

    def lose(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO" in statement and tables.name in statement:
            connection.connection.dbapi_connection.close()

    throttle = SqlThrottle(engine)
    event.listen(engine, "before_cursor_execute", lose)
    try:
        with pytest.raises((StorageUnavailable, ContractBroken)) as lost:
            throttle.reserve([bucket("name", (1, 300))], at(0))
    finally:
        event.remove(engine, "before_cursor_execute", lose)
    assert lost.value.__context__ is None
    assert rows(engine) == 0


def test_names_of_the_hosts_own(databases: Databases) -> None:
    """The table may have a prefix and a schema that need quotes."""
    engine = databases.open(databases.url("postgresql"))
    tables = build_tables(MetaData(), prefix="Staff-", schema="People")
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "People"'))
    tables.throttle.create(engine)
    throttle = SqlThrottle(engine, tables=tables)
    tried(throttle, NAME)
    assert throttle.peek(NAME, at(0)) == 300
    with engine.begin() as connection:
        connection.execute(delete(tables.throttle))
    assert throttle.peek(NAME, at(0)) == 0
