"""What a sign-in gives: who it is, and the session that proves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from schoolauth.model.events import LoginWay
from schoolauth.model.user import User


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody is signed in. Keep `session`: `SchoolAuth.resume` turns it into the user again.

    `device` is for a cookie of its own, which stays for 180 days: hand it to the next `log_in` from
    this browser, and strangers who try the same name cannot keep its owner out. It signs nobody in.
    `password_below_policy` says that the password would not be accepted today; it is the host's to
    ask for another one.
    """

    user: User
    session: str = field(repr=False)
    how: LoginWay
    password_below_policy: bool = False
    device: str = field(default="", repr=False)
