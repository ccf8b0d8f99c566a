"""What an applied mapping plan writes, gathered item by item into one change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schoolauth.model.change import Change, Stamp
from schoolauth.model.events import AuditEvent, EmailChanged, MappingApplied, UserEdited
from schoolauth.model.mapping import MappingReport
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserId
from schoolauth.model.user import User
from schoolauth.rules import accounts
from schoolauth.rules.mapping.match import changes_of
from schoolauth.rules.mapping.row import ReadRow


class MappedChanges:
    """Accounts as they shall be, with their events.

    Args:
        stamp: who applies the plan, and when.
        source: the MIS that the list is of.
        everyone: the school's accounts, as they were planned on.
        digest: makes the keyed digest that stands for a MIS id in events.
    """

    def __init__(
        self,
        stamp: Stamp,
        source: str,
        everyone: Mapping[UserId, User],
        digest: Callable[[MisId], str],
    ) -> None:
        self._stamp = stamp
        self._source = source
        self._everyone = everyone
        self._digest = digest
        self._added: list[UserId] = []
        self._changed: list[UserId] = []
        self._left: list[UserId] = []
        self._events: list[AuditEvent] = []
        self.users: dict[UserId, User] = {}
        self.replaced: list[tuple[User, EmailAddress | None]] = []
        """Accounts with a new address, each with the old one, which is told."""
        self.left_alone: list[str] = []
        """Keys of the items that nothing is done about."""

    def add(self, new: accounts.NewUser) -> None:
        """Make an account."""
        digest = None if new.mis_id is None else self._digest(new.mis_id)
        user, event = accounts.add_user(new, self._stamp, source=self._source, mis_digest=digest)
        self.users[user.id] = user
        self._events.append(event)
        self._added.append(user.id)

    def edit(self, user_id: UserId, row: ReadRow) -> None:
        """Change what the row says of an account, if it says anything new."""
        user = self._everyone[user_id]
        changes: dict[str, Any] = dict(changes_of(row, user))
        if changes:
            changed = replace(user, **changes)
            if "email" in changes:
                changed = accounts.advance(changed, self._stamp)
                self._events.append(EmailChanged(**accounts.about(user, self._stamp)))
                self.replaced.append((changed, user.email))
            self._write(changed, tuple(changes))
            self._changed.append(user_id)

    def deactivate(self, user_id: UserId) -> None:
        """Make a leaver's account inactive; it keeps its address, for the list may be wrong."""
        change = accounts.deactivate(self._everyone[user_id], self._stamp)
        (self.users[user_id],) = change.users
        self._events.extend(change.events)
        self._left.append(user_id)

    def settle_mis_ids(self) -> None:
        """Take a MIS id from whoever had it, where a list with new ids gives it to another."""
        claimed = {
            user.mis_id: user.id
            for user in self.users.values()
            if user.mis_id is not None and self._before(user.id) != user.mis_id
        }
        for user in self._everyone.values():
            now = self.users.get(user.id, user)
            if now.mis_id in claimed and claimed[now.mis_id] != now.id:
                self._write(replace(now, mis_id=None), ("mis_id",))
                self._changed.append(user.id)

    def report(self) -> MappingReport:
        """Return what was gathered, for the caller."""
        return MappingReport(
            tuple(self._added),
            tuple(dict.fromkeys(self._changed)),
            tuple(self.left_alone),
            tuple(self._left),
        )

    def change(self, school: SchoolCode, unchanged: Sequence[User]) -> Change:
        """Return what was gathered, for the store."""
        applied = MappingApplied(
            at=self._stamp.at,
            actor=self._stamp.actor,
            school=school,
            source=self._source,
            added=len(self._added),
            changed=len(set(self._changed)),
            left=len(self._left),
        )
        return Change(self.users.values(), [*self._events, applied], unchanged)

    def _write(self, user: User, fields: tuple[str, ...]) -> None:
        new_id = user.mis_id if "mis_id" in fields else None
        self.users[user.id] = user
        self._events.append(
            UserEdited(
                **accounts.about(user, self._stamp),
                fields=fields,
                source=self._source,
                mis_digest=None if new_id is None else self._digest(new_id),
            )
        )

    def _before(self, user_id: UserId) -> MisId | None:
        user = self._everyone.get(user_id)
        return None if user is None else user.mis_id
