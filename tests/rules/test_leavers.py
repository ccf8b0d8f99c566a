"""Who is absent from a complete list, and the brake on taking it at its word."""

from __future__ import annotations

import pytest

from schoolauth.errors import RosterProblem, RosterUnreadable, TooManyLeavers
from schoolauth.model.mapping import MappingItem
from schoolauth.model.names import UserId
from schoolauth.model.roster import Roster, RosterRow
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.mapping.brake import brake
from schoolauth.rules.mapping.leavers import absent, refuse_incomplete, spare_last_admins
from schoolauth.rules.mapping.row import read_row
from tests.rules.rows import HILL, account, keys_of, planned


def leaving(count: int) -> list[MappingItem]:
    return [
        MappingItem(f"left:{n}", "left", None, user_id=UserId.parse(f"u{n}")) for n in range(count)
    ]


@pytest.mark.parametrize(
    ("standing", "allowed"), [(1, 3), (39, 3), (40, 4), (100, 10), (500, 50), (5000, 50)]
)
def test_a_tenth_at_least_three_at_most_fifty(standing: int, allowed: int) -> None:
    """By count and by share; inactive accounts are no part of the school's size."""
    everyone = [account(f"u{n}") for n in range(standing)]
    everyone += [account(f"gone{n}", status=Status.INACTIVE) for n in range(100)]
    brake(leaving(allowed), everyone, None)
    with pytest.raises(TooManyLeavers) as caught:
        brake(leaving(allowed + 1), everyone, None)
    assert (caught.value.leavers, caught.value.allowed) == (allowed + 1, allowed)


def gone_from(rows: list[RosterRow], *users: User) -> list[UserId | None]:
    """Return who is absent from a complete list of *rows*."""
    known = {key: user for user in users for key in keys_of(user)}
    read = [read_row(row, HILL, "sims") for row in rows]
    return [item.user_id for item in absent(planned(rows, *users), read, known, users, "sims")]


def test_the_row_of_a_retired_duplicate_keeps_the_account_that_replaced_it() -> None:
    """However many accounts were retired one into another; a leaver's row keeps nobody."""
    kept = account("kept", mis="1")
    once = account("once", mis="2", status=Status.INACTIVE, superseded_by=kept.id)
    twice = account("twice", mis="3", status=Status.INACTIVE, superseded_by=once.id)
    people = (kept, once, twice)
    assert gone_from([RosterRow("2", "Jess", "James")], *people) == []
    assert gone_from([RosterRow("3", "Jess", "James")], *people) == []
    assert gone_from([RosterRow("3", "Jess", "James", active=False)], *people) == [kept.id]


def test_the_row_of_an_account_that_stands_again_keeps_nobody_else() -> None:
    """Whoever was retired once and is active now is a person of their own."""
    kept = account("kept", mis="1")
    again = account("again", mis="2", superseded_by=kept.id)
    assert gone_from([RosterRow("2", "Jess", "James")], kept, again) == [kept.id]


def test_duplicates_that_were_retired_into_each_other_end_the_search() -> None:
    """A ring of retired accounts, which no desk makes, is walked once."""
    one = account("one", mis="1", status=Status.INACTIVE, superseded_by=UserId.parse("two"))
    two = account("two", mis="2", status=Status.INACTIVE, superseded_by=one.id)
    assert gone_from([RosterRow("1", "Jess", "James")], one, two) == []


def test_only_leavers_who_are_the_last_admins_become_problems() -> None:
    """Other leavers, and rows of other kinds, stay as they are."""
    ann, cat = account("ann", role=Role.ADMIN), account("cat")
    row = RosterRow("1", "Ann", "Oak")
    items = [
        MappingItem("1", "matched", row, user_id=ann.id),
        MappingItem("left:ann", "left", None, user_id=ann.id, reasons=("not_in_list",)),
        MappingItem("left:cat", "left", None, user_id=cat.id),
    ]
    first, problem, last = spare_last_admins(items, [ann, cat])
    assert (first, last) == (items[0], items[2])
    assert (problem.kind, problem.candidates) == ("problem", (ann.id,))
    assert problem.reasons == ("not_in_list", "last_admin")


def test_who_is_only_matched_costs_nothing() -> None:
    """The brake counts leavers, not everybody with an account."""
    here = [MappingItem(str(n), "matched", None, user_id=UserId.parse(f"u{n}")) for n in range(60)]
    brake([*here, *leaving(1)], [], 1)


def test_a_leaver_without_an_account_costs_nothing() -> None:
    """Only accounts that would become inactive count."""
    nobody = [MappingItem(str(n), "left", None) for n in range(60)]
    brake(nobody, [], 0)


def test_a_roster_of_changes_or_with_problem_rows_is_not_complete() -> None:
    """Somebody may be missing in it; a row of somebody who can have no account costs nothing."""
    pupil = RosterProblem(2, "role", "not_staff", "A pupil.")
    unread = RosterProblem(3, "email", "email_invalid", "Not an address.")
    refuse_incomplete(Roster((), (pupil,)))
    with pytest.raises(RosterUnreadable) as caught:
        refuse_incomplete(Roster((), (pupil, unread), delta=True))
    assert [problem.code for problem in caught.value.problems] == ["email_invalid", "delta"]
