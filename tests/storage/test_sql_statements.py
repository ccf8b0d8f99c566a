"""What is sent to the database: how many statements, by which index, in which transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url

from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.storage.sql import SqlUserRepository
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.save import UNIQUE, ChangeWriter
from schoolauth.storage.sql.schools import _Statements
from schoolauth.storage.sql.tables import standard_tables
from schoolauth.testing.repository.sample_accounts import (
    HILL,
    a_user,
    edited,
    history,
    read,
    save,
    signed_in,
)
from tests.databases import SQL_STORES, Databases


@pytest.fixture(params=SQL_STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(store: str, databases: Databases) -> Engine:
    made = databases.backend(store).engine
    assert made is not None
    return made


Sent = list[tuple[str, Any]]


@contextmanager
def listening(engine: Engine) -> Iterator[Sent]:
    """Collect what is sent to *engine*: statements with parameters, and BEGIN, COMMIT, ROLLBACK."""
    sent: Sent = []

    def statement(connection: Any, cursor: Any, text: str, parameters: Any, *rest: Any) -> None:
        sent.append((" ".join(text.split()), parameters))

    hooks: dict[str, Callable[..., object]] = {
        "before_cursor_execute": statement,
        "begin": lambda connection: sent.append(("BEGIN", None)),
        "commit": lambda connection: sent.append(("COMMIT", None)),
        "rollback": lambda connection: sent.append(("ROLLBACK", None)),
    }
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    yield sent
    for name, hook in hooks.items():
        event.remove(engine, name, hook)


def verbs(sent: Sent) -> list[str]:
    """Return the first word of each statement."""
    return [text.split()[0] for text, _ in sent]


def explain(engine: Engine, sent: Sent) -> list[str]:
    """Return how the database would carry out the last statement of *sent*, a line per step."""
    text, parameters = next(item for item in reversed(sent) if item[1] is not None)
    prefix = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        return [str(tuple(row)) for row in connection.exec_driver_sql(prefix + text, parameters)]


@pytest.fixture
def crowd(engine: Engine) -> SqlUserRepository:
    """3,000 accounts, and the database's statistics about them."""
    users = SqlUserRepository(engine)
    people = [
        a_user(f"u{n}", f"u{n}@x.example", mis_id=MisId(HILL, "sims", str(n))) for n in range(3000)
    ]
    save(users, *people)
    for batch in range(3):
        users.save(Change(events=[signed_in(user) for user in people[batch::3]]))
    with engine.begin() as connection:
        tables = "TABLE schoolauth_users" if engine.dialect.name == "mysql" else ""
        connection.exec_driver_sql(f"ANALYZE {tables}").close()
    return users


INDEX = {
    "sqlite": {
        "id": "sqlite_autoindex_schoolauth_users_1 (id=?)",
        "username": "(username_key=?)",
        "email": "(email_key=?)",
        "mis": "(mis_key=?)",
    },
    "postgresql": {
        "id": "pk_schoolauth_users",
        "username": "uq_schoolauth_users_username_key",
        "email": "uq_schoolauth_users_email_key",
        "mis": "uq_schoolauth_users_mis_key",
    },
    "mariadb": {
        "id": "PRIMARY",
        "username": "uq_schoolauth_users_username_key",
        "email": "uq_schoolauth_users_email_key",
        "mis": "uq_schoolauth_users_mis_key",
    },
}
KEYS: dict[str, UserKey] = {
    "id": UserId.parse("u7"),
    "username": Username.parse("u7"),
    "email": EmailAddress.parse("u7@x.example"),
    "mis": MisId(HILL, "sims", "7"),
}


def test_every_look_up_is_one_indexed_select(
    store: str, engine: Engine, crowd: SqlUserRepository
) -> None:
    """Whatever key is given, one SELECT finds the account by that key's own index."""
    for kind, key in KEYS.items():
        with listening(engine) as sent:
            assert [user.id.key for user in crowd.find([key]).values()] == ["u7"]
        assert verbs(sent).count("SELECT") == 1
        assert not {"INSERT", "UPDATE", "COMMIT"} & set(verbs(sent))
        (step,) = explain(engine, sent)[:1]
        expected = "SEARCH schoolauth_users USING " if store == "sqlite" else ""
        assert expected in step
        assert INDEX[store][kind] in " ".join(explain(engine, sent))


def test_a_few_keys_of_several_kinds_are_one_indexed_select(
    engine: Engine, crowd: SqlUserRepository
) -> None:
    """Keys of all kinds together are one SELECT that reads no account but those."""
    with listening(engine) as sent:
        assert len(crowd.find(list(KEYS.values()))) == 4
    assert verbs(sent).count("SELECT") == 1
    plan = " ".join(explain(engine, sent))
    assert "SCAN schoolauth" not in plan
    assert "Seq Scan" not in plan
    assert "'ALL'" not in plan


def test_many_keys_are_asked_for_by_the_batch(store: str, engine: Engine) -> None:
    """PostgreSQL takes an array of up to 5,000, by one text however many; the others take 500."""
    users, most = SqlUserRepository(engine), 5000 if store == "postgresql" else 500
    for count, statements in ((most, 1), (most + 1, 2)):
        with listening(engine) as sent:
            users.find([UserId.parse(f"u{n}") for n in range(count)])
        assert verbs(sent).count("SELECT") == statements
    texts: set[str] = set()
    for count in (2, 3):
        with listening(engine) as sent:
            users.find([UserId.parse(f"u{n}") for n in range(count)])
        texts |= {text for text, _ in sent if text.startswith("SELECT")}
    assert len(texts) == (1 if store == "postgresql" else 2)


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_locks_are_by_index_on_mysql_and_mariadb(name: str) -> None:
    """Whatever the URL calls them: a scan would lock the rows of everybody."""
    dialect = make_url(f"{name}+pymysql://").get_dialect()()
    connection: Any = SimpleNamespace(dialect=dialect)
    writer = ChangeWriter(standard_tables(), joined=True, dialect_name=name)
    rows = str(writer._lock.statement(connection).compile(dialect=dialect))
    assert "FORCE INDEX (PRIMARY)" in rows
    assert rows.endswith("FOR UPDATE")
    for key in UNIQUE:
        holders = str(writer._holding(connection, key).compile(dialect=dialect))
        assert f"FORCE INDEX (uq_schoolauth_users_{key})" in holders
        assert holders.endswith("LOCK IN SHARE MODE")


def test_locks_leave_foreign_keys_alone_on_postgresql() -> None:
    """A host's rows that refer to an account or a school can be written while it is locked."""
    dialect = make_url("postgresql+psycopg://").get_dialect()()
    connection: Any = SimpleNamespace(dialect=dialect)
    tables = standard_tables()
    writer = ChangeWriter(tables, joined=True, dialect_name="postgresql")
    schools = _Statements(tables, joined=True, dialect_name="postgresql")
    for lock in (writer._lock, writer._gate._lock, schools._lock, schools._gate._lock):
        locking = str(lock.statement(connection).compile(dialect=dialect))
        assert locking.endswith("FOR NO KEY UPDATE")


def test_a_roster_is_a_few_selects(engine: Engine) -> None:
    """10,000 keys are asked for in at most 20 statements."""
    with listening(engine) as sent:
        SqlUserRepository(engine).find(
            [EmailAddress.parse(f"u{n}@x.example") for n in range(10_000)]
        )
    assert 1 < verbs(sent).count("SELECT") <= 20


def test_search_and_history_use_their_indexes(
    store: str, engine: Engine, crowd: SqlUserRepository
) -> None:
    """A page of a school's accounts, or of an account's history, is read by an index in order."""
    asked: dict[str, Callable[[], object]] = {
        "ix_schoolauth_users_school": lambda: crowd.search(UserQuery(school=HILL, after="u2")),
        "ix_schoolauth_events_user": lambda: crowd.history(HistoryQuery(user=UserId.parse("u7"))),
    }
    for index, ask in asked.items():
        with listening(engine) as sent:
            ask()
        assert verbs(sent).count("SELECT") == 1
        plan = " ".join(explain(engine, sent))
        assert index in plan
        assert "SCAN schoolauth" not in plan
        assert "TEMP B-TREE" not in plan
        assert "filesort" not in plan


def test_a_sign_in_is_one_select_and_one_insert(engine: Engine) -> None:
    """Finding who signs in and keeping the event is all that a sign-in costs."""
    users = SqlUserRepository(engine)
    (ann,) = save(users, a_user("ann", "ann@x.example"))
    assert ann.email is not None
    with listening(engine) as sent:
        users.find([ann.email])
        users.save(Change(events=[signed_in(ann)]))
    assert [verb for verb in verbs(sent) if verb not in ("BEGIN", "ROLLBACK")] == [
        "SELECT",
        "INSERT",
        "COMMIT",
    ]
    assert history(users)[0] == signed_in(ann)


def test_a_lone_statement_has_no_transaction_on_postgresql(store: str, engine: Engine) -> None:
    """There BEGIN and ROLLBACK would be round trips of their own; the others have no better way."""
    levels: list[object] = []

    def work(connection: Connection) -> None:
        levels.append(connection.get_execution_options().get("isolation_level"))

    binding = Binding(engine)
    binding.read(work)
    binding.write(work, lone=True)
    binding.write(work)
    lone = "AUTOCOMMIT" if store == "postgresql" else None
    assert levels == [lone, lone, None]


@pytest.mark.parametrize("count", [1, 2])
def test_an_event_alone_is_a_lone_statement(count: int, store: str, engine: Engine) -> None:
    """A sign-in's event needs no transaction around it on PostgreSQL; two events do."""
    levels: list[object] = []

    def note(connection: Connection, *_: object) -> None:
        levels.append(connection.get_execution_options().get("isolation_level"))

    event.listen(engine, "before_cursor_execute", note)
    SqlUserRepository(engine).save(Change(events=[edited()] * count))
    event.remove(engine, "before_cursor_execute", note)
    assert levels == ["AUTOCOMMIT" if (store, count) == ("postgresql", 1) else None]


def test_a_new_account_and_its_event_are_one_transaction(engine: Engine) -> None:
    """Everything that a save asks and writes is between one BEGIN and one COMMIT, once."""
    with listening(engine) as sent:
        SqlUserRepository(engine).save(Change([a_user("ann", "ann@x.example")], [edited()]))
    assert verbs(sent)[0] == "BEGIN"
    assert verbs(sent)[-1] == "COMMIT"
    assert verbs(sent).count("BEGIN") == verbs(sent).count("INSERT") - 1 == 1
    assert not any(text.startswith("UPDATE schoolauth_users") for text, _ in sent)


def test_keys_that_stay_need_no_gate(store: str, engine: Engine) -> None:
    """An account whose keys stay is locked alone; the gate is for keys, except on SQLite."""
    users = SqlUserRepository(engine)
    (ann,) = save(users, a_user("ann", "ann@x.example"))
    with listening(engine) as sent:
        (ann,) = save(users, replace(ann, given_name="Changed"))
    assert any("schoolauth_gate" in text for text, _ in sent) == (store == "sqlite")
    with listening(engine) as sent:
        save(users, replace(ann, email=None))
    assert any("schoolauth_gate" in text for text, _ in sent)


def test_ten_thousand_accounts_are_one_transaction_of_few_statements(engine: Engine) -> None:
    """A whole roster is checked by the batch and written by one INSERT for each table."""
    people = [a_user(f"u{n}", f"u{n}@x.example") for n in range(10_000)]
    with listening(engine) as sent:
        SqlUserRepository(engine).save(Change(people, [edited(user=user.id) for user in people]))
    found = verbs(sent)
    assert found.count("BEGIN") == found.count("COMMIT") == 1
    assert found.count("INSERT") == 2
    assert found.count("SELECT") <= 61
    assert len(read(SqlUserRepository(engine), *people)) == 10_000


def test_statements_are_compiled_once(engine: Engine) -> None:
    """A repository made for each request shares its statements, so SQLAlchemy finds them again."""
    people = save(SqlUserRepository(engine), a_user("ann", "ann@x.example"))
    found: list[bool] = []

    @event.listens_for(engine, "after_cursor_execute")
    def note(connection: Any, cursor: Any, text: str, params: Any, context: Any, many: Any) -> None:
        found.append("generated" not in str(context.cache_hit.name).lower())

    for _ in range(2):
        with engine.connect() as connection:
            users = SqlUserRepository(connection)
            found.clear()
            (ann,) = read(users, *people)
            save(users, replace(ann, email=None))
            users.search(UserQuery(school=HILL, words=("ann",)))
            users.history(HistoryQuery(school=HILL))
            connection.rollback()
    event.remove(engine, "after_cursor_execute", note)
    assert found
    assert {str(hit) for hit in found} == {"True"}


def test_waiting_is_bounded_in_our_own_transactions_only(store: str, engine: Engine) -> None:
    """Our own transactions bound every wait for a lock; in a host's its own settings hold."""
    (ann,) = save(SqlUserRepository(engine), a_user("ann"))
    with listening(engine) as own:
        (ann,) = save(
            SqlUserRepository(engine), replace(ann, email=EmailAddress.parse("a@x.example"))
        )
    with listening(engine) as joined, engine.connect() as host:
        save(SqlUserRepository(host), replace(ann, email=None), a_user("ben"))
        host.rollback()

    def bounds(sent: Sent) -> tuple[int, int]:
        texts = [text for text, _ in sent]
        locks = sum(" UPDATE" in text or " SHARE MODE" in text for text in texts if text[0] == "S")
        return locks, sum(
            text.endswith("WAIT 5") or "lock_timeout = '5s'" in text for text in texts
        )

    own_locks, own_bounds = bounds(own)
    assert own_bounds == {"sqlite": 0, "postgresql": 1, "mariadb": own_locks}[store]
    assert (own_locks > 1) == (store != "sqlite")
    assert bounds(joined) == (own_locks, 0)
