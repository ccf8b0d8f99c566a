"""What is written and what is asked: nothing unaudited, nothing unbounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.model.change import LISTED, Change, HistoryQuery, Page, UserQuery
from schoolauth.model.events import SessionsEnded
from schoolauth.model.names import SchoolCode
from schoolauth.model.user import Role, Status, User, from_micros
from schoolauth.testing.strategies import users

ENDED = SessionsEnded(at=from_micros(0))
HILL = SchoolCode.parse("wg204nx")
QUERIES: list[Any] = [lambda **more: UserQuery(school=HILL, **more), HistoryQuery]


@given(st.lists(users(), max_size=3, unique_by=lambda user: user.id))
def test_change_needs_an_event(accounts: list[User]) -> None:
    """Nothing changes unaudited: such a change cannot even be built."""
    with pytest.raises(ValueError, match="event"):
        Change(accounts)
    with pytest.raises(ValueError, match="event"):
        Change(unchanged=accounts)


@given(users())
def test_change_has_an_account_once(user: User) -> None:
    """Two opinions of one account, or one that is both written and unchanged, are a mistake."""
    for written, guarded in (([user, user.saved()], []), ([user], [user]), ([], [user, user])):
        with pytest.raises(ValueError, match="twice"):
            Change(written, [ENDED], guarded)


@given(st.lists(users(), max_size=3, unique_by=lambda user: user.id))
def test_change_keeps_what_it_was_given_in_order(accounts: list[User]) -> None:
    """Any iterable will do, read once, and a change is equal to its like."""
    change = Change(iter(accounts[1:]), iter([ENDED, ENDED]), iter(accounts[:1]))
    assert change.users == tuple(accounts[1:])
    assert change.unchanged == tuple(accounts[:1])
    assert change.events == (ENDED, ENDED)
    assert change == Change(accounts[1:], [ENDED, ENDED], accounts[:1])


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("limit", [0, -1, 501, 10**9])
def test_pages_are_bounded(query: Any, limit: int) -> None:
    """Nobody asks for everything at once."""
    with pytest.raises(ValueError, match="1 to 500"):
        query(limit=limit)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("more", [{"limit": True}, {"limit": "50"}, {"limit": 1.5}, {"after": 7}])
def test_pages_are_asked_for_in_the_right_types(query: Any, more: dict[str, Any]) -> None:
    """What comes from a query string is converted by the host, not guessed at here."""
    with pytest.raises(TypeError):
        query(**more)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("limit", [1, 500])
def test_pages_of_the_allowed_sizes(query: Any, limit: int) -> None:
    """The bounds themselves are allowed, and the next page begins after the last one."""
    asked = query(limit=limit, after="key")
    assert (asked.limit, asked.after) == (limit, "key")


def test_a_search_lists_everybody_but_the_erased() -> None:
    """Leavers are found without asking for them; the erased are not."""
    query = UserQuery(school=HILL)
    assert query.statuses == LISTED == set(Status) - {Status.ERASED}
    assert query.roles == set(Role)
    assert Page(()).next is None
