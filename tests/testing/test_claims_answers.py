"""What the repository's behaviours ask beside what the broken repositories answer wrongly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from schoolauth.errors import EmailTaken, Refused, SchoolAuthError, StaleUser
from schoolauth.model.change import Change, HistoryQuery, Page, UserQuery
from schoolauth.model.events import AuditEvent
from schoolauth.model.names import EmailAddress, UserKey
from schoolauth.model.school import School
from schoolauth.model.user import User
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.testing import check_directory
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.pagination import PAGES_MAX, pages
from tests.testing.broken.directory import BrokenDirectory
from tests.testing.broken.joined import JoinableRepository
from tests.testing.failures import repository_fails


def test_one_kind_of_key_at_a_time_is_noticed() -> None:
    """Each kind is found alone, and all of them in one call."""

    class OneKind(MemoryUserRepository):
        def find(self, keys: Collection[UserKey], /) -> Mapping[UserKey, User]:
            return super().find(keys if len({type(key) for key in keys}) < 2 else ())

    assert "four keys at once" in repository_fails("find.each_key", OneKind)


def test_the_wrong_key_in_a_refusal_is_noticed() -> None:
    """The person is told which address is taken."""

    class NamesAnother(MemoryUserRepository):
        def _taken(self, change: Change) -> Refused | None:
            other = EmailAddress.parse("other@x.example")
            return EmailTaken(other) if isinstance(super()._taken(change), EmailTaken) else None

    assert "the email of EmailTaken" in repository_fails("email.unique.case", NamesAnother)


def test_a_history_of_a_typed_school_is_noticed() -> None:
    """A school's code is one in any case, for its history too."""

    class Typed(MemoryUserRepository):
        def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
            page = super().history(query)
            if query.school is None:
                return page
            return Page(tuple(e for e in page.items if str(e.school) == str(query.school)))

    assert "typed in capitals" in repository_fails("history.school", Typed)


def test_an_absent_account_that_must_stand_is_noticed_in_any_version() -> None:
    """A version that nobody has yet is no better than none at all."""

    class MissingStands(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            there = [u for u in change.unchanged if u.id in self._users or not u.version]
            super().save(Change(change.users, change.events, there))

    sentence = "`unchanged` in version 1 of an account not there was not refused."
    assert repository_fails("save.still_stands_alone", MissingStands) == sentence


def test_a_search_beside_the_transaction_is_noticed() -> None:
    """What a host's transaction has saved is listed in it, not only found by a key."""

    class SearchesOutside(JoinableRepository):
        def search(self, query: UserQuery, /) -> Page[User]:
            return super().search(query) if self.host is None else self.host.search(query)

    assert "a search inside the transaction" in repository_fails("joined.commit", SearchesOutside)


def test_an_account_of_a_refused_change_is_noticed() -> None:
    """It need not have a key that anybody wants, nor an event."""

    class LeavesOne(JoinableRepository):
        def save(self, change: Change, /) -> None:
            try:
                super().save(change)
            except SchoolAuthError:
                if self.host is not None:
                    left: dict[str, Any] = {"email": None, "version": 1}
                    user = replace(change.users[0], **left)
                    self._users[user.id] = self._by_key[user.id] = user
                raise

    sentence = repository_fails("joined.refused_leaves_nothing", LeavesOne)
    assert "accounts of the refused change" in sentence


def test_a_page_may_hold_the_most() -> None:
    """A directory that gives 499 schools at most is one short."""

    class OneShort(BrokenDirectory):
        def list(self, *, after: str | None = None, limit: int = 50) -> Page[School]:
            if limit == 500:
                raise StaleUser
            return super().list(after=after, limit=limit)

    assert check_directory(OneShort.make).failures


def test_pages_without_an_end_are_given_up() -> None:
    """A cursor that leads round and round is told as such, after more pages than there can be."""
    asked: list[str | None] = []

    def ask(after: str | None, limit: int) -> Page[str]:
        asked.append(after)
        return Page(("a",), "again")

    with pytest.raises(Unkept, match=f"still a `next` after {PAGES_MAX} pages"):
        list(pages(ask, 1))
    assert len(asked) == PAGES_MAX
