"""Why somebody cannot sign in, or gets no mail: read off the account and its history.

"Their change on Tuesday was refused because it had no number, so the old password still works" is
a query here, not a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar, get_args

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
from schoolauth.model.text import fold, written_day, written_moment
from schoolauth.model.user import Status, User, from_micros

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
"""The kinds of event that a diagnosis is read off."""
RECENT = timedelta(days=14)
"""How far back attempts and failed mails still explain something."""
_NEAREST = 5
_RULES = {
    "too_short": "it was too short",
    "no_number": "it had no number",
    "space_at_start": "it began with a space",
    "space_at_end": "it ended with a space",
    "too_long": "it was too long",
    "too_common": "it is a common password",
    "context_word": "it had a name or the school in it",
    "forbidden_character": "it had a character that cannot be used",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one account.

    Args:
        user: the account.
        exact: whether the name was asked for as it has to be typed, without a space around it.
        events: its history, newest first.
        wait: seconds until its throttle lets somebody try again, 0 for now.
        duplicates: other accounts that are probably the same person's.
        successor: the account that took its place, if it is a retired duplicate.
        temporary_password: how long a password lasts that somebody else has set.
        now: when it is asked.
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
    """Return what is said where the school has no account of that name, with those alike."""
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
    names = ", ".join(map(str, near))
    told = f" Perhaps {names} was meant." if near else ""
    message = f"The school has no account of this name.{told}"
    return Diagnosis(None, (Finding("no_such_account", message, "search"),), near)


def _findings(facts: Facts) -> Iterator[Finding]:
    yield from _status(facts)
    if facts.wait:
        until = written_moment(facts.now + timedelta(seconds=facts.wait))
        message = f"There were too many failed attempts: nobody gets in until {until}."
        yield Finding("throttled", message, "unlock")
    yield from _password(facts)
    yield from _attempts(facts)
    yield from _other_accounts(facts)
    yield from _mail(facts)


def _status(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    if user.status is Status.INACTIVE:
        since = written_day(user.status_since)
        if user.superseded_by is None:
            yield Finding("inactive", f"The account is inactive since {since}.", "reactivate")
        else:
            instead = "another one" if facts.successor is None else facts.successor.username
            message = f"The account was retired on {since}: {instead} took its place."
            yield Finding("inactive", message, "undo_resolve_duplicate")
    if user.status is Status.INVITED:
        sent = facts.since(CreatePasswordSent)
        if sent:
            day = written_day(sent[0].at)
            message = f"No password was chosen yet; the mail for it was sent on {day}."
            yield Finding("invited", message, "send_create_password_email")
        else:
            yield Finding("invited", "No password was chosen yet.", "set_password")
            reason = ", because no e-mail address is saved" if user.email is None else ""
            remedy = "set_email" if user.email is None else "send_create_password_email"
            message = f"The create password mail was never sent{reason}."
            yield Finding("invitation_not_sent", message, remedy)


def _password(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    if user.must_change_password:
        ends = from_micros(user.epoch * 1000) + facts.temporary_password
        day = written_day(ends)
        message = f"The password is temporary: until {day} it lets its owner choose another."
        if facts.now > ends:
            message = f"The password was temporary, and ended on {day}."
        yield Finding("must_change_password", message, "set_password")
    refused = facts.since(PasswordRefused, PasswordChanged)
    if refused:
        broken = refused[0].violations
        why = " and ".join(_RULES.get(code, code.replace("_", " ")) for code in broken)
        message = f"A new password was refused on {written_day(refused[0].at)} because {why}."
        kept = "" if user.password is None else " The old one still works."
        yield Finding("password_change_refused", message + kept, "set_password")
    own = actor_user(user.id)
    corrected = [e for e in facts.since(EmailChanged, PasswordChanged) if e.actor != own]
    chosen = facts.since(PasswordChanged)
    if corrected and chosen and chosen[0].how in {"reset", "create"}:
        message = (
            f"The password was chosen on {written_day(chosen[0].at)} through a link to an address "
            "that was changed since."
        )
        if user.password is None:
            message = (
                "The password was dropped with the wrong address through which it was chosen, and "
                "no other was chosen yet."
            )
        remedy = "set_password" if user.email is None else "send_create_password_email"
        yield Finding("password_set_by_former_address", message, remedy)


def _attempts(facts: Facts) -> Iterator[Finding]:
    if not facts.exact:
        message = "There is a space around the name: typed like that, the sign-in fails."
        yield Finding("space_in_recent_attempts", message)
    failed = facts.recent(facts.since(LoginFailed, LoginSucceeded))
    spaced = [event for event in failed if event.hints]
    if spaced:
        places = dict.fromkeys(hint.replace("_", " ") for event in spaced for hint in event.hints)
        message = (
            f"Of the last attempts, {len(spaced)} had a {' and a '.join(places)}, most recently on "
            f"{written_moment(spaced[0].at)}. A space counts as a character."
        )
        yield Finding("space_in_recent_attempts", message)
    changed = facts.since(PasswordChanged)
    wrong = [
        event
        for event in facts.recent(facts.since(LoginFailed, LoginSucceeded, PasswordChanged))
        if event.reason == "wrong_password" and not event.hints
    ]
    signed_in = facts.since(LoginSucceeded, PasswordChanged)
    if changed and wrong and not signed_in and facts.user.status is Status.ACTIVE:
        message = (
            f"The password was changed on {written_day(changed[0].at)}. Attempts since then with "
            f"another one, probably the old one: {len(wrong)}."
        )
        remedy = "set_password" if facts.user.email is None else "send_create_password_email"
        yield Finding("old_password_in_recent_attempts", message, remedy)


def _other_accounts(facts: Facts) -> Iterator[Finding]:
    user = facts.user
    for other in facts.duplicates:
        message = (
            f"{other.username} ({other.status.value}) is probably an account of the same person."
        )
        yield Finding("duplicate_account", message, "resolve_duplicate")
    holder = next((other for other in facts.duplicates if other.email is not None), None)
    if user.email is None and holder is not None:
        message = (
            f"The e-mail address is saved on {holder.username}, which is {holder.status.value}: an "
            "address can be used for one account only."
        )
        yield Finding("email_on_other_account", message, "resolve_duplicate")
    elif user.email is not None and user.status is Status.INACTIVE and facts.duplicates:
        message = "This account holds the e-mail address though it is inactive."
        yield Finding("email_on_other_account", message, "release_email")


def _mail(facts: Facts) -> Iterator[Finding]:
    failed = facts.recent(facts.since(MailFailed))
    if failed:
        mail, at = failed[0].mail.replace("_", " "), written_moment(failed[0].at)
        message = f'The mail "{mail}" could not be sent on {at}.'
        yield Finding("mail_failed", message, "send_create_password_email")
    if facts.user.email is None:
        message = "No e-mail address is saved on the profile, so no mail can be sent."
        yield Finding("no_email", message, "set_email")


def _nothing(facts: Facts) -> Finding:
    wrong = facts.recent(facts.since(LoginFailed, LoginSucceeded))
    message = "Nothing keeps this account's owner from signing in."
    if wrong:
        message += f" The last {len(wrong)} attempts had a wrong password."
    return Finding("nothing_found", message, "history")


def same_person(groups: Iterable[tuple[User, ...]], user_id: UserId) -> tuple[User, ...]:
    """Return the other accounts of the groups that the account is in."""
    return tuple(
        other
        for users in groups
        if any(user.id == user_id for user in users)
        for other in users
        if other.id != user_id
    )
