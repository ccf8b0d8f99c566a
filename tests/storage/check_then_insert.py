"""What many apps do: look whether the keys are free, then write, in tables that would let it."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, MetaData, UniqueConstraint

from schoolauth.errors import SchoolAuthError, StaleUser
from schoolauth.model.change import Change
from schoolauth.storage.paging import taken
from schoolauth.storage.sql import SqlUserRepository, build_tables, create_tables
from schoolauth.testing.repository.sample_accounts import keys_of


class CheckThenInsert(SqlUserRepository):
    """Our own store without its unique keys and its gate: versions are still compared right."""

    def __init__(self, engine: Engine) -> None:
        tables = build_tables(MetaData(), prefix="loose_")
        for constraint in list(tables.users.constraints):
            if isinstance(constraint, UniqueConstraint):
                tables.users.constraints.remove(constraint)
        tables.users.metadata.drop_all(engine)
        create_tables(engine, tables=tables)
        super().__init__(engine, tables=tables)

    def save(self, change: Change, /) -> None:
        """Look in one transaction, and write in another."""
        people = (*change.users, *change.unchanged)
        stored = self.find([user.id for user in people])
        if any((stored.get(user.id) or user).version != user.version for user in people):
            raise StaleUser
        written = {user.id for user in change.users}
        claimed = [key for user in change.users for key in keys_of(user)]
        for key, holder in self.find(claimed).items():
            if holder.id not in written:
                raise taken(key)

        def write(connection: Connection) -> SchoolAuthError | None:
            if connection.dialect.name == "sqlite":  # there, a writing transaction begins so
                self._statements.changes._gate.lock(connection)
            return self._statements.changes.write(connection, change, gate=False)

        self._binding.write(write, stale=True)
