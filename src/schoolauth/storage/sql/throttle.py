"""`SqlThrottle`: tries counted in a table, for all processes that share the database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, TextClause, bindparam, select, text

from schoolauth.errors import NotConfigured, SchoolAuthError, StaleUser, StorageUnavailable
from schoolauth.model.user import to_micros
from schoolauth.ports import Bucket, Refusal
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.locks import LOCK_SECONDS, NO_TRANSACTIONS, bound_waiting, has_begun
from schoolauth.storage.sql.tables import Tables, given_tables
from schoolauth.throttle.counter import SECOND, BaseThrottle, Held, Operation, decide, over_at

_TRIES = 8
"""How often the database may give a transaction up because of others."""
_PRUNE_EVERY, _PRUNE_MOST = 100, 1000
"""After so many changes a process deletes at most so many rows."""
_PRUNE_AFTER = 60 * 60 * SECOND
"""A row is kept an hour longer than it counts, since a clock may be set back by so much."""
_CLOCKS = {
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "NULL",  # the process's own will do: it is the same machine
    "mysql": "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
}


class SqlThrottle(BaseThrottle):
    """Counts tries in the database, shared by every process that has its tables.

    The rows of a try's buckets are locked in the order of their keys. With an `Engine` as *bind*
    counts outlive a rollback of the host; with a `Connection` or a `Session` they are part of its
    transaction. The time is the server's own.

    Args:
        bind: of the database with the tables that `create_tables` makes.
        tables: with names of the host's own, from `build_tables`.

    Raises:
        TypeError: if *bind* or *tables* is something else.
        NotConfigured: if *bind* is in AUTOCOMMIT.
    """

    def __init__(self, bind: Any, *, tables: Tables | None = None) -> None:
        self._binding = Binding(bind)
        self.joined = self._binding.joined
        self._counts = counts = given_tables(tables).counts
        this, over = counts.c.bucket == bindparam("key"), counts.c.over_at < bindparam("before")
        self._update = (counts.update().where(this)).values(
            numbers=bindparam("new_numbers"), over_at=bindparam("new_over_at")
        )
        self._over = select(counts.c.bucket).where(over).limit(_PRUNE_MOST)
        self._delete = counts.delete().where(this, over)
        self._until_prune = 0

    def _do(
        self, operation: Operation, buckets: Sequence[Bucket], now: datetime | None
    ) -> Refusal | None:
        if operation == "wait":  # a plain read will do, unless a wrong clock is to be mended
            held, moment = self._binding.read(lambda c: self._read(c, buckets, now, lock=False))
            refusal, mended = decide(operation, buckets, held, moment)
            if not mended:
                return refusal
        ordered = sorted(buckets, key=lambda bucket: bucket.key)
        done: list[tuple[Refusal | None, int]] = []

        def work(connection: Connection) -> SchoolAuthError | None:
            if not self._binding.joined:
                bound_waiting(connection)
            held, moment = self._read(connection, ordered, now, lock=True)
            if not has_begun(connection):
                return NotConfigured(NO_TRANSACTIONS)
            refusal, numbers = decide(operation, buckets, held, moment)
            rows = [  # always other ones: MariaDB answers sooner where an UPDATE changes nothing
                {
                    "key": bucket.key,
                    "new_numbers": " ".join(f"{one} {two}" for one, two in numbers[bucket.key]),
                    "new_over_at": over_at(bucket, numbers[bucket.key]) - moment % 1000,
                }
                for bucket in ordered
                if bucket.key in numbers
            ]
            if rows:
                connection.execute(self._update, rows)
            elif not self._binding.joined:
                connection.rollback()
            done.append((refusal, moment))
            return None

        for _ in range(_TRIES):
            with suppress(StaleUser):  # a deadlock, or a stricter isolation than is needed
                self._binding.write(work, stale=True)
                refusal, moment = done[-1]
                if operation != "clear":  # only then *moment* is of the clock that counts
                    self._prune(moment)
                return refusal
        raise StorageUnavailable

    def _read(
        self, connection: Connection, buckets: Sequence[Bucket], now: datetime | None, lock: bool
    ) -> tuple[Held, int]:
        """Return the numbers of *buckets* and the time, after their rows are locked if asked."""
        make, read, read_locked = _statements(
            self._counts, connection.dialect, len(buckets), not self._binding.joined
        )
        keys = {f"key_{number}": bucket.key for number, bucket in enumerate(buckets)}
        found = connection.execute(make if lock else read, keys)
        rows = (found if found.returns_rows else connection.execute(read_locked, keys)).all()
        texts = ((key, map(int, numbers.split())) for key, numbers, _ in rows)
        held = {key: tuple(zip(each, each, strict=True)) for key, each in texts}
        if now is not None:
            return held, to_micros(now)
        return held, max([clock or 0 for *_, clock in rows], default=0) or time.time_ns() // 1000

    def _prune(self, now: int) -> None:
        """Delete rows that are over, now and then, in the order in which all others lock them."""
        self._until_prune -= 1
        if self._until_prune >= 0 or self._binding.joined:
            return
        self._until_prune = _PRUNE_EVERY
        over = {"before": now - _PRUNE_AFTER}

        def work(connection: Connection) -> None:
            bound_waiting(connection)
            connection.execute(self._delete, [{"key": key, **over} for key in sorted(keys)])

        with suppress(StaleUser, StorageUnavailable):  # the next time will do
            keys = self._binding.read(lambda c: c.scalars(self._over, over).all())
            if keys:
                self._binding.write(work, stale=True)


@lru_cache
def _statements(
    counts: Table, dialect: Dialect, count: int, bounded: bool
) -> tuple[TextClause, TextClause, TextClause]:
    """Return what makes and locks so many rows, what reads them, and what reads them locked."""
    keys = [f":key_{number}" for number in range(count)]
    table = dialect.identifier_preparer.format_table(counts)
    columns = f"bucket, numbers, {_CLOCKS.get(dialect.name, _CLOCKS['mysql'])}"
    rows = "(bucket, numbers, over_at) VALUES " + ", ".join(f"({key}, '', 0)" for key in keys)
    make = f"INSERT INTO {table} {rows} ON DUPLICATE KEY UPDATE numbers = numbers"
    if bounded and getattr(dialect, "is_mariadb", False):  # its own bound is 50 s
        make = f"SET STATEMENT innodb_lock_wait_timeout={LOCK_SECONDS} FOR {make}"
    read = f"SELECT {columns} FROM {table} WHERE bucket IN ({', '.join(keys)})"  # noqa: S608 # our own names
    locked = f"{read} FOR UPDATE"
    if dialect.name in ("postgresql", "sqlite"):
        unchanged = "ON CONFLICT (bucket) DO UPDATE SET numbers = held.numbers"
        make, locked = f"INSERT INTO {table} AS held {rows} {unchanged}", read
    if dialect.name == "postgresql":
        make += f" RETURNING {columns}"
    return text(make), text(read), text(locked)
