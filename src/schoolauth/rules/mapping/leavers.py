"""Leavers: rows that a list marks as a leaver's, and accounts that a complete list has no longer.

Absence is a proposal, never a fact: only the caller knows whether the list is complete. The words
by which a file marks a leaver are in `mis.rows`; how many accounts a list may close is in `brake`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from schoolauth.errors import RosterProblem, RosterUnreadable
from schoolauth.model.mapping import MappingItem, MappingKind
from schoolauth.model.names import UserId, UserKey
from schoolauth.model.roster import Roster
from schoolauth.model.text import name_key
from schoolauth.model.user import Status, User
from schoolauth.rules.accounts import is_retired
from schoolauth.rules.mapping.brake import leaving
from schoolauth.rules.mapping.row import ReadRow

_NO_LOSS = frozenset({"not_staff"})
"""Problems of rows whose person can have no account, so that a list with them may be complete."""


def marked(item: MappingItem, user: User | None = None) -> MappingItem:
    """Return the item of a row that the list itself marks as a leaver's; it changes nothing else.

    *user* is the account of the row, if there is one.
    """
    reasons = ("left_in_list",)
    if user is None:
        return replace(item, kind="left", reasons=reasons)
    kind: MappingKind = "matched" if user.status is Status.INACTIVE else "left"
    return replace(item, kind=kind, user_id=user.id, reasons=reasons)


def refuse_incomplete(roster: Roster) -> None:
    """Refuse to call a list complete if the roster itself says that somebody may be missing.

    Raises:
        RosterUnreadable: if it has problem rows, or only what has changed.
    """
    problems = [problem for problem in roster.problems if problem.code not in _NO_LOSS]
    if roster.delta:
        problems.append(RosterProblem.of("delta"))
    if problems:
        raise RosterUnreadable(problems)


def absent(
    items: Sequence[MappingItem],
    rows: Sequence[ReadRow],
    known: Mapping[UserKey, User],
    everyone: Collection[User],
    source: str | None,
) -> Iterator[MappingItem]:
    """Yield an item for each active account of the MIS that no row of a complete list is about.

    Accounts that were made by hand have no MIS id, and are left alone. An account is not absent if
    a row matches or may match it or a retired duplicate of it, or if a row with a problem has one
    of its keys or its name.

    Args:
        items: what the rows would do.
        rows: the list.
        known: the accounts that the rows' keys find.
        everyone: all accounts of the school.
        source: whose ids the list has; None for accounts with an id of any MIS.
    """
    present: set[UserId | None] = set()
    names: set[str] = set()
    for item, row in zip(items, rows, strict=True):
        present.add(item.user_id)
        if item.kind != "changed":  # its candidates only lose their MIS id to it
            present.update(item.candidates)
        if item.kind == "problem":
            present.update(known[key].id for key in row.keys if key in known)
            names.add(row.name_key)
    retired: dict[UserId | None, UserId | None] = {
        user.id: user.superseded_by for user in everyone if is_retired(user)
    }
    met = [item.user_id for item, row in zip(items, rows, strict=True) if row.row.active]
    while met:  # the row of a retired duplicate is about the account that replaced it
        met = [retired[one] for one in met if one in retired and retired[one] not in present]
        present.update(met)
    for user in everyone:
        if user.mis_id is None or source not in {None, user.mis_id.source}:
            continue
        stands = user.status in {Status.ACTIVE, Status.INVITED}
        if stands and user.id not in present and name_key(user.full_name) not in names:
            yield MappingItem(
                f"left:{user.id.key}", "left", None, user_id=user.id, reasons=("not_in_list",)
            )


def spare_last_admins(
    items: Iterable[MappingItem], everyone: Iterable[User]
) -> tuple[MappingItem, ...]:
    """Turn the leaving admins into problems if no active admin would be left without them."""
    kept = tuple(items)
    gone = leaving(kept)
    admins = {user.id for user in everyone if user.is_active_admin}
    if not admins <= gone:
        return kept
    return tuple(
        replace(
            item,
            kind="problem",
            user_id=None,
            candidates=(item.user_id,),
            reasons=(*item.reasons, "last_admin"),
        )
        if item.kind == "left" and item.user_id in admins
        else item
        for item in kept
    )
