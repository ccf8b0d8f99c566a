"""What a signed token says, once its signature has been checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.user import User

PasswordPurpose = Literal["password_reset", "create_password", "must_change"]
MailedPurpose = Literal["password_reset", "create_password", "confirm_email"]
TokenPurpose = Literal[
    "session", "password_reset", "create_password", "must_change", "confirm_email"
]
Approver = Literal["headteacher", "deputy"]


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Whom a token is for, its purpose, and when it expires.

    It is valid only while the account's `epoch` is the same. *sent_to* is a digest of the address
    that it was mailed to; *new_email* is the address that confirms a change.
    """

    purpose: TokenPurpose
    user: UserId
    epoch: int
    expires_at: datetime
    sent_to: str | None = None
    new_email: str | None = None


@dataclass(frozen=True, slots=True)
class PasswordTokenInfo:
    """What the page to choose a password shows: whose it is, and until when the link works."""

    purpose: PasswordPurpose
    username: Username
    school: SchoolCode
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceClaims:
    """What the token of a known browser says. It proves nothing: it only has counts of its own.

    *names* are digests of what people typed to sign in to the account; *nonce* tells the browser
    from the account's others.
    """

    user: UserId
    epoch: int
    nonce: str
    names: tuple[str, ...]
    expires_at: datetime

    def is_of(self, user: User) -> bool:
        """Tell whether the browser was remembered for this account as it stands."""
        return self.user == user.id and self.epoch == user.epoch


@dataclass(frozen=True, slots=True)
class RecoveryClaims:
    """The content of the link that is mailed to an approver of an admin recovery.

    *state* is a digest of the school's approvers and admins: once any of them changes, the link is
    invalid.
    """

    school: SchoolCode
    approver: Approver
    request: str
    requested_by: str
    new_email: EmailAddress
    requested_at: datetime
    expires_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class RecoveryRequest:
    """What the page to approve an admin recovery shows: who asks, and for which address.

    `accounts` are the school's admin accounts; the approval gives one of them `new_email`.
    """

    school: SchoolCode
    requested_by: str
    new_email: EmailAddress
    accounts: tuple[Username, ...]
    expires_at: datetime
