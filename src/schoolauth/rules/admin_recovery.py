"""Getting a lost admin account back: who may approve it, and why an approval does not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schoolauth.errors import ApprovalReason
from schoolauth.model.change import Change, Stamp
from schoolauth.model.events import (
    RecoveryApproved,
    RecoveryRefused,
    RecoveryRequested,
    SchoolChanged,
)
from schoolauth.model.names import EmailAddress, SchoolCode, UserId
from schoolauth.model.school import School
from schoolauth.model.token import Approver
from schoolauth.model.user import Status, User
from schoolauth.rules.accounts import about, advance, set_email

SETTLED = timedelta(hours=72)
"""How long an approver's new address waits before it can approve."""
RECOVERABLE = frozenset({Status.ACTIVE, Status.INVITED})


def approvers(school: School | None) -> dict[Approver, EmailAddress]:
    """Return who may approve, by their addresses on the school's file."""
    if school is None:
        return {}
    addresses: dict[Approver, EmailAddress | None] = {
        "headteacher": school.headteacher_email,
        "deputy": school.deputy_email,
    }
    return {who: address for who, address in addresses.items() if address is not None}


def state_text(school: School, admins: Iterable[User]) -> str:
    """Return the data that a request depends on: once it differs, no approval of it counts."""
    file = [f"{who}={address.key}" for who, address in approvers(school).items()]
    return "|".join(["recovery", school.code.key, *file, *_epochs(admins)])


def _epochs(admins: Iterable[User]) -> list[str]:
    return sorted(f"{admin.id.key}={admin.epoch}" for admin in admins)


def choose_account(admins: Sequence[User], named: str | None) -> User | ApprovalReason:
    """Return the admin account that is meant, by id or username, or why it is not clear."""
    if not admins:
        return "no_admin"
    if named is None:
        return admins[0] if len(admins) == 1 else "account_needed"
    wanted = named.casefold()
    for admin in admins:
        if named == admin.id.key or wanted == admin.username.key:
            return admin
    return "not_an_admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The facts of one approval: by whom, of what, and what has happened lately.

    Args:
        school: as its file is now.
        approver: which of the two approves.
        account: the admin account to which *new_email* is given.
        new_email: the address.
        holder: the account that has this address already, if any.
        signed_in: whether somebody has signed in to the account since the request.
        file_changes: changes of the school's file.
        now: when it is approved.
    """

    school: School
    approver: Approver
    account: User
    new_email: EmailAddress
    holder: User | None
    signed_in: bool
    file_changes: Sequence[SchoolChanged]
    now: datetime


def against(approval: Approval) -> ApprovalReason | None:
    """Return why an approval does not count; None if it counts."""
    addresses = approvers(approval.school)
    if approval.signed_in:
        return "signed_in_since"
    own = addresses[approval.approver] == approval.new_email
    if own and set(addresses.values()) != {approval.new_email}:  # another one could approve
        return "own_address"
    if approval.holder is not None and approval.holder.id != approval.account.id:
        return "email_held"
    field = f"{approval.approver}_email"
    since = approval.now - SETTLED
    if any(field in event.fields and event.at > since for event in approval.file_changes):
        return "address_too_new"
    return None


def record_request(
    school: SchoolCode | None,
    stamp: Stamp,
    *,
    request: str,
    asked: Iterable[Approver],
    email_digest: str,
    admins: Iterable[User],
) -> Change:
    """Record that somebody asked, on every admin account that may be meant, or on none."""
    approvers = tuple(asked)
    ids: list[UserId | None] = [admin.id for admin in admins]
    return Change(
        events=[
            RecoveryRequested(
                at=stamp.at,
                school=school,
                user=user,
                request=request,
                asked=approvers,
                email_digest=email_digest,
            )
            for user in ids or [None]
        ]
    )


def approve(
    approval: Approval,
    others: Iterable[User],
    stamp: Stamp,
    *,
    request: str | None = None,
    reference: str | None = None,
) -> Change:
    """Give the account its new address and end its sessions; other admins must not change."""
    event = RecoveryApproved(
        **about(approval.account, stamp),
        approver=approval.approver,
        request=request,
        reference=reference,
    )
    change = set_email(approval.account, approval.new_email, stamp)
    if change is None:  # it had the address already: only its sessions end
        return Change([advance(approval.account, stamp)], [event], others)
    return Change(change.users, [*change.events, event], others)


def record_refusal(
    school: SchoolCode,
    reason: ApprovalReason,
    stamp: Stamp,
    *,
    request: str | None = None,
    reference: str | None = None,
) -> Change:
    """Record that an approval did not count."""
    event = RecoveryRefused(
        at=stamp.at,
        actor=stamp.actor,
        school=school,
        reason=reason,
        request=request,
        reference=reference,
    )
    return Change(events=[event])
