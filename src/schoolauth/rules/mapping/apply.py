"""What applying a plan does: an effect for each item, and one value with all that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from schoolauth.model.change import Change, Stamp
from schoolauth.model.events import AuditEvent, EmailChanged, MappingApplied, UserEdited
from schoolauth.model.mapping import (
    Create,
    Link,
    MappingDecision,
    MappingItem,
    MappingPlan,
    MappingReport,
    Skip,
)
from schoolauth.model.names import MisId, SchoolCode, UserId, Username
from schoolauth.model.user import Role, User
from schoolauth.rules import accounts
from schoolauth.rules.mapping.match import changes_of
from schoolauth.rules.mapping.row import ReadRow


@dataclass(frozen=True, slots=True)
class Add:
    """The row's person gets an account of this username."""

    row: ReadRow
    username: str


@dataclass(frozen=True, slots=True)
class Edit:
    """The account gets what the row says."""

    user_id: UserId
    row: ReadRow


@dataclass(frozen=True, slots=True)
class Deactivate:
    """The account becomes inactive."""

    user_id: UserId


Effect = Add | Edit | Deactivate


@dataclass(frozen=True, slots=True)
class Applied:
    """What a plan changes: `change` is None if it changes nothing.

    `replaced` has the accounts that get another address, before and after: the old one is told.
    """

    change: Change | None
    report: MappingReport
    replaced: tuple[tuple[User, User], ...]


class _Written(NamedTuple):
    before: User | None
    after: User
    events: tuple[AuditEvent, ...]


def effect(
    item: MappingItem, row: ReadRow | None, decision: MappingDecision | None
) -> Effect | None:
    """Return what is done about one item, or None if it is left alone.

    Args:
        item: from the plan.
        row: the item's row, parsed; None for an account that is no longer in a complete list.
        decision: what a person decided about the item, if anything.
    """
    if isinstance(decision, Skip):
        return None
    if row is not None:
        if isinstance(decision, Link):
            return Edit(decision.user_id, row)
        if isinstance(decision, Create) or item.kind == "new":
            return Add(row, item.username or "")
        if item.kind == "changed" and item.user_id is not None:
            return Edit(item.user_id, row)
    if item.kind == "left" and item.user_id is not None:
        return Deactivate(item.user_id)
    return None


def apply(
    plan: MappingPlan,
    effects: Mapping[str, Effect | None],
    everyone: Mapping[UserId, User],
    school: SchoolCode,
    stamp: Stamp,
    *,
    ids: Mapping[str, UserId],
    digest: Callable[[MisId], str],
) -> Applied:
    """Return all that the *effects* of a plan's items change.

    Args:
        plan: with its source, and whether the MIS has given new ids.
        effects: by item key, in the plan's order.
        everyone: the school's accounts, as they were planned on.
        school: whose accounts.
        stamp: who applies the plan, and when.
        ids: the id of each new account, by item key.
        digest: makes the keyed digest that stands for a MIS id in events.
    """

    def edited(user: User, changes: Mapping[str, Any]) -> UserEdited:
        new_id = changes.get("mis_id")
        return UserEdited(
            **accounts.about(user, stamp),
            fields=tuple(changes),
            source=plan.source,
            mis_digest=None if new_id is None else digest(new_id),
        )

    written: dict[UserId, _Written] = {}
    for key, what in effects.items():
        match what:
            case Add(row, username):
                new = _new_user(ids[key], school, username, row)
                of_id = None if row.mis_id is None else digest(row.mis_id)
                user, added = accounts.add_user(new, stamp, source=plan.source, mis_digest=of_id)
                written[user.id] = _Written(None, user, (added,))
            case Edit(user_id, row):
                before = everyone[user_id]
                changes: dict[str, Any] = dict(changes_of(row, before))
                if changes:
                    events: list[AuditEvent] = [edited(before, changes)]
                    after = replace(before, **changes)
                    if "email" in changes:
                        after = accounts.advance(after, stamp)
                        events.insert(0, EmailChanged(**accounts.about(before, stamp)))
                    written[user_id] = _Written(before, after, tuple(events))
            case Deactivate(user_id):  # the address stays: the list may be wrong
                change = accounts.deactivate(everyone[user_id], stamp)
                written[user_id] = _Written(everyone[user_id], change.users[0], change.events)
    if plan.rekey:
        for user in _without_their_ids(written, everyone):
            done = written.get(user.id, _Written(everyone[user.id], user, ()))
            events = [*done.events, edited(user, {"mis_id": None})]
            written[user.id] = _Written(done.before, user, tuple(events))
    report = _report(effects, written.values())
    replaced = tuple(
        (before, after)
        for before, after, _ in written.values()
        if before is not None and before.email != after.email
    )
    if not written:
        return Applied(None, report, replaced)
    applied = MappingApplied(
        at=stamp.at,
        actor=stamp.actor,
        school=school,
        source=plan.source,
        added=len(report.added),
        changed=len(report.changed),
        left=len(report.left),
    )
    events = [event for one in written.values() for event in one.events]
    return Applied(
        Change([one.after for one in written.values()], [*events, applied]), report, replaced
    )


def check_decisions(decisions: Mapping[str, MappingDecision], items: Iterable[MappingItem]) -> None:
    """Refuse decisions that do not fit their items.

    Raises:
        ValueError: for an unknown item, an account that the item does not propose, or a decision
            about an item that needs no decision.
        TypeError: for anything but a decision.
    """
    by_key = {item.key: item for item in items}
    linked = [decision.user_id for decision in decisions.values() if isinstance(decision, Link)]
    if len(set(linked)) != len(linked):
        raise ValueError("two items cannot be linked to one account")
    for key, decision in decisions.items():
        item = by_key.get(key)
        if item is None:
            raise ValueError(f"the plan has no item {key!r}")
        if isinstance(decision, Skip):
            continue
        if item.kind != "may_match":
            raise ValueError(f"item {key} is {item.kind}: only may_match can be linked or created")
        if isinstance(decision, Link):
            if decision.user_id not in item.candidates:
                raise ValueError(f"item {key} cannot be linked to an account it has not proposed")
        elif not isinstance(decision, Create):
            raise TypeError("a decision must be Link, Create or Skip")


def _new_user(user_id: UserId, school: SchoolCode, username: str, row: ReadRow) -> accounts.NewUser:
    return accounts.NewUser(
        id=user_id,
        school=school,
        username=Username.parse(username),
        given_name=row.given_name,
        family_name=row.family_name,
        role=row.row.role or Role.TEACHER,
        email=row.email,
        mis_id=row.mis_id,
    )


def _without_their_ids(
    written: Mapping[UserId, _Written], everyone: Mapping[UserId, User]
) -> Iterable[User]:
    """Return the accounts that lose a MIS id, because a list with new ids gives it to another."""
    claimed = {
        after.mis_id: after.id
        for before, after, _ in written.values()
        if after.mis_id is not None and (before is None or before.mis_id != after.mis_id)
    }
    now = [written[user.id].after if user.id in written else user for user in everyone.values()]
    return [
        replace(user, mis_id=None)
        for user in now
        if user.mis_id in claimed and claimed[user.mis_id] != user.id
    ]


def _report(effects: Mapping[str, Effect | None], written: Iterable[_Written]) -> MappingReport:
    added, changed, left = [], [], []
    deactivated = {what.user_id for what in effects.values() if isinstance(what, Deactivate)}
    for before, after, _ in written:
        if before is None:
            added.append(after.id)
        elif after.id in deactivated:
            left.append(after.id)
        else:
            changed.append(after.id)
    alone = tuple(key for key, what in effects.items() if what is None)
    return MappingReport(tuple(added), tuple(changed), alone, tuple(left))
