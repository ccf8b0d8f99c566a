"""Repositories that are right for one caller at a time, and wrong for many."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Mapping

from schoolauth.errors import EmailTaken, Refused, StaleUser, StorageUnavailable
from schoolauth.model.change import Change
from schoolauth.model.names import UserId, UserKey
from schoolauth.model.user import User
from schoolauth.testing.repository.sample_accounts import keys_of
from tests.testing.broken.base import BrokenRepository

ROUND_TRIP = 0.002
"""Seconds to a database and back: others get in between, which in memory they never would."""


class _Racing(BrokenRepository):
    """Has a gap between what it has seen and what it writes."""

    def _round_trip(self) -> None:
        self._lock.release()
        time.sleep(ROUND_TRIP)
        self._lock.acquire()


class ClaimingLate(_Racing):
    """Sees whose the keys are, and a moment later, while it writes, whether they still are."""

    def refused_late(self, refusal: Refused) -> Refused | None:
        """Return *refusal*, which is of a key that was free at first."""
        return refusal

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        self._round_trip()
        if not self._stands(change):
            raise StaleUser
        late = super()._taken(change)
        return self.refused_late(late) if refusal is None and late is not None else refusal


class CheckThenInsert(ClaimingLate):
    """Sees that the keys are free, and writes without a look at what came meanwhile."""

    caught_by = ("threads.one_claim_wins", "threads.one_key_wins", "threads.linearizable")

    def refused_late(self, refusal: Refused) -> Refused | None:
        """Write all the same."""
        return None


class LostUpdate(_Racing):
    """Compares the versions, and writes without a look at what came meanwhile."""

    caught_by = ("threads.one_version_wins", "threads.new_id_once", "threads.linearizable")

    def _stands(self, change: Change) -> bool:
        stood = super()._stands(Change(change.users, change.events))
        self._round_trip()
        return stood and super()._stands(Change((), change.events, change.unchanged))


class PlainReadGuard(_Racing):
    """Compares `unchanged` by a plain read, and writes without a look at what came meanwhile."""

    caught_by = ("threads.guard", "threads.linearizable")

    def _stands(self, change: Change) -> bool:
        stood = super()._stands(Change((), change.events, change.unchanged))
        self._round_trip()
        return stood and super()._stands(Change(change.users, change.events))


class TellsTheDriversError(ClaimingLate):
    """Leaves it to the database to refuse a key that was free a moment ago."""

    caught_by = ("threads.one_claim_wins", "threads.one_key_wins", "threads.linearizable")

    def refused_late(self, refusal: Refused) -> Refused | None:
        """Let the database refuse it."""
        raise sqlite3.IntegrityError("UNIQUE constraint failed")


class TranslatesAddressesOnly(ClaimingLate):
    """Knows what the database's error means for an address, and for no other key."""

    caught_by = ("threads.one_key_wins", "threads.linearizable")

    def refused_late(self, refusal: Refused) -> Refused | None:
        """Return the refusal of an address, and let the database refuse the rest."""
        if isinstance(refusal, EmailTaken):
            return refusal
        raise sqlite3.IntegrityError("UNIQUE constraint failed")


class RaisesWhereItCaught(ClaimingLate):
    """Raises the refusal inside of the `except` block that has caught the database's error."""

    caught_by = ("threads.error_holds_no_data",)

    def refused_late(self, refusal: Refused) -> Refused | None:
        """Raise the refusal, on which the database's error hangs."""
        try:
            raise sqlite3.IntegrityError("UNIQUE constraint failed: users.email_key")
        except sqlite3.IntegrityError:
            raise refusal from None


class HalfASwap(BrokenRepository):
    """Writes the first account of a change a moment before the others."""

    caught_by = ("threads.swaps", "threads.linearizable")

    def __init__(self) -> None:
        super().__init__()
        self._writing = threading.Lock()

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote, while others write."""
        time.sleep(ROUND_TRIP)
        return super().find(keys)

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change*, while others read."""
        with self._writing:
            old = dict(self._by_key)
            super().save(change)
            whole = self._by_key
            first = [key for user in change.users[:1] for key in keys_of(user)]
            self._show(old | {key: whole[key] for key in first})
            time.sleep(2 * ROUND_TRIP)
            self._show(whole)

    def _show(self, by_key: dict[UserKey, User]) -> None:
        with self._lock:
            self._by_key = by_key


class DeadlockIsAnOutage(BrokenRepository):
    """Locks accounts in the order of the change; where two wait for each other, it is down."""

    caught_by = ("threads.swaps", "threads.linearizable")

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[UserId, threading.Lock] = {}

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change*, with a lock on each of the users."""
        locks = [self._rows.setdefault(user.id, threading.Lock()) for user in change.users]
        held: list[threading.Lock] = []
        try:
            for lock in locks:
                if not lock.acquire(timeout=20 * ROUND_TRIP):
                    raise StorageUnavailable
                if not held:
                    time.sleep(ROUND_TRIP)
                held.append(lock)
            super().save(change)
        finally:
            for lock in held:
                lock.release()


ALL = (
    CheckThenInsert,
    LostUpdate,
    PlainReadGuard,
    TellsTheDriversError,
    TranslatesAddressesOnly,
    RaisesWhereItCaught,
    HalfASwap,
    DeadlockIsAnOutage,
)
