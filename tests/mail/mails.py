"""A reader, their mails, and mailers to hand them to, for the tests of mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schoolauth.mail.compose import compose
from schoolauth.model.mail import MailKind, MailMessage
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.user import Role, Status, User

TOKEN = "WyJwYXNzd29yZF9yZXNldCJd.Zm9yLXRlc3Rz"
LINK = f"https://app.example.org/password/{TOKEN}"
TO = EmailAddress.parse("jess.james@hill.example.org")
UNTIL = datetime(2025, 3, 4, 14, 5, 59, tzinfo=UTC)
JESS = User(
    id=UserId.parse("u1"),
    school=SchoolCode.parse("wg204nx"),
    username=Username.parse("wg204nx_james"),
    given_name="Jess",
    family_name="James",
    role=Role.TEACHER,
    status=Status.ACTIVE,
    status_since=UNTIL,
    created_at=UNTIL,
    email=TO,
)
FACTS = {
    "new_admin": "Sam Patel",
    "fields": "name, headteacher email",
    "requested_by": "Alex Green",
    "new_email": "office@hill.example.org",
    "accounts": "wg204nx_admin",
}


def a_mail(kind: MailKind = "password_reset", **given: Any) -> MailMessage:
    """Return a mail of any kind, with all that a kind may say unless said otherwise."""
    values: dict[str, Any] = {
        "to": TO,
        "user": JESS,
        "school_name": "Hill Primary",
        "token": TOKEN,
        "link": LINK,
        "expires_at": UNTIL,
        "facts": FACTS,
    }
    return compose(kind, **(values | given))


class Refusing:
    """Keeps what it is given, but raises at the mails whose numbers, from 0, are in *failing*."""

    def __init__(self, *failing: int) -> None:
        self.sent: list[MailMessage] = []
        self._failing = failing
        self._count = 0

    def send(self, message: MailMessage, /) -> None:
        """Keep *message*, or fail with an error that says too much."""
        self._count += 1
        if self._count - 1 in self._failing:
            raise ConnectionError(f"no way to {message.to}: {message.text}")
        self.sent.append(message)
