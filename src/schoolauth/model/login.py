"""What a sign-in gives: who it is, and the session that proves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from schoolauth.model.events import LoginWay
from schoolauth.model.user import User


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody is signed in. Keep `session`: `SchoolAuth.resume` turns it into the user again.

    `password_below_policy` says that the password would not be accepted today; the host may ask for
    another one.
    """

    user: User
    session: str = field(repr=False)
    how: LoginWay
    password_below_policy: bool = False
