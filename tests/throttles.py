"""How the tests reach throttles: in memory, and in each database."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import MetaData

from schoolauth.ports import Throttle
from schoolauth.storage.sql import SqlThrottle, build_tables
from schoolauth.throttle import MemoryThrottle
from tests.databases import SQL_STORES, Databases

THROTTLES = ("memory", *SQL_STORES)


class Throttles:
    """Throttles that share nothing but their stores, which are left clean at the end."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._closing: list[Callable[[], object]] = []

    def make(self, kind: str, *, wait: float = 20.0) -> Throttle:
        """Return a new throttle of one *kind*, which knows no attempt."""
        if kind == "memory":
            return MemoryThrottle(wait=wait)
        metadata, engine = MetaData(), self._databases.engine(kind)
        tables = build_tables(metadata, prefix=f"throttle_{secrets.token_hex(4)}_")
        tables.throttle.create(engine)
        self._closing.append(lambda: tables.throttle.drop(engine))
        return SqlThrottle(engine, tables=tables, wait=wait)

    def close(self) -> None:
        """Drop everything that was made."""
        while self._closing:
            self._closing.pop()()
