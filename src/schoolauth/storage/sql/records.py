"""Statements over any number of rows: asking for many keys, and adding many records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Insert,
    RowMapping,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    insert,
)

from schoolauth.model.events import AuditEvent
from schoolauth.storage.paging import batches
from schoolauth.storage.sql.tables import Tables

Record = dict[str, Any]
_MANY = 100
"""From so many records on, SQLAlchemy's work on each of them is saved."""


def among(column: Column[Any], name: str, dialect_name: str) -> ColumnElement[bool]:
    """Return the condition that *column* is one of the texts in the parameter *name*."""
    if dialect_name == "postgresql":  # one array: the statement is the same for 1 and for 5,000
        return column == any_(bindparam(name, type_=ARRAY(Text)))
    return column.in_(bindparam(name, expanding=True))


def key_batches(keys: Sequence[Any], dialect_name: str) -> Iterable[Sequence[Any]]:
    """Cut *keys* into as many as one statement may ask for."""
    return batches(keys, 5000 if dialect_name == "postgresql" else 500)


def rows_among(
    connection: Connection, statement: Select[Any], keys: Iterable[str]
) -> list[RowMapping]:
    """Return the rows of *statement* for all *keys*, asked for in their order."""
    found: list[RowMapping] = []
    # sorted: rows are locked in one order by everybody
    for batch in key_batches(sorted(keys), connection.dialect.name):
        found.extend(connection.execute(statement, {"keys": batch}).mappings())
    return found


class Adder:
    """Adds records to one table, in their order."""

    def __init__(self, table: Table) -> None:
        self._insert: Insert = insert(table).inline()  # nobody asks for generated numbers

    def add(self, connection: Connection, records: Sequence[Record]) -> None:
        """Insert *records*, which all have the same keys."""
        if len(records) < _MANY:
            connection.execute(self._insert, records if len(records) > 1 else records[0])
            return
        compiled = self._insert.compile(dialect=connection.dialect, column_keys=list(records[0]))
        # the records hold only what every driver takes as it is: str, int, bool and None
        rows: list[Any] = list(records)
        names = compiled.positiontup
        if names is not None:
            rows = [tuple(record[name] for name in names) for record in records]
        connection.exec_driver_sql(str(compiled), rows)


class EventAdder:
    """Adds events to the history."""

    def __init__(self, tables: Tables) -> None:
        self._adder = Adder(tables.events)

    def add(self, connection: Connection, events: Sequence[AuditEvent]) -> None:
        """Insert *events* last to first: read newest first, they have their order again."""
        self._adder.add(connection, [event.to_record() for event in reversed(events)])
