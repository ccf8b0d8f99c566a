"""What a sign-in costs a database: one SELECT, and at most one write transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, or_, select

from schoolauth import LoginRefused, SchoolAuth, User
from schoolauth.model.names import Username
from schoolauth.storage.sql import SqlStore
from schoolauth.storage.sql.tables import standard_tables
from tests.databases import SQL_STORES, Databases
from tests.service.states import FATES, STRANGERS, fated, names_of, people_of
from tests.service.world import HASHER, KEY, LINKS, World, make_world


@contextmanager
def watched(engine: Engine) -> Iterator[list[str]]:
    """Collect the first word of every statement, with how many rows it has, and every commit."""
    seen: list[str] = []

    def statement(
        _c: Any, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        seen.append(text.split(maxsplit=1)[0] + (f" x{len(parameters)}" if many else ""))

    def commit(_c: Any) -> None:
        seen.append("COMMIT")

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)


@pytest.fixture(params=SQL_STORES)
def sql_world(request: pytest.FixtureRequest, databases: Databases) -> tuple[World, Engine]:
    """A school on each SQL store, with its engine."""
    backend = databases.backend(request.param)
    assert backend.engine is not None
    return make_world(backend.users, backend.schools), backend.engine


def test_a_sign_in_is_one_select_and_one_insert(sql_world: tuple[World, Engine]) -> None:
    """From the second of a day on, no account is written and no lock is taken."""
    world, engine = sql_world
    teacher = world.teacher()
    world.log_in(teacher)
    with watched(engine) as seen:
        world.log_in(teacher)
    assert [word for word in seen if word != "COMMIT"] == ["SELECT", "INSERT"]
    assert seen.count("COMMIT") <= 1


def test_the_first_sign_in_of_a_day_is_one_transaction(sql_world: tuple[World, Engine]) -> None:
    """The account and the event are written together."""
    world, engine = sql_world
    teacher = world.teacher()
    with watched(engine) as seen:
        world.log_in(teacher)
    writing = [word for word in seen if word not in {"SELECT", "SET"}]
    expected = ["UPDATE", "INSERT", "COMMIT"]
    if engine.dialect.name == "sqlite":
        expected = ["UPDATE", *expected]  # the gate's, which begins the writing transaction
    assert writing == expected


def test_a_refused_sign_in_is_one_select_and_one_insert(sql_world: tuple[World, Engine]) -> None:
    """Known and unknown names ask and write the same."""
    world, engine = sql_world
    world.teacher()
    for name in ("wg204nx_james", "wg204nx_nobody", "\x00"):
        with watched(engine) as seen, pytest.raises(LoginRefused):
            world.auth.log_in(name, "Wrong1234")
        assert [word for word in seen if word != "COMMIT"] == ["SELECT", "INSERT"]


def test_every_reset_request_makes_the_same_statements(sql_world: tuple[World, Engine]) -> None:
    """Known, unknown, inactive, invited, erased, without address: as many, in the same order."""
    world, engine = sql_world
    names = names_of(people_of(world))
    asked = {}
    for state, name in names.items():
        with watched(engine) as seen:
            world.auth.request_password_reset(name)
        asked[state] = tuple(word for word in seen if word != "COMMIT")
    assert set(asked.values()) == {("SELECT", "INSERT")}


def counted(world: World, engine: Engine, lock: int | None = None) -> SchoolAuth:
    """Return one that counts in the database, and has deleted old rows, as it does at first."""
    auth = SchoolAuth(
        SqlStore(engine),
        secret_key=KEY,
        mailer=world.outbox,
        links=LINKS,
        hasher=HASHER,
        clock=world.clock,
        lock_after_failures=lock,
    )
    auth.request_password_reset("nobody")
    return auth


def test_every_counted_refusal_makes_the_same_statements(sql_world: tuple[World, Engine]) -> None:
    """Whoever is meant: the name, the account or a decoy, and the source are counted alike."""
    world, engine = sql_world
    names = names_of(people_of(world))
    auth, asked = counted(world, engine), {}
    for state, name in names.items():
        with watched(engine) as seen, pytest.raises(LoginRefused):
            auth.log_in(name, "Wrong1234", source="x")
        asked[state] = list(seen)
    expected = asked["unknown"]
    assert {state: seen for state, seen in asked.items() if seen != expected} == {}
    assert expected.count("COMMIT") == 4  # three counts, and the event


@pytest.mark.parametrize("entry", STRANGERS)
def test_what_became_of_an_account_makes_the_same_statements(
    sql_world: tuple[World, Engine], entry: str
) -> None:
    """A full count, a lock, a success and a known browser, counted in the same database."""
    world, engine = sql_world
    asked: dict[str, list[str]] = {}

    def renew(lock: int) -> None:
        world.auth = counted(world, engine, lock)
        with engine.begin() as connection:
            connection.execute(delete(standard_tables().counts))

    for fate in FATES:
        for state, name in fated(world, fate, renew):
            with watched(engine) as seen, suppress(LoginRefused):
                STRANGERS[entry](world.auth, name)
            asked[state] = list(seen)
    expected = asked["nothing, unknown"]
    assert {state: seen for state, seen in asked.items() if seen != expected} == {}
    assert len(asked) == 3 * len(FATES)
    assert "INSERT" in expected


@pytest.mark.parametrize("lock", [3, 20], ids=["locked", "full"])
def test_a_refusal_by_the_account_changes_its_rows(
    sql_world: tuple[World, Engine], lock: int
) -> None:
    """Else a database that skips an UPDATE without a change, as MariaDB does, answers sooner."""
    world, engine = sql_world
    teacher = world.teacher(email="jess@x.example.org")
    auth, counts = counted(world, engine, lock), standard_tables().counts
    kinds = "account:%", "failures-in-a-row:%"
    rows = select(counts).where(or_(*(counts.c.bucket.like(kind) for kind in kinds)))

    def try_to(name: object) -> list[Any]:
        world.clock.advance(microseconds=123)
        with pytest.raises(LoginRefused):
            auth.log_in(str(name), "Wrong1234")
        with engine.connect() as connection:
            return sorted(tuple(row) for row in connection.execute(rows))

    for _ in range(min(lock, 8)):
        before = try_to(teacher.email)
    for _ in range(3):
        after = try_to(teacher.username)
        assert len(after) == len(before) == 2
        assert not set(before) & set(after)
        before = after


def test_a_session_is_one_select(sql_world: tuple[World, Engine]) -> None:
    """Every request of a signed-in person costs one read."""
    world, engine = sql_world
    session = world.log_in(world.teacher()).session
    with watched(engine) as seen:
        world.auth.resume(session)
    assert seen == ["SELECT"]


def test_a_name_of_nobody_is_read_as_a_row_is(
    sql_world: tuple[World, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebuilding an account takes a time that many tries could see: one each, whoever it is."""
    world, _ = sql_world
    teacher, rebuilt = world.teacher(), []
    real = User.from_record

    def from_record(record: Any) -> User:
        rebuilt.append(record["id"])
        return real(record)

    monkeypatch.setattr(User, "from_record", from_record)
    for name in (teacher.username, Username.parse("wg204nx_nobody")):
        rebuilt.clear()
        world.users.find([name])
        assert len(rebuilt) == 1
