"""Transactions, the gate, and what a driver's errors mean to the library."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import Error, IntegrityError, ProgrammingError, connections, transaction
from django.db.transaction import TransactionManagementError

from schoolauth import ContractBroken, NotConfigured, Page, StaleUser, StorageUnavailable
from schoolauth.errors import SchoolAuthError

from .models import Gate

Item = TypeVar("Item")
Answer = TypeVar("Answer")

SOMEBODY_WAS_QUICKER: frozenset[str | int] = frozenset(
    {
        "23505",  # PostgreSQL: unique_violation, serialization_failure, deadlock_detected
        "40001",
        "40P01",
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    }
)


@dataclass(frozen=True)
class Database:
    """One database of `settings.DATABASES`; if *joined*, inside a transaction of the host."""

    using: str
    joined: bool

    def read(self, work: Callable[[], Answer]) -> Answer:
        """Return what *work* returns; a driver's error becomes one of the library's."""
        if self.joined:
            return self._translated(lambda: self._in_transaction(work))
        return self._translated(work)

    def write(self, work: Callable[[], SchoolAuthError | None]) -> None:
        """Run *work* in one transaction, and raise the refusal that it returns, if any.

        Alone, the transaction is a real one: inside somebody's `atomic()` Django refuses it.
        Joined, it is a savepoint, so that a failure takes back nothing of the host's.
        """
        refusal = self._translated(lambda: self._in_transaction(work))
        if refusal is not None:
            raise refusal

    def close_gate(self) -> None:
        """Let nobody else hand out keys until the transaction ends; this comes before any lock."""
        if not self._lock_gate():  # new, or flushed by a test
            Gate.objects.using(self.using).bulk_create([Gate(id=1)], ignore_conflicts=True)
            self._lock_gate()

    @property
    def locks_rows(self) -> bool:
        """Whether rows can be locked; if not, the gate must be closed before every write."""
        return bool(connections[self.using].features.has_select_for_update)

    def _lock_gate(self) -> bool:
        gate = Gate.objects.using(self.using).filter(id=1)
        if self.locks_rows:
            return bool(list(gate.select_for_update()))
        return bool(gate.update(id=1))  # on SQLite, to write is to wait for the lock

    def _in_transaction(self, work: Callable[[], Answer]) -> Answer:
        if self.joined and not connections[self.using].in_atomic_block:
            raise NotConfigured("a joined repository is for use inside transaction.atomic()")
        with transaction.atomic(using=self.using, durable=not self.joined):
            return work()

    def _translated(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except Error as error:
            failure = self._meaning(error)
        # Outside the block: there the driver's error, with its data, would hang on the failure.
        connection = connections[self.using]
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # no request may end here, which would do it
        raise failure

    def _meaning(self, error: Any) -> SchoolAuthError:
        driver = error.__cause__
        code = getattr(driver, "sqlstate", None) or getattr(driver, "sqlite_errorcode", None)
        if isinstance(error, TransactionManagementError) or (
            self.joined and connections[self.using].needs_rollback
        ):
            return StorageUnavailable()  # the host's transaction is lost, and Django knows it
        if code in SOMEBODY_WAS_QUICKER:
            return StaleUser()
        if isinstance(error, ProgrammingError | IntegrityError) or code == sqlite3.SQLITE_ERROR:
            return ContractBroken("the tables are not as migrate makes them, or may not be used")
        return StorageUnavailable()


def batches(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Cut *items* into lists that fit into one statement."""
    found = list(items)
    return (found[start : start + size] for start in range(0, len(found), size))


def page_of(
    rows: list[dict[str, Any]],
    limit: int,
    *,
    cursor: str,
    build: Callable[[dict[str, Any]], Item],
) -> Page[Item]:
    """Return the page that *rows* are; one more than *limit* tells that there is a next one."""
    items = tuple(build(row) for row in rows[:limit])
    return Page(items, str(rows[limit - 1][cursor]) if len(rows) > limit else None)
