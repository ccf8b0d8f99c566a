"""Which account a row of a staff list denotes: surely, perhaps, or not to be guessed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolauth.model.mapping import MappingItem
from schoolauth.model.names import EmailAddress, MisId, Username
from schoolauth.model.roster import RosterRow
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.mapping.match import changes_of
from schoolauth.rules.mapping.row import read_row
from schoolauth.rules.usernames import suggest_usernames
from tests.rules.rows import HILL, MILL, account, planned
from tests.strategies import any_text

ROW = RosterRow("17", "Jess", "James", "jess@example.org", "jess", Role.TEACHER, line=2)
BARE = RosterRow(None, "Jess", "James")


def one(row: RosterRow, *users: User, taken: Collection[Username] = ()) -> MappingItem:
    (item,) = planned([row], *users, taken=taken)
    return item


# --- Reading a row ---------------------------------------------------------------------------


def test_a_sound_row_is_read_whole() -> None:
    """Every value is parsed, and the keys are in the order of how sure they are."""
    read = read_row(replace(ROW, given_name=" Jess "), HILL, "sims")
    assert read.flaws == ()
    assert read.keys == (
        MisId(HILL, "sims", "17"),
        EmailAddress.parse("jess@example.org"),
        Username.parse("jess"),
    )
    assert (read.given_name, read.family_name) == ("Jess", "James")


def test_blank_cells_are_no_flaws() -> None:
    """Many lists have no usernames, and some no addresses."""
    for blank in (None, ""):
        row = RosterRow(blank, "", "", blank, blank)
        read = read_row(row, HILL, "sims")
        assert (read.keys, read.flaws, read.name_key) == ((), (), "")


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"mis_id": "a b"}, "mis_id_invalid"),
        ({"email": "jess"}, "email_invalid"),
        ({"username": "jess "}, "username_invalid"),
        ({"given_name": "Je\0ss"}, "given_name_invalid"),
        ({"family_name": "https://example.org"}, "family_name_invalid"),
        ({"role": Role.ADMIN}, "role_admin"),
    ],
)
def test_what_cannot_be_used_is_a_problem(changes: dict[str, Any], flaw: str) -> None:
    """One bad cell keeps the row out, with its reason, and the rest is still read."""
    row = replace(ROW, **changes)
    item = one(row, account("jess", mis="17", email="jess@example.org"))
    assert (item.kind, item.reasons, item.row) == ("problem", (flaw,), row)
    assert (item.user_id, item.candidates, item.fields, item.username) == (None, (), (), None)


def test_all_flaws_of_a_row_are_told() -> None:
    """Whoever mends the list mends it once."""
    row = RosterRow("a b", "\0", "\0", "jess", "j j", Role.ADMIN)
    assert (
        len(read_row(row, HILL, "sims").flaws) == len(set(read_row(row, HILL, "sims").flaws)) == 6
    )


@given(st.lists(st.builds(RosterRow, any_text, any_text, any_text, any_text, any_text), max_size=4))
def test_any_text_is_planned(rows: list[RosterRow]) -> None:
    """No cell, whatever is in it, makes the plan fail."""
    assert [item.row for item in planned(rows, account("jess"))] == rows


# --- Matches ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "reasons"),
    [
        (account("jess", mis="17", email="jess@example.org"), ("mis_id", "email", "username")),
        (account("other", mis="17", email="jess@example.org"), ("mis_id", "email")),
        (account("JESS", mis="17", email="JESS@example.org"), ("mis_id", "email", "username")),
    ],
)
def test_a_row_that_changes_nothing_is_matched(user: User, reasons: tuple[str, ...]) -> None:
    """The reasons say by what, the surest first; a username is never changed by a list."""
    item = one(ROW, user)
    assert (item.kind, item.user_id, item.reasons, item.fields) == (
        "matched",
        user.id,
        reasons,
        (),
    )


@pytest.mark.parametrize(
    ("user", "reasons", "fields"),
    [
        (account("u", mis="17"), ("mis_id",), ("email",)),
        (account("u", email="jess@example.org"), ("email",), ("mis_id",)),
        (account("jess"), ("username",), ("mis_id", "email")),
        (account("u", mis="17", email="old@example.org"), ("mis_id",), ("email",)),
        (
            account("u", mis="17", email="jess@example.org", given_name="Jo", family_name="Li"),
            ("mis_id", "email"),
            ("given_name", "family_name"),
        ),
        (
            account("jess", mis_id=MisId(HILL, "arbor", "17"), email="jess@example.org"),
            ("email", "username"),
            ("mis_id",),
        ),
    ],
)
def test_a_row_that_changes_something_says_what(
    user: User, reasons: tuple[str, ...], fields: tuple[str, ...]
) -> None:
    """The account is the same, and the fields that would change are named."""
    item = one(ROW, user)
    assert (item.kind, item.user_id, item.reasons) == ("changed", user.id, reasons)
    assert set(item.fields) == set(fields)


@pytest.mark.parametrize("status", [Status.INVITED, Status.ACTIVE, Status.INACTIVE])
def test_a_match_asks_for_no_status(status: Status) -> None:
    """A returning teacher is found, and no list wakes or retires anybody."""
    user = account("jess", mis="17", email="jess@example.org", status=status)
    assert one(ROW, user).kind == "matched"


def test_blank_cells_change_nothing() -> None:
    """A list without a column takes nothing away from an account."""
    user = account("jess", mis="17", email="jess@example.org")
    row = RosterRow(None, "", "", None, "jess")
    assert changes_of(read_row(row, HILL, "sims"), user) == {}
    assert one(row, user).kind == "matched"


@pytest.mark.parametrize("role", Role)
def test_an_admins_address_is_never_changed_by_a_list(role: Role) -> None:
    """Whoever made the file could otherwise sign in as the admin."""
    user = account("jess", mis="17", email="old@example.org", role=role)
    item = one(ROW, user)
    expected = ("matched", ()) if role is Role.ADMIN else ("changed", ("email",))
    assert (item.kind, item.fields) == expected


def test_a_role_is_never_changed_by_a_list() -> None:
    """The role of a row is for new accounts."""
    user = account("jess", mis="17", email="jess@example.org", role=Role.SLT)
    assert one(ROW, user).kind == "matched"


# --- Leavers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [(Status.INVITED, "left"), (Status.ACTIVE, "left"), (Status.INACTIVE, "matched")],
)
def test_a_leaver_in_the_list_is_left(status: Status, kind: str) -> None:
    """Somebody whom the list calls a leaver is shown as one, until the account is inactive."""
    user = account("jess", mis="17", email="jess@example.org", status=status)
    item = one(replace(ROW, active=False), user)
    assert (item.kind, item.user_id) == (kind, user.id)
    if kind == "left":
        assert (item.reasons, item.fields) == (("left_in_list",), ())


def test_a_leaver_without_an_account_gets_none() -> None:
    """Nobody is added who has gone."""
    item = one(replace(ROW, active=False))
    assert (item.kind, item.user_id, item.username) == ("left", None, None)
    assert item.reasons == ("left_in_list",)


# --- What is not to be guessed ---------------------------------------------------------------


def test_keys_of_two_accounts_are_a_conflict() -> None:
    """A row that denotes two people changes neither, and names both."""
    users = account("u1", mis="17"), account("u2", email="jess@example.org"), account("jess")
    item = one(ROW, *users)
    assert (item.kind, item.user_id, item.fields) == ("conflict", None, ())
    assert item.candidates == tuple(user.id for user in users)
    assert item.reasons == ("mis_id", "email", "username")


def test_another_mis_id_of_the_same_mis_is_a_conflict() -> None:
    """The MIS says that they are two people, and the address says that they are one."""
    user = account("u1", mis="16", email="jess@example.org")
    item = one(ROW, user)
    assert (item.kind, item.candidates, item.reasons) == ("conflict", (user.id,), ("other_mis_id",))


def test_two_rows_of_one_account_are_conflicts() -> None:
    """Each by another key: neither is applied."""
    user = account("u1", mis="17", email="jess@example.org")
    rows = [replace(ROW, given_name="Jo", email=None), replace(ROW, mis_id=None, username=None)]
    for item in planned(rows, user):
        assert (item.kind, item.user_id, item.candidates) == ("conflict", None, (user.id,))
        assert (item.reasons, item.fields) == (("account_hit_twice",), ())


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (ROW, ("mis_id_twice_in_list", "email_twice_in_list", "username_twice_in_list")),
        (RosterRow("17", "Ann", "Lee"), ("mis_id_twice_in_list",)),
        (RosterRow("18", "Ann", "Lee", "JESS@example.org"), ("email_twice_in_list",)),
        (RosterRow("18", "Ann", "Lee", None, "JESS"), ("username_twice_in_list",)),
    ],
)
def test_a_key_twice_in_the_list_is_a_problem_of_both_rows(
    other: RosterRow, reasons: tuple[str, ...]
) -> None:
    """In whichever spelling, and whether there is an account or not."""
    for users in ((), (account("u1", mis="17"),)):
        items = planned([ROW, other], *users)
        assert [(item.kind, item.reasons) for item in items] == [("problem", reasons)] * 2


@pytest.mark.parametrize(
    ("holder", "reasons"),
    [
        (account("u1", email="jess@example.org", school=MILL), ("email_unavailable",)),
        (account("jess", school=MILL), ("username_unavailable",)),
        (
            account("jess", email="jess@example.org", school=MILL),
            ("email_unavailable", "username_unavailable"),
        ),
    ],
)
def test_another_schools_account_is_not_told(holder: User, reasons: tuple[str, ...]) -> None:
    """The key cannot be had, and nothing else is said: not who, not even that it is one person."""
    item = one(ROW, holder)
    assert (item.kind, item.reasons) == ("problem", reasons)
    assert (item.user_id, item.candidates) == (None, ())
    known_here = one(ROW, holder, account("u2", mis="17"))
    assert (known_here.kind, known_here.user_id) == ("problem", None)


def test_another_schools_mis_id_is_another_person() -> None:
    """MIS ids count within the school."""
    assert one(replace(BARE, mis_id="17"), account("u1", mis="17", school=MILL)).kind == "new"


# --- The new ---------------------------------------------------------------------------------


def test_a_new_person_gets_the_username_of_the_row_or_a_suggestion() -> None:
    """What the list says is kept, in its spelling."""
    assert one(replace(ROW, username="Jess.J")).username == "Jess.J"
    item = one(BARE)
    assert (item.kind, item.username, item.reasons) == ("new", "wg204nx_james", ())


@pytest.mark.parametrize("names", [("", "James"), ("Jess", ""), ("", "")])
def test_a_new_person_needs_both_names(names: tuple[str, str]) -> None:
    """An account without a name is nobody's."""
    item = one(RosterRow("17", *names))
    assert (item.kind, item.reasons) == ("problem", ("name_missing",))


def test_a_new_person_needs_a_free_username() -> None:
    """Ten thousand people of one name are a problem, and no crash."""
    item = one(BARE, taken=set(suggest_usernames(HILL, "James")))
    assert (item.kind, item.reasons, item.username) == ("problem", ("no_free_username",), None)


def test_a_numbered_username_is_pointed_out() -> None:
    """``.1`` may be the same person: whoever reviews the plan is told to look."""
    taken = {Username.parse("wg204nx_james"), Username.parse("WG204NX_James.1")}
    item = one(BARE, taken=taken)
    assert (item.kind, item.username, item.reasons) == (
        "new",
        "wg204nx_james.2",
        ("name_numbered",),
    )
    assert one(replace(BARE, username="wg204nx_james.1")).reasons == ()


def test_new_people_of_one_list_get_different_usernames() -> None:
    """Also from those that other rows of the list ask for."""
    rows = [BARE, replace(BARE, given_name="Jo", username="wg204nx_james"), BARE]
    assert [item.username for item in planned(rows)] == [
        "wg204nx_james.1",
        "wg204nx_james",
        "wg204nx_james.2",
    ]


@pytest.mark.parametrize(
    "name", [("Jess", "James"), ("JESS", "JAMES"), ("Jéss", "Ja'mes"), (" Jess", "James ")]
)
def test_a_name_alone_is_a_proposal(name: tuple[str, str]) -> None:
    """Nobody silently gets a second account, nor another person's (FAQ)."""
    users = account("u1"), account("u2", status=Status.INACTIVE), account("u3", family_name="Li")
    item = one(replace(ROW, given_name=name[0], family_name=name[1], username=None), *users)
    assert (item.kind, item.user_id, item.fields) == ("may_match", None, ())
    assert (item.candidates, item.reasons) == ((users[0].id, users[1].id), ("same_name",))
    assert item.username == "wg204nx_james"


def test_a_proposal_is_never_an_account_that_another_row_denotes() -> None:
    """Two people of one name, one of them known by id: the other one is new."""
    user = account("u1", mis="17")
    known, new = planned([replace(ROW, email=None, username=None), BARE], user)
    assert (known.kind, known.user_id) == ("matched", user.id)
    assert (new.kind, new.candidates) == ("new", ())


def test_a_proposal_never_crosses_schools() -> None:
    """A namesake elsewhere does not exist for this school."""
    assert one(BARE, account("u1", school=MILL)).kind == "new"
