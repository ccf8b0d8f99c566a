"""Accounts and rows for tests of the mapping, as short to write as they need them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from schoolauth.model.mapping import MappingItem
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, UserKey, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.mapping.match import plan
from schoolauth.rules.mapping.row import read_row

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
HILL, MILL = SchoolCode.parse("wg204nx"), SchoolCode.parse("mill")


def account(name: str, *, mis: str | None = None, email: str | None = None, **fields: Any) -> User:
    """Return an account called Jess James whose id and username are *name*."""
    school = fields.get("school", HILL)
    return User(
        **{
            "id": UserId.parse(name.replace(".", "-")),
            "school": school,
            "username": Username.parse(name),
            "given_name": "Jess",
            "family_name": "James",
            "role": Role.TEACHER,
            "status": Status.ACTIVE,
            "status_since": NOW,
            "created_at": NOW,
            "email": None if email is None else EmailAddress.parse(email),
            "mis_id": None if mis is None else MisId(school, "sims", mis),
            **fields,
        }
    )


def keys_of(user: User) -> list[UserKey]:
    return [key for key in (user.mis_id, user.email, user.username) if key is not None]


def planned(
    rows: Sequence[RosterRow],
    *users: User,
    taken: Collection[Username] = (),
    rekey: bool = False,
) -> tuple[MappingItem, ...]:
    """Plan *rows* against the accounts of all schools, as the desk does."""
    read = [read_row(row, HILL, "sims") for row in rows]
    known = {key: user for user in users for key in keys_of(user)}
    everyone = [user for user in users if user.school == HILL]
    names = {user.username for user in everyone} | set(taken)
    return plan(read, known, everyone, names, HILL, rekey=rekey)
