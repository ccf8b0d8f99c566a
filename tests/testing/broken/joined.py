"""Repositories in memory that a host's transaction can use: one that does it right, and others."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from schoolauth.errors import Refused, SchoolAuthError
from schoolauth.model.change import Change
from schoolauth.model.names import UserId, UserKey
from schoolauth.model.user import User
from schoolauth.ports import UserRepository
from schoolauth.testing.behaviour import Maker
from schoolauth.testing.repository import REPOSITORY
from tests.testing.broken.base import BrokenRepository


class JoinableRepository(BrokenRepository):
    """A right one, whose `join` gives another that works on a copy until the host commits."""

    def __init__(self) -> None:
        super().__init__()
        self.host: JoinableRepository | None = None
        """The repository that a joined one is to become part of."""

    @classmethod
    def maker(cls) -> Maker[UserRepository]:
        """Return the maker of new ones, with `join`."""
        return Maker(REPOSITORY, cls, {"join": join})

    @contextmanager
    def join(self) -> Iterator[JoinableRepository]:
        """Begin a host's transaction: the end of the block commits, an exception rolls back."""
        guest = type(self)()
        guest.take(self)
        guest.begin(self)
        yield guest
        guest.commit()

    def begin(self, host: JoinableRepository) -> None:
        """Become a joined one."""
        self.host = host
        self.joined = True

    def commit(self) -> None:
        """Make what was saved part of the host's store."""
        if self.host is not None:
            self.host.take(self)

    def take(self, other: JoinableRepository) -> None:
        """Have what *other* has, and nothing else."""
        self._users = dict(other._users)
        self._by_key = dict(other._by_key)
        self._events = list(other._events)


@contextmanager
def join(users: UserRepository) -> Iterator[UserRepository]:
    """Begin a host's transaction on a `JoinableRepository`, for `check_repository(join=join)`."""
    with cast(JoinableRepository, users).join() as joined:
        yield joined


class DoesNotSayJoined(JoinableRepository):
    """Has no true `joined` in a host's transaction."""

    caught_by = ("joined.says_so",)

    def begin(self, host: JoinableRepository) -> None:
        """Become a joined one and keep it to itself."""
        self.host = host


class SaysJoinedAlone(JoinableRepository):
    """Has a true `joined` where there is no host."""

    caught_by = ("joined.says_so",)
    joined = True


class CommitsWhenJoined(JoinableRepository):
    """Commits each save, whatever the host does."""

    caught_by = ("joined.rollback", "joined.never_commits")

    def save(self, change: Change, /) -> None:
        """Write *change*, for good."""
        super().save(change)
        self.commit()


class CommitsBeforeASave(JoinableRepository):
    """Begins a transaction for each save, which commits what the host has done so far."""

    caught_by = ("joined.never_commits",)

    def save(self, change: Change, /) -> None:
        """Write *change* after a commit."""
        self.commit()
        super().save(change)


class RollsBackRefused(JoinableRepository):
    """Rolls the host's transaction back when it refuses a change."""

    caught_by = ("joined.refused_leaves_nothing",)

    def save(self, change: Change, /) -> None:
        """Write *change*, or nothing at all of the transaction."""
        try:
            super().save(change)
        except SchoolAuthError:
            if self.host is not None:
                self.take(self.host)
            raise


class LeavesToTheHost(JoinableRepository):
    """Writes first and refuses then; what was written is for the host to roll back."""

    def written(self, change: Change) -> Change | None:
        """Return what of a refused *change* was written, or None."""
        return None

    def save(self, change: Change, /) -> None:
        """Write *change*, or what of it comes before the refusal."""
        try:
            super().save(change)
        except SchoolAuthError:
            written = self.written(change)
            if self.host is not None and written is not None:
                super().save(written)
            raise


class HalfASaveWhenJoined(LeavesToTheHost):
    """Writes account by account, and leaves the rollback of a refused change to the host."""

    caught_by = ("joined.refused_leaves_nothing",)

    def written(self, change: Change) -> Change | None:
        """Return the first account."""
        return Change(change.users[:1], change.events)


class EventsOfRefusedWhenJoined(LeavesToTheHost):
    """Writes the events first, and leaves the rollback of a refused change to the host."""

    caught_by = ("joined.refused_leaves_nothing",)

    def written(self, change: Change) -> Change | None:
        """Return the events."""
        return Change(events=change.events)


class KeepsDriverErrorsWhenJoined(JoinableRepository):
    """Raises the refusal where it has met the driver's error and taken its savepoint back."""

    caught_by = ("joined.error_holds_no_data",)

    def _taken(self, change: Change) -> Refused | None:
        refusal = super()._taken(change)
        if refusal is None or self.host is None:
            return refusal
        try:
            raise sqlite3.IntegrityError("UNIQUE constraint failed: users.email_key")
        except sqlite3.IntegrityError as error:
            raise refusal from error


class ReadsFromAnIdentityMap(JoinableRepository):
    """Gives an account as its session has read it first, as an ORM does."""

    caught_by = ("joined.reads_anew",)

    def begin(self, host: JoinableRepository) -> None:
        """Become a joined one, with a session."""
        super().begin(host)
        self._identity_map: dict[UserId, User] = {}

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote, by the row, and as the session has them."""
        found = super().find(keys)
        if self.host is None:
            return found
        return {key: self._identity_map.setdefault(user.id, user) for key, user in found.items()}


class NeverWritesWhenJoined(JoinableRepository):
    """Keeps what was saved in a session that it never flushes."""

    caught_by = ("joined.commit", "joined.refused_leaves_nothing")

    def commit(self) -> None:
        """Write nothing."""


ALL: tuple[type[JoinableRepository], ...] = (
    DoesNotSayJoined,
    SaysJoinedAlone,
    CommitsWhenJoined,
    CommitsBeforeASave,
    RollsBackRefused,
    HalfASaveWhenJoined,
    EventsOfRefusedWhenJoined,
    KeepsDriverErrorsWhenJoined,
    ReadsFromAnIdentityMap,
    NeverWritesWhenJoined,
)
