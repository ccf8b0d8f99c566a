"""An account whose every personal value can be found again, and a stamp to change it with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schoolauth.model.change import Change, Stamp
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.user import Role, Status, StoredPassword, User, to_micros

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
STAMP = Stamp(NOW, to_micros(NOW) // 1000, "user:admin")
HILL, MILL = SchoolCode.parse("wg204nx"), SchoolCode.parse("mill")
NEW_HASH = StoredPassword("new hash")
NEW_EMAIL = EmailAddress.parse("new@example.org")
LONG_AGO = NOW - timedelta(days=400)
JAMES = User(
    id=UserId.parse("u1"),
    school=HILL,
    username=Username.parse("canary_username"),
    given_name="Canarygiven",
    family_name="Canaryfamily",
    role=Role.TEACHER,
    status=Status.ACTIVE,
    status_since=LONG_AGO,
    created_at=LONG_AGO,
    email=EmailAddress.parse("canary@example.org"),
    mis_id=MisId(HILL, "sims", "canary-17"),
    password=StoredPassword("canary hash"),
    must_change_password=True,
    last_login_at=LONG_AGO,
    superseded_by=UserId.parse("u2"),
    epoch=to_micros(LONG_AGO) // 1000,
    version=7,
)


def only_user(change: Change | None) -> User:
    """Return the one account that *change* writes."""
    assert change is not None
    (user,) = change.users
    return user
