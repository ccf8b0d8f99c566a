"""Fakes of the ports: real behaviour, without the wait."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from schoolauth.hashing import Argon2Hasher
from schoolauth.model.mail import MailMessage
from schoolauth.model.school import School
from schoolauth.model.user import User
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.user_management import UserManagement

PASSWORD = "Chalkboard7"  # noqa: S105 # plainly marked: the password of everybody in tests


class FrozenClock:
    """A clock that stands still until it is told to go on; token expiry sees it too.

    Args:
        start: when it stands, aware; 1 September 2026, 09:00 UTC, if not given.
    """

    def __init__(self, start: datetime = datetime(2026, 9, 1, 9, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("the clock must know its zone")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time at which the clock stands."""
        return self._now

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Go on by a `timedelta`, or by its parts: ``advance(hours=25)``; return the new time."""
        self._now += timedelta(**parts) if by is None else by
        return self._now


class Outbox(list[MailMessage]):
    """A mailer that keeps what it was given, in order: a list of `MailMessage`."""

    def send(self, message: MailMessage) -> None:
        """Keep *message*."""
        self.append(message)

    def last(self, kind: str | None = None) -> MailMessage:
        """Return the newest mail, or the newest of one kind.

        Raises:
            LookupError: if there is none.
        """
        for message in reversed(self):
            if kind is None or message.kind == kind:
                return message
        raise LookupError(f"there is no mail{'' if kind is None else f' of the kind {kind}'}")


def cheap_hasher() -> Argon2Hasher:
    """Return a real argon2id hasher with the smallest parameters there are: for tests only."""
    return Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


def counted_ids(prefix: str = "user") -> Callable[[], str]:
    """Return a maker of ids that counts: ``user-1``, ``user-2`` … for `SchoolAuth(new_id=…)`."""
    numbers = itertools.count(1)
    return lambda: f"{prefix}-{next(numbers)}"


def a_school(
    auth: SchoolAuth, code: str = "wg204nx", *, password: str = PASSWORD
) -> tuple[School, User, UserManagement]:
    """Add a school with one active admin, and return it, the admin and the admin's desk.

    The admin signs in as ``<code>_admin`` or ``admin@<code>.example.org``, with *password*.
    """
    support = auth.support(by="test suite")
    school = support.add_school(School(code, "Hill Primary", f"head@{code}.example.org"))
    admin = support.add_first_admin(
        school.code,
        given_name="Ada",
        family_name="Admin",
        email=f"admin@{code}.example.org",
        username=f"{code}_admin",
        password=password,
    )
    return school, admin, auth.manage(by=admin.id)
