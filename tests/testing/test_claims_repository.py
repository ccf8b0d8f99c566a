"""Where a behaviour of the repository speaks of several fields or kinds, each is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schoolauth.errors import Refused, StaleUser
from schoolauth.model.change import Change, HistoryQuery, Page
from schoolauth.model.events import AuditEvent
from schoolauth.model.user import User
from schoolauth.storage.memory import MemoryUserRepository
from schoolauth.storage.paging import taken
from schoolauth.testing.assertions import Unkept
from schoolauth.testing.mailer import MAILER
from schoolauth.testing.pagination import NO_CURSORS, paged, refuses_cursors
from schoolauth.testing.repository import REPOSITORY
from tests.testing.broken.altered_fields import AlteringRepository
from tests.testing.failures import repository_fails

KINDS = ("username", "email", "mis_id")
TIMES = ("status_since", "created_at", "last_login_at")
CLEARED = (
    "given_name",
    "family_name",
    "email",
    "mis_id",
    "password",
    "must_change_password",
    "last_login_at",
    "superseded_by",
    "legal_hold",
    "epoch",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["save.swap", "save.move_to_new"])
def test_row_by_row_is_noticed_for_each_kind_of_key(name: str, kind: str) -> None:
    """One unique index that is checked after every row is one too many."""

    class RowByRow(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            for user in change.users:
                key = getattr(user, kind)
                if self._by_key.get(key, user).id != user.id:
                    raise taken(key)
            super().save(change)

    assert "was refused as" in repository_fails(name, RowByRow)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    ["key.claimed_by_change", "key.same_change", "key.kept_by_unchanged", "save.cross_claims"],
)
def test_a_taken_key_is_noticed_for_each_kind(name: str, kind: str) -> None:
    """A store without one of the three unique indexes is told by the first claim of such a key."""

    class Unindexed(MemoryUserRepository):
        def _taken(self, change: Change) -> Refused | None:
            refusal = super()._taken(change)
            return None if hasattr(refusal, kind) else refusal

    assert "was not refused" in repository_fails(name, Unindexed)


def test_a_refusal_that_nobody_hears_is_noticed() -> None:
    """Where two accounts claim what the other keeps, to write nothing in silence is no refusal."""

    class Silent(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            claimed = {key for user in change.users for key in (user.email, user.mis_id)}
            crossed = len(change.users) == 2 and len(claimed) == 2
            if not (crossed and self._taken(change)):
                super().save(change)

    assert "claim what the other keeps" in repository_fails("save.cross_claims", Silent)


def test_a_stale_save_that_is_written_is_noticed() -> None:
    """To say that it is stale is not enough."""

    class WritesStale(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            try:
                super().save(change)
            except StaleUser:
                now = [replace(user, version=self._users[user.id].version) for user in change.users]
                super().save(Change(now, change.events))
                raise

    assert "after a stale save" in repository_fails("save.stale", WritesStale)


@pytest.mark.parametrize("field", TIMES)
@pytest.mark.parametrize("name", ["time.aware_and_equal", "time.other_zone", "time.microseconds"])
def test_every_time_is_looked_at(name: str, field: str) -> None:
    """A column of another type than the other two is told by its name."""

    class OneRounded(AlteringRepository):
        def kept(self, user: User) -> User:
            moment = getattr(user, field)
            values: dict[str, Any] = {field: moment and moment.replace(microsecond=5)}
            return replace(user, **values)

    assert field in repository_fails(name, OneRounded)


@pytest.mark.parametrize("field", CLEARED)
def test_every_field_is_cleared(field: str) -> None:
    """A column that keeps what it had where the new value says nothing is told by its name."""

    class Keeps(MemoryUserRepository):
        def save(self, change: Change, /) -> None:
            users = []
            for user in change.users:
                old: dict[str, Any] = {field: getattr(self._users.get(user.id), field, None)}
                users.append(
                    user if getattr(user, field) or not any(old.values()) else replace(user, **old)
                )
            super().save(Change(users, change.events, change.unchanged))

    assert field in repository_fails("save.clears_fields", Keeps)


def test_filters_that_hold_in_threes_alone_are_noticed() -> None:
    """What fits every filter must be found by all of them."""

    class NeverAll(MemoryUserRepository):
        def history(self, query: HistoryQuery, /) -> Page[AuditEvent]:
            if query.school and query.user and query.kinds and query.since:
                return Page(())
            return super().history(query)

    assert "with every filter" in repository_fails("history.filters_together", NeverAll)


@pytest.mark.parametrize("accepted", NO_CURSORS, ids=ascii)
def test_every_bad_cursor_is_tried(accepted: str) -> None:
    """A store that refuses one of them only is told by the other."""

    def ask(after: str) -> None:
        if after != accepted:
            raise ValueError

    with pytest.raises(Unkept, match="it is no `next`"):
        refuses_cursors(ask)
    assert "\0" in NO_CURSORS[0]
    assert NO_CURSORS[1] == "\udc00"


def test_pages_are_turned_in_every_size_that_is_an_edge() -> None:
    """One, two, one less than there is, as many, and one more."""
    whole, sizes = list("abcdefg"), []

    def ask(after: str | None, limit: int) -> Page[str]:
        if after is None:
            sizes.append(limit)
        start = 0 if after is None else int(after)
        end = start + limit
        return Page(tuple(whole[start:end]), str(end) if end < len(whole) else None)

    paged(ask, whole, "letters")
    assert sizes == [1, 2, 6, 7, 8]


def test_what_needs_something_of_the_author_says_so() -> None:
    """Joining needs `join`, failing needs a mailer that fails, and nothing else needs anything."""
    needs = {each.id: each.needs for each in REPOSITORY.behaviours}
    needs |= {each.id: each.needs for each in MAILER.behaviours}
    for name, what in needs.items():
        failing = name in ("mail.failure_raises", "pretend.never_raises")
        expected = "join" if name.startswith("joined.") else None
        assert what == ("make_failing_mailer" if failing else expected)
