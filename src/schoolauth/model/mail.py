"""A mail that the library asks the host to send, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from schoolauth.errors import SchoolAuthError
from schoolauth.model.names import EmailAddress, SchoolCode, UserId

MailKind = Literal[
    "password_reset",
    "create_password",
    "password_changed",
    "confirm_email_change",
    "email_change_requested",
    "email_changed",
    "email_in_use",
    "admin_added",
    "school_changed",
    "recovery_requested",
    "approve_recovery",
    "recovery_approved",
]


@dataclass(frozen=True, kw_only=True)
class MailMessage:
    """One plain-text mail. `token`, `link` and `expires_at` are there where it carries a link.

    `facts` are all that subject and text are made of, JSON-ready, for a mail in a host's own words.
    The text, the link and the facts are not in its `repr`: with them anyone can choose the
    password.
    """

    kind: MailKind
    to: EmailAddress
    subject: str
    text: str = field(repr=False)
    user: UserId | None = None
    school: SchoolCode | None = None
    token: str | None = field(default=None, repr=False)
    link: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What became of one mail of many: `error` is None if it was handed over."""

    user_id: UserId
    error: SchoolAuthError | None = None

    @property
    def sent(self) -> bool:
        """Whether the mail was handed over."""
        return self.error is None
