"""The ground that every desk call stands on: whose desk it is, what it may reach, how it saves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

from schoolauth.errors import EmailTaken, NameInvalid, NotPermitted, Throttled, UserNotFound
from schoolauth.model.change import (
    LISTED,
    PAGE_MAX,
    Change,
    Decision,
    HistoryQuery,
    Page,
    Stamp,
    UserQuery,
)
from schoolauth.model.events import EVENT_KINDS, AuditEvent, MetElsewhere, actor_user
from schoolauth.model.names import SchoolCode, UserId, UserKey
from schoolauth.model.text import fold, require_text
from schoolauth.model.user import Role, Status, User
from schoolauth.rules import accounts
from schoolauth.service.core import Answer, Core

_TEXT_MAX = 200


def require_flag(value: bool, name: str) -> None:
    """Raise `TypeError` unless *value* is a bool: the text ``"false"`` would count as true."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be bool, not {type(value).__name__}")


class Desk:
    """A desk of one school, run by one of its active admins or by the vendor's support.

    Another school's accounts do not exist for it.
    """

    def __init__(self, core: Core, school: SchoolCode, actor: str, admin: UserId | None) -> None:
        self._core = core
        self._school = school
        self._actor = actor
        self._admin = admin

    @classmethod
    def of_admin(cls, core: Core, by: UserId | str) -> Self:
        """Open the desk of the admin with this id.

        Raises:
            NotPermitted: if it is not an active admin's.
        """
        admin: User | None = None
        with suppress(UserNotFound):  # an id that can be nobody's
            admin = core.find(core.user_id(by))
        if admin is None or not admin.is_active_admin:
            raise NotPermitted("not_an_active_admin")
        return cls(core, admin.school, actor_user(admin.id), admin.id)

    @property
    def school(self) -> SchoolCode:
        """The school that this desk is bound to."""
        return self._school

    def get_user(self, user_id: UserId | str) -> User:
        """Return the account with this id.

        Raises:
            UserNotFound: if the school has none.
            NotPermitted: if the desk's admin is none any more.
        """
        return self._read(user_id)[1][0]

    def search(
        self,
        text: str = "",
        *,
        statuses: Collection[Status] = LISTED,
        roles: Collection[Role] = frozenset(Role),
        has_email: bool | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[User]:
        """Return the school's accounts in which every word of *text* occurs, by username.

        Marks, apostrophes and case do not matter: "ohara" finds O'Hara (FAQ: also search inactive
        accounts, which is what happens unless *statuses* says otherwise).

        Args:
            text: words of a name, a username or an address.
            statuses: which statuses; all but ERASED if not given.
            roles: which roles.
            has_email: only with, or only without an address.
            after: `Page.next` of the page before.
            limit: accounts on a page, 1 to 500.

        Raises:
            NameInvalid: if *text* is over 200 characters.
            NotPermitted: if the desk's admin is none any more.
        """
        if len(require_text(text, "text")) > _TEXT_MAX:
            raise NameInvalid("text", "too_long")
        if has_email is not None:
            require_flag(has_email, "has_email")
        query = UserQuery(
            school=self._school,
            words=tuple(fold(text).split()),
            statuses=frozenset(Status(status) for status in statuses),
            roles=frozenset(Role(role) for role in roles),
            has_email=has_email,
            after=after,
            limit=limit,
        )
        self._read()
        return self._core.users.search(query)

    def history(
        self,
        user_id: UserId | str | None = None,
        *,
        kinds: Collection[str] = (),
        since: datetime | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[AuditEvent]:
        """Return what happened to one account, or in the whole school: newest first.

        Args:
            user_id: whose history; None for the school's.
            kinds: only these kinds of event; all if empty.
            since: only from this time on (aware).
            after: `Page.next` of the page before.
            limit: events on a page, 1 to 500.

        Raises:
            UserNotFound: if the school has no such account.
            NotPermitted: if the desk's admin is none any more.
            ValueError: for a kind that there is not.
        """
        unknown = set(kinds) - set(EVENT_KINDS)
        if unknown:
            raise ValueError(f"there is no event of the kind {min(unknown)!r}")
        if since is not None and not isinstance(since, datetime):
            raise TypeError("since must be a datetime")
        if since is not None and since.tzinfo is None:
            raise ValueError("since must know its zone")
        query = HistoryQuery(
            school=self._school,
            user=None if user_id is None else self._core.user_id(user_id),
            kinds=frozenset(kinds),
            since=since,
            after=after,
            limit=limit,
        )
        self._read(*(() if query.user is None else (query.user,)))
        return self._core.users.history(query)

    # --- the one way to reach accounts, and the one way to change them -------------------------

    def _read(self, *user_ids: UserId | str) -> tuple[User | None, list[User]]:
        """Return the desk's admin, who must still stand, and the accounts with these ids."""
        ids = [self._core.user_id(user_id) for user_id in user_ids]
        wanted = [*ids, *([] if self._admin is None else [self._admin])]
        found = self._core.users.find(wanted) if wanted else {}
        admin = None if self._admin is None else found.get(self._admin)
        if self._admin is not None and (
            admin is None or not admin.is_active_admin or admin.school != self._school
        ):
            raise NotPermitted("not_an_active_admin")
        users = [found.get(user_id) for user_id in ids]
        present = [user for user in users if user is not None and user.school == self._school]
        if len(present) != len(ids):
            raise UserNotFound
        return admin, present

    def _change(self, user_id: UserId | str, rule: Callable[[User, Stamp], Change | None]) -> User:
        """Save what *rule* makes of the account, with its admin, and a last one, still standing."""

        def decide() -> Decision[User]:
            admin, (user,) = self._read(user_id)
            change = rule(user, self._core.stamp(self._actor))
            if change is None:
                return Decision(None, user)
            after = change.users[0]
            unchanged = [] if admin is None or admin.id == user.id else [admin]
            stays = after.is_active_admin and after.school == user.school
            if not stays and not unchanged:
                unchanged = list(accounts.standing_admin(user, self._active_admins()))
            return Decision(Change(change.users, change.events, unchanged), after.saved())

        return self._settle(decide)

    def _settle(self, decide: Callable[[], Decision[Answer]]) -> Answer:
        """Settle, and say who holds a taken address if it is one of this school's accounts."""
        try:
            return self._core.settle(decide)
        except EmailTaken as error:
            email = error.email
        holder = self._core.find(email)
        if holder is None or holder.school != self._school:
            raise EmailTaken(email)
        raise EmailTaken(
            email, holder_username=str(holder.username), holder_status=holder.status.value
        )

    def _active_admins(self) -> Iterator[User]:
        return self._everyone(roles=frozenset({Role.ADMIN}), statuses=frozenset({Status.ACTIVE}))

    def _everyone(
        self, *, roles: frozenset[Role] = frozenset(Role), statuses: frozenset[Status] = LISTED
    ) -> Iterator[User]:
        """Yield all of the school's accounts, page by page."""
        query = UserQuery(school=self._school, roles=roles, statuses=statuses, limit=PAGE_MAX)
        while True:
            page = self._core.users.search(query)
            yield from page.items
            if page.next is None:
                return
            query = replace(query, after=page.next)

    def _is_foreign(self, user: User) -> bool:
        return user.school != self._school

    def _count_elsewhere(self, keys: Iterable[UserKey]) -> None:
        """Record that *keys* are of other schools' accounts: a desk may learn few such a day.

        A key that was met within the day already tells nothing new, and is not counted again.

        Raises:
            Throttled: if the day's number is used up; the caller must not tell what it found.
        """
        core, now = self._core, self._core.clock.now()
        digests = {core.tokens.digest(f"elsewhere:{key.key}") for key in keys}
        if digests:
            digests -= self._met_since(now - timedelta(days=1))
        if not digests:
            return
        wait = core.attempts.count_elsewhere(self._school, len(digests))
        told = () if wait is not None else tuple(sorted(digests))
        event = MetElsewhere(at=now, actor=self._actor, school=self._school, digests=told)
        core.users.save(Change(events=[event]))
        if wait is not None:
            raise Throttled(wait)

    def _met_since(self, since: datetime) -> set[str]:
        events = self._events(kinds=frozenset({MetElsewhere.kind}), since=since)
        return {digest for event in events for digest in getattr(event, "digests", ())}

    def _events(
        self, *, user: UserId | None = None, kinds: frozenset[str], since: datetime | None = None
    ) -> Iterator[AuditEvent]:
        """Yield the school's events of these kinds, newest first."""
        query = HistoryQuery(self._school, user, kinds, since, limit=PAGE_MAX)
        return self._core.events(query)

    def _refuse_own(self, user_id: UserId | str) -> None:
        if self._core.user_id(user_id) == self._admin:
            raise NotPermitted("own_account")
