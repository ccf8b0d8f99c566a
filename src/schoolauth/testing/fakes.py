"""Fakes of the ports: real behaviour, without the wait."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from schoolauth.hashing import Argon2Hasher
from schoolauth.model.mail import MailMessage
from schoolauth.model.names import EmailAddress, MisId, Username
from schoolauth.model.school import School
from schoolauth.model.user import Role, Status, User
from schoolauth.service.school_auth import SchoolAuth
from schoolauth.service.user_management import UserManagement

PASSWORD = "Chalkboard7"  # noqa: S105 # plainly marked: the password of everybody in tests
_OWN: Any = ...


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
            LookupError: if there is no such mail.
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


class UserFactory:
    """Makes accounts of one school, ready in any status: ``make(status=Status.INACTIVE)``.

    Args:
        auth: what makes them, as the school's support desk.
        school: whose they are.
        outbox: is left as it was: the mails of the making are taken out again.
    """

    def __init__(self, auth: SchoolAuth, school: School, outbox: Outbox | None = None) -> None:
        self._desk = auth.support(by="test suite").manage(school.code)
        self._school = school
        self._outbox = Outbox() if outbox is None else outbox
        self._numbers = itertools.count(1)

    def __call__(
        self,
        *,
        role: Role = Role.TEACHER,
        status: Status = Status.ACTIVE,
        password: str = PASSWORD,
        given_name: str = "Jess",
        family_name: str = "James",
        email: EmailAddress | str | None = _OWN,
        username: Username | str | None = None,
        mis_id: MisId | None = None,
    ) -> User:
        """Return a new account, as it is stored.

        An ACTIVE one signs in with *password*, and an INACTIVE one would if it were reactivated; an
        INVITED one has none yet. It has an address of its own unless *email* says otherwise, and
        without a *username* the one that the library suggests.

        Raises:
            ValueError: if *role* or *status* is not a member of its enum, nor the text of one.
            Refused: for whatever the desk refuses, such as a taken address or a short password.
        """
        role, status = Role(role), Status(status)  # their texts do too; what is neither does not
        if email is _OWN:
            email = f"user-{next(self._numbers)}@{self._school.code.key}.example.org"
        desk, mails = self._desk, len(self._outbox)
        user = desk.add_user(
            given_name=given_name,
            family_name=family_name,
            role=role,
            email=email,
            username=username,
            mis_id=mis_id,
        )
        if status in {Status.ACTIVE, Status.INACTIVE}:
            user = desk.set_password(user.id, password, must_change=False)
        if status is Status.INACTIVE:
            user = desk.deactivate(user.id)
        if status is Status.ERASED:
            user = desk.erase(user.id)
        del self._outbox[mails:]
        return user
