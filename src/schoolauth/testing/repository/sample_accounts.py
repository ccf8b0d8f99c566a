"""Invented accounts and events, as short to write as the tests need them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from schoolauth.model.change import Change, HistoryQuery
from schoolauth.model.events import AuditEvent, LoginSucceeded, UserEdited
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, UserKey, Username
from schoolauth.model.user import Role, Status, StoredPassword, User
from schoolauth.ports import UserRepository
from schoolauth.testing.assertions import equal, expect

NOW = datetime(2026, 9, 1, 8, 30, 15, 123456, tzinfo=UTC)
FIELDS = tuple(field.name for field in fields(User))
HILL = SchoolCode.parse("WG204nx")
MILL = SchoolCode.parse("mill-77")


def a_user(name: str, email: EmailAddress | str | None = None, **fields: Any) -> User:
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
            "email": EmailAddress.parse(email) if isinstance(email, str) else email,
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


def keys_of(user: User) -> list[UserKey]:
    """Return everything by which *user* can be found."""
    keys = (user.id, user.username, user.email, user.mis_id)
    return [key for key in keys if key is not None]


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
    """Return *people* as they are stored.

    Raises:
        Unkept: if one of them is not there.
    """
    found = users.find([user.id for user in people])
    for user in people:
        expect(user.id in found, f"The saved account {user.id.key!r} is not found by its id.")
    return [found[user.id] for user in people]


def same(found: User, expected: User, whose: str) -> None:
    """Raise `Unkept` unless every field is *expected*; *whose* goes on with the field's name."""
    for name in FIELDS:
        equal(getattr(found, name), getattr(expected, name), f"{name} {whose}")


def stand(users: UserRepository, *people: User, when: str) -> None:
    """Raise `Unkept` unless *people* are stored as they are here; *when* goes on the sentence."""
    for found, user in zip(read(users, *people), people, strict=True):
        same(found, user, f"of {user.id.key!r} {when}")


def finds(
    users: UserRepository, keys: Collection[UserKey], expected: Iterable[User], what: str
) -> None:
    """Raise `Unkept` unless *keys* find those of *expected* that have them, and nobody else."""
    holders = {key: user for user in expected for key in keys_of(user)}
    found = users.find(keys)
    wanted = {key for key in keys if key in holders}
    missing = sorted(map(repr, wanted - found.keys()))
    expect(not missing, f"{what} does not find {', '.join(missing[:5])}.")
    surplus = sorted(map(repr, found.keys() - wanted))
    expect(not surplus, f"{what} has {', '.join(surplus[:5])} in its answer.")
    for key in wanted:
        same(found[key], holders[key], f"of the account that {what} finds")


def history(users: UserRepository) -> tuple[AuditEvent, ...]:
    """Return the newest 500 events."""
    return users.history(HistoryQuery(limit=500)).items
