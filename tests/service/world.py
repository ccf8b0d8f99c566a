"""A small school to test in: one store, one frozen clock, one outbox, one admin and their desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from schoolauth import (
    Links,
    Login,
    LoginRefused,
    MailMessage,
    Role,
    School,
    SchoolAuth,
    User,
    UserManagement,
)
from schoolauth.model.events import LoginFailed
from schoolauth.ports import SchoolDirectory, Store, Throttle, UserRepository
from schoolauth.storage.memory import MemorySchoolDirectory, MemoryUserRepository
from schoolauth.testing import FrozenClock, Outbox, a_school, cheap_hasher, counted_ids

KEY = "a key for tests only, not a secret"
PASSWORD = "Chalkboard7"
LINKS = Links(
    password="https://app.example.org/password/{token}",
    email="https://app.example.org/email/{token}",
    recovery="https://app.example.org/recovery/{token}",
)
HASHER = cheap_hasher()


@dataclass
class World:
    """Everything that a test of the service touches."""

    auth: SchoolAuth
    users: UserRepository
    schools: SchoolDirectory
    clock: FrozenClock
    outbox: Outbox
    school: School
    admin: User
    desk: UserManagement

    def teacher(self, password: str | None = PASSWORD, **fields: Any) -> User:
        """Add a teacher, Jess James unless said otherwise, who can sign in with *password*."""
        given: dict[str, Any] = {"given_name": "Jess", "family_name": "James", "role": Role.TEACHER}
        user = self.desk.add_user(**(given | fields))
        if password is not None:
            user = self.desk.set_password(user.id, password, must_change=False)
        return user

    def log_in(self, user: User, password: str = PASSWORD, **more: Any) -> Login:
        """Sign *user* in by username."""
        return self.auth.log_in(str(user.username), password, **more)

    def token(self, kind: str) -> str:
        """Return the token of the newest mail of one kind."""
        token = self.mail(kind).token
        assert token is not None
        return token

    def mail(self, kind: str) -> MailMessage:
        """Return the newest mail of one kind."""
        return self.outbox.last(kind)

    def kinds(self, user: User | None = None) -> list[str]:
        """Return the kinds of the newest events, newest first."""
        page = self.desk.history(None if user is None else user.id, limit=500)
        return [event.kind for event in page.items]


def refused(world: World, name: str, password: str = PASSWORD, **more: Any) -> LoginRefused:
    """Try to sign in, and return the refusal that has to come."""
    with pytest.raises(LoginRefused) as caught:
        world.auth.log_in(name, password, **more)
    return caught.value


def failures(world: World) -> list[LoginFailed]:
    """Return the failed sign-ins that the school's history knows, newest first."""
    page = world.desk.history(kinds=["login_failed"])
    return [event for event in page.items if isinstance(event, LoginFailed)]


def make_world(
    users: UserRepository | None = None,
    schools: SchoolDirectory | None = None,
    *,
    throttle: Throttle | None = None,
    **settings: Any,
) -> World:
    """Return a world on these stores, in memory if none are given."""
    if users is None or schools is None:
        users = MemoryUserRepository()
        schools = MemorySchoolDirectory(users)
    clock, outbox = FrozenClock(), Outbox()
    given: dict[str, Any] = {
        "secret_key": KEY,
        "mailer": outbox,
        "links": LINKS,
        "hasher": HASHER,
        "clock": clock,
        "new_id": counted_ids(),
    }
    auth = SchoolAuth(Store(users, schools, throttle), **(given | settings))
    school, admin, desk = a_school(auth)
    outbox.clear()
    return World(auth, users, schools, clock, outbox, school, admin, desk)
