"""`SqlStore`: accounts and schools of one database, for `SchoolAuth` or for `within`."""

from __future__ import annotations

from typing import Any

from schoolauth.ports import Store
from schoolauth.storage.sql.schools import SqlSchoolDirectory
from schoolauth.storage.sql.tables import Tables
from schoolauth.storage.sql.users import SqlUserRepository


class SqlStore(Store):
    """Keeps accounts, their history and schools in the database of *bind*.

    Args:
        bind: an `Engine` for `SchoolAuth`; a `Connection` or `Session` inside a transaction of the
            host for `SchoolAuth.within`.
        tables: with names of the host's own, from `build_tables`.

    Raises:
        TypeError: if *bind* or *tables* is something else.
        NotConfigured: if *bind* is in AUTOCOMMIT.
    """

    def __init__(self, bind: Any, *, tables: Tables | None = None) -> None:
        super().__init__(
            SqlUserRepository(bind, tables=tables), SqlSchoolDirectory(bind, tables=tables)
        )
