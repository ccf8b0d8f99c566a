"""Repositories that save when they should not, or by half, or tell of it what they should not."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from schoolauth.errors import Refused, SchoolAuthError
from schoolauth.model.change import Change
from tests.testing.broken.base import BrokenRepository


class ForgetsLoneEvents(BrokenRepository):
    """Writes nothing where a change has no account to write."""

    caught_by = ("save.events_alone",)

    def save(self, change: Change, /) -> None:
        """Write *change* if there is an account in it."""
        if change.users or change.unchanged:
            super().save(change)


class VersionNeverChecked(BrokenRepository):
    """Writes an account whatever version it was read at: the last one wins."""

    caught_by = ("save.stale", "save.stale_ahead", "save.new_is_new", "save.gone_is_stale")

    def _stands(self, change: Change) -> bool:
        return super()._stands(replace(change, users=()))


class VersionsAheadPass(BrokenRepository):
    """Refuses only a version that is older than the stored one."""

    caught_by = ("save.stale_ahead",)

    def _stands(self, change: Change) -> bool:
        there = [self._users.get(user.id, user).version for user in change.users]
        behind = [
            replace(user, version=min(user.version, version))
            for user, version in zip(change.users, there, strict=True)
        ]
        return super()._stands(Change(behind, change.events, change.unchanged))


class NewOverwrites(BrokenRepository):
    """Writes a new account over one that has its id, as an upsert does."""

    caught_by = ("save.new_is_new",)

    def _stands(self, change: Change) -> bool:
        old = [user for user in change.users if user.version]
        return super()._stands(Change(old, change.events, change.unchanged))


class GoneIsInserted(BrokenRepository):
    """Inserts an account that was read and is not there any more, as an upsert does."""

    caught_by = ("save.gone_is_stale",)

    def _stands(self, change: Change) -> bool:
        there = [user for user in change.users if user.id in self._users]
        return super()._stands(Change(there, change.events, change.unchanged))


class IgnoresUnchanged(BrokenRepository):
    """Does not look at `unchanged`."""

    caught_by = ("save.still_stands", "save.still_stands_alone")

    def _stands(self, change: Change) -> bool:
        return super()._stands(replace(change, unchanged=()))


class IgnoresUnchangedAlone(BrokenRepository):
    """Looks at versions only where there is an account to write."""

    caught_by = ("save.still_stands_alone",)

    def _stands(self, change: Change) -> bool:
        return not change.users or super()._stands(change)


class WritesUnchanged(BrokenRepository):
    """Writes the accounts of `unchanged`, too."""

    caught_by = ("save.still_stands",)

    def save(self, change: Change, /) -> None:
        """Write every account of *change*."""
        super().save(Change([*change.users, *change.unchanged], change.events))


class TakenBeforeStale(BrokenRepository):
    """Judges the keys before the versions."""

    caught_by = ("save.stale_before_taken",)

    def _stands(self, change: Change) -> bool:
        refusal = self._taken(change)
        if refusal is not None:
            raise refusal
        return super()._stands(change)


class HalfAChange(BrokenRepository):
    """Leaves what was written before the account that is refused."""

    caught_by = ("save.atomic",)

    def save(self, change: Change, /) -> None:
        """Write *change* account by account."""
        events = list(self._events)
        try:
            super().save(change)
        except SchoolAuthError as refusal:
            for user in change.users:
                try:
                    super().save(Change([user], change.events))
                except SchoolAuthError:
                    break
            self._events[:] = events
            raise refusal from None


class CommitsInBatches(BrokenRepository):
    """Commits each 500 accounts of a large change by themselves."""

    caught_by = ("save.atomic",)

    def save(self, change: Change, /) -> None:
        """Write *change* in several transactions."""
        users = change.users
        while len(users) > 500:
            super().save(Change(users[:500], change.events))
            users = users[500:]
        super().save(Change(users, change.events, change.unchanged))


class EventsOutsideTheTransaction(BrokenRepository):
    """Writes the events of a refused change, too."""

    caught_by = ("save.refused_leaves_nothing",)

    def save(self, change: Change, /) -> None:
        """Write the events of *change*, and its accounts if they are not refused."""
        try:
            super().save(change)
        except SchoolAuthError:
            self._events.extend(reversed(change.events))
            raise


class RaisesDriverErrors(BrokenRepository):
    """Lets the driver's error through where a key is taken."""

    caught_by = ("email.unique.case", "username.unique.case", "mis_id.unique")

    def _taken(self, change: Change) -> Refused | None:
        if super()._taken(change) is not None:
            raise sqlite3.IntegrityError("UNIQUE constraint failed: users.email_key")
        return None


class TellsAddress(BrokenRepository):
    """Has the address in the text of the refusal."""

    caught_by = ("error.holds_no_data",)

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        if refusal is not None:
            refusal.message = f"{change.users[-1].email} is taken"
        return refusal


class KeepsDriverErrors(BrokenRepository):
    """Has the driver's error in the context of the refusal: `from None` leaves it there."""

    caught_by = ("error.holds_no_data",)

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        if refusal is None:
            return None
        try:
            raise sqlite3.IntegrityError("UNIQUE constraint failed: users.email_key")
        except sqlite3.IntegrityError:
            raise refusal from None


ALL: tuple[type[BrokenRepository], ...] = (
    ForgetsLoneEvents,
    VersionNeverChecked,
    VersionsAheadPass,
    NewOverwrites,
    GoneIsInserted,
    IgnoresUnchanged,
    IgnoresUnchangedAlone,
    WritesUnchanged,
    TakenBeforeStale,
    HalfAChange,
    CommitsInBatches,
    EventsOutsideTheTransaction,
    RaisesDriverErrors,
    TellsAddress,
    KeepsDriverErrors,
)
