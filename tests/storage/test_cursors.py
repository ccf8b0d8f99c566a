"""The cursors of our own stores, which other stores may choose otherwise."""

from __future__ import annotations

import pytest

from schoolauth.model.change import Change, HistoryQuery, UserQuery
from schoolauth.model.events import SchoolAdded
from schoolauth.model.school import School
from schoolauth.ports import SchoolDirectory, UserRepository
from schoolauth.testing.repository.sample_accounts import HILL, NOW, a_user, edited


@pytest.mark.parametrize("after", ["", "x", "-1", " 1", "1.5", "²", "9" * 19])
def test_a_cursor_of_the_history_is_a_position(users: UserRepository, after: str) -> None:
    """What is no position is a ValueError, not a database's error."""
    with pytest.raises(ValueError, match="next"):
        users.history(HistoryQuery(after=after))


def test_a_position_at_either_end(users: UserRepository) -> None:
    """One before the first event leaves an empty page, and one after the last leaves all."""
    users.save(Change(events=[edited()]))
    assert users.history(HistoryQuery(after="0")).items == ()
    assert len(users.history(HistoryQuery(after="9" * 18)).items) == 1


@pytest.mark.parametrize("after", ["x" * 101, "a\0", "\udc00"], ids=["long", "NUL", "surrogate"])
def test_a_cursor_of_names_is_a_short_text(
    users: UserRepository, schools: SchoolDirectory, after: str
) -> None:
    """What is longer than any key is a ValueError that says what is wanted."""
    with pytest.raises(ValueError, match="next"):
        users.search(UserQuery(school=HILL, after=after))
    with pytest.raises(ValueError, match="next"):
        schools.list(after=after)


@pytest.mark.parametrize("after", [5, b"hill", ["hill"]], ids=repr)
def test_a_cursor_is_a_text(schools: SchoolDirectory, after: str) -> None:
    """What is no str is a TypeError that says what is wanted."""
    with pytest.raises(TypeError, match="after must be the `next` of a page"):
        schools.list(after=after)


def test_a_text_behind_every_name_leaves_an_empty_page(
    users: UserRepository, schools: SchoolDirectory
) -> None:
    """A cursor need not be the key of somebody who is there."""
    school = School("hill", "Hill")
    schools.save(school, SchoolAdded(at=NOW, school=school.code))
    users.save(Change([a_user("ann")], [edited()]))
    assert users.search(UserQuery(school=HILL, after="b")).items == ()
    assert len(users.search(UserQuery(school=HILL, after="a")).items) == 1
    assert schools.list(after="x" * 100).items == ()
    assert schools.list(after="i").items == ()
    assert schools.list(after="h").items == (school,)


@pytest.mark.parametrize("limit", [0, 501])
def test_a_limit_out_of_bounds_is_named(schools: SchoolDirectory, limit: int) -> None:
    """The ValueError says that it is about the limit."""
    with pytest.raises(ValueError, match="limit"):
        schools.list(limit=limit)


@pytest.mark.parametrize("limit", [True, "5", None], ids=repr)
def test_a_limit_is_a_whole_number(schools: SchoolDirectory, limit: int) -> None:
    """What is no int is a TypeError, True among them."""
    with pytest.raises(TypeError, match="limit must be int"):
        schools.list(limit=limit)
