"""Who may sign in: how the typed text is read, what is answered, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schoolauth.errors import (
    EmailInvalid,
    Hint,
    UsernameInvalid,
)
from schoolauth.model.change import Change, Decision
from schoolauth.model.events import (
    AuditEvent,
    LoginFailed,
    LoginFailure,
    LoginSucceeded,
    LoginWay,
    PasswordRehashed,
    StoredPasswordUnreadable,
    actor_user,
)
from schoolauth.model.names import EmailAddress, Username
from schoolauth.model.text import is_space, strip_spaces
from schoolauth.model.user import Status, StoredPassword, User, from_micros

_TYPED_MAX = 400


@dataclass(frozen=True, slots=True)
class TypedName:
    """What somebody typed into the name box.

    *key* is the account name that it denotes without spaces at its ends, *exact* whether it had
    no such spaces, and *text* is what attempts under this name are counted by.
    """

    key: Username | EmailAddress | None
    exact: bool
    text: str


def read_typed_name(identifier: str) -> TypedName:
    """Return what *identifier* denotes: an e-mail address if it has an ``@``, else a username."""
    if len(identifier) > _TYPED_MAX:
        return TypedName(None, exact=False, text=identifier[:_TYPED_MAX])
    bare = strip_spaces(identifier)
    try:
        key = EmailAddress.parse(bare) if "@" in bare else Username.parse(bare)
    except (EmailInvalid, UsernameInvalid):
        return TypedName(None, exact=False, text=bare.casefold())
    return TypedName(key, exact=bare == identifier, text=key.key)


def space_hints(identifier: str, password: str) -> tuple[Hint, ...]:
    """Return the spaces that the typed text alone shows; no account is read (ASVS 6.3.8)."""
    hints: list[Hint] = []
    if identifier and is_space(identifier[0]):
        hints.append("space_at_start_of_username")
    if identifier and is_space(identifier[-1]):
        hints.append("space_at_end_of_username")
    if password and is_space(password[0]):
        hints.append("space_at_start_of_password")
    if password and is_space(password[-1]):
        hints.append("space_at_end_of_password")
    return tuple(hints)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The facts of one attempt to sign in, after the one verification that every attempt gets."""

    at: datetime
    typed: TypedName
    name_digest: str
    hints: tuple[Hint, ...]
    user: User | None
    matches: bool
    unreadable: bool
    throttled: bool
    temporary_password: timedelta


def refusal(attempt: Attempt) -> LoginFailure | None:
    """Return the private reason why the attempt is refused, None if it is not."""
    user = attempt.user
    if user is None:
        return "unknown"
    if not attempt.typed.exact:
        return "space_around_name"
    if attempt.throttled:
        return "throttled"
    if user.status is not Status.ACTIVE:
        return "invited" if user.status is Status.INVITED else "inactive"
    if not attempt.matches:
        return "wrong_password"
    if user.must_change_password:
        set_at = from_micros(user.epoch * 1000)  # the epoch is when the credentials changed, in ms
        late = attempt.at > set_at + attempt.temporary_password
        return "temporary_password_expired" if late else "must_change_password"
    return None


def record_refusal(attempt: Attempt, reason: LoginFailure) -> Change:
    """Record a refused attempt: one event, on the account if the name denotes one."""
    user = attempt.user
    failed = LoginFailed(
        at=attempt.at,
        school=None if user is None else user.school,
        user=None if user is None else user.id,
        reason=reason,
        hints=attempt.hints,
        name_digest=attempt.name_digest if user is None else None,
    )
    events: list[AuditEvent] = [failed]
    if attempt.unreadable and user is not None:
        events.append(StoredPasswordUnreadable(at=attempt.at, school=user.school, user=user.id))
    return Change(events=events)


def record_sign_in(
    user: User,
    at: datetime,
    rehashed: StoredPassword | None = None,
    *,
    how: LoginWay = "password",
    after: Sequence[AuditEvent] = (),
) -> Decision[User]:
    """Decide a sign-in: the event, and the account if it is the day's first or the account changed.

    `last_login_at` is kept to the UTC day, so that a shared account's crowd does not collide.
    *after* are the events of a change of the account that led to the sign-in.
    """
    who = actor_user(user.id)
    events = [*after, LoginSucceeded(at=at, actor=who, school=user.school, user=user.id, how=how)]
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    seen = user if user.last_login_at == today else replace(user, last_login_at=today)
    if rehashed is not None:
        seen = replace(seen, password=rehashed)
        events.append(PasswordRehashed(at=at, school=user.school, user=user.id))
    if seen is user and not after:
        return Decision(Change(events=events), user)
    return Decision(Change([seen], events), seen.saved())
