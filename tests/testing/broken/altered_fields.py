"""Repositories that keep something else than what they were given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

from schoolauth.model.change import Change
from schoolauth.model.names import EmailAddress, Username
from schoolauth.model.user import Role, User
from schoolauth.testing.repository.sample_accounts import FIELDS, keys_of
from tests.testing.broken.base import BrokenRepository

TIMES = ("status_since", "created_at", "last_login_at")


class AlteringRepository(BrokenRepository, ABC):
    """Keeps of each account what `kept` makes of it."""

    @abstractmethod
    def kept(self, user: User) -> User:
        """Return what is kept of *user*."""

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change*, but not as they are."""
        super().save(change)
        for user in change.users:
            for key in keys_of(user):
                del self._by_key[key]
            kept = self.kept(self._users[user.id])
            self._users[user.id] = kept
            self._by_key.update(dict.fromkeys(keys_of(kept), kept))


class RetimingRepository(AlteringRepository):
    """Keeps of each time what `retimed` makes of it."""

    @abstractmethod
    def retimed(self, moment: datetime) -> datetime:
        """Return what is kept of *moment*."""

    def kept(self, user: User) -> User:
        """Return *user* with other times."""
        times = {name: getattr(user, name) for name in TIMES}
        altered: dict[str, Any] = {name: self.retimed(time) for name, time in times.items() if time}
        return replace(user, **altered)


class ForgetsLaterFields(AlteringRepository):
    """Has no column for a field that a later version of the library added."""

    caught_by = ("save.every_field",)

    def kept(self, user: User) -> User:
        """Return *user* without a field that has a default."""
        return replace(user, legal_hold=False)


class ForgetsTypedForms(AlteringRepository):
    """Keeps the canonical text of a key, and not the form that is shown."""

    caught_by = ("save.every_field", "erased.keeps_id")

    def kept(self, user: User) -> User:
        """Return *user* with its keys as they are compared."""
        name, email = user.username.key, user.email
        return replace(
            user,
            username=Username.stored(name, name),
            email=None if email is None else EmailAddress.stored(email.key, email.key),
        )


class ReadsTextForRoles(AlteringRepository):
    """Gives a role as the text that its column holds."""

    caught_by = ("save.every_field",)

    def kept(self, user: User) -> User:
        """Return *user* with a text for its role."""
        return replace(user, role=cast("Role", Role(user.role).value))


class ForgetsNone(BrokenRepository):
    """Leaves a column as it is where the new value is None."""

    caught_by = ("save.clears_fields", "save.release")

    def save(self, change: Change, /) -> None:
        """Write what is not None."""
        users = [self._filled(user) for user in change.users]
        super().save(Change(users, change.events, change.unchanged))

    def _filled(self, user: User) -> User:
        stood = self._users.get(user.id)
        names = [name for name in FIELDS if getattr(user, name) is None]
        old: dict[str, Any] = {name: getattr(stood, name, None) for name in names}
        return replace(user, **old)


class NaiveTimes(RetimingRepository):
    """Gives times without their zone."""

    caught_by = ("time.aware_and_equal",)

    def retimed(self, moment: datetime) -> datetime:
        """Return *moment* as a naive time in UTC."""
        return moment.astimezone(UTC).replace(tzinfo=None)


class TimesOfTheServer(RetimingRepository):
    """Gives times in the zone of the server."""

    caught_by = ("time.aware_and_equal",)

    def retimed(self, moment: datetime) -> datetime:
        """Return *moment* in Karachi."""
        return moment if moment.year == 9999 else moment.astimezone(timezone(timedelta(hours=5)))


class LocalTimes(RetimingRepository):
    """Drops the zone of a time and takes the rest for UTC."""

    caught_by = ("time.other_zone",)

    def retimed(self, moment: datetime) -> datetime:
        """Return what the clock on the wall shows, as UTC."""
        return moment.replace(tzinfo=UTC)


class WholeSeconds(RetimingRepository):
    """Keeps times to the second."""

    caught_by = ("time.microseconds",)

    def retimed(self, moment: datetime) -> datetime:
        """Return *moment* without its microseconds."""
        return moment.replace(microsecond=0)


class FloatTimes(RetimingRepository):
    """Keeps times as floating-point seconds since 1970."""

    caught_by = ("time.microseconds",)

    def retimed(self, moment: datetime) -> datetime:
        """Return *moment* as near as a float comes."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment.timestamp())


class VersionStays(AlteringRepository):
    """Keeps every account at version 1."""

    caught_by = ("save.version_counts", "save.stale", "save.still_stands")

    def kept(self, user: User) -> User:
        """Return *user* in its first version."""
        return replace(user, version=1)


ALL: tuple[type[BrokenRepository], ...] = (
    ForgetsLaterFields,
    ForgetsTypedForms,
    ReadsTextForRoles,
    ForgetsNone,
    NaiveTimes,
    TimesOfTheServer,
    LocalTimes,
    WholeSeconds,
    FloatTimes,
    VersionStays,
)
