"""Why somebody cannot sign in, or gets no mail: read from the account and its history.

"Their change on Tuesday was refused because it had no number, so the old password still works" is
a query here, not a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from schoolauth.model.diagnosis import Diagnosis, Finding, FindingCode
from schoolauth.model.events import (
    AuditEvent,
    CreatePasswordSent,
    EmailChanged,
    LoginFailed,
    LoginSucceeded,
    MailFailed,
    PasswordChanged,
    PasswordRefused,
    actor_user,
)
from schoolauth.model.names import UserId
from schoolauth.model.text import fold
from schoolauth.model.user import Status, User, from_micros
from schoolauth.texts.diagnosis import finding_text

Event = TypeVar("Event", bound=AuditEvent)
EXPLAINING = frozenset(
    event.kind
    for event in (
        CreatePasswordSent,
        EmailChanged,
        LoginFailed,
        LoginSucceeded,
        MailFailed,
        PasswordChanged,
        PasswordRefused,
    )
)
"""The kinds of event that a diagnosis is read from."""
RECENT = timedelta(days=14)
"""How far back attempts and failed mails still explain something."""
_NEAREST = 5
_MAIL = "send_create_password_email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one account.

    Args:
        user: the account.
        exact: whether the name was given as it must be typed, without a space around it.
        events: its history, newest first.
        wait: seconds until its throttle lets somebody try again, 0 for now.
        duplicates: other accounts that are probably the same person's.
        successor: the account that replaced it, if it is a retired duplicate.
        temporary_password: how long a password set by somebody else lasts.
        now: the present time.
    """

    user: User
    exact: bool
    events: Sequence[AuditEvent]
    wait: int
    duplicates: Sequence[User]
    successor: User | None
    temporary_password: timedelta
    now: datetime

    def since(self, kind: type[Event], *ends: type[AuditEvent]) -> list[Event]:
        """Return the events of *kind*, newest first, up to the newest one of *ends*."""
        found = []
        for event in self.events:
            if isinstance(event, ends):
                break
            if isinstance(event, kind):
                found.append(event)
        return found

    def recent(self, events: Iterable[Event]) -> list[Event]:
        """Return those of *events* that are recent."""
        return [event for event in events if event.at >= self.now - RECENT]


def diagnose(facts: Facts) -> Diagnosis:
    """Return everything that keeps the account's owner out, most likely first."""
    order = get_args(FindingCode)
    found = sorted(_findings(facts), key=lambda finding: order.index(finding.code))
    return Diagnosis(facts.user, tuple(found) or (_nothing(facts),))


def no_such_account(typed: str, users: Iterable[User]) -> Diagnosis:
    """Return the answer if the school has no account of that name, with similar usernames."""
    by_text: dict[str, list[User]] = {}
    for user in users:
        texts = [user.username.key, fold(user.full_name)]
        if user.email is not None:
            texts += [user.email.key, user.email.key.partition("@")[0]]
        for text in texts:
            by_text.setdefault(text, []).append(user)
    alike = get_close_matches(fold(typed), by_text, n=_NEAREST, cutoff=0.75)
    near = tuple(dict.fromkeys(user.username for text in alike for user in by_text[text]))[
        :_NEAREST
    ]
    finding = _finding(
        "no_such_account",
        "search",
        case="nearest" if near else None,
        nearest=[str(name) for name in near],
    )
    return Diagnosis(None, (finding,), near)


def _finding(code: FindingCode, remedy: str | None, **facts: Any) -> Finding:
    return Finding(code, finding_text(code, facts), remedy, facts)


def _findings(facts: Facts) -> Iterator[Finding]:
    yield from _status(facts)
    if facts.wait:
        until = facts.now + timedelta(seconds=facts.wait)
        yield _finding("throttled", "unlock", until=until.isoformat())
    yield from _password(facts)
    yield from _attempts(facts)
    yield from _other_accounts(facts)
    yield from _mail(facts)


def _status(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    if user.status is Status.INACTIVE:
        since = user.status_since.isoformat()
        if user.superseded_by is None:
            yield _finding("inactive", "reactivate", case=None, since=since)
        else:
            yield _finding(
                "inactive",
                "undo_resolve_duplicate",
                case="retired" if facts.successor is None else "replaced",
                since=since,
                successor=None if facts.successor is None else str(facts.successor.username),
            )
    if user.status is Status.INVITED:
        sent = facts.since(CreatePasswordSent)
        if sent:
            yield _finding("invited", _MAIL, case="sent", sent=sent[0].at.isoformat())
        else:
            yield _finding("invited", "set_password", case=None)
            case, remedy = ("no_email", "set_email") if user.email is None else (None, _MAIL)
            yield _finding("invitation_not_sent", remedy, case=case)


def _password(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    if user.must_change_password:
        ends = from_micros(user.epoch * 1000) + facts.temporary_password
        case = "ended" if facts.now > ends else None
        yield _finding("must_change_password", "set_password", case=case, ends=ends.isoformat())
    refused = facts.since(PasswordRefused, PasswordChanged)
    if refused:
        yield _finding(
            "password_change_refused",
            "set_password",
            case="no_password" if user.password is None else None,
            at=refused[0].at.isoformat(),
            violations=list(refused[0].violations),
        )
    own = actor_user(user.id)
    corrected = [e for e in facts.since(EmailChanged, PasswordChanged) if e.actor != own]
    chosen = facts.since(PasswordChanged)
    if corrected and chosen and chosen[0].how in {"reset", "create"}:
        yield _finding(
            "password_set_by_former_address",
            "set_password" if user.email is None else _MAIL,
            case="dropped" if user.password is None else None,
            chosen=chosen[0].at.isoformat(),
        )


def _attempts(facts: Facts) -> Iterator[Finding]:
    if not facts.exact:
        yield _finding("space_in_recent_attempts", None, case="asked")
    failed = facts.recent(facts.since(LoginFailed, LoginSucceeded))
    spaced = [event for event in failed if event.hints]
    if spaced:
        yield _finding(
            "space_in_recent_attempts",
            None,
            case=None,
            attempts=len(spaced),
            hints=list(dict.fromkeys(hint for event in spaced for hint in event.hints)),
            last=spaced[0].at.isoformat(),
        )
    changed = facts.since(PasswordChanged)
    wrong = [
        event
        for event in facts.recent(facts.since(LoginFailed, LoginSucceeded, PasswordChanged))
        if event.reason == "wrong_password" and not event.hints
    ]
    signed_in = facts.since(LoginSucceeded, PasswordChanged)
    if changed and wrong and not signed_in and facts.user.status is Status.ACTIVE:
        yield _finding(
            "old_password_in_recent_attempts",
            "set_password" if facts.user.email is None else _MAIL,
            changed=changed[0].at.isoformat(),
            attempts=len(wrong),
        )


def _other_accounts(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    for other in facts.duplicates:
        yield _finding("duplicate_account", "resolve_duplicate", **_named(other))
    holder = next((other for other in facts.duplicates if other.email is not None), None)
    if user.email is None and holder is not None:
        yield _finding("email_on_other_account", "resolve_duplicate", case=None, **_named(holder))
    elif user.email is not None and user.status is Status.INACTIVE and facts.duplicates:
        yield _finding("email_on_other_account", "release_email", case="held_here")


def _named(user: User) -> dict[str, str]:
    return {"username": str(user.username), "status": user.status.value}


def _mail(facts: Facts) -> Iterator[Finding]:
    failed = facts.recent(facts.since(MailFailed))
    if failed:
        yield _finding("mail_failed", _MAIL, mail=failed[0].mail, at=failed[0].at.isoformat())
    if facts.user.email is None:
        yield _finding("no_email", "set_email")


def _nothing(facts: Facts) -> Finding:
    wrong = facts.recent(facts.since(LoginFailed, LoginSucceeded))
    case = "wrong_passwords" if wrong else None
    return _finding("nothing_found", "history", case=case, attempts=len(wrong))


def same_person(groups: Iterable[tuple[User, ...]], user_id: UserId) -> tuple[User, ...]:
    """Return the other accounts of the groups that the account is in."""
    return tuple(
        other
        for users in groups
        if any(user.id == user_id for user in users)
        for other in users
        if other.id != user_id
    )
