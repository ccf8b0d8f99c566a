"""An application with a table of its own beside ours, and its ways to begin a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

HOST_ROWS = Table(
    "host_rows", MetaData(), Column("id", Integer, primary_key=True), Column("note", String(20))
)


@dataclass
class Host:
    """An application with a table of its own beside ours, and its way to begin a transaction."""

    engine: Engine
    kind: str

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Yield a connection or session; end it by its `commit()`, or it is rolled back."""
        if self.kind == "connection":
            with self.engine.connect() as connection:
                yield connection
        elif self.kind == "session":
            with Session(self.engine) as session:
                yield session
        else:
            sessions = scoped_session(sessionmaker(self.engine))
            yield sessions
            sessions.remove()

    def rows(self) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(HOST_ROWS)).all())
