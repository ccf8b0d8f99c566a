"""`SqlStore`: accounts, schools and counts of one database, for `SchoolAuth` or for `within`."""

from __future__ import annotations

from typing import Any

from schoolauth.ports import Store
from schoolauth.storage.sql.binding import Binding
from schoolauth.storage.sql.schools import SqlSchoolDirectory
from schoolauth.storage.sql.tables import Tables
from schoolauth.storage.sql.throttle import SqlThrottle
from schoolauth.storage.sql.users import SqlUserRepository


class SqlStore(Store):
    """Keeps accounts, their history, schools and counts in the database of *bind*.

    Processes that share the database share the counts of tries too.

    Args:
        bind: an `Engine` for `SchoolAuth`; a `Connection` or `Session` inside a transaction of the
            host for `SchoolAuth.within`.
        tables: with names of the host's own, from `build_tables`.

    Raises:
        TypeError: if *bind* or *tables* is something else.
        NotConfigured: if *bind* is in AUTOCOMMIT.
    """

    def __init__(self, bind: Any, *, tables: Tables | None = None) -> None:
        users = SqlUserRepository(bind, tables=tables)
        schools = SqlSchoolDirectory(bind, tables=tables)
        binding = Binding(bind)
        # in a transaction of the host counts would end with its rollback; but SQLite has one writer
        counts = not binding.joined or binding.dialect_name == "sqlite"
        super().__init__(users, schools, SqlThrottle(bind, tables=tables) if counts else None)
