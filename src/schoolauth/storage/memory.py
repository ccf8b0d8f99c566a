"""The reference stores: one lock and plain dicts, for tests and as the model of the rest."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace

from schoolauth.errors import Refused, SchoolTaken, SchoolUnknown, StaleUser
from schoolauth.model.change import Change, HistoryQuery, Page, UserQuery
from schoolauth.model.events import AuditEvent, SchoolAdded
from schoolauth.model.names import SchoolCode, UserId, UserKey
from schoolauth.model.school import School
from schoolauth.model.user import User
from schoolauth.ports import Store
from schoolauth.storage.paging import check_limit, number_cursor, page_of, taken, text_cursor
from schoolauth.throttle import MemoryThrottle


class MemoryStore(Store):
    """Keeps accounts, schools and counts in this process, and loses them with it."""

    def __init__(self) -> None:
        users = MemoryUserRepository()
        super().__init__(users, MemorySchoolDirectory(users), MemoryThrottle())


class _Journal:
    """The history, and the lock under which it and the accounts change together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: list[AuditEvent] = []


class MemoryUserRepository:
    """Keeps accounts and history in this process, and loses them with it.

    Keeps every clause of the storage contract; safe to use from many threads.
    """

    joined = False

    def __init__(self) -> None:
        self.journal = _Journal()
        """What a `MemorySchoolDirectory` of the same store shares."""
        self._lock, self._events = self.journal.lock, self.journal.events
        self._by_key: dict[UserKey, User] = {}
        self._users: dict[UserId, User] = {}

    def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
        """Return the accounts that *keys* denote; an absent key is absent from the answer."""
        with self._lock:
            return {key: self._by_key[key] for key in keys if key in self._by_key}

    def search(self, query: UserQuery, /) -> Page[User]:
        """Return the accounts of one school that fit *query*, by `username.key` in code points.

        Raises:
            ValueError: if `query.after` cannot be the `next` of a page.
        """
        after = text_cursor(query.after)
        with self._lock:
            users = list(self._users.values())
        found = [
            user
            for user in users
            if user.school == query.school
            and user.status in query.statuses
            and user.role in query.roles
            and (query.has_email is None or query.has_email == (user.email is not None))
            and (after is None or user.username.key > after)
            and all(word in user.search_text for word in query.words)
        ]
        found.sort(key=lambda user: user.username.key)
        return page_of(found, query.limit, lambda user: user.username.key)

    def save(self, change: Change, /) -> None:
        """Write every user and every event of *change*, or nothing at all.

        Raises:
            StaleUser: if a user, or one of `change.unchanged`, is not as it was read.
            EmailTaken, UsernameTaken, MisIdTaken: if another account has a claimed key.
        """
        with self._lock:
            if not self._stands(change):
                raise StaleUser
            refusal = self._taken(change)
            if refusal is not None:
                raise refusal
            for user in change.users:
                for key in _keys(self._users.get(user.id)):
                    del self._by_key[key]
            for user in change.users:
                stored = replace(user, version=user.version + 1)
                self._users[user.id] = stored
                self._by_key.update(dict.fromkeys(_keys(stored), stored))
            self._events.extend(reversed(change.events))  # history reads this list from its end

    def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
        """Return the events that fit *query*, newest save first, each save's in their order.

        Raises:
            ValueError: if `query.after` cannot be the `next` of a page.
        """
        before = number_cursor(query.after)
        found: list[tuple[int, AuditEvent]] = []
        with self._lock:
            end = len(self._events) if before is None else min(before - 1, len(self._events))
            for position in range(end, 0, -1):  # an event's position counts from 1
                event = self._events[position - 1]
                if _fits(event, query):
                    found.append((position, event))
                    if len(found) > query.limit:
                        break
        page = page_of(found, query.limit, lambda item: str(item[0]))
        return Page(tuple(event for _, event in page.items), page.next)

    def _stands(self, change: Change) -> bool:
        def version(user: User) -> int:
            return self._users[user.id].version if user.id in self._users else 0

        return all(version(user) == user.version for user in change.users) and all(
            version(user) == user.version > 0 for user in change.unchanged
        )

    def _taken(self, change: Change) -> Refused | None:
        writing = {user.id for user in change.users}
        claimed: set[UserKey] = set()
        for user in change.users:
            for key in _keys(user):
                holder = self._by_key.get(key)
                if key in claimed or (holder is not None and holder.id not in writing):
                    return taken(key)
                claimed.add(key)
        return None


class MemorySchoolDirectory:
    """Keeps schools in this process; their events go into the history of *users*, if given."""

    joined = False

    def __init__(self, users: MemoryUserRepository | None = None) -> None:
        # the repository's own: a school and its event are one step
        journal = _Journal() if users is None else users.journal
        self._lock, self._events = journal.lock, journal.events
        self._schools: dict[SchoolCode, School] = {}

    def find(self, codes: Collection[SchoolCode], /) -> Mapping[SchoolCode, School]:
        """Return the schools with these codes; an unknown code is absent from the answer."""
        with self._lock:
            return {code: self._schools[code] for code in codes if code in self._schools}

    def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
        """Return the schools by `code.key`, *limit* (1 to 500) at a time.

        Raises:
            ValueError: if *limit* is out of bounds, or *after* cannot be the `next` of a page.
        """
        check_limit(limit)
        after = text_cursor(after)
        with self._lock:
            found = [
                self._schools[code]
                for code in sorted(self._schools, key=lambda code: code.key)
                if after is None or code.key > after
            ]
        return page_of(found, limit, lambda school: school.code.key)

    def save(self, school: School, event: AuditEvent, /) -> None:
        """Write *school* and *event*: a new one if it is a `SchoolAdded`.

        Raises:
            SchoolTaken: if a new one is there already.
            SchoolUnknown: if a changed one is not there.
        """
        with self._lock:
            is_there = school.code in self._schools
            if isinstance(event, SchoolAdded) and is_there:
                raise SchoolTaken
            if not isinstance(event, SchoolAdded) and not is_there:
                raise SchoolUnknown
            self._schools[school.code] = school
            self._events.append(event)


def _fits(event: AuditEvent, query: HistoryQuery) -> bool:
    return (
        query.school in (None, event.school)
        and query.user in (None, event.user)
        and (not query.kinds or event.kind in query.kinds)
        and (query.since is None or event.at >= query.since)
    )


def _keys(user: User | None) -> tuple[UserKey, ...]:
    if user is None:
        return ()
    keys: tuple[UserKey | None, ...] = (user.id, user.username, user.email, user.mis_id)
    return tuple(key for key in keys if key is not None)
