"""How a change is written: every decision under locks first, then every write.

Gate, rows by id, holders of the claimed keys, writes: the order that was found free of deadlocks,
half-writes and write skew on SQLite, PostgreSQL and MariaDB, also inside a host's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    update,
)

from schoolauth.errors import SchoolAuthError, StaleUser
from schoolauth.model.change import Change
from schoolauth.model.names import UserKey
from schoolauth.model.user import User
from schoolauth.storage.paging import taken
from schoolauth.storage.sql.locks import Gate, Lock, bound_waiting
from schoolauth.storage.sql.records import Adder, EventAdder, Record, among, rows_among
from schoolauth.storage.sql.tables import Tables, hidden

UNIQUE = ("username_key", "email_key", "mis_key")


class ChangeWriter:
    """Writes a `Change` into the tables, in a transaction that somebody else begins and ends."""

    def __init__(self, tables: Tables, *, joined: bool, dialect_name: str) -> None:
        users = tables.users
        self._joined = joined
        self._dialect_name = dialect_name
        self._gate = Gate(tables, joined=joined)
        self._read = select(*(users.c[name] for name in ("id", "version", *UNIQUE))).where(
            among(users.c.id, "keys", dialect_name)
        )
        by_id = _by_index(self._read.order_by(users.c.id), users, "PRIMARY")
        self._lock = Lock(by_id.with_for_update(key_share=True), joined=joined)
        self._holders: dict[str, Select[Any]] = {}
        self._holders_now: dict[str, Lock] = {}
        for constraint in users.constraints:
            if isinstance(constraint, UniqueConstraint):
                (key,) = constraint.columns
                holders = select(users.c.id, key).where(among(key, "keys", dialect_name))
                now = _by_index(holders, users, str(constraint.name)).with_for_update(read=True)
                self._holders[key.name] = holders
                self._holders_now[key.name] = Lock(now, joined=joined)
        self._update = update(users).where(users.c.id == bindparam("this"))
        self._users = Adder(users)
        self._events = EventAdder(tables)

    def needs_gate(self, connection: Connection, change: Change) -> bool:
        """Tell whether *change* adds an account or moves a key, by a plain read.

        An account's keys never change without its version, so the read need not be the newest:
        the versions are compared again under locks.
        """
        if self._dialect_name == "sqlite":  # the gate is what begins a writing transaction
            return True
        stood = {row["id"]: row for row in rows_among(connection, self._read, _ids(change.users))}
        return any(
            (row := stood.get(user.id.key)) is None
            or row["version"] != user.version
            or any(row[name] != (key and key.key) for name, key in _unique_keys(user).items())
            for user in change.users
        )

    def write(
        self, connection: Connection, change: Change, *, gate: bool
    ) -> SchoolAuthError | None:
        """Write *change*, or return why not before anything is written."""
        if not self._joined:
            bound_waiting(connection)
        if gate and (closed := self._gate.lock(connection)):
            return closed
        everyone = (*change.users, *change.unchanged)
        lock = self._lock.statement(connection)
        standing = {row["id"]: row for row in rows_among(connection, lock, _ids(everyone))}
        if not _stands(change, standing):
            return StaleUser()
        releasing: set[str] = set()
        if gate:
            refusal = self._judge_keys(connection, change.users, standing, releasing)
            if refusal is not None:
                return refusal
        self._write_users(connection, change.users, releasing)
        self._events.add(connection, change.events)
        return None

    def _judge_keys(
        self,
        connection: Connection,
        users: Sequence[User],
        standing: Mapping[str, RowMapping],
        releasing: set[str],
    ) -> SchoolAuthError | None:
        """Return whose key is taken in the resulting state; fill in who gives a key to another."""
        written = {user.id.key for user in users}
        for name in UNIQUE:
            claims: dict[str, UserKey] = {}
            fresh: list[str] = []
            for user in users:
                key = _unique_keys(user)[name]
                if key is None:
                    continue
                if key.key in claims:
                    return taken(key)
                claims[key.key] = key
                row = standing.get(user.id.key)
                if row is None or row[name] != key.key:
                    fresh.append(key.key)
            for holder in rows_among(connection, self._holding(connection, name), fresh):
                if holder["id"] not in written:
                    return taken(claims[holder[name]])
                releasing.add(holder["id"])
        return None

    def _holding(self, connection: Connection, name: str) -> Select[Any]:
        # the host's transaction may look at an old snapshot there, which only a lock sees past;
        # elsewhere every claim of a key waits at the gate, and a lock would only risk a deadlock
        if self._dialect_name in ("mysql", "mariadb"):
            return self._holders_now[name].statement(connection)
        return self._holders[name]

    def _write_users(
        self, connection: Connection, users: Sequence[User], releasing: set[str]
    ) -> None:
        if releasing:
            connection.execute(
                self._update,
                [
                    # no account ever has such a name: a username has no "@", an erased one has one
                    {"this": key, "username_key": f"@@{key}", "email_key": None, "mis_key": None}
                    for key in sorted(releasing)
                ],
            )
        old = [{"this": user.id.key, **_record(user)} for user in users if user.version]
        new = [{"id": user.id.key, **_record(user)} for user in users if not user.version]
        if old:
            connection.execute(self._update, old)
        if new:
            self._users.add(connection, new)


def _by_index(statement: Select[Any], table: Table, index: str) -> Select[Any]:
    """Have MySQL and MariaDB lock by *index*: a scan would lock other rows too."""
    hint = f"FORCE INDEX ({index})"
    return statement.with_hint(table, hint, "mysql").with_hint(table, hint, "mariadb")


def _ids(users: Iterable[User]) -> list[str]:
    return [user.id.key for user in users]


def _unique_keys(user: User) -> dict[str, UserKey | None]:
    return dict(zip(UNIQUE, (user.username, user.email, user.mis_id), strict=True))


def _record(user: User) -> Record:
    record: Record = user.to_record(with_password=True)
    del record["id"]
    record["password"] = hidden(record["password"])
    record["search_text"] = user.search_text
    record["version"] += 1
    return record


def _stands(change: Change, standing: Mapping[str, RowMapping]) -> bool:
    def version(user: User) -> int:
        row = standing.get(user.id.key)
        return 0 if row is None else int(row["version"])

    return all(version(user) == user.version for user in change.users) and all(
        version(user) == user.version > 0 for user in change.unchanged
    )
