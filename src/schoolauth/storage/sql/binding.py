"""Where the statements of a SQL store run: in transactions of its own, or in the host's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    PendingRollbackError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schoolauth.errors import (
    ContractBroken,
    NotConfigured,
    SchoolAuthError,
    StaleUser,
    StorageUnavailable,
)
from schoolauth.storage.sql.locks import NO_TRANSACTIONS

Answer = TypeVar("Answer")

_CONFLICTS = frozenset(
    {"40001", "40P01", "23505"}  # PostgreSQL: serialization, deadlock, unique key
    | {"1213", "1020", "1062"}  # MariaDB: deadlock, changed since the snapshot, unique key
    | {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
)
_MISSING = frozenset({"42P01", "42703", "3F000", "1146", "1054", "SQLITE_ERROR"})
_ROLLED_BACK = frozenset({"1213", "1020", "1205"})
"""After these the server has, or may have (1205), rolled the whole transaction back."""


class Binding:
    """The engine whose transactions a store owns, or the connection or session it joins."""

    def __init__(self, bind: Any) -> None:
        self._engine: Engine | None = None
        self._reader: Engine | None = None
        self._connect: Callable[[], Connection]
        if isinstance(bind, Engine):
            _refuse_autocommit(bind)
            self._engine = self._reader = bind
            self.dialect_name = bind.dialect.name
            if self.dialect_name == "postgresql":  # a lone statement without BEGIN and ROLLBACK
                self._reader = bind.execution_options(isolation_level="AUTOCOMMIT")
        elif isinstance(bind, Connection):
            self._connect = lambda: bind
            self.dialect_name = bind.dialect.name
        elif _is_session(bind):
            self._connect = bind.connection
            self.dialect_name = str(bind.get_bind().dialect.name)
        else:
            raise TypeError("bind must be an Engine, a Connection or a Session of SQLAlchemy")

    @property
    def joined(self) -> bool:
        """Whether the transaction is the host's."""
        return self._engine is None

    def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Return what *work* reads; it must not write.

        Raises:
            StorageUnavailable: if the database does not answer.
            ContractBroken: if tables or columns are missing.
        """
        problem: SchoolAuthError
        connection = None
        try:
            if self._reader is None:
                connection = self._connect()
                return work(connection)
            with self._reader.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            problem = _translated(error)
            if connection is not None and self.joined and driver_code(error) in _ROLLED_BACK:
                _spoil(connection)
        raise problem  # here, where no driver's error with its addresses is __context__

    def write(
        self,
        work: Callable[[Connection], SchoolAuthError | None],
        *,
        stale: bool = False,
        lone: bool = False,
    ) -> None:
        """Do *work* in one transaction; if it returns a refusal, roll back and raise it.

        *work* refuses before its first write. With *stale*, a transaction of our own that the
        database gave up because of others is `StaleUser`: deciding again may succeed. With *lone*,
        *work* must be one statement.

        Raises:
            StaleUser: see *stale*.
            StorageUnavailable: if the database does not answer, or gave up the host's transaction.
            ContractBroken: if tables or columns are missing.
        """
        problem: SchoolAuthError | None
        connection = None
        try:
            if self._engine is None or self._reader is None:
                connection = self._connect()
                _refuse_autocommit(connection)
                _refuse_committing_driver(connection)
                problem = work(connection)
            else:
                with (self._reader if lone else self._engine).connect() as connection:
                    if not lone:
                        _refuse_committing_driver(connection)
                    problem = work(connection)
                    if problem is None:
                        _commit(connection)
        except SQLAlchemyError as error:
            problem = _translated(error, stale=stale and not self.joined)
            if connection is not None and self.joined:
                _spoil(connection)
        if problem is not None:
            raise problem


def _commit(connection: Connection) -> None:
    """Commit, or leave nothing behind.

    A commit that fails may leave the transaction open, as SQLite's does where the file is busy, and
    SQLAlchemy takes it for ended: the next user of the connection would commit what was refused.
    """
    try:
        connection.commit()
    except SQLAlchemyError:
        if not connection.invalidated:
            try:
                connection.connection.rollback()
            except Exception:  # noqa: BLE001 # a driver's own, of whatever kind
                connection.invalidate()
        raise


def driver_code(error: SQLAlchemyError) -> str:
    """Return the driver's code for *error*: an SQLSTATE, a number, or SQLite's name for it."""
    source: Any = getattr(error, "orig", None) or error
    first = source.args[0] if source.args else None
    if isinstance(first, int):  # MySQL and MariaDB; their SQLSTATE says less
        return str(first)
    for name in ("sqlite_errorname", "errno", "sqlstate", "pgcode"):
        code = getattr(source, name, None)
        if code:
            return str(code)
    return type(source).__name__


def _translated(error: SQLAlchemyError, *, stale: bool = False) -> SchoolAuthError:
    """Return the library's error for *error*; it carries only the driver's code, not its text."""
    code = driver_code(error)
    if isinstance(error, DBAPIError):
        if code in _CONFLICTS:
            return StaleUser() if stale else _unavailable(code)
        wrong = isinstance(error, IntegrityError | DataError | ProgrammingError | NotSupportedError)
        if code in _MISSING or wrong:
            return ContractBroken(
                f"The database refused a statement ({code}). Are the tables there, as "
                "create_tables(engine) makes them? verify_schema(engine) tells."
            )
    elif not isinstance(error, PoolTimeout | PendingRollbackError):
        return ContractBroken(f"The connection cannot be used ({code}).")
    return _unavailable(code)


def _unavailable(code: str) -> StorageUnavailable:
    return StorageUnavailable(f"{StorageUnavailable().message} ({code})")


def _spoil(connection: Connection) -> None:
    """Keep the host from committing half of its work; PostgreSQL does so by itself."""
    if connection.dialect.name != "postgresql" and not connection.closed:
        connection.invalidate()


def _refuse_autocommit(bind: Engine | Connection) -> None:
    levels = (
        bind.get_execution_options().get("isolation_level"),
        getattr(bind.dialect, "_on_connect_isolation_level", None),  # of create_engine()
    )
    if "AUTOCOMMIT" in levels:
        raise NotConfigured(NO_TRANSACTIONS)


def _refuse_committing_driver(connection: Connection) -> None:
    """Refuse a driver that commits each statement by itself, despite SQLAlchemy's BEGIN.

    SQLite's driver shows it only once a transaction should have begun: see `Gate.lock`.
    """
    driver: Any = connection.connection.driver_connection  # under asyncio too the driver's own
    ask = getattr(driver, "get_autocommit", None)  # of MySQL and MariaDB; the others have a flag
    if (getattr(driver, "autocommit", False) if ask is None else bool(ask())) is True:
        raise NotConfigured(NO_TRANSACTIONS)


def _is_session(bind: Any) -> bool:
    orm = sys.modules.get("sqlalchemy.orm")  # never imported here: without it there is no session
    return orm is not None and isinstance(bind, orm.Session | orm.scoped_session)
