"""Invented accounts and events, as short to write as the tests need them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from schoolauth.model.change import Change, HistoryQuery
from schoolauth.model.events import AuditEvent, LoginSucceeded, UserEdited
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.user import Role, Status, StoredPassword, User
from schoolauth.ports import UserRepository

NOW = datetime(2026, 9, 1, 8, 30, 15, 123456, tzinfo=UTC)
HILL = SchoolCode.parse("WG204nx")
MILL = SchoolCode.parse("mill-77")


def a_user(name: str, email: str | None = None, **fields: Any) -> User:
    """Return an account that is not stored yet, whose id and username are *name*."""
    return User(
        **{
            "id": UserId.parse(name),
            "school": HILL,
            "username": Username.parse(name),
            "given_name": "Given",
            "family_name": "Family",
            "role": Role.TEACHER,
            "status": Status.INVITED,
            "status_since": NOW,
            "created_at": NOW,
            "email": None if email is None else EmailAddress.parse(email),
            **fields,
        }
    )


def a_full_user() -> User:
    """Return an account in which no field has its default."""
    return a_user(
        "full",
        "Ann.Lee@bücher.example",
        username=Username.parse("Ann.LEE"),
        given_name="Zoë 🎓",
        family_name="O’Hara-Łuk",
        role=Role.ADMIN,
        status=Status.ACTIVE,
        status_since=NOW - timedelta(days=3),
        mis_id=MisId(HILL, "sims", "A-1/x"),
        password=StoredPassword("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"),
        must_change_password=True,
        last_login_at=NOW + timedelta(microseconds=1),
        superseded_by=UserId.parse("other"),
        legal_hold=True,
        epoch=2**40,
    )


def erased(user: User) -> User:
    """Return *user* with nothing personal left, as the rules erase it."""
    return replace(
        user,
        username=Username.of_erased(user.id),
        given_name="",
        family_name="",
        email=None,
        mis_id=None,
        password=None,
        status=Status.ERASED,
    )


def edited(at: datetime = NOW, **fields: Any) -> AuditEvent:
    """Return an event for a change whose reason does not matter."""
    return UserEdited(at=at, school=HILL, **{"fields": ("role",), **fields})


def signed_in(user: User) -> AuditEvent:
    """Return the event of a sign-in."""
    return LoginSucceeded(at=NOW, school=user.school, user=user.id)


def save(
    users: UserRepository,
    *people: User,
    unchanged: Iterable[User] = (),
    events: Iterable[AuditEvent] | None = None,
) -> list[User]:
    """Save *people* and return them as they are stored then."""
    users.save(Change(people, [edited()] if events is None else events, unchanged))
    return read(users, *people)


def read(users: UserRepository, *people: User) -> list[User]:
    """Return *people* as they are stored."""
    found = users.find([user.id for user in people])
    return [found[user.id] for user in people]


def history(users: UserRepository) -> tuple[AuditEvent, ...]:
    """Return the newest 500 events."""
    return users.history(HistoryQuery(limit=500)).items
