"""What happened, for good: a closed set of events, each with a `kind` that is never renamed.

Events hold ids, codes and field names, never names, addresses or usernames, so that erasing a
person leaves the trail. A typed name without an account is a keyed digest: people type passwords
into the wrong box.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from schoolauth.errors import ContractBroken
from schoolauth.model.names import SchoolCode, UserId
from schoolauth.model.user import Scalar, Status, from_micros, rebuilt, to_micros
from schoolauth.texts.events import event_text

ANONYMOUS = "anonymous"
"""The `actor` of what was done without a session."""

LoginFailure = Literal[
    "unknown",
    "wrong_password",
    "inactive",
    "invited",
    "temporary_password_expired",
    "must_change_password",
    "space_around_name",
    "throttled",
]
LoginWay = Literal["password", "link"]
PasswordChangeWay = Literal["change", "reset", "create", "must_change", "admin", "support"]

_COMMON = ("at", "actor", "school", "user")


def actor_user(user_id: UserId) -> str:
    """Return the `actor` that stands for an account."""
    return f"user:{user_id.key}"


def actor_support(name: str) -> str:
    """Return the `actor` that stands for one of the vendor's own staff."""
    return f"support:{name}"


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One thing that happened: when (aware UTC), by whom, in which school, to which account.

    `actor` is ``user:<id>``, ``support:<name>`` or ``anonymous``; `school` and `user` are None
    where no account was meant.
    """

    kind: ClassVar[str]
    at: datetime
    actor: str = ANONYMOUS
    school: SchoolCode | None = None
    user: UserId | None = None

    def to_record(self) -> dict[str, Scalar]:
        """Return the event as one flat row; what only this kind has is JSON text in `details`."""
        names = _OWN_FIELDS[self.kind]
        return {
            "kind": self.kind,
            "at": to_micros(self.at),
            "actor": self.actor,
            "school_key": None if self.school is None else self.school.key,
            "user_id": None if self.user is None else self.user.key,
            "details": json.dumps({name: getattr(self, name) for name in names}) if names else "{}",
        }

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> AuditEvent:
        """Rebuild the event that `to_record` gave.

        Raises:
            ContractBroken: if its kind is unknown to this version, or it is not such a record.
        """
        return rebuilt(_rebuild, record)


def describe_event(event: AuditEvent) -> str:
    """Return what happened, in a sentence for a person, such as that the password was wrong.

    It does not say when, by whom or on which account: `at`, `actor` and `user` do, and a host turns
    their ids into names. Digests are left out.
    """
    names = _OWN_FIELDS[event.kind]
    return event_text(event.kind, {name: getattr(event, name) for name in names})


def _rebuild(record: Mapping[str, Any]) -> AuditEvent:
    event_class = EVENT_KINDS.get(record["kind"])
    if event_class is None:
        raise ContractBroken(f"no event is of the kind {record['kind']!r}")
    school, user = record["school_key"], record["user_id"]
    details = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(record["details"]).items()
    }
    return event_class(
        at=from_micros(record["at"]),
        actor=record["actor"],
        school=None if school is None else SchoolCode.stored(school, school),
        user=None if user is None else UserId.stored(user, user),
        **details,
    )


@dataclass(frozen=True, kw_only=True)
class LoginSucceeded(AuditEvent):
    """Somebody signed in, by ``password`` or by a mailed ``link``."""

    kind: ClassVar[str] = "login_succeeded"
    how: LoginWay = "password"


@dataclass(frozen=True, kw_only=True)
class LoginFailed(AuditEvent):
    """A sign-in was refused; *reason* is private to the desk, *hints* were told to the person."""

    kind: ClassVar[str] = "login_failed"
    reason: LoginFailure
    hints: tuple[str, ...] = ()
    name_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class LoginThrottled(AuditEvent):
    """Attempts under one name, or from one source, began to be turned away (once a window)."""

    kind: ClassVar[str] = "login_throttled"
    name_digest: str


@dataclass(frozen=True, kw_only=True)
class AccountUnlocked(AuditEvent):
    """An admin cleared the account's count of failed attempts."""

    kind: ClassVar[str] = "account_unlocked"


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(AuditEvent):
    """Every session of the account was ended."""

    kind: ClassVar[str] = "sessions_ended"


@dataclass(frozen=True, kw_only=True)
class PasswordResetRequested(AuditEvent):
    """Somebody asked for a reset link; *sent* tells whether there was an account to mail."""

    kind: ClassVar[str] = "password_reset_requested"
    sent: bool
    name_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreatePasswordSent(AuditEvent):
    """An admin sent the "create new password" mail."""

    kind: ClassVar[str] = "create_password_sent"


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(AuditEvent):
    """The account has a new password; *how* says by which way."""

    kind: ClassVar[str] = "password_changed"
    how: PasswordChangeWay


@dataclass(frozen=True, kw_only=True)
class PasswordRefused(AuditEvent):
    """A new password was refused, with the codes of all *violations*; the old one still works."""

    kind: ClassVar[str] = "password_refused"
    how: PasswordChangeWay
    violations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PasswordRehashed(AuditEvent):
    """The same password was hashed again with today's parameters; nothing else changed."""

    kind: ClassVar[str] = "password_rehashed"


@dataclass(frozen=True, kw_only=True)
class StoredPasswordUnreadable(AuditEvent):
    """The stored hash is corrupt or outside the bounds, so no password can match it."""

    kind: ClassVar[str] = "stored_password_unreadable"


@dataclass(frozen=True, kw_only=True)
class MailFailed(AuditEvent):
    """A mail of the kind *mail* could not be handed over."""

    kind: ClassVar[str] = "mail_failed"
    mail: str


@dataclass(frozen=True, kw_only=True)
class EmailChangeRequested(AuditEvent):
    """The owner asked for another address, which has yet to confirm."""

    kind: ClassVar[str] = "email_change_requested"


@dataclass(frozen=True, kw_only=True)
class EmailChanged(AuditEvent):
    """The account has a new address; *was_wrong* if the old one was another person's."""

    kind: ClassVar[str] = "email_changed"
    was_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class EmailReleased(AuditEvent):
    """The account's address was removed, and is free for another account."""

    kind: ClassVar[str] = "email_released"


@dataclass(frozen=True, kw_only=True)
class StatusChanged(AuditEvent):
    """The account went from status *old* to *new*."""

    kind: ClassVar[str] = "status_changed"
    old: Status
    new: Status

    def __post_init__(self) -> None:
        object.__setattr__(self, "old", Status(self.old))  # a record has them as text
        object.__setattr__(self, "new", Status(self.new))


@dataclass(frozen=True, kw_only=True)
class UserAdded(AuditEvent):
    """An account was made; *source* names the roster it came from.

    *mis_digest* stands for its MIS id, so that a second account with the same id is found.
    """

    kind: ClassVar[str] = "user_added"
    source: str | None = None
    mis_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserEdited(AuditEvent):
    """The named *fields* of the account were changed; *mis_digest* stands for a new MIS id."""

    kind: ClassVar[str] = "user_edited"
    fields: tuple[str, ...]
    source: str | None = None
    mis_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class UserMoved(AuditEvent):
    """The account moved between schools; both schools' histories say so."""

    kind: ClassVar[str] = "user_moved"
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class UserErased(AuditEvent):
    """Everything personal was erased from the account; its id and this trail remain."""

    kind: ClassVar[str] = "user_erased"


@dataclass(frozen=True, kw_only=True)
class LegalHoldSet(AuditEvent):
    """The legal hold was put *on* or taken off; *reason* should be a case number, not a name."""

    kind: ClassVar[str] = "legal_hold_set"
    on: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class DuplicateResolved(AuditEvent):
    """The account, then of status *old*, was retired in favour of *kept*.

    *moved* are the fields that *kept* got from it; *email_digest* and *mis_digest* stand for them.
    """

    kind: ClassVar[str] = "duplicate_resolved"
    kept: str
    old: str
    moved: tuple[str, ...] = ()
    email_digest: str | None = None
    mis_digest: str | None = None


@dataclass(frozen=True, kw_only=True)
class DuplicateRestored(AuditEvent):
    """The account is no longer retired in favour of *kept*; *moved* are the fields it got back."""

    kind: ClassVar[str] = "duplicate_restored"
    kept: str
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MappingApplied(AuditEvent):
    """A roster of *source* was applied: how many accounts were *added*, *changed* and *left*."""

    kind: ClassVar[str] = "mapping_applied"
    source: str
    added: int
    changed: int
    left: int = 0


@dataclass(frozen=True, kw_only=True)
class MetElsewhere(AuditEvent):
    """Keys were looked up that belong to accounts of other schools; *digests* stand for the keys.

    Without *digests* the question was not answered: the school had asked too often that day.
    """

    kind: ClassVar[str] = "met_elsewhere"
    digests: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RecoveryRequested(AuditEvent):
    """Somebody asked for the school's admin account back.

    *request* is what the approval will name, *asked* are the approvers who were sent a link, and
    *email_digest* stands for the new address. *school* is None where no school has the code.
    """

    kind: ClassVar[str] = "recovery_requested"
    request: str
    asked: tuple[str, ...]
    email_digest: str


@dataclass(frozen=True, kw_only=True)
class RecoveryApproved(AuditEvent):
    """*approver*, headteacher or deputy on the school's file, gave the admin account its address.

    By the link of *request*, or in writing, which the support desk keeps as *reference*.
    """

    kind: ClassVar[str] = "recovery_approved"
    approver: str
    request: str | None = None
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecoveryRefused(AuditEvent):
    """An approval did not count, for *reason*; nothing was changed."""

    kind: ClassVar[str] = "recovery_refused"
    reason: str
    request: str | None = None
    reference: str | None = None


@dataclass(frozen=True, kw_only=True)
class SchoolAdded(AuditEvent):
    """A school was added."""

    kind: ClassVar[str] = "school_added"


@dataclass(frozen=True, kw_only=True)
class SchoolChanged(AuditEvent):
    """The named *fields* of the school were changed."""

    kind: ClassVar[str] = "school_changed"
    fields: tuple[str, ...]


EVENT_KINDS: Mapping[str, type[AuditEvent]] = {
    event.kind: event
    for event in (
        LoginSucceeded,
        LoginFailed,
        LoginThrottled,
        AccountUnlocked,
        SessionsEnded,
        PasswordResetRequested,
        CreatePasswordSent,
        PasswordChanged,
        PasswordRefused,
        PasswordRehashed,
        StoredPasswordUnreadable,
        MailFailed,
        EmailChangeRequested,
        EmailChanged,
        EmailReleased,
        StatusChanged,
        UserAdded,
        UserEdited,
        UserMoved,
        UserErased,
        LegalHoldSet,
        DuplicateResolved,
        DuplicateRestored,
        MappingApplied,
        MetElsewhere,
        RecoveryRequested,
        RecoveryApproved,
        RecoveryRefused,
        SchoolAdded,
        SchoolChanged,
    )
}
"""Every kind there is; `docs/reference/events.md` is held to it."""

_OWN_FIELDS = {
    kind: tuple(field.name for field in dataclasses.fields(event) if field.name not in _COMMON)
    for kind, event in EVENT_KINDS.items()
}
