"""`SqlSchoolDirectory`: schools in the same tables, with their events in the same history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from schoolauth.errors import (
    SchoolAuthError,
    SchoolTaken,
    SchoolUnknown,
)
from schoolauth.model.change import Page
from schoolauth.model.events import AuditEvent, SchoolAdded
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.school import School
from schoolauth.storage.paging import check_limit, page_of, text_cursor
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.locks import Gate, Lock, bound_waiting
from schoolauth.storage.sql.records import EventAdder, among, rows_among
from schoolauth.storage.sql.tables import Tables, given_tables


class SqlSchoolDirectory:
    """Keeps schools in the tables that `create_tables` makes; see `SqlUserRepository` for *bind*.

    Raises:
        TypeError: if *bind* is not an Engine, Connection or Session.
        NotConfigured: if *bind* is in AUTOCOMMIT.
    """

    def __init__(self, bind: Any, *, tables: Tables | None = None) -> None:
        self._binding = Binding(bind)
        self.joined = self._binding.joined
        self._statements = _statements(
            given_tables(tables), self.joined, self._binding.dialect_name
        )

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools with these codes; an unknown code is absent from the answer.

        Raises:
            StorageUnavailable: if the database does not answer.
            ContractBroken: if tables or columns are missing.
        """
        if not codes:
            return {}

        keys = [code.key for code in codes]
        rows = self._binding.read(
            lambda connection: rows_among(connection, self._statements.find, keys)
        )
        schools = [_school(row) for row in rows]
        return {school.code: school for school in schools}

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return the schools by `code.key`, *limit* (1 to 500) at a time.

        Raises:
            ValueError: if *limit* is out of bounds, or *after* cannot be the `next` of a page.
            StorageUnavailable: if the database does not answer.
            ContractBroken: if tables or columns are missing.
        """
        check_limit(limit)
        params = {"after": text_cursor(after) or "", "most": limit + 1}
        rows = self._binding.read(
            lambda connection: connection.execute(self._statements.list, params).mappings().all()
        )
        return page_of([_school(row) for row in rows], limit, lambda school: school.code.key)

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school* and *event* in one transaction: a new one if it is a `SchoolAdded`.

        Raises:
            SchoolTaken: if a new one is there already.
            SchoolUnknown: if a changed one is not there.
            StorageUnavailable: if the database does not answer, or gave up the transaction.
            ContractBroken: if tables, columns or the gate's row are missing.
            NotConfigured: if the host's connection is in AUTOCOMMIT.
        """
        self._binding.write(
            lambda connection: self._statements.write(connection, school, event),
        )


class _Statements:
    """The statements of one installation, built once."""

    def __init__(self, tables: Tables, joined: bool, dialect_name: str) -> None:
        schools = tables.schools
        self._joined = joined
        self._gate = Gate(tables, joined=joined)
        self._events = EventAdder(tables)
        by_code = schools.c.code_key == bindparam("this")
        this = select(schools.c.code_key).where(by_code).with_for_update(key_share=True)
        self._lock = Lock(this, joined=joined)
        self._insert = insert(schools)
        self._update = update(schools).where(by_code)
        self.find = select(schools).where(among(schools.c.code_key, "keys", dialect_name))
        self.list = (
            select(schools)
            .where(schools.c.code_key > bindparam("after"))
            .order_by(schools.c.code_key)
            .limit(bindparam("most"))
        )

    def write(
        self, connection: Connection, school: School, event: AuditEvent
    ) -> SchoolAuthError | None:
        """Write both, or return why not before anything is written."""
        if not self._joined:
            bound_waiting(connection)
        if closed := self._gate.lock(connection):
            return closed
        key = {"this": school.code.key}
        lock = self._lock.statement(connection)
        is_there = connection.execute(lock, key).first() is not None
        if isinstance(event, SchoolAdded):
            if is_there:
                return SchoolTaken()
            connection.execute(self._insert, {"code_key": school.code.key, **_record(school)})
        elif is_there:
            connection.execute(self._update, {**key, **_record(school)})
        else:
            return SchoolUnknown()
        self._events.add(connection, (event,))
        return None


@lru_cache(maxsize=32)
def _statements(tables: Tables, joined: bool, dialect_name: str) -> _Statements:
    return _Statements(tables, joined, dialect_name)


def _record(school: School) -> dict[str, str | None]:
    head, deputy = school.headteacher_email, school.deputy_email
    return {
        "code": str(school.code),
        "name": school.name,
        "headteacher_email": None if head is None else str(head),
        "headteacher_email_key": None if head is None else head.key,
        "deputy_email": None if deputy is None else str(deputy),
        "deputy_email_key": None if deputy is None else deputy.key,
    }


def _school(row: RowMapping) -> School:
    def email(display: str | None, key: str | None) -> EmailAddress | None:
        return None if display is None or key is None else EmailAddress.stored(display, key)

    return School(
        SchoolCode.stored(row["code"], row["code_key"]),
        row["name"],
        email(row["headteacher_email"], row["headteacher_email_key"]),
        email(row["deputy_email"], row["deputy_email_key"]),
    )
