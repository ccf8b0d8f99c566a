"""The steps of an approval, by a link or in writing: a lost admin account gets a new address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import TypeVar

from schoolauth.errors import ApprovalReason, ApprovalRefused, MailNotSent, TokenRefused
from schoolauth.mail.compose import MailFact
from schoolauth.model.change import PAGE_MAX, Decision, HistoryQuery, Stamp, UserQuery
from schoolauth.model.events import (
    AuditEvent,
    LoginSucceeded,
    RecoveryApproved,
    RecoveryRequested,
    SchoolChanged,
)
from schoolauth.model.names import EmailAddress, SchoolCode, UserId, Username
from schoolauth.model.school import School
from schoolauth.model.text import require_text
from schoolauth.model.token import Approver, RecoveryClaims
from schoolauth.model.user import Role, User
from schoolauth.rules import admin_recovery as rules
from schoolauth.service.core import Core

Event = TypeVar("Event", bound=AuditEvent)


@dataclass(frozen=True, slots=True)
class Recovered:
    """An account after and before the recovery, and who else is informed."""

    user: User
    before: User
    others: tuple[User, ...]
    school: School


def open_request(core: Core, token: str) -> tuple[RecoveryClaims, School, list[User]]:
    """Return what a valid request says, with the school and its admins as they are now.

    Raises:
        TokenRefused: if the request has expired, or was approved.
        ApprovalRefused: if the school's approvers or admins have changed since.
    """
    claims = core.tokens.read_recovery(token)
    if core.clock.now() >= claims.expires_at:
        raise TokenRefused("expired")
    approved = _since(core, RecoveryApproved, claims.school, claims.requested_at)
    if any(event.request == claims.request for event in approved):
        raise TokenRefused("used")
    school = core.need_schools().find([claims.school]).get(claims.school)
    admins = admins_of(core, claims.school)
    if school is None or not core.tokens.stands_for(claims.state, rules.state_text(school, admins)):
        raise ApprovalRefused("changed_since")
    return claims, school, admins


def decide_approval(
    core: Core,
    school: School,
    admins: list[User],
    *,
    approver: Approver,
    new_email: EmailAddress,
    account: str | None,
    stamp: Stamp,
    request: RecoveryClaims | None = None,
    reference: str | None = None,
) -> Decision[Recovered]:
    """Decide an approval on the present data; a refusal is recorded too."""
    chosen = rules.choose_account(admins, account)
    request_id = None if request is None else request.request
    reason: ApprovalReason | None = None
    if isinstance(chosen, User):
        approval = rules.Approval(
            school=school,
            approver=approver,
            account=chosen,
            new_email=new_email,
            holder=core.find(new_email),
            signed_in=request is not None and _signed_in_since(core, request, chosen.id),
            file_changes=tuple(_since(core, SchoolChanged, school.code, stamp.at - rules.SETTLED)),
            now=stamp.at,
        )
        reason = rules.against(approval)
        if reason is None:
            others = tuple(admin for admin in admins if admin.id != chosen.id)
            change = rules.approve(approval, others, stamp, request=request_id, reference=reference)
            return Decision(change, Recovered(change.users[0].saved(), chosen, others, school))
    else:
        reason = chosen
    refusal = rules.record_refusal(
        school.code, reason, stamp, request=request_id, reference=reference
    )
    return Decision(refusal, ApprovalRefused(reason))


def finish(core: Core, done: Recovered, asker: str | None) -> User:
    """Inform everybody concerned, and mail the new address a link to choose a password."""
    user, email = done.user, done.user.email
    assert email is not None  # noqa: S101 # it was given one just now
    facts = mail_facts(asker, email, [user])
    if done.before.email != email:
        core.notify("recovery_approved", user, done.before.email, **facts)
    for other in done.others:
        if other.is_active_admin:
            core.notify("recovery_approved", other, other.email, **facts)
    letter = core.link_mail("create_password", user, email, school_name=done.school.name)
    if not core.send(letter):
        raise MailNotSent
    return user


def account_text(account: UserId | Username | str | None) -> str | None:
    """Return how an account is named, by its id or username; anything else is a `TypeError`."""
    if account is None:
        return None
    key = account.key if isinstance(account, UserId | Username) else account
    return require_text(key, "account")


def mail_facts(
    asker: str | None, email: EmailAddress, admins: Iterable[User]
) -> dict[str, MailFact]:
    """Return the facts of every mail about a recovery; *asker* is None if it came in writing."""
    accounts = [str(admin.username) for admin in admins]
    return {"requested_by": asker, "new_email": str(email), "accounts": accounts}


def admins_of(core: Core, school: SchoolCode) -> list[User]:
    """Return the school's admin accounts that could be recovered."""
    query = UserQuery(
        school, roles=frozenset({Role.ADMIN}), statuses=rules.RECOVERABLE, limit=PAGE_MAX
    )
    return list(core.users.search(query).items)


def _signed_in_since(core: Core, request: RecoveryClaims, user: UserId) -> bool:
    """Tell whether somebody signed in after the request, by the order in which both were saved."""
    kinds = frozenset({LoginSucceeded.kind, RecoveryRequested.kind})
    query = HistoryQuery(request.school, user, kinds, request.requested_at, limit=PAGE_MAX)
    later = takewhile(
        lambda event: (
            not (isinstance(event, RecoveryRequested) and event.request == request.request)
        ),
        core.events(query),
    )
    return any(isinstance(event, LoginSucceeded) for event in later)


def _since(core: Core, kind: type[Event], school: SchoolCode, since: datetime) -> Iterator[Event]:
    query = HistoryQuery(school, None, frozenset({kind.kind}), since, limit=PAGE_MAX)
    return (event for event in core.events(query) if isinstance(event, kind))
