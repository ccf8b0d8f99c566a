"""How long data are kept: erasing leavers (UK GDPR article 5), and the legal hold against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from schoolauth.errors import NotPermitted, TransitionForbidden, UserNotFound
from schoolauth.model.arguments import require_flag
from schoolauth.model.change import PAGE_MAX, Change, Stamp
from schoolauth.model.names import UserId
from schoolauth.model.school import School
from schoolauth.model.text import parse_name
from schoolauth.model.user import Status, User
from schoolauth.rules import accounts
from schoolauth.service.desk import SupportService

_EVERY = 100


@dataclass(frozen=True, slots=True)
class LeaversErasure:
    """Leavers who may be kept no longer: `due` are to be erased, `held` are under a legal hold.

    `erased` is empty until it is applied.
    """

    due: tuple[UserId, ...]
    held: tuple[UserId, ...]
    erased: tuple[UserId, ...] = ()


class Retention(SupportService):
    """The calls about how long data are kept; part of `SupportDesk`."""

    def set_legal_hold(self, user_id: UserId | str, on: bool, *, reason: str) -> User:
        """Forbid the erasure of an account, or allow it again.

        Args:
            user_id: whose.
            on: True to forbid.
            reason: a case number, 1 to 100 characters; it stays in the history, so no names.

        Raises:
            UserNotFound: if there is no such account.
            TransitionForbidden: for an ERASED account.
            NameInvalid: if the reason cannot be used.
        """
        require_flag(on, "on")
        text = parse_name(reason, "reason")
        desk = self._desk_of(user_id)
        return desk.change(
            user_id, lambda user, stamp: accounts.set_legal_hold(user, on, text, stamp)
        ).after

    def erase_leavers(
        self,
        older_than: timedelta,
        *,
        apply: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> LeaversErasure:
        """Return the accounts INACTIVE for longer than *older_than*; erase them if *apply* is True.

        Every school of the directory is looked at. An erased account leaves its opaque id and the
        trail, without anything personal. An account that is active again by then, or under a
        legal hold, is spared. Each account is erased in a transaction of its own, so an
        interrupted call can be repeated.

        Args:
            older_than: how long somebody must have been inactive, such as ``timedelta(days=365)``.
            apply: True to erase them; otherwise they are only returned.
            progress: called with the number of accounts erased so far, every hundred and at the
                end.

        Raises:
            ValueError: if *older_than* is negative.
            NotConfigured: without a school directory.
        """
        require_flag(apply, "apply")
        if not isinstance(older_than, timedelta):
            raise TypeError("older_than must be a timedelta")
        if older_than < timedelta(0):
            raise ValueError("older_than must not be less than nothing")
        before = self._core.clock.now() - older_than
        gone = list(self._inactive_since(before))
        due = tuple(user.id for user in gone if not user.legal_hold)
        held = tuple(user.id for user in gone if user.legal_hold)
        if not apply:
            return LeaversErasure(due, held)
        erased: list[UserId] = []
        for user_id in due:
            if self._erase(user_id, before):
                erased.append(user_id)
                if progress is not None and len(erased) % _EVERY == 0:
                    progress(len(erased))
        if progress is not None:
            progress(len(erased))
        return LeaversErasure(due, held, tuple(erased))

    def _inactive_since(self, before: datetime) -> Iterator[User]:
        for school in self._every_school():
            inactive = frozenset({Status.INACTIVE})
            for user in self._desk(school.code).everyone(statuses=inactive):
                if user.status_since <= before:
                    yield user

    def _every_school(self) -> Iterator[School]:
        after = None
        while True:
            page = self._core.need_schools().list(after=after, limit=PAGE_MAX)
            yield from page.items
            after = page.next
            if after is None:
                return

    def _erase(self, user_id: UserId, before: datetime) -> bool:
        """Erase an account, unless it is no longer due."""

        def rule(user: User, stamp: Stamp) -> Change | None:
            due = user.status is Status.INACTIVE and user.status_since <= before
            return accounts.erase(user, stamp) if due else None

        with suppress(NotPermitted, TransitionForbidden, UserNotFound):
            return self._desk_of(user_id).change(user_id, rule).after.status is Status.ERASED
        return False
