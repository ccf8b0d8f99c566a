"""Which accounts of a school may be one person's, and how one of them is retired.

That two usernames differ by ``.1`` proves nothing: two people may share a family name. And one
person may need two accounts: the admin's, and the one that they teach with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any, get_args

from schoolauth.errors import TransitionForbidden
from schoolauth.model.change import Change, Stamp
from schoolauth.model.duplicates import DuplicateGroup, DuplicateReason, DuplicateVerdict
from schoolauth.model.events import AuditEvent, DuplicateResolved, DuplicateRestored
from schoolauth.model.names import UserId
from schoolauth.model.text import name_key
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.accounts import about, advance, deactivate, reactivate

_SHARED_MAILBOXES = frozenset(
    {
        *("admin", "bursar", "contact", "enquiries", "finance", "head", "headteacher", "info"),
        *("it", "mail", "office", "reception", "school", "secretary", "senco", "staff", "support"),
    }
)
"""Names of addresses that are an office's, not a person's."""
_COMPARED = 20
"""Up to this many similar accounts are compared each with each, more only with the next."""
_SUFFIX = re.compile(r"(.+)\.\d{1,4}")


def find_duplicates(
    users: Iterable[User], mis_digests: Mapping[UserId, frozenset[str]]
) -> tuple[DuplicateGroup, ...]:
    """Return the accounts that look like one person's, in groups, by username.

    Args:
        users: all accounts of one school.
        mis_digests: by account, the digests of the MIS ids that it has, or once had.
    """
    found = {user.id: user for user in users}
    links: dict[tuple[UserId, UserId], set[DuplicateReason]] = defaultdict(set)
    for reason, alike in _alike(found, mis_digests):
        ordered = sorted(alike, key=lambda user_id: found[user_id].username.key)
        pairs = combinations(ordered, 2) if len(ordered) <= _COMPARED else pairwise(ordered)
        for pair in pairs:
            links[pair].add(reason)
    verdicts: dict[DuplicateVerdict, list[tuple[UserId, UserId]]] = defaultdict(list)
    for pair, reasons in links.items():
        one, other = (found[user_id] for user_id in pair)
        verdicts[_verdict(one, other, reasons)].append(pair)
    groups = [
        DuplicateGroup(
            tuple(sorted((found[one] for one in ids), key=lambda user: user.username.key)),
            _in_order({reason for pair in pairs if pair[0] in ids for reason in links[pair]}),
            verdict,
        )
        for verdict, pairs in verdicts.items()
        for ids in _components(pairs)
    ]
    return tuple(sorted(groups, key=lambda group: (group.users[0].username.key, group.verdict)))


def _alike(
    users: Mapping[UserId, User], mis_digests: Mapping[UserId, frozenset[str]]
) -> Iterator[tuple[DuplicateReason, set[UserId]]]:
    """Yield sets of accounts that have something in common, with what it is."""
    shared: dict[tuple[DuplicateReason, str], set[UserId]] = defaultdict(set)
    for user in users.values():
        if user.superseded_by is not None and user.superseded_by in users:
            yield "superseded", {user.id, user.superseded_by}
        for digest in mis_digests.get(user.id, ()):
            shared["same_mis_id", digest].add(user.id)
        shared["same_name", name_key(user.full_name)].add(user.id)
        shared["username_suffix", _stem(user)].add(user.id)
        if user.email is not None:
            mailbox = user.email.key.partition("@")[0]
            if mailbox not in _SHARED_MAILBOXES:
                shared["same_email_name", mailbox].add(user.id)
    for (reason, _), ids in shared.items():
        if len(ids) > 1:
            yield reason, ids


def _stem(user: User) -> str:
    numbered = _SUFFIX.fullmatch(user.username.key)
    return user.username.key if numbered is None else numbered[1]


def _verdict(one: User, other: User, reasons: set[DuplicateReason]) -> DuplicateVerdict:
    if "superseded" in reasons:
        retired = one if one.superseded_by == other.id else other
        done = retired.status is Status.INACTIVE and retired.email is None
        return "resolved" if done else "one_person"
    if "same_mis_id" in reasons:
        return "one_person"
    same_name = "same_name" in reasons
    if same_name and (one.role is Role.ADMIN) != (other.role is Role.ADMIN):
        return "admin_and_own"
    ours, theirs = one.mis_id, other.mis_id
    two_records = ours is not None and theirs is not None and ours.source == theirs.source
    same_mailbox = "same_email_name" in reasons
    if two_records and not same_mailbox:
        return "two_people"  # the MIS tells them apart, such as father and son
    return "one_person" if same_name or same_mailbox else "two_people"


def _components(pairs: Iterable[tuple[UserId, UserId]]) -> list[set[UserId]]:
    """Return the sets of accounts that are connected by *pairs*."""
    component: dict[UserId, set[UserId]] = {}
    for one, other in pairs:
        joined = component.get(one, {one}) | component.get(other, {other})
        for user_id in joined:
            component[user_id] = joined
    return list({id(found): found for found in component.values()}.values())


def _in_order(reasons: Iterable[DuplicateReason]) -> tuple[DuplicateReason, ...]:
    known = set(reasons)
    return tuple(reason for reason in get_args(DuplicateReason) if reason in known)


def resolve(
    keep: User,
    retire: User,
    stamp: Stamp,
    *,
    move_email: bool,
    email_digest: str | None,
    mis_digest: str | None,
) -> Change:
    """Retire one account in favour of another: inactive, without address, `superseded_by` set.

    If *keep* has no MIS id, it gets the retired one's, so that the next staff list finds *keep*.
    With *move_email* the same is true of the address.

    Raises:
        TransitionForbidden: if *keep* is not ACTIVE or INVITED, or *retire* is retired already.
    """
    if keep.status not in {Status.ACTIVE, Status.INVITED}:
        raise TransitionForbidden(keep.status.value, "keep")
    if retire.status is Status.ERASED or retire.superseded_by == keep.id:
        raise TransitionForbidden(retire.status.value, "retire")
    moves: dict[str, Any] = {}
    if move_email and keep.email is None and retire.email is not None:
        moves["email"] = retire.email
    if keep.mis_id is None and retire.mis_id is not None:
        moves["mis_id"] = retire.mis_id
    events: list[AuditEvent] = []
    retired = retire
    if retire.status is not Status.INACTIVE:
        change = deactivate(retire, stamp)
        (retired,), events = change.users, [*change.events]
    retired = advance(retired, stamp, email=None, superseded_by=keep.id)
    if "mis_id" in moves:
        retired = replace(retired, mis_id=None)
    kept = advance(keep, stamp, **moves) if "email" in moves else replace(keep, **moves)
    events.append(
        DuplicateResolved(
            **about(retire, stamp),
            kept=keep.id.key,
            old=retire.status.value,
            moved=tuple(moves),
            email_digest=email_digest if "email" in moves else None,
            mis_digest=mis_digest if "mis_id" in moves else None,
        )
    )
    return Change([kept, retired], events)


def undo_resolve(
    keep: User, retired: User, stamp: Stamp, done: DuplicateResolved, *, same: Collection[str]
) -> Change:
    """Undo `resolve`: the retired account is as before, with what *keep* got from it.

    A field goes back only if it is in *same*, so that *keep* still has it, and *retired* has no
    new one.

    Raises:
        TransitionForbidden: if *retired* is no longer retired in favour of *keep*.
    """
    if retired.superseded_by != keep.id or retired.status is not Status.INACTIVE:
        raise TransitionForbidden(retired.status.value, "undo")
    moves: dict[str, Any] = {
        field: getattr(keep, field)
        for field in done.moved
        if field in same and getattr(retired, field) is None
    }
    events: list[AuditEvent] = []
    restored = retired
    if done.old != Status.INACTIVE.value:
        change = reactivate(retired, stamp)
        (restored,), events = change.users, [*change.events]
    restored = advance(restored, stamp, superseded_by=None, **moves)
    without: dict[str, Any] = dict.fromkeys(moves)
    kept = advance(keep, stamp, **without) if "email" in moves else replace(keep, **without)
    event = DuplicateRestored(**about(retired, stamp), kept=keep.id.key, moved=tuple(moves))
    return Change([kept, restored], [*events, event])
