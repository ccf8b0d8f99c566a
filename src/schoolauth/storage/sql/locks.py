"""The locks of a save, in the one order that is free of deadlocks: the gate, then rows by id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, Update, select, update

from schoolauth.errors import ContractBroken, NotConfigured, SchoolAuthError
from schoolauth.storage.sql.tables import GATE_ID, Tables

NO_TRANSACTIONS = "A store needs transactions: the bind must not be in AUTOCOMMIT."
LOCK_SECONDS = 5
"""How long a transaction of our own waits for a lock."""


class Lock:
    """A locking SELECT, with a bound on its waiting where that stands in the statement."""

    def __init__(self, statement: Select[Any], *, joined: bool) -> None:
        self._joined = joined
        self._patient = statement
        self._bounded = statement.suffix_with(f"WAIT {LOCK_SECONDS}")

    def statement(self, connection: Connection) -> Select[Any]:
        """Return the statement; in the host's transaction the host's own timeouts hold."""
        is_mariadb = getattr(connection.dialect, "is_mariadb", False)
        return self._bounded if is_mariadb and not self._joined else self._patient


class Gate:
    """The one row that every change of keys locks first, so that they run one by one."""

    def __init__(self, tables: Tables, *, joined: bool) -> None:
        gate = tables.gate
        at_gate = gate.c.id == GATE_ID
        self._name = gate.fullname
        row = select(gate.c.id).where(at_gate).with_for_update(key_share=True)
        self._lock = Lock(row, joined=joined)
        self._touch: Update = update(gate).where(at_gate).values(id=gate.c.id)

    def lock(self, connection: Connection) -> SchoolAuthError | None:
        """Lock the row until the transaction ends; return what is wrong if it is not there."""
        if connection.dialect.name == "sqlite":
            # a write, so that the transaction begins as a writer and never has to become one
            is_there = connection.execute(self._touch).rowcount == 1
            if not has_begun(connection):
                return NotConfigured(NO_TRANSACTIONS)
        else:
            statement = self._lock.statement(connection)
            is_there = connection.execute(statement).first() is not None
        if is_there:
            return None
        return ContractBroken(
            f"The table {self._name} lacks its one row, id = {GATE_ID}: "
            "create_tables(engine) puts it in."
        )


def bound_waiting(connection: Connection) -> None:
    """Let no lock of this transaction wait longer than `LOCK_SECONDS`; only for our own ones."""
    if connection.dialect.name == "postgresql":  # MariaDB has it in each statement: see `Lock`
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def has_begun(connection: Connection) -> bool:
    """Tell whether a write has begun a transaction: SQLite's driver may commit each by itself."""
    if connection.dialect.name != "sqlite":
        return True
    driver: Any = connection.connection.driver_connection  # of sqlite3, or of aiosqlite
    return bool(driver.in_transaction)  # with isolation_level=None nobody says BEGIN
