"""Every sentence that the library says, made by the calls that say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from schoolauth import errors as kinds
from schoolauth.errors import ApprovalReason, Hint, SchoolAuthError, TokenRefusal, Violation
from schoolauth.model.diagnosis import Finding
from schoolauth.model.events import (
    EVENT_KINDS,
    AuditEvent,
    CreatePasswordSent,
    DuplicateResolved,
    DuplicateRestored,
    EmailChanged,
    LegalHoldSet,
    LoginFailed,
    LoginFailure,
    LoginSucceeded,
    LoginThrottled,
    LoginWay,
    MailFailed,
    MappingApplied,
    MetElsewhere,
    PasswordChanged,
    PasswordChangeWay,
    PasswordRefused,
    PasswordResetRequested,
    RecoveryApproved,
    RecoveryRefused,
    RecoveryRequested,
    SchoolChanged,
    StatusChanged,
    UserAdded,
    UserEdited,
    UserMoved,
    actor_support,
)
from schoolauth.model.mail import MailKind, MailMessage
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, Username
from schoolauth.model.text import parse_name
from schoolauth.model.user import Status, StoredPassword, User, to_micros
from schoolauth.rules.diagnosis import Facts, diagnose, no_such_account
from schoolauth.rules.passwords import PASSWORD_MAX, PasswordPolicy
from tests.mail.mails import JESS, a_mail
from tests.rules.rows import HILL, NOW, account

NOT_PERMITTED = (
    *("not_an_active_admin", "own_account", "legal_hold", "admin_exists", "other_school"),
)
POLICIES = (
    PasswordPolicy.seed(),
    PasswordPolicy.recommended(),
    PasswordPolicy.nist(),
    PasswordPolicy(minimum=1, number=False),
)
PASSWORDS = ("", "short", "no number here", " 12345678 ", "a\0b45678", "password1", "x" * 1025)
CODES = (
    *("too_short", "no_number", "space_at_start", "space_at_end"),
    *("too_long", "too_common", "context_word", "forbidden_character"),
)


def no_chalk(password: str, user: User | None) -> Iterable[Violation]:
    """No {chalk}!

    Only the first line is for the form.
    """
    if "chalk" in password:
        yield Violation("chalk", "It has {chalk} in it.", {"length": len(password)})


def refusal(call: Callable[..., object], *args: Any) -> SchoolAuthError:
    """Return what *call* refuses with."""
    with pytest.raises(SchoolAuthError) as caught:
        call(*args)
    return caught.value


def errors() -> Iterator[SchoolAuthError]:
    """Yield errors of every class, with each of the sentences that it may have."""
    for plain in (
        kinds.SchoolAuthError,
        kinds.Refused,
        kinds.SessionEnded,
        kinds.EmailMissing,
        kinds.EmailInvalid,
        kinds.SchoolUnknown,
        kinds.SchoolTaken,
        kinds.UserNotFound,
        kinds.LastAdmin,
        kinds.MappingOutdated,
        kinds.Unavailable,
        kinds.StaleUser,
        kinds.StorageUnavailable,
        kinds.MailNotSent,
        kinds.ContractBroken,
        kinds.NotConfigured,
    ):
        yield plain()
    hints: tuple[Hint, ...] = get_args(Hint)
    for typed in ((), *((hint,) for hint in hints), hints[1:3]):
        yield kinds.LoginRefused(typed)
    yield kinds.PasswordChangeRequired("a token")
    yield kinds.Throttled(30)
    yield kinds.Overloaded(2)
    for policy in POLICIES:
        yield kinds.PasswordRejected(policy.violations(" x"))
    yield kinds.PasswordRejected(PasswordPolicy.nist().also(no_chalk).violations("chalk"))
    tokens: tuple[TokenRefusal, ...] = get_args(TokenRefusal)
    yield from map(kinds.TokenRefused, tokens)
    email = EmailAddress.parse("jess@example.org")
    yield kinds.EmailTaken(email)
    yield kinds.EmailTaken(email, holder_username="wg204nx_james", holder_status="inactive")
    yield kinds.UsernameTaken(Username.parse("james"))
    yield kinds.MisIdTaken(MisId(HILL, "sims", "17"))
    for name in ("", "x" * 65, " x", "x ", "x y", "x@y", "xж", "ﬁ"):
        yield refusal(Username.parse, name)
    for value in ("", "x" * 101, "x" * 401, "a\0b", "https://x"):
        yield refusal(parse_name, value, "given_name")
    yield refusal(SchoolCode.parse, "?")
    yield refusal(MisId, HILL, "SIMS", "1")
    yield refusal(MisId.parse, "sims")
    yield kinds.NameInvalid("school_name", "empty")
    for status in Status:
        yield kinds.TransitionForbidden(status.value, "edit")
    yield from map(kinds.NotPermitted, NOT_PERMITTED)
    reasons: tuple[ApprovalReason, ...] = get_args(ApprovalReason)
    yield from map(kinds.ApprovalRefused, reasons)
    yield kinds.TooManyLeavers(12, 10)
    problems = [
        kinds.RosterProblem(n, None, "x", f"Line {n} is wrong.", "cell") for n in range(1, 6)
    ]
    yield kinds.RosterUnreadable(problems[:1])
    yield kinds.RosterUnreadable(problems)
    yield kinds.ImportRefused(problems)


def violations() -> Iterator[Violation]:
    """Yield what each policy says of each of a few passwords."""
    user = replace(JESS, given_name="Chalk")
    for policy in (*POLICIES, PasswordPolicy.seed().also(no_chalk)):
        for password in (*PASSWORDS, "chalk", "x" * (PASSWORD_MAX + 1)):
            yield from policy.violations(password, user)


def mails() -> Iterator[MailMessage]:
    """Yield a mail of every kind, and of what may be left out of it."""
    kinds: tuple[MailKind, ...] = get_args(MailKind)
    for kind in kinds:
        yield a_mail(kind)
    yield a_mail("admin_added", facts={"new_admin": "Sam Patel", "by": "Robin Hall"})
    yield a_mail("create_password", school_name=None)
    yield a_mail("school_changed", user=None, school_name=None, facts={"fields": "name"})
    yield a_mail("password_changed", user=replace(JESS, given_name="Jess\r\nBcc:"))
    yield a_mail("password_changed", user=replace(JESS, username=Username.parse("j" * 60)))


def findings() -> Iterator[Finding]:
    """Yield every finding, in each of its forms."""
    for found in _diagnoses():
        yield from found


def _diagnoses() -> Iterator[Iterable[Finding]]:
    jess = account("jess", email="jess@example.org", password=StoredPassword("hash"))
    no_mail = replace(jess, email=None)
    invited = account("jess", email="jess@example.org", status=Status.INVITED)
    other = account("ann", email="ann@example.org")
    about: Mapping[str, Any] = {"at": NOW, "school": HILL, "user": jess.id}

    def found(user: User, *events: AuditEvent, **given: Any) -> Iterable[Finding]:
        known: dict[str, Any] = {"exact": True, "wait": 0, "duplicates": (), "successor": None}
        known |= {"temporary_password": timedelta(days=7), "now": NOW, "events": events}
        return diagnose(Facts(user=user, **known | given)).findings

    def wrong(*hints: str) -> LoginFailed:
        return LoginFailed(**about, reason="wrong_password", hints=hints)

    yield no_such_account("nobody", [jess]).findings
    yield no_such_account("jes", [jess, account("jest")]).findings
    yield found(jess)
    yield found(jess, wrong(), wrong())
    yield found(jess, exact=False)
    for hints in (["space_at_end_of_password"], list(get_args(Hint))):
        yield found(jess, wrong(*hints), wrong(hints[0]))
    yield found(jess, wait=61)
    gone = replace(jess, status=Status.INACTIVE)
    retired = replace(gone, superseded_by=other.id)
    yield found(gone)
    yield found(retired)
    yield found(retired, successor=other)
    yield found(invited)
    yield found(replace(invited, email=None))
    yield found(invited, CreatePasswordSent(**about))
    temporary = replace(jess, must_change_password=True, epoch=to_micros(NOW) // 1000)
    yield found(temporary)
    yield found(temporary, now=NOW + timedelta(days=8))
    for codes in (*((code,) for code in CODES), CODES[:2], ("like_a_pet",)):
        yield found(jess, PasswordRefused(**about, how="change", violations=codes))
    yield found(invited, PasswordRefused(**about, how="create", violations=CODES[:1]))
    corrected = EmailChanged(**about, actor=actor_support("Robin"), was_wrong=True)
    chosen = PasswordChanged(**about, how="create")
    yield found(jess, corrected, chosen)
    yield found(replace(jess, password=None), corrected, chosen)
    yield found(jess, wrong(), chosen)
    yield found(no_mail, duplicates=[other])
    yield found(gone, duplicates=[replace(other, status=Status.INVITED)])
    yield found(jess, MailFailed(**about, mail="create_password"))


def events() -> Iterator[AuditEvent]:
    """Yield events of every kind, with each of the sentences that it may have."""
    about: dict[str, Any] = {"at": NOW, "school": HILL}
    digest = "d" * 32
    for kind in EVENT_KINDS.values():
        if len(fields(kind)) == len(fields(AuditEvent)):
            yield kind(**about)
    ways: tuple[LoginWay, ...] = get_args(LoginWay)
    for how in ways:
        yield LoginSucceeded(**about, how=how)
    failures: tuple[LoginFailure, ...] = get_args(LoginFailure)
    for reason in failures:
        yield LoginFailed(**about, reason=reason, name_digest=digest)
    yield LoginFailed(**about, reason="wrong_password", hints=get_args(Hint)[1:3])
    yield LoginThrottled(**about, name_digest=digest)
    for sent in (True, False):
        yield PasswordResetRequested(**about, sent=sent, name_digest=digest)
    changes: tuple[PasswordChangeWay, ...] = get_args(PasswordChangeWay)
    for change in changes:
        yield PasswordChanged(**about, how=change)
    yield PasswordRefused(**about, how="change", violations=(*CODES[:2], "like_a_pet"))
    yield MailFailed(**about, mail="create_password")
    for was_wrong in (True, False):
        yield EmailChanged(**about, was_wrong=was_wrong)
    yield StatusChanged(**about, old=Status.INVITED, new=Status.ACTIVE)
    for source in ("sims", None):
        yield UserAdded(**about, source=source, mis_digest=digest)
        yield UserEdited(**about, source=source, fields=("given_name", "email"))
    yield UserMoved(**about, old="hill", new="mill")
    for on in (True, False):
        yield LegalHoldSet(**about, on=on, reason="case 17")
    for moved in (("email", "mis_id"), ()):
        yield DuplicateResolved(**about, kept="u2", old="invited", moved=moved, email_digest=digest)
        yield DuplicateRestored(**about, kept="u2", moved=moved)
    yield MappingApplied(**about, source="sims", added=1, changed=2, left=3)
    for digests in ((digest, digest), ()):
        yield MetElsewhere(**about, digests=digests)
    for asked in (("headteacher", "deputy"), ()):
        yield RecoveryRequested(**about, request="r1", asked=asked, email_digest=digest)
    for reference in ("ticket 17", None):
        yield RecoveryApproved(**about, approver="deputy", request="r1", reference=reference)
        yield RecoveryRefused(**about, reason="own_address", reference=reference)
    yield SchoolChanged(**about, fields=("name", "headteacher_email"))
