"""One school's accounts, as one actor may see and change them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from schoolauth.errors import EmailTaken, NotPermitted, SchoolUnknown, Throttled, UserNotFound
from schoolauth.model.change import (
    LISTED,
    PAGE_MAX,
    Change,
    Decision,
    HistoryQuery,
    Stamp,
    UserQuery,
)
from schoolauth.model.events import AuditEvent, MetElsewhere, actor_user
from schoolauth.model.names import SchoolCode, UserId, UserKey
from schoolauth.model.school import School
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.last_admin import must_stand
from schoolauth.service.core import Answer, Core


class Read(NamedTuple):
    """The acting admin (None for support) and the accounts that were asked for, as they are now."""

    admin: User | None
    users: tuple[User, ...]


class Changed(NamedTuple):
    """One account before and after a change; the same one twice if nothing changed."""

    before: User
    after: User


class Desk:
    """What one actor may do with the accounts of one school; every change of a desk goes this way.

    Another school's accounts do not exist for it.

    Args:
        core: the ports.
        school: whose accounts.
        actor: who acts, as events say it.
        admin: the id of the admin who acts; None for the vendor's support.
    """

    def __init__(self, core: Core, school: SchoolCode, actor: str, admin: UserId | None) -> None:
        self.core = core
        self.school = school
        self.actor = actor
        self.admin = admin

    def stamp(self) -> Stamp:
        """Return who does something, and when."""
        return self.core.stamp(self.actor)

    def read(self, *user_ids: UserId | str) -> Read:
        """Return the accounts with these ids, and the acting admin, who must still be an admin.

        Raises:
            UserNotFound: if the school has no such account.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        ids = [self.core.user_id(user_id) for user_id in user_ids]
        admin, present = self.read_present(ids)
        if len(present) != len(set(ids)):
            raise UserNotFound
        return Read(admin, tuple(present[user_id] for user_id in ids))

    def read_present(self, ids: Collection[UserId]) -> tuple[User | None, dict[UserId, User]]:
        """Return the acting admin, and those of the accounts that the school has.

        Raises:
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        wanted = [*ids, *([] if self.admin is None else [self.admin])]
        found = self.core.users.find(wanted) if wanted else {}
        admin = None if self.admin is None else found.get(self.admin)
        if self.admin is not None and (
            admin is None or not admin.is_active_admin or not self.owns(admin)
        ):
            raise NotPermitted("not_an_active_admin")
        users = {user_id: found[user_id] for user_id in ids if user_id in found}
        return admin, {user_id: user for user_id, user in users.items() if self.owns(user)}

    def change(
        self, user_id: UserId | str, rule: Callable[[User, Stamp], Change | None]
    ) -> Changed:
        """Save what *rule* makes of the account, if the school keeps an active admin.

        Raises:
            UserNotFound: if the school has no such account.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
            LastAdmin: if the school would be left without an active admin.
            EmailTaken: with the holder's username and status if the school has that account.
        """

        def decide() -> Decision[Changed]:
            read = self.read(user_id)
            (user,) = read.users
            change = rule(user, self.stamp())
            if change is None:
                return Decision(None, Changed(user, user))
            return Decision(self.guarded(change, read), Changed(user, change.users[0].saved()))

        return self.settle(decide)

    def guarded(self, change: Change, read: Read) -> Change:
        """Return *change* so that it is saved only if the admins who must stand still do.

        Raises:
            LastAdmin: if the school would be left without an active admin.
        """
        unchanged = must_stand(change, read.users, self.school, read.admin, self.active_admins())
        return Change(change.users, change.events, unchanged)

    def settle(self, decide: Callable[[], Decision[Answer]]) -> Answer:
        """Settle; a taken address is told with its holder if the school has that account."""
        try:
            return self.core.settle(decide)
        except EmailTaken as error:
            email = error.email
        holder = self.core.find(email)
        if holder is None or not self.owns(holder):
            raise EmailTaken(email)
        raise EmailTaken(
            email, holder_username=str(holder.username), holder_status=holder.status.value
        )

    def owns(self, user: User) -> bool:
        """Tell whether the account is one of this school."""
        return user.school == self.school

    def refuse_own(self, user_id: UserId | str) -> None:
        """Raise `NotPermitted` if the account is the acting admin's own."""
        if self.core.user_id(user_id) == self.admin:
            raise NotPermitted("own_account")

    def active_admins(self) -> Iterator[User]:
        """Yield the school's active admins."""
        return self.everyone(roles=frozenset({Role.ADMIN}), statuses=frozenset({Status.ACTIVE}))

    def everyone(
        self, *, roles: frozenset[Role] = frozenset(Role), statuses: frozenset[Status] = LISTED
    ) -> Iterator[User]:
        """Yield all of the school's accounts, page by page."""
        query = UserQuery(school=self.school, roles=roles, statuses=statuses, limit=PAGE_MAX)
        while True:
            page = self.core.users.search(query)
            yield from page.items
            if page.next is None:
                return
            query = replace(query, after=page.next)

    def events(
        self, *, user: UserId | None = None, kinds: frozenset[str], since: datetime | None = None
    ) -> Iterator[AuditEvent]:
        """Yield the school's events of these kinds, newest first."""
        query = HistoryQuery(self.school, user, kinds, since, limit=PAGE_MAX)
        return self.core.events(query)

    def tell_admins(self, new: User) -> None:
        """Tell every other active admin that *new* is one."""
        for admin in self.active_admins():
            if admin.id != new.id:  # the acting admin too: perhaps somebody else acted as them
                self.core.notify("admin_added", admin, admin.email, new_admin=new.full_name)

    def count_elsewhere(self, keys: Iterable[UserKey]) -> None:
        """Record that *keys* belong to other schools' accounts: a desk may learn only a few a day.

        A key that it has learned within the day tells nothing new, and is not counted again.

        Raises:
            Throttled: if the day's number is used up; the caller must not tell what it found.
        """
        core, now = self.core, self.core.clock.now()
        digests = {core.tokens.digest(f"elsewhere:{key.key}") for key in keys}
        if digests:
            digests -= self._met_since(now - timedelta(days=1))
        if not digests:
            return
        wait = core.attempts.count_elsewhere(self.school, len(digests))
        told = () if wait is not None else tuple(sorted(digests))
        event = MetElsewhere(at=now, actor=self.actor, school=self.school, digests=told)
        core.users.save(Change(events=[event]))
        if wait is not None:
            raise Throttled(wait)

    def _met_since(self, since: datetime) -> set[str]:
        events = self.events(kinds=frozenset({MetElsewhere.kind}), since=since)
        return {
            digest
            for event in events
            if isinstance(event, MetElsewhere)
            for digest in event.digests
        }


def desk_of_admin(core: Core, by: UserId | str) -> Desk:
    """Return the desk of the admin with this id.

    Raises:
        NotPermitted: if it is not the id of an active admin.
    """
    admin: User | None = None
    with suppress(UserNotFound):  # an id that no account can have
        admin = core.find(core.user_id(by))
    if admin is None or not admin.is_active_admin:
        raise NotPermitted("not_an_active_admin")
    return Desk(core, admin.school, actor_user(admin.id), admin.id)


class DeskService:
    """The calls of one topic at one desk; siblings of it make up `UserManagement`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk


class SupportService:
    """The calls of one topic, over all schools; siblings of it make up `SupportDesk`."""

    def __init__(self, core: Core, actor: str) -> None:
        self._core = core
        self._actor = actor

    def _school(self, code: SchoolCode | str) -> School:
        """Return the school with this code, or raise `SchoolUnknown`."""
        directory = self._core.need_schools()
        parsed = code if isinstance(code, SchoolCode) else SchoolCode.parse(code)
        school = directory.find([parsed]).get(parsed)
        if school is None:
            raise SchoolUnknown
        return school

    def _desk(self, school: SchoolCode) -> Desk:
        """Return the desk of a school, where support acts."""
        return Desk(self._core, school, self._actor, None)

    def _desk_of(self, user_id: UserId | str) -> Desk:
        """Return the desk of an account's school, or raise `UserNotFound`."""
        user = self._core.find(self._core.user_id(user_id))
        if user is None:
            raise UserNotFound
        return self._desk(user.school)
