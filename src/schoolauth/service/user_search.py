"""Looking at a school's accounts and at their history."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from schoolauth.errors import NameInvalid
from schoolauth.model.arguments import require_flag
from schoolauth.model.change import LISTED, HistoryQuery, Page, UserQuery
from schoolauth.model.events import EVENT_KINDS, AuditEvent
from schoolauth.model.names import SchoolCode, UserId
from schoolauth.model.text import fold, require_text
from schoolauth.model.user import Role, Status, User
from schoolauth.service.desk import DeskService

_TEXT_MAX = 200


class UserSearch(DeskService):
    """The calls that only look; part of `UserManagement`."""

    @property
    def school(self) -> SchoolCode:
        """The school that this desk is bound to."""
        return self._desk.school

    def get_user(self, user_id: UserId | str) -> User:
        """Return the account with this id.

        Raises:
            UserNotFound: if the school has no such account.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        return self._desk.read(user_id).users[0]

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

        Marks, apostrophes and case do not matter: "ohara" finds O'Hara. Inactive accounts are found
        too, unless *statuses* says otherwise.

        Args:
            text: words of a name, a username or an address.
            statuses: which statuses; all but ERASED if not given.
            roles: which roles.
            has_email: only with, or only without an address.
            after: `Page.next` of the page before.
            limit: accounts on a page, 1 to 500.

        Raises:
            NameInvalid: if *text* is over 200 characters.
            NotPermitted: if the admin who opened this desk is no longer an active admin.
        """
        if len(require_text(text, "text")) > _TEXT_MAX:
            raise NameInvalid("text", "too_long")
        if has_email is not None:
            require_flag(has_email, "has_email")
        query = UserQuery(
            school=self._desk.school,
            words=tuple(fold(text).split()),
            statuses=frozenset(Status(status) for status in statuses),
            roles=frozenset(Role(role) for role in roles),
            has_email=has_email,
            after=after,
            limit=limit,
        )
        self._desk.read()
        return self._desk.core.users.search(query)

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
            NotPermitted: if the admin who opened this desk is no longer an active admin.
            ValueError: for an unknown kind.
        """
        unknown = set(kinds) - set(EVENT_KINDS)
        if unknown:
            raise ValueError(f"there is no event of the kind {min(unknown)!r}")
        if since is not None and not isinstance(since, datetime):
            raise TypeError("since must be a datetime")
        if since is not None and since.tzinfo is None:
            raise ValueError("since must know its zone")
        query = HistoryQuery(
            school=self._desk.school,
            user=None if user_id is None else self._desk.core.user_id(user_id),
            kinds=frozenset(kinds),
            since=since,
            after=after,
            limit=limit,
        )
        self._desk.read(*(() if query.user is None else (query.user,)))
        return self._desk.core.users.history(query)
