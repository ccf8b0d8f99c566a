"""A retired duplicate counts as the account that replaced it, for lists too."""

from __future__ import annotations

from typing import Any

from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Status, User
from tests.rules.rows import account, planned

KEPT = account("james", mis="1", email="jess@example.org")


def retired(**fields: Any) -> User:
    return account("james.1", status=Status.INACTIVE, superseded_by=KEPT.id, **fields)


def test_a_row_that_hits_both_is_about_the_kept_one() -> None:
    """By the kept one's address and the retired one's username: no conflict."""
    row = RosterRow(None, "Jess", "James", "jess@example.org", "james.1")
    (item,) = planned([row], KEPT, retired())
    assert (item.kind, item.user_id) == ("matched", KEPT.id)


def test_a_row_of_the_retired_one_changes_nothing() -> None:
    """The MIS has two records of the person, each with an id: neither list nor row wakes it."""
    row = RosterRow("2", "Jessica", "James")
    (item,) = planned([row], KEPT, retired(mis="2"))
    assert (item.kind, item.fields) == ("matched", ())
    assert item.reasons == ("mis_id", "superseded")
    assert item.user_id == retired().id


def test_who_stands_again_is_nobodys_duplicate() -> None:
    """An active account is a person of its own, whatever account once replaced it."""
    again = account("james.1", mis="2", superseded_by=KEPT.id)
    (item,) = planned([RosterRow("2", "Jessica", "James")], KEPT, again)
    assert (item.kind, item.fields) == ("changed", ("given_name",))
    (item,) = planned([RosterRow("2", "Jess", "James", "jess@example.org")], KEPT, again)
    assert (item.kind, item.candidates) == ("conflict", (again.id, KEPT.id))
    (item,) = planned([RosterRow("9", "Jess", "James")], KEPT, again)
    assert (item.kind, item.candidates) == ("may_match", (KEPT.id, again.id))


def test_two_records_of_one_person_in_the_mis() -> None:
    """The second record's row, with the person's own address, is no conflict for ever."""
    row = RosterRow("2", "Jess", "James", "jess@example.org")
    (item,) = planned([row], KEPT, retired(mis="2"))
    assert (item.kind, item.reasons) == ("matched", ("mis_id", "email", "superseded"))


def test_a_retired_one_is_nobodys_proposal() -> None:
    """A new person of the same name is asked about beside the kept account only."""
    (item,) = planned([RosterRow("9", "Jess", "James")], KEPT, retired())
    assert (item.kind, item.candidates) == ("may_match", (KEPT.id,))


def test_rows_without_any_key_and_of_one_name_are_asked_about() -> None:
    """They may all be one person: never silently a second account."""
    rows = [
        RosterRow(None, "Ann", "Oak"),
        RosterRow(None, "Ann", "Oak"),
        RosterRow("7", "Ann", "Oak"),
    ]
    items = planned(rows)
    assert [(item.kind, item.reasons) for item in items] == [
        ("may_match", ("same_name_in_list",)),
        ("may_match", ("same_name_in_list",)),
        ("new", ("name_numbered",)),
    ]
