"""Mapping a staff list to a school's accounts: plan, review, apply (FAQ: duplicate accounts)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from schoolauth.errors import EmailTaken, MappingOutdated, MisIdTaken, UsernameTaken
from schoolauth.model.change import Change, Decision, Stamp
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
from schoolauth.model.names import EmailAddress, MisId, UserId, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role, User
from schoolauth.rules import accounts, mapping
from schoolauth.rules.mapping import ReadRow
from schoolauth.service.desk import Desk
from schoolauth.service.enrolment import new_user_id


class RosterMapping(Desk):
    """The desk's calls about staff lists; part of `UserManagement`."""

    def plan_mapping(self, rows: Iterable[RosterRow], *, source: str) -> MappingPlan:
        """Return what the rows of a staff list would do to the accounts; changes nothing.

        Rows are matched by MIS id, then e-mail, then username. A name alone is a proposal
        (``may_match``), never a match, and never silently a second account.

        Args:
            rows: the list, as `schoolauth.mis.read_csv` reads it or a host builds it.
            source: the MIS that the ids are of, such as ``sims``; lower case.

        Raises:
            NameInvalid: if *source* cannot be used.
            NotPermitted: if the desk's admin is none any more.
        """
        self._read()
        return MappingPlan(source, self._plan(tuple(rows), source)[0])

    def _plan(
        self, rows: tuple[RosterRow, ...], source: str
    ) -> tuple[tuple[MappingItem, ...], list[ReadRow], dict[UserId, User]]:
        MisId(self._school, source, "1")  # an unusable source is refused before any work
        for row in rows:
            if not isinstance(row, RosterRow):
                raise TypeError("rows must be RosterRow")
        read = [mapping.read_row(row, self._school, source) for row in rows]
        everyone = {user.id: user for user in self._everyone()}
        known = dict(self._core.users.find({key for row in read for key in row.keys}))
        taken = {user.username for user in everyone.values()}
        while True:
            items = mapping.plan(read, known, everyone.values(), taken, self._school)
            proposed = {Username.parse(item.username) for item in items if item.username}
            found = {user.username for user in self._core.users.find(proposed).values()}
            if found <= taken:
                return items, read, everyone
            taken |= found  # names of this school's form that other schools' accounts have

    def apply_mapping(
        self, plan: MappingPlan, decisions: Mapping[str, MappingDecision] | None = None
    ) -> MappingReport:
        """Apply a reviewed plan in one transaction: add the new, change the changed.

        Only the plan's rows and source are trusted: it is planned again on the accounts as they
        are. Conflicts, problems, leavers and undecided ``may_match`` items are left alone. An
        address that is replaced is told.

        Args:
            plan: what `plan_mapping` returned, perhaps by way of its JSON.
            decisions: by item key: `Link` or `Create` for a ``may_match``, `Skip` for any.

        Raises:
            MappingOutdated: if the accounts, as far as the plan read them, are not as they were.
            ValueError: for a decision that does not fit its item.
            NotPermitted: if the desk's admin is none any more.
        """
        if not isinstance(plan, MappingPlan):
            raise TypeError("plan must be a MappingPlan")
        chosen = dict(decisions or {})
        replaced: list[tuple[User, EmailAddress | None]] = []

        def decide() -> Decision[MappingReport]:
            admin, _ = self._read()
            items, read, everyone = self._plan(plan.rows, plan.source)
            if items != plan.items:
                return Decision(None, MappingOutdated())
            _check_decisions(chosen, items)
            work = _Work(self._core.stamp(self._actor), plan.source, everyone)
            for item, row in zip(items, read, strict=True):
                self._apply(item, row, chosen.get(item.key), work)
            replaced[:] = work.replaced
            if not work.users:
                return Decision(None, work.report())
            unchanged = [] if admin is None or admin.id in work.users else [admin]
            return Decision(work.change(self._school, unchanged), work.report())

        report = None
        with suppress(EmailTaken, UsernameTaken, MisIdTaken):  # between planning and saving
            report = self._core.settle(decide)
        if report is None:
            raise MappingOutdated
        for user, old in replaced:
            self._core.notify("email_changed", user, old)
        return report

    def _apply(
        self, item: MappingItem, row: ReadRow, decision: MappingDecision | None, work: _Work
    ) -> None:
        if isinstance(decision, Link):
            work.edit(decision.user_id, row)
        elif item.kind == "changed" and decision is None and item.user_id is not None:
            work.edit(item.user_id, row)
        elif isinstance(decision, Create) or (item.kind == "new" and decision is None):
            work.add(
                accounts.NewUser(
                    id=new_user_id(self._core),
                    school=self._school,
                    username=Username.parse(item.username or ""),
                    given_name=row.given_name,
                    family_name=row.family_name,
                    role=row.row.role or Role.TEACHER,
                    email=row.email,
                    mis_id=row.mis_id,
                )
            )
        else:
            work.left_alone.append(item.key)


class _Work:
    """What an applied plan writes, gathered row by row."""

    def __init__(self, stamp: Stamp, source: str, everyone: dict[UserId, User]) -> None:
        self._stamp = stamp
        self._source = source
        self._everyone = everyone
        self._added: list[UserId] = []
        self._changed: list[UserId] = []
        self._events: list[AuditEvent] = []
        self.users: dict[UserId, User] = {}
        self.replaced: list[tuple[User, EmailAddress | None]] = []
        self.left_alone: list[str] = []

    def add(self, new: accounts.NewUser) -> None:
        user, event = accounts.add_user(new, self._stamp, source=self._source)
        self.users[user.id] = user
        self._events.append(event)
        self._added.append(user.id)

    def edit(self, user_id: UserId, row: ReadRow) -> None:
        user = self._everyone[user_id]
        changes: dict[str, Any] = dict(mapping.changes_of(row, user))
        about: dict[str, Any] = {
            "at": self._stamp.at,
            "actor": self._stamp.actor,
            "school": user.school,
            "user": user.id,
        }
        if changes:
            changed = replace(user, **changes)
            if "email" in changes:
                changed = accounts.advance(changed, self._stamp)
                self._events.append(EmailChanged(**about))
                self.replaced.append((changed, user.email))
            self.users[user_id] = changed
            event = UserEdited(**about, fields=tuple(changes), source=self._source)
            self._events.append(event)
            self._changed.append(user_id)

    def report(self) -> MappingReport:
        return MappingReport(tuple(self._added), tuple(self._changed), tuple(self.left_alone))

    def change(self, school: Any, unchanged: list[User]) -> Change:
        applied = MappingApplied(
            at=self._stamp.at,
            actor=self._stamp.actor,
            school=school,
            source=self._source,
            added=len(self._added),
            changed=len(self._changed),
        )
        return Change(self.users.values(), [*self._events, applied], unchanged)


def _check_decisions(
    decisions: Mapping[str, MappingDecision], items: Iterable[MappingItem]
) -> None:
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
