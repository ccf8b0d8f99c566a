"""The changes of an account, and the events that record them. Every change is one `Change`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from schoolauth.errors import EmailMissing, NotPermitted, TransitionForbidden
from schoolauth.model.change import Change, Stamp
from schoolauth.model.events import (
    AuditEvent,
    EmailChanged,
    EmailReleased,
    LegalHoldSet,
    PasswordChanged,
    PasswordChangeWay,
    SessionsEnded,
    StatusChanged,
    UserAdded,
    UserEdited,
    UserErased,
    UserMoved,
)
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId, Username
from schoolauth.model.user import TRANSITIONS, Role, Status, StoredPassword, User


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is known of a person before they have an account; everything is parsed already."""

    id: UserId
    school: SchoolCode
    username: Username
    given_name: str
    family_name: str
    role: Role
    email: EmailAddress | None = None
    mis_id: MisId | None = None


def add_user(
    new: NewUser, stamp: Stamp, *, source: str | None = None, mis_digest: str | None = None
) -> tuple[User, UserAdded]:
    """Return the account of a new person: INVITED, until a password is chosen."""
    user = User(
        id=new.id,
        school=new.school,
        username=new.username,
        given_name=new.given_name,
        family_name=new.family_name,
        role=new.role,
        email=new.email,
        mis_id=new.mis_id,
        status=Status.INVITED,
        status_since=stamp.at,
        created_at=stamp.at,
        epoch=stamp.epoch,
    )
    return user, UserAdded(**about(user, stamp), source=source, mis_digest=mis_digest)


def edit_user(user: User, stamp: Stamp, **wanted: Any) -> Change | None:
    """Change names, role or username; None if nothing would change. A new role ends sessions."""
    _refuse_erased(user)
    fields = tuple(
        name
        for name, value in wanted.items()
        if getattr(user, name) != value or (name == "username" and str(user.username) != str(value))
    )
    if not fields:
        return None
    changes = {name: wanted[name] for name in fields}
    edited = advance(user, stamp, **changes) if "role" in fields else replace(user, **changes)
    return Change([edited], [UserEdited(**about(user, stamp), fields=fields)])


def set_email(
    user: User, email: EmailAddress, stamp: Stamp, *, was_wrong: bool = False
) -> Change | None:
    """Give the account another address; sessions and links die with the old one.

    With *was_wrong* the password goes too: a stranger may have chosen it through a link.
    """
    _refuse_erased(user)
    if user.email == email and str(user.email) == str(email) and not was_wrong:
        return None
    changes: dict[str, Any] = {"email": email}
    if was_wrong:
        changes |= {"password": None, "must_change_password": False}
    event = EmailChanged(**about(user, stamp), was_wrong=was_wrong)
    return Change([advance(user, stamp, **changes)], [event])


def release_email(user: User, stamp: Stamp) -> Change:
    """Remove the account's address, so that another account can have it.

    Raises:
        EmailMissing: if the account has no address.
    """
    _refuse_erased(user)
    if user.email is None:
        raise EmailMissing
    released = advance(user, stamp, email=None)
    return Change([released], [EmailReleased(**about(user, stamp))])


def choose_password(
    user: User,
    stored: StoredPassword,
    stamp: Stamp,
    *,
    how: PasswordChangeWay,
    must_change: bool = False,
) -> Change:
    """Give the account a password: an INVITED one becomes ACTIVE, sessions and links die."""
    if user.status not in {Status.INVITED, Status.ACTIVE}:
        raise TransitionForbidden(user.status.value, "password")
    events: list[AuditEvent] = [PasswordChanged(**about(user, stamp), how=how)]
    chosen = advance(user, stamp, password=stored, must_change_password=must_change)
    if user.status is Status.INVITED:
        chosen, event = _become(chosen, Status.ACTIVE, stamp)
        events.append(event)
    return Change([chosen], events)


def deactivate(user: User, stamp: Stamp, *, release: bool = False) -> Change:
    """Make the account INACTIVE: sessions and links end at once."""
    inactive, event = _become(user, Status.INACTIVE, stamp)
    events: list[AuditEvent] = [event]
    if release and user.email is not None:
        inactive = replace(inactive, email=None)
        events.append(EmailReleased(**about(user, stamp)))
    return Change([inactive], events)


def reactivate(user: User, stamp: Stamp) -> Change:
    """Make an INACTIVE account ACTIVE, INVITED if it has no password, and no longer a duplicate."""
    if user.status is not Status.INACTIVE:
        raise TransitionForbidden(user.status.value, Status.ACTIVE.value)
    wanted = Status.INVITED if user.password is None else Status.ACTIVE
    active, event = _become(user, wanted, stamp)
    return Change([replace(active, superseded_by=None)], [event])


def erase(user: User, stamp: Stamp) -> Change:
    """Erase everything personal and release every key; the id and the trail remain.

    Raises:
        NotPermitted: under a legal hold.
    """
    if user.legal_hold:
        raise NotPermitted("legal_hold")
    erased, event = _become(user, Status.ERASED, stamp)
    erased = replace(
        erased,
        username=Username.of_erased(user.id),
        given_name="",
        family_name="",
        email=None,
        mis_id=None,
        password=None,
        must_change_password=False,
        last_login_at=None,
    )
    return Change([erased], [event, UserErased(**about(user, stamp))])


def end_sessions(user: User, stamp: Stamp) -> Change:
    """End every session of the account; links that were mailed die too."""
    return Change([advance(user, stamp)], [SessionsEnded(**about(user, stamp))])


def move_user(user: User, school: SchoolCode, username: Username, stamp: Stamp) -> Change:
    """Move the account to another school: its MIS id stays behind, and an admin comes as STAFF."""
    _refuse_erased(user)
    role = Role.STAFF if user.role is Role.ADMIN else user.role
    moved = advance(
        user, stamp, school=school, username=username, role=role, mis_id=None, superseded_by=None
    )
    events = [
        UserMoved(
            at=stamp.at,
            actor=stamp.actor,
            school=code,
            user=user.id,
            old=user.school.key,
            new=school.key,
        )
        for code in (user.school, school)
    ]
    return Change([moved], events)


def set_legal_hold(user: User, on: bool, reason: str, stamp: Stamp) -> Change:
    """Put the account under a legal hold, which forbids its erasure, or end the hold."""
    _refuse_erased(user)
    event = LegalHoldSet(**about(user, stamp), on=on, reason=reason)
    return Change([replace(user, legal_hold=on)], [event])


def is_retired(user: User) -> bool:
    """Tell whether the account is a resolved duplicate: another one has replaced it."""
    return user.status is Status.INACTIVE and user.superseded_by is not None


def advance(user: User, stamp: Stamp, **changes: Any) -> User:
    """Return *user* changed, with the credential epoch moved on: sessions and links die."""
    return replace(user, epoch=max(user.epoch + 1, stamp.epoch), **changes)


def _become(user: User, wanted: Status, stamp: Stamp) -> tuple[User, StatusChanged]:
    if wanted not in TRANSITIONS[user.status]:
        raise TransitionForbidden(user.status.value, wanted.value)
    changed = advance(user, stamp, status=wanted, status_since=stamp.at)
    event = StatusChanged(**about(user, stamp), old=user.status, new=wanted)
    return changed, event


def _refuse_erased(user: User) -> None:
    if user.status is Status.ERASED:
        raise TransitionForbidden(user.status.value, "edit")


def about(user: User, stamp: Stamp) -> dict[str, Any]:
    """Return the fields of every event about *user*: when, by whom, in which school, about whom."""
    return {"at": stamp.at, "actor": stamp.actor, "school": user.school, "user": user.id}
