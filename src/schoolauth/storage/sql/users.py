"""`SqlUserRepository`: accounts and history in SQLite, PostgreSQL, MariaDB or MySQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    or_,
    select,
)

from schoolauth.model.change import Change, HistoryQuery, Page, UserQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.model.user import Role, Status, User, to_micros
from schoolauth.storage.paging import is_storable, number_cursor, page_of, text_cursor
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.records import EventAdder, among, key_batches
from schoolauth.storage.sql.save import ChangeWriter
from schoolauth.storage.sql.tables import Tables, given_tables

_COLUMNS: Mapping[type[Any], str] = {
    UserId: "id",
    Username: "username_key",
    EmailAddress: "email_key",
    MisId: "mis_key",
}

_NOBODY: Mapping[str, Any] = {
    **dict.fromkeys(("id", "school", "school_key", "username", "username_key"), "nobody"),
    **dict.fromkeys(("email", "email_key", "given_name", "family_name", "password"), "nobody"),
    **dict.fromkeys(("status_since", "created_at", "last_login_at", "epoch", "version"), 1),
    "role": Role.TEACHER.value,
    "status": Status.ACTIVE.value,
    "must_change_password": False,
    "legal_hold": False,
}
"""The row of nobody: read if a key has no row, so that an absent key takes as long."""


class SqlUserRepository:
    """Keeps accounts and history in the tables that `create_tables` makes.

    With an `Engine` as *bind* every call has its own transaction, and threads may share the
    repository; no call waits longer than 5 seconds for a lock on PostgreSQL and MariaDB. With a
    `Connection` or a `Session` the calls join its transaction (`joined` is true): nothing is ever
    committed, a refused save leaves no trace, and the host goes on. *tables* are the host's own,
    from `build_tables`.

    Raises:
        TypeError: if *bind* is not an Engine, Connection or Session.
        NotConfigured: if *bind* is in AUTOCOMMIT, where a change could be half-written.
    """

    def __init__(self, bind: Any, *, tables: Tables | None = None) -> None:
        self._binding = Binding(bind)
        self.joined = self._binding.joined
        self._statements = _statements(
            given_tables(tables), self.joined, self._binding.dialect_name
        )

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote; an absent key is absent from the answer.

        Raises:
            StorageUnavailable: if the database does not answer.
            ContractBroken: if tables or columns are missing, or a row cannot be read.
        """
        wanted = {(_COLUMNS[type(key)], key.key): key for key in keys}
        answer: dict[UserKey, User] = {}
        if not wanted:
            return answer

        def read(connection: Connection) -> Sequence[Row[Any]]:
            if len(wanted) == 1:
                ((column, text),) = wanted
                return connection.execute(self._statements.find_one[column], {"key": text}).all()
            rows: list[Row[Any]] = []
            for batch in key_batches(list(wanted), self._binding.dialect_name):
                texts: dict[str, list[str]] = {}
                for column, text in batch:
                    texts.setdefault(column, []).append(text)
                rows.extend(connection.execute(self._statements.find(tuple(sorted(texts))), texts))
            return rows

        rows = self._binding.read(read)
        if not rows and len(wanted) == 1:  # the time must not show whether an account has the name
            User.from_record(self._statements.record(self._statements.nobody))
        for row in rows:
            record = self._statements.record(row)
            user = User.from_record(record)
            for column in _COLUMNS.values():
                key = wanted.get((column, record[column]))
                if key is not None:
                    answer[key] = user
        return answer

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return the accounts of one school that fit *query*, by `username.key` in code points.

        Raises:
            ValueError: if `query.after` cannot be the `next` of a page.
            StorageUnavailable: if the database does not answer.
            ContractBroken: if tables or columns are missing, or a row cannot be read.
        """
        after = text_cursor(query.after)
        if not all(is_storable(word) for word in query.words):
            return Page(())
        statement = self._statements.search(query, after)
        rows = self._binding.read(lambda connection: connection.execute(statement).all())
        users = [User.from_record(self._statements.record(row)) for row in rows]
        return page_of(users, query.limit, lambda user: user.username.key)

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change* in one transaction, or nothing at all.

        Raises:
            StaleUser: if a user, or one of `change.unchanged`, is not as it was read; also after
                a deadlock, or if another transaction took a key meanwhile, in the repository's own.
            EmailTaken, UsernameTaken, MisIdTaken: if another account has a claimed key.
            StorageUnavailable: if the database does not answer, a lock is not free in time, or the
                database gave up the host's transaction.
            ContractBroken: if tables, columns or the gate's row are missing.
            NotConfigured: if the host's connection is in AUTOCOMMIT.
        """
        changes = self._statements.changes
        if not change.users and not change.unchanged:
            events = self._statements.events
            self._binding.write(
                lambda connection: events.add(connection, change.events),
                lone=len(change.events) == 1,
            )
            return
        gate = bool(change.unchanged) or not all(user.version for user in change.users)
        if not gate:
            gate = self._binding.read(lambda connection: changes.needs_gate(connection, change))
        self._binding.write(
            lambda connection: changes.write(connection, change, gate=gate), stale=True
        )

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return the events that fit *query*, newest save first, each save's in their order.

        Raises:
            ValueError: if `query.after` cannot be the `next` of a page.
            StorageUnavailable: if the database does not answer.
            ContractBroken: if tables or columns are missing, or an event's kind is not known.
        """
        statement = self._statements.history(query, number_cursor(query.after))
        rows = self._binding.read(lambda connection: connection.execute(statement).all())
        page = page_of(rows, query.limit, lambda row: str(row.seq))
        events = (AuditEvent.from_record(row._asdict()) for row in page.items)
        return Page(tuple(events), page.next)


class _Statements:
    """The statements of one installation, built once: SQLAlchemy compiles each only once then."""

    def __init__(self, tables: Tables, joined: bool, dialect_name: str) -> None:
        self.events = EventAdder(tables)
        self.changes = ChangeWriter(tables, joined=joined, dialect_name=dialect_name)
        self._dialect_name = dialect_name
        self._tables = tables
        columns = [column for column in tables.users.c if column.name != "search_text"]
        self._names = [column.name for column in columns]
        self.nobody = tuple(_NOBODY.get(name) for name in self._names)
        self._users = select(*columns)
        self.find_one = {  # a sign-in's look-up: a list of one key would take half as long again
            name: self._users.where(tables.users.c[name] == bindparam("key"))
            for name in _COLUMNS.values()
        }
        self._finds: dict[tuple[str, ...], Select[Any]] = {}

    def record(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return the record that *row* of `find` or `search` holds."""
        return dict(zip(self._names, row, strict=True))

    def find(self, names: tuple[str, ...]) -> Select[Any]:
        """Return the SELECT by any of the key columns *names*, each with a list of keys."""
        if names not in self._finds:
            users = self._tables.users
            self._finds[names] = self._users.where(
                or_(*(among(users.c[name], name, self._dialect_name) for name in names))
            )
        return self._finds[names]

    def search(self, query: UserQuery, after: str | None) -> Select[Any]:
        """Return the SELECT for one page of *query* and one account more."""
        users = self._tables.users.c
        found = self._users.where(users.school_key == query.school.key)
        for word in query.words:
            found = found.where(self._holds(users.search_text, word))
        if query.statuses != frozenset(Status):
            found = found.where(users.status.in_(sorted(query.statuses)))
        if query.roles != frozenset(Role):
            found = found.where(users.role.in_(sorted(query.roles)))
        if query.has_email is not None:
            found = found.where(users.email_key.is_not(None) == query.has_email)
        if after is not None:
            found = found.where(users.username_key > after)
        return found.order_by(users.username_key).limit(query.limit + 1)

    def _holds(self, column: Column[str], word: str) -> ColumnElement[bool]:
        if self._dialect_name == "sqlite":  # whose LIKE ignores the case of ASCII letters
            return func.instr(column, word) > 0
        return column.contains(word, autoescape=True)

    def history(self, query: HistoryQuery, before: int | None) -> Select[Any]:
        """Return the SELECT for one page of *query* and one event more."""
        events = self._tables.events
        found = select(events)
        if query.school is not None:
            found = found.where(events.c.school_key == query.school.key)
        if query.user is not None:
            found = found.where(events.c.user_id == query.user.key)
        if query.kinds:
            found = found.where(events.c.kind.in_(sorted(query.kinds)))
        if query.since is not None:
            found = found.where(events.c.at >= to_micros(query.since))
        if before is not None:
            found = found.where(events.c.seq < before)
        return found.order_by(events.c.seq.desc()).limit(query.limit + 1)


@lru_cache(maxsize=32)
def _statements(tables: Tables, joined: bool, dialect_name: str) -> _Statements:
    return _Statements(tables, joined, dialect_name)
