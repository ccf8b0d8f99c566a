"""The places of a SQL throttle: what their rows say of a bucket, and the statements on them.

A row is one place of one limit: taken until `free_at`, by an attempt that is undecided until
`undecided_until`, or failed where that is NULL or over. Place 0 says that a flood is known.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, TextClause, bindparam, select, text

from schoolauth.ports import UNDECIDED_SECONDS, Bucket
from schoolauth.storage.sql.locks import LOCK_SECONDS
from schoolauth.storage.sql.records import among

SECOND = 1_000_000
"""Times are whole microseconds since 1970, as everywhere in the tables."""
UNDECIDED = UNDECIDED_SECONDS * SECOND
CLOCKS_DIFFER = 60 * SECOND
"""By so much the clocks of two servers may differ; what lies further ahead counts as of now."""
_TOLD = 0


class Place(NamedTuple):
    """One place of the limit of a bucket that looks back for *seconds*."""

    bucket: str
    seconds: int
    place: int
    free_at: int


class Row(NamedTuple):
    """A place as it is stored."""

    bucket: str
    seconds: int
    place: int
    free_at: int
    undecided_until: int | None

    def is_undecided(self, now: int) -> bool:
        """Tell whether nobody has said yet how the attempt ended, and it is not too late."""
        return self.undecided_until is not None and self.undecided_until > now

    def is_late(self, now: int) -> bool:
        """Tell whether it counts as failed because nobody has said how the attempt ended."""
        return self.undecided_until is not None and self.undecided_until <= now

    def is_over(self, now: int) -> bool:
        """Tell whether no limit asks for it any more."""
        return self.free_at <= now and not self.is_undecided(now)


class Standing:
    """How a bucket stands by its rows; *full_for* is in microseconds, 0 if there is room."""

    def __init__(self, bucket: Bucket, now: int, rows: Sequence[Row]) -> None:
        self._bucket = bucket.key
        self._now = now
        self._limits: dict[int, int] = {}
        for limit in bucket.limits:
            fewest = min(limit.attempts, self._limits.get(limit.seconds, limit.attempts))
            self._limits[limit.seconds] = fewest
        self._taken: dict[int, set[int]] = {seconds: set() for seconds in self._limits}
        self._full_window = 0
        self.full_for = 0
        self.crowded = False
        self.told = any(row.place == _TOLD and row.free_at > now for row in rows)
        for seconds, attempts in self._limits.items():
            self._count(seconds, attempts, [row for row in rows if row.seconds == seconds])
        ahead = any(row.free_at > self._end(row.seconds) + CLOCKS_DIFFER for row in rows)
        late = any(row.is_late(now) for row in rows)
        in_the_way = any(self._in_the_way(row) for row in rows if row.is_over(now))
        self.untidy = ahead or late or in_the_way

    def _count(self, seconds: int, attempts: int, rows: Sequence[Row]) -> None:
        self._taken[seconds] = {row.place for row in rows if 1 <= row.place <= attempts}
        rows = [row for row in rows if row.place != _TOLD and not row.is_over(self._now)]
        failed = sorted(row.free_at for row in rows if not row.is_undecided(self._now))
        if len(failed) >= attempts:
            wait = min(failed[-attempts], self._end(seconds)) - self._now
            self.full_for = max(self.full_for, wait)
            self._full_window = max(self._full_window, seconds)
        self.crowded = self.crowded or len(rows) >= attempts

    def _in_the_way(self, row: Row) -> bool:
        """Tell whether the place of *row* is needed, so that it must not be over and still there.

        Others are left to the sweep: most attempts need no second statement for them.
        """
        if row.place == _TOLD:
            return row.seconds == self._full_window
        return row.seconds in self._limits and not self._free(row.seconds)

    def _free(self, seconds: int) -> int:
        """Return how many places of this limit have no row."""
        return self._limits[seconds] - len(self._taken[seconds])

    def _end(self, seconds: int) -> int:
        return self._now + seconds * SECOND

    def free_places(self) -> Iterator[Place]:
        """Yield a place of each limit, for an attempt that begins now; all of them have room."""
        for seconds in sorted(self._limits):
            # any will do: rivals that all chose the lowest would take it from each other
            number = 1 + secrets.randbelow(self._free(seconds))  # neither crowded nor untidy
            for taken in sorted(self._taken[seconds]):
                number += taken <= number
            yield Place(self._bucket, seconds, number, self._end(seconds))

    def telling(self) -> Place:
        """Return the place that says, for a whole window, that the bucket's flood is known."""
        return Place(self._bucket, self._full_window, _TOLD, self._end(self._full_window))


_HELD = (
    " WHERE reservation = :reservation AND (undecided_until > :now"
    # counted as failed by another host's clock, and not yet late by that of its own
    f" OR (undecided_until IS NULL AND free_at > :now - {UNDECIDED} + seconds * 1000000))"
)
_STATEMENTS = {
    # with its word said, it is nobody's reservation: a second word finds nothing
    "fail": "UPDATE {} SET free_at = :now + seconds * 1000000, undecided_until = NULL,"
    " reservation = ''{held}",
    "give_back": "DELETE FROM {}{held}",
    "forget": "DELETE FROM {} WHERE bucket IN :buckets"
    " AND (undecided_until IS NULL OR undecided_until <= :now)",
    "drop_old": "DELETE FROM {} WHERE bucket IN :buckets AND free_at <= :now"
    " AND (undecided_until IS NULL OR undecided_until <= :now)",
    "count_late": "UPDATE {} SET undecided_until = NULL"
    " WHERE bucket IN :buckets AND undecided_until <= :now",
    "mend_clock": "UPDATE {} SET free_at = :now + seconds * 1000000, undecided_until ="
    " CASE WHEN undecided_until IS NULL THEN NULL ELSE :undecided_until END"
    " WHERE bucket IN :buckets AND free_at > :ahead + seconds * 1000000",
    "sweep": "DELETE FROM {} WHERE free_at <= :now"
    " AND (undecided_until IS NULL OR undecided_until <= :now)",
}
_INSERT = "INSERT INTO {} (bucket, seconds, place, free_at, reservation, undecided_until) VALUES "


class PlaceStatements:
    """The statements on one table, each of them atomic; built once."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self._table = dialect.identifier_preparer.format_table(table)
        columns = [table.c[name] for name in Row._fields]
        self._read = select(*columns).where(among(table.c.bucket, "buckets", dialect.name))
        self._built: dict[tuple[str | int, bool], TextClause] = {}

    def read(self, connection: Connection, buckets: Sequence[str]) -> list[Row]:
        """Return the rows of all *buckets*, as they stood at one moment."""
        return [Row(*row) for row in connection.execute(self._read, {"buckets": buckets})]

    def change(self, connection: Connection, name: str, params: dict[str, Any]) -> int:
        """Run the statement *name*, and return how many rows it was about."""
        return connection.execute(self._statement(name, connection), params).rowcount

    def take(
        self,
        connection: Connection,
        places: Sequence[Place],
        reservation: str,
        undecided_until: int | None,
    ) -> None:
        """Insert all *places*, or none where one of them is taken: then the key is violated."""
        params: dict[str, Any] = {"reservation": reservation, "undecided_until": undecided_until}
        for number, place in enumerate(places):
            params |= {f"{name}_{number}": value for name, value in place._asdict().items()}
        connection.execute(self._statement(len(places), connection), params)

    def _statement(self, name: str | int, connection: Connection) -> TextClause:
        """Return the statement *name*, or the one that takes so many places."""
        # MariaDB waits 50 s for a lock, and takes its bound in the statement alone
        bounded = bool(getattr(connection.dialect, "is_mariadb", False))
        built = self._built.get((name, bounded))
        if built is None:
            sql = self._insert(name) if isinstance(name, int) else _STATEMENTS[name]
            sql = sql.format(self._table, held=_HELD)
            if bounded:
                sql = f"SET STATEMENT innodb_lock_wait_timeout={LOCK_SECONDS} FOR {sql}"
            built = text(sql)
            if ":buckets" in sql:
                built = built.bindparams(bindparam("buckets", expanding=True))
            self._built[name, bounded] = built
        return built

    @staticmethod
    def _insert(count: int) -> str:
        rows = [
            [f":{name}_{number}" for name in Place._fields] + [":reservation", ":undecided_until"]
            for number in range(count)
        ]
        return _INSERT + ", ".join(f"({', '.join(row)})" for row in rows)
