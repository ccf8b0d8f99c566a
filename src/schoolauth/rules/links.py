"""Mailed links: who gets one for a forgotten password, and whether a token is still valid."""

from __future__ import annotations

from datetime import datetime

from schoolauth.errors import TokenRefusal
from schoolauth.model.change import Change, Stamp
from schoolauth.model.events import EmailChangeRequested, PasswordResetRequested
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.token import MailedPurpose, TokenClaims
from schoolauth.model.user import Role, Status, User, from_micros

DECOY = User(
    id=UserId.stored("nobody", "nobody"),
    school=SchoolCode.stored("nowhere", "nowhere"),
    username=Username.stored("nowhere_nobody", "@nobody"),
    email=EmailAddress.stored("nobody@nowhere.invalid", "nobody@nowhere.invalid"),
    given_name="Nobody",
    family_name="Nowhere",
    role=Role.STAFF,
    status=Status.ACTIVE,
    status_since=from_micros(0),
    created_at=from_micros(0),
)
"""Nobody: the account for which a link and a mail are made if a name has no account."""


def reset_purpose(user: User | None) -> MailedPurpose | None:
    """Return which link an account gets for a forgotten password, if any.

    ACTIVE and INVITED accounts with an address get one; no link reactivates an INACTIVE account.
    """
    if user is None or user.email is None:
        return None
    purposes: dict[Status, MailedPurpose] = {
        Status.ACTIVE: "password_reset",
        Status.INVITED: "create_password",
    }
    return purposes.get(user.status)


def record_reset_request(
    user: User | None, stamp: Stamp, *, sent: bool, name_digest: str
) -> Change:
    """Record that a reset link was asked for: the same one event for every name."""
    event = PasswordResetRequested(
        at=stamp.at,
        school=None if user is None else user.school,
        user=None if user is None else user.id,
        sent=sent,
        name_digest=name_digest if user is None else None,
    )
    return Change(events=[event])


def record_email_request(user: User, stamp: Stamp) -> Change:
    """Record that the owner asked for another address; nothing changes until it confirms."""
    event = EmailChangeRequested(at=stamp.at, actor=stamp.actor, school=user.school, user=user.id)
    return Change(events=[event])


def token_refusal(
    claims: TokenClaims, user: User | None, now: datetime, address_digest: str | None
) -> TokenRefusal | None:
    """Return why a token is not valid for the account in its present state; None if it is.

    A mailed token ends with the address it was sent to; every token ends with the `epoch`.
    """
    if now >= claims.expires_at:
        return "expired"
    if user is None:
        return "invalid"
    moved = claims.sent_to is not None and claims.sent_to != address_digest
    if user.epoch != claims.epoch or moved or user.status not in {Status.ACTIVE, Status.INVITED}:
        return "used"
    return None
